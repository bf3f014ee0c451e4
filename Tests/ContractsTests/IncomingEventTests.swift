import Avro
import Bytes
import Contracts
import Testing
import Wire

@Suite struct IncomingEventTests {
    private static let demo =
        #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.3.0","consentLevels":[0,1,300]},"#
        + #""uniqueIdentifier":"unique-5","consistentValue":"session-273","notSensitiveValue":"n"}"#
    private static let order = """
        {"total": 5, "email": "a@b.c", "tags": ["x", "", "z"], "address": {"street": "Dijk 1"},
         "lines": [{"article": "1", "giftFor": "Jan", "notes": ["p", "q"]}, {"article": "2"}],
         "strmMeta": {"eventContractRef": "shop/order/1.0.0", "consentLevels": []}}
        """

    @Test(arguments: [
        ("avro", BodyForm.avro), ("avro", .unstated), ("json", .json), ("json", .unstated),
    ])
    func `an event is taken apart, whichever way it comes`(kind: String, form: BodyForm) throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        // Schema of the header, contract of the event: two different references.
        let schema = try catalog.schema(named: "strmprivacy/demo/1.0.2")
        let body = kind == "avro" ? try datum(Fixture.demoSchema, Self.demo) : Array(("  " + Self.demo).utf8)
        body.withUnsafeBytes { body in
            #expect(event.read(body, form, schema) == nil)
            #expect(event.keyValue.text == "session-273")
            #expect(event.subjectValue == nil)
            #expect(Array(event.consentLevels) == [0, 1, 300])
            #expect(event.personal.map(\.plain.text) == ["unique-5", "session-273"])
            #expect(event.personal.map(\.level) == [1, 2])
            #expect(event.program?.contract.refText == "strmprivacy/example/1.3.0")
            #expect(
                event.personal.map { event.program?.fields[Int($0.field)].path } == [
                    "uniqueIdentifier", "consistentValue",
                ])
        }
    }

    @Test func `the record has the gateway's values and the sealed texts`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let body = try datum(Fixture.demoSchema, Self.demo)
        let record = write(event, body, .avro, try catalog.schema(named: "strmprivacy/demo/1.0.2"))
        #expect(record[..<5] == [0, 0, 0, 0, 17])
        #expect(
            try json(Fixture.demoSchema, Array(record[5...]))
                == #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.3.0","nonce":-447993628,"#
                + #""timestamp":1652181230883,"keyLink":"7573fc76-0000-4000-8000-000000000000","billingId":null,"#
                + #""consentLevels":[0,1,300]},"uniqueIdentifier":"<unique-5>","consistentValue":"<session-273>","#
                + #""someSensitiveValue":null,"notSensitiveValue":"n"}"#)
    }

    @Test func `lists, nulls, nested records and lists of records are sealed value by value`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "shop/order/1.0.0")
        let record = write(event, Array(Self.order.utf8), .unstated, schema)
        #expect(record[..<5] == [0, 1, 2, 3, 4])
        #expect(event.keyValue.count == 5)
        #expect(event.subjectValue?.count == 5)
        #expect(event.personal.map(\.level) == [1, 0, 0, 0, 2, 3, 3, 4])
        #expect(
            try json(Fixture.shopSchema, Array(record[5...]))
                == #"{"total":5,"email":"<a@b.c>","tags":["<x>","<>","<z>"],"lines":[{"article":"1","giftFor":"<Jan>","#
                + #""notes":["<p>","<q>"]},{"article":"2","giftFor":null,"notes":[]}],"address":{"street":"<Dijk 1>"},"#
                + #""strmMeta":{"eventContractRef":"shop/order/1.0.0","nonce":-447993628,"timestamp":1652181230883,"#
                + #""keyLink":"7573fc76-0000-4000-8000-000000000000","billingId":null,"consentLevels":[]}}"#)
    }

    @Test func `the two forms of an event give the same record`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "shop/order/1.0.0")
        let avro = try datum(Fixture.shopSchema, Self.order)
        #expect(
            write(event, avro, .unstated, schema) == write(event, Array(Self.order.utf8), .unstated, schema))
    }

    @Test func `a datum that begins with a brace is told from JSON by its schema`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "shop/order/1.0.0")
        // total = -62 is the byte 0x7B.
        let body = try datum(Fixture.shopSchema, Self.order.replacing(#""total": 5"#, with: #""total": -62"#))
        #expect(body.first == 0x7B)
        body.withUnsafeBytes { #expect(event.read($0, .unstated, schema) == nil) }
        #expect(event.datum.count == body.count)
    }

    @Test func `an event that waited is taken up again from its datum`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "shop/order/1.0.0")
        let expected = write(event, Array(Self.order.utf8), .json, schema)
        let kept = Array(event.datum)
        let program = try #require(event.program)
        // Another event in between, and another catalog.
        let other = try catalog.schema(named: "strmprivacy/demo/1.0.2")
        Array(Self.demo.utf8).withUnsafeBytes { #expect(event.read($0, .json, other) == nil) }
        event.catalog = try Fixture.catalog()
        kept.withUnsafeBytes { kept in
            event.reread(kept, program)
            #expect(seal(event) == expected)
        }
    }

    @Test(arguments: [
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.3.0","consentLevels":[]},"consistentValue":""}"#,
            "Field: 'consistentValue' in event with schema: 'strmprivacy/demo/1.0.2' with value of length 0 doesn't match "
                + "regex: '^.+$'"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.3.0","consentLevels":[]},"consistentValue":"é\né"}"#,
            "Field: 'consistentValue' in event with schema: 'strmprivacy/demo/1.0.2' with value of length 3 doesn't match "
                + "regex: '^.+$'"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.3.0","consentLevels":[1,-1]},"consistentValue":"x"}"#,
            "Field: 'strmMeta/consentLevels' must not hold negative levels"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.3.0"},"consistentValue":"x"}"#,
            "Event cannot be decoded with schema: 'strmprivacy/demo/1.0.2': field 'strmMeta/consentLevels': required, but "
                + "missing"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/nothing/1.3.0","consentLevels":[]},"consistentValue":"x"}"#,
            "Unknown data contract: 'strmprivacy/nothing/1.3.0' in field: 'strmMeta/eventContractRef'"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"a person's name","consentLevels":[]},"consistentValue":"x"}"#,
            "Field: 'strmMeta/eventContractRef' is not a contract reference of the form handle/name/1.0.0"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"a b/secret thing/1.0.0","consentLevels":[]},"consistentValue":"x"}"#,
            "Field: 'strmMeta/eventContractRef' is not a contract reference of the form handle/name/1.0.0"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/archived/1.0.0","consentLevels":[]},"consistentValue":"x"}"#,
            "Data contract: 'strmprivacy/archived/1.0.0' does not accept events: its state is ARCHIVED, not ACTIVE"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/draft/1.0.0","consentLevels":[]},"consistentValue":"x"}"#,
            "Data contract: 'strmprivacy/draft/1.0.0' does not accept events: its state is DRAFT, not ACTIVE"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"shop/order/1.0.0","consentLevels":[]},"consistentValue":"x"}"#,
            "Data contract: 'shop/order/1.0.0' does not fit schema: 'strmprivacy/demo/1.0.2': it names email, which the "
                + "schema does not have"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.3.0","consentLevels":[]}}"#,
            "Event cannot be decoded with schema: 'strmprivacy/demo/1.0.2': field 'consistentValue': required, but missing"
        ),
        (
            #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.3.0","consentLevels":[]},"consistentValue":"x","y":1}"#,
            "Event cannot be decoded with schema: 'strmprivacy/demo/1.0.2': field 'y': not in the schema"
        ),
        (
            "{]",
            "Event cannot be decoded with schema: 'strmprivacy/demo/1.0.2': invalid JSON: unexpected character at line 1, "
                + "column 2"
        ),
    ])
    func `an event that breaks a rule is refused in words that do not quote it`(body: String, text: String) throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "strmprivacy/demo/1.0.2")
        Array(body.utf8).withUnsafeBytes { #expect(event.read($0, .json, schema)?.description == text) }
        // The same as Avro, where it can be written.
        guard let avro = try? datum(Fixture.demoSchema, body) else { return }
        avro.withUnsafeBytes { #expect(event.read($0, .avro, schema)?.description == text) }
    }

    @Test func `a key field that is null or empty is refused`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "shop/order/1.0.0")
        for body in [Self.order.replacing("\"a@b.c\"", with: "null"), Self.order.replacing("a@b.c", with: "")] {
            Array(body.utf8).withUnsafeBytes { body in
                #expect(
                    event.read(body, .unstated, schema)
                        == .emptyKeyField(field: "email", schema: "shop/order/1.0.0"))
            }
        }
    }

    @Test func `each element of a list is held against its rule`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "strmprivacy/clickstream/1.0.0")
        func body(_ url: String, _ tests: String, _ id: String) -> [UInt8] {
            Array(
                """
                {"strmMeta": {"eventContractRef": "strmprivacy/clickstream/1.0.0", "consentLevels": [0]}, "url": "\(url)",
                 "producerSessionId": "p", "abTests": [\(tests)], "customer": {"id": "\(id)"}}
                """.utf8)
        }
        func refusal(_ body: [UInt8]) -> EventRefusal? { body.withUnsafeBytes { event.read($0, .json, schema) } }
        #expect(refusal(body("https://x/", #""a","b-1""#, "c")) == nil)
        #expect(event.subjectValue?.text == "c")
        #expect(refusal(body("https://x/", "", "c")) == nil)
        #expect(
            refusal(body("https://x/", #""a","B!""#, "c"))
                == .ruleBroken(
                    field: "abTests", schema: "strmprivacy/clickstream/1.0.0", length: 2, regex: "^[a-z0-9-]+$"))
        #expect(
            refusal(body("mailto:x", "", "c"))
                == .ruleBroken(
                    field: "url", schema: "strmprivacy/clickstream/1.0.0", length: 8, regex: Fixture.urlPattern))
        #expect(
            refusal(body("https://x/", "", ""))
                == .ruleBroken(field: "customer/id", schema: "strmprivacy/clickstream/1.0.0", length: 0, regex: "^.+$"))
    }

    @Test func `a value that would take too long to check is refused`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "shop/order/1.0.0")
        let value = String(repeating: "a", count: 5000) + "!"
        let body = Self.order.replacing("a@b.c", with: value).replacing("shop/order", with: "shop/slow")
        Array(body.utf8).withUnsafeBytes { body in
            #expect(
                event.read(body, .unstated, schema)
                    == .ruleTooCostly(field: "email", schema: "shop/order/1.0.0", length: 5001, regex: "^(a+)+$"))
        }
    }

    @Test func `no cut or changed datum is accepted as something that cannot be written`() throws {
        let catalog = try Fixture.catalog()
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "shop/order/1.0.0")
        let body = try datum(Fixture.shopSchema, Self.order)
        for count in 0..<body.count {
            Array(body[..<count]).withUnsafeBytes { cut in
                guard case .undecodable? = event.read(cut, .avro, schema) else {
                    Issue.record("\(count) bytes are accepted")
                    return
                }
            }
        }
        for index in body.indices {
            for byte in [0x00, 0x01, 0x02, 0x7F, 0x80, 0xFF] as [UInt8] {
                var changed = body
                changed[index] = byte
                try changed.withUnsafeBytes { changed in
                    guard event.read(changed, .avro, schema) == nil else { return }
                    _ = try json(Fixture.shopSchema, Array(seal(event)[5...]))
                }
            }
        }
    }

    @Test func `unknown references are not found, and known ones are`() throws {
        let catalog = try Fixture.catalog()
        for ref in ["", "x", "strmprivacy/demo/1.0.3", "strmprivacy/demo/1.0.22", "strmprivacy/demo/1.0."] {
            #expect(Array(ref.utf8).withUnsafeBytes { catalog.schema($0) } == nil)
        }
        #expect(try catalog.schema(named: "strmprivacy/example/1.5.0").id == 17)
        #expect(try catalog.schema(named: "strmprivacy/clickstream/1.0.0").id == 18)
    }

    /// Reads, writes and seals (`x` → `<x>`).
    private func write(
        _ event: IncomingEvent, _ body: [UInt8], _ form: BodyForm, _ schema: CompiledSchema
    ) -> [UInt8] {
        body.withUnsafeBytes { bytes in
            #expect(event.read(bytes, form, schema) == nil)
            return seal(event)
        }
    }

    private func seal(_ event: IncomingEvent) -> [UInt8] {
        // Small, so that the output moves while it is written.
        var output = OutputBuffer(capacity: 16)
        let link = Array("7573fc76-0000-4000-8000-000000000000".utf8)
        link.withUnsafeBytes { link in
            event.write(nonce: -447_993_628, timestamp: 1_652_181_230_883, keyLink: link, into: &output) { $0 + 2 }
        }
        for value in event.personal {
            let text = [UInt8(ascii: "<")] + Array(value.plain) + [UInt8(ascii: ">")]
            value.sealed.copyBytes(from: text)
        }
        return output.copyBytes()
    }
}
