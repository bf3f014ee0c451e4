internal import Bytes
internal import JSON
internal import Regex

extension SchemaJudge.Finding {
    /// What is wrong and where, in words; never with a value.
    func fault(_ schema: JSONSchema, _ tape: JSONTape.View) -> JSONEventFault {
        let node = schema.nodes[Int(node)]
        var path = Self.path(to: value, tape)
        if rule == .required, let object = node.object {
            path += (path.isEmpty ? "" : "/") + shownName(object.names[name])
        }
        return .mismatch(path: path, rule: text(node, tape))
    }

    private func text(_ node: SchemaNode, _ tape: JSONTape.View) -> String {
        switch rule {
        case .forbidden: "not allowed by the schema"
        case .type: "\(node.types.text) expected, \(Self.word(tape[value])) found"
        case .enumeration: "not one of the values of the enumeration"
        case .constant: "not the value that the schema states"
        case .minimum, .exclusiveMinimum: "number is too small"
        case .maximum, .exclusiveMaximum: "number is too large"
        case .multipleOf: "number is not a multiple of what the schema states"
        case .minLength: "fewer than \(node.string?.minLength ?? 0) characters"
        case .maxLength: "more than \(node.string?.maxLength ?? 0) characters"
        case .pattern: "text doesn't match regex: '\(node.string?.pattern?.text ?? "")'"
        case .minItems: "fewer than \(node.array?.minItems ?? 0) elements"
        case .maxItems: "more than \(node.array?.maxItems ?? 0) elements"
        case .uniqueItems: "two elements are equal"
        case .minContains: "fewer elements of the kind that must be there than \(node.array?.minContains ?? 0)"
        case .maxContains: "more elements of the kind that may be there than \(node.array?.maxContains ?? 0)"
        case .minProperties: "fewer than \(node.object?.minProperties ?? 0) members"
        case .maxProperties: "more than \(node.object?.maxProperties ?? 0) members"
        case .required: "required, but missing"
        case .propertyNames: "name not allowed by the schema"
        case .anyOf: "fits none of the alternatives of '\(node.place)/anyOf'"
        case .oneOf: "does not fit exactly one of the alternatives of '\(node.place)/oneOf'"
        case .not: "fits what '\(node.place)/not' excludes"
        case .tooCostly: "cannot be checked in bounded time"
        }
    }

    private static func word(_ value: JSONTape.Value) -> String {
        switch value.kind {
        case .null: "null"
        case .boolean: "boolean"
        case .number: value.flag ? "integer" : "number with a fraction or exponent"
        case .string: "string"
        case .array: "array"
        case .object: "object"
        }
    }

    /// Names and indices on the way from the root to a value.
    private static func path(to target: Int32, _ tape: JSONTape.View) -> String {
        var path: [String] = []
        var place: Int32 = 0
        while place < target, tape[place].next > target {
            let isObject = tape[place].kind == .object
            var child = place &+ 1
            var index = 0
            var name = child
            while true {
                name = child
                let value = isObject ? child &+ 1 : child
                guard tape[value].next <= target else {
                    place = value
                    break
                }
                child = tape[value].next
                index += 1
            }
            path.append(
                isObject ? shownName(String(decoding: tape.characters(tape[name]), as: UTF8.self)) : String(index))
            // A member's name stands for the member.
            if place > target { break }
        }
        return path.joined(separator: "/")
    }
}
