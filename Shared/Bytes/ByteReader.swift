/// A cursor over borrowed bytes. Every read checks the bounds and answers nil when the bytes do not suffice or are
/// malformed; the cursor then stays where it was.
///
/// It holds a pointer: use it inside the closure that lent the bytes.
public struct ByteReader {
    /// All bytes, also those that were read.
    public let bytes: UnsafeRawBufferPointer
    /// The place of the next byte to read.
    public var offset: Int

    /// A reader at the first byte, or at `offset`.
    @inlinable public init(_ bytes: UnsafeRawBufferPointer, at offset: Int = 0) {
        precondition(offset >= 0 && offset <= bytes.count, "a reader starts within its bytes")
        self.bytes = bytes
        self.offset = offset
    }

    /// How many bytes are left.
    @inlinable public var remaining: Int { bytes.count &- offset }

    /// True when every byte was read.
    @inlinable public var isAtEnd: Bool { offset == bytes.count }

    /// The next byte, left unread.
    @inlinable public var peek: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    /// The next byte.
    @inlinable public mutating func readByte() -> UInt8? {
        guard offset < bytes.count else { return nil }
        defer { offset &+= 1 }
        return bytes[offset]
    }

    /// A fixed-width integer, most significant byte first.
    @inlinable public mutating func readBigEndian<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) -> Value? {
        guard remaining >= MemoryLayout<Value>.size else { return nil }
        defer { offset &+= MemoryLayout<Value>.size }
        return Value(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// A fixed-width integer, least significant byte first.
    @inlinable public mutating func readLittleEndian<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) -> Value? {
        guard remaining >= MemoryLayout<Value>.size else { return nil }
        defer { offset &+= MemoryLayout<Value>.size }
        return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }

    /// The next `count` bytes as a view; nil when there are fewer, or when `count` is negative.
    @inlinable public mutating func readBytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, remaining >= count else { return nil }
        defer { offset &+= count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset &+ count])
    }

    /// Moves on without looking; false when there are fewer than `count` bytes, or when `count` is negative.
    @inlinable public mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, remaining >= count else { return false }
        offset &+= count
        return true
    }

    /// A base-128 varint, least significant group first, of at most 64 bits. Nil also when it is longer than ten bytes
    /// or holds more than 64 bits.
    @inlinable public mutating func readVarint() -> UInt64? {
        var index = offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while index < bytes.count {
            let byte = bytes[index]
            index &+= 1
            if shift == 63, byte > 1 { return nil }
            value |= UInt64(byte & 0x7F) &<< shift
            if byte < 0x80 {
                offset = index
                return value
            }
            shift &+= 7
            if shift > 63 { return nil }
        }
        return nil
    }

    /// A zigzag varint: 0, -1, 1, -2 … are written as 0, 1, 2, 3 …
    @inlinable public mutating func readZigzag() -> Int64? {
        guard let value = readVarint() else { return nil }
        return ZigZag.decode(value)
    }
}

/// The mapping that makes small negative numbers small varints.
public enum ZigZag {
    /// 0, -1, 1, -2 … become 0, 1, 2, 3 …
    @inlinable public static func encode(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value &<< 1) ^ (value &>> 63))
    }

    /// 0, 1, 2, 3 … become 0, -1, 1, -2 …
    @inlinable public static func decode(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value &>> 1) ^ -Int64(bitPattern: value & 1)
    }
}
