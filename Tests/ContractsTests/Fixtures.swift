import API
import Avro
import Bytes
import Contracts
import GRPC
import JSON
import Wire

/// Contracts, bodies and a catalog that several suites use.
enum Fixture {
    static let meta = """
        {"name": "strmMeta", "type": {"type": "record", "name": "StrmMeta", "fields": [
          {"name": "eventContractRef", "type": "string"}, {"name": "nonce", "type": ["null", "int"], "default": null},
          {"name": "timestamp", "type": ["null", "long"], "default": null},
          {"name": "keyLink", "type": ["null", "string"], "default": null},
          {"name": "billingId", "type": ["null", "string"], "default": null},
          {"name": "consentLevels", "type": {"type": "array", "items": "int"}}]}}
        """

    static let demoSchema = """
        {"type": "record", "name": "DemoEvent", "namespace": "io.strmprivacy.schemas.demo.v1", "fields": [\(meta),
          {"name": "uniqueIdentifier", "type": ["null", "string"], "default": null},
          {"name": "consistentValue", "type": "string"},
          {"name": "someSensitiveValue", "type": ["null", "string"], "default": null},
          {"name": "notSensitiveValue", "type": ["null", "string"], "default": null}]}
        """

    static let clickstreamSchema = """
        {"type": "record", "name": "ClickstreamEvent", "namespace": "io.strmprivacy.schemas.clickstream", "fields": [
          \(meta), {"name": "producerSessionId", "type": "string"}, {"name": "url", "type": "string"},
          {"name": "abTests", "type": {"type": "array", "items": "string"}},
          {"name": "customer", "type": {"type": "record", "name": "Customer", "fields": [
            {"name": "id", "type": "string"}]}}]}
        """

    /// Lists, nulls, nested records, and `strmMeta` at the end.
    static let shopSchema = """
        {"type": "record", "name": "Order", "namespace": "shop", "fields": [
          {"name": "total", "type": "long"}, {"name": "email", "type": ["null", "string"], "default": null},
          {"name": "tags", "type": ["null", {"type": "array", "items": "string"}], "default": null},
          {"name": "lines", "type": {"type": "array", "items": {"type": "record", "name": "Line", "fields": [
            {"name": "article", "type": "string"}, {"name": "giftFor", "type": ["null", "string"], "default": null},
            {"name": "notes", "type": {"type": "array", "items": "string"}, "default": []}]}}, "default": []},
          {"name": "address", "type": ["null", {"type": "record", "name": "Address", "fields": [
            {"name": "street", "type": "string"}]}], "default": null},
          \(meta)]}
        """

    /// A contract of no project.
    static func contract(_ json: String) throws -> DataContractSpec {
        var problems: [SpecProblem] = []
        let spec = DataContractSpec(json: try JSONValue.parse(json), problems: &problems)
        problems.removeAll { $0.rule == TextRule.missing && ["projectId", "schema.ref"].contains($0.path.description) }
        guard problems.isEmpty else { throw GRPCError.invalid(problems) }
        return spec
    }

    static func contract(
        _ ref: String, _ schema: String, state: String = "ACTIVE", keyField: String, personal: [String: Int32],
        validations: [(String, String)] = [], subject: String = ""
    ) -> DataContractSpec {
        var spec = DataContractSpec()
        let parts = ref.split(separator: "/").map(String.init)
        spec.ref.handle = parts[0]
        spec.ref.name = parts[1]
        spec.ref.version = parts[2]
        spec.state =
            DataContractSpec.State(rawValue: ["ACTIVE": 3, "ARCHIVED": 4, "DRAFT": 1][state] ?? 0) ?? .unspecified
        spec.keyField = keyField
        spec.piiFields = personal
        spec.dataSubjectField = subject
        spec.validations = validations.map { field, pattern in
            var validation = Validation()
            validation.field = field
            validation.type = "regex"
            validation.value = pattern
            return validation
        }
        spec.schema.definition = schema
        return spec
    }

    static let demoPersonal: [String: Int32] = ["uniqueIdentifier": 1, "consistentValue": 2, "someSensitiveValue": 3]
    static let urlPattern = #"^(https?|ftp|file)://[-a-zA-Z0-9+&@#/%?=~_|!:,.;]*[-a-zA-Z0-9+&@#/%=~_|]"#

    static let contracts = [
        contract(
            "strmprivacy/example/1.3.0", demoSchema, keyField: "consistentValue", personal: demoPersonal,
            validations: [("consistentValue", "^.+$")]),
        contract(
            "strmprivacy/example/1.5.0", demoSchema, keyField: "consistentValue", personal: demoPersonal,
            validations: [("consistentValue", "^.+$")]),
        contract(
            "strmprivacy/clickstream/1.0.0", clickstreamSchema, keyField: "producerSessionId",
            personal: ["producerSessionId": 1, "customer/id": 0],
            validations: [("url", urlPattern), ("customer/id", "^.+$"), ("abTests", "^[a-z0-9-]+$")],
            subject: "customer/id"),
        contract(
            "shop/order/1.0.0", shopSchema, keyField: "email",
            personal: ["email": 1, "tags": 0, "lines/giftFor": 2, "lines/notes": 3, "address/street": 4],
            subject: "email"),
        contract("shop/slow/1.0.0", shopSchema, keyField: "email", personal: [:], validations: [("email", "^(a+)+$")]),
        contract(
            "strmprivacy/archived/1.0.0", demoSchema, state: "ARCHIVED", keyField: "consistentValue", personal: [:]),
        contract("strmprivacy/draft/1.0.0", demoSchema, state: "DRAFT", keyField: "consistentValue", personal: [:]),
    ]

    static func catalog() throws -> CompiledCatalog {
        func entry(_ ref: String, _ id: Int32, _ definition: String) -> CompiledCatalog.SchemaEntry {
            .init(ref: ContractRef(ref) ?? ContractRef(), id: id, definition: definition)
        }
        return try CompiledCatalog(
            contracts: contracts,
            schemas: [
                entry("strmprivacy/demo/1.0.2", 17, demoSchema), entry("strmprivacy/example/1.5.0", 17, demoSchema),
                entry("strmprivacy/clickstream/1.0.0", 18, clickstreamSchema),
                entry("shop/order/1.0.0", 0x0102_0304, shopSchema),
            ])
    }

    static func event(_ catalog: CompiledCatalog) throws -> IncomingEvent { try IncomingEvent(catalog: catalog) }
}

extension CompiledCatalog {
    func schema(named ref: String) throws -> CompiledSchema {
        guard let schema = Array(ref.utf8).withUnsafeBytes({ schema($0) }) else {
            throw ContractsError.invalidContract(ContractRef(), [])
        }
        return schema
    }
}

extension UnsafeRawBufferPointer {
    var text: String { String(decoding: self, as: UTF8.self) }
}

/// The datum that a JSON text describes.
func datum(_ schema: String, _ json: String) throws -> [UInt8] {
    var encoder = AvroJSONEncoder()
    var output = OutputBuffer()
    let shape = AvroShape(try AvroSchema.parse(schema))
    try Array(json.utf8).withUnsafeBytes { try encoder.encode($0, shape, into: &output) }
    return output.copyBytes()
}

/// A datum as Avro JSON with wrapped unions.
func json(_ schema: String, _ datum: [UInt8]) throws -> String {
    let schema = try AvroSchema.parse(schema)
    return String(decoding: try datum.withUnsafeBytes { try AvroJSONText.bytes(of: $0, schema) }, as: UTF8.self)
}
