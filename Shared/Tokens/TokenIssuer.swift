import Bytes
package import Crypto
import JSON
package import Time

/// A signed access token.
package struct IssuedToken: Sendable {
    /// The compact form.
    package let text: String
    /// From when on it is refused.
    package let expiresAt: Timestamp
    /// Which key signed it.
    package let keyID: String
}

/// What an access token says beside what a verifier needs.
package enum TokenDetail: Sendable {
    /// All claims that Keycloak writes for a service account.
    case keycloak
    /// `iss`, `exp` and `clientId` alone: a token that is a third as long, and travels with every event.
    case minimal
}

/// Who logged in, as tokens of realm `users` name them.
package struct TokenPerson: Sendable, Hashable {
    /// The `sub` claim: the user's UUID.
    package let id: String
    /// The `email` claim.
    package let email: String

    /// A person with this id and address.
    package init(id: String, email: String) {
        self.id = id
        self.email = email
    }
}

/// Makes access tokens.
package struct TokenIssuer: Sendable {
    /// The `iss` claim.
    package let issuer: String
    /// How long a token lives.
    package let lifetime: Duration
    private let keys: SigningKeyStore
    private let detail: TokenDetail

    /// An issuer that signs with the store's current key.
    package init(issuer: String, keys: SigningKeyStore, lifetime: Duration, detail: TokenDetail = .keycloak) {
        self.issuer = issuer
        self.keys = keys
        self.lifetime = lifetime
        self.detail = detail
    }

    /// Makes a token for a client. About a millisecond of CPU with RS256.
    ///
    /// - Parameter installationID: The data plane that the client belongs to, in realm `installations`.
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func issue(
        clientID: String, installationID: String? = nil, now: Timestamp
    ) throws(CryptoError) -> IssuedToken {
        let expiry = expiry(now)
        guard detail == .keycloak || installationID != nil else {
            return try signed(
                ["exp": JSONValue(expiry.seconds), "iss": .string(issuer), "clientId": .string(clientID)],
                typ: nil, expiry: expiry, now: now)
        }
        var claims = try common(
            subject: try Self.subject(of: clientID), party: clientID, scope: "email profile", now: now)
        claims["clientId"] = .string(clientID)
        if let installationID { claims["installationId"] = .string(installationID) }
        return try signed(claims, typ: "JWT", expiry: expiry, now: now)
    }

    /// Makes a token with which a client acts for a person. As expensive as the other.
    ///
    /// - Parameters:
    ///   - clientID: The client, the `azp` claim. There is no `clientId` claim: the token is not one of a client.
    ///   - scope: What was asked for, separated by spaces.
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func issue(
        for person: TokenPerson, clientID: String, scope: String, now: Timestamp
    ) throws(CryptoError) -> IssuedToken {
        var claims = try common(subject: person.id, party: clientID, scope: scope, now: now)
        claims["email"] = .string(person.email)
        claims["email_verified"] = true
        claims["preferred_username"] = .string(person.email)
        return try signed(claims, typ: "JWT", expiry: expiry(now), now: now)
    }

    private func expiry(_ now: Timestamp) -> Timestamp { Timestamp(seconds: (now + lifetime).seconds) }

    private func common(
        subject: String, party: String, scope: String, now: Timestamp
    ) throws(CryptoError) -> JSONObject {
        [
            "exp": JSONValue(expiry(now).seconds), "iat": JSONValue(now.seconds), "nbf": JSONValue(now.seconds),
            "jti": .string(Self.uuid(try SecureRandom.bytes(16))), "iss": .string(issuer), "aud": "account",
            "sub": .string(subject), "typ": "Bearer", "azp": .string(party), "acr": "1", "scope": .string(scope),
        ]
    }

    private func signed(
        _ claims: JSONObject, typ: String?, expiry: Timestamp, now: Timestamp
    ) throws(CryptoError) -> IssuedToken {
        let key = keys.signingKey(now: now)
        var header: JSONObject = ["alg": .string(key.key.algorithm.rawValue)]
        if let typ { header["typ"] = .string(typ) }
        header["kid"] = .string(key.keyID)
        let signed =
            Base64.encode(JSONValue.object(header).bytes(), .url) + "."
            + Base64.encode(JSONValue.object(claims).bytes(), .url)
        let signature = try key.key.sign(Array(signed.utf8))
        return IssuedToken(text: signed + "." + Base64.encode(signature, .url), expiresAt: expiry, keyID: key.keyID)
    }

    /// The service account's id: the same for a client at all times and in all processes.
    private static func subject(of clientID: String) throws(CryptoError) -> String {
        uuid(Array(try SHA256.hash(Array("service-account:\(clientID)".utf8)).prefix(16)))
    }

    /// Sixteen bytes as a UUID.
    private static func uuid(_ bytes: [UInt8]) -> String {
        let (high, low) = bytes.withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
        return UUIDv4(random: high.bigEndian, low.bigEndian).description
    }
}
