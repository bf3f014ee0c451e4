package import JSON

/// A member that is not as a document wants it.
package struct FieldChange: Sendable, Equatable {
    /// `validations[0].value`
    package let path: String
    /// What it is; nil when it is not there.
    package let before: JSONValue?
    /// What it shall be.
    package let after: JSONValue

    /// The top-level member that it belongs to.
    package var member: String { String(path.prefix { $0 != "." && $0 != "[" }) }

    /// `retentionDays: 30 → 60`
    package var text: String { "\(path): \(before.map(Self.short) ?? "nothing") → \(Self.short(after))" }

    private static func short(_ value: JSONValue) -> String {
        let text = value.string ?? value.text()
        return text.count > 60 ? "\(text.prefix(59))…" : text
    }

    /// What a document wants to be different.
    ///
    /// Only what the document says counts: members that it leaves out are the control plane's business. Lists must have the
    /// same length. Texts that hold JSON, as schemas do, are compared as JSON.
    ///
    /// - Parameters:
    ///   - ignored: Names of members that are never compared: secrets, which are not shown, and what only the control plane says.
    package static func changes(
        from actual: JSONValue?, to desired: JSONValue, ignoring ignored: Set<String> = [], at path: String = ""
    ) -> [FieldChange] {
        switch (actual, desired) {
        case (let actual, .object(let members)) where actual == nil || actual?.object != nil:
            return members.members.filter { !ignored.contains($0.name) }.flatMap { member in
                changes(
                    from: actual?[member.name], to: member.value, ignoring: ignored,
                    at: path.isEmpty ? member.name : "\(path).\(member.name)")
            }
        case (.array(let before)?, .array(let after)) where before.count == after.count:
            return zip(before, after).enumerated().flatMap { index, pair in
                changes(from: pair.0, to: pair.1, ignoring: ignored, at: "\(path)[\(index)]")
            }
        case (.string(let before)?, .string(let after)):
            if before == after || isSameJSON(before, after) { return [] }
        case (let actual, let desired):
            if actual == desired || (actual == nil && isDefault(desired)) { return [] }
        }
        // Who reads the output of `apply` need not be who may see secrets.
        guard path.hasSuffix(".seed") else { return [FieldChange(path: path, before: actual, after: desired)] }
        return [FieldChange(path: path, before: actual.map { _ in "***" }, after: "***")]
    }

    /// What proto-JSON leaves out.
    private static func isDefault(_ value: JSONValue) -> Bool {
        switch value {
        case .null: true
        case .bool(let flag): !flag
        case .number(let number): number.double == 0
        case .string(let text): text.isEmpty
        case .array(let elements): elements.isEmpty
        case .object(let object): object.members.allSatisfy { isDefault($0.value) }
        }
    }

    private static func isSameJSON(_ left: String, _ right: String) -> Bool {
        guard left.hasPrefix("{"), right.hasPrefix("{") else { return false }
        do {
            return sorted(try JSONValue.parse(Array(left.utf8))) == sorted(try JSONValue.parse(Array(right.utf8)))
        } catch {
            return false
        }
    }

    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .null, .bool, .number, .string: return value
        case .array(let elements): return .array(elements.map(sorted))
        case .object(let object):
            var members = JSONObject()
            for member in object.members.sorted(by: { $0.name < $1.name }) {
                members[member.name] = sorted(member.value)
            }
            return .object(members)
        }
    }
}
