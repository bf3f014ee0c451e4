/// Writes JSON text into a byte array that can be reused.
///
/// The caller says what comes; commas and colons follow by themselves:
/// ```swift
/// var writer = JSONWriter(.compact)
/// writer.beginObject()
/// writer.name("offset"); writer.integer(7)
/// writer.endObject()          // {"offset":7}
/// ```
/// - Invariant: the caller keeps begin and end paired and gives every name one value.
package struct JSONWriter {
    /// How the text looks.
    package enum Style: Sendable {
        /// No white space: `{"a":1,"b":[2,3]}`.
        case compact
        /// As a Java Avro record prints itself: `{"a": 1, "b": [2, 3]}`; the code points U+007F to U+009F and U+2000 to
        /// U+20FF are escaped, as Avro's `GenericData.toString` does.
        case javaRecord
    }

    /// The text so far.
    package private(set) var bytes: [UInt8] = []
    private let style: Style
    private var needsComma = false

    /// An empty text.
    package init(_ style: Style = .compact) {
        self.style = style
    }

    /// Forgets the text and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// `{`
    package mutating func beginObject() { open(UInt8(ascii: "{")) }
    /// `}`
    package mutating func endObject() { close(UInt8(ascii: "}")) }
    /// `[`
    package mutating func beginArray() { open(UInt8(ascii: "[")) }
    /// `]`
    package mutating func endArray() { close(UInt8(ascii: "]")) }

    /// A member's name; its value must follow.
    package mutating func name(_ name: String) {
        var name = name
        name.withUTF8 { self.name(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// A member's name from valid UTF-8; its value must follow.
    package mutating func name(utf8: UnsafeRawBufferPointer) {
        separate()
        quote(utf8)
        bytes.append(UInt8(ascii: ":"))
        if style == .javaRecord { bytes.append(UInt8(ascii: " ")) }
        needsComma = false
    }

    /// A string value.
    package mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { string(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// A string value from valid UTF-8.
    package mutating func string(utf8: UnsafeRawBufferPointer) {
        separate()
        quote(utf8)
    }

    /// An integer value.
    package mutating func integer(_ value: Int64) {
        separate()
        var digits: (UInt64, UInt64, UInt64) = (0, 0, 0)  // 24 bytes; 20 are needed
        withUnsafeMutableBytes(of: &digits) { digits in
            var rest = value.magnitude
            var start = digits.count
            repeat {
                start &-= 1
                digits[start] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
                rest /= 10
            } while rest > 0
            if value < 0 {
                start &-= 1
                digits[start] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: digits[start...])
        }
    }

    /// `true` or `false`.
    package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }
    /// `null`.
    package mutating func null() { raw("null") }

    /// A value whose JSON text the caller made, such as a number.
    package mutating func raw(_ text: String) {
        separate()
        bytes.append(contentsOf: text.utf8)
    }

    /// A whole value that stands in a JSON text: the same tokens in this writer's style, numbers as they are written.
    ///
    /// - Throws: where the text leaves the grammar; the writer then holds a part. Duplicate names are not looked for.
    package mutating func value(text: UnsafeRawBufferPointer) throws(JSONError) {
        var reader = JSONReader(text)
        while true {
            let token = try reader.next()
            switch token {
            case .end: return
            case .null: null()
            case .bool(let value): bool(value)
            case .integer(let slice), .decimal(let slice):
                separate()
                bytes.append(contentsOf: reader.raw(slice))
            case .string(let slice):
                if slice.hasEscapes { string(reader.text(slice)) } else { string(utf8: reader.raw(slice)) }
            case .name(let slice):
                if slice.hasEscapes { name(reader.text(slice)) } else { name(utf8: reader.raw(slice)) }
            case .beginArray: beginArray()
            case .endArray: endArray()
            case .beginObject: beginObject()
            case .endObject: endObject()
            }
        }
    }

    /// A whole value.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let number): raw(number.text)
        case .string(let text): string(text)
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                name(member.name)
                self.value(member.value)
            }
            endObject()
        }
    }
}

extension JSONWriter {
    private mutating func separate() {
        if needsComma {
            bytes.append(UInt8(ascii: ","))
            if style == .javaRecord { bytes.append(UInt8(ascii: " ")) }
        }
        needsComma = true
    }

    private mutating func open(_ byte: UInt8) {
        separate()
        bytes.append(byte)
        needsComma = false
    }

    private mutating func close(_ byte: UInt8) {
        bytes.append(byte)
        needsComma = true
    }

    private mutating func quote(_ utf8: UnsafeRawBufferPointer) {
        bytes.append(UInt8(ascii: "\""))
        var plain = 0  // start of the bytes that need no escape
        var index = 0
        while index < utf8.count {
            let byte = utf8[index]
            guard byte < 0x20 || byte == 0x22 || byte == 0x5C || byte >= 0x7F && style == .javaRecord else {
                index &+= 1
                continue
            }
            let (unit, length) = escapedUnit(utf8, at: index)
            guard let unit else {
                index &+= length
                continue
            }
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: utf8[plain..<index]))
            escape(unit)
            index &+= length
            plain = index
        }
        bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: utf8[plain...]))
        bytes.append(UInt8(ascii: "\""))
    }

    /// The code unit to escape at `index`, or nil, and the bytes that it takes in the source.
    private func escapedUnit(_ utf8: UnsafeRawBufferPointer, at index: Int) -> (UInt16?, Int) {
        let byte = utf8[index]
        switch byte {
        case 0..<0x7F:
            return (UInt16(byte), 1)
        case 0x7F:
            return (0x7F, 1)
        case 0xC2 where index &+ 1 < utf8.count && utf8[index &+ 1] <= 0x9F:
            return (UInt16(utf8[index &+ 1]), 2)
        case 0xE2 where index &+ 2 < utf8.count && utf8[index &+ 1] <= 0x83:
            return (0x2000 | UInt16(utf8[index &+ 1] & 0x3F) &<< 6 | UInt16(utf8[index &+ 2] & 0x3F), 3)
        case _:
            return (nil, 1)
        }
    }

    private mutating func escape(_ unit: UInt16) {
        bytes.append(UInt8(ascii: "\\"))
        switch unit {
        case 0x22, 0x5C: bytes.append(UInt8(unit))
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case _:
            bytes.append(UInt8(ascii: "u"))
            for shift in [12, 8, 4, 0] as [UInt16] {
                let digit = UInt8(unit &>> shift & 0xF)
                bytes.append(digit < 10 ? UInt8(ascii: "0") &+ digit : UInt8(ascii: "A") &- 10 &+ digit)
            }
        }
    }
}

extension JSONValue {
    /// The value as UTF-8 JSON text.
    package func bytes(_ style: JSONWriter.Style = .compact) -> [UInt8] {
        var writer = JSONWriter(style)
        writer.value(self)
        return writer.bytes
    }

    /// The value as JSON text.
    package func text(_ style: JSONWriter.Style = .compact) -> String {
        String(decoding: bytes(style), as: UTF8.self)
    }
}
