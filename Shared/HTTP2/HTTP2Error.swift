private import CNghttp2
package import Faults

/// Why an HTTP/2 connection or one of its streams ended early.
package enum HTTP2Error: Fault, Equatable, CustomStringConvertible {
    /// The peer broke the protocol; the connection is over.
    case protocolViolated(reason: String)
    /// The peer ended one stream with this code (RFC 9113 §7).
    case streamReset(code: UInt32)
    /// The peer has not looked at the request: it is safe to send it again elsewhere.
    case refused
    /// The peer goes away, or its connection ended, and may have acted on the request.
    case connectionEnded
    /// The answer is longer than the limit, in bytes.
    case responseTooLarge(limit: Int)
    /// A library call failed that only a lack of memory makes fail.
    case library(call: String, reason: String)

    /// Whose doing it was.
    package var blame: Blame {
        switch self {
        case .protocolViolated: .caller
        case .streamReset, .refused, .connectionEnded, .responseTooLarge: .upstream
        case .library: .us
        }
    }

    /// Whether the same request may work on another connection.
    package var retry: Retry {
        switch self {
        case .refused, .connectionEnded, .streamReset: .afterBackoff
        case .protocolViolated, .responseTooLarge, .library: .never
        }
    }

    /// One line for a log.
    package var description: String {
        switch self {
        case .protocolViolated(let reason): "HTTP/2: \(reason)"
        case .streamReset(let code): "HTTP/2 stream reset with code \(code)"
        case .refused: "HTTP/2 request refused unseen"
        case .connectionEnded: "HTTP/2 connection ended"
        case .responseTooLarge(let limit): "response longer than \(limit) bytes"
        case .library(let call, let reason): "\(call): \(reason)"
        }
    }
}

/// nghttp2's text for a result.
func reasonText(_ code: Int) -> String { String(cString: nghttp2_strerror(Int32(code))) }

/// Tests the result of a library call on the line of the call.
func check(_ result: Int32, _ call: StaticString) throws(HTTP2Error) {
    if result != 0 { throw .library(call: call.description, reason: reasonText(Int(result))) }
}
