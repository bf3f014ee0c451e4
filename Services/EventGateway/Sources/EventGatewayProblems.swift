internal import Bytes
package import Contracts
internal import Faults
package import HTTP
package import Tokens

/// Everything that this service answers instead of 204, and nothing else: one translation, in one place.
///
/// Bodies are one line of `text/plain; charset=utf-8`, bounded, and free of payload: a refused value appears as its length.
/// The texts about tokens are the ones of Envoy's JWT filter, because operators search for those; the missing client id keeps
/// its published JSON form. A payload problem is never a 401: clients answer that with a new token and the same event.
package enum Refusal: Error, Equatable {
    /// A path that nothing answers.
    case noSuchPath
    /// A known path, another method; the methods that it has.
    case wrongMethod(allow: String)
    /// The body is longer than `EventGatewayConfig.maximumBody`.
    case bodyTooLarge(limit: Int)
    /// The token was refused, or nobody can tell.
    case token(TokenError)
    /// No stream has this client id.
    case clientUnknown
    /// The client id belongs to a derived stream.
    case derivedStream(name: String, source: String)
    /// The stream is switched off.
    case streamNotEnabled(name: String)
    /// The stream sent faster than it may; nanoseconds until it may send again.
    case rateExceeded(stream: String, wait: Int64)
    /// `Strm-Schema-Ref` is not there.
    case schemaRefMissing
    /// `Strm-Schema-Ref` is not of the form handle/name/version; its length.
    case schemaRefMalformed(length: Int)
    /// No such schema.
    case schemaUnknown(schema: String)
    /// The event itself was refused: by its encoding, its contract or a rule.
    case event(EventRefusal)
    /// More is in flight than this process wants to hold in memory.
    case overloaded
    /// The event could not be made durable.
    case logUnavailable
    /// The event's key could not be made durable, or read.
    case vaultUnavailable
    /// This process does not accept events now: it starts, or it drains.
    case notReady

    /// The HTTP status.
    package var status: Int {
        switch self {
        case .noSuchPath: 404
        case .wrongMethod: 405
        case .bodyTooLarge: 413
        case .token(let error): error.blame == .caller ? 401 : 503
        case .clientUnknown: 401
        case .derivedStream, .streamNotEnabled: 403
        case .rateExceeded: 429
        case .schemaRefMissing, .schemaRefMalformed, .schemaUnknown, .event: 400
        case .overloaded, .logUnavailable, .vaultUnavailable, .notReady: 503
        }
    }

    /// The body, without a line end.
    package var body: String {
        switch self {
        case .noSuchPath: "Not found: this listener serves POST /event and GET /ready"
        case .wrongMethod(let allow): "Method not allowed: this path has \(allow)"
        case .bodyTooLarge(let limit): "The event is larger than \(limit) bytes"
        case .token(let error): error.text
        case .clientUnknown: "The client id of the token belongs to no stream"
        case .derivedStream(let name, let source):
            "Stream '\(name)' is derived from stream '\(source)' and accepts no events of its own"
        case .streamNotEnabled(let name): "Stream '\(name)' is not enabled"
        case .rateExceeded(let stream, _): "Stream '\(stream)' has reached its event rate limit"
        case .schemaRefMissing: "Header 'Strm-Schema-Ref' is missing"
        case .schemaRefMalformed(let length):
            "Header 'Strm-Schema-Ref' with value of length \(length) is not of the form 'handle/name/version'"
        case .schemaUnknown(let schema): "Schema '\(shownName(schema, limit: 120))' is unknown"
        case .event(let refusal): refusal.description
        case .overloaded: "Too many events are in flight; try again later"
        case .logUnavailable: "The event log is unavailable; the event was not accepted, try again later"
        case .vaultUnavailable: "The key vault is unavailable; the event was not accepted, try again later"
        case .notReady: "The event gateway is not ready"
        }
    }

    /// Media type of the body.
    package var contentType: String {
        if case .token(let error) = self { error.contentType } else { "text/plain; charset=utf-8" }
    }

    /// Fields beside `content-length`, in lower case.
    ///
    /// - Parameter realm: The URL of the request, for `www-authenticate` (RFC 6750 §3).
    package func fields(realm: String) -> [(name: String, value: String)] {
        var fields = [(name: "content-type", value: contentType)]
        if status == 401 {
            // A client id that nobody has is a token that is good for nothing here.
            let error: TokenError = if case .token(let error) = self { error } else { .noClientID }
            fields.append(("www-authenticate", error.challenge(realm: realm)))
        }
        if case .wrongMethod(let allow) = self { fields.append(("allow", allow)) }
        if let retryAfter { fields.append(("retry-after", String(retryAfter))) }
        return fields
    }

    /// Whole seconds after which the same request may succeed; nil when waiting does not help.
    package var retryAfter: Int64? {
        switch self {
        case .rateExceeded(_, let wait): max(1, (wait + 999_999_999) / 1_000_000_000)
        case .overloaded, .logUnavailable, .vaultUnavailable, .notReady: 1
        case .token: status == 503 ? 1 : nil
        case .noSuchPath, .wrongMethod, .bodyTooLarge, .clientUnknown, .derivedStream, .streamNotEnabled,
            .schemaRefMissing, .schemaRefMalformed, .schemaUnknown, .event:
            nil
        }
    }

    /// The whole answer.
    ///
    /// - Parameter realm: As for `fields`.
    package func response(realm: String) -> Response {
        var response = Response(Status(status), body: Array(body.utf8))
        for field in fields(realm: realm) { response.headers.add(field.name, field.value) }
        return response
    }
}
