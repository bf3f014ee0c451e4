import Crypto
import EventGateway
import EventLoop
import KeyVault
import Privacy
import ServiceKit
import System
import TestKit
import Testing
import Time

/// The whole gateway, judged by curl.
@Suite struct EventGatewayTests {
    @Test(arguments: CurlProtocol.allCases, [true, false])
    func `curl sends over every protocol, with TLS and without`(_ version: CurlProtocol, _ secure: Bool) async throws {
        // Prior knowledge is for plain text; with TLS, ALPN decides.
        if secure, version == .http2PriorKnowledge { return }
        let rig = try await GatewayRig()
        let answer = try await rig.send(
            DemoEvent().avro, to: secure ? rig.secure : rig.plain, over: version)
        #expect(answer.status == 204, "\(answer.body)")
        #expect(answer.body.isEmpty)
        let speaksHTTP2 = version == .http2PriorKnowledge || (version == .http2 && secure)
        #expect(answer.version == (speaksHTTP2 ? "2" : "1.1"))
        #expect(try rig.stored().count == 1)
        await rig.close()
    }

    @Test func `while nothing can be stored it is not ready, and it is again once something can`() async throws {
        let rig = try await GatewayRig()
        #expect(try await rig.send(DemoEvent().avro, client: "client-slow").status == 204)
        // A file in the folder's place stands for a disk that takes nothing.
        let topics = rig.folder.file("state/topics")
        try File.rename(topics, to: rig.folder.file("state/elsewhere"))
        try rig.folder.write("state/topics", text: "")
        let refused = try await rig.send(DemoEvent().avro)
        #expect(refused.status == 503)
        #expect(refused["retry-after"] == "1")
        for method in ["GET", "HEAD"] {
            for version in [CurlProtocol.http1, .http2] {
                #expect(try await rig.request(method, "/ready", over: version).status == 503)
            }
        }
        #expect(rig.kit.readiness.missing == ["the store"])

        rig.folder.remove("state/topics")
        try File.rename(rig.folder.file("state/elsewhere"), to: topics)
        try await eventually("it is ready, without an event") { rig.kit.readiness.isReady }
        #expect(try await rig.request("HEAD", "/ready").status == 200)
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        await rig.close()
    }

    @Test func `an event's unknown names come back short and harmless`() async throws {
        let rig = try await GatewayRig()
        let name = "\\u001b[31m" + String(repeating: "n", count: 100)
        let answer = try await rig.send(
            Array(
                #"{"strmMeta": {"eventContractRef": "a/b/1.0.0", "consentLevels": []}, "\#(name)": 1}"#.utf8),
            headers: ["content-type: application/json"])
        #expect(answer.status == 400)
        #expect(answer.body.contains(#"'\u{1b}[31m"# + String(repeating: "n", count: 35) + "...'"))
        #expect(answer.body.utf8.allSatisfy { (0x20...0x7E).contains($0) })
        await rig.close()
    }

    @Test func `keys whose time is over go without a request for keys`() async throws {
        let first = try await GatewayRig()
        await first.close()
        let path = "\(first.state)/keys/keys.db"
        let vault = try SQLiteKeyVault(
            path: path, kek: SecretFile.load("\(first.state)/secrets/kek", creating: false),
            hash: PersonHash(owning: SecretFile.load("\(first.state)/secrets/subject-hash.key", creating: false)))
        let loop = try EventLoop(name: "past")
        let outcomes = await withCheckedContinuation { continuation in
            let request = KeyRequest(
                stream: "demo", keyField: PlainBytes(Array("ann".utf8)), policy: KeyPolicy(id: "", retention: .days(1)))
            vault.resolve([request], now: first.kit.clock.now() - .days(100), on: loop) {
                continuation.resume(returning: $0)
            }
        }
        loop.stop()
        vault.close()
        guard case .key(let key, isNew: true) = outcomes[0] else { throw TestKitError.deadlinePassed("a key") }

        let second = try await GatewayRig(folder: first.folder)
        let reader = try SQLiteKeyReader(
            path: path, kek: SecretFile.load("\(first.state)/secrets/kek", creating: false))
        try await eventually("the key is gone") { try reader.key(for: key.link) == nil }
        try await eventually("it is counted") { second.metrics.contains("event_gateway_keys_purged_total 1\n") }
        await second.close()
    }

    @Test func `a request without a good token is refused before its body has come`() async throws {
        let rig = try await GatewayRig()
        let answer = try await curl(
            "\(rig.secure)/event", headers: ["content-length: 1000000", "strm-schema-ref: strmprivacy/example/1.5.0"],
            body: [1, 2, 3], over: .http1, authority: rig.folder.file("ca.pem"))
        #expect(answer.status == 401)
        await rig.close()
    }

    @Test func `each status of the contract over the wire`() async throws {
        let rig = try await GatewayRig()
        let event = DemoEvent().avro
        let noToken = try await curl(
            "\(rig.secure)/event", headers: ["strm-schema-ref: strmprivacy/example/1.5.0"], body: event,
            authority: rig.folder.file("ca.pem"))
        #expect(noToken.status == 401)
        #expect(noToken.body == "Jwt is missing")
        #expect(noToken["www-authenticate"] == "Bearer realm=\"\(rig.secure)/event\"")
        #expect(try await rig.send(event, client: "client-nobody").status == 401)
        #expect(try await rig.send(event, client: "client-derived").status == 403)
        #expect(try await rig.send(event, client: "client-stopped").status == 403)
        let noSchema = try await rig.send(event, schema: nil)
        #expect(noSchema.status == 400)
        #expect(noSchema["content-type"] == "text/plain; charset=utf-8")
        #expect(try await rig.request("GET", "/nothing").status == 404)
        #expect(try await rig.request("GET", "/metrics").status == 404)
        #expect(try await rig.request("GET", "/is-alive").status == 404)
        let wrongMethod = try await rig.request("GET", "/event")
        #expect(wrongMethod.status == 405)
        #expect(wrongMethod["allow"] == "POST")
        #expect(try await rig.request("GET", "/ready").status == 200)
        // One connection, so that they come within a second on any machine.
        let many = try await runTool(
            "curl",
            [
                "-sS", "--cacert", rig.folder.file("ca.pem"), "-o", "/dev/null", "-w", "%{http_code},", "-H",
                "authorization: Bearer \(try rig.token("client-slow"))", "-H",
                "strm-schema-ref: strmprivacy/example/1.5.0", "--data-binary", "@-", "\(rig.secure)/event?[1-50]",
            ], input: event)
        #expect(many.output.hasPrefix("204,204,"))
        #expect(many.output.contains("429,"))
        await rig.close()
    }

    @Test(arguments: CurlProtocol.allCases)
    func `one byte more than a mebibyte is 413, a mebibyte is read`(_ version: CurlProtocol) async throws {
        let rig = try await GatewayRig()
        let base = version == .http2PriorKnowledge ? rig.plain : rig.secure
        let filler = Array(repeating: UInt8(ascii: " "), count: (1 << 20) - DemoEvent().json(wrapped: false).count)
        let largest = filler + DemoEvent().json(wrapped: false)
        #expect(try await rig.send(largest, to: base, over: version).status == 204)
        #expect(try await rig.send([UInt8(ascii: " ")] + largest, to: base, over: version).status == 413)
        await rig.close()
    }

    @Test func `an ES256 issuer serves as well`() async throws {
        let rig = try await GatewayRig(algorithm: .es256)
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        await rig.close()
    }

    @Test func `a new stream and a new limit are in force within seconds, without a restart`() async throws {
        let rig = try await GatewayRig()
        let event = DemoEvent().avro
        #expect(try await rig.send(event, client: "client-new").status == 401)
        let added = "kind: Stream\nspec: {ref: {name: added}, enabled: true}\nclientId: client-new\n"
        try rig.folder.write("plane/added.yaml", text: added)
        try await eventually { try await rig.send(event, client: "client-new").status == 204 }
        #expect(rig.metrics.contains(#"event_gateway_plane_updates_total{result="applied"} 2"#))
        await rig.close()
    }

    @Test func `a broken change is refused with file and line, and what was in force goes on`() async throws {
        let rig = try await GatewayRig()
        try rig.folder.write("plane/broken.yaml", text: "kind: Stream\nspec: {ref: {name: broken}, colour: red}\n")
        try await eventually { rig.metrics.contains(#"event_gateway_plane_updates_total{result="refused"} 1"#) }
        #expect(rig.lines.text.contains("broken.yaml:2"))
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        await rig.close()
    }

    @Test func `a folder that is broken at start is refused with all its mistakes`() async throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("plane")
        try folder.write("plane/a.yaml", text: "kind: Stream\nspec: {ref: {name: one}, colour: red}\n")
        try folder.write("plane/b.yaml", text: "kind: Nothing\nspec: {}\n")
        await #expect {
            _ = try await GatewayRig(folder: folder)
        } throws: { error in
            guard let refused = error as? ConfigurationRefused else { return false }
            return refused.problems.contains { $0.contains("a.yaml") }
                && refused.problems.contains { $0.contains("b.yaml") }
        }
    }

    @Test func `half-open and silent connections do not keep others from being served`() async throws {
        let rig = try await GatewayRig()
        // Connections of a stranger that say nothing, or stop in the middle of a handshake or a head.
        let script = """
            import socket, sys
            held = []
            for port in map(int, sys.argv[1:]):
                for start in (b"", b"\\x16\\x03\\x01\\x02\\x00\\x01", b"POST /event HTTP/1.1\\r\\nhost: x\\r\\n",
                              b"PRI * HTTP/2.0\\r\\n\\r\\nSM"):
                    for _ in range(20):
                        peer = socket.create_connection(("127.0.0.1", port)); peer.sendall(start); held.append(peer)
            print("held", flush=True)
            sys.stdin.read()
            """
        let ports = rig.gateway.addresses.map { String($0.port) }
        let holder = try RunningTool(try Strangers.python, ["-c", script] + ports)
        try await holder.waitForText("held")
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        #expect(try await rig.send(DemoEvent().avro, to: rig.plain, over: .http1).status == 204)
        holder.terminate()
        await rig.close()
    }

    @Test func `events of many connections are all there after a drain`() async throws {
        let rig = try await GatewayRig(["EVENT_GATEWAY_LOOPS": "2"])
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<24 {
                group.addTask {
                    try await rig.send(
                        DemoEvent(consistent: "session-\(number % 5)").avro, over: number % 2 == 0 ? .http1 : .http2
                    ).status
                }
            }
            var statuses: [Int] = []
            for try await status in group { statuses.append(status) }
            return statuses
        }
        #expect(statuses.allSatisfy { $0 == 204 })
        await rig.close()
        let records = try rig.stored()
        #expect(records.count == 24)
        #expect(Set(records.map(\.key)).count == 5)
    }
}
