/// A number of a JSON text, exactly: ±digits × 10^exponent. No digit is lost, whatever its length.
///
/// `1.50` is 15 × 10⁻¹, `1200` is 12 × 10², `-0.0` is zero: digits neither begin nor end with a zero, so equal numbers have equal
/// parts. It looks into the text, which must stay.
struct ExactNumber {
    /// From the first to the last digit that is not zero; a point may stand among them.
    private let digits: UnsafeRawBufferPointer
    private let digitCount: Int
    let isNegative: Bool
    /// The power of ten of the last digit.
    let exponent: Int

    var isZero: Bool { digitCount == 0 }
    /// True for whole numbers, `1.0` and `1e3` among them.
    var isInteger: Bool { isZero || exponent >= 0 }

    /// - Parameter text: A number of the JSON grammar.
    init(_ text: UnsafeRawBufferPointer) {
        let isMinus = text.first == UInt8(ascii: "-")
        var first = -1
        var last = -1
        var afterPoint = 0  // digits behind the point
        var trailing = 0  // zeros behind the last digit that is not zero
        var significant = 0  // digits from the first that is not zero on
        var hasPoint = false
        var index = isMinus ? 1 : 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                hasPoint = true
            } else if byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") {
                if hasPoint { afterPoint &+= 1 }
                if byte != UInt8(ascii: "0") {
                    if first < 0 { first = index }
                    last = index
                    trailing = 0
                } else {
                    trailing &+= 1
                }
                if first >= 0 { significant &+= 1 }
            } else {
                break
            }
            index &+= 1
        }
        guard first >= 0 else {
            digits = UnsafeRawBufferPointer(start: nil, count: 0)
            digitCount = 0
            isNegative = false
            exponent = 0
            return
        }
        digits = UnsafeRawBufferPointer(rebasing: text[first...last])
        digitCount = significant &- trailing
        isNegative = isMinus
        exponent = Self.power(text, from: index &+ 1) &- afterPoint &+ trailing
    }

    /// The number behind `e`, 0 if there is none. Beyond what any text can make up for it stays at ±10¹⁵.
    private static func power(_ text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var value = 0
        var isMinus = false
        var index = start
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "-"): isMinus = true
            case UInt8(ascii: "+"): break
            case let digit: value = min(1_000_000_000_000_000, value &* 10 &+ Int(digit &- UInt8(ascii: "0")))
            }
            index &+= 1
        }
        return isMinus ? -value : value
    }

    /// Calls `body` with each digit, 0 to 9, most significant first.
    private func forEachDigit(_ body: (UInt8) -> Void) {
        for byte in digits where byte != UInt8(ascii: ".") { body(byte &- UInt8(ascii: "0")) }
    }

    static func == (one: ExactNumber, other: ExactNumber) -> Bool { one.compared(to: other) == 0 }

    /// Below, at or above zero: less, equal, greater.
    func compared(to other: ExactNumber) -> Int {
        if isZero || other.isZero || isNegative != other.isNegative { return sign - other.sign }
        return isNegative ? -comparedMagnitude(to: other) : comparedMagnitude(to: other)
    }

    private var sign: Int { isZero ? 0 : isNegative ? -1 : 1 }

    private func comparedMagnitude(to other: ExactNumber) -> Int {
        let (top, otherTop) = (digitCount &+ exponent, other.digitCount &+ other.exponent)
        if top != otherTop { return top < otherTop ? -1 : 1 }
        var (index, otherIndex) = (0, 0)
        for _ in 0..<min(digitCount, other.digitCount) {
            if digits[index] == UInt8(ascii: ".") { index &+= 1 }
            if other.digits[otherIndex] == UInt8(ascii: ".") { otherIndex &+= 1 }
            let (digit, otherDigit) = (digits[index], other.digits[otherIndex])
            if digit != otherDigit { return digit < otherDigit ? -1 : 1 }
            index &+= 1
            otherIndex &+= 1
        }
        // Neither ends with a zero, so the longer one is greater.
        return digitCount == other.digitCount ? 0 : digitCount < other.digitCount ? -1 : 1
    }

    /// Equal numbers feed equal bytes.
    func hash(into hasher: inout Hasher) {
        hasher.combine(isNegative)
        hasher.combine(exponent)
        forEachDigit { hasher.combine($0) }
    }

    /// The number as a divisor; nil for zero, below zero, or more than 18 digits.
    var divisor: Divisor? {
        guard !isZero, !isNegative, digitCount <= 18 else { return nil }
        var value: UInt64 = 0
        forEachDigit { value = value &* 10 &+ UInt64($0) }
        return Divisor(digits: value, exponent: exponent)
    }

    /// The number, if it is whole and fits.
    var int32: Int32? {
        guard isInteger, digitCount &+ exponent <= 10 else { return nil }
        var value: Int64 = 0
        forEachDigit { value = value &* 10 &+ Int64($0) }
        for _ in 0..<(isZero ? 0 : exponent) { value &*= 10 }
        return Int32(exactly: isNegative ? -value : value)
    }

    /// What a number may be a multiple of.
    struct Divisor: Sendable {
        /// Below 10^18, not a multiple of ten.
        let digits: UInt64
        let exponent: Int
    }

    /// True if the number is a whole number of times the divisor. Exact.
    func isMultiple(of divisor: Divisor) -> Bool {
        if isZero { return true }
        // digits × 10^e must be a multiple of divisor digits × 10^f. Below the divisor's power our digits would have to end with
        // a zero, which they do not.
        guard exponent >= divisor.exponent else { return false }
        var rest: UInt64 = 0
        forEachDigit { rest = (rest &* 10 &+ UInt64($0)) % divisor.digits }
        return Self.product(rest, Self.powerOfTen(exponent &- divisor.exponent, divisor.digits), divisor.digits) == 0
    }

    private static func product(_ one: UInt64, _ other: UInt64, _ modulus: UInt64) -> UInt64 {
        modulus.dividingFullWidth(one.multipliedFullWidth(by: other)).remainder
    }

    private static func powerOfTen(_ power: Int, _ modulus: UInt64) -> UInt64 {
        var (result, base, rest) = (1 % modulus, 10 % modulus, power)
        while rest > 0 {
            if rest & 1 == 1 { result = product(result, base, modulus) }
            base = product(base, base, modulus)
            rest >>= 1
        }
        return result
    }
}
