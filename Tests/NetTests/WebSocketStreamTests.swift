import EventLoop
import HTTP
import Net
import System
import TLS
import TestKit
import Testing

/// The PyPI `websockets` server as judge of handshakes, behind a proxy that understands CONNECT and nothing else.
private let serverScript = """
    import asyncio, base64, http, json, ssl, sys
    from websockets.asyncio.server import serve
    arguments = json.loads(sys.argv[1])
    sent = 0
    async def handler(ws):
        global sent
        path = ws.request.path
        if path == "/protocol": await ws.send(f"{ws.subprotocol}")
        elif path == "/echo":
            async for message in ws: await ws.send(message)
        elif path == "/flood":
            for n in range(400):
                await ws.send(bytes([n % 256]) * 65536)
                sent = n + 1
            await ws.close(1000, "all")
        elif path == "/sent": await ws.send(f"{sent}")
        elif path == "/who":
            certificate = ws.transport.get_extra_info("peercert") or {}
            names = [value for (key, value), in certificate.get("subject", ())]
            await ws.send(",".join(names))
    def check(connection, request):
        if request.path == "/busy":
            response = connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "come back later")
            response.headers["Retry-After"] = "7"
            return response
    async def raw(reader, writer):
        head = await reader.readuntil(b"\\r\\n\\r\\n")
        if b"upgrade: echo" not in head.lower():
            writer.write(b"HTTP/1.1 426 Upgrade Required\\r\\nContent-Length: 3\\r\\n\\r\\nno!"); await writer.drain()
        else:
            writer.write(b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: echo\\r\\nConnection: Upgrade\\r\\n\\r\\nfirst ")
            while piece := await reader.read(65536):
                writer.write(piece); await writer.drain()
                if piece.endswith(b"bye"): break
        writer.close()
    async def proxy(reader, writer):
        head = (await reader.readuntil(b"\\r\\n\\r\\n")).decode()
        line, *fields = head.split("\\r\\n")
        method, target, _ = line.split(" ")
        wanted = "proxy-authorization: Basic " + base64.b64encode(b"us er:p@ss:w").decode()
        if method != "CONNECT" or f"host: {target}" not in fields:
            writer.write(b"HTTP/1.1 400 Bad Request\\r\\nContent-Length: 0\\r\\n\\r\\n")
        elif wanted not in fields:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\\r\\nContent-Length: 4\\r\\n\\r\\nwho?")
        else:
            host, port = target.rsplit(":", 1)
            print("tunnel", flush=True)
            far, out = await asyncio.open_connection(host, int(port))
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 99\\r\\n\\r\\n")
            async def copy(a, b):
                while piece := await a.read(65536):
                    b.write(piece); await b.drain()
                b.close()
            await asyncio.gather(copy(reader, out), copy(far, writer), return_exceptions=True)
        writer.close()
    def choose(connection, offers):
        return next((name for name in ["v4.test", "v5.test"] if name in offers), None)
    async def main():
        context = None
        if "certificates" in arguments:
            folder = arguments["certificates"]
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + "/server.pem", folder + "/server.key")
            context.load_verify_locations(arguments["authority"])
            context.verify_mode = ssl.CERT_OPTIONAL
        options = dict(process_request=check, ssl=context, compression=None, max_size=None)
        server = await serve(handler, "127.0.0.1", 0, select_subprotocol=choose, **options)
        tunnel = await asyncio.start_server(proxy, "127.0.0.1", 0)
        plain = await asyncio.start_server(raw, "127.0.0.1", 0)
        ports = [s.sockets[0].getsockname()[1] for s in (server, tunnel, plain)]
        print("ports", *ports, "end", flush=True)
        await asyncio.Future()
    asyncio.run(main())
    """

private final class Rig: Sendable {
    let loop: EventLoop
    let server: RunningTool
    let ports: [Int]
    private let scheme: String

    init(certificates: Certificates? = nil) async throws {
        var arguments = "{}"
        if let certificates {
            arguments = #"{"certificates": "\#(certificates.folder.path)", "authority": "\#(certificates.authority)"}"#
        }
        server = try RunningTool(try Strangers.python, ["-c", serverScript, arguments])
        try await server.waitForText(" end")
        ports = server.output.split(separator: " ").compactMap { Int($0) }
        loop = try EventLoop(name: "ws-stream")
        scheme = certificates == nil ? "ws" : "wss"
    }

    deinit {
        loop.stop()
        server.terminate()
    }

    func request(_ path: String, tls: TLSClientContext? = nil) throws -> WebSocketRequest {
        WebSocketRequest(try #require(URLParts("\(scheme)://localhost:\(ports[0])\(path)")), tls: tls)
    }

    func open(_ request: WebSocketRequest) async throws -> WebSocketStream {
        var options = WebSocketOptions()
        options.messageLimit = 1 << 20
        switch try await WebSocketStream.open(request, options: options, on: loop) {
        case .opened(let stream): return stream
        case .refused(let response): throw NetError.upgradeRefused(response.status)
        }
    }

    func firstText(_ request: WebSocketRequest) async throws -> String? {
        guard case .text(let text) = try await open(request).next() else { return nil }
        return text
    }
}

@Suite struct WebSocketStreamTests {
    @Test func `of the sub-protocols offered the server chooses one, or none`() async throws {
        let rig = try await Rig()
        var request = try rig.request("/protocol")
        request.protocols = ["v9.test", "v5.test", "v4.test"]
        let stream = try await rig.open(request)
        let chosen = try #require(stream.subprotocol)
        #expect(["v5.test", "v4.test"].contains(chosen))
        #expect(try await stream.next() == .text(chosen))
        #expect(try await stream.next() == nil)
        #expect(await stream.closeCode()?.code == .normal)
        request.protocols = []
        #expect(try await rig.open(request).subprotocol == nil)
    }

    @Test func `a refusal is shown whole: status, retry-after and body`() async throws {
        let rig = try await Rig()
        guard case .refused(let response) = try await WebSocketStream.open(try rig.request("/busy"), on: rig.loop)
        else {
            Issue.record("it was opened")
            return
        }
        #expect(response.status == .serviceUnavailable && response.headers["retry-after"] == "7")
        #expect(String(decoding: response.body, as: UTF8.self) == "come back later")
    }

    @Test func `the server learns who we are from our certificate`() async throws {
        let certificates = try await Certificates()
        let rig = try await Rig(certificates: certificates)
        let named = try TLSClientContext(
            TLSFiles(
                certificate: certificates.folder.file("server.pem"), key: certificates.folder.file("server.key"),
                authorities: certificates.authority), protocols: [.http1])
        let nameless = try TLSClientContext(TLSFiles(authorities: certificates.authority), protocols: [.http1])
        let name = try await rig.firstText(try rig.request("/who", tls: named))
        #expect(name?.isEmpty == false)
        #expect(try await rig.firstText(try rig.request("/who", tls: nameless)) == "")
        var other = try rig.request("/who", tls: nameless)
        other.serverName = "somebody.else.example"
        await #expect(throws: NetError.self) { _ = try await rig.open(other) }
    }

    @Test func `a proxy is asked for the way, with credentials, and TLS goes through to the server`() async throws {
        let certificates = try await Certificates()
        let rig = try await Rig(certificates: certificates)
        let tls = try TLSClientContext(TLSFiles(authorities: certificates.authority), protocols: [.http1])
        // Loopback is never proxied, so the server has to be called by another name.
        var request = WebSocketRequest(try #require(URLParts("wss://127.1:\(rig.ports[0])/protocol")), tls: tls)
        request.serverName = "localhost"
        request.proxies = ProxyRules(proxy: HTTPProxy("http://us%20er:p%40ss:w@127.0.0.1:\(rig.ports[1])"))
        #expect(try await rig.firstText(request) == "None")
        #expect(rig.server.output.contains("tunnel"))

        request.proxies = ProxyRules(proxy: HTTPProxy(host: "127.0.0.1", port: rig.ports[1], user: "x", password: "y"))
        await #expect(throws: NetError.proxyRefused(Status(407))) { _ = try await rig.open(request) }
    }

    @Test func `requests go through the proxy too`() async throws {
        let certificates = try await Certificates()
        let rig = try await Rig(certificates: certificates)
        var options = HTTPClientOptions()
        options.serverName = "localhost"
        options.proxies = ProxyRules(proxy: HTTPProxy("http://us%20er:p%40ss:w@127.0.0.1:\(rig.ports[1])"))
        let tls = try TLSClientContext(TLSFiles(authorities: certificates.authority))
        let client = HTTPClient(on: rig.loop, tls: tls, options: options)
        let endpoint = HTTPEndpoint.tcp(host: "127.1", port: rig.ports[0], isSecure: true)
        let response = try await client.send(Request(.get, "/busy"), to: endpoint)
        #expect(response.status == .serviceUnavailable)
        #expect(rig.server.output.contains("tunnel"))
        client.shutDown()
        options.proxies = ProxyRules(proxy: HTTPProxy(host: "127.0.0.1", port: rig.ports[1]))
        let nameless = HTTPClient(on: rig.loop, tls: tls, options: options)
        await #expect(throws: NetError.proxyRefused(Status(407))) {
            _ = try await nameless.send(Request(.get, "/busy"), to: endpoint)
        }
        nameless.shutDown()
    }

    @Test func `a sender that nobody asks has to wait, and nothing is lost`() async throws {
        let rig = try await Rig()
        let stream = try await rig.open(try rig.request("/flood"))
        func sent() async throws -> Int {
            let text = try #require(try await rig.firstText(try rig.request("/sent")))
            return try #require(Int(text))
        }
        // The sockets' buffers take some megabytes; then the server must stand still, far before its 25 megabytes.
        var last = -1
        try await eventually("the sender to stand still") {
            let now = try await sent()
            defer { last = now }
            try await Task.sleep(for: .milliseconds(200))
            return now == last && now > 0
        }
        #expect(last < 400)
        var count = 0
        while case .binary(let bytes) = try await stream.next() {
            #expect(bytes.count == 65536 && bytes[0] == UInt8(count % 256))
            count += 1
        }
        #expect(count == 400)
    }

    @Test func `what is sent in masks comes back whole, and cancelling ends it`() async throws {
        let rig = try await Rig()
        let stream = try await rig.open(try rig.request("/echo"))
        for size in [0, 1, 125, 126, 65_535, 65_536, 500_000] {
            let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
            try await stream.send(binary: bytes)
            #expect(try await stream.next() == .binary(bytes))
        }
        let task = Task { try await stream.next() }
        task.cancel()
        await #expect(throws: NetError.cancelled) { _ = try await task.value }
    }
}

@Suite struct UpgradedStreamTests {
    @Test func `after 101 bytes go both ways untouched, those behind the head first`() async throws {
        let rig = try await Rig()
        let url = try #require(URLParts("http://127.0.0.1:\(rig.ports[2])/"))
        let request = Request(.get, "/x", headers: ["upgrade": "echo"])
        guard case .switched(let head, let stream) = try await UpgradedStream.open(request, to: url, on: rig.loop)
        else {
            Issue.record("the server did not switch")
            return
        }
        #expect(head.headers["upgrade"] == "echo")
        let sent = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) } + Array("bye".utf8)
        async let sending: Void = stream.send(sent)
        var received: [UInt8] = []
        while let piece = try await stream.next() { received += piece }
        try await sending
        #expect(received.starts(with: Array("first ".utf8)))
        #expect(Array(received.dropFirst(6)) == sent)
    }

    @Test func `another answer than 101 is an answer`() async throws {
        let rig = try await Rig()
        let url = try #require(URLParts("http://127.0.0.1:\(rig.ports[2])/"))
        let request = Request(.get, "/x", headers: ["upgrade": "something"])
        guard case .answered(let response) = try await UpgradedStream.open(request, to: url, on: rig.loop) else {
            Issue.record("the server switched")
            return
        }
        #expect(response.status == .upgradeRequired && response.body == Array("no!".utf8))
    }
}

@Suite struct HTTPProxyTests {
    @Test func `a proxy's address may hold credentials, which are never shown`() throws {
        let proxy = try #require(HTTPProxy("http://user:s3cret@proxy.example:3128"))
        #expect(proxy.host == "proxy.example" && proxy.port == 3128)
        #expect("\(proxy)" == "proxy.example:3128" && !String(describing: ProxyRules(proxy: proxy)).contains("s3cret"))
        #expect(HTTPProxy("proxy.example")?.port == 80)
        #expect(HTTPProxy("https://proxy.example:443") == nil)
        #expect(HTTPProxy("http://proxy.example/path") == nil)
        #expect(HTTPProxy("") == nil)
    }

    @Test(arguments: [
        ("api.example.com", 443, "", true), ("api.example.com", 443, "*", false),
        ("api.example.com", 443, "example.com", false), ("example.com", 443, "example.com", false),
        ("example.com", 443, ".example.com", true), ("a.example.com", 443, " .example.com , x", false),
        ("notexample.com", 443, "example.com", true), ("API.Example.COM", 443, "*.example.com", false),
        ("a.example.com", 8443, "example.com:443", true), ("a.example.com", 443, "example.com:443", false),
        ("10.1.2.3", 443, "10.0.0.0/8", false), ("11.1.2.3", 443, "10.0.0.0/8", true),
        ("10.1.2.3", 443, "10.1.2.0/23", false), ("10.1.4.3", 443, "10.1.2.0/23", true),
        ("fd00::1", 443, "fd00::/8", false), ("fe80::1", 443, "fd00::/8", true), ("192.0.2.1", 443, "192.0.2.1", false),
        ("192.0.2.1", 443, "192.0.2.1:80", true), ("localhost", 443, "", false), ("127.0.0.9", 443, "", false),
        ("::1", 443, "", false),
    ])
    func `exceptions mean what they mean to curl and to Go`(
        _ host: String, _ port: Int, _ exceptions: String, _ isProxied: Bool
    ) {
        let proxy = HTTPProxy(host: "proxy", port: 3128)
        #expect(
            ProxyRules(proxy: proxy, noProxy: exceptions).proxy(host: host, port: port) == (isProxied ? proxy : nil))
    }
}
