/// Questions about single ASCII bytes and about text that is still bytes. Nothing here allocates.
public enum ASCII {
    /// Line feed, 0x0A.
    @inlinable public static var lf: UInt8 { 0x0A }
    /// Carriage return, 0x0D.
    @inlinable public static var cr: UInt8 { 0x0D }
    /// Space, 0x20.
    @inlinable public static var space: UInt8 { 0x20 }
    /// Horizontal tab, 0x09.
    @inlinable public static var tab: UInt8 { 0x09 }

    /// True for `0`…`9`.
    @inlinable public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// True for `a`…`z` and `A`…`Z`.
    @inlinable public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    /// True for the bytes of an HTTP token (RFC 9110 §5.6.2).
    @inlinable public static func isToken(_ byte: UInt8) -> Bool {
        // A bit for each byte below 0x80: digits and ! # $ % & ' * + - . in the first word, letters and ^ _ ` | ~ in the second.
        let bits: UInt64 = byte < 0x40 ? 0x03FF_6CFA_0000_0000 : byte < 0x80 ? 0x57FF_FFFF_C7FF_FFFE : 0
        return bits &>> UInt64(byte & 0x3F) & 1 == 1
    }

    /// True for the bytes of a host and its port (RFC 3986 §3.2.2, §3.2.3): what ends an authority or names a user is not among them.
    @inlinable public static func isHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3B, 0x41...0x5B, 0x61...0x7A: true  // digits : ; A-Z [ a-z
        case 0x21, 0x24...0x2E, 0x3D, 0x5D, 0x5F, 0x7E: true  // ! $ % & ' ( ) * + , - . = ] _ ~
        default: false
        }
    }

    /// True when no byte is a control character other than a tab: what the value of a field may be made of (RFC 9110 §5.5).
    @inlinable public static func isFieldText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return true }
        let ones: UInt64 = 0x0101_0101_0101_0101
        var index = 0
        while index &+ 8 <= bytes.count {  // eight at a time, one by one where something looks like a control character
            let word = start.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let delete = word ^ (ones &* 0x7F)
            let hits = ((word &- ones &* 0x20) & ~word | (delete &- ones) & ~delete) & (ones &* 0x80)
            if hits != 0 {
                for place in index..<(index &+ 8) where !isFieldText(bytes[place]) { return false }
            }
            index &+= 8
        }
        while index < bytes.count {
            if !isFieldText(bytes[index]) { return false }
            index &+= 1
        }
        return true
    }

    @inlinable static func isFieldText(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x7F || byte == tab }

    /// `A`…`Z` becomes `a`…`z`; every other byte stays.
    @inlinable public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// The same for eight bytes at once.
    @inlinable static func lowercased(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let low = word & (ones &* 0x7F)
        // The high bit of each byte: it is at least `A`, it is beyond `Z`, it is no ASCII.
        let letters = (low &+ ones &* (0x80 - 0x41)) & ~(low &+ ones &* (0x80 - 0x5B)) & ~word & (ones &* 0x80)
        return word | letters &>> 2
    }

    /// The value 0…15 of a hexadecimal digit in either case; nil for any other byte.
    @inlinable public static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// True when both have the same bytes. Not for secrets: see ``constantTimeEqual(_:_:)-(UnsafeRawBufferPointer,_)``.
    @inlinable public static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count, let one = left.baseAddress, let other = right.baseAddress else {
            return left.count == right.count
        }
        // In large steps: the ingest door compares a bearer token of 900 bytes for every request.
        var index = 0
        while index &+ 32 <= left.count {
            var difference: UInt64 = 0
            for step in 0..<4 {
                difference |=
                    one.loadUnaligned(fromByteOffset: index &+ step &* 8, as: UInt64.self)
                    ^ other.loadUnaligned(fromByteOffset: index &+ step &* 8, as: UInt64.self)
            }
            if difference != 0 { return false }
            index &+= 32
        }
        while index &+ 8 <= left.count {
            let difference =
                one.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                ^ other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if difference != 0 { return false }
            index &+= 8
        }
        while index < left.count {
            if one.load(fromByteOffset: index, as: UInt8.self) != other.load(fromByteOffset: index, as: UInt8.self) {
                return false
            }
            index &+= 1
        }
        return true
    }

    /// True when the bytes are exactly those of the literal.
    @inlinable public static func equal(_ bytes: UnsafeRawBufferPointer, _ literal: StaticString) -> Bool {
        guard bytes.count == literal.utf8CodeUnitCount else { return false }
        let start = literal.utf8Start
        for index in 0..<bytes.count where bytes[index] != start[index] { return false }
        return true
    }

    /// True when both are the same text, letters `A`…`Z` taken as `a`…`z`.
    @inlinable public static func equalIgnoringCase(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer
    ) -> Bool {
        guard left.count == right.count, let one = left.baseAddress, let other = right.baseAddress else {
            return left.count == right.count
        }
        guard left.count >= 8 else {
            for index in 0..<left.count where lowercased(left[index]) != lowercased(right[index]) { return false }
            return true
        }
        var index = 0
        while true {
            let first = one.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            let second = other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            if first != second, lowercased(first) != lowercased(second) { return false }
            if index == left.count &- 8 { return true }
            index = min(index &+ 8, left.count &- 8)  // the last eight may have been seen in part
        }
    }

    /// True when the bytes are the literal, letters taken without case.
    @inlinable public static func equalIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ literal: StaticString) -> Bool {
        equalIgnoringCase(
            bytes, UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// True when the bytes begin with the literal, letters taken without case.
    @inlinable public static func hasPrefixIgnoringCase(
        _ bytes: UnsafeRawBufferPointer, _ literal: StaticString
    ) -> Bool {
        let count = literal.utf8CodeUnitCount
        guard bytes.count >= count else { return false }
        return equalIgnoringCase(UnsafeRawBufferPointer(rebasing: bytes[..<count]), literal)
    }

    /// The same bytes without spaces and tabs at both ends.
    @inlinable public static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var start = 0
        var end = bytes.count
        while start < end, bytes[start] == space || bytes[start] == tab { start &+= 1 }
        while end > start, bytes[end &- 1] == space || bytes[end &- 1] == tab { end &-= 1 }
        return UnsafeRawBufferPointer(rebasing: bytes[start..<end])
    }

    /// The place of the first such byte at or after `from`, nil when there is none.
    @inlinable public static func firstIndex(
        of byte: UInt8, in bytes: UnsafeRawBufferPointer, from: Int = 0
    ) -> Int? {
        var index = from
        let pattern = 0x0101_0101_0101_0101 &* UInt64(byte)
        while index &+ 8 <= bytes.count {  // eight at a time: a zero byte in the difference is a hit
            let difference = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ pattern
            let hit = (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
            if hit != 0 { return index &+ hit.littleEndian.trailingZeroBitCount / 8 }
            index &+= 8
        }
        while index < bytes.count {
            if bytes[index] == byte { return index }
            index &+= 1
        }
        return nil
    }
}
