package import Faults
import HTTP
import JSON

/// What the OAuth endpoints refuse (RFC 6749 §5.2).
package enum OAuthError: Fault, Equatable {
    /// A parameter is missing, or there twice; the reason is one of our own sentences.
    case invalidRequest(String)
    /// The client is unknown, its secret is wrong, or there are no credentials: one answer for all three.
    case invalidClient
    /// The code or the refresh token is not good, or not for this client; the reason is one of our own sentences.
    case invalidGrant(String)
    /// The realm does not have this grant type.
    case unsupportedGrantType
    /// This client id has failed too often; seconds until the next try.
    case tooManyFailures(retryAfter: Int)
    /// There is no such realm.
    case unknownRealm

    /// Always the client's.
    package var blame: Blame { .caller }
    /// Only waiting helps, and only against too many failures.
    package var retry: Retry {
        switch self {
        case .tooManyFailures: .afterBackoff
        case .invalidRequest, .invalidClient, .invalidGrant, .unsupportedGrantType, .unknownRealm: .never
        }
    }
}

/// Every fault as an answer: the one place where that is decided.
enum ControlPlaneProblems {
    /// - Parameter realm: Where it happened; nil when there is no such realm.
    static func response(_ error: OAuthError, realm: RealmName?) -> Response {
        switch error {
        case .invalidRequest(let reason): answer(.badRequest, "invalid_request", reason)
        case .invalidGrant(let reason): answer(.badRequest, "invalid_grant", reason)
        case .unsupportedGrantType:
            answer(.badRequest, "unsupported_grant_type", "this realm does not have this grant type")
        case .invalidClient:
            // RFC 6749 §5.2: 401 must name the scheme.
            answer(
                .unauthorized, "invalid_client", "client id or secret are wrong",
                headers: ["www-authenticate": "Basic realm=\"\(realm?.rawValue ?? "")\", charset=\"UTF-8\""])
        case .tooManyFailures(let seconds):
            answer(
                .tooManyRequests, "invalid_client", "too many failed logins of this client id",
                headers: ["retry-after": String(seconds)])
        case .unknownRealm: answer(.notFound, "not_found", "realm does not exist")
        }
    }

    /// For what only a bug or a broken machine causes; the details are in the log under this id.
    static func unexpected(id: String) -> Response {
        answer(.internalServerError, "server_error", "the log tells more under \(id)")
    }

    private static func answer(
        _ status: Status, _ code: String, _ description: String, headers: Headers = [:]
    ) -> Response {
        let body: JSONValue = ["error": .string(code), "error_description": .string(description)]
        var response = Response.json(status, body.bytes(), headers: headers)
        response.headers["cache-control"] = "no-store"
        return response
    }
}
