package import Faults
package import HTTP
package import HTTP2
package import System
package import TLS

/// Why a connection, a request or a listener did not work out.
package enum NetError: Fault, Equatable, CustomStringConvertible {
    /// The kernel or the resolver refused.
    case system(SystemError)
    /// The secure connection did not come about, or broke.
    case tls(TLSError)
    /// The peer's messages break the protocol or a limit.
    case http(HTTPError)
    /// The peer's HTTP/2 breaks the protocol, or it takes no more requests.
    case http2(HTTP2Error)
    /// The peer closed the connection before the answer was complete.
    case connectionEnded
    /// The peer reset an HTTP/2 stream; it may have acted on the request.
    case streamReset(code: UInt32)
    /// The deadline passed; text says what was waited for.
    case deadlineExceeded(String)
    /// The caller gave up.
    case cancelled
    /// The client was shut down, or too many requests wait for a connection.
    case unavailable(String)
    /// The proxy answered CONNECT with another status than 2xx.
    case proxyRefused(Status)
    /// The server answered a web-socket handshake with another status than 101.
    case upgradeRefused(Status)

    /// Nobody but the one dialled is to blame for most of these.
    package var blame: Blame {
        switch self {
        case .system(let error): error.blame
        case .tls(let error): error.blame == .us ? .us : .upstream
        case .http2(let error): error.blame == .us ? .us : .upstream
        case .http, .connectionEnded, .streamReset, .deadlineExceeded, .proxyRefused, .upgradeRefused: .upstream
        case .cancelled: .caller
        case .unavailable: .us
        }
    }

    /// Whether trying again may help.
    package var retry: Retry {
        switch self {
        case .system(let error): error.retry
        case .tls(let error): error.retry
        case .http2(let error): error.retry
        case .connectionEnded, .streamReset, .deadlineExceeded, .unavailable: .afterBackoff
        case .http, .cancelled: .never
        case .proxyRefused(let status), .upgradeRefused(let status): status.code >= 500 ? .afterBackoff : .never
        }
    }

    /// One line for a log.
    package var description: String {
        switch self {
        case .system(let error): error.description
        case .tls(let error): error.description
        case .http(let error): error.description
        case .http2(let error): error.description
        case .connectionEnded: "the peer closed the connection"
        case .streamReset(let code): "the peer reset the stream (code \(code))"
        case .deadlineExceeded(let what): "deadline exceeded while waiting for \(what)"
        case .cancelled: "cancelled"
        case .unavailable(let why): why
        case .proxyRefused(let status): "the proxy answered CONNECT with \(status)"
        case .upgradeRefused(let status): "web-socket handshake answered with \(status)"
        }
    }
}
