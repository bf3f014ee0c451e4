package import EventLog
package import KeyVault
internal import Synchronization
package import Wire

/// Whether what the gateway writes becomes durable at all: what `/ready` has to know, and one topic's trouble must not decide.
///
/// ```
///   the machine's trouble: disk full, read-only, vault without room     failing at once
///   a topic's trouble: damage, I/O                                      failing when no topic has committed since its own
///   a commit succeeds                                                   not failing
///   failing: somebody tries to write, and can                           not failing; a topic out of service counts on
/// ```
///
/// The last line is what brings events back after a load balancer has turned away: without them, nothing would commit.
///
/// - Isolation: any thread. Loops ask it only when an outcome differs from the one before.
package final class StoreHealth: Sendable {
    private enum Outcome { case fine, failed, outOfService }

    private struct State {
        var topics: [TopicName: Outcome] = [:]
        var isMachineFailing = false

        var isFailing: Bool {
            isMachineFailing || (!topics.isEmpty && topics.values.allSatisfy { $0 != .fine })
        }
    }

    private let state = Mutex(State())
    private let failing = Atomic<Bool>(false)

    /// Nothing is known, so nothing is wrong.
    package init() {}

    /// Whether nothing commits.
    package var isFailing: Bool { failing.load(ordering: .relaxed) }

    /// A commit to the topic has succeeded.
    package func committed(_ topic: TopicName) {
        change { state in
            state.topics[topic] = .fine
            state.isMachineFailing = false
        }
    }

    /// A commit to the topic has failed.
    package func failed(_ topic: TopicName, _ error: EventLogError) {
        change { state in
            if error.concernsAllTopics { state.isMachineFailing = true }
            switch error {
            case .store, .folder: state.topics[topic] = .failed
            case .unusable: state.topics[topic] = .outOfService
            case .overloaded, .notAdvanced, .closed: break
            }
        }
    }

    /// Keys could not be had.
    package func failed(_ error: KeyVaultError) {
        switch error {
        case .store, .file: change { $0.isMachineFailing = true }
        case .wrongKeyEncryptionKey, .wrongHashKey, .damagedKey, .unusableSecret, .privacy, .overloaded, .closed: break
        }
    }

    /// A try to write has succeeded: let events come and show.
    package func mayWork() {
        change { state in
            state.isMachineFailing = false
            state.topics = state.topics.filter { $0.value != .failed }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let isFailing = state.withLock { state in
            body(&state)
            return state.isFailing
        }
        failing.store(isFailing, ordering: .relaxed)
    }
}
