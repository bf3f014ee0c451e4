package import System

/// When a control plane is asked for the plane. Pure: told what happened and what time it is, it says when the next question is due.
///
/// ```
///   answered ──► 15 s ± 20 %                       so that the components of many planes do not come together
///   failed   ──► 200 ms, doubled up to 5 min       up to 500 ms in the first minute: both may have been started together
///   a hint   ──► now, if it names another version, or if questions failed: whoever hints is back
///                and a confirmation, once that version is known
/// ```
package struct AskingPlan: Sendable {
    private static let interval: Duration = .seconds(15)
    private static let shortestPause: Duration = .milliseconds(200)
    private static let startTime: Duration = .seconds(60)
    private static let longestFirstPause: Duration = .milliseconds(500)
    private static let longestPause: Duration = .seconds(300)

    /// The version read last; empty before, and when it has to be read again.
    package private(set) var known = ""
    /// When the next question is due.
    package private(set) var due: MonotonicTime
    private let began: MonotonicTime
    private var hinted = ""
    /// The hint that was there at the last question: one question for each is enough, whatever it was answered.
    private var followed = ""
    private var failures = 0
    private var isConfirmed = true  // what was hinted at last

    /// The first question is due at once.
    package init(began: MonotonicTime) {
        self.began = began
        due = began
    }

    /// Whether there is a reason to ask.
    package func isDue(_ now: MonotonicTime) -> Bool {
        due <= now || failures == 0 && hinted != followed && hinted != known
    }

    /// A question is on its way.
    ///
    /// - Returns: The version that it names.
    package mutating func asked() -> String {
        followed = hinted
        return known
    }

    /// - Parameter random: 0.8 to 1.2.
    package mutating func answered(_ version: String, now: MonotonicTime, random: Double) {
        known = version
        failures = 0
        due = now + Self.interval * random
    }

    /// - Parameter random: 0.8 to 1.2.
    package mutating func failed(now: MonotonicTime, random: Double) {
        // Later, whoever never had an answer asks no more often than the others.
        let isStarting = known.isEmpty && now - began < Self.startTime
        let longest = isStarting ? Self.longestFirstPause : Self.longestPause
        due = now + min(Self.shortestPause * (1 << min(failures, 20)), longest) * random
        failures += 1
    }

    /// The control plane has said which version it has.
    package mutating func heard(_ version: String, now: MonotonicTime) {
        hinted = version
        isConfirmed = false
        // Without this, a plane would hear of the first change after a long absence minutes later.
        if failures > 0 { due = now }
    }

    /// Whether the version that was hinted at last is known, and the control plane has not been told.
    package var owesConfirmation: Bool { !isConfirmed && failures == 0 && hinted == known }

    /// The version to confirm now; nil when there is none. Each is told once.
    package mutating func confirmation() -> String? {
        guard owesConfirmation else { return nil }
        isConfirmed = true
        return known
    }

    /// All of it is wanted again with the next question.
    package mutating func forget() { known = "" }
}
