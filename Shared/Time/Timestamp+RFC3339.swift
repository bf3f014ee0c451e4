// RFC 3339 text of a moment, always in UTC: `2026-11-21T05:00:00.250Z`.
//
// Reading accepts what RFC 3339 §5.6 allows: `T` or `t` or a space between date and time, any number of fraction digits
// (more than three are cut off), `Z`, `z` or an offset `+02:00`, and a leap second `:60` (taken as the following second).

package import Faults

/// Text that is not a moment or a duration.
package enum TimeError: Fault, Equatable {
    /// The text is not RFC 3339, or names a day that does not exist.
    case notATimestamp
    /// The text is not a number with a unit, such as `15m`.
    case notADuration

    /// Always whoever wrote the text.
    package var blame: Blame { .caller }
    /// The text stays what it is.
    package var retry: Retry { .never }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with milliseconds, 24 characters for the years 0000 to 9999.
    package var text: String {
        let seconds = self.seconds
        let secondOfDay = Int(((seconds % 86_400) + 86_400) % 86_400)
        let date = Self.civil(days: Int((seconds - Int64(secondOfDay)) / 86_400))
        var text = ""
        text.reserveCapacity(24)
        text += Self.padded(date.year, to: 4) + "-" + Self.padded(date.month, to: 2) + "-"
        text += Self.padded(date.day, to: 2) + "T" + Self.padded(secondOfDay / 3600, to: 2) + ":"
        text += Self.padded(secondOfDay / 60 % 60, to: 2) + ":" + Self.padded(secondOfDay % 60, to: 2)
        return text + "." + Self.padded(Int((milliseconds % 1000 + 1000) % 1000), to: 3) + "Z"
    }

    /// The same as `text`.
    package var description: String { text }

    /// Reads RFC 3339.
    ///
    /// - Throws: `.notATimestamp`.
    package init(text: String) throws(TimeError) {
        var rest = Cursor(bytes: Array(text.utf8))
        let year = try rest.number(digits: 4)
        try rest.expect("-")
        let month = try rest.number(digits: 2)
        try rest.expect("-")
        let day = try rest.number(digits: 2)
        try rest.expect("T", "t", " ")
        let hour = try rest.number(digits: 2)
        try rest.expect(":")
        let minute = try rest.number(digits: 2)
        try rest.expect(":")
        let second = try rest.number(digits: 2)
        let fraction = try rest.fractionInMilliseconds()
        let offset = try rest.offsetInMinutes()
        guard rest.isAtEnd, (1...12).contains(month), day >= 1, day <= Self.daysInMonth(month, year), hour < 24,
            minute < 60, second <= 60
        else { throw .notATimestamp }
        let days = Self.daysSinceEpoch(year: year, month: month, day: day)
        let seconds = ((days * 24 + hour) * 60 + minute - offset) * 60 + second
        self.init(milliseconds: Int64(seconds) * 1000 + Int64(fraction))
    }

    private static func padded(_ number: Int, to width: Int) -> String {
        let digits = String(number.magnitude)
        return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Days from 1970-01-01 to a day of the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level date
    /// algorithms": years start in March, so that the leap day is the last day of a year).
    static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The inverse of `daysSinceEpoch`.
    static func civil(days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func daysInMonth(_ month: Int, _ year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }
}

/// Reads fixed-width fields from the left.
private struct Cursor {
    let bytes: [UInt8]
    var index = 0
    var isAtEnd: Bool { index == bytes.count }

    mutating func next() throws(TimeError) -> UInt8 {
        guard index < bytes.count else { throw .notATimestamp }
        defer { index += 1 }
        return bytes[index]
    }

    mutating func expect(_ allowed: Unicode.Scalar...) throws(TimeError) {
        let byte = try next()
        guard allowed.contains(Unicode.Scalar(byte)) else { throw .notATimestamp }
    }

    mutating func number(digits: Int) throws(TimeError) -> Int {
        var value = 0
        for _ in 0..<digits {
            let byte = try next()
            guard byte >= 0x30, byte <= 0x39 else { throw .notATimestamp }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    mutating func fractionInMilliseconds() throws(TimeError) -> Int {
        guard index < bytes.count, bytes[index] == UInt8(ascii: ".") else { return 0 }
        index += 1
        var value = 0
        var count = 0
        while index < bytes.count, bytes[index] >= 0x30, bytes[index] <= 0x39 {
            if count < 3 { value = value * 10 + Int(bytes[index] - 0x30) }
            count += 1
            index += 1
        }
        guard count > 0 else { throw .notATimestamp }
        for _ in min(count, 3)..<3 { value *= 10 }
        return value
    }

    mutating func offsetInMinutes() throws(TimeError) -> Int {
        let sign = try next()
        if sign == UInt8(ascii: "Z") || sign == UInt8(ascii: "z") { return 0 }
        guard sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { throw .notATimestamp }
        let hours = try number(digits: 2)
        try expect(":")
        let minutes = try number(digits: 2)
        guard hours < 24, minutes < 60 else { throw .notATimestamp }
        return (sign == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }
}
