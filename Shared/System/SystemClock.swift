internal import Glibc
package import Time

/// The machine's wall clock.
package struct SystemClock: WallClock {
    /// A clock has no state: all are the same.
    package init() {}

    /// Milliseconds since the Unix epoch. Steps when somebody sets the clock.
    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// A point on the machine's monotonic clock, in nanoseconds. Only differences mean something.
package struct MonotonicTime: Sendable, Comparable, Hashable {
    /// Nanoseconds since some moment before the machine started.
    package var nanoseconds: Int64

    /// Takes a number of nanoseconds on the monotonic clock.
    @inlinable
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// This moment.
    package static func now() -> MonotonicTime {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// The earlier comes first.
    @inlinable
    package static func < (left: MonotonicTime, right: MonotonicTime) -> Bool { left.nanoseconds < right.nanoseconds }

    /// A later moment; stops at the end of the clock instead of overflowing.
    @inlinable
    package static func + (left: MonotonicTime, right: Duration) -> MonotonicTime {
        let (sum, overflow) = left.nanoseconds.addingReportingOverflow(right.nanoseconds)
        return MonotonicTime(nanoseconds: overflow ? (right.nanoseconds < 0 ? .min : .max) : sum)
    }

    /// How long it is from `right` to `left`.
    @inlinable
    package static func - (left: MonotonicTime, right: MonotonicTime) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}
