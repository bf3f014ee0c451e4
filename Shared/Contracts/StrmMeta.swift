internal import Avro
internal import JSONSchema

/// The record that every event begins its life with: who made it, what the person agreed to, and what the gateway adds.
///
/// | member | Avro | JSON Schema | set by |
/// |---|---|---|---|
/// | `eventContractRef` | string | string, required | the sender |
/// | `nonce`, `timestamp` | null or int, null or long | integer (or null), not required, need not be described | the gateway |
/// | `keyLink` | null or string | string (or null), as before | the gateway |
/// | `billingId` | null or string; may be absent | string (or null), as before | nobody any more |
/// | `consentLevels` | array of int | array of integer, required | the sender |
package enum StrmMeta {
    /// The field's name in every schema.
    package static let field = "strmMeta"
    static let contractRef = "strmMeta/eventContractRef"
    static let nonce = "strmMeta/nonce"
    static let timestamp = "strmMeta/timestamp"
    static let keyLink = "strmMeta/keyLink"
    static let consentLevels = "strmMeta/consentLevels"

    private static let members: [(name: String, schema: AvroSchema, isRequired: Bool)] = [
        ("eventContractRef", .string, true), ("nonce", .union([.null, .int]), true),
        ("timestamp", .union([.null, .long]), true), ("keyLink", .union([.null, .string]), true),
        ("billingId", .union([.null, .string]), false), ("consentLevels", .array(.int), true),
    ]

    /// What is wrong with a schema's `strmMeta`, in words that follow the schema's path; empty if it conforms.
    package static func problems(in schema: EventSchema) -> [String] {
        switch schema.language {
        case .avro(let schema): problems(in: schema)
        case .json(let schema): problems(in: schema)
        }
    }

    private static func problems(in schema: AvroSchema) -> [String] {
        guard case .record(let event) = schema else { return ["must be an Avro record"] }
        guard let field = event.field(field) else { return ["must have a field strmMeta"] }
        guard case .record(let meta) = field.schema else { return ["must have a record as its field strmMeta"] }
        return members.compactMap { member in
            guard let found = meta.field(member.name) else {
                return member.isRequired ? "must have the field strmMeta/\(member.name)" : nil
            }
            guard found.schema != member.schema else { return nil }
            return "must have \(words(member.schema)) as strmMeta/\(member.name)"
        }
    }

    private static func words(_ schema: AvroSchema) -> String {
        if let optional = schema.optional { return "[\"null\", \"\(optional.value.branchName)\"]" }
        if case .array(let items) = schema { return "an array of \(items.branchName)" }
        return "a \(schema.branchName)"
    }

    private static let optionalMembers: [(name: String, type: JSONTypes, words: String)] = [
        ("nonce", .integer, "an integer"), ("timestamp", .integer, "an integer"), ("keyLink", .string, "a string"),
        ("billingId", .string, "a string"),
    ]

    private static func problems(in schema: JSONSchema) -> [String] {
        guard schema.types(at: "") == .object else { return ["must describe an object: \"type\": \"object\""] }
        guard let meta = schema.types(at: field) else { return ["must have a property strmMeta"] }
        guard meta == .object else { return ["must have an object as its property strmMeta: \"type\": \"object\""] }
        var problems: [String] = []
        if !schema.requires(field, at: "") { problems.append("must require strmMeta") }
        for name in ["eventContractRef", "consentLevels"] where !schema.requires(name, at: field) {
            problems.append("must require strmMeta/\(name)")
        }
        if schema.types(at: contractRef) != .string { problems.append("must have a string as \(contractRef)") }
        if schema.types(at: consentLevels) != .array || schema.elementTypes(at: consentLevels) != .integer {
            problems.append("must have an array of integer as \(consentLevels)")
        }
        for (name, type, words) in optionalMembers {
            if schema.requires(name, at: field) {
                problems.append("must not require strmMeta/\(name), which no sender sets")
            }
            // What the gateway adds must not make a sound event unsound for those who read it.
            let allows = schema.types(at: "\(field)/\(name)").map { $0.contains(type) }
            if allows == false { problems.append("must allow \(words) as strmMeta/\(name)") }
            if allows == nil, !schema.allowsMore(name, at: field) {
                problems.append("must describe strmMeta/\(name), or allow additionalProperties in strmMeta")
            }
        }
        return problems
    }
}
