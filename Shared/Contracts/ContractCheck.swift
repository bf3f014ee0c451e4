package import API
package import GRPC
internal import JSON
internal import Regex
package import Wire

/// A contract whose every rule has been checked against its own schema.
package struct CheckedContract: Sendable {
    /// Which contract.
    package let ref: ContractRef
    /// The schema as JSON text: what the contract holds, or the Avro schema that its simple schema gives.
    package let definition: String
    /// The same, parsed.
    package let schema: EventSchema

    /// Checks a contract.
    ///
    /// - Returns: Every problem at once, with its place in the contract; the contract only when there is none.
    package static func check(_ spec: DataContractSpec) -> (contract: CheckedContract?, problems: [SpecProblem]) {
        var problems: [SpecProblem] = []
        guard let (definition, schema) = schema(of: spec, problems: &problems) else { return (nil, problems) }
        problems += StrmMeta.problems(in: schema).map { SpecProblem(schemaPath(spec), $0) }
        problems += ContractRules.problems(of: spec, in: schema)
        guard problems.isEmpty else { return (nil, problems) }
        return (CheckedContract(ref: spec.ref.contractRef, definition: definition, schema: schema), [])
    }

    /// Why a field may not be masked, in words that follow its path; nil when it may.
    package func problem(maskingField path: String) -> String? {
        ContractRules.isMeta(path)
            ? "must not be part of strmMeta" : ContractRules.problem(with: path, in: schema, .texts)
    }

    private static func schemaPath(_ spec: DataContractSpec) -> DocumentPath {
        DocumentPath([.member("schema"), .member(spec.schema.simpleSchema == nil ? "definition" : "simpleSchema")])
    }

    private static func schema(
        of spec: DataContractSpec, problems: inout [SpecProblem]
    ) -> (String, EventSchema)? {
        let path = schemaPath(spec)
        let json: JSONValue
        let definition: String
        if let simple = spec.schema.simpleSchema {
            json = SimpleSchemaAvro.definition(of: simple, for: spec.ref.contractRef, at: path, problems: &problems)
            guard problems.isEmpty else { return nil }
            definition = json.text()
        } else {
            definition = spec.schema.definition
            do throws(JSONError) {
                json = try JSONValue.parse(definition)
            } catch {
                problems.append(SpecProblem(path, "must be an Avro schema or a JSON Schema: \(error)"))
                return nil
            }
        }
        let type: SchemaType = EventSchema.isAvro(json) ? .avro : .jsonSchema
        let stated = spec.schema.ref.schemaType
        guard stated == .unspecified || stated == type else {
            problems.append(
                SpecProblem(
                    DocumentPath([.member("schema"), .member("ref"), .member("schemaType")]),
                    "says \(stated.protoName), but the schema is \(type.protoName)"))
            return nil
        }
        do throws(EventSchemaFault) {
            return (definition, try EventSchema(json))
        } catch {
            problems.append(
                SpecProblem(path, type == .avro ? "is refused: \(error)" : "is refused as a JSON Schema: \(error)"))
            return nil
        }
    }
}

/// The rules of a contract about fields, checked against its own schema or against another that an event uses.
enum ContractRules {
    /// What a path must lead to.
    enum Wanted {
        /// A string or optional string, once per event.
        case oneText
        /// A string, optional string or list of string, also inside lists.
        case texts
    }

    /// Every rule that the contract breaks in its own schema.
    static func problems(of spec: DataContractSpec, in schema: EventSchema) -> [SpecProblem] {
        var problems: [SpecProblem] = []
        func check(_ path: String, _ wanted: Wanted, _ place: PathStep...) {
            let rule = isMeta(path) ? "must not be part of strmMeta" : problem(with: path, in: schema, wanted)
            if let rule { problems.append(SpecProblem(DocumentPath(place), rule)) }
        }
        check(spec.keyField, .oneText, .member("keyField"))
        if !spec.dataSubjectField.isEmpty { check(spec.dataSubjectField, .oneText, .member("dataSubjectField")) }
        var names: Set<String> = []
        for (index, field) in spec.fieldMetadata.enumerated() {
            let place: [PathStep] = [.member("fieldMetadata"), .index(index), .member("fieldName")]
            if field.personalDataConfig?.isPII == true {
                check(field.fieldName, .texts, place[0], place[1], place[2])
            } else if schema.target(of: field.fieldName) == .missing {
                problems.append(SpecProblem(DocumentPath(place), missing(field.fieldName)))
            }
            if !names.insert(field.fieldName).inserted {
                problems.append(SpecProblem(DocumentPath(place), "names \(field.fieldName) a second time"))
            }
        }
        if spec.fieldMetadata.isEmpty {
            for path in spec.piiFields.keys.sorted() { check(path, .texts, .member("piiFields"), .member(path)) }
        }
        for (index, validation) in spec.validations.enumerated() {
            let place: [PathStep] = [.member("validations"), .index(index)]
            check(validation.field, .texts, place[0], place[1], .member("field"))
            do throws(RegexError) {
                _ = try Pattern(validation.value)
            } catch {
                problems.append(
                    SpecProblem(DocumentPath(place + [.member("value")]), "is refused: \(error)"))
            }
        }
        return problems
    }

    /// Why a path does not lead to what is wanted, in words that follow its place; nil when it does.
    static func problem(with path: String, in schema: EventSchema, _ wanted: Wanted) -> String? {
        switch (schema.target(of: path), wanted) {
        case (.missing, _): missing(path)
        case (.open(let prefix), _):
            "names \(path), but the schema leaves open what \(prefix.isEmpty ? "the event" : prefix) is: state its type"
        case (.found(_, isSingle: true), .oneText), (.found(holdsText: true, _), .texts): nil
        case (.found, .oneText): "names \(path), which must be a string or optional string outside lists"
        case (.found, .texts): "names \(path), which must be a string, optional string or list of string"
        }
    }

    /// True for `strmMeta` and what is in it.
    static func isMeta(_ path: String) -> Bool { path == StrmMeta.field || path.hasPrefix(StrmMeta.field + "/") }

    private static func missing(_ path: String) -> String { "names \(path), which the schema does not have" }
}
