private import COpenSSL
package import Faults
import System

/// Why a secure connection, or the files for one, did not work out. Reasons are OpenSSL's words; no key is ever in them.
package enum TLSError: Fault, Equatable, CustomStringConvertible {
    /// A certificate, key or authority file cannot be used.
    case unusableFile(path: String, reason: String)
    /// A library call failed that only a bad installation or a lack of memory makes fail.
    case library(call: String, reason: String)
    /// The peer's certificate was refused: by us when `reason` says why, by the peer when it sent an alert.
    case handshakeFailed(reason: String)
    /// The peer sent something that is not TLS, or that does not decrypt.
    case protocolViolated(reason: String)
    /// The transport below failed with this `errno`.
    case connectionFailed(errno: Int32)
    /// The connection ended without the peer's goodbye: what came before may be cut short.
    case truncated
    /// A server's name is neither a DNS name nor an IP address.
    case badServerName(String)

    /// Files are ours; the rest is the peer's or the network's doing.
    package var blame: Blame {
        switch self {
        case .unusableFile, .library, .badServerName: .us
        case .handshakeFailed, .protocolViolated, .truncated: .caller
        case .connectionFailed: .upstream
        }
    }

    /// Whether another connection may work.
    package var retry: Retry {
        switch self {
        case .unusableFile, .library, .badServerName, .protocolViolated: .never
        case .handshakeFailed, .connectionFailed, .truncated: .afterBackoff
        }
    }

    /// One line for a log.
    package var description: String {
        switch self {
        case .unusableFile(let path, let reason): "\(path): \(reason)"
        case .library(let call, let reason): "\(call): \(reason)"
        case .handshakeFailed(let reason): "handshake: \(reason)"
        case .protocolViolated(let reason): "TLS: \(reason)"
        case .connectionFailed(let code): "connection failed (error \(code))"
        case .truncated: "connection ended without close_notify"
        case .badServerName(let name): "\(name): not a server name"
        }
    }
}

/// Empties OpenSSL's error queue of this thread and gives the text of its oldest entry. Every failure ends here, so the
/// queue is empty whenever a call begins, which `SSL_get_error` relies on.
func drainErrors() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0 else { return "unknown reason" }
    // OpenSSL 3 has no texts for the kernel's errors: ERR_SYSTEM_ERROR and ERR_GET_REASON of <openssl/err.h>.
    if code & 0x8000_0000 != 0 { return errorText(Int32(truncatingIfNeeded: code & 0x7FFF_FFFF)) }
    if let reason = ERR_reason_error_string(code) { return String(cString: reason) }
    return "error \(code)"
}

/// Tests the result of a library call on the line of the call.
func check(_ result: Int32, _ call: StaticString) throws(TLSError) {
    if result != 1 { throw .library(call: call.description, reason: drainErrors()) }
}
