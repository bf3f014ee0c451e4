// Durations are the standard library's `Duration`. Their text form is a number with a unit, or several of them from the
// largest unit to the smallest: `250ms`, `15m`, `1h30m`, `7d`. A bare number is refused: a reader could not tell its unit.

extension Duration {
    /// Whole milliseconds, rounded towards zero; saturates.
    @inlinable package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return sumOverflow ? (seconds < 0 ? .min : .max) : sum
    }

    /// Whole nanoseconds, rounded towards zero; saturates at about 292 years.
    @inlinable package var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, sumOverflow) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return sumOverflow ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds as a floating-point number, for metrics.
    @inlinable package var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }

    /// `count` minutes.
    package static func minutes(_ count: Int) -> Duration { .seconds(count * 60) }
    /// `count` hours.
    package static func hours(_ count: Int) -> Duration { .seconds(count * 3600) }
    /// `count` times 24 hours.
    package static func days(_ count: Int) -> Duration { .seconds(count * 86_400) }

    /// Reads a duration such as `250ms`, `15m`, `1h30m` or `7d`.
    ///
    /// Units are `d`, `h`, `m`, `s`, `ms`, `us`, `ns`, each at most once and from large to small. `0` alone needs no unit.
    ///
    /// - Throws: `.notADuration`, also when it is longer than about 292 years.
    package init(text: String) throws(TimeError) {
        if text == "0" {
            self = .zero
            return
        }
        var total: Int64 = 0  // nanoseconds
        var lastUnit = Int64.max
        var rest = Substring(text)
        guard !rest.isEmpty else { throw .notADuration }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            let letters = rest.dropFirst(digits.count).prefix { $0.isASCII && $0.isLetter }
            rest = rest.dropFirst(digits.count + letters.count)
            guard let count = Int64(digits), let unit = Self.unit(String(letters)), unit < lastUnit else {
                throw .notADuration
            }
            lastUnit = unit
            let (product, tooLarge) = count.multipliedReportingOverflow(by: unit)
            let (sum, tooLong) = total.addingReportingOverflow(product)
            guard !tooLarge, !tooLong else { throw .notADuration }
            total = sum
        }
        self = .nanoseconds(total)
    }

    /// The shortest text that `init(text:)` reads back: `15m`, `1h30m`, `250ms`; `-` in front when negative.
    package var text: String {
        guard self != .zero else { return "0s" }
        var rest = nanoseconds.magnitude
        var text = self < .zero ? "-" : ""
        for (name, unit) in Self.units {
            let count = rest / unit.magnitude
            guard count > 0 else { continue }
            text += "\(count)\(name)"
            rest -= count * unit.magnitude
        }
        return text
    }

    private static let units: [(String, Int64)] = [
        ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ("ms", 1_000_000), ("us", 1000), ("ns", 1),
    ]

    private static func unit(_ name: String) -> Int64? { units.first { $0.0 == name }?.1 }
}
