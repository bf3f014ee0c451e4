import Synchronization

/// Which derived streams do not advance because of a failure, and why: for `/readyz`.
///
/// They do not make the service unready: the other streams go on, and starting anew would not help.
package final class StandingStill: Sendable {
    private let reasons = Mutex<[String: String]>([:])

    /// None.
    package init() {}

    /// A stream has failed, or goes on when there is no reason.
    package func note(_ stream: String, _ reason: String?) { reasons.withLock { $0[stream] = reason } }

    /// A line for each.
    package var lines: [String] {
        reasons.withLock { $0 }.sorted { $0.key < $1.key }.map { "derived stream \($0.key) stands still: \($0.value)" }
    }
}
