package import Bytes

extension OutputBuffer {
    /// Appends a JSON string: quotes around the characters, with the escapes that RFC 8259 §7 demands and no others.
    ///
    /// - Parameter characters: Valid UTF-8.
    package mutating func append(jsonString characters: UnsafeRawBufferPointer) {
        reserve(characters.count &+ 2)
        append(UInt8(ascii: "\""))
        var plain = 0  // start of the bytes that need no escape
        var index = 0
        while index < characters.count {
            let byte = characters[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                index &+= 1
                continue
            }
            append(UnsafeRawBufferPointer(rebasing: characters[plain..<index]))
            switch byte {
            case UInt8(ascii: "\""): append("\\\"")
            case UInt8(ascii: "\\"): append("\\\\")
            case 0x08: append("\\b")
            case 0x09: append("\\t")
            case 0x0A: append("\\n")
            case 0x0C: append("\\f")
            case 0x0D: append("\\r")
            case _:
                append("\\u00")
                append(byte >> 4 &+ UInt8(ascii: "0"))
                append(byte & 15 < 10 ? byte & 15 &+ UInt8(ascii: "0") : byte & 15 &- 10 &+ UInt8(ascii: "a"))
            }
            index &+= 1
            plain = index
        }
        append(UnsafeRawBufferPointer(rebasing: characters[plain...]))
        append(UInt8(ascii: "\""))
    }
}
