/// A random UUID (RFC 9562 §5.4). Randomness is handed in: values draw none themselves.
public struct UUIDv4: Sendable, Hashable, CustomStringConvertible {
    /// Length of the text form.
    public static let textCount = 36

    private let high: UInt64
    private let low: UInt64

    /// From 16 random bytes (as two integers); version and variant bits are set here.
    public init(random high: UInt64, _ low: UInt64) {
        self.high = high & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        self.low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    /// Drawn from a generator.
    public init(using generator: inout some RandomNumberGenerator) {
        self.init(random: generator.next(), generator.next())
    }

    /// From the text form: 8-4-4-4-12 hexadecimal digits in either case. Nil for another form, version or variant.
    public init?(_ text: some StringProtocol) {
        let text = Array(text.utf8)
        guard text.count == Self.textCount else { return nil }
        var digits = [UInt64]()
        for (index, byte) in text.enumerated() {
            if Self.isDash(index) {
                guard byte == 0x2D else { return nil }
            } else {
                guard let value = ASCII.hexValue(byte) else { return nil }
                digits.append(UInt64(value))
            }
        }
        high = digits[..<16].reduce(0) { $0 << 4 | $1 }
        low = digits[16...].reduce(0) { $0 << 4 | $1 }
        guard high & 0xF000 == 0x4000, low >> 62 == 0b10 else { return nil }
    }

    /// Writes the 36 lower-case bytes of the text form.
    public func write(into out: UnsafeMutableRawBufferPointer) {
        precondition(out.count >= Self.textCount, "room for the 36 bytes is the caller's promise")
        var shift: UInt64 = 64
        var word = high
        for index in 0..<Self.textCount {
            if Self.isDash(index) {
                out[index] = 0x2D
                continue
            }
            if shift == 0 {
                shift = 64
                word = low
            }
            shift &-= 4
            out[index] = Hex.digit(UInt8(truncatingIfNeeded: word &>> shift) & 15)
        }
    }

    /// The text form, lower-case.
    public var description: String {
        String(unsafeUninitializedCapacity: Self.textCount) { out in
            write(into: UnsafeMutableRawBufferPointer(out))
            return Self.textCount
        }
    }

    /// The sixteen bytes, most significant first.
    public var bytes: [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: high >> (56 - 8 * $0)) }
            + (0..<8).map { UInt8(truncatingIfNeeded: low >> (56 - 8 * $0)) }
    }

    private static func isDash(_ index: Int) -> Bool { index == 8 || index == 13 || index == 18 || index == 23 }
}
