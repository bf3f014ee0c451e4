/// Decimal integers as ASCII text, without `String` and without allocation.
public enum Decimal {
    /// Most bytes that ``write(_:into:)`` can need: `-9223372036854775808`.
    public static let maxCount = 20

    /// The number that the bytes spell, all of them: an optional `-`, then digits. Nil when empty, when another byte
    /// is met, or when the value does not fit. Leading zeros are allowed.
    @inlinable public static func parse(_ text: UnsafeRawBufferPointer) -> Int? {
        guard let first = text.first, first == 0x2D else { return parseUnsigned(text) }
        guard text.count > 1 else { return nil }
        var value = 0
        for byte in text.dropFirst() {
            guard ASCII.isDigit(byte) else { return nil }
            let (product, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, tooSmall) = product.subtractingReportingOverflow(Int(byte &- 0x30))
            if tooBig || tooSmall { return nil }
            value = sum
        }
        return value
    }

    /// As ``parse(_:)``, but digits only: no sign.
    @inlinable public static func parseUnsigned(_ text: UnsafeRawBufferPointer) -> Int? {
        guard !text.isEmpty else { return nil }
        var value = 0
        for byte in text {
            guard ASCII.isDigit(byte) else { return nil }
            let (product, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(Int(byte &- 0x30))
            if tooBig || overflow { return nil }
            value = sum
        }
        return value
    }

    /// Writes the number's shortest text; returns how many bytes that took.
    /// - Precondition: `out` has room for it; ``maxCount`` bytes always suffice.
    @inlinable @discardableResult
    public static func write(_ value: Int, into out: UnsafeMutableRawBufferPointer) -> Int {
        let magnitude = value.magnitude
        var digits = 1
        var rest = magnitude / 10
        while rest != 0 {
            digits &+= 1
            rest /= 10
        }
        let count = value < 0 ? digits &+ 1 : digits
        precondition(out.count >= count, "room for the decimal text is the caller's promise")
        if value < 0 { out[0] = 0x2D }
        var index = count
        rest = magnitude
        repeat {
            index &-= 1
            out[index] = UInt8(truncatingIfNeeded: rest % 10) &+ 0x30
            rest /= 10
        } while rest != 0
        return count
    }
}
