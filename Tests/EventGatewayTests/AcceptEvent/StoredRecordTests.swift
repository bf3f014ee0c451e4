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

    @Test func `events of a JSON Schema are stored as JSON text, with sealed values and the gateway's in place`()
        async throws
    {
        let rig = try await IngestRig()
        defer { rig.close() }
        let ref = "polder/order/1.0.0"
        let orders = [
            // Whatever the header says, these events have one form. Both of the gateway's values that are there are replaced.
            #" {"colour": "red", "strmMeta": {"consentLevels": [2, 1.0e0], "nonce": 7, "timestamp": 5, "eventContractRef": "\#(ref)"},"#
                + #" "session": "s-\u0031\n", "friends": ["ann", "", "b\"ö𝄞b"], "customer": {"id": "customer-7"}, "amount": 1.50} "#,
            #"{"strmMeta":{"eventContractRef":"\#(ref)","consentLevels":[]},"session":"s-2","customer":{"id":null}}"#,
        ]
        for (order, form) in zip(orders, ["application/json", "application/x-avro-binary"]) {
            let answer = try await rig.send(
                Array(order.utf8), fields: [("strm-schema-ref", ref), ("strm-serialization-type", form)])
            #expect(answer.status == 204, "\(answer.body)")
        }
        let schema = try #require(rig.plane.snapshot.schemas.first { $0.ref == ContractRef(ref) })
        let records = try rig.stored()
        let judged = try await judge(
            rig, records, schema: schema.definition, sealed: ["session", "friends", "customer/id"])
        for (result, record) in zip(judged, records) {
            #expect(result["schemaId"]?.int64 == Int64(schema.id))
            let meta = try #require(result["event"]?["strmMeta"])
            #expect(meta["keyLink"]?.string == record.key)
            #expect(meta["timestamp"]?.int64 == rig.clock.now().milliseconds)
            #expect(meta["nonce"]?.int64.flatMap { Int32(exactly: $0) } != nil)
            #expect(meta.object?.count == 5)
        }
        #expect(judged[0]["opened"]?["session"]?.string == "s-1\n")
        #expect(judged[0]["opened"]?["friends"]?.array?.compactMap(\.string) == ["ann", "", "b\"ö𝄞b"])
        #expect(judged[0]["opened"]?["customer/id"]?.string == "customer-7")
        #expect(judged[1]["opened"]?["customer/id"]?.isNull == true)
        // What is neither personal nor the gateway's is there as it was sent.
        let text = String(decoding: records[0].value.dropFirst(EventRecord.headerLength), as: UTF8.self)
        #expect(text.hasPrefix(#"{"colour": "red", "strmMeta": {"consentLevels": [2, 1.0e0], "nonce": "#))
        #expect(text.hasSuffix(#", "amount": 1.50}"#))
    }

    @Test(arguments: [
        (#""session": "s", "amount": 0.001"#, "field 'amount': number is not a multiple of what the schema states"),
        (#""session": "s", "colour": "geheim""#, "field 'colour': not one of the values of the enumeration"),
        (#""session": "s", "geheimnis": 1"#, "field 'geheimnis': not allowed by the schema"),
        (#""amount": 1"#, "field 'session': required, but missing"),
        (#""session": 5"#, "field 'session': string expected, integer found"),
        (#""session": "s", "session": "t""#, "invalid JSON: member 'session' appears twice at line 1"),
        (#""session": "s", "#, "invalid JSON: unexpected character at line 1"),
    ])
    func `an event that breaks its JSON Schema is refused with field and rule`(members: String, rule: String)
        async throws
    {
        let rig = try await IngestRig()
        defer { rig.close() }
        let ref = "polder/order/1.0.0"
        let body = #"{"strmMeta": {"eventContractRef": "\#(ref)", "consentLevels": []}, \#(members)}"#
        let answer = try await rig.send(Array(body.utf8), fields: [("strm-schema-ref", ref)])
        #expect(answer.status == 400)
        #expect(
            answer.body.hasPrefix("Event cannot be decoded with schema: 'polder/order/1.0.0': \(rule)"),
            "\(answer.body)")
        #expect(try rig.stored().isEmpty)
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
        let path = try rig.folder.write("judged.json", text: schema)
        let script = Strangers.packageRoot + "/Tests/Strangers/records.py"
        let output = try await runTool(try Strangers.python, [script, path], input: input).output
        return try output.split(separator: "\n").map { try JSONValue.parse(String($0)) }
    }
}
