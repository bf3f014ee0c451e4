import HTTP
import Net
import System
import TestKit
import Testing
import WebSocket

/// PyPI `websockets` and raw sockets judge the service.
@Suite struct WebSocketServiceTests {
    @Test func `a listener sees the events of its stream that come after it, as text, in TLS and plain`() async throws {
        let rig = try await WebSocketRig()
        try await rig.append(["before"])
        let secure = try await rig.listener(rig.url + "/ws?asJson=true", token: try rig.token("demo"))
        let plain = try await rig.listener(rig.plainURL + "/ws", token: try rig.token("demo"))
        let derived = try await rig.listener(rig.url + "/ws", token: try rig.token("demo-0"))
        try await rig.append(["one", "zwölf \\\"x\\\""])
        try await rig.append(["derived only"], to: "demo-0")
        try await rig.append(["three"])
        let expected = (["one", "zwölf \\\"x\\\"", "three"].map(WebSocketRig.line)).joined(separator: "\n")
        for listener in [secure, plain] {
            try await listener.waitForText(WebSocketRig.line("three"))
            #expect(listener.output == "connected\n\(expected)\n")
        }
        try await derived.waitForText(WebSocketRig.line("derived only"))
        #expect(derived.output == "connected\n\(WebSocketRig.line("derived only"))\n")
        #expect(rig.metric("strm_websocket_clients") == 3)
        #expect(rig.metric("strm_websocket_events_total") == 7)
        #expect(rig.metric("strm_websocket_dropped_total") == 0)

        await rig.stop()
        for listener in [secure, plain, derived] {
            let end = try await listener.waitForEnd()
            #expect(end.output.hasSuffix("closed 1001 the service is going away\n"))
        }
        #expect(rig.metric("strm_websocket_clients") == 0)
        let lines = rig.logLines.text
        #expect(!lines.contains("zwölf") && !lines.contains("eyJ"), "neither payload nor token is logged")
    }

    @Test func `who may not listen is told why`() async throws {
        let rig = try await WebSocketRig()
        let endpoint = HTTPEndpoint.tcp(host: "localhost", port: Int(rig.service.addresses[0].port), isSecure: true)
        func ask(_ method: HTTP.Method, _ path: String, token: String? = nil, upgrade: Bool = false) async throws
            -> Response
        {
            var headers = Headers()
            if let token { headers.add("authorization", "Bearer \(token)") }
            if upgrade { headers.add("upgrade", "websocket") }
            return try await rig.client.send(Request(method, path, headers: headers), to: endpoint)
        }
        let none = try await ask(.get, "/ws", upgrade: true)
        #expect(none.status == .unauthorized && none.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
        let wrong = try await ask(.get, "/ws", token: try rig.token("demo") + "x", upgrade: true)
        #expect(wrong.status == .unauthorized)
        let unknown = try await ask(.get, "/ws", token: try rig.token(clientID: "stream-of-nobody"), upgrade: true)
        #expect(unknown.status == .forbidden)
        let noUpgrade = try await ask(.get, "/ws", token: try rig.token("demo"))
        #expect(noUpgrade.status == .upgradeRequired)
        #expect(try await ask(.post, "/ws", token: try rig.token("demo")).status == .methodNotAllowed)
        #expect(try await ask(.get, "/").status == .ok)
        #expect(try await ask(.head, "/is-alive").status == .ok)
        #expect(try await ask(.get, "/event").status == .notFound)
        #expect(rig.metric(#"web_socket_handshakes_total{result="client_unknown"}"#) == 1)
        await rig.stop()
    }

    @Test func `a listener is let go with 1000 when its token expires`() async throws {
        let rig = try await WebSocketRig()
        let listener = try await rig.listener(rig.url + "/ws", token: try rig.token("demo", lifetime: .seconds(2)))
        try await listener.waitForText("closed")
        #expect(listener.output == "connected\nclosed 1000 the token has expired\n")
        await rig.stop()
    }

    @Test func `a listener of a stream that is gone is let go, the others stay`() async throws {
        let rig = try await WebSocketRig()
        let source = try await rig.listener(rig.url + "/ws", token: try rig.token("demo"))
        let derived = try await rig.listener(rig.url + "/ws", token: try rig.token("demo-0"))
        try rig.folder.write("plane/streams.yaml", text: "kind: Stream\nspec:\n  ref: {name: demo}\n")
        try await derived.waitForText("closed 1008 the stream is gone")
        try await rig.append(["still here"])
        try await source.waitForText("still here")
        await rig.stop()
    }

    @Test func `an event that cannot be read is counted, and the next one is shown`() async throws {
        let rig = try await WebSocketRig()
        let listener = try await rig.listener(rig.plainURL + "/ws", token: try rig.token("demo"))
        try await rig.append(["lost", "lost too"], schemaID: 4242)
        try await rig.append(["found"])
        try await listener.waitForText("found")
        #expect(!listener.output.contains("lost"))
        #expect(rig.metric(#"web_socket_skipped_events_total{reason="unknown_schema"}"#) == 2)
        await rig.stop()
    }

    @Test func `only as many listen as may`() async throws {
        let rig = try await WebSocketRig(["WEB_SOCKET_LISTENERS": "2"])
        let first = try await rig.listener(rig.plainURL + "/ws", token: try rig.token("demo"))
        let second = try await rig.listener(rig.plainURL + "/ws", token: try rig.token("demo-0"))
        await #expect(throws: NetError.upgradeRefused(.serviceUnavailable)) {
            _ = try await WebSocketClient.listen(
                to: try #require(URLParts(rig.plainURL + "/ws")), tls: nil,
                headers: ["authorization": "Bearer \(try rig.token("demo"))"], on: rig.loop
            ) { _ in }
        }
        first.terminate()
        try await eventually("a free place") { rig.metric("strm_websocket_clients") == 1 }
        let third = try await rig.listener(rig.plainURL + "/ws", token: try rig.token("demo"))
        try await rig.append(["for the third"])
        try await third.waitForText("for the third")
        #expect(!second.output.contains("for the third"))
        await rig.stop()
    }

    /// A raw listener that shakes hands, then reads nothing until a file appears.
    private static let slowScript = """
        import os, socket, sys, time
        s = socket.create_connection(("localhost", int(sys.argv[1])))
        s.sendall(("GET /ws HTTP/1.1\\r\\nHost: localhost\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
                   "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\\r\\n"
                   "Authorization: Bearer " + os.environ["TOKEN"] + "\\r\\n\\r\\n").encode())
        head = b""
        while b"\\r\\n\\r\\n" not in head: head += s.recv(1)
        assert b" 101 " in head and b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" in head, head
        print("connected", flush=True)
        while not os.path.exists(sys.argv[2]): time.sleep(0.01)
        data = b""
        while True:
            piece = s.recv(65536)
            if not piece: print("end of stream", flush=True); break
            data = (data + piece)[-100000:]
            if b"the last one" in data: print("the last one arrived", flush=True); break
        """

    @Test func `a slow listener loses the oldest events, the others lose none`() async throws {
        let rig = try await WebSocketRig(["WEB_SOCKET_QUEUE_EVENTS": "50"])
        let slow = try RunningTool(
            try Strangers.python, ["-c", Self.slowScript, "\(rig.service.addresses[1].port)", rig.folder.file("go")],
            environment: ["TOKEN": try rig.token("demo")])
        try await slow.waitForText("connected")
        let fast = try await rig.listener(rig.plainURL + "/ws", token: try rig.token("demo"))
        let big = String(repeating: "x", count: 20_000)
        var sent = 0
        while rig.metric("strm_websocket_dropped_total") == 0, sent < 2000 {
            try await rig.append((0..<20).map { "\(sent + $0) \(big)" })
            sent += 20
            try await fast.waitForText(#""text": "\#(sent - 1) "#)
        }
        #expect(rig.metric("strm_websocket_dropped_total") > 0)
        try await rig.append(["the last one"])
        try rig.folder.write("go", text: "")
        try await slow.waitForText("the last one arrived")
        try await fast.waitForText("the last one")
        #expect(fast.output.split(separator: "\n").count == sent + 2)
        await rig.stop()
    }

    @Test func `a listener that answers no ping is cut off, one that does stays`() async throws {
        let rig = try await WebSocketRig(["WEB_SOCKET_PING_INTERVAL": "300ms"])
        try rig.folder.write("go", text: "")
        let polite = try await rig.listener(rig.plainURL + "/ws", token: try rig.token("demo"))
        let silent = try RunningTool(
            try Strangers.python, ["-c", Self.slowScript, "\(rig.service.addresses[1].port)", rig.folder.file("go")],
            environment: ["TOKEN": try rig.token("demo")])
        try await silent.waitForText("end of stream")
        try await rig.append(["after"])
        try await polite.waitForText("after")
        #expect(rig.metric(#"web_socket_closes_total{code="1006"}"#) == 1)
        await rig.stop()
    }
}
