package import HTTP

/// Why one stream ended early.
package enum TunnelResetCode: UInt16, CaseIterable, Sendable {
    /// Whoever asked does not want it any more.
    case cancel = 1
    /// The deadline of OPEN, or the longest life of its kind, is over.
    case deadline = 2
    /// The plane owner's policy does not allow it.
    case policyDenied = 3
    /// What it names does not exist.
    case notFoundTarget = 4
    /// The backend did not answer.
    case backendUnreachable = 5
    /// Too many streams, too many in too short a time, or a body that is too long.
    case limit = 6
    // 7 was FLOW in a draft: who sends more than its credit loses the session, not the stream.
    /// OPEN, HEAD or TRAILER breaks a rule.
    case badRequest = 8
    /// The session is gone; how far the work got is unknown.
    case lost = 9
    /// The other side's own fault.
    case internalError = 10
    /// The backend refused to switch protocols.
    case upgradeFailed = 11
    /// A watch's version is too old and a new list is not allowed.
    case expiredVersion = 12
    /// Nothing was begun: it may be sent elsewhere, whatever it is.
    case refused = 13

    /// From the wire: a code that is not known here is `internalError`.
    init(received code: UInt16) { self = Self(rawValue: code) ?? .internalError }

    /// What a caller of the control plane is answered.
    package var status: Status {
        switch self {
        case .policyDenied: .forbidden
        case .deadline: .gatewayTimeout
        case .backendUnreachable, .lost, .internalError, .upgradeFailed, .cancel: .badGateway
        case .limit: .tooManyRequests
        case .notFoundTarget: .notFound
        case .badRequest: .badRequest
        case .refused: .serviceUnavailable
        case .expiredVersion: .gone
        }
    }
}

/// Why a session ended.
package enum TunnelGoodbyeCode: UInt16, CaseIterable, Sendable {
    /// As planned.
    case normal = 1
    /// The peer broke the protocol.
    case protocolError = 2
    /// The peer sent more than its credit.
    case flow = 3
    /// The agent's token or certificate is over.
    case authExpired = 4
    /// The plane's registration was withdrawn.
    case revoked = 5
    /// The plane is bound to another cluster.
    case conflict = 6
    /// No common version, or one that is not served any more.
    case upgradeRequired = 7
    /// The process ends.
    case shutdown = 8
    /// The peer makes more work than it reads answers.
    case flood = 9
    /// We hold a session with this server already.
    case duplicate = 10

    /// The code of the web-socket's close frame.
    package var closeCode: WebSocketCloseCode {
        switch self {
        case .normal, .duplicate: WebSocketCloseCode(1000)
        case .shutdown: WebSocketCloseCode(1001)
        case .protocolError: WebSocketCloseCode(1002)
        case .authExpired, .revoked: WebSocketCloseCode(1008)
        case .flow, .conflict, .upgradeRequired, .flood: WebSocketCloseCode(4000 + rawValue)
        }
    }
}
