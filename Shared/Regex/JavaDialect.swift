/// Rewrites a pattern of Java's dialect for PCRE2, which reads nearly all of it the same way.
///
/// Rewritten: `\uXXXX` (also surrogate pairs), which PCRE2 spells `\x{…}`. Refused, because PCRE2 would silently read
/// something else: `&&` in a class (Java's intersection), `[` inside a class that Java takes as a union, and `(*` (PCRE2's
/// verbs). What only Java knows otherwise, such as `\p{javaLowerCase}`, PCRE2 refuses itself.
struct JavaDialect {
    private let source: [UInt8]
    private var cursor = 0
    private(set) var pattern: [UInt8] = []
    /// For each byte of the new pattern, the offset in the old one.
    private var origins: [Int] = []

    init(_ text: String) throws(RegexError) {
        source = Array(text.utf8)
        try rewrite()
    }

    /// The offset in the author's pattern of an offset in ours.
    func origin(_ offset: Int) -> Int { offset < origins.count ? origins[offset] : source.count }

    private mutating func rewrite() throws(RegexError) {
        var inClass = false
        var atClassStart = false  // behind `[` or `[^`, where `]` is an ordinary character in PCRE2
        while cursor < source.count {
            let byte = source[cursor]
            switch byte {
            case UInt8(ascii: "\\"):
                try escape()
                atClassStart = false
                continue
            case UInt8(ascii: "[") where !inClass:
                inClass = true
                atClassStart = true
                copy()
                if cursor < source.count, source[cursor] == UInt8(ascii: "^") { copy() }
                continue
            case UInt8(ascii: "[") where inClass:
                throw .unsupported(offset: cursor, construct: "[ inside a character class")
            case UInt8(ascii: "]") where inClass && atClassStart:
                // Java reads an empty class or an error here, PCRE2 a literal bracket.
                throw .unsupported(offset: cursor, construct: "] at the start of a character class")
            case UInt8(ascii: "]") where inClass:
                inClass = false
            case UInt8(ascii: "&") where inClass && next(is: "&"):
                throw .unsupported(offset: cursor, construct: "&& in a character class")
            case UInt8(ascii: "(") where !inClass && next(is: "*"):
                throw .unsupported(offset: cursor, construct: "(*")
            case _:
                break
            }
            copy()
            atClassStart = false
        }
    }

    /// Copies `\x`, `\Q…\E`, or rewrites `\uXXXX`.
    private mutating func escape() throws(RegexError) {
        let start = cursor
        copy()
        guard cursor < source.count else { return }
        if source[cursor] == UInt8(ascii: "Q") {
            copy()
            while cursor < source.count {
                if source[cursor] == UInt8(ascii: "\\"), next(is: "E") {
                    copy()
                    copy()
                    return
                }
                copy()
            }
            return
        }
        guard source[cursor] == UInt8(ascii: "u") else {
            copy()
            return
        }
        guard var scalar = hex(at: cursor + 1) else {
            throw .invalidPattern(offset: start, reason: "\\u needs four hexadecimal digits")
        }
        cursor += 5
        if scalar & 0xFC00 == 0xD800, cursor + 1 < source.count, source[cursor] == UInt8(ascii: "\\"), next(is: "u"),
            let low = hex(at: cursor + 2), low & 0xFC00 == 0xDC00
        {
            scalar = 0x10000 + (scalar & 0x3FF) << 10 + low & 0x3FF
            cursor += 6
        }
        guard scalar & 0xFFFF_F800 != 0xD800 else {
            throw .invalidPattern(offset: start, reason: "a lone surrogate matches nothing")
        }
        for byte in "x{\(String(scalar, radix: 16))}".utf8 {
            pattern.append(byte)
            origins.append(start)
        }
    }

    private mutating func copy() {
        pattern.append(source[cursor])
        origins.append(cursor)
        cursor += 1
    }

    private func next(is character: Unicode.Scalar) -> Bool {
        cursor + 1 < source.count && source[cursor + 1] == UInt8(ascii: character)
    }

    private func hex(at offset: Int) -> UInt32? {
        guard offset + 4 <= source.count else { return nil }
        let digits = source[offset..<offset + 4]
        guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }
}
