package import EventLog
package import Faults
package import KeyVault
package import PlaneConfig
package import Wire

/// Why a derived stream does not advance. No case carries an event.
package enum DecrypterError: Fault, CustomStringConvertible {
    /// The event log failed.
    case log(EventLogError)
    /// The key vault failed.
    case keys(KeyVaultError)
    /// The schemas could not be read.
    case schemas(PlaneConfigError)
    /// A stored schema cannot be read.
    case unusableSchema(Int32)
    /// The disk did not answer within a minute.
    case commitTimedOut(TopicName)
    /// The source topic was deleted and made again: positions in it mean nothing any more.
    case sourceReset(TopicName)

    /// Whose fault it is.
    package var blame: Blame {
        switch self {
        case .log(let error): error.blame
        case .keys(let error): error.blame
        case .schemas(let error): error.blame
        case .commitTimedOut: .upstream
        case .unusableSchema, .sourceReset: .us
        }
    }

    /// Whether trying again may help.
    package var retry: Retry {
        switch self {
        case .log(let error): error.retry
        case .keys(let error): error.retry
        case .schemas(let error): error.retry
        case .commitTimedOut: .afterBackoff
        case .unusableSchema, .sourceReset: .never
        }
    }

    /// One sentence for a log or a terminal; never a value or a key.
    package var description: String {
        switch self {
        case .log(let error): "\(error)"
        case .keys(let error): "\(error)"
        case .schemas(let error): "\(error)"
        case .unusableSchema(let id): "the stored schema \(id) cannot be read"
        case .commitTimedOut(let topic): "topic \(topic): the disk did not answer"
        case .sourceReset(let topic):
            "source topic \(topic) was deleted and made again; delete the derived topic to start over"
        }
    }
}
