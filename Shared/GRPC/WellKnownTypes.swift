package import Time

/// `google.protobuf.Timestamp`: a moment with nanoseconds. JSON shows RFC 3339.
package struct ProtoTimestamp: ProtoMessage {
    package static let protoName = "google.protobuf.Timestamp"

    /// Since 1970-01-01T00:00:00Z.
    package var seconds: Int64 = 0
    /// Added to `seconds`: 0 to 999 999 999.
    package var nanos: Int32 = 0

    /// 1970-01-01T00:00:00Z.
    package init() {}

    /// A moment; finer parts are zero.
    package init(_ moment: Timestamp) {
        seconds = moment.seconds
        nanos = Int32(truncatingIfNeeded: moment.milliseconds - seconds * 1000) * 1_000_000
    }

    /// The moment in whole milliseconds, rounded down; saturates.
    package var moment: Timestamp { Timestamp(seconds: seconds) + .milliseconds(nanos / 1_000_000) }

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int64(1, "seconds", &seconds, in: ProtoTimestamp.years1To9999)
        fields.int32(2, "nanos", &nanos, in: 0...999_999_999)
    }

    package static let textForm: ProtoTextForm<ProtoTimestamp>? = ProtoTextForm(
        read: ProtoTimestamp.init(text:), write: \.text, rule: "must be a time as 2026-01-31T12:00:00Z")

    /// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
    private static let years1To9999: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    private init?(text: String) {
        let moment: Timestamp
        do throws(TimeError) { moment = try Timestamp(text: text) } catch { return nil }
        let bytes = Array(text.utf8)
        guard bytes[10] != UInt8(ascii: " ") else { return nil }
        let digits = bytes[19...].first == UInt8(ascii: ".") ? bytes[20...].prefix { (0x30...0x39).contains($0) } : []
        guard digits.count <= 9, ProtoTimestamp.years1To9999.contains(moment.seconds) else { return nil }
        seconds = moment.seconds
        nanos = nanoseconds(ofFraction: digits)
    }

    /// RFC 3339 in UTC with 0, 3, 6 or 9 digits of fraction; a moment outside the years 1 to 9999 is shown as the nearest
    /// one inside.
    private var text: String {
        let seconds = min(max(seconds, Self.years1To9999.lowerBound), Self.years1To9999.upperBound)
        return Timestamp(seconds: seconds).text.prefix(19) + fractionText(min(max(nanos, 0), 999_999_999)) + "Z"
    }
}

/// `google.protobuf.Duration`. JSON shows seconds: `60s`, `1.500s`.
package struct ProtoDuration: ProtoMessage {
    package static let protoName = "google.protobuf.Duration"

    /// Whole seconds.
    package var seconds: Int64 = 0
    /// Added to `seconds`, with the same sign: less than a second.
    package var nanos: Int32 = 0

    /// No time.
    package init() {}

    /// A duration, cut to whole nanoseconds.
    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.seconds = seconds
        nanos = Int32(truncatingIfNeeded: attoseconds / 1_000_000_000)
    }

    /// The duration.
    package var duration: Duration { .seconds(seconds) + .nanoseconds(Int64(nanos)) }

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int64(1, "seconds", &seconds, in: -ProtoDuration.longest...ProtoDuration.longest)
        fields.int32(2, "nanos", &nanos, in: -999_999_999...999_999_999)
        fields.require(
            seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0), "nanos", "must have the sign of seconds")
    }

    package static let textForm: ProtoTextForm<ProtoDuration>? = ProtoTextForm(
        read: ProtoDuration.init(text:), write: \.text, rule: "must be a number of seconds as 60s or 1.5s")

    /// About ten thousand years, in seconds.
    private static let longest: Int64 = 315_576_000_000

    private init?(text: String) {
        var rest = Array(text.utf8)[...]
        guard rest.popLast() == UInt8(ascii: "s") else { return nil }
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest.removeFirst() }
        let whole = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest.dropFirst(whole.count)
        let digits = rest.dropFirst()
        guard (1...12).contains(whole.count), let count = Int64(String(decoding: whole, as: UTF8.self)),
            count <= ProtoDuration.longest, rest.isEmpty || rest.first == UInt8(ascii: "."),
            digits.count <= 9, digits.isEmpty == rest.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        seconds = isNegative ? -count : count
        nanos = nanoseconds(ofFraction: digits)
        if isNegative { nanos = -nanos }
    }

    private var text: String {
        (seconds < 0 || nanos < 0 ? "-" : "") + String(seconds.magnitude) + fractionText(abs(nanos)) + "s"
    }
}

/// `google.protobuf.FieldMask`: which fields of a message are meant. JSON shows the paths in camelCase, joined with commas.
package struct FieldMask: ProtoMessage {
    package static let protoName = "google.protobuf.FieldMask"

    /// Names in the definition's form, inner ones behind a point: `legal_grounds`, `ref.name`.
    package var paths: [String] = []

    /// No field.
    package init() {}

    /// These fields.
    package init(_ paths: [String]) { self.paths = paths }

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "paths", &paths)
    }

    package static let textForm: ProtoTextForm<FieldMask>? = ProtoTextForm(
        read: { text in
            FieldMask(
                text.isEmpty
                    ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map { snakeCase(String($0)) })
        },
        write: { mask in mask.paths.map(camelCase).joined(separator: ",") },
        rule: "must be names of fields, joined with commas")

    private static func camelCase(_ path: String) -> String {
        var camel = ""
        var isRaised = false
        for scalar in path.unicodeScalars {
            if scalar == "_" {
                isRaised = true
            } else {
                camel += isRaised ? scalar.properties.uppercaseMapping : String(scalar)
                isRaised = false
            }
        }
        return camel
    }
}

/// `google.type.TimeZone`.
package struct ProtoTimeZone: ProtoMessage {
    package static let protoName = "google.type.TimeZone"

    /// A name of the IANA database: `Europe/Amsterdam`.
    package var id = ""
    /// The database's version: `2019a`.
    package var version = ""

    /// No zone.
    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id)
        fields.text(2, "version", &version)
    }
}

/// Up to nine digits behind a point, in nanoseconds.
private func nanoseconds(ofFraction digits: some Collection<UInt8>) -> Int32 {
    var value: Int32 = 0
    for digit in digits { value = value * 10 + Int32(digit - 0x30) }
    for _ in digits.count..<9 { value *= 10 }
    return value
}

/// Nothing for 0, else a point and 3, 6 or 9 digits.
private func fractionText(_ nanos: Int32) -> String {
    guard nanos != 0 else { return "" }
    let digits = String(1_000_000_000 + Int64(nanos)).dropFirst()
    if nanos % 1_000_000 == 0 { return ".\(digits.prefix(3))" }
    return nanos % 1000 == 0 ? ".\(digits.prefix(6))" : ".\(digits)"
}
