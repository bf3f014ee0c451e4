import Bytes
package import Crypto
package import HTTP
package import Net

/// Tells our own forms from those of strangers: a form carries a token that belongs to a cookie of the browser, and another site
/// can neither read the one nor set the other.
///
/// The cookie is random and means nothing by itself. Before a login it is `Cookie.form`, afterwards `Cookie.session`: it is never the
/// same on both sides of a login, so that nobody can be made to use a value that a stranger chose.
package final class FormTokens: Sendable {
    private let key: [UInt8]
    private let publicOrigin: String

    /// Tokens that live as long as the process.
    ///
    /// - Parameter publicOrigin: What browsers say that our forms come from when a proxy stands before us.
    /// - Throws: `CryptoError` when there is no randomness.
    package init(publicOrigin: String) throws(CryptoError) {
        key = try SecureRandom.bytes(32)
        self.publicOrigin = publicOrigin
    }

    /// A value for a cookie.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package static func newCookie() throws(CryptoError) -> String { Base64.encode(try SecureRandom.bytes(32), .url) }

    /// The token for the forms of a browser with this cookie.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func token(for cookie: String) throws(CryptoError) -> String {
        Base64.encode(try HMACSHA256.code(for: Array("form|\(cookie)".utf8), key: SecretBytes(copying: key)), .url)
    }

    /// Whether a form is one of ours, sent by the browser that it was made for.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func isGood(_ request: Request, _ caller: Caller, cookie: String?) throws(CryptoError) -> Bool {
        guard let cookie, let token = request.form["token"] else { return false }
        // Cookies know no ports: a stranger's server on this machine could set one. Browsers say where a form comes from.
        if let origin = request.headers["origin"] {
            let own = "\(caller.isSecure ? "https" : "http")://\(request.authority)"
            guard origin == own || origin == publicOrigin else { return false }
        }
        return constantTimeEqual(Array(token.utf8), Array(try self.token(for: cookie).utf8))
    }
}
