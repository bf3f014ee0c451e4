/// RFC 9113 §7.
enum ErrorCode: UInt32 {
    case noError = 0x0
    case protocolError = 0x1
    case internalError = 0x2
    case flowControlError = 0x3
    case settingsTimeout = 0x4
    case streamClosed = 0x5
    case frameSizeError = 0x6
    case refusedStream = 0x7
    case cancel = 0x8
    case compressionError = 0x9
    case connectError = 0xA
    case enhanceYourCalm = 0xB
    case inadequateSecurity = 0xC
    case http11Required = 0xD
}

/// What the peer did wrong, and how far that reaches (RFC 9113 §5.4). Thrown by the rules, carried out in one place:
/// `IngestConnection.punish`.
enum Violation: Error, Equatable {
    /// §5.4.1: GOAWAY with the reason's code, then the connection is closed.
    case connection(HTTP2EndReason)
    /// §5.4.2: RST_STREAM with this code; the connection goes on.
    case stream(UInt32, ErrorCode)
}

extension HTTP2EndReason {
    /// What GOAWAY says.
    var code: ErrorCode {
        switch self {
        case .protocolError: .protocolError
        case .flowControlError: .flowControlError
        case .frameSizeError: .frameSizeError
        case .compressionError: .compressionError
        case .streamClosed: .streamClosed
        case .resetFlood, .provokedResets, .continuationFlood, .headerBomb, .settingsFlood, .pingFlood, .priorityFlood,
            .windowUpdateFlood, .emptyFrameFlood, .unknownFrameFlood, .unreadOutput, .slowBodies, .flood, .slowFrame:
            .enhanceYourCalm
        }
    }
}
