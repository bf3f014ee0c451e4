package import JSON

/// A message of the public interface definitions, as a Swift value.
///
/// Its fields are declared once, in `visit`: the declaration reads the proto-JSON form, checks the rules, and writes the
/// form back. Numbers are the protobuf field numbers, for the binary form.
package protocol ProtoMessage: Sendable, Equatable {
    /// The message with nothing set.
    init()
    /// Declares every field to `fields`, in the order of the definition.
    mutating func visit(_ fields: inout ProtoFields)
}

extension ProtoMessage {
    /// Reads the proto-JSON form: camelCase and snake_case names, 64-bit integers as text or number, enumeration values
    /// by name or number, `null` as absent. Unknown members are problems.
    ///
    /// - Parameters:
    ///   - problems: Everything that is wrong is appended here; the message is then only partly filled.
    ///   - path: Where `json` stands in its document; problems carry paths from the document's root.
    package init(json: JSONValue, problems: inout [SpecProblem], at path: DocumentPath = DocumentPath()) {
        self.init()
        guard case .object(let object) = json else {
            problems.append(SpecProblem(path, "must be an object, found \(json.kindName)"))
            return
        }
        var fields = ProtoFields(reading: object, at: path)
        visit(&fields)
        fields.refuseUnknown()
        problems += fields.problems
    }

    /// Reads the proto-JSON form.
    ///
    /// - Throws: `.invalid` with every problem.
    package init(json: JSONValue) throws(WireError) {
        var problems: [SpecProblem] = []
        self.init(json: json, problems: &problems)
        guard problems.isEmpty else { throw .invalid(problems) }
    }

    /// The proto-JSON form: camelCase names, 64-bit integers as text, members with their default value left out.
    package var json: JSONValue {
        var copy = self
        var fields = ProtoFields()
        copy.visit(&fields)
        return .object(fields.written)
    }
}

/// An enumeration of the public interface definitions; its zero value means "not specified".
package protocol ProtoEnum: Sendable, Equatable, RawRepresentable<Int32>, CaseIterable {
    /// The value's name in the definition: `STATE_ACTIVE`.
    var protoName: String { get }
}

/// Walks the fields of one message, reading or writing.
package struct ProtoFields {
    private enum Direction { case reading, writing }

    private let direction: Direction
    private let source: JSONObject
    private let path: DocumentPath
    private var known: [String] = []
    /// What is wrong with the object read.
    fileprivate private(set) var problems: [SpecProblem] = []
    /// The object written.
    fileprivate private(set) var written = JSONObject()

    fileprivate init(reading object: JSONObject, at path: DocumentPath) {
        direction = .reading
        source = object
        self.path = path
    }

    fileprivate init() {
        direction = .writing
        source = JSONObject()
        path = DocumentPath()
    }

    /// A text field.
    package mutating func text(_ number: Int, _ name: String, _ value: inout String, _ rules: TextRule...) {
        switch direction {
        case .writing:
            if !value.isEmpty { written[name] = .string(value) }
        case .reading:
            let (found, place) = take(name)
            if let found { readText(found, at: place, into: &value) }
            check(value, rules, at: place)
        }
    }

    /// A list of texts; `each` rules hold for every element.
    package mutating func texts(
        _ number: Int, _ name: String, _ value: inout [String], atMost limit: Int = .max, unique: Bool = false,
        each rules: TextRule...
    ) {
        switch direction {
        case .writing:
            if !value.isEmpty { written[name] = .array(value.map { .string($0) }) }
        case .reading:
            let (found, place) = take(name)
            value = readList(found, at: place, atMost: limit) { fields, element, place in
                var text = ""
                fields.readText(element, at: place, into: &text)
                fields.check(text, rules, at: place)
                return text
            }
            if unique, Set(value).count != value.count {
                problems.append(SpecProblem(place, "must not name anything twice"))
            }
        }
    }

    /// A boolean field.
    package mutating func flag(_ number: Int, _ name: String, _ value: inout Bool) {
        var optional: Bool? = value
        self.flag(number, name, &optional)
        value = optional ?? false
        if direction == .writing, !value { written[name] = nil }
    }

    /// A boolean field of which absent and false are told apart.
    package mutating func flag(_ number: Int, _ name: String, _ value: inout Bool?) {
        switch direction {
        case .writing:
            if let value { written[name] = .bool(value) }
        case .reading:
            let (found, place) = take(name)
            guard let found else { return }
            guard let flag = found.bool else {
                problems.append(SpecProblem(place, "must be true or false, found \(found.kindName)"))
                return
            }
            value = flag
        }
    }

    /// A 32-bit integer field.
    package mutating func int32(
        _ number: Int, _ name: String, _ value: inout Int32, in range: ClosedRange<Int32> = .min ... .max
    ) {
        switch direction {
        case .writing:
            if value != 0 { written[name] = .number(JSONNumber(Int64(value))) }
        case .reading:
            let (found, place) = take(name)
            if let found { value = readInt32(found, at: place, in: range) }
        }
    }

    /// A 64-bit integer field; written as text.
    package mutating func int64(
        _ number: Int, _ name: String, _ value: inout Int64, in range: ClosedRange<Int64> = .min ... .max
    ) {
        switch direction {
        case .writing:
            if value != 0 { written[name] = .string(String(value)) }
        case .reading:
            let (found, place) = take(name)
            if let found { value = readInteger(found, at: place, in: range) }
        }
    }

    /// A list of 32-bit integers.
    package mutating func int32s(
        _ number: Int, _ name: String, _ value: inout [Int32], atMost limit: Int = .max,
        in range: ClosedRange<Int32> = .min ... .max
    ) {
        switch direction {
        case .writing:
            if !value.isEmpty { written[name] = .array(value.map { .number(JSONNumber(Int64($0))) }) }
        case .reading:
            let (found, place) = take(name)
            value = readList(found, at: place, atMost: limit) { fields, element, place in
                fields.readInt32(element, at: place, in: range)
            }
        }
    }

    /// An enumeration field.
    package mutating func enumeration<Value: ProtoEnum>(_ number: Int, _ name: String, _ value: inout Value) {
        switch direction {
        case .writing:
            if value.rawValue != 0 { written[name] = .string(value.protoName) }
        case .reading:
            let (found, place) = take(name)
            guard let found else { return }
            let all = Array(Value.allCases)
            guard
                let match = all.first(where: { found.string == $0.protoName || found.int64 == Int64($0.rawValue) })
            else {
                let names = all.filter { $0.rawValue != 0 }.map(\.protoName).joined(separator: ", ")
                problems.append(SpecProblem(place, "must be one of \(names)"))
                return
            }
            value = match
        }
    }

    /// An enumeration field whose zero value is refused.
    package mutating func requiredEnumeration<Value: ProtoEnum>(_ number: Int, _ name: String, _ value: inout Value) {
        let before = problems.count
        enumeration(number, name, &value)
        if direction == .reading, problems.count == before, value.rawValue == 0 {
            problems.append(SpecProblem(path.appending(.member(name)), "must be set"))
        }
    }

    /// A message field that counts as empty when it is absent.
    package mutating func message<Value: ProtoMessage>(
        _ number: Int, _ name: String, _ value: inout Value, required: Bool = false
    ) {
        switch direction {
        case .writing:
            if value != Value() { written[name] = value.json }
        case .reading:
            let (found, place) = take(name)
            if let found {
                value = Value(json: found, problems: &problems, at: place)
            } else if required {
                problems.append(SpecProblem(place, "must be set"))
            }
        }
    }

    /// A message field of which absent and empty are told apart.
    package mutating func message<Value: ProtoMessage>(_ number: Int, _ name: String, _ value: inout Value?) {
        switch direction {
        case .writing:
            if let value { written[name] = value.json }
        case .reading:
            let (found, place) = take(name)
            if let found { value = Value(json: found, problems: &problems, at: place) }
        }
    }

    /// A list of messages.
    package mutating func messages<Value: ProtoMessage>(_ number: Int, _ name: String, _ value: inout [Value]) {
        switch direction {
        case .writing:
            if !value.isEmpty { written[name] = .array(value.map(\.json)) }
        case .reading:
            let (found, place) = take(name)
            value = readList(found, at: place, atMost: .max) { fields, element, place in
                Value(json: element, problems: &fields.problems, at: place)
            }
        }
    }

    /// A map from text to 32-bit integers; written in the order of its keys.
    package mutating func int32Map(
        _ number: Int, _ name: String, _ value: inout [String: Int32], in range: ClosedRange<Int32> = .min ... .max
    ) {
        switch direction {
        case .writing:
            writeMap(name, value) { .number(JSONNumber(Int64($0))) }
        case .reading:
            let (found, place) = take(name)
            value = readMap(found, at: place) { fields, element, place in
                fields.readInt32(element, at: place, in: range)
            }
        }
    }

    /// A map from text to messages; written in the order of its keys.
    package mutating func messageMap<Value: ProtoMessage>(
        _ number: Int, _ name: String, _ value: inout [String: Value]
    ) {
        switch direction {
        case .writing:
            writeMap(name, value, \.json)
        case .reading:
            let (found, place) = take(name)
            value = readMap(found, at: place) { fields, element, place in
                Value(json: element, problems: &fields.problems, at: place)
            }
        }
    }

    /// Adds a rule over several fields: `rule` is reported at the member `name` unless `holds`. Only checked on reading.
    package mutating func require(_ holds: Bool, _ name: String, _ rule: String) {
        if direction == .reading, !holds { problems.append(SpecProblem(path.appending(.member(name)), rule)) }
    }

    /// Reports every member of the object that no field claimed.
    fileprivate mutating func refuseUnknown() {
        let claimed = Set(known.flatMap { [$0, snakeCase($0)] })
        for member in source.members where !claimed.contains(member.name) {
            problems.append(
                SpecProblem(
                    path.appending(.member(member.name)), "is unknown; members are \(known.joined(separator: ", "))"))
        }
    }

    // MARK: - Reading one value

    /// The member under either name, and its place; `null` counts as absent, as proto-JSON says.
    private mutating func take(_ name: String) -> (JSONValue?, DocumentPath) {
        known.append(name)
        let snake = snakeCase(name)
        let camelValue = source[name]
        let snakeValue = snake == name ? nil : source[snake]
        let place = path.appending(.member(camelValue == nil && snakeValue != nil ? snake : name))
        if camelValue != nil, snakeValue != nil {
            problems.append(SpecProblem(place, "is given twice, as \(name) and as \(snake)"))
        }
        guard let value = camelValue ?? snakeValue, !value.isNull else { return (nil, place) }
        return (value, place)
    }

    private mutating func readText(_ found: JSONValue, at place: DocumentPath, into value: inout String) {
        guard let text = found.string else {
            let hint = found.number == nil && found.bool == nil ? "" : " (put it in quotes)"
            problems.append(SpecProblem(place, "must be text, found \(found.kindName)\(hint)"))
            return
        }
        value = text
    }

    private mutating func check(_ text: String, _ rules: [TextRule], at place: DocumentPath) {
        // A value of the wrong kind was reported already; do not also say that it is missing.
        guard problems.last?.path != place else { return }
        if let problem = rules.lazy.compactMap({ $0.problem(with: text) }).first {
            problems.append(SpecProblem(place, problem))
        }
    }

    private mutating func readInt32(
        _ found: JSONValue, at place: DocumentPath, in range: ClosedRange<Int32>
    ) -> Int32 {
        Int32(readInteger(found, at: place, in: Int64(range.lowerBound)...Int64(range.upperBound)))
    }

    /// The integer, or one inside the range after a problem was noted.
    private mutating func readInteger(
        _ found: JSONValue, at place: DocumentPath, in range: ClosedRange<Int64>
    ) -> Int64 {
        guard let value = found.int64 ?? found.string.flatMap({ Int64($0) }) else {
            problems.append(SpecProblem(place, "must be a whole number"))
            return range.clamp(0)
        }
        guard range.contains(value) else {
            let rule: String
            switch (range.lowerBound, range.upperBound) {
            case (let low, Int64(Int32.max)) where low > Int64(Int32.min) && value < low:
                rule = "must be at least \(low)"
            case (let low, .max) where low > .min: rule = "must be at least \(low)"
            case (let low, let high): rule = "must be from \(low) to \(high)"
            }
            problems.append(SpecProblem(place, rule))
            return range.clamp(value)
        }
        return value
    }

    private mutating func readList<Element>(
        _ found: JSONValue?, at place: DocumentPath, atMost limit: Int,
        _ read: (inout ProtoFields, JSONValue, DocumentPath) -> Element
    ) -> [Element] {
        guard let found else { return [] }
        guard let elements = found.array else {
            problems.append(SpecProblem(place, "must be a list, found \(found.kindName)"))
            return []
        }
        if elements.count > limit { problems.append(SpecProblem(place, "must have at most \(limit) items")) }
        return elements.prefix(limit).enumerated().map { read(&self, $1, place.appending(.index($0))) }
    }

    private mutating func readMap<Value>(
        _ found: JSONValue?, at place: DocumentPath, _ read: (inout ProtoFields, JSONValue, DocumentPath) -> Value
    ) -> [String: Value] {
        guard let found else { return [:] }
        guard let object = found.object else {
            problems.append(SpecProblem(place, "must be an object, found \(found.kindName)"))
            return [:]
        }
        var map: [String: Value] = [:]
        for member in object.members {
            map[member.name] = read(&self, member.value, place.appending(.member(member.name)))
        }
        return map
    }

    private mutating func writeMap<Value>(
        _ name: String, _ value: [String: Value], _ write: (Value) -> JSONValue
    ) {
        guard !value.isEmpty else { return }
        var object = JSONObject()
        for key in value.keys.sorted() { object[key] = value[key].map(write) }
        written[name] = .object(object)
    }

    private func snakeCase(_ name: String) -> String {
        var snake = ""
        for character in name {
            if character.isUppercase { snake += "_" + character.lowercased() } else { snake.append(character) }
        }
        return snake
    }
}

extension ClosedRange where Bound == Int64 {
    fileprivate func clamp(_ value: Int64) -> Int64 {
        Swift.min(Swift.max(value, lowerBound), upperBound)
    }
}
