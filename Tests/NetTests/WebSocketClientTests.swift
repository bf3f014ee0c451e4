import EventLoop
import HTTP
import Net
import Synchronization
import TLS
import TestKit
import Testing

/// The PyPI `websockets` server, which judges our client.
private let serverScript = """
    import asyncio, http, ssl, sys
    from websockets.asyncio.server import serve
    async def handler(ws):
        path = ws.request.path
        if path == "/echo":
            async for message in ws: await ws.send(message)
        elif path == "/count":
            for n in range(1000): await ws.send(f"{n} " + "x" * (n * 7 % 3000))
            await ws.close(1000, "done")
        elif path == "/fragments":
            await ws.send(["frag", "ment", "s ", "é"])
            await (await ws.ping(b"are you there"))
            await ws.send("ponged")
            await ws.close(4242, "enough")
        elif path == "/big": await ws.send("x" * 300_000)
        elif path == "/away": await ws.close(1001)
        elif path == "/drop": ws.transport.abort()
        elif path == "/wait":
            try:
                async for message in ws: pass
            finally: print("closed", ws.close_code, ws.close_reason, "end", flush=True)
    def check(connection, request):
        if request.headers.get("Authorization") != "Bearer t":
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "no\\n")
    async def main():
        context = None
        if len(sys.argv) > 1:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(sys.argv[1] + "/server.pem", sys.argv[1] + "/server.key")
        async with serve(handler, "127.0.0.1", 0, process_request=check, ssl=context) as server:
            print("ready", server.sockets[0].getsockname()[1], "port", flush=True)
            await server.serve_forever()
    asyncio.run(main())
    """

private final class Rig: Sendable {
    let loop: EventLoop
    let server: RunningTool
    let tls: TLSClientContext?
    private let origin: String

    init(certificates: Certificates? = nil) async throws {
        let arguments = certificates.map { [$0.folder.path] } ?? []
        server = try RunningTool(try Strangers.python, ["-c", serverScript] + arguments)
        try await server.waitForText(" port")
        loop = try EventLoop(name: "ws-test")
        tls = try certificates.map { try TLSClientContext(TLSFiles(authorities: $0.authority), protocols: [.http1]) }
        origin = "\(certificates == nil ? "ws" : "wss")://127.0.0.1:\(server.output.split(separator: " ")[1])"
    }

    deinit {
        loop.stop()
        server.terminate()
    }

    func url(_ path: String) throws -> URLParts { try #require(URLParts(origin + path)) }

    /// Listens until the end; the texts, and how it ended.
    func listen(
        _ path: String, token: String = "t", options: WebSocketOptions = WebSocketOptions()
    ) async throws -> (texts: [String], code: Int, reason: String) {
        let texts = Mutex<[String]>([])
        let end = try await WebSocketClient.listen(
            to: try url(path), tls: tls, headers: ["authorization": "Bearer \(token)"], options: options, on: loop
        ) { text in texts.withLock { $0.append(text) } }
        return (texts.withLock { $0 }, Int(end.code.rawValue), end.reason)
    }
}

/// Sends each text when the previous one has come back, then closes.
private final class Echo: WebSocketDelegate, @unchecked Sendable {  // used on the loop only; the test waits for `end`
    private var rest: [String]
    let received = Mutex<[String]>([])
    let end = Mutex<Int?>(nil)

    init(_ texts: [String]) { rest = texts.reversed() }

    func next(_ connection: WebSocketConnection) {
        if let text = rest.popLast() { connection.send(text) } else { connection.close(.normal, reason: "done") }
    }

    func messageArrived(_ message: WebSocketMessage, on connection: WebSocketConnection) {
        if case .text(let text) = message { received.withLock { $0.append(text) } }
        next(connection)
    }

    func outputDrained(on connection: WebSocketConnection) {}

    func closed(_ code: WebSocketCloseCode, reason: String, on connection: WebSocketConnection) {
        end.withLock { $0 = Int(code.rawValue) }
    }
}

@Suite struct WebSocketClientTests {
    @Test(arguments: [false, true])
    func `a thousand messages arrive whole and in order, plain and in TLS`(_ secure: Bool) async throws {
        let rig = try await Rig(certificates: secure ? try await Certificates() : nil)
        let result = try await rig.listen("/count")
        #expect(result.texts == (0..<1000).map { "\($0) " + String(repeating: "x", count: $0 * 7 % 3000) })
        #expect(result.code == 1000 && result.reason == "done")
    }

    @Test func `fragments are joined, pings answered, close codes passed on`() async throws {
        let rig = try await Rig()
        let result = try await rig.listen("/fragments")
        #expect(result.texts == ["fragments é", "ponged"])
        #expect(result.code == 4242 && result.reason == "enough")
        let away = try await rig.listen("/away")
        #expect(away.code == 1001)
    }

    @Test func `what we send in masks the server reads`() async throws {
        let rig = try await Rig()
        let texts = [0, 1, 125, 126, 5000, 70_000].map { String(repeating: "é", count: $0) }
        let echo = Echo(texts)
        var options = WebSocketOptions()
        options.messageLimit = 1 << 20
        WebSocketClient.connect(
            to: try rig.url("/echo"), tls: nil, headers: ["authorization": "Bearer t"], options: options, on: rig.loop,
            delegate: echo
        ) { result in
            switch result {
            case .success(let connection): echo.next(connection)
            case .failure(let error): Issue.record("\(error)")
            }
        }
        try await eventually("the end of the echo") { echo.end.withLock { $0 } != nil }
        #expect(echo.received.withLock { $0 } == texts)
        #expect(echo.end.withLock { $0 } == 1000)
    }

    @Test func `a message beyond the limit closes with 1009, a lost connection is 1006`() async throws {
        let rig = try await Rig()
        let big = try await rig.listen("/big")
        #expect(big.texts.isEmpty && big.code == 1009)
        let dropped = try await rig.listen("/drop")
        #expect(dropped.code == 1006)
    }

    @Test func `a refused handshake tells its status`() async throws {
        let rig = try await Rig()
        await #expect(throws: NetError.upgradeRefused(.unauthorized)) {
            _ = try await rig.listen("/echo", token: "wrong")
        }
    }

    @Test func `a cancelled listener closes with 1000`() async throws {
        let rig = try await Rig()
        let task = Task { try await rig.listen("/wait") }
        try await eventually("the connection") {
            // Cancelling before the handshake is over would be as good; the server's print proves the close frame.
            task.cancel()
            return true
        }
        let result = try await task.value
        #expect(result.code == 1000)
        try await rig.server.waitForText("closed 1000  end")
    }
}
