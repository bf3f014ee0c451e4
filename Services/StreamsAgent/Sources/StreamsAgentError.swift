package import EventLog
package import Faults

/// Why a round, or a step of it, did not succeed.
package enum StreamsAgentError: Fault, Equatable {
    /// The runtime does not answer; how it failed.
    case runtimeUnreachable(String)
    /// The runtime answered with this status, and said this.
    case runtimeRefused(status: Int, reason: String)
    /// The runtime's answer is not what it should be.
    case runtimeMisunderstood
    /// The file with the decrypters' settings cannot be read, or has a line that is no setting; which.
    case decrypterSettings(String)
    /// The event log's folder failed.
    case log(EventLogError)
    /// What the agent remembers cannot be read or kept.
    case ledger(String)

    /// The machine's, or whoever configured it; a refusal is a mistake of ours.
    package var blame: Blame {
        switch self {
        case .runtimeUnreachable, .decrypterSettings, .log, .ledger: .upstream
        case .runtimeRefused, .runtimeMisunderstood: .us
        }
    }

    /// Everything is tried again with the next round.
    package var retry: Retry { .afterBackoff }
}

extension StreamsAgentError: CustomStringConvertible {
    /// One sentence for a log or an entity's state.
    package var description: String {
        switch self {
        case .runtimeUnreachable(let how): "the runtime does not answer: \(how)"
        case .runtimeRefused(let status, let reason): "the runtime refused with \(status): \(reason)"
        case .runtimeMisunderstood: "the runtime's answer is not understood; it is of another version"
        case .decrypterSettings(let what): "the settings of decrypters: \(what)"
        case .log(let error): "\(error)"
        case .ledger(let what): "what the agent may delete: \(what)"
        }
    }
}
