import Bytes
import Crypto
import EventGateway
import JSON
import KeyVault
import PlaneConfig
import Privacy
import TestKit
import Testing
import Time
import Wire

/// What lies in the log, judged by strangers: fastavro decodes it, Google Tink opens it with the exported keyset.
@Suite struct StoredRecordTests {
    @Test func `fastavro decodes each record, Tink opens its fields, and the gateway's values are set`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let events = [
            DemoEvent(), DemoEvent(unique: nil, consistent: "ann", sensitive: "", notSensitive: nil),
            DemoEvent(contract: "strmprivacy/example/1.3.0", consent: [], consistent: "søren 🌷", sensitive: "a'b\\\\c"),
            DemoEvent(consistent: String(repeating: "long ", count: 2000)),
        ]
        for event in events {
            for body in [event.avro, event.json(wrapped: true), event.json(wrapped: false)] {
                let answer = try await rig.send(body, fields: [("strm-schema-ref", "strmprivacy/demo/1.0.2")])
                #expect(answer.status == 204, "\(answer.body)")
            }
        }
        let records = try rig.stored()
        #expect(records.count == 12)
        let judged = try await judge(
            rig, records, schema: DemoEvent.schema,
            sealed: ["uniqueIdentifier", "consistentValue", "someSensitiveValue"])
        let schemaID = try #require(
            rig.plane.snapshot.schemas.first { $0.ref == ContractRef("strmprivacy/demo/1.0.2") }
        ).id
        var nonces = Set<Int64>()
        for (index, result) in judged.enumerated() {
            // In JSON two backslashes stand for one.
            let sent = events[index / 3]
            let isJSON = index % 3 > 0
            #expect(result["schemaId"]?.int64 == Int64(schemaID))
            let opened = try #require(result["opened"])
            #expect(opened["uniqueIdentifier"]?.string == sent.unique)
            #expect(opened["consistentValue"]?.string == sent.consistent)
            #expect(
                opened["someSensitiveValue"]?.string
                    == (isJSON ? sent.sensitive?.replacing("\\\\", with: "\\") : sent.sensitive))
            let event = try #require(result["event"])
            #expect(event["notSensitiveValue"]?.string == sent.notSensitive)
            let meta = try #require(event["strmMeta"])
            #expect(meta["eventContractRef"]?.string == sent.contract)
            #expect(meta["timestamp"]?.int64 == rig.clock.now().milliseconds)
            #expect(meta["keyLink"]?.string == records[index].key)
            #expect(meta["billingId"]?.isNull == true)
            #expect(meta["consentLevels"]?.array?.compactMap(\.int64) == sent.consent.map(Int64.init))
            #expect(records[index].timestamp == rig.clock.now().milliseconds)
            nonces.insert(try #require(meta["nonce"]?.int64))
        }
        #expect(nonces.count == 12)
        #expect(nonces.allSatisfy { Int32(exactly: $0) != nil })
    }

    @Test func `lists and nested fields are sealed one by one`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let visit = """
            {"strmMeta": {"eventContractRef": "polder/visit/1.0.0", "consentLevels": [2]}, "session": "s-1",
             "friends": ["ann", "", "bob"], "customer": {"id": "customer-7"}, "referrer": "https://x", "amount": 1.5}
            """
        let answer = try await rig.send(Array(visit.utf8), fields: [("strm-schema-ref", "polder/visit/1.0.0")])
        #expect(answer.status == 204, "\(answer.body)")
        let schema = try #require(
            rig.plane.snapshot.schemas.first { $0.ref == ContractRef("polder/visit/1.0.0") }
        ).definition
        let result = try #require(
            try await judge(rig, rig.stored(), schema: schema, sealed: ["session", "friends", "customer/id"]).first)
        #expect(result["opened"]?["session"]?.string == "s-1")
        #expect(result["opened"]?["friends"]?.array?.compactMap(\.string) == ["ann", "", "bob"])
        #expect(result["opened"]?["customer/id"]?.string == "customer-7")
        #expect(result["event"]?["referrer"]?.string == "https://x")
        #expect(result["event"]?["amount"]?.double == 1.5)
    }

    /// Has the strangers decode and open the records.
    private func judge(
        _ rig: IngestRig, _ records: [StoredRecord], schema: String, sealed: [String]
    ) async throws -> [JSONValue] {
        let reader = try SQLiteKeyReader(
            path: "\(rig.state)/keys/keys.db", kek: try SecretFile.load("\(rig.state)/secrets/kek", creating: false))
        var input: [UInt8] = []
        for record in records {
            let link = try #require(KeyLink(record.key))
            let stored = try #require(try reader.key(for: link))
            let keyset = Keyset.json(of: stored.key).withBytes { String(decoding: $0, as: UTF8.self) }
            let line: JSONValue = [
                "value": .string(Hex.encode(record.value)), "keyset": .string(keyset),
                "sealed": .array(sealed.map { .string($0) }),
            ]
            input += line.bytes() + [0x0A]
        }
        let path = try rig.folder.write("judged.avsc", text: schema)
        let script = Strangers.packageRoot + "/Tests/Strangers/records.py"
        let output = try await runTool(try Strangers.python, [script, path], input: input).output
        return try output.split(separator: "\n").map { try JSONValue.parse(String($0)) }
    }
}
