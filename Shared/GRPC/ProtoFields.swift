internal import Bytes
internal import JSON

/// Walks the fields of a message, and of the messages in it, for one of six purposes.
///
/// `visit` calls one method per field; the method reads the field, writes it, checks its rules or takes its description.
/// One walker goes through the whole tree, so that a message costs no allocation of its own.
package struct ProtoFields: ~Copyable {
    enum Purpose { case readingBinary, writingBinary, readingJSON, writingJSON, checking, describing }

    let purpose: Purpose
    /// Where the message that is being visited stands.
    var steps: [PathStep]
    /// What is wrong so far.
    var problems: [SpecProblem] = []
    /// Reading JSON: the object of the message that is being visited, and which names its fields have.
    var source = JSONObject()
    var known: [String] = []
    /// Writing JSON: the object of the message that is being visited.
    var written = JSONObject()
    /// Reading the binary form.
    var input = BinaryInput()
    /// Writing the binary form.
    var output = OutputBuffer(capacity: 16)
    /// Describing.
    var shapes: [ProtoFieldShape] = []

    init(_ purpose: Purpose, at path: DocumentPath = DocumentPath()) {
        self.purpose = purpose
        steps = path.steps
    }

    // MARK: - Text and bytes

    /// A text field.
    package mutating func text(
        _ number: Int, _ name: String, _ value: inout String, _ rules: @autoclosure () -> [TextRule] = []
    ) {
        switch purpose {
        case .readingBinary:
            if let place = lastPlace(of: number, .bytes) { value = readText(at: place, name) }
        case .writingBinary:
            if !value.isEmpty { writeText(number, &value) }
        case .readingJSON:
            let (found, name) = take(name)
            if let found { readText(found, name, into: &value) }
            check(value, rules(), name)
        case .writingJSON:
            if !value.isEmpty { written[name] = .string(value) }
        case .checking:
            check(value, rules(), name)
        case .describing:
            describe(number, name, .text)
        }
    }

    /// A list of texts.
    ///
    /// - Parameters:
    ///   - count: How many there may be.
    ///   - unique: Whether a text may stand there twice.
    ///   - rules: Hold for every element.
    package mutating func texts(
        _ number: Int, _ name: String, _ value: inout [String], count: ClosedRange<Int> = 0 ... .max,
        unique: Bool = false, each rules: @autoclosure () -> [TextRule] = []
    ) {
        switch purpose {
        case .readingBinary:
            for place in places(of: number) where isForm(.bytes, place) {
                guard charge(String.self) else { return }
                value.append(readText(at: place, name, index: value.count))
            }
        case .writingBinary:
            for var text in value { writeText(number, &text) }
        case .readingJSON:
            let (found, name) = take(name)
            readList(found, name) { fields, element in
                var text = ""
                fields.readText(element, nil, into: &text)
                value.append(text)
                fields.check(text, rules(), nil)
            }
            check(value, count, unique, name)
        case .writingJSON:
            if !value.isEmpty { written[name] = .array(value.map { .string($0) }) }
        case .checking:
            let rules = rules()
            if !rules.isEmpty { checkEach(value, name) { fields, text in fields.check(text, rules, nil) } }
            check(value, count, unique, name)
        case .describing:
            describe(number, name, .text, .repeated)
        }
    }

    /// A field of bytes; Base64 in JSON.
    package mutating func bytes(_ number: Int, _ name: String, _ value: inout [UInt8]) {
        switch purpose {
        case .readingBinary:
            if let place = lastPlace(of: number, .bytes) { value = [UInt8](readBytes(at: place)) }
        case .writingBinary:
            guard !value.isEmpty else { return }
            writeTag(number, .bytes)
            output.append(varint: UInt64(value.count))
            output.append(value)
        case .readingJSON:
            let (found, name) = take(name)
            guard let found else { return }
            guard let bytes = found.string.flatMap(base64Bytes) else { return report("must be Base64", name) }
            value = bytes
        case .writingJSON:
            if !value.isEmpty { written[name] = .string(Base64.encode(value)) }
        case .checking:
            break
        case .describing:
            describe(number, name, .bytes)
        }
    }

    // MARK: - Numbers

    /// A boolean field.
    package mutating func flag(_ number: Int, _ name: String, _ value: inout Bool) {
        switch purpose {
        case .readingBinary:
            if let place = lastPlace(of: number, .varint) { value = readVarint(at: place) != 0 }
        case .writingBinary:
            if value { writeVarint(number, 1) }
        case .readingJSON:
            let (found, name) = take(name)
            guard let found else { return }
            guard let flag = found.bool else {
                return report("must be true or false, found \(found.kindName)", name)
            }
            value = flag
        case .writingJSON:
            if value { written[name] = .bool(true) }
        case .checking:
            break
        case .describing:
            describe(number, name, .flag)
        }
    }

    /// A 32-bit integer field.
    package mutating func int32(
        _ number: Int, _ name: String, _ value: inout Int32, in range: ClosedRange<Int32> = .min ... .max
    ) {
        switch purpose {
        case .readingBinary:
            if let place = lastPlace(of: number, .varint) { value = Int32(truncatingIfNeeded: readVarint(at: place)) }
        case .writingBinary:
            if value != 0 { writeVarint(number, Int64(value)) }
        case .readingJSON:
            let (found, name) = take(name)
            guard let found else { return check(value, in: range, name) }
            if let integer = readInt32(found, in: range, name) { value = integer }
        case .writingJSON:
            if value != 0 { written[name] = .number(JSONNumber(Int64(value))) }
        case .checking:
            check(value, in: range, name)
        case .describing:
            describe(number, name, .int32)
        }
    }

    /// A 64-bit integer field; text in JSON.
    package mutating func int64(
        _ number: Int, _ name: String, _ value: inout Int64, in range: ClosedRange<Int64> = .min ... .max
    ) {
        switch purpose {
        case .readingBinary:
            if let place = lastPlace(of: number, .varint) { value = Int64(bitPattern: readVarint(at: place)) }
        case .writingBinary:
            if value != 0 { writeVarint(number, value) }
        case .readingJSON:
            let (found, name) = take(name)
            guard let found else { return check(value, in: range, name) }
            if let integer = readInteger(found, in: range, name) { value = integer }
        case .writingJSON:
            if value != 0 { written[name] = .string(String(value)) }
        case .checking:
            check(value, in: range, name)
        case .describing:
            describe(number, name, .int64)
        }
    }

    /// A list of 32-bit integers.
    ///
    /// - Parameters:
    ///   - count: How many there may be.
    ///   - range: Holds for every element.
    package mutating func int32s(
        _ number: Int, _ name: String, _ value: inout [Int32], count: ClosedRange<Int> = 0 ... .max,
        in range: ClosedRange<Int32> = .min ... .max
    ) {
        switch purpose {
        case .readingBinary:
            readNumbers(number, name) { value.append(Int32(truncatingIfNeeded: $0)) }
        case .writingBinary:
            writePacked(number, value) { Int64($0) }
        case .readingJSON:
            let (found, name) = take(name)
            readList(found, name) { fields, element in
                if let integer = fields.readInt32(element, in: range, nil) { value.append(integer) }
            }
            check(value, count, false, name)
        case .writingJSON:
            if !value.isEmpty { written[name] = .array(value.map { .number(JSONNumber(Int64($0))) }) }
        case .checking:
            checkEach(value, name) { fields, integer in fields.check(integer, in: range, nil) }
            check(value, count, false, name)
        case .describing:
            describe(number, name, .int32, .repeated)
        }
    }

    // MARK: - Enumerations

    /// An enumeration field.
    ///
    /// - Parameter required: Refuses the zero value.
    package mutating func enumeration<Value: ProtoEnum>(
        _ number: Int, _ name: String, _ value: inout Open<Value>, required: Bool = false
    ) {
        switch purpose {
        case .readingBinary:
            if let place = lastPlace(of: number, .varint) {
                value.number = Int32(truncatingIfNeeded: readVarint(at: place))
            }
        case .writingBinary:
            if value.number != 0 { writeVarint(number, Int64(value.number)) }
        case .readingJSON:
            let (found, name) = take(name)
            if let found { readEnumeration(found, into: &value, name) }
            if required, value.number == 0, !isReported(name) { report("must be set", name) }
        case .writingJSON:
            if value.number != 0 { written[name] = value.json }
        case .checking:
            check(value, name)
            if required, value.number == 0 { report("must be set", name) }
        case .describing:
            describe(number, name, .enumeration(Value.self))
        }
    }

    /// A list of enumeration values.
    package mutating func enumerations<Value: ProtoEnum>(_ number: Int, _ name: String, _ value: inout [Open<Value>]) {
        switch purpose {
        case .readingBinary:
            readNumbers(number, name) { value.append(Open(number: Int32(truncatingIfNeeded: $0))) }
        case .writingBinary:
            writePacked(number, value) { Int64($0.number) }
        case .readingJSON:
            let (found, name) = take(name)
            readList(found, name) { fields, element in
                var one = Open<Value>()
                fields.readEnumeration(element, into: &one, nil)
                value.append(one)
            }
        case .writingJSON:
            if !value.isEmpty { written[name] = .array(value.map(\.json)) }
        case .checking:
            checkEach(value, name) { fields, one in fields.check(one, nil) }
        case .describing:
            describe(number, name, .enumeration(Value.self), .repeated)
        }
    }

    // MARK: - Messages

    /// A message field that may be absent.
    package mutating func message<Value: ProtoMessage>(_ number: Int, _ name: String, _ value: inout Value?) {
        switch purpose {
        case .readingBinary:
            for place in places(of: number) where isForm(.bytes, place) {
                if value == nil { value = Value() }
                within(.member(name)) { fields in
                    value?.visit(&fields, at: place)
                }
            }
        case .writingBinary:
            if value != nil { writeNested(number) { fields in value?.visit(&fields) } }
        case .readingJSON:
            let (found, name) = take(name)
            guard let found else { return }
            var message = Value()
            within(.member(name)) { fields in fields.readJSON(found, into: &message) }
            value = message
        case .writingJSON:
            if var message = value { written[name] = writeJSON(&message) }
        case .checking:
            if value != nil { within(.member(name)) { fields in value?.visit(&fields) } }
        case .describing:
            describe(number, name, .message(Value.self))
        }
    }

    /// A message field that must be set.
    package mutating func message<Value: ProtoMessage>(_ number: Int, _ name: String, _ value: inout Required<Value>) {
        message(number, name, &value.message)
        switch purpose {
        case .readingJSON, .checking:
            if !value.isSet { report("must be set", name) }
        case .readingBinary, .writingBinary, .writingJSON, .describing:
            break
        }
    }

    /// A duration.
    ///
    /// - Parameter seconds: What it may be; the ends are in whole seconds.
    package mutating func duration(
        _ number: Int, _ name: String, _ value: inout ProtoDuration?, in seconds: ClosedRange<Int64>
    ) {
        message(number, name, &value)
        switch purpose {
        case .readingJSON, .checking:
            guard let value, !isReported(name) else { return }
            let (low, high) = (seconds.lowerBound, seconds.upperBound)
            let isLong = value.seconds > high || value.seconds == high && value.nanos > 0
            if value.seconds < low || value.seconds == low && value.nanos < 0 || isLong {
                report(high == .max ? "must be at least \(low) s" : "must be from \(low) s to \(high) s", name)
            }
        case .readingBinary, .writingBinary, .writingJSON, .describing:
            break
        }
    }

    /// A list of messages.
    ///
    /// - Parameter count: How many there may be.
    package mutating func messages<Value: ProtoMessage>(
        _ number: Int, _ name: String, _ value: inout [Value], count: ClosedRange<Int> = 0 ... .max
    ) {
        switch purpose {
        case .readingBinary:
            for place in places(of: number) where isForm(.bytes, place) {
                guard charge(Value.self) else { return }
                var message = Value()
                within(.member(name), .index(value.count)) { fields in
                    message.visit(&fields, at: place)
                }
                value.append(message)
            }
        case .writingBinary:
            for var message in value { writeNested(number) { fields in message.visit(&fields) } }
        case .readingJSON:
            let (found, name) = take(name)
            readList(found, name) { fields, element in
                var message = Value()
                fields.readJSON(element, into: &message)
                value.append(message)
            }
            check(value.count, count, name)
        case .writingJSON:
            guard !value.isEmpty else { return }
            var elements: [JSONValue] = []
            for var message in value { elements.append(writeJSON(&message)) }
            written[name] = .array(elements)
        case .checking:
            checkEach(value, name) { fields, message in
                var message = message
                message.visit(&fields)
            }
            check(value.count, count, name)
        case .describing:
            describe(number, name, .message(Value.self), .repeated)
        }
    }

    // MARK: - Maps

    /// A map from text to 32-bit integers.
    package mutating func int32Map(
        _ number: Int, _ name: String, _ value: inout [String: Int32], in range: ClosedRange<Int32> = .min ... .max
    ) {
        switch purpose {
        case .readingBinary:
            readEntries(number, name, Int32.self) { fields, key in
                let place = fields.lastPlace(of: 2, .varint)
                value[key] = place.map { Int32(truncatingIfNeeded: fields.readVarint(at: $0)) } ?? 0
            }
        case .writingBinary:
            for (key, integer) in sorted(value) {
                writeEntry(number, key) { fields in fields.writeVarint(2, Int64(integer)) }
            }
        case .readingJSON:
            let (found, name) = take(name)
            readMap(found, name) { fields, key, element in
                value[key] = fields.readInt32(element, in: range, nil) ?? 0
            }
        case .writingJSON:
            writeMap(name, value) { _, integer in .number(JSONNumber(Int64(integer))) }
        case .checking:
            checkEach(value, name) { fields, integer in fields.check(integer, in: range, nil) }
        case .describing:
            describe(number, name, .int32, .map)
        }
    }

    /// A map from text to messages.
    package mutating func messageMap<Value: ProtoMessage>(
        _ number: Int, _ name: String, _ value: inout [String: Value]
    ) {
        switch purpose {
        case .readingBinary:
            readEntries(number, name, Value.self) { fields, key in
                var message = Value()
                for place in fields.places(of: 2) where fields.isForm(.bytes, place) {
                    message.visit(&fields, at: place)
                }
                value[key] = message
            }
        case .writingBinary:
            for (key, message) in sorted(value) {
                var message = message
                writeEntry(number, key) { fields in
                    fields.writeNested(2) { fields in message.visit(&fields) }
                }
            }
        case .readingJSON:
            let (found, name) = take(name)
            readMap(found, name) { fields, key, element in
                var message = Value()
                fields.readJSON(element, into: &message)
                value[key] = message
            }
        case .writingJSON:
            writeMap(name, value) { fields, message in
                var message = message
                return fields.writeJSON(&message)
            }
        case .checking:
            checkEach(value, name) { fields, message in
                var message = message
                message.visit(&fields)
            }
        case .describing:
            describe(number, name, .message(Value.self), .map)
        }
    }

    // MARK: - Oneofs

    /// A group of message fields of which at most one is set.
    ///
    /// - Parameters:
    ///   - name: The group's name in the definition.
    ///   - required: Whether one must be set.
    package mutating func oneof<Choice: ProtoOneof>(_ name: String, _ value: inout Choice?, required: Bool = false) {
        var members = OneofMembers<Choice>(held: value)
        Choice.visit(&members)
        switch purpose {
        case .readingBinary:
            // The last one on the wire counts; what came before another member is gone.
            let places = members.all.map { member in lastPlace(of: member.number, .bytes) }
            guard
                let last = places.indices.filter({ places[$0] != nil }).max(by: {
                    start(places[$0]) < start(places[$1])
                })
            else { return }
            let others = places.indices.filter { $0 != last }.map { start(places[$0]) }
            members.all[last].read(&self, &value, behind: others.max() ?? -1)
        case .writingBinary, .writingJSON:
            for member in members.all { member.write(&self) }
        case .readingJSON:
            var given: [String] = []
            for member in members.all {
                if let name = member.readJSON(&self, &value) { given.append(name) }
            }
            if given.count > 1 { report("must not stand beside \(given[0])", given[1]) }
            if required, given.isEmpty { reportMissing(oneOf: members.all.map(\.name)) }
        case .checking:
            for member in members.all { member.write(&self) }
            if required, value == nil { reportMissing(oneOf: members.all.map(\.name)) }
        case .describing:
            for member in members.all { shapes.append(member.shape(name)) }
        }
    }

    // MARK: - Rules over several fields

    /// Adds a rule over several fields: `rule` is reported at the member `name` unless it holds.
    package mutating func require(_ holds: @autoclosure () -> Bool, _ name: String, _ rule: @autoclosure () -> String) {
        switch purpose {
        case .readingJSON, .checking:
            if !holds() { report(rule(), name) }
        case .readingBinary, .writingBinary, .writingJSON, .describing:
            break
        }
    }

    // MARK: - For all purposes

    /// Visits something that stands one or two steps further in.
    mutating func within(_ step: PathStep, _ second: PathStep? = nil, _ body: (inout ProtoFields) -> Void) {
        steps.append(step)
        if let second { steps.append(second) }
        body(&self)
        steps.removeLast(second == nil ? 1 : 2)
    }

    private mutating func describe(
        _ number: Int, _ name: String, _ kind: ProtoFieldShape.Kind, _ label: ProtoFieldShape.Label = .singular
    ) {
        shapes.append(ProtoFieldShape(number: number, jsonName: name, kind: kind, label: label, oneof: nil))
    }

    /// Entries in the order of their keys: the same map always has the same bytes.
    private func sorted<Value>(_ map: [String: Value]) -> [(key: String, value: Value)] {
        map.sorted { $0.key.unicodeScalars.lexicographicallyPrecedes($1.key.unicodeScalars) }
    }
}
