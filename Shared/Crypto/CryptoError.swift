package import Faults
internal import COpenSSL

/// Everything that this door can refuse. Texts name the operation and OpenSSL's reason, never a key, a value or a file.
package enum CryptoError: Fault, Equatable {
    /// OpenSSL refused: `operation` is the C function, `reason` the last entry of its error queue.
    case openSSL(operation: String, reason: String)
    /// The bytes are not a private key of a kind that we use (RSA of 2048 to 8192 bits, or EC P-256).
    case unusableKey
    /// The bytes are not a certificate in PEM form.
    case unusableCertificate
    /// A wrapped key did not unwrap: another wrapping key was used, or the bytes were changed (RFC 3394 §2.2.3).
    case unwrapRefused
    /// A key or buffer has the wrong number of bytes for the named operation.
    case wrongLength(operation: String, bytes: Int)

    /// Whose fault it is.
    package var blame: Blame {
        switch self {
        case .openSSL, .wrongLength: .us
        case .unusableKey, .unusableCertificate, .unwrapRefused: .caller
        }
    }

    /// Whether trying again may help.
    package var retry: Retry { .never }
}

extension CryptoError: CustomStringConvertible {
    /// One sentence for a log or a terminal; never a value or a key.
    package var description: String {
        switch self {
        case .openSSL(let operation, let reason): "\(operation) failed: \(reason)"
        case .unusableKey: "not an RSA (2048 to 8192 bits) or EC P-256 key"
        case .unusableCertificate: "not a certificate in PEM form"
        case .unwrapRefused: "the wrapped key does not open with this wrapping key"
        case .wrongLength(let operation, let bytes): "\(operation): wrong length, \(bytes) bytes"
        }
    }
}

// The funnel: every OpenSSL call in this module goes through one of these three, on the line of the call. They drain
// the thread's error queue, so that the next failure does not tell this one's story.

/// - Throws: `.openSSL` unless `result` is 1.
func check(_ result: Int32, _ operation: StaticString) throws(CryptoError) {
    guard result != 1 else { return }
    throw openSSLFault(operation)
}

/// - Throws: `.openSSL` when the pointer is nil.
func check<Pointer>(_ pointer: Pointer?, _ operation: StaticString) throws(CryptoError) -> Pointer {
    if let pointer { return pointer }
    throw openSSLFault(operation)
}

/// The last queued reason as an error; the queue is empty afterwards.
func openSSLFault(_ operation: StaticString) -> CryptoError {
    let code = ERR_peek_last_error()
    ERR_clear_error()
    var reason = "no reason given"
    if code != 0, let text = ERR_reason_error_string(code) { reason = String(cString: text) }
    return .openSSL(operation: "\(operation)", reason: reason)
}

/// For calls whose "no" is an ordinary answer: empties the queue and says whether the call said yes.
func answered(_ result: Int32) -> Bool {
    if result == 1 { return true }
    ERR_clear_error()
    return false
}
