internal import AccessPolicy
internal import Bytes
internal import JSON

/// What leaves a plane is the same however an answer is cut, and nothing that a plain walk over the parsed answer would hide.
enum ResponseFilterFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let cuts = input.cuts()
        let rules = AnswerFilter.Rules(dropsManagedFields: input.flag(), hidesSecrets: !input.flag())
        let text = input.rest
        let whole = filtered(text, .none, rules)
        for cuts in [cuts, .everywhere] {
            let other = filtered(text, cuts, rules)
            try require(other == whole, "what leaves does not depend on how the answer is cut")
        }
        let parsed = outcome { () throws(JSONError) in try JSONValue.parse(text) }
        guard case .success(let value) = parsed else { return }
        let out = try require(whole, "JSON passes")
        let left = outcome { () throws(JSONError) in try JSONValue.parse(out) }
        try require(left.value == walk(value, rules, inMetadata: false), "what leaves is what a plain walk leaves")
        if !rules.hidesSecrets {
            let again = out.withUnsafeBytes { filtered($0, .none, rules) }
            try require(again == out, "what left once leaves unchanged")
        }
    }

    /// Nil when it is refused.
    private static func filtered(
        _ text: UnsafeRawBufferPointer, _ cuts: Cuts, _ rules: AnswerFilter.Rules
    ) -> [UInt8]? {
        var filter = AnswerFilter(rules)
        var out = OutputBuffer()
        let done = outcome { () throws(AccessError) in
            try cuts.forEachPiece(of: text) { piece throws(AccessError) in try filter.feed(piece, into: &out) }
            try filter.finish(into: &out)
        }
        guard case .success = done else { return nil }
        return out.copyBytes()
    }

    private static let copies: Set<String> = [
        "kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied",
        "banzaicloud.com/last-applied", "kapp.k14s.io/original",
    ]

    private static func walk(_ value: JSONValue, _ rules: AnswerFilter.Rules, inMetadata: Bool) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map { walk($0, rules, inMetadata: false) })
        case .object(let object):
            var left: [JSONObject.Member] = []
            for member in object.members {
                let name = member.name
                if rules.dropsManagedFields, inMetadata, name.isIdentical(to: "managedFields") { continue }
                if rules.hidesSecrets, copies.contains(where: name.isIdentical) { continue }
                let isData = name.isIdentical(to: "data")
                let isHidden = rules.hidesSecrets && (isData || name.isIdentical(to: "stringData"))
                left.append(
                    .init(
                        name: name,
                        value: isHidden
                            ? hide(member.value, isBase64: isData)
                            : walk(member.value, rules, inMetadata: name.isIdentical(to: "metadata"))))
            }
            return .object(JSONObject(unique: left))
        case .null, .bool, .number, .string: return value
        }
    }

    private static func hide(_ value: JSONValue, isBase64: Bool) -> JSONValue {
        switch value {
        case .null: .null
        case .array(let elements): .array(elements.map { replacement($0, isBase64) })
        case .object(let object):
            .object(
                JSONObject(
                    unique: object.members.map { .init(name: $0.name, value: replacement($0.value, isBase64)) }))
        case .string, .bool, .number: replacement(value, isBase64)
        }
    }

    private static func replacement(_ value: JSONValue, _ isBase64: Bool) -> JSONValue {
        guard isBase64, case .string(let text) = value else { return "(hidden)" }
        let padding = text.utf8.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return .string("(\(max(0, text.utf8.count / 4 * 3 - min(padding, 2))) bytes)")
    }
}
