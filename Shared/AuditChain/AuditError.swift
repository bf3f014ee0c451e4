package import Crypto
package import Faults
package import System

/// Why an audit log cannot be written or read. No case holds a value of an entry.
package enum AuditError: Fault, Equatable, CustomStringConvertible {
    /// The disk refused.
    case disk(SystemError)
    /// The log is closed, or a write failed before: nothing is taken any more, because what the disk holds is not known.
    /// Opening it again finds out.
    case closed
    /// More entries wait than are kept in memory.
    case overloaded(limit: Int)
    /// A signature or a digest could not be made.
    case crypto(CryptoError)
    /// The folder holds no audit log.
    case noLog(folder: String)
    /// The keys to check signatures with cannot be read.
    case keys(path: String)

    /// The disk's or ours; the caller's when the wrong folder or file was named.
    package var blame: Blame {
        switch self {
        case .disk, .closed, .overloaded, .crypto: .us
        case .noLog, .keys: .caller
        }
    }

    /// Whether the same may work later.
    package var retry: Retry {
        switch self {
        case .disk, .closed, .overloaded: .afterBackoff
        case .crypto, .noLog, .keys: .never
        }
    }

    /// One line.
    package var description: String {
        switch self {
        case .disk(let error): "\(error)"
        case .closed: "the audit log takes nothing any more"
        case .overloaded(let limit): "more than \(limit) entries wait for the disk"
        case .crypto(let error): "\(error)"
        case .noLog(let folder): "\(folder) holds no audit log"
        case .keys(let path): "\(path) is not a key set"
        }
    }
}
