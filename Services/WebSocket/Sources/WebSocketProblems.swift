internal import Faults
package import HTTP
package import Tokens

/// Everything that this service answers instead of switching protocols. Bodies are one line without payload; those about
/// tokens have the words of Envoy's JWT filter, because operators search for them.
package enum Refusal: Error, Equatable {
    /// A path that nothing answers.
    case noSuchPath
    /// A known path, another method.
    case wrongMethod
    /// The token was refused, or nobody can tell.
    case token(TokenError)
    /// No stream has this client id.
    case clientUnknown
    /// As many listen as may.
    case tooManyListeners
    /// The stream's topic cannot be read now.
    case logUnavailable
    /// This process starts, or it drains.
    case notReady

    /// The HTTP status.
    package var status: Status {
        switch self {
        case .noSuchPath: .notFound
        case .wrongMethod: .methodNotAllowed
        case .token(let error): error.blame == .caller ? .unauthorized : .serviceUnavailable
        case .clientUnknown: .forbidden
        case .tooManyListeners, .logUnavailable, .notReady: .serviceUnavailable
        }
    }

    /// The body, without a line end.
    package var text: String {
        switch self {
        case .noSuchPath: "Not found: this listener serves GET /ws and GET /"
        case .wrongMethod: "Method not allowed: this path has GET"
        case .token(let error): error.text
        case .clientUnknown: "The client id of the token belongs to no stream"
        case .tooManyListeners: "Too many listeners; try again later"
        case .logUnavailable: "The stream cannot be read now; try again later"
        case .notReady: "The web-socket service is not ready"
        }
    }

    /// One word for a metric's label.
    package var label: String {
        switch self {
        case .noSuchPath: "no_such_path"
        case .wrongMethod: "wrong_method"
        case .token(let error): "token_\(error.label)"
        case .clientUnknown: "client_unknown"
        case .tooManyListeners: "too_many_listeners"
        case .logUnavailable: "log_unavailable"
        case .notReady: "not_ready"
        }
    }

    /// The whole answer.
    ///
    /// - Parameter realm: The URL of the request, for `www-authenticate` (RFC 6750 §3).
    package func response(realm: String) -> Response {
        var response = Response.text(status, text + "\n")
        if case .token(let error) = self, status == .unauthorized {
            response.headers["www-authenticate"] = error.challenge(realm: realm)
            response.headers["content-type"] = error.contentType
        }
        if self == .wrongMethod { response.headers["allow"] = "GET, HEAD" }
        if status == .serviceUnavailable { response.headers["retry-after"] = "1" }
        return response
    }
}
