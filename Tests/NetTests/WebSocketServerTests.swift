import EventLoop
import HTTP
import Net
import Synchronization
import System
import TLS
import TestKit
import Testing

/// Answers what it is told: echoes messages; closes, or says how it was closed, on request.
private final class ObedientHandler: RequestHandler, WebSocketDelegate, @unchecked Sendable {  // on its loop only
    private let server: ServerLoop
    private let options: WebSocketOptions
    private var connections: [ObjectIdentifier: WebSocketConnection] = [:]
    let ends = Mutex<[String]>([])

    init(_ server: ServerLoop, _ options: WebSocketOptions) {
        self.server = server
        self.options = options
    }

    func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        let answer = WebSocketHandshake.answer(to: Request(copying: head, body: body))
        guard answer.status == .switchingProtocols else { return server.respond(stream, .full(answer)) }
        let accepted = server.openWebSocket(stream, answer, options: options, delegate: self) { connection in
            self.connections[ObjectIdentifier(connection)] = connection
        } failed: {
            self.ends.withLock { $0.append("failed") }
        }
        #expect(accepted)
    }

    func messageArrived(_ message: WebSocketMessage, on connection: WebSocketConnection) {
        guard case .text(let text) = message else { return connection.close(WebSocketCloseCode(1003)) }
        switch text {
        case "close me": connection.close(.goingAway, reason: "as you wish")
        case "flood": for index in 0..<200 { connection.send("\(index) " + String(repeating: "x", count: 10_000)) }
        default: connection.send(text)
        }
    }

    func outputDrained(on connection: WebSocketConnection) {}

    func closed(_ code: WebSocketCloseCode, reason: String, on connection: WebSocketConnection) {
        connections[ObjectIdentifier(connection)] = nil
        ends.withLock { $0.append("\(code.rawValue) \(reason)") }
    }
}

private final class Rig: Sendable {
    let loop: EventLoop
    let server: HTTPServer
    let handler: ObedientHandler
    let certificates: Certificates

    init(_ options: WebSocketOptions = WebSocketOptions()) async throws {
        certificates = try await Certificates()
        loop = try EventLoop(name: "ws-server")
        let files = TLSFiles(
            certificate: certificates.folder.file("server.pem"), key: certificates.folder.file("server.key"))
        let made = Mutex<ObedientHandler?>(nil)
        let address = try SocketAddress(ip: "127.0.0.1", port: 0)
        server = try await HTTPServer.start(
            on: [loop],
            listeners: [
                HTTPListener(address, tls: try TLSServerContext(files, protocols: [.http1])),
                HTTPListener(address, tls: nil),
            ]
        ) { server in
            let handler = ObedientHandler(server, options)
            made.withLock { $0 = handler }
            return handler
        }
        handler = try #require(made.withLock { $0 })
    }

    deinit { loop.stop() }

    var url: String { "wss://127.0.0.1:\(server.addresses[0].port)/" }
    var plainURL: String { "ws://127.0.0.1:\(server.addresses[1].port)/" }

    /// Runs a Python client; `ws` is its connection, `context` its TLS settings.
    func client(_ body: String, secure: Bool = true) async throws -> String {
        let script = """
            import asyncio, ssl, sys
            from websockets.asyncio.client import connect
            from websockets.exceptions import ConnectionClosed
            context = ssl.create_default_context(cafile=sys.argv[2]) if sys.argv[1].startswith("wss") else None
            async def main():
                async with connect(sys.argv[1], ssl=context, max_size=None, proxy=None) as ws:
                    try:
            \(body.split(separator: "\n").map { "            " + $0 }.joined(separator: "\n"))
                    except ConnectionClosed as end:
                        print("closed", end.rcvd.code if end.rcvd else 1006, end.rcvd.reason if end.rcvd else "")
            asyncio.run(main())
            """
        return try await Strangers.runPython(script, [secure ? url : plainURL, certificates.authority]).output
    }
}

@Suite struct WebSocketServerTests {
    @Test(arguments: [false, true])
    func `messages of every size come back, fragments and pings included`(_ secure: Bool) async throws {
        let rig = try await Rig()
        let output = try await rig.client(
            """
            for count in [0, 1, 125, 126, 127, 1000, 30000]:
                text = "é" * count
                await ws.send(text)
                assert await ws.recv() == text, count
            await ws.send(["frag", "men", "", "ted é"])
            assert await ws.recv() == "fragmented é"
            for payload in [b"", b"x" * 125]:
                await (await ws.ping(payload))
            await ws.send("flood")
            for index in range(200):
                text = await ws.recv()
                assert text == f"{index} " + "x" * 10000, index
            print("all came back")
            """, secure: secure)
        #expect(output == "all came back\n")
        try await eventually("the end") { rig.handler.ends.withLock { $0 } == ["1000 "] }
    }

    @Test func `either side may close, and the other hears code and reason`() async throws {
        let rig = try await Rig()
        #expect(try await rig.client("await ws.send('close me')\nawait ws.recv()") == "closed 1001 as you wish\n")
        #expect(try await rig.client("await ws.close(4001, 'enough')\nprint(ws.close_code)") == "4001\n")
        #expect(try await rig.client("await ws.send(b'binary')\nawait ws.recv()") == "closed 1003 \n")
        try await eventually("three ends") { rig.handler.ends.withLock { $0.count } == 3 }
        #expect(rig.handler.ends.withLock { $0 } == ["1001 as you wish", "4001 enough", "1003 "])
    }

    @Test func `a message beyond the limit, and frames against the rules, are told so`() async throws {
        let rig = try await Rig()
        #expect(
            try await rig.client("await ws.send('x' * 70000)\nawait ws.recv()") == "closed 1009 message too big\n")
        let unmasked = """
            import socket, sys
            s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            s.sendall(b"GET / HTTP/1.1\\r\\nHost: h\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                      b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n"
                      + bytes.fromhex(sys.argv[2]))
            data = b""
            while True:
                piece = s.recv(4096)
                if not piece: break
                data += piece
            frame = data.split(b"\\r\\n\\r\\n", 1)[1]
            print(frame[0] & 15, int.from_bytes(frame[2:4], "big"))
            """
        let port = "\(rig.server.addresses[1].port)"
        // Both come behind the handshake in one piece.
        #expect(try await Strangers.runPython(unmasked, [port, "810548656c6c6f"]).output == "8 1002\n")
        #expect(try await Strangers.runPython(unmasked, [port, "818200000000c328"]).output == "8 1007\n")
        // A good frame in the same piece is answered first.
        #expect(try await Strangers.runPython(unmasked, [port, "8880000000008105"]).output == "8 0\n")
    }

    @Test func `curl, which only speaks HTTP here, is told what is missing`() async throws {
        let rig = try await Rig()
        let result = try await runTool(
            "curl",
            ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:\(rig.server.addresses[1].port)/"])
        #expect(result.output == "426")
    }

    @Test func `a peer that lets too much pile up is cut off`() async throws {
        var options = WebSocketOptions()
        options.unsentLimit = 100_000
        let rig = try await Rig(options)
        let slow = """
            import socket, sys
            s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.sendall(b"GET / HTTP/1.1\\r\\nHost: h\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                      b"Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n\\r\\n")
            for _ in range(20): s.sendall(bytes.fromhex("818500000000666c6f6f64"))  # "flood"
            print("sent", flush=True)
            import time
            while True: time.sleep(1)
            """
        let client = try RunningTool(try Strangers.python, ["-c", slow, "\(rig.server.addresses[1].port)"])
        try await client.waitForText("sent")
        try await eventually("the end") { rig.handler.ends.withLock { $0 } == ["1008 reader too slow"] }
    }

    @Test func `our own client and our own server agree`() async throws {
        let rig = try await Rig()
        let tls = try TLSClientContext(TLSFiles(authorities: rig.certificates.authority), protocols: [.http1])
        let task = Task {
            try await WebSocketClient.listen(to: try #require(URLParts(rig.url)), tls: tls, on: rig.loop) { _ in }
        }
        task.cancel()
        let end = try await task.value
        #expect(end.code == .normal)
    }
}
