import Time

/// When to fetch the issuer's keys. Pure: told what happened and what time it is, answers when to fetch next.
///
/// Times are a monotonic clock's, as durations since any fixed moment.
package struct KeySetRefresh: Sendable {
    /// The numbers behind it.
    package struct Limits: Sendable, Equatable {
        /// How long a fetched set is used without asking again.
        package var every: Duration = .seconds(600)
        /// Smallest distance between two fetches that unknown keys ask for: strangers cause these.
        package var unknownKeyInterval: Duration = .seconds(5)
        /// First wait after a failure; doubled with each further one.
        package var firstBackoff: Duration = .milliseconds(250)
        /// Longest wait after a failure.
        package var longestBackoff: Duration = .seconds(20)

        /// The numbers that the public data plane uses, with a gentler first wait.
        package init() {}
    }

    private let limits: Limits
    private var failures = 0
    private var lastStart: Duration?
    private var isFetching = false
    private var unknownKeySeen = false
    private var regular: Duration = .zero

    /// Wants a fetch at once.
    package init(_ limits: Limits = Limits()) { self.limits = limits }

    /// When the next fetch is due: a moment that may be over; nil while one is under way.
    package var due: Duration? {
        if isFetching { return nil }
        guard unknownKeySeen, failures == 0, let lastStart else { return regular }
        return min(regular, lastStart + limits.unknownKeyInterval)
    }

    /// A fetch has begun.
    package mutating func started(at now: Duration) {
        isFetching = true
        lastStart = now
        unknownKeySeen = false
    }

    /// The fetch brought a key set.
    package mutating func succeeded(at now: Duration) {
        isFetching = false
        failures = 0
        regular = now + limits.every
    }

    /// The fetch failed. Waits double from try to try; the jitter keeps the gateways of a plane from asking in step.
    ///
    /// - Parameter random: Between 0 and 1.
    /// - Returns: How long is waited now.
    @discardableResult
    package mutating func failed(at now: Duration, random: Double) -> Duration {
        isFetching = false
        let doubled = limits.firstBackoff.inSeconds * Double(1 << min(failures, 20))
        let wait = Duration.seconds(min(doubled, limits.longestBackoff.inSeconds) * (0.5 + random / 2))
        failures += 1
        regular = now + wait
        return wait
    }

    /// A token named a key that is not in the set. Asks for a fetch, soon.
    package mutating func unknownKey() { unknownKeySeen = true }
}
