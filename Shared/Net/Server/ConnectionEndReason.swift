package import HTTP2

/// Why the server refused or cut off a connection that its peer would have kept.
///
/// A connection is counted once, under the reason that came first. One that the peer ends, or that a drain ends, is not counted.
package enum ConnectionEndReason: Sendable, Hashable {
    /// HTTP/2 says why.
    case http2(HTTP2EndReason)
    /// What came was not TLS, or had nothing in common with us, or showed a bad certificate, or stopped half-way.
    case handshakeFailed
    /// The secure connection was not agreed upon in time.
    case slowHandshake
    /// TLS was broken after the handshake: a forged record, a renegotiation.
    case tlsViolated
    /// Connected, and never said a word.
    case silent
    /// The first bytes, or a request's head, did not arrive in time.
    case slowHead
    /// A request's body did not arrive in time.
    case slowBody
    /// Nothing was under way for too long.
    case idle
    /// Had to make room for a newer connection.
    case madeRoom
    /// Was not let in: there are as many connections as allowed, and none of them could make room.
    case tableFull
    /// The peer took none of what was sent to it for too long.
    case notReading
    /// HTTP/1.1 that breaks the grammar, or could be read in two ways.
    case badRequest
    /// A line, head or body of HTTP/1.1 that is longer than its limit.
    case tooLarge
    /// The requests in memory are as large as they may be.
    case memoryFull
    /// Too many refused tokens in a row.
    case refusedTokens

    /// All of them.
    package static let all: [ConnectionEndReason] =
        [
            .handshakeFailed, .slowHandshake, .tlsViolated, .silent, .slowHead, .slowBody, .idle, .madeRoom, .tableFull,
            .notReading, .badRequest, .tooLarge, .memoryFull, .refusedTokens,
        ] + HTTP2EndReason.allCases.map { .http2($0) }

    /// One word for a metric's label.
    package var label: String {
        switch self {
        case .http2(let reason): "http2_\(reason.rawValue)"
        case .handshakeFailed: "handshake_failed"
        case .slowHandshake: "slow_handshake"
        case .tlsViolated: "tls_violated"
        case .silent: "silent"
        case .slowHead: "slow_head"
        case .slowBody: "slow_body"
        case .idle: "idle"
        case .madeRoom: "made_room"
        case .tableFull: "table_full"
        case .notReading: "not_reading"
        case .badRequest: "bad_request"
        case .tooLarge: "too_large"
        case .memoryFull: "memory_full"
        case .refusedTokens: "refused_tokens"
        }
    }
}
