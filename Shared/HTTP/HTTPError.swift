package import Faults

/// Why a message was refused. Reasons are constant text: nothing that the peer sent is in them.
package enum HTTPError: Fault, Equatable, CustomStringConvertible {
    /// 400: the message breaks the grammar, or could be read in two ways (request smuggling).
    case malformed(String)
    /// 414: the request line is longer than the limit.
    case targetTooLong
    /// 431: the head has too many fields or bytes.
    case headTooLarge
    /// 413: the body is longer than the limit.
    case bodyTooLarge
    /// 417: an expectation other than `100-continue`.
    case unknownExpectation
    /// 501: a transfer coding other than `chunked`.
    case unknownTransferCoding
    /// 505: not HTTP/1.0 or HTTP/1.1.
    case unknownVersion
    /// The peer's connection ended in the middle of a message.
    case truncated
    /// A web-socket peer broke RFC 6455; the connection closes with the code.
    case webSocket(WebSocketCloseCode, String)

    /// What to answer when the message was a request.
    package var status: Status {
        switch self {
        case .malformed, .truncated, .webSocket: .badRequest
        case .targetTooLong: .uriTooLong
        case .headTooLarge: .headerFieldsTooLarge
        case .bodyTooLarge: .contentTooLarge
        case .unknownExpectation: .expectationFailed
        case .unknownTransferCoding: .notImplemented
        case .unknownVersion: .versionNotSupported
        }
    }

    /// The peer sent it.
    package var blame: Blame { .caller }

    /// The same bytes will be refused again.
    package var retry: Retry { .never }

    /// One sentence, constant per cause.
    package var description: String {
        switch self {
        case .malformed(let reason): "malformed message: \(reason)"
        case .targetTooLong: "request target too long"
        case .headTooLarge: "header fields too large"
        case .bodyTooLarge: "body too large"
        case .unknownExpectation: "unknown expectation"
        case .unknownTransferCoding: "unknown transfer coding"
        case .unknownVersion: "HTTP version not supported"
        case .truncated: "connection ended inside a message"
        case .webSocket(let code, let reason): "web-socket closed with \(code.rawValue): \(reason)"
        }
    }
}

/// What a peer may make large, and how large.
package struct HTTPLimits: Sendable {
    /// Bytes of a request or status line, without its end.
    package var lineBytes = 8 * 1024
    /// Bytes of a whole head: start line and fields. In HTTP/2, the header list as RFC 9113 §6.5.2 counts it.
    package var headBytes = 32 * 1024
    /// Fields in a head, and in a trailer section.
    package var fieldCount = 100
    /// Bytes of a body, after chunked decoding.
    package var bodyBytes = 1024 * 1024

    /// The defaults of every listener.
    package init() {}

    /// The defaults with another limit on bodies.
    package init(bodyBytes: Int) { self.bodyBytes = bodyBytes }
}

/// Why a web-socket was closed (RFC 6455 §7.4).
package struct WebSocketCloseCode: Sendable, Hashable {
    /// 1000…4999 on the wire; 1005 and 1006 only as a report.
    package let rawValue: UInt16

    /// Any code.
    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    /// False for codes that must never be on the wire, or that nobody has defined.
    package var mayBeSent: Bool {
        switch rawValue {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    /// 1000: the purpose is fulfilled.
    package static let normal = WebSocketCloseCode(1000)
    /// 1001: the server goes down.
    package static let goingAway = WebSocketCloseCode(1001)
    /// 1002: the peer broke the protocol.
    package static let protocolError = WebSocketCloseCode(1002)
    /// 1005: a close frame without a code was received. Never sent.
    package static let noStatus = WebSocketCloseCode(1005)
    /// 1006: the connection ended without a close frame. Never sent.
    package static let abnormal = WebSocketCloseCode(1006)
    /// 1007: a text message that is not UTF-8.
    package static let invalidPayload = WebSocketCloseCode(1007)
    /// 1008: the message breaks a rule of ours.
    package static let policyViolation = WebSocketCloseCode(1008)
    /// 1009: the message is too big.
    package static let messageTooBig = WebSocketCloseCode(1009)
    /// 1011: we failed.
    package static let internalError = WebSocketCloseCode(1011)
    /// 1012: the service restarts.
    package static let serviceRestart = WebSocketCloseCode(1012)
    /// 1013: overloaded.
    package static let tryAgainLater = WebSocketCloseCode(1013)
}
