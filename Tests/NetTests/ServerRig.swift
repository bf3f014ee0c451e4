import Bytes
import Crypto
import EventLoop
import Glibc
import HTTP
import HTTP2
import Net
import Synchronization
import System
import TLS
import TestKit
import Time

/// A server on free ports, with TLS and without, and an authority for both sides.
final class ServerRig: Sendable {
    let folder: TemporaryFolder
    let authority: CertificateAuthority
    let loops: [EventLoop]
    let server: HTTPServer
    var caFile: String { folder.file("ca.pem") }
    var tlsPort: UInt16 { server.addresses[0].port }
    var plainPort: UInt16 { server.addresses[1].port }
    var tlsURL: String { "https://localhost:\(tlsPort)" }
    var plainURL: String { "http://127.0.0.1:\(plainPort)" }
    let events: Events
    let held: Held

    /// Requests to `/held`, which wait for the test's word.
    final class Held: Sendable {
        private let values = Mutex<[@Sendable () -> Void]>([])
        func add(_ answer: @escaping @Sendable () -> Void) { values.withLock { $0.append(answer) } }
        var count: Int { values.withLock { $0.count } }
        func release() {
            for answer in values.withLock({ $0 }) { answer() }
        }
    }

    /// What the server observed.
    final class Events: Sendable {
        private let values = Mutex<[ServerEvent]>([])
        func add(_ event: ServerEvent) { values.withLock { $0.append(event) } }
        var all: [ServerEvent] { values.withLock { $0 } }
    }

    init(
        loops count: Int = 1, clients: ClientCertificates = .none,
        _ adjust: (inout HTTPServerOptions) -> Void = { _ in }
    ) async throws {
        folder = try TemporaryFolder()
        let now = SystemClock().now().seconds
        authority = try CertificateAuthority.create(name: "Test CA", now: now, lifetime: 86_400)
        try folder.write("ca.pem", authority.certificatePEM)
        for name in ["server", "client"] {
            let issued = try authority.issue(service: name, now: now, lifetime: 3600)
            try folder.write("\(name).key", issued.keyPEM.withBytes { Array($0) })
            try folder.write("\(name).pem", issued.certificatePEM)
        }
        let files = TLSFiles(
            certificate: folder.file("server.pem"), key: folder.file("server.key"),
            authorities: clients == .none ? nil : folder.file("ca.pem"))
        let tls = try TLSServerContext(files, clientCertificates: clients)
        loops = try (0..<count).map { try EventLoop(name: "net-\($0)") }
        let events = Events()
        let held = Held()
        self.events = events
        self.held = held
        var options = HTTPServerOptions()
        options.observe = { events.add($0) }
        options.http2 = .ingest  // other services' tests meet the library
        adjust(&options)
        let any = try SocketAddress(ip: "127.0.0.1", port: 0)
        server = try await HTTPServer.start(
            on: loops, listeners: [HTTPListener(any, tls: tls), HTTPListener(any, tls: nil)], options: options,
            handler: { EchoHandler($0, held) })
    }

    func stop() async {
        await server.stop()
        for loop in loops {
            loop.stop()
            loop.join()
        }
    }

    deinit {
        for loop in loops { loop.stop() }
    }

    func curl(_ arguments: [String]) async throws -> ToolResult {
        try await runTool("curl", ["-sS", "--max-time", "60", "--cacert", caFile] + arguments, mayFail: true)
    }
}

/// Answers what the tests ask for by path. Its answers may come later.
final class EchoHandler: RequestHandler {
    let server: ServerLoop
    let held: ServerRig.Held
    init(_ server: ServerLoop, _ held: ServerRig.Held) { (self.server, self.held) = (server, held) }

    func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        let server = server
        switch String(decoding: head.path, as: UTF8.self) {
        case "/event": server.respond(stream, .constant204)
        case "/echo":
            server.respond(stream, .full(Response(.ok, headers: ["content-type": "x/y"], body: Array(body))))
        case "/describe":
            let request = Request(copying: head, body: body)
            var lines = ["\(request.method) \(request.target) \(request.authority) \(body.count)"]
            for field in request.headers.fields { lines.append("\(field.name)=\(field.value)") }
            lines.append("same=\(head.authorization.sameAsPrevious)")
            server.respond(stream, .full(.text(.ok, lines.joined(separator: "\n") + "\n")))
        case "/later":
            server.loop.schedule(after: .milliseconds(50)) { server.respond(stream, .full(.text(.ok, "later"))) }
        case "/held":
            held.add { server.loop.post { server.respond(stream, .full(.text(.ok, "held"))) } }
        case "/ws":
            let handshake = WebSocketHandshake.answer(to: Request(copying: head, body: body))
            guard handshake.status == .switchingProtocols else {
                server.respond(stream, .full(handshake))
                return
            }
            let echo = WebSocketEcho()
            let accepted = server.openWebSocket(stream, handshake, options: WebSocketOptions(), delegate: echo) {
                echo.begin($0)
            }
            if !accepted { server.respond(stream, .full(.text(.badRequest, "not here\n"))) }
        case "/who":
            server.respond(stream, .full(.text(.ok, server.peer(of: stream)?.commonName ?? "nobody")))
        case "/large":
            server.respond(stream, .full(Response(.ok, body: [UInt8](repeating: 65, count: 20_000_000))))
        case "/never": break
        case "/denied": server.respond(stream, .full(.text(.unauthorized, "who are you\n")))
        default: server.respond(stream, .full(.text(.notFound, "no such path\n")))
        }
    }

    func headArrived(_ stream: StreamID, head: borrowing RequestHead) -> Response? {
        ASCII.equal(head.path, "/denied") ? .text(.unauthorized, "no need to send more\n") : nil
    }
}

/// Says hello and sends back what arrives.
final class WebSocketEcho: WebSocketDelegate {
    private var keepsSelf: WebSocketEcho?

    func begin(_ connection: WebSocketConnection) {
        keepsSelf = self
        connection.send("hello")
    }

    func messageArrived(_ message: WebSocketMessage, on connection: WebSocketConnection) {
        if case .text(let text) = message { connection.send(text) }
    }

    func outputDrained(on connection: WebSocketConnection) {}

    func closed(_ code: WebSocketCloseCode, reason: String, on connection: WebSocketConnection) { keepsSelf = nil }
}

/// A plain client socket that says exactly what a test wants, in pieces.
final class RawClient: Sendable {
    let raw: Int32

    /// A client that comes from 127.0.0.66 instead of 127.0.0.1.
    init(elsewhereTo port: UInt16) throws {
        func address(_ last: UInt32, _ port: UInt16) -> sockaddr_in {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = (127 << 24 | last).bigEndian
            return address
        }
        func with(_ address: sockaddr_in, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws {
            let result = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    call($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            if result != 0 { throw SystemError.call("connect", errno: errno, subject: "") }
        }
        let file = FileDescriptor(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        try with(address(66, 0)) { bind(file.raw, $0, $1) }
        try with(address(1, port)) { connect(file.raw, $0, $1) }
        _ = fcntl(file.raw, F_SETFL, O_NONBLOCK)
        raw = file.take()
    }

    init(port: UInt16) throws {
        let file = try Socket.startConnecting(to: SocketAddress(ip: "127.0.0.1", port: port))
        var entry = pollfd(fd: file.raw, events: Int16(POLLOUT), revents: 0)
        poll(&entry, 1, 30_000)
        raw = file.take()
    }

    deinit { FileDescriptor.close(raw: raw) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch rest.withUnsafeBytes({ FileDescriptor.write(raw: raw, $0) }) {
            case .done(let count): rest = rest.dropFirst(count)
            case .wouldBlock:
                var entry = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
                guard poll(&entry, 1, 30_000) == 1 else { return }
            case .failed(let code): throw SystemError.call("write", errno: code, subject: "")
            }
        }
    }

    func closeWriting() { Socket.shutdownWriting(raw: raw) }

    /// Reads until the text appears, or the connection ends, or 30 seconds of silence.
    func read(until text: String? = nil) -> String {
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let soFar = String(decoding: received, as: UTF8.self)
            if let text, soFar.contains(text) { return soFar }
            var entry = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 30_000) == 1 else { return soFar + "<silence>" }
            switch buffer.withUnsafeMutableBytes({ FileDescriptor.read(raw: raw, into: $0) }) {
            case .done(0): return soFar + "<end>"
            case .done(let count): received += buffer[..<count]
            case .wouldBlock: continue
            case .failed: return soFar + "<reset>"
            }
        }
    }
}
