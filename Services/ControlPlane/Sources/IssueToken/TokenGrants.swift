package import Time
package import Tokens

/// Who may have a token, in one realm. Told what a client asks for, it answers with a token or refuses.
package protocol TokenGrants: Sendable {
    /// Answers a request.
    ///
    /// - Throws: `OAuthError` for what the client did wrong; anything else is our fault.
    func grant(_ asked: TokenRequest, now: Timestamp) async throws -> TokenGrant
}

/// What a client gets (RFC 6749 §5.1).
package struct TokenGrant: Sendable {
    /// The access token.
    package let access: IssuedToken
    /// The text to come back with. Never logged.
    package let refreshToken: String
    /// What was granted, separated by spaces.
    package let scope: String

    /// An answer of these parts.
    package init(access: IssuedToken, refreshToken: String, scope: String) {
        self.access = access
        self.refreshToken = refreshToken
        self.scope = scope
    }
}
