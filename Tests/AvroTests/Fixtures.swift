import Avro
import Bytes
import JSON

/// Schemas and datums that several suites use.
enum Fixture {
    /// `strmprivacy/demo/1.0.2` as its published Python package carries it, the stray `logicalType` included.
    static let demo = """
        {"type": "record", "name": "DemoEvent", "namespace": "io.strmprivacy.schemas.demo.v1", "fields": [
        {"type": {"type": "record", "name": "StrmMeta", "namespace": "io.strmprivacy.schemas.demo.v1", "fields": [
          {"type": "string", "name": "eventContractRef"},
          {"type": ["null", "int"], "name": "nonce", "default": null},
          {"logicalType": "date", "type": ["null", "long"], "name": "timestamp", "default": null},
          {"type": ["null", "string"], "name": "keyLink", "default": null},
          {"type": ["null", "string"], "name": "billingId", "default": null},
          {"type": {"type": "array", "items": "int"}, "name": "consentLevels"}]}, "name": "strmMeta"},
        {"type": ["null", "string"], "name": "uniqueIdentifier", "default": null, "doc": "any value"},
        {"type": "string", "name": "consistentValue", "doc": "any value"},
        {"type": ["null", "string"], "name": "someSensitiveValue", "default": null},
        {"type": ["null", "string"], "name": "notSensitiveValue", "default": null}]}
        """

    /// A published event of that schema: contract `strmprivacy/example/1.5.0`, consent 0 and 1.
    static let demoDatum = bytes(
        "327374726d707269766163792f6578616d706c652f312e352e3000000000040002000210756e697175652d351673657373696f6e2d"
            + "323733021673656e7369746976652d30021e6e6f742d73656e7369746976652d36")

    /// The bytes that a hexadecimal text spells.
    static func bytes(_ hex: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var digits = hex.utf8.makeIterator()
        while let high = digits.next(), let low = digits.next() {
            bytes.append(UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16) ?? 0)
        }
        return bytes
    }
}

/// Walks a datum; nil if it is accepted, else what is wrong and where.
func walkError(_ program: AvroProgram, _ datum: [UInt8]) -> AvroError? {
    let walker = AvroWalker()
    return datum.withUnsafeBytes { walker.walk(program, $0) } ? nil : walker.error
}

/// Walks a datum and says why it is refused, without the place.
func walkFault(_ schema: String, _ datum: [UInt8]) throws -> AvroError.DatumFault? {
    guard case .malformedDatum(_, let fault)? = walkError(try AvroProgram(AvroSchema.parse(schema)), datum) else {
        return nil
    }
    return fault
}

/// The datum that a JSON text describes.
func encode(_ schema: AvroSchema, _ json: String, sizeLimit: Int = 4 << 20) throws -> [UInt8] {
    var encoder = AvroJSONEncoder()
    var output = OutputBuffer()
    let shape = AvroShape(schema)
    try Array(json.utf8).withUnsafeBytes { try encoder.encode($0, shape, into: &output, sizeLimit: sizeLimit) }
    return output.copyBytes()
}

/// The JSON text of a datum.
func text(
    _ schema: AvroSchema, _ datum: [UInt8], _ style: JSONWriter.Style = .compact,
    _ unions: AvroJSONText.Unions = .bare
) throws -> String {
    String(decoding: try datum.withUnsafeBytes { try AvroJSONText.bytes(of: $0, schema, style, unions) }, as: UTF8.self)
}
