/// A moment: milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since the epoch; negative before 1970.
    package var milliseconds: Int64

    /// A moment from its milliseconds since the epoch.
    @inlinable
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    /// A moment from its whole seconds since the epoch. Seconds that do not fit saturate.
    @inlinable
    package init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        milliseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// Whole seconds since the epoch, rounded down.
    @inlinable package var seconds: Int64 {
        let quotient = milliseconds / 1000
        return milliseconds < 0 && quotient * 1000 != milliseconds ? quotient - 1 : quotient
    }

    /// 1970-01-01T00:00:00Z.
    package static let epoch = Timestamp(milliseconds: 0)
    /// Later than every other moment.
    package static let distantFuture = Timestamp(milliseconds: .max)
    /// Earlier than every other moment.
    package static let distantPast = Timestamp(milliseconds: .min)

    /// Whether `left` is before `right`.
    @inlinable
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The moment `duration` later; saturates instead of overflowing.
    @inlinable
    package static func + (moment: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = moment.milliseconds.addingReportingOverflow(duration.milliseconds)
        return Timestamp(milliseconds: overflow ? (duration.milliseconds < 0 ? .min : .max) : sum)
    }

    /// The moment `duration` earlier; saturates instead of overflowing.
    @inlinable
    package static func - (moment: Timestamp, duration: Duration) -> Timestamp {
        let (difference, overflow) = moment.milliseconds.subtractingReportingOverflow(duration.milliseconds)
        return Timestamp(milliseconds: overflow ? (duration.milliseconds < 0 ? .max : .min) : difference)
    }

    /// The time from `earlier` to `later`, negative when they are the other way round; saturates.
    @inlinable
    package static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        let (difference, overflow) = later.milliseconds.subtractingReportingOverflow(earlier.milliseconds)
        return .milliseconds(overflow ? (later < earlier ? .min : .max) : difference)
    }
}

/// Tells the time. Code that needs the time is handed one, so that a test can hand in a `ManualClock`.
package protocol WallClock: Sendable {
    /// The current moment. Cheap, callable from any thread, may jump when somebody sets the machine's clock.
    func now() -> Timestamp
}
