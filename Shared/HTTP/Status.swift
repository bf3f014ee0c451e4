/// A response status (RFC 9110 §15): three digits.
package struct Status: Sendable, Hashable, CustomStringConvertible {
    /// 100…599.
    package let code: Int

    /// - Precondition: 100…599.
    package init(_ code: Int) {
        precondition(100...599 ~= code, "a status has three digits, the first one 1 to 5")
        self.code = code
    }

    /// From what a peer sent: nil outside 100…599.
    package init?(received code: Int) {
        guard 100...599 ~= code else { return nil }
        self.code = code
    }

    /// True for 1xx: another response follows (101 excepted).
    package var isInformational: Bool { code < 200 }
    /// True for 2xx.
    package var isSuccess: Bool { 200...299 ~= code }
    /// False for 1xx, 204 and 304, which never have a body (RFC 9112 §6.3).
    package var mayHaveBody: Bool { code >= 200 && code != 204 && code != 304 }
    /// The code and its phrase: `404 Not Found`.
    package var description: String { "\(code) \(reason)" }

    /// The phrase of the registry; empty for a code that is not in the table.
    package var reason: String { Self.reasons[code] ?? "" }

    private static let reasons: [Int: String] = [
        100: "Continue", 101: "Switching Protocols", 200: "OK", 201: "Created", 202: "Accepted", 204: "No Content",
        206: "Partial Content", 301: "Moved Permanently", 302: "Found", 303: "See Other", 304: "Not Modified",
        307: "Temporary Redirect", 308: "Permanent Redirect", 400: "Bad Request", 401: "Unauthorized",
        403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
        408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed",
        413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type", 416: "Range Not Satisfiable",
        417: "Expectation Failed", 421: "Misdirected Request", 422: "Unprocessable Content",
        426: "Upgrade Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout", 505: "HTTP Version Not Supported",
    ]

    /// 100
    package static let `continue` = Status(100)
    /// 101
    package static let switchingProtocols = Status(101)
    /// 200
    package static let ok = Status(200)
    /// 201
    package static let created = Status(201)
    /// 202
    package static let accepted = Status(202)
    /// 204
    package static let noContent = Status(204)
    /// 302
    package static let found = Status(302)
    /// 303
    package static let seeOther = Status(303)
    /// 304
    package static let notModified = Status(304)
    /// 400
    package static let badRequest = Status(400)
    /// 401
    package static let unauthorized = Status(401)
    /// 403
    package static let forbidden = Status(403)
    /// 404
    package static let notFound = Status(404)
    /// 405
    package static let methodNotAllowed = Status(405)
    /// 408
    package static let requestTimeout = Status(408)
    /// 409
    package static let conflict = Status(409)
    /// 410
    package static let gone = Status(410)
    /// 413
    package static let contentTooLarge = Status(413)
    /// 414
    package static let uriTooLong = Status(414)
    /// 415
    package static let unsupportedMediaType = Status(415)
    /// 417
    package static let expectationFailed = Status(417)
    /// 426
    package static let upgradeRequired = Status(426)
    /// 429
    package static let tooManyRequests = Status(429)
    /// 431
    package static let headerFieldsTooLarge = Status(431)
    /// 500
    package static let internalServerError = Status(500)
    /// 501
    package static let notImplemented = Status(501)
    /// 502
    package static let badGateway = Status(502)
    /// 503
    package static let serviceUnavailable = Status(503)
    /// 504
    package static let gatewayTimeout = Status(504)
    /// 505
    package static let versionNotSupported = Status(505)
}
