internal import Bytes
internal import JSON

/// Reads one message member by member: unknown members are passed over, known ones keep their rules, and every refusal names the
/// message, the member and the rule. `null` is the same as absent.
///
/// ```swift
/// while let name = try reader.next() {
///     switch name {
///     case "kind": kind = try reader.text(1...32)
///     default: try reader.skip()
///     }
/// }
/// ```
struct MemberReader {
    /// Most members of one object, known or not.
    static let memberLimit = 64
    /// Largest number that every JSON reader knows exactly (RFC 8259 §6).
    static let largestNumber: Int64 = (1 << 53) - 1
    /// Levels of arrays and objects.
    static let depthLimit = 16

    private let message: String
    private var reader: JSONReader
    /// The first token of the member's value.
    private var token = JSONReader.Token.null
    private var tokenOffset = 0
    private var member = ""
    /// The names of the objects that are open, for duplicates.
    private var names: [[String]] = []

    /// Before the first member.
    /// - Parameter bytes: Must outlive the reader.
    private init(_ message: String, _ bytes: UnsafeRawBufferPointer) {
        self.message = message
        reader = JSONReader(bytes, depthLimit: Self.depthLimit)
    }

    /// Reads a whole payload, which must be one object.
    static func read<Value>(
        _ message: String, _ payload: ArraySlice<UInt8>,
        _ body: (inout MemberReader) throws(TunnelError) -> Value
    ) throws(TunnelError) -> Value {
        let result: Result<Value, TunnelError> = payload.withUnsafeBytes { bytes in
            var reader = MemberReader(message, bytes)
            do throws(TunnelError) {
                guard try reader.advance() == .beginObject else {
                    return .failure(.badMember(message: message, member: "", rule: "an object"))
                }
                reader.names.append([])
                let value = try body(&reader)
                guard try reader.advance() == .end else { preconditionFailure("the reader ends with its object") }
                return .success(value)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private mutating func advance() throws(TunnelError) -> JSONReader.Token {
        do throws(JSONError) {
            return try reader.next()
        } catch {
            throw .notJSON(message: message, error)
        }
    }

    /// The name of the next member that is not null; nil behind the last one.
    mutating func next() throws(TunnelError) -> String? {
        while true {
            let found = try advance()
            guard case .name(let slice) = found else {
                names.removeLast()
                return nil
            }
            let name = reader.text(slice)
            let level = names.count - 1
            guard !names[level].contains(where: { $0.isIdentical(to: name) }) else {
                throw .badMember(message: message, member: shownName(name), rule: "there once")
            }
            guard names[level].count < Self.memberLimit else {
                throw .badMember(message: message, member: shownName(name), rule: "among \(Self.memberLimit) members")
            }
            names[level].append(name)
            if level == 0 { member = name }
            tokenOffset = reader.offset
            token = try advance()
            if token != .null { return name }
        }
    }

    /// Why a member is refused. Nested members go by the name of the outermost.
    func broken(_ rule: String) -> TunnelError { .badMember(message: message, member: shownName(member), rule: rule) }

    /// Why a message is refused that lacks a member.
    func missing(_ member: String) -> TunnelError { .missing(message: message, member: member) }

    /// The value, or the refusal of a message that lacks it.
    func required<Value>(_ value: Value?, _ member: String) throws(TunnelError) -> Value {
        guard let value else { throw missing(member) }
        return value
    }

    // MARK: Values

    /// A string of so many bytes of UTF-8.
    mutating func text(_ lengths: ClosedRange<Int> = 1...256) throws(TunnelError) -> String {
        guard case .string(let slice) = token else { throw broken("a string") }
        return try text(slice, lengths)
    }

    /// A string of visible ASCII: nothing that could break a header, a path or a log line.
    mutating func word(_ lengths: ClosedRange<Int> = 1...256) throws(TunnelError) -> String {
        let text = try text(lengths)
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw broken("visible ASCII") }
        return text
    }

    private func text(_ slice: JSONReader.Slice, _ lengths: ClosedRange<Int>) throws(TunnelError) -> String {
        let text = reader.text(slice)
        guard lengths.contains(text.utf8.count) else {
            throw broken("a string of \(lengths.lowerBound) to \(lengths.upperBound) bytes")
        }
        return text
    }

    /// An integer in a range.
    mutating func integer(_ range: ClosedRange<Int64>) throws(TunnelError) -> Int64 {
        guard case .integer(let slice) = token, let value = reader.int64(slice), range.contains(value) else {
            throw broken("an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// A number of something that only ever grows.
    mutating func counter(from first: Int64 = 0) throws(TunnelError) -> UInt64 {
        UInt64(try integer(first...Self.largestNumber))
    }

    /// An integer in a range.
    mutating func int(_ range: ClosedRange<Int>) throws(TunnelError) -> Int {
        Int(try integer(Int64(range.lowerBound)...Int64(range.upperBound)))
    }

    /// `true` or `false`.
    mutating func bool() throws(TunnelError) -> Bool {
        guard case .bool(let value) = token else { throw broken("true or false") }
        return value
    }

    /// A list of strings.
    mutating func texts(
        _ lengths: ClosedRange<Int> = 1...256, count: ClosedRange<Int> = 0...64
    ) throws(TunnelError) -> [String] {
        guard token == .beginArray else { throw broken("a list of strings") }
        var texts: [String] = []
        while true {
            let found = try advance()
            if found == .endArray { break }
            guard case .string(let slice) = found else { throw broken("a list of strings") }
            guard texts.count < count.upperBound else { throw broken("a list of at most \(count.upperBound)") }
            texts.append(try text(slice, lengths))
        }
        guard texts.count >= count.lowerBound else { throw broken("a list of at least \(count.lowerBound)") }
        return texts
    }

    /// A list of integers.
    mutating func integers(_ range: ClosedRange<Int>, count: ClosedRange<Int>) throws(TunnelError) -> [Int] {
        guard token == .beginArray else { throw broken("a list of integers") }
        var found: [Int] = []
        while true {
            let element = try advance()
            if element == .endArray { break }
            guard case .integer(let slice) = element, let value = reader.int64(slice), let value = Int(exactly: value),
                range.contains(value)
            else { throw broken("a list of integers from \(range.lowerBound) to \(range.upperBound)") }
            guard found.count < count.upperBound else { throw broken("a list of at most \(count.upperBound)") }
            found.append(value)
        }
        guard found.count >= count.lowerBound else { throw broken("a list of at least \(count.lowerBound)") }
        return found
    }

    /// One of the values that a text names.
    mutating func choice<Choice: RawRepresentable & CaseIterable>() throws(TunnelError) -> Choice
    where Choice.RawValue == String {
        guard let choice = Choice(rawValue: try text(0...64)) else {
            throw broken("one of \(Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", "))")
        }
        return choice
    }

    /// Enters an object that is the value; ``next()`` then gives its members, and nil leaves it.
    mutating func enter() throws(TunnelError) {
        guard token == .beginObject else { throw broken("an object") }
        names.append([])
    }

    /// The text of an object that is the value, as it stands in the message, checked to be JSON.
    mutating func object(in payload: ArraySlice<UInt8>) throws(TunnelError) -> [UInt8] {
        guard token == .beginObject else { throw broken("an object") }
        let end = reader.offset
        try skip()
        return Array(payload[(payload.startIndex + end - 1)..<(payload.startIndex + reader.offset)])
    }

    /// Pairs of name and value, each a list of two strings: `[["accept", "a/b"]]`.
    mutating func pairs(limit: Int) throws(TunnelError) -> [(name: String, value: String)] {
        guard token == .beginArray else { throw broken("a list of pairs") }
        var pairs: [(name: String, value: String)] = []
        while true {
            let found = try advance()
            if found == .endArray { return pairs }
            guard pairs.count < limit else { throw broken("a list of at most \(limit)") }
            guard found == .beginArray, case .string(let name) = try advance(), case .string(let value) = try advance(),
                try advance() == .endArray
            else { throw broken("a list of pairs") }
            pairs.append((reader.text(name), reader.text(value)))
        }
    }

    /// Passes over the value, whatever it is.
    mutating func skip() throws(TunnelError) {
        guard token == .beginObject || token == .beginArray else { return }
        let outside = reader.depth - 1
        while reader.depth > outside { _ = try advance() }
    }
}
