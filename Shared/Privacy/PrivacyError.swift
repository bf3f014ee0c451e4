package import Crypto
package import Faults

/// What this module refuses. No case carries a value, a ciphertext or a key.
package enum PrivacyError: Fault, Equatable {
    /// A sealed text that is not Base64, not of this key, or not genuine; which of the three is nobody's business.
    case badCipherText
    /// A keyset that is not exactly one enabled AES-SIV key in Tink form; `reason` names the member.
    case badKeyset(reason: String)
    /// A stream that asks for no purpose, or for several although its rule takes one.
    case badConsentRule(reason: String)
    /// OpenSSL refused.
    case crypto(CryptoError)

    /// Whose fault it is.
    package var blame: Blame {
        switch self {
        case .badCipherText, .badKeyset, .badConsentRule: .caller
        case .crypto(let error): error.blame
        }
    }

    /// Whether trying again may help.
    package var retry: Retry { .never }
}

extension PrivacyError: CustomStringConvertible {
    /// One sentence for a log or a terminal; never a value or a key.
    package var description: String {
        switch self {
        case .badCipherText: "bad cipher text"
        case .badKeyset(let reason): "bad encryption key: \(reason)"
        case .badConsentRule(let reason): "bad consent rule: \(reason)"
        case .crypto(let error): "\(error)"
        }
    }
}
