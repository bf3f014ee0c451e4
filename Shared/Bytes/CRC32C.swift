/// CRC-32C (Castagnoli; RFC 3720 §12.1 and appendix B.4), sixteen bytes a step.
public struct CRC32C: Sendable {
    private var state: UInt32 = ~0

    /// The checksum of nothing yet.
    public init() {}

    /// The checksum of what somebody else was fed, whose checksum is `value`.
    public init(continuing value: UInt32) { state = ~value }

    /// The checksum of everything fed so far.
    public var value: UInt32 { ~state }

    /// The checksum of the bytes.
    public static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        var crc = CRC32C()
        crc.update(bytes)
        return crc.value
    }

    /// The checksum of the bytes.
    public static func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { checksum($0) } }

    /// Feeds more bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let table = Self.table
        var crc = state
        var index = 0
        while index &+ 16 <= bytes.count {
            let low = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(crc)
            let high = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index &+ 8, as: UInt64.self))
            // Two halves that do not depend on each other: the processor looks them up side by side.
            let first = Self.fold(low, table + 8 * 256)
            let second = Self.fold(high, table)
            crc = first ^ second
            index &+= 16
        }
        while index < bytes.count {
            crc = table[Int((crc ^ UInt32(bytes[index])) & 0xFF)] ^ crc &>> 8
            index &+= 1
        }
        state = crc
    }

    /// Eight look-ups; `table` is the one of the word's last byte.
    @inline(__always)
    private static func fold(_ word: UInt64, _ table: UnsafePointer<UInt32>) -> UInt32 {
        table[7 * 256 &+ Int(truncatingIfNeeded: word & 0xFF)]
            ^ table[6 * 256 &+ Int(truncatingIfNeeded: word &>> 8 & 0xFF)]
            ^ table[5 * 256 &+ Int(truncatingIfNeeded: word &>> 16 & 0xFF)]
            ^ table[4 * 256 &+ Int(truncatingIfNeeded: word &>> 24 & 0xFF)]
            ^ table[3 * 256 &+ Int(truncatingIfNeeded: word &>> 32 & 0xFF)]
            ^ table[2 * 256 &+ Int(truncatingIfNeeded: word &>> 40 & 0xFF)]
            ^ table[1 * 256 &+ Int(truncatingIfNeeded: word &>> 48 & 0xFF)]
            ^ table[Int(truncatingIfNeeded: word &>> 56)]
    }

    /// Sixteen tables of 256: table n is the effect of a byte that n more bytes follow.
    // Unsafe pointer shared by all threads: written only while it is made, read-only ever after, never freed.
    private nonisolated(unsafe) static let table: UnsafePointer<UInt32> = {
        let table = UnsafeMutablePointer<UInt32>.allocate(capacity: 16 * 256)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
            table[byte] = crc
        }
        for index in 256..<16 * 256 {
            let previous = table[index - 256]
            table[index] = table[Int(previous & 0xFF)] ^ previous >> 8
        }
        return UnsafePointer(table)
    }()
}
