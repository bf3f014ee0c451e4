package import EventLog
package import Faults
package import Net

/// Why counts are not reported at the moment.
package enum ESRProxyError: Fault, Equatable {
    /// Topic `billing` cannot be read, or the position in it cannot be stored.
    case log(EventLogError)
    /// The log did not tell whether the position is stored.
    case positionUnknown
    /// The control plane took no count.
    case notTaken(GRPCStatus)

    /// That of the part that failed.
    package var blame: Blame {
        switch self {
        case .log(let error): error.blame
        case .positionUnknown: .upstream
        case .notTaken(let status): status.blame
        }
    }

    /// Counts wait in the topic, and are tried again whatever happened.
    package var retry: Retry { .afterBackoff }
}

extension ESRProxyError: CustomStringConvertible {
    /// One sentence for a log.
    package var description: String {
        switch self {
        case .log(let error): "\(error)"
        case .positionUnknown: "the event log does not answer"
        case .notTaken(let status): "the control plane took no count: \(status)"
        }
    }
}
