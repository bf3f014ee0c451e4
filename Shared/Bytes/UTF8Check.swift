/// Strict UTF-8 checking over raw bytes (RFC 3629): no over-long forms, no surrogates, nothing above U+10FFFF.
///
/// A door for hostile bytes, so it never builds a `String`: it only says where the first fault is.
public enum UTF8Check {
    /// True if all of `bytes` is well-formed UTF-8. Empty input is.
    @inlinable public static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        return isASCII(base, count: bytes.count) || firstInvalid(base, count: bytes.count) == bytes.count
    }

    /// True if no byte has its top bit set. Short texts take a few overlapping loads instead of a loop over bytes.
    @inlinable public static func isASCII(_ base: UnsafeRawPointer, count: Int) -> Bool {
        if count >= 8 {
            var seen: UInt64 = 0
            var cursor = 0
            while cursor &+ 8 <= count {
                seen |= base.loadUnaligned(fromByteOffset: cursor, as: UInt64.self)
                cursor &+= 8
            }
            seen |= base.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            return seen & 0x8080_8080_8080_8080 == 0
        }
        if count >= 4 {
            let seen =
                base.loadUnaligned(as: UInt32.self)
                | base.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
            return seen & 0x8080_8080 == 0
        }
        var seen: UInt8 = 0
        var cursor = 0
        while cursor < count {
            seen |= base.load(fromByteOffset: cursor, as: UInt8.self)
            cursor &+= 1
        }
        return seen < 0x80
    }

    /// The offset of the first byte that does not belong to a well-formed sequence, or `count` if there is none.
    @inlinable public static func firstInvalid(_ base: UnsafeRawPointer, count: Int) -> Int {
        var cursor = 0
        while cursor < count {
            // Eight ASCII bytes at a time: the common case in event data.
            while cursor &+ 8 <= count,
                base.loadUnaligned(fromByteOffset: cursor, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
            {
                cursor &+= 8
            }
            guard cursor < count else { break }
            if base.load(fromByteOffset: cursor, as: UInt8.self) < 0x80 {
                cursor &+= 1
                continue
            }
            let length = sequenceLength(base + cursor, available: count &- cursor)
            guard length > 0 else { return cursor }
            cursor &+= length
        }
        return count
    }

    /// The length (2 to 4) of the well-formed multi-byte sequence at `start`, or 0 if there is none.
    ///
    /// The byte at `start` must be 0x80 or above. The ranges are Table 3-7 of the Unicode standard.
    @inlinable public static func sequenceLength(_ start: UnsafeRawPointer, available: Int) -> Int {
        let first = start.load(as: UInt8.self)
        var low: UInt8 = 0x80
        var high: UInt8 = 0xBF
        let length: Int
        switch first {
        case 0xC2...0xDF:
            length = 2
        case 0xE0...0xEF:
            length = 3
            if first == 0xE0 { low = 0xA0 }
            if first == 0xED { high = 0x9F }
        case 0xF0...0xF4:
            length = 4
            if first == 0xF0 { low = 0x90 }
            if first == 0xF4 { high = 0x8F }
        default:
            return 0
        }
        guard available >= length else { return 0 }
        let second = start.load(fromByteOffset: 1, as: UInt8.self)
        guard second >= low, second <= high else { return 0 }
        var index = 2
        while index < length {
            guard start.load(fromByteOffset: index, as: UInt8.self) & 0xC0 == 0x80 else { return 0 }
            index &+= 1
        }
        return length
    }
}
