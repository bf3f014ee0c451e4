import Bytes
import HTTP
import HTTP2
import System
import TLS
import Time

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
    private let answered: (_ tag: Int, _ response: Response?) -> Void
    private let templates: [Request]
    private var sent = 0
    private var tags: [Int] = []  // by stream number / 2
    private(set) var open = 0

    /// Connects and shakes hands, waiting for both.
    ///
    /// - Parameters:
    ///   - templates: The requests but for their bodies, sent in rotation.
    ///   - answered: Told of each request by its tag; without a response when none will come on a connection that goes on.
    init(
        _ url: URLParts, _ context: TLSClientContext, _ templates: [Request],
        answered: @escaping (_ tag: Int, _ response: Response?) -> Void
    ) throws {
        let address = try SocketAddress.resolve(host: url.host, port: UInt16(url.port)).first!
        socket = try Socket.startConnecting(to: address)
        Socket.setNoDelay(raw: socket.raw)
        tls = try context.makeSession(raw: socket.raw, serverName: url.host)
        self.answered = answered
        self.templates = templates
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

    /// Queues a request.
    func send(_ body: [UInt8], tag: Int) throws {
        var request = templates[sent % templates.count]
        sent += 1
        request.body = body
        let number = Int(try session.submit(request, scheme: "https") / 2)
        while tags.count <= number { tags.append(tag) }
        tags[number] = tag
        open += 1
    }

    /// True when the peer goes away, or stream numbers have run out.
    var isSpent: Bool { session.mustNotBeReused }

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

    func responseArrived(_ number: UInt32, _ response: Response) { ended(number, response) }

    func requestFailed(_ number: UInt32, _ error: HTTP2Error) { ended(number, nil) }

    private func ended(_ number: UInt32, _ response: Response?) {
        open -= 1
        answered(tags[Int(number / 2)], response)
    }
}
