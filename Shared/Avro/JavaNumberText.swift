/// Floating-point numbers as Java prints them (`Double.toString`, `Float.toString`): the shortest digits that read back to
/// the same number, at least one digit behind the point, scientific form below 10^-3 and from 10^7 on.
///
/// Java before 19 sometimes prints one digit more than the shortest form; this prints the shortest, as 19 and later do.
package enum JavaNumberText {
    /// `191.0`, `1.0E-4`, `NaN`, `-Infinity`.
    package static func text(_ value: Double) -> String {
        value.isFinite ? rewrite(value.description) : special(value)
    }

    /// `3.3405764`, `1.0E10`, `NaN`, `-Infinity`.
    package static func text(_ value: Float) -> String {
        value.isFinite ? rewrite(value.description) : special(Double(value))
    }

    private static func special(_ value: Double) -> String {
        value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity"
    }

    /// Takes Swift's text apart, which has the same digits: `-1.25e-05` is sign, digits 125 and exponent -5.
    private static func rewrite(_ swift: String) -> String {
        var digits: [UInt8] = []
        var pointAt = 0  // digits before the point
        var sawPoint = false
        var exponent = 0
        var text = swift.utf8[...]
        let isNegative = text.first == UInt8(ascii: "-")
        if isNegative { text = text.dropFirst() }
        while let byte = text.first {
            text = text.dropFirst()
            if byte == UInt8(ascii: "e") {
                exponent = Int(Substring(text)) ?? 0
                break
            }
            if byte == UInt8(ascii: ".") {
                sawPoint = true
            } else {
                digits.append(byte)
                if !sawPoint { pointAt += 1 }
            }
        }
        pointAt += exponent
        let leadingZeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(leadingZeros)
        pointAt -= leadingZeros
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        let sign = isNegative ? "-" : ""
        guard !digits.isEmpty else { return sign + "0.0" }
        // The value is 0.DIGITS × 10^pointAt; plain form for 10^-3 ≤ value < 10^7.
        if pointAt > 7 || pointAt < -2 {
            let tail = digits.count == 1 ? "0" : string(digits.dropFirst())
            return "\(sign)\(string(digits.prefix(1))).\(tail)E\(pointAt - 1)"
        }
        if pointAt <= 0 {
            return "\(sign)0.\(String(repeating: "0", count: -pointAt))\(string(digits[...]))"
        }
        if digits.count <= pointAt {
            return "\(sign)\(string(digits[...]))\(String(repeating: "0", count: pointAt - digits.count)).0"
        }
        return "\(sign)\(string(digits.prefix(pointAt))).\(string(digits.dropFirst(pointAt)))"
    }

    private static func string(_ digits: ArraySlice<UInt8>) -> String { String(decoding: digits, as: UTF8.self) }
}
