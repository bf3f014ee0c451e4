import TestKit
import Testing
import Time

@Suite struct TimestampTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_709_210_096_789, "2024-02-29T12:34:56.789Z"), (-1, "1969-12-31T23:59:59.999Z"),
        (4_102_444_800_000, "2100-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ])
    func `RFC 3339 text is written and read back`(_ milliseconds: Int64, _ text: String) throws {
        #expect(Timestamp(milliseconds: milliseconds).text == text)
        #expect(try Timestamp(text: text).milliseconds == milliseconds)
    }

    // The examples of RFC 3339 §5.8.
    @Test(arguments: [
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520Z"),
        ("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57.000Z"),
        ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00.000Z"),
        ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00.000Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"),
    ])
    func `the examples of RFC 3339 are understood`(_ text: String, _ utc: String) throws {
        #expect(try Timestamp(text: text).text == utc)
    }

    @Test(arguments: [
        "", "2024", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+0200",
        "2024-01-01T00:00:00Zx", "+024-01-01T00:00:00Z", "２024-01-01T00:00:00Z",
    ])
    func `what is not a moment is refused`(_ text: String) {
        #expect(throws: TimeError.notATimestamp) { try Timestamp(text: text) }
    }

    @Test func `every day of 800 years survives the way to text and back`() throws {
        var day = try Timestamp(text: "1600-01-01T00:00:00Z")
        let end = try Timestamp(text: "2400-01-01T00:00:00Z")
        var days = 0
        while day < end {
            guard try Timestamp(text: day.text) == day else {
                Issue.record("\(day.milliseconds)")
                return
            }
            day = day + .days(1)
            days += 1
        }
        #expect(days == 292_194)
    }

    @Test func `arithmetic saturates instead of overflowing`() {
        #expect(Timestamp.distantFuture + .seconds(1) == .distantFuture)
        #expect(Timestamp.distantPast - .seconds(1) == .distantPast)
        #expect(Timestamp(seconds: .max) == .distantFuture)
        #expect(Timestamp(milliseconds: 1500) - Timestamp(milliseconds: 500) == .seconds(1))
        #expect(Timestamp(milliseconds: -1500).seconds == -2)
    }

    @Test func `a manual clock moves only when told`() {
        let clock = ManualClock(Timestamp(seconds: 100))
        clock.advance(by: .minutes(2))
        #expect(clock.now() == Timestamp(seconds: 220))
    }
}

@Suite struct DurationTextTests {
    @Test(arguments: [
        ("250ms", Duration.milliseconds(250)), ("15m", .minutes(15)), ("24h", .days(1)), ("7d", .days(7)),
        ("1h30m", .seconds(5400)), ("0", .zero), ("0s", .zero), ("1d2h3m4s5ms6us7ns", .nanoseconds(93_784_005_006_007)),
    ])
    func `durations are read`(_ text: String, _ duration: Duration) throws {
        #expect(try Duration(text: text) == duration)
    }

    @Test(arguments: [
        (Duration.minutes(90), "1h30m"), (.zero, "0s"), (.milliseconds(1500), "1s500ms"), (.seconds(-5), "-5s"),
        (.days(7), "7d"),
    ])
    func `durations are written`(_ duration: Duration, _ text: String) { #expect(duration.text == text) }

    @Test(arguments: ["", "5", "m", "-5s", "1.5h", "5 m", "5M", "1m1h", "1m1m", "99999999999d", "٣s", "5s "])
    func `what is not a duration is refused`(_ text: String) {
        #expect(throws: TimeError.notADuration) { try Duration(text: text) }
    }

    @Test func `milliseconds and seconds of extremes do not trap`() {
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.min).nanoseconds == .min)
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
    }
}
