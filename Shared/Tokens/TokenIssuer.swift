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

/// Makes access tokens for clients.
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

    /// Makes a token. About a millisecond of CPU with RS256.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func issue(clientID: String, now: Timestamp) throws(CryptoError) -> IssuedToken {
        let key = keys.signingKey(now: now)
        let expiry = Timestamp(seconds: (now + lifetime).seconds)
        let header: JSONValue
        let payload: JSONValue
        switch detail {
        case .keycloak:
            header = ["alg": .string(key.key.algorithm.rawValue), "typ": "JWT", "kid": .string(key.keyID)]
            payload = [
                "exp": JSONValue(expiry.seconds), "iat": JSONValue(now.seconds), "nbf": JSONValue(now.seconds),
                "jti": .string(Self.uuid(try SecureRandom.bytes(16))), "iss": .string(issuer), "aud": "account",
                "sub": .string(try Self.subject(of: clientID)), "typ": "Bearer", "azp": .string(clientID), "acr": "1",
                "scope": "email profile", "clientId": .string(clientID),
            ]
        case .minimal:
            header = ["alg": .string(key.key.algorithm.rawValue), "kid": .string(key.keyID)]
            payload = ["exp": JSONValue(expiry.seconds), "iss": .string(issuer), "clientId": .string(clientID)]
        }
        let signed = Base64.encode(header.bytes(), .url) + "." + Base64.encode(payload.bytes(), .url)
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
