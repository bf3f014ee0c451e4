package import Bytes

/// Takes out of a JSON answer what must not leave the plane, while it passes.
///
/// ```
/// {"kind":"SecretList","items":[{"metadata":{"name":"db","managedFields":[…]},"data":{"password":"aHVudGVyMg=="}}]}
/// {"kind":"SecretList","items":[{"metadata":{"name":"db"},"data":{"password":"(7 bytes)"}}]}
/// ```
///
/// - `managedFields` of a `metadata` is dropped, wherever that stands.
/// - In answers about Secrets every value in a `data` is replaced by its size, `(7 bytes)`, every value in a `stringData` (which
///   no server sends) by `(hidden)`. That is no Base64, so a client that sends it back is refused by the API server instead of destroying the secret. Annotations that hold the
///   whole object once more (`kubectl.kubernetes.io/last-applied-configuration` and its like) are dropped.
///
/// The rules hold at every depth, so lists, watch events, and tables with their objects need no case of their own; names are
/// compared unescaped. The rest of the text is passed on byte for byte, without the white space between tokens; one value may
/// follow another (a watch), each then ends with a line feed.
///
/// It is a machine of one byte after the other. Memory: the state below, a level byte for each open array or object (at
/// most 256), and the longest name that it has to know (64 bytes); longer names and all values flow through.
///
/// - Invariant: after a throw nothing more may be sent; what was given out before is whole tokens, none of them hidden.
package struct AnswerFilter: Sendable {
    /// What is taken out.
    package struct Rules: Sendable, Equatable {
        /// `metadata.managedFields` goes.
        package var dropsManagedFields: Bool
        /// The answer is about Secrets.
        package var hidesSecrets: Bool

        /// Rules of these parts.
        package init(dropsManagedFields: Bool, hidesSecrets: Bool) {
            self.dropsManagedFields = dropsManagedFields
            self.hidesSecrets = hidesSecrets
        }
    }

    /// What happens to the value that comes next, or that is open.
    private enum Fate: UInt8 {
        /// It passes.
        case kept
        /// It passes, and it is the value of a `metadata`.
        case metadata
        /// Its members' values are replaced by their sizes; a string is replaced itself.
        case hidden
        /// Its size takes its place.
        case replaced
        /// It is gone with its name.
        case dropped
    }

    private enum Expectation: UInt8 {
        /// A value; at the top also the end.
        case value
        /// A value or `]`.
        case firstElement
        /// A name or `}`.
        case firstName
        case name, colon
        /// `,` or the end of the array or object.
        case comma
    }

    private enum Token: UInt8 {
        case none, string, escape, unicode, number, literal
    }

    private struct Level {
        let isObject: Bool
        let fate: Fate
        /// Something was written in it, so a comma comes before the next.
        var hasContent = false
    }

    /// Most open arrays and objects.
    package static let depthLimit = 256
    /// Bytes of a name that can matter; `kubectl.kubernetes.io/last-applied-configuration` has 48.
    private static let nameLimit = 64

    private let rules: Rules
    private var levels: [Level] = []
    private var expectation = Expectation.value
    private var token = Token.none
    private var hasFailed = false

    /// The fate of the value that is read or comes next.
    private var fate = Fate.kept
    /// Whether the string that is read is a name.
    private var isName = false
    /// Bytes of the name as they came, with quotes and escapes; nothing is written before it is known. Empty once it is too long
    /// to matter.
    private var rawName: [UInt8] = []
    /// The name unescaped.
    private var name: [UInt8] = []
    private var isNameLong = false
    /// Whether the name is passed on.
    private var isNameShown = false
    /// Digits of `\uXXXX` so far, and their value.
    private var unicodeDigits = 0
    private var unicode: UInt32 = 0
    /// Characters of a replaced string, and `=` at its end; a size is told of Base64 texts only.
    private var valueCount = 0
    private var paddingCount = 0
    private var isBase64 = false
    private var isString = false
    /// What is left of `true`, `false` or `null`.
    private var literal: StaticString = "null"
    private var literalIndex = 0
    /// Where in a number it is: RFC 8259 §6.
    private var number = NumberPart.sign
    private enum NumberPart: UInt8 { case sign, zero, integer, point, fraction, exponent, exponentSign, exponentDigits }

    /// A filter for one answer.
    package init(_ rules: Rules) {
        self.rules = rules
        levels.reserveCapacity(16)
        rawName.reserveCapacity(Self.nameLimit + 2)
        name.reserveCapacity(Self.nameLimit)
    }

    /// Reads what came and writes what may leave.
    ///
    /// - Throws: `.answer` when the text leaves the grammar or is too deep; the filter is then useless.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer, into out: inout OutputBuffer) throws(AccessError) {
        guard !hasFailed else { throw .answer(rule: "it was refused before") }
        var index = 0
        while index < bytes.count {
            if token == .string {
                index = try feedString(bytes, from: index, into: &out)
                continue
            }
            let byte = bytes[index]
            switch token {
            case .none:
                try feedToken(byte, into: &out)
                index += 1
            case .escape, .unicode:
                try feedEscape(byte, into: &out)
                index += 1
            case .number:
                if try feedNumber(byte, into: &out) { index += 1 }
            case .literal:
                try feedLiteral(byte, into: &out)
                index += 1
            case .string: break
            }
        }
    }

    /// The answer has ended.
    ///
    /// - Throws: `.answer` inside of a value: the caller must not take a part for the whole.
    package mutating func finish(into out: inout OutputBuffer) throws(AccessError) {
        guard !hasFailed else { throw .answer(rule: "it was refused before") }
        if token == .number {
            guard number != .sign, number != .point, number != .exponent, number != .exponentSign else {
                throw fail("a number ends too early")
            }
            try endValue(into: &out)
        }
        guard token == .none, levels.isEmpty, expectation == .value else { throw fail("it ends inside of a value") }
    }

    // MARK: Tokens

    private mutating func feedToken(_ byte: UInt8, into out: inout OutputBuffer) throws(AccessError) {
        switch byte {
        case 0x20, 0x09, 0x0A, 0x0D: return
        case UInt8(ascii: "\""):
            token = .string
            if expectation == .name || expectation == .firstName {
                isName = true
                isNameLong = false
                rawName.removeAll(keepingCapacity: true)
                name.removeAll(keepingCapacity: true)
                rawName.append(byte)
            } else {
                try beginValue(into: &out)
                if fate == .hidden { fate = .replaced }
                isName = false
                isString = true
                valueCount = 0
                paddingCount = 0
                if isWritten { out.append(byte) }
            }
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            try beginValue(into: &out)
            guard levels.count < Self.depthLimit else { throw fail("it is deeper than \(Self.depthLimit) levels") }
            let isObject = byte == UInt8(ascii: "{")
            if isWritten { out.append(byte) }
            levels.append(Level(isObject: isObject, fate: fate))
            expectation = isObject ? .firstName : .firstElement
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            let isObject = byte == UInt8(ascii: "}")
            guard let level = levels.last, level.isObject == isObject,
                expectation == .comma || expectation == (isObject ? .firstName : .firstElement)
            else { throw fail("a bracket closes nothing") }
            levels.removeLast()
            fate = level.fate
            isString = false
            if isWritten { out.append(byte) }
            try endValue(into: &out)
        case UInt8(ascii: ","):
            guard expectation == .comma, let level = levels.last else { throw fail("a comma separates nothing") }
            expectation = level.isObject ? .name : .value
        case UInt8(ascii: ":"):
            guard expectation == .colon else { throw fail("a colon follows no name") }
            expectation = .value
        case UInt8(ascii: "t"): try beginLiteral("true", into: &out)
        case UInt8(ascii: "f"): try beginLiteral("false", into: &out)
        case UInt8(ascii: "n"): try beginLiteral("null", into: &out)
        case UInt8(ascii: "-"), 0x30...0x39:
            try beginValue(into: &out)
            if fate == .hidden { fate = .replaced }
            isString = false
            token = .number
            number = byte == UInt8(ascii: "-") ? .sign : byte == 0x30 ? .zero : .integer
            if isWritten { out.append(byte) }
        default: throw fail("a byte that begins no value")
        }
    }

    private mutating func beginLiteral(_ text: StaticString, into out: inout OutputBuffer) throws(AccessError) {
        try beginValue(into: &out)
        // Nothing to hide in a null, and a client that knows the type expects it.
        if fate == .hidden, text.utf8Start[0] != UInt8(ascii: "n") { fate = .replaced }
        isString = false
        token = .literal
        literal = text
        literalIndex = 1
    }

    /// A value begins: where one may, behind a comma if something stands before it in its array.
    private mutating func beginValue(into out: inout OutputBuffer) throws(AccessError) {
        guard expectation == .value || expectation == .firstElement else { throw fail("a value stands where none may") }
        guard let last = levels.indices.last else {
            fate = .kept
            return
        }
        if !levels[last].isObject {
            // Elements share their array's fate: nothing in what is hidden is shown.
            fate = levels[last].fate == .metadata ? .kept : levels[last].fate
            if fate == .hidden { fate = .replaced }
            if levels[last].hasContent, isWrittenInside(levels[last].fate) { out.append(UInt8(ascii: ",")) }
            levels[last].hasContent = true
        }
    }

    private mutating func endValue(into out: inout OutputBuffer) throws(AccessError) {
        token = .none
        if fate == .replaced { writeSize(into: &out) }
        if levels.isEmpty {
            expectation = .value
            out.append(ASCII.lf)
        } else {
            expectation = .comma
        }
    }

    /// Whether bytes of the value that is read are passed on.
    private var isWritten: Bool { fate != .replaced && fate != .dropped }
    /// Whether elements of an array of this fate are passed on.
    private func isWrittenInside(_ fate: Fate) -> Bool { fate != .replaced && fate != .dropped }

    // MARK: Strings

    /// A run of plain characters at once.
    private mutating func feedString(
        _ bytes: UnsafeRawBufferPointer, from start: Int, into out: inout OutputBuffer
    ) throws(AccessError) -> Int {
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { break }
            end &+= 1
        }
        if end > start { take(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), into: &out) }
        guard end < bytes.count else { return end }
        switch bytes[end] {
        case UInt8(ascii: "\""): try endString(into: &out)
        case UInt8(ascii: "\\"):
            token = .escape
            takeRaw(bytes[end], into: &out)
        default: throw fail("a string holds a control character")
        }
        return end + 1
    }

    private mutating func take(_ run: UnsafeRawBufferPointer, into out: inout OutputBuffer) {
        if isName {
            takeName(run, decoded: run, into: &out)
        } else if fate == .replaced {
            valueCount += run.count
            count(padding: run)
        } else if isWritten {
            out.append(run)
        }
    }

    /// A byte of an escape, as it came.
    private mutating func takeRaw(_ byte: UInt8, into out: inout OutputBuffer) {
        if isName {
            withUnsafeBytes(of: byte) {
                takeName($0, decoded: UnsafeRawBufferPointer(start: nil, count: 0), into: &out)
            }
        } else if isWritten {
            out.append(byte)
        }
    }

    /// The character that an escape stands for.
    private mutating func takeEscaped(_ scalar: UInt32) {
        if isName {
            // Only ASCII matters: no name that we look for has anything else.
            if !isNameLong { name.append(scalar < 0x80 ? UInt8(scalar) : 0xFF) }
        } else if fate == .replaced {
            valueCount += Self.byteCount(scalar)
            paddingCount = scalar == 0x3D ? paddingCount + 1 : 0
        }
    }

    /// Bytes in UTF-8; of a surrogate pair the first half counts for both.
    private static func byteCount(_ scalar: UInt32) -> Int {
        switch scalar {
        case 0..<0x80: 1
        case 0x80..<0x800: 2
        case 0xD800..<0xDC00: 4
        case 0xDC00..<0xE000: 0
        default: 3
        }
    }

    private mutating func takeName(
        _ raw: UnsafeRawBufferPointer, decoded: UnsafeRawBufferPointer, into out: inout OutputBuffer
    ) {
        if !isNameLong, rawName.count + raw.count <= 6 * Self.nameLimit, name.count + decoded.count <= Self.nameLimit {
            rawName.append(contentsOf: raw)
            name.append(contentsOf: decoded)
            return
        }
        // No name that we look for is so long: its fate is that of any other, and the rest flows through.
        if !isNameLong {
            isNameLong = true
            name.removeAll(keepingCapacity: true)
            decideName(into: &out)
        }
        if isNameShown { out.append(raw) }
    }

    private mutating func endString(into out: inout OutputBuffer) throws(AccessError) {
        token = .none
        guard isName else {
            if isWritten { out.append(UInt8(ascii: "\"")) }
            try endValue(into: &out)
            return
        }
        if !isNameLong { decideName(into: &out) }
        if isNameShown { out.append("\":") }
        isName = false
        expectation = .colon
    }

    private mutating func feedEscape(_ byte: UInt8, into out: inout OutputBuffer) throws(AccessError) {
        if token == .escape {
            takeRaw(byte, into: &out)
            switch byte {
            case UInt8(ascii: "u"):
                token = .unicode
                unicode = 0
                unicodeDigits = 0
                return
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): takeEscaped(UInt32(byte))
            case UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
                takeEscaped(0x0A)
            default: throw fail("an escape that JSON does not have")
            }
            token = .string
            return
        }
        guard let digit = ASCII.hexValue(byte) else { throw fail("\\u is followed by four hexadecimal digits") }
        takeRaw(byte, into: &out)
        unicode = unicode << 4 | UInt32(digit)
        unicodeDigits += 1
        if unicodeDigits == 4 {
            takeEscaped(unicode)
            token = .string
        }
    }

    // MARK: What happens to a member

    /// The name is known: decides about its value, and writes comma and name if they stay.
    private mutating func decideName(into out: inout OutputBuffer) {
        guard let last = levels.indices.last else { return }
        let level = levels[last]
        switch level.fate {
        case .kept, .metadata: fate = fateOfMember(of: level.fate)
        case .hidden, .replaced: fate = .replaced
        case .dropped: fate = .dropped
        }
        isNameShown = fate != .dropped && isWrittenInside(level.fate)
        guard isNameShown else { return }
        if level.hasContent { out.append(UInt8(ascii: ",")) }
        levels[last].hasContent = true
        rawName.withUnsafeBytes { out.append($0) }
    }

    private mutating func fateOfMember(of fate: Fate) -> Fate {
        if isNameLong { return .kept }
        if matches("metadata") { return .metadata }
        if rules.dropsManagedFields, fate == .metadata, matches("managedFields") { return .dropped }
        guard rules.hidesSecrets else { return .kept }
        if matches("data") || matches("stringData") {
            isBase64 = matches("data")
            return .hidden
        }
        for annotation in Self.copies where matches(annotation) { return .dropped }
        return .kept
    }

    /// Annotations in which tools keep the whole object, secrets and all.
    private static let copies: [StaticString] = [
        "kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied",
        "banzaicloud.com/last-applied", "kapp.k14s.io/original",
    ]

    private func matches(_ text: StaticString) -> Bool {
        name.withUnsafeBytes { ASCII.equal($0, text) }
    }

    private mutating func count(padding run: UnsafeRawBufferPointer) {
        var tail = 0
        for byte in run.reversed() {
            guard byte == UInt8(ascii: "=") else { break }
            tail += 1
        }
        paddingCount = tail == run.count ? paddingCount + tail : tail
    }

    /// The size of what a Base64 text holds; nothing about any other value.
    private mutating func writeSize(into out: inout OutputBuffer) {
        guard let level = levels.last, isWrittenInside(level.fate) else { return }
        guard isString, isBase64 else {
            out.append("\"(hidden)\"")
            return
        }
        out.append("\"(")
        out.append(decimal: max(0, valueCount / 4 * 3 - min(paddingCount, 2)))
        out.append(" bytes)\"")
    }

    // MARK: Numbers and literals

    /// - Returns: Whether the byte was used; the byte behind a number belongs to what follows.
    private mutating func feedNumber(_ byte: UInt8, into out: inout OutputBuffer) throws(AccessError) -> Bool {
        let isDigit = ASCII.isDigit(byte)
        let next: NumberPart?
        switch (number, byte) {
        case (.sign, 0x30): next = .zero
        case (.sign, _): next = isDigit ? .integer : nil
        case (.integer, _) where isDigit: next = .integer
        case (.zero, UInt8(ascii: ".")), (.integer, UInt8(ascii: ".")): next = .point
        case (.point, _): next = isDigit ? .fraction : nil
        case (.fraction, _) where isDigit: next = .fraction
        case (.zero, 0x65), (.zero, 0x45), (.integer, 0x65), (.integer, 0x45), (.fraction, 0x65), (.fraction, 0x45):
            next = .exponent
        case (.exponent, UInt8(ascii: "+")), (.exponent, UInt8(ascii: "-")): next = .exponentSign
        case (.exponent, _), (.exponentSign, _): next = isDigit ? .exponentDigits : nil
        case (.exponentDigits, _) where isDigit: next = .exponentDigits
        case (.zero, _), (.integer, _), (.fraction, _), (.exponentDigits, _):
            guard !isDigit else { throw fail("a number begins with a zero too many") }
            try endValue(into: &out)
            return false
        }
        guard let next else { throw fail("a number has a digit where it needs one") }
        number = next
        if isWritten { out.append(byte) }
        return true
    }

    private mutating func feedLiteral(_ byte: UInt8, into out: inout OutputBuffer) throws(AccessError) {
        guard byte == literal.utf8Start[literalIndex] else { throw fail("a word that JSON does not have") }
        literalIndex += 1
        guard literalIndex == literal.utf8CodeUnitCount else { return }
        if isWritten { out.append(literal) }
        try endValue(into: &out)
    }

    private mutating func fail(_ rule: String) -> AccessError {
        hasFailed = true
        return .answer(rule: "it is not JSON: \(rule)")
    }
}
