import JSON
import TestKit
import Testing

/// A contract with a JSON Schema on its way through a whole plane: curl sends, the log keeps, the decrypter derives, everybody reads.
@Suite struct JSONContractTests {
    /// The contract of `Shared/Contracts/README.md`, a stream, and one that shows purpose 1 and hashes what is bought.
    private static let streams = """
        kind: Stream
        spec: {ref: {name: orders}}
        ---
        kind: Stream
        spec:
          linkedStream: orders
          consentLevels: [1]
          maskedFields: {seed: hi-there, fieldPatterns: {webshop/orders/1.0.0: {fieldPatterns: [items/article]}}}

        """

    /// Opens `email` and the names of `items` with the exported keyset.
    private static let open = """
        import base64, csv, json, sys, tink
        from tink import cleartext_keyset_handle, daead
        daead.register()
        keys, stored = sys.stdin.read().split("\\n----\\n")
        rows = {row["keyLink"]: row["encryptionKey"] for row in csv.DictReader(keys.splitlines())}
        record = json.loads(stored)
        keyset = rows[record["key"]]
        primitive = cleartext_keyset_handle.read(tink.JsonKeysetReader(keyset)).primitive(daead.DeterministicAead)
        plain = lambda text: primitive.decrypt_deterministically(base64.b64decode(text, validate=True), b"").decode()
        event = record["event"]
        print(json.dumps([plain(event["email"])] + [plain(item["giftFor"]) for item in event["items"] if "giftFor" in item]))
        """

    @Test func `an order is sealed, derived, masked and shown, and Tink opens it`() async throws {
        let readme = String(
            decoding: try readFile("\(Strangers.packageRoot)/Shared/Contracts/README.md"), as: UTF8.self)
        let contract = try #require(readme.split(separator: "```yaml\n").last?.split(separator: "```").first)
        let folder = try TemporaryFolder()
        try folder.write("orders.yaml", text: Self.streams + "---\n" + contract)
        let plane = try await Plane(configuration: folder.path)
        let ready = try plane.ready()
        let listener = try RunningTool(
            Plane.binary("polder"), ["listen", "orders-M1", "--count", "1", "--dir", plane.directory])
        try await eventually("somebody listens", within: .seconds(60)) {
            try await metrics(of: "web-socket", ready).contains("strm_websocket_clients 1")
        }

        let order =
            #"{"email": "ann@example.org", "items": [{"article": "book \"X\"", "giftFor": "Jörg"}, {"article": "pen"}], "#
        let meta = #""strmMeta": {"eventContractRef": "webshop/orders/1.0.0", "consentLevels": [1]}"#
        #expect(try await send(order + meta + #", "total": 12.50}"#, plane, ready) == "204")
        let refused = try await send(order + meta + #", "total": -1}"#, plane, ready)
        #expect(refused.hasSuffix("400"))
        #expect(refused.contains("field 'total': number is too small"))

        let stored = try await plane.polder("read", "orders", "-o", "json").output.trimmed
        let event = try #require(try JSONValue.parse(stored)["event"])
        #expect(!stored.contains("ann@") && !stored.contains("Jörg"))
        #expect(event["items"]?[0]?["article"]?.string == "book \"X\"")
        #expect(event["total"]?.number?.text == "12.50")
        #expect(try await plane.polder("read", "orders", "-o", "raw").output.hasPrefix("00"))
        let keys = try await plane.polder("keys", "export", "orders", "--yes").output
        let opened = try await Strangers.runPython(Self.open, input: Array("\(keys)\n----\n\(stored)".utf8))
        #expect(try JSONValue.parse(opened.outputBytes) == ["ann@example.org", "Jörg"])

        let shown = try await listener.waitForEnd(within: .seconds(120)).output
        #expect(shown.contains(#""email": "ann@example.org", "items": [{"article": ""#))
        let derived = try #require(
            try JSONValue.parse(try await plane.polder("read", "orders-M1", "-o", "json").output.trimmed)["event"])
        #expect(derived["email"]?.string == "ann@example.org")
        // Purpose 2 is not this stream's.
        #expect(derived["items"]?[0]?["giftFor"] == event["items"]?[0]?["giftFor"])
        // Murmur hash of "hi-there" and the value, by PyPI mmh3.
        let masks = try await Strangers.runPython(
            """
            import json, mmh3, sys
            def mask(text):
                one, two = mmh3.hash64(("hi-there" + text).encode(), 0, x64arch=True, signed=False)
                return f"{one:x}{two:x}"
            print(json.dumps([mask('book "X"'), mask("pen")]))
            """)
        #expect(
            try JSONValue.parse(masks.outputBytes)
                == .array((derived["items"]?.array ?? []).map { $0["article"] ?? .null }))
        try await plane.stop()
    }

    private func send(_ body: String, _ plane: Plane, _ ready: Plane.Ready) async throws -> String {
        let token = try await plane.polder("token", "orders").output.trimmed
        return try await runTool(
            "curl",
            [
                "--silent", "--show-error", "--cacert", ready.document["caFile"]?.string ?? "", "--write-out",
                "%{http_code}",
                "--data", body, "--header", "Authorization: Bearer \(token)", "--header",
                "Strm-Schema-Ref: webshop/orders/1.0.0", ready.url("events"),
            ]
        ).output
    }

    private func metrics(of service: String, _ ready: Plane.Ready) async throws -> String {
        let url = ready.document["admin"]?[service]?[0]?.string ?? ready.document["admin"]?[service]?.string ?? ""
        return try await runTool(
            "curl", ["--silent", "--cacert", ready.document["caFile"]?.string ?? "", "\(url)/metrics"], mayFail: true
        ).output
    }
}
