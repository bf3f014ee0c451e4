internal import Synchronization

/// How fast a stream may send: a token bucket, kept as the moment at which it would be full again.
///
/// This is the generic cell rate algorithm: instead of a level and the time of the last refill, one number, the *theoretical
/// arrival time*, says it all. An event moves it on by `interval`; an event that finds it more than `burst` events ahead of
/// the clock is refused. One number means one atomic, so loops share the limit of a stream without a lock.
package struct RateLimit: Sendable, Equatable {
    /// What the bucket says to one event.
    package enum Decision: Sendable, Equatable {
        /// The event may pass; the bucket's new state.
        case pass(state: Int64)
        /// The event may not pass now; nanoseconds until one may.
        case refuse(wait: Int64)
    }

    private let interval: Int64  // nanoseconds between two events at the full rate
    private let depth: Int64  // nanoseconds that the state may be ahead of the clock before an event is refused

    /// A limit of `eventsPerSecond`, with one second's worth of events as its burst.
    ///
    /// Nil when there is nothing to limit: zero means "not set" in the stream's message, and above 10⁹ the interval between
    /// two events is less than the clock's unit.
    package init?(eventsPerSecond: Int64) {
        guard eventsPerSecond > 0, eventsPerSecond <= 1_000_000_000 else { return nil }
        interval = 1_000_000_000 / eventsPerSecond
        depth = interval * (eventsPerSecond - 1)
    }

    /// Decides about one event.
    ///
    /// - Parameters:
    ///   - state: What the last `.pass` gave, at first 0.
    ///   - now: Nanoseconds of a clock that never goes back.
    package func decide(_ state: Int64, now: Int64) -> Decision {
        let arrival = max(state, now)
        let ahead = arrival - now
        return ahead > depth ? .refuse(wait: ahead - depth) : .pass(state: arrival + interval)
    }
}

/// The bucket of one stream, shared by all loops.
package final class RateGate: Sendable {
    /// The limit that this gate enforces.
    package let limit: RateLimit
    private let state = Atomic<Int64>(0)

    /// A full bucket.
    package init(_ limit: RateLimit) { self.limit = limit }

    /// Asks for one event at `now`, nanoseconds of a clock that never goes back.
    ///
    /// - Returns: Nil when the event may pass, else the nanoseconds until one may.
    package func admit(now: Int64) -> Int64? {
        var seen = state.load(ordering: .relaxed)
        while true {
            switch limit.decide(seen, now: now) {
            case .refuse(let wait): return wait
            case .pass(let next):
                let (done, found) = state.compareExchange(expected: seen, desired: next, ordering: .relaxed)
                if done { return nil }
                seen = found
            }
        }
    }
}
