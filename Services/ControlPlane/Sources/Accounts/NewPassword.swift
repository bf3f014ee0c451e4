package import Crypto
package import HTTP

/// A password that somebody chose, typed twice.
package struct NewPassword: Sendable {
    /// Why it is not taken.
    package enum Refusal: Error, Equatable {
        /// Fewer than ``NewPassword/shortest`` characters.
        case tooShort
        /// More than the check looks at.
        case tooLong
        /// The two are not the same.
        case different
        /// The e-mail address, or a part of it.
        case isAddress

        /// For the person.
        package var text: String {
            switch self {
            case .tooShort: "The new password must have at least \(NewPassword.shortest) characters."
            case .tooLong: "The new password is too long."
            case .different: "The two new passwords are not the same."
            case .isAddress: "The new password must not be your e-mail address."
            }
        }
    }

    /// In characters. Length is what counts (NIST SP 800-63B §5.1.1); no rule asks for digits or signs.
    package static let shortest = 12

    private let bytes: [UInt8]

    /// From the fields `new` and `again` of a form.
    ///
    /// - Throws: Why it is not taken.
    package init(_ form: FormFields, for email: String) throws(Refusal) {
        let text = form["new"] ?? ""
        guard text == form["again"] ?? "" else { throw .different }
        guard text.count >= Self.shortest else { throw .tooShort }
        guard text.utf8.count <= PasswordCheck.byteLimit else { throw .tooLong }
        guard text.lowercased() != email.lowercased() else { throw .isAddress }
        bytes = Array(text.utf8)
    }

    /// The text to store. Blocks for as long as the cost says.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func hash() throws(CryptoError) -> String { try PasswordHash(of: SecretBytes(copying: bytes)).text }
}
