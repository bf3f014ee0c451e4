package import Faults
package import Net

/// Why a call to a Kubernetes API server did not work out.
package enum KubernetesError: Fault, Equatable, CustomStringConvertible {
    /// The server said no; its status tells why.
    case refused(KubernetesStatus)
    /// A server-side apply met fields that belong to others (409 with `FieldManagerConflict`).
    case applyConflict(ApplyConflict)
    /// There was no answer, or not all of it.
    case net(NetError)
    /// The answer is not what the API promises; text says in which way.
    case unreadable(String)
    /// A part of an answer is larger than what is taken, in bytes.
    case tooLarge(what: String, limit: Int)
    /// Another end of a forwarded port failed; the node's words.
    case forwarding(String)
    /// A name or a number of the caller's cannot be part of a request: field and rule.
    case badRequest(field: String, rule: String)
    /// The settings of the cluster cannot be used: where, and why.
    case badAccess(place: String, reason: String)

    /// Whose fault it is.
    package var blame: Blame {
        switch self {
        case .refused(let status): status.blame
        case .applyConflict, .badRequest: .caller
        case .net(let error): error.blame
        case .unreadable, .tooLarge, .forwarding: .upstream
        case .badAccess: .us
        }
    }

    /// Whether the same call may succeed later.
    package var retry: Retry {
        switch self {
        case .refused(let status): status.retry
        case .net(let error): error.retry
        case .forwarding: .afterBackoff
        case .applyConflict, .unreadable, .tooLarge, .badRequest, .badAccess: .never
        }
    }

    /// One line for a log: names of objects and fields, never what is in them.
    package var description: String {
        switch self {
        case .refused(let status): status.description
        case .applyConflict(let conflict): conflict.description
        case .net(let error): error.description
        case .unreadable(let what): "the API server's answer cannot be read: \(what)"
        case .tooLarge(let what, let limit): "\(what) has more than \(limit) bytes"
        case .forwarding(let words): "port-forward: \(words)"
        case .badRequest(let field, let rule): "\(field): \(rule)"
        case .badAccess(let place, let reason): "\(place): \(reason)"
        }
    }
}
