import EventLoop
import Faults
import HTTP
import Net
import Synchronization
import System
import TLS
import TestKit
import Testing

/// Python's own HTTP/1.1 server (`http.server`), with a few paths that misbehave as servers in the world do.
private let serverScript = """
    import http.server, socket, ssl, sys, threading
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        connections = 0
        def setup(self):
            super().setup()
            Handler.connections += 1
            self.number = Handler.connections
        def log_message(self, *a): pass
        def answer(self, status, body, **extra):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Connection", str(self.number))
            for k, v in extra.items(): self.send_header(k, v)
            self.end_headers()
            if self.command != "HEAD": self.wfile.write(body)
        def body(self):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        def do_GET(self):
            if self.path == "/chunked":
                self.wfile.write(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")
                for piece in [b"one ", b"two ", b"three"]:
                    self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(piece), piece)); self.wfile.flush()
                self.wfile.write(b"0\\r\\n\\r\\n")
            elif self.path == "/slow": threading.Event().wait()
            elif self.path == "/silent-close":
                self.answer(200, b"bye"); self.close_connection = True
            elif self.path == "/until-close":
                self.wfile.write(b"HTTP/1.1 200 OK\\r\\n\\r\\nall of it"); self.close_connection = True
            elif self.path == "/half":
                self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 10\\r\\n\\r\\nabc"); self.close_connection = True
            elif self.path == "/big": self.answer(200, b"x" * 3_000_000)
            elif self.path == "/nonsense":
                self.wfile.write(b"SSH-2.0-OpenSSH\\r\\n\\r\\n"); self.close_connection = True
            elif self.path == "/drop": self.close_connection = True
            else: self.answer(200, b"hello " + self.headers["Host"].encode())
        do_HEAD = do_GET
        def do_POST(self): self.answer(200, self.body())
    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        def server_bind(self):
            self.socket.bind(self.server_address); self.server_address = self.socket.getsockname()
            self.server_name, self.server_port = "test", 0
    kind, where = sys.argv[1], sys.argv[2]
    if kind == "unix":
        Server.address_family = socket.AF_UNIX
        Handler.address_string = lambda self: "unix"
        server = Server(where, Handler)
    else: server = Server(("127.0.0.1", 0), Handler)
    if kind == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(where + "/server.pem", where + "/server.key")
        if len(sys.argv) > 3:
            context.load_verify_locations(sys.argv[3]); context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print("ready", server.server_address if kind == "unix" else server.server_address[1], "end", flush=True)
    server.serve_forever()
    """

/// A client on its own loop, and the stranger that it talks to.
private final class Rig: Sendable {
    let loop: EventLoop
    let client: HTTPClient
    let server: RunningTool
    let port: Int

    init(
        _ kind: String = "plain", _ arguments: [String] = ["-"], tls: TLSClientContext? = nil,
        options: HTTPClientOptions = HTTPClientOptions()
    ) async throws {
        server = try RunningTool(try Strangers.python, ["-c", serverScript, kind] + arguments)
        try await server.waitForText(" end")
        port = kind == "unix" ? 0 : try #require(Int(server.output.split(separator: " ")[1]))
        loop = try EventLoop(name: "client-test")
        client = HTTPClient(on: loop, tls: tls, options: options)
    }

    func endpoint(secure: Bool = false) -> HTTPEndpoint { .tcp(host: "127.0.0.1", port: port, isSecure: secure) }

    deinit {
        client.shutDown()
        loop.stop()
        server.terminate()
    }
}

private func text(_ response: Response) -> String { String(decoding: response.body, as: UTF8.self) }

@Suite struct HTTPClientTests {
    @Test func `requests one after the other share a connection`() async throws {
        let rig = try await Rig()
        let first = try await rig.client.send(Request(.get, "/hello"), to: rig.endpoint())
        let second = try await rig.client.send(
            Request(.post, "/echo", body: Array("körper".utf8)), to: rig.endpoint())
        let third = try await rig.client.send(Request(.head, "/hello"), to: rig.endpoint())
        let fourth = try await rig.client.send(Request(.get, "/chunked"), to: rig.endpoint())
        #expect(first.status == .ok && text(first) == "hello 127.0.0.1:\(rig.port)")
        #expect(text(second) == "körper")
        #expect(third.body.isEmpty && third.headers["content-length"] != "0")
        #expect(text(fourth) == "one two three")
        #expect([first, second, third].compactMap { $0.headers["x-connection"] } == ["1", "1", "1"])
    }

    @Test func `requests at the same time are answered side by side, on a bounded number of connections`() async throws
    {
        var options = HTTPClientOptions()
        options.connectionsPerEndpoint = 3
        let rig = try await Rig(options: options)
        let used = try await withThrowingTaskGroup(of: String.self) { group in
            for index in 0..<30 {
                group.addTask {
                    let body = Array("\(index)".utf8)
                    let response = try await rig.client.send(Request(.post, "/echo", body: body), to: rig.endpoint())
                    #expect(response.body == body)
                    return response.headers["x-connection"] ?? ""
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(used.count <= 3)
    }

    @Test func `a connection that the server closed silently is replaced without the caller's knowing`() async throws {
        let rig = try await Rig()
        for _ in 0..<5 {
            let response = try await rig.client.send(Request(.get, "/silent-close"), to: rig.endpoint())
            #expect(text(response) == "bye")
        }
    }

    @Test func `a response may last until the connection ends`() async throws {
        let rig = try await Rig()
        let response = try await rig.client.send(Request(.get, "/until-close"), to: rig.endpoint())
        #expect(text(response) == "all of it")
    }

    @Test func `a response that is cut off, too big or no HTTP is an error`() async throws {
        var options = HTTPClientOptions()
        options.bodyLimit = 1_000_000
        let rig = try await Rig(options: options)
        for (path, expected) in [
            ("/half", NetError.http(.truncated)), ("/big", .http(.bodyTooLarge)),
            ("/nonsense", .http(.malformed("status line"))), ("/drop", .connectionEnded),
        ] {
            await #expect(throws: expected) {
                try await rig.client.send(Request(.get, path), to: rig.endpoint())
            }
        }
        let after = try await rig.client.send(Request(.get, "/hello"), to: rig.endpoint())
        #expect(after.status == .ok)
    }

    @Test func `an answer that does not come in time is given up, and the next request is served`() async throws {
        let rig = try await Rig()
        await #expect(throws: NetError.deadlineExceeded("an answer from 127.0.0.1:\(rig.port)")) {
            try await rig.client.send(Request(.get, "/slow"), to: rig.endpoint(), deadline: .milliseconds(200))
        }
        let after = try await rig.client.send(Request(.get, "/hello"), to: rig.endpoint())
        #expect(after.status == .ok)
    }

    @Test func `a cancelled task ends its request`() async throws {
        let rig = try await Rig()
        let task = Task {
            try await rig.client.send(Request(.get, "/slow"), to: rig.endpoint(), deadline: .seconds(60))
        }
        task.cancel()
        await #expect(throws: NetError.cancelled) { try await task.value }
    }

    @Test func `shutting down ends what is under way and refuses what follows`() async throws {
        let rig = try await Rig()
        let task = Task {
            try await rig.client.send(Request(.get, "/slow"), to: rig.endpoint(), deadline: .seconds(60))
        }
        let opened = try await rig.client.send(Request(.get, "/hello"), to: rig.endpoint())
        #expect(opened.status == .ok)
        rig.client.shutDown()
        await #expect(throws: NetError.unavailable("the client was shut down")) { try await task.value }
        await #expect(throws: NetError.unavailable("the client was shut down")) {
            try await rig.client.send(Request(.get, "/hello"), to: rig.endpoint())
        }
    }

    @Test func `nobody listening is told at once, and so is a name that does not resolve`() async throws {
        let loop = try EventLoop(name: "client-test")
        let client = HTTPClient(on: loop)
        defer { loop.stop() }
        let port = try freePort()
        do {
            _ = try await client.send(Request(.get, "/"), to: .tcp(host: "localhost", port: Int(port), isSecure: false))
            Issue.record("somebody answered")
        } catch {
            guard case .system(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.retry == .afterBackoff)
        }
        await #expect(throws: NetError.self) {
            try await client.send(Request(.get, "/"), to: .tcp(host: "no.such.host.invalid", port: 1, isSecure: false))
        }
        await #expect(throws: NetError.self) {
            try await client.send(Request(.get, "/"), to: .tcp(host: "localhost", port: 1, isSecure: true))
        }
    }

    @Test func `a Unix socket carries requests too`() async throws {
        let folder = try TemporaryFolder()
        let rig = try await Rig("unix", [folder.file("s.sock")])
        let response = try await rig.client.send(Request(.get, "/hello"), to: .unix(path: folder.file("s.sock")))
        #expect(text(response) == "hello localhost")
        await #expect(throws: NetError.self) {
            try await rig.client.send(Request(.get, "/hello"), to: .unix(path: folder.file("none.sock")))
        }
    }

    @Test func `TLS is checked against the authority, and shows the client's certificate where asked`() async throws {
        let files = try await Certificates()
        let known = try TLSClientContext(TLSFiles(authorities: files.authority))
        let server = try await Rig("tls", [files.folder.path], tls: known)
        let response = try await server.client.send(Request(.get, "/hello"), to: server.endpoint(secure: true))
        #expect(text(response) == "hello 127.0.0.1:\(server.port)")

        let stranger = try await Certificates()
        let other = HTTPClient(on: server.loop, tls: try TLSClientContext(TLSFiles(authorities: stranger.authority)))
        do {
            _ = try await other.send(Request(.get, "/hello"), to: server.endpoint(secure: true))
            Issue.record("an unknown authority was believed")
        } catch {
            guard case .tls(.handshakeFailed) = error else {
                Issue.record("\(error)")
                return
            }
        }

        let mutual = try await Rig(
            "tls", [files.folder.path, files.authority],
            tls: try TLSClientContext(
                TLSFiles(
                    certificate: files.folder.file("server.pem"), key: files.folder.file("server.key"),
                    authorities: files.authority)))
        let shown = try await mutual.client.send(Request(.get, "/hello"), to: mutual.endpoint(secure: true))
        #expect(shown.status == .ok)
        let bare = HTTPClient(on: mutual.loop, tls: known)
        await #expect(throws: NetError.self) {
            try await bare.send(Request(.get, "/hello"), to: mutual.endpoint(secure: true))
        }
    }
}

/// nghttpd, nghttp2's own server, judges our HTTP/2.
@Suite struct HTTPClientHTTP2Tests {
    /// Serves a folder with the file `hello`, and echoes uploads; nil certificates mean prior knowledge.
    private func startServer(_ certificates: Certificates?, _ folder: TemporaryFolder, port: UInt16) async throws
        -> RunningTool
    {
        let tls = certificates.map { [$0.folder.file("server.key"), $0.folder.file("server.pem")] } ?? ["--no-tls"]
        let options = tls.count == 1 ? tls : []
        let files = tls.count == 2 ? tls : []
        let server = try RunningTool(
            "nghttpd",
            ["-a", "127.0.0.1", "-d", folder.path, "--echo-upload"] + options + ["\(port)"] + files)
        let loop = try EventLoop(name: "probe")
        defer { loop.stop() }
        try await eventually("nghttpd's port") {
            let probe = HTTPClient(on: loop)
            do throws(NetError) {
                _ = try await probe.send(
                    Request(.get, "/"), to: .tcp(host: "127.0.0.1", port: Int(port), isSecure: false),
                    deadline: .seconds(1))
                return true
            } catch {
                guard case .system = error else { return true }  // it listens, whatever it thinks of HTTP/1.1
                return false
            }
        }
        return server
    }

    @Test(arguments: [false, true])
    func `many requests share one HTTP/2 connection, in TLS by ALPN or plain by prior knowledge`(
        _ secure: Bool
    ) async throws {
        let certificates = secure ? try await Certificates() : nil
        let folder = try TemporaryFolder()
        try folder.write("hello", text: "hello h2")
        let port = try freePort()
        let server = try await startServer(certificates, folder, port: port)
        defer { server.terminate() }
        let loop = try EventLoop(name: "client-test")
        var options = HTTPClientOptions()
        options.priorKnowledge = true
        let client = HTTPClient(
            on: loop, tls: try certificates.map { try TLSClientContext(TLSFiles(authorities: $0.authority)) },
            options: options)
        defer {
            client.shutDown()
            loop.stop()
        }
        let endpoint = HTTPEndpoint.tcp(host: "127.0.0.1", port: Int(port), isSecure: secure)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<300 {
                group.addTask {
                    if index.isMultiple(of: 2) {
                        let response = try await client.send(Request(.get, "/hello"), to: endpoint)
                        #expect(response.status == .ok && text(response) == "hello h2")
                    } else {
                        let body = [UInt8](repeating: UInt8(index & 0xFF), count: index * 500)
                        let response = try await client.send(Request(.post, "/echo", body: body), to: endpoint)
                        #expect(response.body == body)
                    }
                }
            }
            try await group.waitForAll()
        }
        let missing = try await client.send(Request(.get, "/none"), to: endpoint)
        #expect(missing.status == .notFound)
    }

    @Test func `a server that comes back is dialled again`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("hello", text: "hello h2")
        let port = try freePort()
        let loop = try EventLoop(name: "client-test")
        var options = HTTPClientOptions()
        options.priorKnowledge = true
        let client = HTTPClient(on: loop, options: options)
        defer {
            client.shutDown()
            loop.stop()
        }
        let endpoint = HTTPEndpoint.tcp(host: "127.0.0.1", port: Int(port), isSecure: false)
        for _ in 0..<2 {
            let server = try await startServer(nil, folder, port: port)
            let response = try await client.send(Request(.get, "/hello"), to: endpoint)
            #expect(text(response) == "hello h2")
            server.terminate()
            _ = try await server.waitForEnd()
        }
    }

    @Test func `a body beyond the limit is given up, and the connection goes on`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("big", [UInt8](repeating: 0x78, count: 2_000_000))
        try folder.write("hello", text: "hello h2")
        let port = try freePort()
        let server = try await startServer(nil, folder, port: port)
        defer { server.terminate() }
        let loop = try EventLoop(name: "client-test")
        var options = HTTPClientOptions()
        options.priorKnowledge = true
        let client = HTTPClient(on: loop, options: options)
        defer {
            client.shutDown()
            loop.stop()
        }
        let endpoint = HTTPEndpoint.tcp(host: "127.0.0.1", port: Int(port), isSecure: false)
        await #expect(throws: NetError.http(.bodyTooLarge)) {
            try await client.send(Request(.get, "/big"), to: endpoint)
        }
        let after = try await client.send(Request(.get, "/hello"), to: endpoint)
        #expect(after.status == .ok)
    }
}

/// A self-signed certificate for 127.0.0.1, by the `openssl` command: it is its own authority.
struct Certificates {
    let folder: TemporaryFolder
    var authority: String { folder.file("server.pem") }

    init() async throws {
        folder = try TemporaryFolder()
        try await runTool(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout",
                folder.file("server.key"), "-out", folder.file("server.pem"),
            ])
    }
}
