import API
import Bytes
import Contracts
import GRPC
import JSON
import Testing
import Wire

/// Contracts whose schema is a JSON Schema.
@Suite struct JSONContractTests {
    private static let meta = """
        "strmMeta": {"type": "object", "required": ["eventContractRef", "consentLevels"], "properties": {
          "eventContractRef": {"type": "string"}, "nonce": {"type": ["integer", "null"]}, "timestamp": {"type": "integer"},
          "keyLink": {"type": ["string", "null"]}, "billingId": {"type": "string"},
          "consentLevels": {"type": "array", "items": {"type": "integer"}}}}
        """
    private static let schema = """
        {"type": "object", "required": ["strmMeta", "email"], "properties": {\(meta),
          "email": {"type": "string"}, "phone": {"type": ["string", "null"]}, "total": {"type": "number"}, "any": {},
          "tags": {"type": "array", "items": {"type": "string"}},
          "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}}, "open": {"properties": {"x": {"type": "string"}}}},
         "$defs": {"line": {"type": "object", "properties": {"article": {"type": "string"}, "giftFor": {"type": "string"}}}}}
        """

    private static func order(
        _ schema: String = schema, keyField: String = "email", personal: [String: Int32] = [:],
        validations: [(String, String)] = []
    ) -> DataContractSpec {
        Fixture.contract(
            "shop/json/1.0.0", schema, keyField: keyField, personal: personal, validations: validations,
            subject: "email")
    }

    private static let contract = order(
        personal: ["email": 1, "phone": 2, "tags": 0, "lines/giftFor": 3], validations: [("email", "@")])

    @Test func `a JSON Schema is told from Avro, and fingerprinted over its compact text`() throws {
        let contract = try #require(CheckedContract.check(Self.contract).contract)
        #expect(contract.schema.type == .jsonSchema)
        let compact = try JSONValue.parse(Self.schema).text()
        #expect(contract.schema.fingerprintText == (try EventSchema.parse(compact).fingerprintText))
        // CRC-64-AVRO of these 17 bytes, by the specification's pseudocode in Python.
        #expect(try EventSchema.parse(#" {"type": [ "null" ] } "#).fingerprintText == Self.fingerprintOfNull)
    }
    private static let fingerprintOfNull = "-2141362733804216308"

    @Test func `rules of the contract hold for it as for Avro`() {
        let spec = Self.order(
            keyField: "lines/article",
            personal: ["total": 1, "any": 1, "lines/giftFor": 1, "missing": 0, "strmMeta/keyLink": 2, "open/x": 1],
            validations: [("email", "("), ("nowhere", "x")])
        #expect(
            CheckedContract.check(spec).problems.map(\.description) == [
                "keyField names lines/article, which must be a string or optional string outside lists",
                "piiFields.any names any, which must be a string, optional string or list of string",
                "piiFields.missing names missing, which the schema does not have",
                "piiFields[\"open/x\"] names open/x, but the schema leaves open what open is: state its type",
                "piiFields[\"strmMeta/keyLink\"] must not be part of strmMeta",
                "piiFields.total names total, which must be a string, optional string or list of string",
                "validations[0].value is refused: invalid regular expression at offset 1: missing closing parenthesis",
                "validations[1].field names nowhere, which the schema does not have",
            ])
    }

    @Test(
        arguments: [
            (
                #""type": "object", "required": ["strmMeta", "email"]"#, #""required": ["strmMeta", "email"]"#,
                "must describe an object"
            ),
            (#"["strmMeta", "email"]"#, #"["email"]"#, "must require strmMeta"),
            (#""strmMeta": {"#, #""meta": {"#, "must have a property strmMeta"),
            (#""strmMeta": {"type": "object", "#, #""strmMeta": {"#, "must have an object as its property strmMeta"),
            (
                #"["eventContractRef", "consentLevels"]"#, #"["eventContractRef"]"#,
                "must require strmMeta/consentLevels"
            ),
            (
                #"["eventContractRef", "consentLevels"]"#, #"["consentLevels"]"#,
                "must require strmMeta/eventContractRef"
            ),
            (
                #"["eventContractRef", "consentLevels"]"#, #"["eventContractRef", "consentLevels", "nonce"]"#,
                "must not require strmMeta/nonce"
            ),
            (
                #""eventContractRef": {"type": "string"}"#, #""eventContractRef": {"type": ["string", "null"]}"#,
                "must have a string as strmMeta/eventContractRef"
            ),
            (
                #""items": {"type": "integer"}"#, #""items": {"type": "number"}"#,
                "must have an array of integer as strmMeta/consentLevels"
            ),
            (
                #""timestamp": {"type": "integer"}"#, #""timestamp": {"type": "string"}"#,
                "must allow an integer as strmMeta/timestamp"
            ),
            (
                #""keyLink": {"type": ["string", "null"]}, "#, #""other": {}}, "additionalProperties": false, "x": {"#,
                "'/properties/strmMeta/x' is not supported"
            ),
            (#""keyLink": {"type": ["string", "null"]}, "#, "", nil),
            (
                #""total": {"type": "number"}"#, #""total": {"unevaluatedItems": false}"#,
                "is refused as a JSON Schema: '/properties/total/unevaluatedItems' is not supported"
            ),
        ] as [(String, String, String?)])
    func `a schema without a conforming strmMeta is refused`(part: String, new: String, rule: String?) {
        let schema = Self.schema.replacing(part, with: new)
        #expect(schema != Self.schema)
        let problems = CheckedContract.check(Self.order(schema)).problems.map(\.description)
        if let rule {
            #expect(problems.contains { $0.hasPrefix("schema.definition ") && $0.contains(rule) }, "\(problems)")
        } else {
            #expect(problems == [])
        }
    }

    @Test func `what the gateway adds must fit into the schema`() {
        let closed = Self.schema.replacing(
            #""required": ["eventContractRef", "consentLevels"]"#,
            with: #""additionalProperties": false, "required": ["eventContractRef", "consentLevels"]"#)
        #expect(CheckedContract.check(Self.order(closed)).problems == [])
        let lacking = closed.replacing(#""keyLink": {"type": ["string", "null"]}, "#, with: "")
        #expect(
            CheckedContract.check(Self.order(lacking)).problems.map(\.description) == [
                "schema.definition must describe strmMeta/keyLink, or allow additionalProperties in strmMeta"
            ])
    }

    // MARK: - Events

    private func event() throws -> (IncomingEvent, CompiledSchema) {
        let entry = CompiledCatalog.SchemaEntry(
            ref: ContractRef("shop/json/1.0.0") ?? ContractRef(), id: 9, definition: Self.schema)
        var archived = Self.contract
        archived.ref.name = "archived"
        archived.state = .archived
        var other = Self.order(keyField: "email")
        other.ref.name = "other"
        other.piiFields = ["nickname": 1]
        let catalog = try CompiledCatalog(contracts: [Self.contract, archived, other], schemas: [entry])
        return (try Fixture.event(catalog), try catalog.schema(named: "shop/json/1.0.0"))
    }

    private static let body = """
        {"email": "a@b\\u002ec", "lines": [{"article": "1", "giftFor": "Jan"}, {"giftFor": "\\"Piet\\""}], "tags": ["x", ""],
         "strmMeta": {"eventContractRef": "shop/json/1.0.0", "consentLevels": [0, 3, 1.0]}, "phone": null, "total": 1.50}
        """

    @Test func `an event is taken apart and written with its values sealed in place`() throws {
        let (event, schema) = try event()
        try Array(Self.body.utf8).withUnsafeBytes { body in
            for form in [BodyForm.json, .unstated, .avro] { #expect(event.read(body, form, schema) == nil) }
            #expect(event.keyValue.text == "a@b.c")
            #expect(event.subjectValue?.text == "a@b.c")
            #expect(Array(event.consentLevels) == [0, 3, 1])
            #expect(event.personal.map(\.plain.text) == ["a@b.c", "Jan", "\"Piet\"", "x", ""])
            #expect(event.personal.map(\.level) == [1, 3, 3, 0, 0])
            let record = seal(event)
            #expect(record.prefix(5) == [0, 0, 0, 0, 9])
            #expect(
                String(decoding: record.dropFirst(5), as: UTF8.self) == """
                    {"email": "<****5>", "lines": [{"article": "1", "giftFor": "<**3>"}, {"giftFor": "<*****6>"}], \
                    "tags": ["<1>", "<>"],
                     "strmMeta": {"eventContractRef": "shop/json/1.0.0", "consentLevels": [0, 3, 1.0],"nonce":-447993628,\
                    "timestamp":1652181230883,"keyLink":"7573fc76-0000-4000-8000-000000000000"}, "phone": null, "total": 1.50}
                    """)
            _ = try JSONValue.parse(Array(record.dropFirst(5)))
        }
    }

    @Test func `values that the sender has no right to are replaced where they stand`() throws {
        let (event, schema) = try event()
        let body = Self.body.replacing(
            #""consentLevels": ["#, with: #""keyLink": null, "nonce" : 5, "billingId": "b", "consentLevels": ["#)
        Array(body.utf8).withUnsafeBytes { body in
            #expect(event.read(body, .json, schema) == nil)
            let text = String(decoding: seal(event).dropFirst(5), as: UTF8.self)
            #expect(
                text.contains(
                    #""keyLink": "7573fc76-0000-4000-8000-000000000000", "nonce" : -447993628, "billingId": "b", "#
                        + #""consentLevels": [0, 3, 1.0],"timestamp":1652181230883}"#), "\(text)")
        }
    }

    @Test func `an event that waited is taken up again from its text`() throws {
        let (event, schema) = try event()
        let expected = Array(Self.body.utf8).withUnsafeBytes { body in
            #expect(event.read(body, .json, schema) == nil)
            return seal(event)
        }
        let program = try #require(event.program)
        Array(Self.body.replacing("Jan", with: "Joop").utf8).withUnsafeBytes { body in
            #expect(event.read(body, .json, schema) == nil)
        }
        Array(Self.body.utf8).withUnsafeBytes { kept in
            event.reread(kept, program)
            #expect(seal(event) == expected)
        }
    }

    @Test(arguments: [
        (
            "[]",
            "Event cannot be decoded with schema: 'shop/json/1.0.0': event does not fit the schema: object expected, array found"
        ),
        (
            body.replacing("1.50", with: "\"geheim\""),
            "Event cannot be decoded with schema: 'shop/json/1.0.0': field 'total': number expected, string found"
        ),
        (
            body.replacing("[0, 3, 1.0]", with: "[0, -3]"),
            "Field: 'strmMeta/consentLevels' must not hold negative levels"
        ),
        (
            body.replacing("[0, 3, 1.0]", with: "[2147483648]"),
            "Field: 'strmMeta/consentLevels' must not hold levels above 2147483647"
        ),
        (
            body.replacing("a@b\\u002ec", with: "geheim"),
            "Field: 'email' in event with schema: 'shop/json/1.0.0' with value of length 6 doesn't match regex: '@'"
        ),
        (
            body.replacing("shop/json/1.0.0", with: "shop/none/1.0.0"),
            "Unknown data contract: 'shop/none/1.0.0' in field: 'strmMeta/eventContractRef'"
        ),
        (
            body.replacing("shop/json/1.0.0", with: "shop/archived/1.0.0"),
            "Data contract: 'shop/archived/1.0.0' does not accept events: its state is ARCHIVED, not ACTIVE"
        ),
        (
            body.replacing("shop/json/1.0.0", with: "shop/other/1.0.0"),
            "Data contract: 'shop/other/1.0.0' does not fit schema: 'shop/json/1.0.0': it names nickname, which the schema does not have"
        ),
    ])
    func `a refusal says why, and shows no value`(body: String, text: String) throws {
        let (event, schema) = try event()
        Array(body.utf8).withUnsafeBytes { body in
            #expect(event.read(body, .unstated, schema)?.description == text)
        }
    }

    @Test func `an event without its key field is refused`() throws {
        let optional = Self.schema.replacing(#"["strmMeta", "email"]"#, with: #"["strmMeta"]"#)
        let entry = CompiledCatalog.SchemaEntry(
            ref: ContractRef("shop/json/1.0.0") ?? ContractRef(), id: 9, definition: optional)
        let catalog = try CompiledCatalog(contracts: [Self.order(optional)], schemas: [entry])
        let event = try Fixture.event(catalog)
        let schema = try catalog.schema(named: "shop/json/1.0.0")
        let body = #"{"strmMeta": {"eventContractRef": "shop/json/1.0.0", "consentLevels": []}}"#
        Array(body.utf8).withUnsafeBytes { body in
            #expect(event.read(body, .json, schema) == .emptyKeyField(field: "email", schema: "shop/json/1.0.0"))
        }
    }

    @Test func `no cut or changed text is accepted as something that cannot be written`() throws {
        let (event, schema) = try event()
        let body = Array(Self.body.utf8)
        for count in 0..<body.count {
            Array(body[..<count]).withUnsafeBytes { cut in #expect(event.read(cut, .json, schema) != nil) }
        }
        for index in body.indices {
            for byte in Array("\"{}[],:\\0 \u{1}".utf8) + [0xFF] {
                var changed = body
                changed[index] = byte
                try changed.withUnsafeBytes { changed in
                    guard event.read(changed, .json, schema) == nil else { return }
                    _ = try JSONValue.parse(Array(seal(event).dropFirst(5)))
                }
            }
        }
    }

    /// Writes and seals: `abc` → `<**3>`, its length at the end. Base64 needs no escapes either.
    private func seal(_ event: IncomingEvent) -> [UInt8] {
        var output = OutputBuffer(capacity: 16)
        let link = Array("7573fc76-0000-4000-8000-000000000000".utf8)
        link.withUnsafeBytes { link in
            event.write(nonce: -447_993_628, timestamp: 1_652_181_230_883, keyLink: link, into: &output) { $0 + 2 }
        }
        for value in event.personal {
            let count = value.plain.count
            let digits = count == 0 ? "" : String(count)
            let text = "<\(String(repeating: "*", count: count - digits.count))\(digits)>"
            value.sealed.copyBytes(from: Array(text.utf8))
        }
        return output.copyBytes()
    }
}
