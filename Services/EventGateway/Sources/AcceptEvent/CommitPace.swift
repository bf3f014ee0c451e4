/// How long an event that arrives now would wait for its commit, and whether that is too long. Pure: told what was handed over and
/// what was answered, with the time.
///
/// A commit costs time for itself and time for its bytes: the last small one told the first, the last large one the second. When the
/// disk stalls, the commit under way is taken to need as long again as it has needed so far.
///
/// ```
///   handedOver ► [ under way: bytes      ] ► answered    wait = what is under way + what is collected behind it
///                [ collected behind it   ]               (all of both: whoever came first waits that long)
/// ```
///
/// With nothing under way everything is admitted: that is how a disk that became fast again is noticed.
package struct CommitPace: Sendable {
    private static let small = 64 << 10  // bytes

    private let limit: Int64  // nanoseconds
    private var underWay = 0  // bytes
    private var batches = 0
    /// When the oldest batch under way began: when it was handed over, or when the one before it was answered.
    private var since: Int64 = 0
    private var timeOfCommit: Int64 = 0  // nanoseconds
    private var timeOfByte = 0.0  // nanoseconds

    /// Admits what would wait no longer than `limit`.
    package init(limit: Duration) { self.limit = Int64(limit / .nanoseconds(1)) }

    /// A batch goes to the log. `now` is in nanoseconds of a clock that never goes back, here and below.
    package mutating func handedOver(bytes: Int, now: Int64) {
        if batches == 0 { since = now }
        batches += 1
        underWay += bytes
    }

    /// The oldest batch under way was answered.
    ///
    /// - Parameter isCommitted: A refusal comes quickly, and says nothing about the disk's pace.
    package mutating func answered(bytes: Int, now: Int64, isCommitted: Bool) {
        batches -= 1
        underWay -= bytes
        if isCommitted {
            let time = now - since
            if bytes <= Self.small || time < timeOfCommit { timeOfCommit = time }
            if bytes > Self.small { timeOfByte = Double(time - timeOfCommit) / Double(bytes) }
        }
        since = now
    }

    /// Whether an event may join the `collected` bytes that wait behind what is under way.
    @inline(__always)
    package func admits(collected: Int, now: Int64) -> Bool {
        batches == 0 || expectedWait(collected: collected, now: now) <= limit
    }

    /// Nanoseconds that the first of the collected events will have waited when all of them are durable, as far as anybody can tell.
    package func expectedWait(collected: Int, now: Int64) -> Int64 {
        let elapsed = now - since
        let expected = cost(underWay)
        return (elapsed <= expected ? expected : 2 * elapsed) + cost(collected)
    }

    private func cost(_ bytes: Int) -> Int64 {
        timeOfCommit + Int64(timeOfByte * Double(bytes))
    }
}
