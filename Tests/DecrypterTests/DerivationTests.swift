import API
import Bytes
import Decrypter
import EventLog
import JSON
import KeyVault
import Privacy
import TestKit
import Testing
import Wire

/// What a derived stream shows of each event.
@Suite struct DerivationTests {
    // Stream asks, event consents → passes; and which of levels 1, 2, 3 are then in clear.
    @Test(
        arguments: [
            (ConsentLevelType.granular, [1], [1], [1]), (.granular, [1], [1, 2, 3], [1]),
            (.granular, [1], [2, 3], nil),
            (.granular, [1], [], nil), (.granular, [1, 3], [3, 1], [1, 3]), (.granular, [1, 3], [1, 2], nil),
            (.granular, [0], [0], []), (.granular, [1, 2, 3], [1, 2, 3], [1, 2, 3]),
            (.cumulative, [2], [2], [1, 2]), (.cumulative, [2], [3], [1, 2]), (.cumulative, [2], [1], nil),
            (.cumulative, [2], [], nil), (.cumulative, [3], [0, 9], [1, 2, 3]), (.cumulative, [0], [0], []),
        ] as [(ConsentLevelType, [Int32], [Int32], [Int]?)])
    func `consent decides which events pass and which fields are in clear`(
        _ type: ConsentLevelType, _ asked: [Int32], _ given: [Int32], _ clear: [Int]?
    ) async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        let record = try rig.demo(
            key, unique: "u", consistent: "c", sensitive: "s", plain: "p", consents: given)
        try rig.append([record])
        let tally = try rig.copier(rig.rules(asked, type)).run()
        let events = try rig.events()
        guard let clear else {
            #expect(events.isEmpty)
            #expect(tally.counts == [.noConsent: 1])
            return
        }
        #expect(tally.counts == [.written: 1])
        let cipher = try FieldCipher(key: key.key, link: key.link)
        let event = try #require(events.first)
        for (level, name, value) in [
            (1, "uniqueIdentifier", "u"), (2, "consistentValue", "c"), (3, "someSensitiveValue", "s"),
        ] {
            #expect(event[name]?.string == (clear.contains(level) ? value : cipher.seal(value)))
        }
        #expect(event["notSensitiveValue"]?.string == "p")
    }

    @Test func `metadata, record key and timestamp stay as they are`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        try rig.append([try rig.demo(key, consistent: "c", consents: [2, 7])])
        try rig.copier(rig.rules([2])).run()
        let before = try rig.events(rig.source)[0]
        let after = try rig.events()[0]
        #expect(after["strmMeta"] == before["strmMeta"])
        #expect(try rig.records()[0].key == Array(key.link.description.utf8))
        let reader = try rig.log.reader(of: rig.target, from: .earliest)
        guard case .records(let batch) = try reader.next(waitUpTo: .zero) else {
            Issue.record("no records")
            return
        }
        batch.forEach { _, record in #expect(record.timestamp == 1_700_000_000_000) }
    }

    @Test func `null stays null, and an empty text is opened as one`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        try rig.append([
            try rig.demo(key, unique: nil, consistent: "", sensitive: "", plain: nil, consents: [1, 2, 3])
        ])
        let masked = try rig.rules([1, 2, 3], masked: ["uniqueIdentifier", "notSensitiveValue"])
        try rig.copier(masked).run()
        let event = try rig.events()[0]
        #expect(event["uniqueIdentifier"]?.isNull == true)
        #expect(event["consistentValue"]?.string == "")
        #expect(event["someSensitiveValue"]?.string == "")
        #expect(event["notSensitiveValue"]?.isNull == true)
    }

    @Test func `masks are the published ones, of the value after opening`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        try rig.append([
            try rig.demo(
                key, unique: "unique-5", consistent: "session-273", sensitive: "sensitive-0", plain: "not-sensitive-6",
                consents: [1, 2, 3])
        ])
        let all = ["uniqueIdentifier", "consistentValue", "someSensitiveValue", "notSensitiveValue"]
        try rig.copier(rig.rules([1, 2, 3], masked: all)).run()
        let event = try rig.events()[0]
        #expect(
            all.map { event[$0]?.string } == [
                "1083e8169d7138e990cc30095578452", "7cc66d130664caa9efacda1026c1c44",
                "e49bd309eed4a5094437a71ac2bc1cad", "538ad30b2aa2781e855c4eb059cf68a3",
            ])
    }

    @Test func `the mask of a field that is not opened is that of its ciphertext`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        try rig.append([try rig.demo(key, unique: "unique-5", consistent: "c", consents: [2])])
        try rig.copier(rig.rules([2], masked: ["uniqueIdentifier"])).run()
        let sealed = try FieldCipher(key: key.key, link: key.link).seal("unique-5")
        #expect(try rig.events()[0]["uniqueIdentifier"]?.string == Mask(seed: "hi-there").text(of: sealed))
        #expect(try rig.events()[0]["consistentValue"]?.string == "c")
    }

    @Test func `another contract's masks do not touch the event`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        try rig.append([try rig.demo(key, consistent: "c", plain: "p", consents: [2])])
        var contracts = try rig.rules([2]).contracts
        contracts["strmprivacy/example/1.5.0"] = .init(personal: [:], masked: ["notSensitiveValue"])
        let rules = try DerivationRules(
            stream: "derived", target: rig.target, consent: ConsentRule(type: .granular, levels: [2]), seed: "s",
            contracts: contracts)
        try rig.copier(rules).run()
        #expect(try rig.events()[0]["notSensitiveValue"]?.string == "p")
    }

    static let listSchema = """
        {"type":"record","name":"Lists","fields":[\(DecrypterRig.meta),
        {"name":"names","type":{"type":"array","items":"string"}},
        {"name":"maybe","type":["null",{"type":"array","items":"string"}],"default":null},
        {"name":"people","type":{"type":"array","items":{"type":"record","name":"Person","fields":[
        {"name":"email","type":["null","string"],"default":null},{"name":"city","type":"string"}]}}},
        {"name":"customer","type":["null",{"type":"record","name":"Customer","fields":[
        {"name":"id","type":"string"}]}],"default":null},
        {"name":"count","type":"long"}]}
        """

    @Test func `lists are opened and masked element by element, at any depth`() async throws {
        let rig = try DecrypterRig()
        rig.schemas.add(2, Self.listSchema)
        let key = try await rig.key("ann")
        let cipher = try FieldCipher(key: key.key, link: key.link)
        let s = { (text: String) in "\"\(cipher.seal(text))\"" }
        let json = """
            "names":[\(s("a")),\(s("")),\(s("a longer name than sixteen bytes"))],"maybe":[\(s("m"))],
            "people":[{"email":\(s("e1")),"city":"x"},{"email":null,"city":"y"},{"email":\(s("e2")),"city":"z"}],
            "customer":{"id":\(s("id-1"))},"count":-12345678901
            """
        let empty = """
            "names":[],"maybe":null,"people":[],"customer":null,"count":0
            """
        try rig.append([
            try rig.record(json, consents: [1], link: key.link, schemaID: 2),
            try rig.record(empty, consents: [1], link: key.link, schemaID: 2),
        ])
        let rules = try rig.rules(
            [1], masked: ["names", "people/city"],
            fields: ["names": 1, "maybe": 1, "people/email": 1, "customer/id": 1])
        let tally = try rig.copier(rules).run()
        #expect(tally.counts == [.written: 2])
        let event = try rig.events()[0]
        let mask = Mask(seed: "hi-there")
        #expect(
            event["names"]?.array?.map(\.string)
                == ["a", "", "a longer name than sixteen bytes"].map { mask.text(of: $0) })
        #expect(event["maybe"]?.array?.map(\.string) == ["m"])
        #expect(event["people"]?.array?.map { $0["email"]?.string } == ["e1", nil, "e2"])
        #expect(event["people"]?.array?.map { $0["city"]?.string } == ["x", "y", "z"].map { mask.text(of: $0) })
        #expect(event["customer"]?["id"]?.string == "id-1")
        #expect(event["count"]?.int64 == -12_345_678_901)
        #expect(try rig.records()[1].value == rig.records(rig.source)[1].value)
    }

    @Test func `a changed ciphertext drops the event, and none of its other fields is shown`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        let cipher = try FieldCipher(key: key.key, link: key.link)
        let other = try FieldCipher(key: try await rig.key("bob").key, link: key.link)
        func event(_ consistent: String) throws -> DecrypterRig.Record {
            try rig.record(
                """
                "uniqueIdentifier":"\(cipher.seal("canary-clear-text"))","consistentValue":"\(consistent)"
                """, consents: [1, 2], link: key.link)
        }
        var sealed = Array(cipher.seal("value").utf8)
        sealed[20] = sealed[20] == 0x41 ? 0x42 : 0x41
        try rig.append([
            try event(String(decoding: sealed, as: UTF8.self)), try event("never sealed"),
            try event(other.seal("value")),
            try event(""), try event(cipher.seal("value")),
        ])
        let tally = try rig.copier(rig.rules([1, 2])).run()
        #expect(tally.counts == [.undecryptable: 4, .written: 1])
        #expect(try rig.events().map { $0["consistentValue"]?.string } == ["value"])
    }

    @Test func `records that no gateway wrote are counted and left out`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        let good = try rig.demo(key, consistent: "c", consents: [2])
        let link = good.key
        try rig.append([
            .init(key: link, value: []), .init(key: link, value: [0, 0, 0, 0]),
            .init(key: link, value: [1] + good.value.dropFirst()),
            .init(key: link, value: good.value.dropLast()), .init(key: link, value: good.value + [0]),
            .init(key: link, value: Array(good.value[..<5])), .init(key: Array("no link".utf8), value: good.value),
            good,
        ])
        let tally = try rig.copier(rig.rules([2])).run()
        #expect(tally.counts == [.malformed: 7, .written: 1])
        #expect(try rig.records().count == 1)
    }

    @Test func `a mask that the schema cannot have keeps the event back instead of showing it`() async throws {
        let rig = try DecrypterRig()
        rig.schemas.add(2, Self.listSchema)
        let key = try await rig.key("ann")
        try rig.append([
            try rig.record(
                """
                "names":[],"people":[],"count":5
                """, consents: [1], link: key.link, schemaID: 2)
        ])
        for path in ["count", "nothing/there"] {
            let target = TopicName("stream-\(path.prefix(5))")!
            let rules = try rig.rules([1], masked: [path], fields: [:], target: target)
            #expect(try rig.copier(rules).run().counts == [.unusableContract: 1])
            #expect(try rig.records(target).isEmpty)
        }
    }

    @Test func `fastavro decodes every derived record`() async throws {
        let rig = try DecrypterRig()
        rig.schemas.add(2, Self.listSchema)
        var records: [DecrypterRig.Record] = []
        var generator = SeededGenerator(seed: 9)
        for number in 0..<200 {
            let key = try await rig.key("person-\(number % 7)")
            let cipher = try FieldCipher(key: key.key, link: key.link)
            if number.isMultiple(of: 3) {
                let names = (0..<Int.random(in: 0...5, using: &generator)).map { "\"\(cipher.seal("name-\($0)"))\"" }
                records.append(
                    try rig.record(
                        """
                        "names":[\(names.joined(separator: ","))],"maybe":[\(names.joined(separator: ","))],
                        "people":[{"email":\(names.first ?? "null"),"city":"c\(number)"}],"count":\(number)
                        """, consents: [1, 2], link: key.link, schemaID: 2))
            } else {
                records.append(
                    try rig.demo(
                        key, unique: number.isMultiple(of: 2) ? "unique-\(number)" : nil,
                        consistent: "session-\(number)",
                        sensitive: "é€-\(number)", plain: "plain-\(number)", consents: [1, 2]))
            }
        }
        try rig.append(records)
        var fields = DecrypterRig.demoFields
        fields["names"] = 1
        fields["maybe"] = 3
        fields["people/email"] = 2
        // Two contracts' worth of fields in one: paths that a schema lacks are not in it.
        let rules = try rig.rules([1, 2], fields: fields)
        #expect(try rig.copier(rules).run().counts == [.written: 200])
        let ours = try rig.events()
        let script = """
            import sys, io, json, fastavro
            lines = sys.stdin.read().split("\\n")
            schemas = {1: fastavro.parse_schema(json.loads(lines[0])), 2: fastavro.parse_schema(json.loads(lines[1]))}
            for line in lines[2:]:
                if not line: continue
                value = bytes.fromhex(line)
                assert value[0] == 0
                stream = io.BytesIO(value[5:])
                event = fastavro.schemaless_reader(stream, schemas[int.from_bytes(value[1:5], "big")])
                assert stream.read() == b""
                print(json.dumps(event))
            """
        let lines = [DecrypterRig.demoSchema, Self.listSchema].map { $0.split(separator: "\n").joined() }
        let input = (lines + (try rig.records().map { Hex.encode($0.value) })).joined(separator: "\n")
        let theirs = try await Strangers.runPython(script, input: Array(input.utf8)).output
            .split(separator: "\n").map { try JSONValue.parse(String($0)) }
        #expect(theirs.count == 200)
        #expect(zip(theirs, ours).allSatisfy { $0 == $1 })
        #expect(theirs[1]["consistentValue"]?.string == "session-1")
    }

    /// The fields of the public example and a list, as a JSON Schema.
    private static let jsonSchema = """
        {"type": "object", "properties": {
          "strmMeta": {"type": "object", "required": ["eventContractRef", "consentLevels"], "properties": {
            "eventContractRef": {"type": "string"}, "consentLevels": {"type": "array", "items": {"type": "integer"}}}},
          "uniqueIdentifier": {"type": ["string", "null"]}, "consistentValue": {"type": "string"},
          "someSensitiveValue": {"type": "string"}, "notSensitiveValue": {"type": "string"}, "number": {"type": "number"},
          "lines": {"type": "array", "items": {"type": "object", "properties": {"giftFor": {"type": "string"}}}}}}
        """

    @Test func `events of a JSON Schema are derived as those of an Avro schema`() async throws {
        let rig = try DecrypterRig()
        rig.schemas.add(4, Self.jsonSchema)
        let key = try await rig.key("ann")
        let cipher = try FieldCipher(key: key.key, link: key.link)
        var fields = DecrypterRig.demoFields
        fields["lines/giftFor"] = 1
        let hard = "a \"quoted\"\n\u{1} ö𝄞"
        let members = """
            "consistentValue" : "\(cipher.seal("c"))", "uniqueIdentifier":"\(cipher.seal(hard))", "notSensitiveValue": "n\\u0041",
            "number": 1.50e0, "lines": [{"giftFor": "\(cipher.seal("x"))"}, {}, {"giftFor": "\(cipher.seal("y"))"}]
            """
        try rig.append([
            try rig.record(members, consents: [1], link: key.link, schemaID: 4),
            try rig.demo(key, unique: "u", consistent: "c", consents: [1]),
            try rig.record(members, consents: [3, 1], link: key.link, schemaID: 4),
            try rig.record(members, consents: [0], link: key.link, schemaID: 4),
        ])
        let rules = try rig.rules([1], masked: ["consistentValue", "notSensitiveValue"], fields: fields)
        #expect(try rig.copier(rules).run().counts == [.written: 3, .noConsent: 1])
        let events = try rig.events()
        let mask = Mask(seed: "hi-there")
        for event in [events[0], events[2]] {
            #expect(event["uniqueIdentifier"]?.string == hard)
            #expect(event["lines"]?.array?.map { $0["giftFor"]?.string } == ["x", nil, "y"])
            #expect(event["consistentValue"]?.string == mask.text(of: cipher.seal("c")))
            #expect(event["notSensitiveValue"]?.string == mask.text(of: "nA"))
            #expect(event["number"]?.number?.text == "1.50e0")
        }
        #expect(events[1]["uniqueIdentifier"]?.string == "u")
        let record = try rig.records()[0].value
        #expect(record.prefix(5) == [0, 0, 0, 0, 4])
        #expect(String(decoding: record, as: UTF8.self).contains(#""consistentValue" : ""#))
    }

    @Test func `a text that is no event of its JSON Schema is left out`() async throws {
        let rig = try DecrypterRig()
        rig.schemas.add(4, Self.jsonSchema)
        let key = try await rig.key("ann")
        let header = EventRecord.header(schemaID: 4)
        let meta = #"{"strmMeta":{"eventContractRef":"\#(DecrypterRig.contract)","consentLevels":[1]}"#
        let good = try rig.record("", consents: [1], link: key.link, schemaID: 4)
        let bad = ["", "{", "{}", "[]", #"{"strmMeta":{"eventContractRef":5}}"#, meta + #","uniqueIdentifier":5}"#].map
        {
            DecrypterRig.Record(key: good.key, value: header + Array($0.utf8))
        }
        try rig.append([good] + bad + [good])
        #expect(try rig.copier(rig.rules([1])).run().counts == [.written: 2, .malformed: bad.count])
    }
}
