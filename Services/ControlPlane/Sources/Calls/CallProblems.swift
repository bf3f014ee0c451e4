import Faults
import GRPC
import Net
import SQLite

/// Every refusal of the API as a status: the one place where that is decided.
enum CallProblems {
    /// - Parameter id: Under which the log tells more of what only a bug or a broken machine causes.
    static func status(_ error: CallError, id: () -> String) -> GRPCStatus {
        switch error {
        case .invalid(let field, let rule): GRPCStatus(.invalidArgument, "\(field) \(rule)")
        case .notFound(let kind, let reference): GRPCStatus(.notFound, "\(kind.rawValue) \(reference) does not exist")
        case .alreadyExists(let kind, let reference):
            GRPCStatus(.alreadyExists, "\(kind.rawValue) \(reference) exists already")
        case .refused(let reason): GRPCStatus(.failedPrecondition, reason)
        case .stale(let kind, let reference):
            GRPCStatus(.aborted, "\(kind.rawValue) \(reference) was changed by somebody else: get it again")
        case .exhausted(let reason): GRPCStatus(.resourceExhausted, reason)
        case .unauthenticated(let reason): GRPCStatus(.unauthenticated, reason)
        case .denied(let reason): GRPCStatus(.permissionDenied, reason)
        case .stopping: GRPCStatus(.unavailable, "the control plane is stopping")
        case .state(let cause):
            cause.blame == .upstream
                ? GRPCStatus(.unavailable, "the state cannot be reached; the log tells more under \(id())")
                : GRPCStatus(.internal, "the log tells more under \(id())")
        case .damaged: GRPCStatus(.internal, "the log tells more under \(id())")
        }
    }
}
