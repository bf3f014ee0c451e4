package import Avro

/// The record that every event begins its life with: who made it, what the person agreed to, and what the gateway adds.
///
/// | member | type | set by |
/// |---|---|---|
/// | `eventContractRef` | string | the sender |
/// | `nonce`, `timestamp`, `keyLink` | null or int, null or long, null or string | the gateway |
/// | `billingId` | null or string; may be absent | nobody any more |
/// | `consentLevels` | array of int | the sender |
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
    package static func problems(in schema: AvroSchema) -> [String] {
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
}
