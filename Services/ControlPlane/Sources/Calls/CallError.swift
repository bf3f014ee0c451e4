package import Faults
package import SQLite

/// Why a call of the API was refused. The texts name fields, kinds and references, never a secret.
package enum CallError: Fault, Equatable {
    /// A field of the request breaks a rule: `stream.consentLevels`, `must …`.
    case invalid(field: String, rule: String)
    /// There is no such entity.
    case notFound(EntityKind, String)
    /// There is one already.
    case alreadyExists(EntityKind, String)
    /// The request is right, and not now: what stands in the way, as a sentence.
    case refused(String)
    /// The caller changed what somebody else had changed meanwhile.
    case stale(EntityKind, String)
    /// There are too many of these.
    case exhausted(String)
    /// Nobody is known to ask: no token, or one that is not good here.
    case unauthenticated(String)
    /// The caller may not do this.
    case denied(String)
    /// The control plane is about to end.
    case stopping
    /// The state could not be read or written.
    case state(SQLiteError)
    /// What the state holds cannot be right: what, in words.
    case damaged(String)

    /// The caller's, but for the state.
    package var blame: Blame {
        switch self {
        case .invalid, .notFound, .alreadyExists, .refused, .stale, .exhausted, .unauthenticated, .denied: .caller
        case .stopping: .upstream
        case .state(let error): error.blame
        case .damaged: .us
        }
    }

    /// Only trouble of the machine may pass by itself.
    package var retry: Retry {
        switch self {
        case .stopping: .afterBackoff
        case .state(let error): error.retry
        case .invalid, .notFound, .alreadyExists, .refused, .stale, .exhausted, .unauthenticated, .denied, .damaged:
            .never
        }
    }
}

/// What the API has to do with, in the words of its answers and of the audit trail.
package enum EntityKind: String, Sendable, CaseIterable {
    case organization, handle, user, invite, project, stream
    case keyStream = "key stream"
    case credential, installation, release
    case installedComponent = "installed component"
    case policy
    case dataContract = "data contract"
    case schema
    case eventContract = "event contract"
    case purposeMapping = "purpose mapping"
    case dataConnector = "data connector"
    case batchExporter = "batch exporter"
    case batchJob = "batch job"
    case kafkaCluster = "Kafka cluster"
    case kafkaExporter = "Kafka exporter"
    case kafkaUser = "Kafka user"
    case dataSubject = "data subject"
}
