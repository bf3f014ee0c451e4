import Crypto
package import HTTP
import JSON
import Tokens

/// What verifiers and clients look up about a realm: its keys (RFC 7517) and its metadata (RFC 8414, OpenID Connect Discovery 1.0).
package struct PublishKeys: Sendable {
    private let realm: Realm

    /// The documents of a realm.
    package init(_ realm: Realm) { self.realm = realm }

    /// `…/protocol/openid-connect/certs`
    package func keySet() -> Response {
        let document = realm.published.snapshot().set?.document() ?? ["keys": []]
        return .json(.ok, document.bytes(), headers: ["cache-control": "public, max-age=60"])
    }

    /// `…/.well-known/openid-configuration`
    package func discovery() -> Response {
        // What keys sign with that are published now: during a change of algorithm there are two.
        let published = realm.published.snapshot().set?.keys.map(\.key.algorithm) ?? []
        let algorithms = SignatureAlgorithm.allCases.filter(published.contains).map(\.rawValue)
        var document: JSONObject = [
            "issuer": .string(realm.tokens.issuer), "token_endpoint": .string(realm.endpoint("token")),
            "jwks_uri": .string(realm.endpoint("certs")), "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": Self.names(algorithms),
        ]
        switch realm.name {
        case .streams, .installations:
            document["grant_types_supported"] = ["client_credentials", "refresh_token"]
            document["response_types_supported"] = []
            document["token_endpoint_auth_methods_supported"] = ["client_secret_basic", "client_secret_post"]
            document["claims_supported"] = Self.names(Self.claims + ["clientId"])
        case .users:
            document["authorization_endpoint"] = .string(realm.endpoint("auth"))
            document["revocation_endpoint"] = .string(realm.endpoint("revoke"))
            document["grant_types_supported"] = ["authorization_code", "refresh_token"]
            document["response_types_supported"] = ["code"]
            document["response_modes_supported"] = ["query"]
            document["code_challenge_methods_supported"] = ["S256"]
            document["token_endpoint_auth_methods_supported"] = ["none"]
            document["revocation_endpoint_auth_methods_supported"] = ["none"]
            document["authorization_response_iss_parameter_supported"] = true  // RFC 9207
            document["scopes_supported"] = Self.names(AuthorizationRequest.scopes)
            document["claims_supported"] = Self.names(Self.claims + ["email", "email_verified", "preferred_username"])
        }
        return .json(
            .ok, JSONValue.object(document).bytes(), headers: ["cache-control": "public, max-age=60"])
    }

    private static func names(_ names: [String]) -> JSONValue { .array(names.map { .string($0) }) }

    private static let claims = [
        "iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "acr", "typ", "scope",
    ]
}
