internal import API
internal import Avro
internal import Bytes
internal import Contracts
internal import JSON
internal import Wire
internal import YAML

/// Event bodies against a contract with everything in it: nested records, lists, optional values, patterns.
enum EventFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let form = input.below(5)
        let shop = form < 4 ? avroShop : jsonShop
        let event = try require(shop?.makeEvent(), "the contract compiles")
        let schema = try require(shop?.catalog.schemas.first, "the contract has a schema")
        switch form {
        case 0: _ = try EventChecks.check(input.rest, .unstated, schema, event)
        case 1: _ = try EventChecks.check(input.rest, .json, schema, event)
        case 2: _ = try EventChecks.check(input.rest, .avro, schema, event)
        case 3:
            let made = try EventChecks.madeDatum(AvroMaker(input), schema, ref: "fuzz/shop/1.0.0")
            _ = try EventChecks.check(made.bytes, .avro, schema, event)
        case _: _ = try EventChecks.check(input.rest, .unstated, schema, event)
        }
    }

    private struct Shop: Sendable {
        let catalog: CompiledCatalog
        func makeEvent() -> IncomingEvent? {
            outcome { () throws(ContractsError) in try IncomingEvent(catalog: catalog) }.value
        }
    }

    private static let avroShop: Shop? = EventChecks.catalog(of: rules + avroSchema).map { Shop(catalog: $0) }
    private static let jsonShop: Shop? = EventChecks.catalog(of: rules + jsonSchema).map { Shop(catalog: $0) }

    private static let rules = #"""
        ref: {handle: fuzz, name: shop, version: 1.0.0}
        state: ACTIVE
        keyField: customer/id
        dataSubjectField: customer/id
        piiFields: {customer/id: 1, email: 2, lines/giftFor: 3, tags: 2, lines/notes: 1}
        validations:
          - {field: customer/id, type: regex, value: '^[a-z0-9-]+$'}
          - {field: email, type: regex, value: '^[^@]+@[^@]+$'}

        """#

    private static let jsonSchema = #"""
        schema:
          definition: '{"type": "object", "required": ["strmMeta", "customer"], "properties": {
            "strmMeta": {"type": "object", "required": ["eventContractRef", "consentLevels"], "properties": {
              "eventContractRef": {"type": "string"}, "nonce": {"type": ["integer", "null"]},
              "consentLevels": {"type": "array", "items": {"type": "integer"}}}},
            "customer": {"type": "object", "properties": {"id": {"type": "string"}, "age": {"type": "integer"}},
              "additionalProperties": false},
            "email": {"type": ["string", "null"]}, "tags": {"type": "array", "items": {"type": "string"}},
            "lines": {"type": "array", "items": {"type": "object", "properties": {
              "price": {"type": "number", "minimum": 0, "multipleOf": 0.01}, "giftFor": {"type": ["string", "null"]},
              "notes": {"type": "array", "items": {"type": "string"}, "uniqueItems": true}}}},
            "extra": {"type": "object", "additionalProperties": {"anyOf": [{"type": "string"}, {"const": 1}]}}}}'
        """#

    private static let avroSchema = #"""
        schema:
          definition: '{"type": "record", "name": "Order", "namespace": "shop", "fields": [
            {"name": "strmMeta", "type": {"type": "record", "name": "StrmMeta", "fields": [
              {"name": "eventContractRef", "type": "string"}, {"name": "nonce", "type": ["null", "int"], "default": null},
              {"name": "timestamp", "type": ["null", "long"], "default": null},
              {"name": "keyLink", "type": ["null", "string"], "default": null},
              {"name": "billingId", "type": ["null", "string"], "default": null},
              {"name": "consentLevels", "type": {"type": "array", "items": "int"}}]}},
            {"name": "customer", "type": {"type": "record", "name": "Customer", "fields": [
              {"name": "id", "type": "string"}, {"name": "age", "type": ["null", "int"], "default": null}]}},
            {"name": "email", "type": ["null", "string"], "default": null},
            {"name": "tags", "type": ["null", {"type": "array", "items": "string"}], "default": null},
            {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
              {"name": "price", "type": "double"}, {"name": "giftFor", "type": ["null", "string"], "default": null},
              {"name": "notes", "type": {"type": "array", "items": "string"}, "default": []}]}}, "default": []},
            {"name": "extra", "type": {"type": "map", "values": "string"}, "default": {}}]}'
        """#
}

/// Contracts as people write them; whatever the checks accept compiles, and judges any event.
enum ContractFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let choices = input.split(32)
        guard let documents = outcome({ () throws(YAMLError) in try YAMLDocument.parse([UInt8](input.rest)) }).value,
            let json = documents.first?.value,
            let spec = ProtoJSON.contract(json["spec"] ?? json)
        else { return }
        let (contract, problems) = CheckedContract.check(spec)
        try require((contract == nil) != problems.isEmpty, "a contract is refused for a reason, and only then")
        guard let contract else { return }
        let entry = CompiledCatalog.SchemaEntry(ref: contract.ref, id: 7, definition: contract.definition)
        let compiled = outcome { () throws(ContractsError) in try CompiledCatalog(contracts: [spec], schemas: [entry]) }
        guard case .success(let catalog) = compiled else {
            throw BrokenInvariant(description: "what the checks accept compiles: \(compiled)")
        }
        let event = try require(
            outcome { () throws(ContractsError) in try IncomingEvent(catalog: catalog) }.value, "there is memory")
        let schema = catalog.schemas[0]
        let ref = contract.ref.description
        guard case .avro = schema.schema.language else {
            // What a JSON Schema wants cannot be made from choices; whatever comes must be judged.
            var made = OutputBuffer()
            let meta: JSONValue = ["eventContractRef": .string(ref), "consentLevels": [0]]
            made.append(JSONValue.object(["strmMeta": meta]).bytes())
            _ = try EventChecks.check(made.bytes, .json, schema, event)
            _ = try EventChecks.check(choices.rest, .unstated, schema, event)
            return
        }
        let made = try EventChecks.madeDatum(AvroMaker(choices), schema, ref: ref)
        let refusal = try EventChecks.check(made.bytes, .avro, schema, event)
        switch refusal {
        case .incompatible, .undecodable, .unknownContract:
            throw BrokenInvariant(description: "an event of the contract's own schema fits it: \(refusal as Any)")
        case nil, .contractNotActive, .negativeConsent, .consentTooLarge, .emptyKeyField, .ruleBroken, .ruleTooCostly:
            break
        }
    }
}

/// What must hold of any event.
enum EventChecks {
    /// A catalog of one contract, written as YAML, with the schema that it holds.
    static func catalog(of yaml: String) -> CompiledCatalog? {
        guard
            let json = outcome({ () throws(YAMLError) in try YAMLDocument.parse(Array(yaml.utf8)) }).value?.first?
                .value,
            let spec = ProtoJSON.contract(json),
            let contract = CheckedContract.check(spec).contract
        else { return nil }
        let entry = CompiledCatalog.SchemaEntry(ref: contract.ref, id: 7, definition: contract.definition)
        return outcome { () throws(ContractsError) in try CompiledCatalog(contracts: [spec], schemas: [entry]) }.value
    }

    /// A datum made from choices that names the contract.
    static func madeDatum(
        _ maker: AvroMaker, _ schema: CompiledSchema, ref: String
    ) throws(BrokenInvariant) -> OutputBuffer {
        guard case .avro(let avro) = schema.schema.language else {
            throw BrokenInvariant(description: "a datum is made of an Avro schema")
        }
        var maker = maker
        var random = OutputBuffer()
        maker.datum(of: avro, into: &random)
        let program = outcome { () throws(AvroError) in
            try AvroProgram(avro, points: ["strmMeta/eventContractRef"])
        }
        guard case .success(let program) = program else { throw BrokenInvariant(description: "a schema compiles") }
        let walker = AvroWalker()
        try require(walker.walk(program, random.bytes), "a made datum is a datum: \(walker.error)")
        var named = OutputBuffer()
        Array(ref.utf8).withUnsafeBytes { ref in
            walker.splice(random.bytes, program, into: &named) { _, _ in .text(ref) }
        }
        return named
    }

    /// Reads an event; if it is accepted, writes its record and looks at what was written.
    static func check(
        _ body: UnsafeRawBufferPointer, _ form: BodyForm, _ schema: CompiledSchema, _ event: IncomingEvent
    ) throws(BrokenInvariant) -> EventRefusal? {
        let refusal = event.read(body, form, schema)
        try require(event.read(body, form, schema) == refusal, "an event is judged the same way twice")
        guard refusal == nil, let program = event.program else { return refusal }
        let datum = [UInt8](event.datum)
        let plain = event.personal.map { [UInt8]($0.plain) }
        try require(!event.keyValue.isEmpty, "the key field has a value")
        try require(event.consentLevels.allSatisfy { $0 >= 0 }, "no consent level is negative")

        var out = OutputBuffer()
        out.append([1, 2, 3])
        let link = [UInt8](repeating: 0x61, count: KeyLink.textLength)
        link.withUnsafeBytes { link in
            event.write(nonce: -5, timestamp: 1_800_000_000_000, keyLink: link, into: &out) { $0 + 21 }
        }
        try require(out.bytes.prefix(3).elementsEqual([1, 2, 3]), "what was there stays")
        for value in event.personal {
            try require(value.sealed.count == value.plain.count + 21, "a sealed value has the room that it asked for")
            for index in value.sealed.indices { value.sealed[index] = 0x73 }
        }
        let record = UnsafeRawBufferPointer(rebasing: out.bytes[3...])
        let id = outcome { () throws(WireError) in try EventRecord.schemaID(of: record) }
        try require(id.value == schema.id, "a record names its schema")
        let written = [UInt8](record[EventRecord.headerLength...])
        let json = try require(print(written, schema), "a written datum is a datum")
        // In an Avro union a value is wrapped.
        func meta(_ name: String, _ branch: String) -> JSONValue? {
            let value = json["strmMeta"]?[name]
            return schema.schema.type == .avro ? value?[branch] : value
        }
        try require(meta("nonce", "int")?.int64 == -5, "the nonce is set")
        try require(meta("timestamp", "long")?.int64 == 1_800_000_000_000, "the time is set")
        try require(meta("keyLink", "string")?.string?.utf8.elementsEqual(link) == true, "the key link is set")

        let again = datum.withUnsafeBytes { datum in
            event.reread(datum, program)
            return event.personal.map { [UInt8]($0.plain) }
        }
        try require(again == plain, "read again it has the same values")
        return nil
    }

    private static func print(_ datum: [UInt8], _ schema: CompiledSchema) -> JSONValue? {
        guard case .avro(let avro) = schema.schema.language else {
            return outcome { () throws(JSONError) in try JSONValue.parse(datum) }.value
        }
        let text = datum.withUnsafeBytes { datum in
            outcome { () throws(AvroError) in try AvroJSONText.bytes(of: datum, avro, .compact, .wrapped) }
        }.value
        // Equal keys of a map print as equal names: a datum, but no JSON.
        return text.flatMap { text in outcome { () throws(JSONError) in try JSONValue.parse(text) }.value }
    }
}
