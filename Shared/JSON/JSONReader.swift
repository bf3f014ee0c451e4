internal import Bytes

/// Reads JSON token by token from borrowed bytes, without allocating: for event bodies on the hot path.
///
/// Strict (RFC 8259): every token is checked against the grammar as it is met, strings are UTF-8 without control
/// characters or lone surrogates. It does not look for duplicate names; whoever consumes the tokens knows the members
/// and does (``JSONValue/parse(_:depthLimit:)`` too).
///
/// - Invariant: the bytes stay in place and unchanged for as long as the reader lives.
/// - Complexity: one pass; memory is this struct, whatever the text.
package struct JSONReader {
    /// Longest number accepted, in bytes. No double needs more than 770 digits; a longer one is an attack.
    package static let numberLimit = 1024

    /// A piece of the text: the inside of a string (without its quotes) or a number.
    package struct Slice: Sendable, Equatable {
        /// First byte, counted from the start of the text.
        package let offset: Int
        /// Bytes in the text, before unescaping.
        package let count: Int
        /// True if a string has at least one backslash, so that its text differs from its bytes.
        package let hasEscapes: Bool
    }

    /// The next thing in the text.
    package enum Token: Sendable, Equatable {
        case beginObject, endObject, beginArray, endArray
        /// A member's name; its value is the next token.
        case name(Slice)
        /// A string value.
        case string(Slice)
        /// A number without fraction and exponent.
        case integer(Slice)
        /// A number with fraction or exponent.
        case decimal(Slice)
        case bool(Bool)
        case null
        /// The value is complete and nothing but white space follows.
        case end
    }

    private enum Expectation: UInt8 {
        case value, valueOrEnd, nameOrEnd, separator
    }

    private let bytes: UnsafeRawBufferPointer
    private let depthLimit: Int
    private var cursor = 0
    private var expectation = Expectation.value
    /// Open arrays and objects.
    package private(set) var depth = 0
    // One bit per level, 1 for an object: 128 levels without an allocation.
    private var kindsLow: UInt64 = 0
    private var kindsHigh: UInt64 = 0

    /// Starts before the first token.
    ///
    /// - Parameter depthLimit: Levels of arrays and objects accepted, at most 128.
    package init(_ bytes: UnsafeRawBufferPointer, depthLimit: Int = 128) {
        precondition(depthLimit >= 0 && depthLimit <= 128, "the level bits hold 128 levels")
        self.bytes = bytes
        self.depthLimit = depthLimit
    }

    /// Bytes consumed so far: the place of the next token or the white space before it.
    package var offset: Int { cursor }

    /// The raw bytes of a slice of this text.
    package func raw(_ slice: Slice) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[slice.offset..<slice.offset + slice.count])
    }

    /// The place of an offset, for an error.
    package func place(_ offset: Int) -> JSONPlace { JSONPlace(offset: offset, in: bytes) }

    /// Consumes the next token.
    ///
    /// - Throws: where the text leaves the grammar. After a throw the reader is useless.
    package mutating func next() throws(JSONError) -> Token {
        skipBlanks()
        switch expectation {
        case .value:
            return try value()
        case .valueOrEnd:
            if peek() == UInt8(ascii: "]") { return close(.endArray) }
            return try value()
        case .nameOrEnd:
            if peek() == UInt8(ascii: "}") { return close(.endObject) }
            return try name()
        case .separator:
            guard depth > 0 else {
                guard cursor == bytes.count else { throw .trailingBytes(place(cursor)) }
                return .end
            }
            guard cursor < bytes.count else { throw .unexpectedEnd(place(cursor)) }
            let inObject = topIsObject
            switch bytes[cursor] {
            case UInt8(ascii: ","):
                cursor &+= 1
                skipBlanks()
                return inObject ? try name() : try value()
            case UInt8(ascii: "}") where inObject:
                return close(.endObject)
            case UInt8(ascii: "]") where !inObject:
                return close(.endArray)
            case _:
                throw .unexpectedByte(place(cursor))
            }
        }
    }

    /// Writes the text of a string slice, unescaped, as UTF-8.
    ///
    /// - Parameter target: Room for `slice.count` bytes: unescaping never lengthens.
    /// - Returns: Bytes written.
    package func unescape(_ slice: Slice, into target: UnsafeMutableRawPointer) -> Int {
        let source = raw(slice)
        guard let base = source.baseAddress else { return 0 }
        guard slice.hasEscapes else {
            target.copyMemory(from: base, byteCount: source.count)
            return source.count
        }
        var read = 0
        var written = 0
        while read < source.count {
            let byte = source[read]
            guard byte == UInt8(ascii: "\\") else {
                target.storeBytes(of: byte, toByteOffset: written, as: UInt8.self)
                read &+= 1
                written &+= 1
                continue
            }
            let kind = source[read &+ 1]
            read &+= 2
            guard kind == UInt8(ascii: "u") else {
                target.storeBytes(of: Self.simpleEscape(kind) ?? kind, toByteOffset: written, as: UInt8.self)
                written &+= 1
                continue
            }
            // `next()` has checked the digits and the pairs.
            var scalar = UInt32(Self.fourHex(source, at: read) ?? 0)
            read &+= 4
            if scalar & 0xFC00 == 0xD800 {
                let low = UInt32(Self.fourHex(source, at: read &+ 2) ?? 0)
                scalar = 0x10000 &+ ((scalar & 0x3FF) << 10) &+ (low & 0x3FF)
                read &+= 6
            }
            written &+= Self.encode(scalar, to: target + written)
        }
        return written
    }

    /// The text of a string or number slice as a `String`. Allocates: not for the hot path.
    package func text(_ slice: Slice) -> String {
        String(unsafeUninitializedCapacity: slice.count) { buffer in
            guard let base = buffer.baseAddress, slice.count > 0 else { return 0 }
            return unescape(slice, into: UnsafeMutableRawPointer(base))
        }
    }

    /// The value of an `.integer` slice, or nil if it does not fit.
    package func int64(_ slice: Slice) -> Int64? {
        let digits = raw(slice)
        var index = 0
        let negative = digits.first == UInt8(ascii: "-")
        if negative { index = 1 }
        var value: Int64 = 0
        while index < digits.count {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(digits[index] &- UInt8(ascii: "0"))
            // Built on the negative side, which reaches one further.
            let (sum, underflow) = product.subtractingReportingOverflow(digit)
            guard !overflow, !underflow else { return nil }
            value = sum
            index &+= 1
        }
        if negative { return value }
        return value == .min ? nil : -value
    }

    /// The nearest double of a number slice, or nil if it is too large for one.
    package func double(_ slice: Slice) -> Double? {
        guard let value = Double(text(slice)), value.isFinite else { return nil }
        return value
    }
}

extension JSONReader {
    private func peek() -> UInt8? { cursor < bytes.count ? bytes[cursor] : nil }

    private mutating func skipBlanks() {
        while cursor < bytes.count {
            switch bytes[cursor] {
            case 0x20, 0x0A, 0x0D, 0x09: cursor &+= 1
            case _: return
            }
        }
    }

    private var topIsObject: Bool {
        let level = depth &- 1
        return (level < 64 ? kindsLow &>> UInt64(level) : kindsHigh &>> UInt64(level &- 64)) & 1 == 1
    }

    private mutating func open(object: Bool) throws(JSONError) {
        guard depth < depthLimit else { throw .tooDeep(limit: depthLimit, place(cursor)) }
        let bit: UInt64 = 1 &<< UInt64(depth & 63)
        if depth < 64 {
            kindsLow = object ? kindsLow | bit : kindsLow & ~bit
        } else {
            kindsHigh = object ? kindsHigh | bit : kindsHigh & ~bit
        }
        depth &+= 1
        cursor &+= 1
        expectation = object ? .nameOrEnd : .valueOrEnd
    }

    private mutating func close(_ token: Token) -> Token {
        cursor &+= 1
        depth &-= 1
        expectation = .separator
        return token
    }

    private mutating func name() throws(JSONError) -> Token {
        guard let byte = peek() else { throw .unexpectedEnd(place(cursor)) }
        guard byte == UInt8(ascii: "\"") else { throw .unexpectedByte(place(cursor)) }
        let slice = try string()
        skipBlanks()
        guard let colon = peek() else { throw .unexpectedEnd(place(cursor)) }
        guard colon == UInt8(ascii: ":") else { throw .unexpectedByte(place(cursor)) }
        cursor &+= 1
        expectation = .value
        return .name(slice)
    }

    private mutating func value() throws(JSONError) -> Token {
        guard let byte = peek() else { throw .unexpectedEnd(place(cursor)) }
        switch byte {
        case UInt8(ascii: "{"):
            try open(object: true)
            return .beginObject
        case UInt8(ascii: "["):
            try open(object: false)
            return .beginArray
        case UInt8(ascii: "\""):
            expectation = .separator
            return .string(try string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            expectation = .separator
            return try number()
        case UInt8(ascii: "t"):
            try word("true")
            return .bool(true)
        case UInt8(ascii: "f"):
            try word("false")
            return .bool(false)
        case UInt8(ascii: "n"):
            try word("null")
            return .null
        case _:
            throw .unexpectedByte(place(cursor))
        }
    }

    private mutating func word(_ word: StaticString) throws(JSONError) {
        for index in 0..<word.utf8CodeUnitCount {
            guard cursor < bytes.count else { throw .unexpectedEnd(place(cursor)) }
            guard bytes[cursor] == word.utf8Start[index] else { throw .unexpectedByte(place(cursor)) }
            cursor &+= 1
        }
        expectation = .separator
    }

    private mutating func number() throws(JSONError) -> Token {
        let start = cursor
        var isInteger = true
        if bytes[cursor] == UInt8(ascii: "-") { cursor &+= 1 }
        if peek() == UInt8(ascii: "0") {
            cursor &+= 1
            if let byte = peek(), Self.isDigit(byte) { throw .invalidNumber(place(start)) }
        } else {
            try digits(start)
        }
        if peek() == UInt8(ascii: ".") {
            isInteger = false
            cursor &+= 1
            try digits(start)
        }
        if peek() == UInt8(ascii: "e") || peek() == UInt8(ascii: "E") {
            isInteger = false
            cursor &+= 1
            if peek() == UInt8(ascii: "+") || peek() == UInt8(ascii: "-") { cursor &+= 1 }
            try digits(start)
        }
        guard cursor &- start <= Self.numberLimit else { throw .numberTooLong(place(start)) }
        let slice = Slice(offset: start, count: cursor &- start, hasEscapes: false)
        return isInteger ? .integer(slice) : .decimal(slice)
    }

    private mutating func digits(_ numberStart: Int) throws(JSONError) {
        let start = cursor
        while cursor < bytes.count, Self.isDigit(bytes[cursor]) { cursor &+= 1 }
        guard cursor > start else {
            throw cursor == bytes.count ? .unexpectedEnd(place(cursor)) : .invalidNumber(place(numberStart))
        }
    }

    /// Consumes a string from its opening to its closing quote, checking every byte.
    private mutating func string() throws(JSONError) -> Slice {
        cursor &+= 1
        let start = cursor
        var hasEscapes = false
        guard let base = bytes.baseAddress else { throw .unexpectedEnd(place(cursor)) }
        while true {
            while cursor &+ 8 <= bytes.count,
                Self.isPlain(base.loadUnaligned(fromByteOffset: cursor, as: UInt64.self))
            {
                cursor &+= 8
            }
            guard cursor < bytes.count else { throw .unexpectedEnd(place(cursor)) }
            let byte = bytes[cursor]
            if byte == UInt8(ascii: "\"") {
                let slice = Slice(offset: start, count: cursor &- start, hasEscapes: hasEscapes)
                cursor &+= 1
                return slice
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                try escape()
            } else if byte < 0x20 {
                throw .controlCharacter(place(cursor))
            } else if byte < 0x80 {
                cursor &+= 1
            } else {
                let length = UTF8Check.sequenceLength(base + cursor, available: bytes.count &- cursor)
                guard length > 0 else { throw .invalidUTF8(place(cursor)) }
                cursor &+= length
            }
        }
    }

    private mutating func escape() throws(JSONError) {
        let start = cursor
        guard cursor &+ 1 < bytes.count else { throw .unexpectedEnd(place(bytes.count)) }
        let kind = bytes[cursor &+ 1]
        cursor &+= 2
        guard kind == UInt8(ascii: "u") else {
            guard Self.simpleEscape(kind) != nil else { throw .invalidEscape(place(start)) }
            return
        }
        guard let unit = Self.fourHex(bytes, at: cursor) else { throw .invalidEscape(place(start)) }
        cursor &+= 4
        switch unit & 0xFC00 {
        case 0xDC00:
            throw .loneSurrogate(place(start))
        case 0xD800:
            guard cursor &+ 1 < bytes.count, bytes[cursor] == UInt8(ascii: "\\"),
                bytes[cursor &+ 1] == UInt8(ascii: "u"),
                let low = Self.fourHex(bytes, at: cursor &+ 2), low & 0xFC00 == 0xDC00
            else { throw .loneSurrogate(place(start)) }
            cursor &+= 6
        case _:
            break
        }
    }

    /// True if none of the eight bytes is a quote, a backslash, a control character or the start of a sequence.
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let control = (word &- ones &* 0x20) & ~word
        return ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | control | word) & tops == 0
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func simpleEscape(_ kind: UInt8) -> UInt8? {
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): kind
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case _: nil
        }
    }

    private static func fourHex(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt16? {
        guard offset &+ 4 <= bytes.count else { return nil }
        var value: UInt16 = 0
        for index in offset..<offset &+ 4 {
            let byte = bytes[index]
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte &- UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte &- UInt8(ascii: "a") &+ 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte &- UInt8(ascii: "A") &+ 10
            case _: return nil
            }
            value = value &<< 4 | UInt16(digit)
        }
        return value
    }

    private static func encode(_ scalar: UInt32, to target: UnsafeMutableRawPointer) -> Int {
        func store(_ value: UInt32, at offset: Int) {
            target.storeBytes(of: UInt8(truncatingIfNeeded: value), toByteOffset: offset, as: UInt8.self)
        }
        if scalar < 0x80 {
            store(scalar, at: 0)
            return 1
        }
        if scalar < 0x800 {
            store(0xC0 | scalar >> 6, at: 0)
            store(0x80 | scalar & 0x3F, at: 1)
            return 2
        }
        if scalar < 0x10000 {
            store(0xE0 | scalar >> 12, at: 0)
            store(0x80 | scalar >> 6 & 0x3F, at: 1)
            store(0x80 | scalar & 0x3F, at: 2)
            return 3
        }
        store(0xF0 | scalar >> 18, at: 0)
        store(0x80 | scalar >> 12 & 0x3F, at: 1)
        store(0x80 | scalar >> 6 & 0x3F, at: 2)
        store(0x80 | scalar & 0x3F, at: 3)
        return 4
    }
}
