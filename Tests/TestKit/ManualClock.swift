import Synchronization
package import Time

/// A clock that moves only when the test says so.
package final class ManualClock: WallClock {
    private let moment: Mutex<Timestamp>

    /// A clock that stands at `moment`, 2026-01-01T00:00:00Z unless told otherwise.
    package init(_ moment: Timestamp = Timestamp(milliseconds: 1_767_225_600_000)) { self.moment = Mutex(moment) }

    /// Where the clock stands.
    package func now() -> Timestamp { moment.withLock { $0 } }

    /// Moves the clock, forward or (with a negative duration) back.
    package func advance(by duration: Duration) { moment.withLock { $0 = $0 + duration } }

    /// Puts the clock somewhere else.
    package func set(_ moment: Timestamp) { self.moment.withLock { $0 = moment } }
}
