import Crypto
package import HTTP
import JSON
package import Tokens

/// What verifiers and clients look up about the issuer: its keys (RFC 7517) and its metadata (OpenID Connect Discovery 1.0).
package struct PublishKeys: Sendable {
    private let issuer: String
    private let keys: SharedKeySet

    /// The documents of `issuer`.
    package init(issuer: String, keys: SharedKeySet) {
        self.issuer = issuer
        self.keys = keys
    }

    /// `…/protocol/openid-connect/certs`
    package func keySet() -> Response {
        let document = keys.snapshot().set?.document() ?? ["keys": []]
        return .json(.ok, document.bytes(), headers: ["cache-control": "public, max-age=60"])
    }

    /// `…/.well-known/openid-configuration`
    package func discovery() -> Response {
        // What keys sign with that are published now: during a change of algorithm there are two.
        let published = keys.snapshot().set?.keys.map(\.key.algorithm) ?? []
        let algorithms = SignatureAlgorithm.allCases.filter(published.contains).map(\.rawValue)
        let protocolBase = issuer + "/protocol/openid-connect"
        let document: JSONValue = [
            "issuer": .string(issuer), "token_endpoint": .string(protocolBase + "/token"),
            "jwks_uri": .string(protocolBase + "/certs"),
            "grant_types_supported": ["client_credentials", "refresh_token"], "response_types_supported": [],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "id_token_signing_alg_values_supported": .array(algorithms.map { .string($0) }),
            "claims_supported": [
                "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "acr", "typ", "scope", "clientId",
            ],
        ]
        return .json(.ok, document.bytes(), headers: ["cache-control": "public, max-age=60"])
    }
}
