internal import JSON
internal import Wire

/// A contract's schema and fields, checked.
struct ContractFields: Sendable {
    /// The Avro schema as JSON text.
    let definition: String

    /// Checks one contract; its fields are there only when it has no problem.
    static func check(_ spec: DataContractSpec) -> (fields: ContractFields?, problems: [SpecProblem]) {
        let path = DocumentPath([.member("schema"), .member("definition")])
        guard let definition = jsonObject(Array(spec.schema.definition.utf8)) else {
            return (nil, [SpecProblem(path, "must be an Avro schema in JSON")])
        }
        guard definition["type"]?.string == "record", definition["fields"] != nil else {
            return (nil, [SpecProblem(path, "must be an Avro record; JSON Schema contracts are not supported yet")])
        }
        return (ContractFields(definition: spec.schema.definition), [])
    }

    /// Why a field may not be masked; nothing when it may.
    func problem(maskingField path: String) -> String? {
        nil
    }
}
