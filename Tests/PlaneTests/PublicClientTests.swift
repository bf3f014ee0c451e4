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
