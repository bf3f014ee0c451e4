import JSON
import TestKit
import Testing

/// Clients that nobody here wrote, unchanged, against a whole plane.
@Suite struct PublicClientTests {
    @Test func `the public Python driver gets 204 in every serialization type, and fastavro reads what is stored`()
        async throws
    {
        let plane = try await Plane()
        let outcome = try await plane.stranger("driver.py", [plane.readyFile, "20"])
        for lane in ["https/AVRO_BINARY", "https/AVRO_JSON", "http/AVRO_BINARY", "http/AVRO_JSON"] {
            #expect(outcome[lane] == ["204": 20], "\(lane): \(outcome)")
        }
        let stored = try await plane.polder("read", "demo", "--from", "earliest", "-o", "json").output
        #expect(stored.split(separator: "\n").count == 80)
        #expect(!stored.contains("driver-session"), "the key field is personal, and must not be in clear")
        try await plane.stop()
    }

    @Test func `polder read names damaged records on standard error and goes on behind them`() async throws {
        let plane = try await Plane()
        for _ in 0..<3 { _ = try await plane.polder("send", "demo", "--count", "5") }
        let topic = try #require(try plane.ready().stream("demo")?["topic"]?.string)
        let file = "\(plane.directory)/topics/\(topic)/log.db"
        // With a busy timeout: the plane has the file open too.
        let damaged =
            try await runTool(
                "sqlite3",
                [
                    "-cmd", ".timeout 10000", file,
                    """
                    UPDATE batch SET body = zeroblob(length(body))
                        WHERE first_offset = (SELECT first_offset FROM batch ORDER BY first_offset LIMIT 1 OFFSET 1);
                    SELECT first_offset || ' ' || (first_offset + count - 1) || ' ' || count FROM batch
                        ORDER BY first_offset LIMIT 1 OFFSET 1;
                    """,
                ]
            ).output.split(separator: "\n").last?.split(separator: " ").map(String.init) ?? []
        try #require(damaged.count == 3)
        let read = try await plane.polder("read", "demo", "--from", "earliest", "-o", "json")
        #expect(read.output.split(separator: "\n").count == 15 - (Int(damaged[2]) ?? 0))
        #expect(read.errors.contains("records \(damaged[0]) to \(damaged[1]) cannot be read: damage"), "\(read.errors)")
        try await plane.stop()
    }

    @Test(arguments: ["--http1.1", "--http2", "--http2-prior-knowledge"])
    func `curl gets 204 for the documented JSON body`(_ version: String) async throws {
        let plane = try await Plane()
        let ready = try plane.ready()
        let token = try await plane.polder("token", "demo").output.trimmed
        let plain = version == "--http2-prior-knowledge"
        let result = try await runTool(
            "curl",
            [
                "--silent", "--show-error", version, "--cacert", ready.document["caFile"]?.string ?? "",
                "--write-out", "%{http_code} %{http_version}", "--data", Self.click,
                "--header", "Authorization: Bearer \(token)", "--header",
                "Strm-Schema-Ref: strmprivacy/clickstream/1.0.0",
                ready.url(plain ? "eventsPlain" : "events"),
            ])
        #expect(result.output == (version == "--http1.1" ? "204 1.1" : "204 2"))
        let read = try await plane.polder("read", "demo", "--from", "earliest", "-o", "json")
        let event = try JSONValue.parse(read.output.trimmed)["event"]
        #expect(event?["url"]?.string == "https://portal.example.org/checkout")
        #expect(event?["producerSessionId"]?.string != "session-of-mine")
        try await plane.stop()
    }

    /// As the public documentation shows it: no content type of its own, nullable members of `strmMeta` left out.
    private static let click = """
        {"strmMeta": {"eventContractRef": "strmprivacy/clickstream/1.0.0", "consentLevels": [0, 1]},
         "producerSessionId": "session-of-mine", "url": "https://portal.example.org/checkout", "eventType": "button x",
         "referrer": "", "userAgent": "curl", "conversion": 1, "abTests": ["a", "b"], "customer": {"id": "customer-7"}}
        """
}

extension String {
    /// Without line ends.
    var trimmed: String { String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
