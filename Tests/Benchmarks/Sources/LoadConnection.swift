import Bytes
import HTTP
import HTTP2
import System
import TLS
import Time

/// What a load run counts.
final class LoadCounts {
    /// Nanoseconds from the scheduled send to the answer, of the requests that count.
    var latencies: [Int64] = []
    /// Answers with a status of 200 to 299.
    var accepted = 0
    /// All other answers.
    var refused = 0
    /// Requests that got no answer.
    var failed = 0
    /// Scheduled times before this one do not count for latencies.
    var countFrom = MonotonicTime.now()
    /// The first status that was not a success, for the report.
    var firstRefusal: String?
}

/// One HTTP/2 connection over TLS of the generator, on libnghttp2. Never waits: `turn` does what can be done now.
final class LoadConnection: HTTP2ResponseReceiver {
    enum Failure: Error {
        case notConnected(errno: Int32)
        case tls(String)
        case ended
    }

    private let socket: FileDescriptor
    private var tls: TLSSession
    private var session: HTTP2ClientSession!  // made right after `self`, which it needs
    private var output = OutputBuffer(capacity: 256 << 10)
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
    private let counts: LoadCounts
    private let template: Request
    private var scheduled: [MonotonicTime] = []  // by stream number / 2
    private(set) var open = 0

    /// Connects and shakes hands, waiting for both.
    init(_ url: URLParts, _ context: TLSClientContext, _ template: Request, _ counts: LoadCounts) throws {
        let address = try SocketAddress.resolve(host: url.host, port: UInt16(url.port)).first!
        socket = try Socket.startConnecting(to: address)
        Socket.setNoDelay(raw: socket.raw)
        tls = try context.makeSession(raw: socket.raw, serverName: url.host)
        self.counts = counts
        self.template = template
        let deadline = MonotonicTime.now() + .seconds(10)
        while true {
            let outcome = tls.handshake()
            if case .done = outcome { break }
            guard outcome == .wantsRead || outcome == .wantsWrite, MonotonicTime.now() < deadline else {
                throw Failure.tls("\(outcome)")
            }
            SystemThread.sleep(.microseconds(200))
        }
        session = try HTTP2ClientSession(receiver: self, bodyLimit: 4096)
    }

    deinit { input.deallocate() }

    /// Queues a request that was due at `time`.
    func send(_ body: [UInt8], due time: MonotonicTime) throws {
        var request = template
        request.body = body
        let number = Int(try session.submit(request, scheme: "https") / 2)
        while scheduled.count <= number { scheduled.append(time) }
        scheduled[number] = time
        open += 1
    }

    /// Writes what there is to write and reads what there is to read.
    func turn() throws {
        try session.pullOutput(into: &output, upTo: 256 << 10)
        if !output.isEmpty {
            switch tls.write(output.bytes) {
            case .done(let count): output.removeFirst(count)
            case .wantsRead, .wantsWrite: break
            case .closed, .failed: throw Failure.ended
            }
        }
        while true {
            switch tls.read(into: input) {
            case .done(let count): try session.receive(UnsafeRawBufferPointer(rebasing: input[..<count]))
            case .wantsRead, .wantsWrite: return
            case .closed, .failed: throw Failure.ended
            }
        }
    }

    func responseArrived(_ number: UInt32, _ response: Response) {
        open -= 1
        if response.status.isSuccess {
            counts.accepted += 1
        } else {
            counts.refused += 1
            if counts.firstRefusal == nil {
                counts.firstRefusal = "\(response.status) " + String(decoding: response.body, as: UTF8.self)
            }
        }
        let due = scheduled[Int(number / 2)]
        if due >= counts.countFrom { counts.latencies.append((MonotonicTime.now() - due).nanoseconds) }
    }

    func requestFailed(_ number: UInt32, _ error: HTTP2Error) {
        open -= 1
        counts.failed += 1
    }
}
