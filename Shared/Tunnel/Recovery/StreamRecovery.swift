internal import HTTP

/// What a server may do with a stream that ended with RESET. A cut costs nothing: the session goes on. This is for when the session is
/// gone, or the stream was never begun.
package enum StreamRecovery: Sendable, Equatable {
    /// The same OPEN again, here or on another agent.
    case again
    /// A watch: OPEN with `fromVersion` of the last line's `rv`.
    case watchFromLastVersion
    /// A log: OPEN with `sinceTime` of ``LogCursor/since``, and what comes goes through the cursor.
    case logsFromLastLine
    /// The caller is told; how far the work got is unknown when the code is `lost`.
    case fail

    /// What may be done.
    /// - Parameters:
    ///   - open: With the whole body at hand when there was one.
    ///   - answered: Whether HEAD has reached the caller.
    package static func after(_ code: TunnelResetCode, of open: TunnelOpen, answered: Bool) -> StreamRecovery {
        switch code {
        case .refused: return answered ? .fail : .again
        case .lost: break
        case .cancel, .deadline, .policyDenied, .notFoundTarget, .backendUnreachable, .limit, .badRequest,
            .internalError,
            .upgradeFailed, .expiredVersion:
            return .fail
        }
        switch open.request {
        case .http(let call):
            switch call.method {
            case .get, .head, .options: return answered ? .fail : .again
            case .post, .put, .patch, .delete, .connect, .trace, .other: return .fail
            }
        case .watch: return .watchFromLastVersion
        case .logs: return .logsFromLastLine
        case .flows: return .again
        case .control(let call):
            switch call.operation {
            case .policyGet, .diagnose, .upgradeHint: return answered ? .fail : .again
            case .rotateCertificate: return .fail
            }
        case .apply, .exec, .portForward: return .fail
        }
    }
}
