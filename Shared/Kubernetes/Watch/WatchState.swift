internal import Faults
internal import Net
package import System

/// What to do next for one watch. Pure: no server, no clock, no randomness of its own.
///
///     list ─► watch ─► (its time is up) watch …          from the last version that was seen
///       ▲       ├─ 410 ─► list
///       └───────┴─ trouble ─► pause ─► the same again
///
/// Pauses grow from 0.8 s to 30 s, each with up to as much again at random, and begin anew after two good minutes: what client-go's
/// reflector does (github.com/kubernetes/client-go, tools/cache/reflector.go).
package struct WatchState: Sendable {
    /// What to do.
    package enum Step: Sendable, Equatable {
        /// Read the whole collection; in one piece when pages were too old to be continued.
        case list(inOnePiece: Bool)
        /// Watch from a version on, for so many seconds.
        case watch(from: String, seconds: Int)
        /// Do nothing for a while.
        case pause(Duration)
    }

    private static let firstPause = Duration.milliseconds(800)
    private static let longestPause = Duration.seconds(30)
    private static let goodTime = Duration.seconds(120)

    private var version: String?
    private var pagesFailed = false
    private var nextPause = WatchState.firstPause
    private var mustPause = false
    private var goodSince: MonotonicTime?

    /// - Parameter version: Goes on from there; nil begins with a list.
    package init(from version: String? = nil) { self.version = version }

    /// - Parameter random: 0..<1.
    package mutating func next(random: Double) -> Step {
        if mustPause {
            mustPause = false
            let pause = nextPause * (1 + random)
            nextPause = min(nextPause * 2, Self.longestPause)
            return .pause(pause)
        }
        guard let version else { return .list(inOnePiece: pagesFailed) }
        // Spread, so that a thousand watches do not come back at once.
        return .watch(from: version, seconds: 300 + Int(random * 300))
    }

    /// All objects were read.
    package mutating func listEnded(version: String, at now: MonotonicTime) {
        self.version = version
        pagesFailed = false
        wasGood(now)
    }

    /// An object or a bookmark arrived.
    package mutating func versionSeen(_ version: String, at now: MonotonicTime) {
        self.version = version
        wasGood(now)
    }

    /// The server ended the watch in good order. One that ends at once, again and again, is trouble.
    package mutating func watchEnded(hadEvents: Bool, lasted: Duration) {
        if !hadEvents, lasted < .seconds(1) { mustPause = true }
    }

    /// Answers whether the failure is for the caller to hear.
    package mutating func failed(_ error: KubernetesError) -> Bool {
        goodSince = nil
        switch error {
        case .refused(let status) where status.isExpired:
            if version == nil {
                // The pages of the list were too old to be continued.
                mustPause = pagesFailed
                pagesFailed = true
            }
            version = nil
            return false
        case .net(.cancelled), .tooLarge, .badRequest, .badAccess, .applyConflict, .forwarding: return true
        case .refused(let status):
            mustPause = true
            return status.retry == .never
        case .net, .unreadable:
            mustPause = true
            return false
        }
    }

    private mutating func wasGood(_ now: MonotonicTime) {
        if let goodSince {
            if now - goodSince >= Self.goodTime { nextPause = Self.firstPause }
        } else {
            goodSince = now
        }
    }
}
