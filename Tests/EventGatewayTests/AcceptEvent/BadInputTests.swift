import Bytes
import Crypto
import EventGateway
import HTTP
import JSON
import TestKit
import Testing
import Time
import Tokens

/// Events and tokens that must be refused: with a reason that helps, without a byte of what they hold, and without a trace in
/// the log.
@Suite struct BadInputTests {
    /// What is sent, and a part of the answer that says what is wrong.
    struct BadEvent: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: [UInt8]
        let reason: String
        var fields = [("strm-schema-ref", "strmprivacy/example/1.5.0")]
    }

    private static let good = DemoEvent(unique: "canary-1", consistent: "canary-2", sensitive: "canary-3")
    private static let json = String(decoding: good.json(wrapped: false), as: UTF8.self)

    static let badEvents: [BadEvent] = [
        BadEvent(testDescription: "an empty body", body: [], reason: "cannot be decoded"),
        BadEvent(testDescription: "Avro that is cut short", body: good.avro.dropLast(), reason: "cannot be decoded"),
        BadEvent(testDescription: "Avro with a byte too many", body: good.avro + [0], reason: "cannot be decoded"),
        BadEvent(
            testDescription: "Avro with a length that is larger than the body",
            body: DemoEvent.long(1 << 40) + Array(repeating: 0x61, count: 100), reason: "cannot be decoded"),
        BadEvent(
            testDescription: "Avro with a negative length", body: DemoEvent.long(-9) + [0, 0, 0, 0, 0],
            reason: "cannot be decoded"),
        BadEvent(
            testDescription: "Avro with a varint that never ends", body: Array(repeating: 0xFF, count: 64),
            reason: "cannot be decoded"),
        BadEvent(
            testDescription: "Avro with text that is not UTF-8", body: good.avro.map { $0 == 0x2D ? 0xC3 : $0 },
            reason: "cannot be decoded"),
        BadEvent(
            testDescription: "JSON that ends early", body: Array(json.utf8.dropLast(3)), reason: "cannot be decoded"),
        BadEvent(
            testDescription: "JSON with a member twice",
            body: Array(
                json.replacing(#""consistentValue""#, with: #""consistentValue": "x", "consistentValue""#).utf8),
            reason: "cannot be decoded"),
        BadEvent(
            testDescription: "JSON with 10 000 levels",
            body: Array((String(repeating: #"{"a":"#, count: 10_000) + "1").utf8), reason: "cannot be decoded"),
        BadEvent(
            testDescription: "JSON with 10 000 lists in a known member",
            body: Array(
                json.replacing("[0, 1]", with: String(repeating: "[", count: 10_000)).utf8), reason: "cannot be decoded"
        ),
        BadEvent(
            testDescription: "JSON with a huge number",
            body: Array(json.replacing("[0, 1]", with: "[0, 1e999999999]").utf8), reason: "cannot be decoded"),
        BadEvent(
            testDescription: "JSON with a number of 100 000 digits",
            body: Array(json.replacing("[0, 1]", with: "[" + String(repeating: "9", count: 100_000) + "]").utf8),
            reason: "cannot be decoded"),
        BadEvent(
            testDescription: "JSON with an unknown member",
            body: Array(json.replacing(#""consistentValue""#, with: #""surplus": 1, "consistentValue""#).utf8),
            reason: "cannot be decoded"),
        BadEvent(
            testDescription: "JSON without a required member",
            body: Array(json.replacing(#""consistentValue": "canary-2","#, with: "").utf8), reason: "cannot be decoded"),
        BadEvent(
            testDescription: "JSON without consent levels",
            body: Array(json.replacing(#""consentLevels": [0, 1]"#, with: #""billingId": null"#).utf8),
            reason: "cannot be decoded"),
        BadEvent(
            testDescription: "a negative consent level", body: DemoEvent(consent: [0, -1]).avro,
            reason: "strmMeta/consentLevels"),
        BadEvent(
            testDescription: "an empty key field", body: DemoEvent(consistent: "").avro, reason: "'consistentValue'"),
        BadEvent(
            testDescription: "a contract that is not in force", body: DemoEvent(contract: "polder/draft/1.0.0").avro,
            reason: "not ACTIVE"),
        BadEvent(
            testDescription: "a contract that nobody knows", body: DemoEvent(contract: "polder/nothing/1.0.0").avro,
            reason: "polder/nothing/1.0.0"),
        BadEvent(
            testDescription: "a contract reference that is none", body: DemoEvent(contract: "canary-4").avro,
            reason: "strmMeta/eventContractRef"),
        BadEvent(
            testDescription: "a contract that does not fit the schema",
            body: DemoEvent(contract: "strmprivacy/clickstream/1.0.0").avro, reason: "does not fit"),
        BadEvent(testDescription: "no schema", body: good.avro, reason: "'Strm-Schema-Ref' is missing", fields: []),
        BadEvent(
            testDescription: "a malformed schema", body: good.avro, reason: "handle/name/version",
            fields: [("strm-schema-ref", "canary-5")]),
        BadEvent(
            testDescription: "an unknown schema", body: good.avro, reason: "'a-handle/a-name/1.0.0' is unknown",
            fields: [("strm-schema-ref", "a-handle/a-name/1.0.0")]),
        BadEvent(
            testDescription: "a schema of 10 kB", body: good.avro, reason: "value of length 10000",
            fields: [("strm-schema-ref", String(repeating: "a", count: 10_000))]),
    ]

    @Test(arguments: badEvents)
    func `a bad event is refused with 400, a reason and no trace`(_ bad: BadEvent) async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let answer = try await rig.send(bad.body, fields: bad.fields)
        #expect(answer.status == 400)
        #expect(answer.body.contains(bad.reason), "\(answer.body)")
        #expect(!answer.body.contains("canary"), "\(answer.body)")
        #expect(!answer.body.contains("\n") && answer.body.utf8.count < 1000)
        #expect(answer.headers["content-type"] == "text/plain; charset=utf-8")
        #expect(try rig.stored().isEmpty)
        // And the gateway goes on as if nothing had happened.
        #expect(try await rig.send(Self.good.avro).status == 204)
        #expect(await rig.withIngest { $0.inFlight } == 0)
    }

    @Test func `a value that breaks a rule is shown as its length`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let visit = """
            {"strmMeta": {"eventContractRef": "polder/visit/1.0.0", "consentLevels": []}, "session": "s-1",
             "friends": [], "customer": {"id": "Canary With Spaces"}, "amount": 1}
            """
        let answer = try await rig.send(Array(visit.utf8), fields: [("strm-schema-ref", "polder/visit/1.0.0")])
        #expect(answer.status == 400)
        #expect(
            answer.body == "Field: 'customer/id' in event with schema: 'polder/visit/1.0.0' with value of length 18 "
                + "doesn't match regex: '^[a-z0-9-]+$'")
    }

    @Test func `a client id that the caller sends is ignored`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let fields = [("strm-schema-ref", "strmprivacy/example/1.5.0"), ("strm-client-id", "client-other")]
        #expect(try await rig.send(DemoEvent().avro, fields: fields).status == 204)
        #expect(try rig.stored("demo").count == 1)
        #expect(try rig.stored("other").isEmpty)
    }

    @Test(arguments: [
        ("", "Jwt is missing"), ("Basic dXNlcjpwYXNz", "Jwt is missing"), ("Bearer ", "Jwt is missing"),
        ("Bearer null", "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"),
        ("Bearer a.b.c", "Jwt header is an invalid Base64url encoded"),
        ("Bearer " + String(repeating: "a", count: 100_000), "Jwt is too long"),
    ])
    func `what is no token is refused in Envoy's words`(_ authorization: String, _ text: String) async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let answer = try await rig.send(DemoEvent().avro, authorization: authorization)
        #expect(answer.status == 401)
        #expect(answer.body == text)
        #expect(answer.headers["www-authenticate"]?.hasPrefix(#"Bearer realm="https://"#) == true)
    }

    @Test func `tokens of another issuer, another key and another time are refused`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        func status(_ issuer: TokenIssuer, _ moment: Timestamp) async throws -> String {
            let token = try issuer.issue(clientID: "client-demo", now: moment).text
            let answer = try await rig.send(DemoEvent().avro, authorization: "Bearer \(token)")
            return "\(answer.status) \(answer.body)"
        }
        let now = rig.clock.now()
        let elsewhere = TokenIssuer(issuer: "https://elsewhere/", keys: rig.signing, lifetime: .hours(1))
        #expect(try await status(elsewhere, now) == "401 Jwt issuer is not configured")
        let short = TokenIssuer(issuer: IngestRig.issuerURL, keys: rig.signing, lifetime: .minutes(10))
        #expect(try await status(short, now - .minutes(12)) == "401 Jwt is expired")
        #expect(try await status(short, now + .minutes(2)) == "401 Jwt not yet valid")
        #expect(try await status(short, now - .minutes(10)).hasPrefix("204"))  // within the clock skew of a minute
        let stranger = try SigningKeyStore(
            folder: rig.folder.file("stranger"), algorithm: .es256,
            schedule: SigningKeySchedule(rotateAfter: .days(100), publishAhead: .hours(1), keepAfterUse: .hours(1)),
            now: now)
        let forger = TokenIssuer(issuer: IngestRig.issuerURL, keys: stranger, lifetime: .hours(1))
        #expect(try await status(forger, now) == "401 Jwks doesn't have key to match kid or alg from Jwt")
    }

    @Test func `a token that expires is refused on the connection that it was good on`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let token = "Bearer \(try rig.token())"
        #expect(try await rig.send(DemoEvent().avro, authorization: token).status == 204)
        rig.clock.advance(by: .hours(74))
        let answer = try await rig.send(DemoEvent().avro, authorization: token)
        #expect(answer.status == 401)
        #expect(answer.body == "Jwt is expired")
    }

    @Test func `a client that is unknown, derived or switched off is told so`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let unknown = try await rig.send(DemoEvent().avro, client: "client-nobody")
        #expect(unknown.status == 401)
        #expect(unknown.headers["www-authenticate"] != nil)
        let derived = try await rig.send(DemoEvent().avro, client: "client-derived")
        #expect(derived.status == 403)
        #expect(derived.body.contains("'demo-0'") && derived.body.contains("'demo'"))
        let stopped = try await rig.send(DemoEvent().avro, client: "client-stopped")
        #expect(stopped.status == 403)
        #expect(stopped.body.contains("'stopped'"))
    }

    @Test func `other paths and methods are refused without a token`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        #expect(try await rig.send([], authorization: "", method: "GET", path: "/metrics").status == 404)
        let answer = try await rig.send([], authorization: "", method: "GET")
        #expect(answer.status == 405)
        #expect(answer.headers["allow"] == "POST")
        #expect(try await rig.send([], authorization: "", method: "GET", path: "/ready").status == 200)
    }
}
