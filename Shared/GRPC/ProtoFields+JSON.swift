// The JSON form (protobuf.dev/programming-guides/json), as people write it too: a member that no field has is a mistake.

internal import Bytes
internal import JSON

// MARK: - Reading

extension ProtoFields {
    /// Reads one message at the place where the walk stands.
    mutating func readJSON<Message: ProtoMessage>(_ json: JSONValue, into message: inout Message) {
        if let form = Message.textForm {
            guard let read = json.string.flatMap(form.read) else { return report(form.rule) }
            message = read
            return
        }
        guard case .object(let object) = json else { return report("must be an object, found \(json.kindName)") }
        var (source, known) = (object, [String]())
        swap(&source, &self.source)
        swap(&known, &self.known)
        message.visit(&self)
        refuseUnknown()
        swap(&source, &self.source)
        swap(&known, &self.known)
    }

    /// Reports every member of the object that no field claimed.
    private mutating func refuseUnknown() {
        guard source.count > 0 else { return }
        let claimed = Set(known.flatMap { [$0, snakeCase($0)] })
        for member in source.members where !claimed.contains(member.name) {
            report("is unknown; members are \(known.joined(separator: ", "))", member.name)
        }
    }

    /// The member under either name, and the name that it has; `null` counts as absent, as proto-JSON says.
    mutating func take(_ name: String) -> (JSONValue?, String) {
        known.append(name)
        let snake = snakeCase(name)
        let camelValue = source[name]
        let snakeValue = snake == name ? nil : source[snake]
        let found = camelValue == nil && snakeValue != nil ? snake : name
        if camelValue != nil, snakeValue != nil { report("is given twice, as \(name) and as \(snake)", found) }
        guard let value = camelValue ?? snakeValue, !value.isNull else { return (nil, found) }
        return (value, found)
    }

    mutating func readText(_ found: JSONValue, _ name: String?, into value: inout String) {
        guard let text = found.string else {
            let hint = found.number == nil && found.bool == nil ? "" : " (put it in quotes)"
            return report("must be text, found \(found.kindName)\(hint)", name)
        }
        value = text
    }

    mutating func readInt32(_ found: JSONValue, in range: ClosedRange<Int32>, _ name: String?) -> Int32? {
        readInteger(found, in: Int64(range.lowerBound)...Int64(range.upperBound), name).flatMap { Int32(exactly: $0) }
    }

    mutating func readInteger(_ found: JSONValue, in range: ClosedRange<Int64>, _ name: String?) -> Int64? {
        guard let value = found.int64 ?? found.string.flatMap({ Int64($0) }) else {
            report("must be a whole number", name)
            return nil
        }
        check(value, in: range, name)
        return value
    }

    mutating func readEnumeration<Value: ProtoEnum>(
        _ found: JSONValue, into value: inout Open<Value>, _ name: String?
    ) {
        if let text = found.string {
            guard let match = Value.named.first(where: { $0.1 == text }) else {
                return report(Open<Value>.rule, name)
            }
            value.wrappedValue = match.0
        } else if let number = found.int64.flatMap({ Int32(exactly: $0) }) {
            value.number = number
            check(value, name)
        } else {
            report(Open<Value>.rule, name)
        }
    }

    mutating func readList(_ found: JSONValue?, _ name: String, _ read: (inout ProtoFields, JSONValue) -> Void) {
        guard let found else { return }
        guard let elements = found.array else { return report("must be a list, found \(found.kindName)", name) }
        for (index, element) in elements.enumerated() {
            within(.member(name), .index(index)) { fields in read(&fields, element) }
        }
    }

    mutating func readMap(
        _ found: JSONValue?, _ name: String, _ read: (inout ProtoFields, String, JSONValue) -> Void
    ) {
        guard let found else { return }
        guard let object = found.object else { return report("must be an object, found \(found.kindName)", name) }
        for member in object.members {
            within(.member(name), .member(member.name)) { fields in read(&fields, member.name, member.value) }
        }
    }
}

// MARK: - Writing

extension ProtoFields {
    mutating func writeJSON<Message: ProtoMessage>(_ message: inout Message) -> JSONValue {
        if let form = Message.textForm { return .string(form.write(message)) }
        var object = JSONObject()
        swap(&object, &written)
        message.visit(&self)
        swap(&object, &written)
        return .object(object)
    }

    mutating func writeMap<Value>(
        _ name: String, _ value: [String: Value], _ write: (inout ProtoFields, Value) -> JSONValue
    ) {
        guard !value.isEmpty else { return }
        var members: [JSONObject.Member] = []
        for (key, element) in value.sorted(by: { $0.key < $1.key }) {
            members.append(JSONObject.Member(name: key, value: write(&self, element)))
        }
        written[name] = .object(JSONObject(unique: members))
    }
}

extension Open {
    /// The name, or the number when it is unknown.
    var json: JSONValue {
        Value(rawValue: number).map { .string($0.protoName) } ?? .number(JSONNumber(Int64(number)))
    }
}

/// Base64 in either alphabet, with padding or without, as proto-JSON reads it.
func base64Bytes(_ text: String) -> [UInt8]? {
    var standard = text.utf8.map { byte in
        switch byte {
        case UInt8(ascii: "-"): UInt8(ascii: "+")
        case UInt8(ascii: "_"): UInt8(ascii: "/")
        default: byte
        }
    }
    while standard.last == UInt8(ascii: "=") { standard.removeLast() }
    while standard.count % 4 != 0 { standard.append(UInt8(ascii: "=")) }
    return standard.withUnsafeBytes { Base64.decode($0) }
}
