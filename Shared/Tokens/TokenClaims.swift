import JSON
import Time

/// The registered claims (RFC 7519 §4.1) and ours, each of its type. Says nothing about trust or time.
struct TokenClaims {
    let issuer: String
    let expiresAt: Timestamp
    /// 1970 when the token has no `nbf`.
    let notBefore: Timestamp
    /// 1970 when the token has no `iat`.
    let issuedAt: Timestamp
    let clientID: String?
    let installationID: String?
    /// `sub` and `email`, when both are there.
    let person: TokenPerson?

    /// - Throws: `.badClaim`: `iss` and `exp` have to be there, `nbf` and `iat` may be; all of them of their type. One
    ///   of ours that is not a text counts as none.
    init(_ claims: JSONObject) throws(TokenError) {
        guard let issuer = claims["iss"]?.string else { throw .badClaim("iss") }
        self.issuer = issuer
        guard let expiry = try Self.date("exp", claims) else { throw .badClaim("exp") }
        expiresAt = expiry
        notBefore = try Self.date("nbf", claims) ?? .epoch
        issuedAt = try Self.date("iat", claims) ?? .epoch
        clientID = claims["clientId"]?.string
        installationID = claims["installationId"]?.string
        if let id = claims["sub"]?.string, let email = claims["email"]?.string, !id.isEmpty, !email.isEmpty {
            person = TokenPerson(id: id, email: email)
        } else {
            person = nil
        }
    }

    /// A NumericDate (RFC 7519 §2): seconds, possibly with a fraction; from 1970 to the year 9999.
    private static func date(_ name: String, _ claims: JSONObject) throws(TokenError) -> Timestamp? {
        guard let value = claims[name] else { return nil }
        guard let seconds = value.double, seconds >= 0, seconds <= 253_402_300_799 else { throw .badClaim(name) }
        return Timestamp(milliseconds: Int64(seconds * 1000))
    }
}
