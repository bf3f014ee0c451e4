package import GRPC

/// What becomes of a count, by the control plane's answer.
package enum Verdict: Sendable, Equatable {
    /// The control plane has it.
    case stored
    /// It will never take it: the count itself is wrong.
    case refused
    /// It has not taken it, for a reason that may pass.
    case waits

    /// - Parameter code: The status of the call; nil is OK.
    package init(_ code: StatusCode?) {
        switch code {
        case nil, .ok, .alreadyExists: self = .stored
        // About this count: the next one may be fine.
        case .invalidArgument, .notFound, .failedPrecondition, .outOfRange: self = .refused
        // About the caller, the server or the way there: counts wait, whatever it is.
        case .cancelled, .unknown, .deadlineExceeded, .permissionDenied, .resourceExhausted, .aborted, .unimplemented,
            .internal, .unavailable, .dataLoss, .unauthenticated:
            self = .waits
        }
    }
}
