internal import Bytes

/// `grpc-timeout`: at most eight digits and a unit, `H M S m u n` for hours to nanoseconds.
package enum TimeoutText {
    private static let units: [(letter: UInt8, duration: Duration)] = [
        (UInt8(ascii: "n"), .nanoseconds(1)), (UInt8(ascii: "u"), .microseconds(1)),
        (UInt8(ascii: "m"), .milliseconds(1)), (UInt8(ascii: "S"), .seconds(1)), (UInt8(ascii: "M"), .seconds(60)),
        (UInt8(ascii: "H"), .seconds(3600)),
    ]

    /// The duration of a header's value; nil when it is none.
    package static func decode(_ text: String) -> Duration? {
        var digits = Array(text.utf8)
        guard let letter = digits.popLast(), let unit = units.first(where: { $0.letter == letter }),
            (1...8).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let count = Int(String(decoding: digits, as: UTF8.self))
        else { return nil }
        return unit.duration * count
    }

    /// The value of a duration in the finest unit that has room for it, rounded up; a time that is over is `0n`.
    package static func encode(_ duration: Duration) -> String {
        guard duration > .zero else { return "0n" }
        for (letter, unit) in units {
            let limit = 99_999_999
            guard duration <= unit * limit else { continue }
            // Halving finds the number without leaving whole arithmetic: a Duration has no remainder.
            var (low, high) = (1, limit)
            while low < high {
                let middle = (low + high) / 2
                if unit * middle < duration { low = middle + 1 } else { high = middle }
            }
            return "\(low)\(Unicode.Scalar(letter))"
        }
        return "99999999H"
    }
}

/// Metadata whose name ends in `-bin`: bytes, as Base64 in the header.
package enum BinaryMetadata {
    /// The header's value: no padding, as senders should.
    package static func encode(_ bytes: [UInt8]) -> String {
        var text = Base64.encodeBytes(bytes)
        while text.last == UInt8(ascii: "=") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes, padded or not; nil when it is not Base64.
    package static func decode(_ value: String) -> [UInt8]? {
        var text = Array(value.utf8)
        if text.last != UInt8(ascii: "=") {
            while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        }
        return text.withUnsafeBytes { Base64.decode($0) }
    }
}
