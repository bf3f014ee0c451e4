package import Faults

/// Why a bearer token is not accepted, or why nobody can tell.
///
/// The texts are those of Envoy's JWT filter, which the public clients know. None of them quotes the token.
package enum TokenError: Fault, Equatable {
    /// No `Authorization` field, or not of the scheme Bearer.
    case missing
    /// More than 16 KiB: refused before a byte of it is looked at.
    case tooLong
    /// Not three parts joined by two dots.
    case notThreeParts
    /// The part is not strict base64url without padding.
    case notBase64(Part)
    /// The part is not a JSON object (RFC 8259, no member twice).
    case notJSON(Part)
    /// The header's `alg` is missing or not a text.
    case noAlgorithm
    /// The header's `alg` is not RS256 or ES256: `none`, HMAC and everything else.
    case algorithmNotAllowed
    /// The header demands an extension that we do not know (`crit`, RFC 7515 §4.1.11).
    case criticalExtension
    /// The header's `kid` is not a text.
    case badKeyID
    /// No key of the issuer has this `kid` and fits this `alg`.
    case unknownKey
    /// The signature does not belong to header and payload under that key.
    case badSignature
    /// A claim is missing or not of its type; the name of the claim is one of ours, never text of the token.
    case badClaim(String)
    /// `iss` is another issuer.
    case wrongIssuer
    /// `exp` is over.
    case expired
    /// `nbf` or `iat` lies ahead.
    case notYetValid
    /// There is no `clientId` claim: the token is not one of a stream.
    case noClientID
    /// The issuer's keys have never been fetched, so nothing can be decided.
    case keysUnavailable

    /// The three parts of a compact token (RFC 7515 §7.1).
    package enum Part: String, Sendable {
        /// Algorithm and key id.
        case header
        /// The claims.
        case payload
        /// The signature.
        case signature
    }

    /// The caller's, unless we have no keys.
    package var blame: Blame { self == .keysUnavailable ? .upstream : .caller }
    /// A token stays what it is, but keys may arrive and `nbf` may come.
    package var retry: Retry {
        switch self {
        case .unknownKey, .notYetValid, .keysUnavailable: .afterBackoff
        case .missing, .tooLong, .notThreeParts, .notBase64, .notJSON, .noAlgorithm, .algorithmNotAllowed,
            .criticalExtension, .badKeyID, .badSignature, .badClaim, .wrongIssuer, .expired, .noClientID:
            .never
        }
    }

    /// The answer's body.
    package var text: String {
        switch self {
        case .missing: "Jwt is missing"
        case .tooLong: "Jwt is too long"
        case .notThreeParts: "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections"
        case .notBase64(let part): "Jwt \(part.rawValue) is an invalid Base64url encoded"
        case .notJSON(let part): "Jwt \(part.rawValue) is an invalid JSON"
        case .noAlgorithm: "Jwt header [alg] field is required and must be a string"
        case .algorithmNotAllowed: "Jwt header [alg] is not supported"
        case .criticalExtension: "Jwt header [crit] is not supported"
        case .badKeyID: "Jwt header [kid] field is not a string"
        case .unknownKey: "Jwks doesn't have key to match kid or alg from Jwt"
        case .badSignature: "Jwt verification fails"
        case .badClaim(let claim): "Jwt payload [\(claim)] field is missing or malformed"
        case .wrongIssuer: "Jwt issuer is not configured"
        case .expired: "Jwt is expired"
        case .notYetValid: "Jwt not yet valid"
        case .noClientID: "{\"error\": \"Client ID is missing in the provided JWT\"}"
        case .keysUnavailable: "Jwks remote fetch is failed"
        }
    }

    /// Media type of `text`.
    package var contentType: String { self == .noClientID ? "application/json" : "text/plain; charset=utf-8" }

    /// One word for a metric's label.
    package var label: String {
        switch self {
        case .missing: "missing"
        case .tooLong, .notThreeParts, .notBase64, .notJSON, .noAlgorithm, .criticalExtension, .badKeyID, .badClaim:
            "malformed"
        case .algorithmNotAllowed: "algorithm"
        case .unknownKey: "unknown_key"
        case .badSignature: "signature"
        case .wrongIssuer: "issuer"
        case .expired: "expired"
        case .notYetValid: "not_yet_valid"
        case .noClientID: "no_client_id"
        case .keysUnavailable: "keys_unavailable"
        }
    }

    /// Value of the `www-authenticate` field of a 401 (RFC 6750 §3).
    ///
    /// - Parameter realm: The address that was asked for; a quote or a control character in it is left out.
    package func challenge(realm: String) -> String {
        let safe = realm.filter { $0.isASCII && $0 >= " " && $0 != "\"" && $0 != "\\" && $0 != "\u{7F}" }
        return self == .missing ? "Bearer realm=\"\(safe)\"" : "Bearer realm=\"\(safe)\", error=\"invalid_token\""
    }
}
