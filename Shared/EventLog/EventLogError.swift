package import Faults
package import SQLite
package import System
package import Wire

/// Why records were not appended or could not be read. No case carries record bytes.
package enum EventLogError: Fault, Equatable {
    /// More bytes wait for this topic's disk than may; try again when some are committed.
    case overloaded(TopicName)
    /// The store failed this time (disk full, locked, I/O): the batch is not stored, the topic stays usable.
    case store(TopicName, SQLiteError)
    /// The topic cannot go on until the log is opened anew: the disk did not confirm a write, or the file is damaged, or
    /// a newer version wrote it.
    case unusable(TopicName, SQLiteError)
    /// The folder could not be made, listed or watched.
    case folder(SystemError)
    /// The consumer's stored position is not the one to start from, or the new one is not behind it.
    case notAdvanced(ConsumerName, stored: Position?)
    /// The log has been closed.
    case closed

    /// The disk's and the store's own blame; a refused advance is our mistake.
    package var blame: Blame {
        switch self {
        case .overloaded, .closed: .upstream
        case .store(_, let error), .unusable(_, let error): error.blame
        case .folder(let error): error.blame
        case .notAdvanced: .us
        }
    }

    /// True when all topics of the store share the trouble: the disk is full or takes no writes.
    package var concernsAllTopics: Bool {
        switch self {
        case .store(_, .full), .store(_, .readOnly), .folder: true
        case .store, .unusable, .overloaded, .notAdvanced, .closed: false
        }
    }

    /// True when only a new process may go on: nobody knows what the disk holds, or this one has closed its log.
    package var needsNewProcess: Bool {
        switch self {
        case .unusable(_, .syncFailed), .closed: true
        case .unusable, .store, .folder, .overloaded, .notAdvanced: false
        }
    }

    /// Whether the same append or read may succeed later.
    package var retry: Retry {
        switch self {
        case .overloaded, .closed: .afterBackoff
        case .store(_, let error): error.retry
        case .folder(let error): error.retry
        case .unusable, .notAdvanced: .never
        }
    }
}

extension EventLogError: CustomStringConvertible {
    /// One sentence for a log or a terminal.
    package var description: String {
        switch self {
        case .overloaded(let topic): "topic \(topic): too much is waiting for the disk"
        case .store(let topic, let error): "topic \(topic): \(error)"
        case .unusable(let topic, let error): "topic \(topic) is out of service: \(error)"
        case .folder(let error): "event log: \(error)"
        case .notAdvanced(let consumer, let stored):
            "consumer \(consumer) stands at \(stored.map { "\($0)" } ?? "no position") and was not advanced"
        case .closed: "the event log is closed"
        }
    }
}
