internal import Bytes

/// A whole request as an owned value: for routed handlers and for the client, not for the ingest door.
package struct Request: Sendable {
    /// What to do.
    package var method: Method
    /// Path as sent, still percent-encoded, without the query; begins with `/` (or is `*`).
    package var path: String
    /// What follows `?`, still percent-encoded; empty when there is none.
    package var query: String
    /// `Host` or `:authority`: host and perhaps port.
    package var authority: String
    /// Its fields; in a request that arrived, `host` is in ``authority`` too.
    package var headers: Headers
    /// The whole body.
    package var body: [UInt8]

    /// A request to send: `target` is a path with perhaps a query.
    package init(_ method: Method, _ target: String, headers: Headers = [:], body: [UInt8] = []) {
        self.method = method
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        path = String(parts[0])
        query = parts.count > 1 ? String(parts[1]) : ""
        authority = ""
        self.headers = headers
        self.body = body
    }

    /// A copy of a request that stands at the ingest door.
    package init(copying head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        method = Method(head.method)
        path = String(decoding: head.path, as: UTF8.self)
        query = String(decoding: head.query, as: UTF8.self)
        authority = head.value(of: .host).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var headers = Headers()
        head.forEachHeader { headers.add(String(decoding: $0, as: UTF8.self), String(decoding: $1, as: UTF8.self)) }
        self.headers = headers
        self.body = [UInt8](body)
    }

    /// Path and query as the request line has them.
    package var target: String { query.isEmpty ? path : path + "?" + query }

    /// The query's name-value pairs, decoded.
    package var queryItems: FormFields { FormFields(parsing: Array(query.utf8)) }

    /// The body's name-value pairs when it is a form (RFC 6749 appendix B), decoded.
    package var form: FormFields { FormFields(parsing: body) }
}

/// A whole response as an owned value.
package struct Response: Sendable, Equatable {
    /// How it went.
    package var status: Status
    /// Its fields, without framing (`content-length`, `connection` …): the transport adds that.
    package var headers: Headers
    /// The whole body.
    package var body: [UInt8]
    /// The fields behind the body, in an answer that came over HTTP/2 (RFC 9110 §6.5). Not sent: see the streamed answers of `HTTP2`.
    package var trailers = Headers()

    /// From its parts.
    package init(_ status: Status, headers: Headers = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A body of plain text, UTF-8.
    package static func text(_ status: Status, _ text: String, headers: Headers = [:]) -> Response {
        var response = Response(status, headers: headers, body: Array(text.utf8))
        response.headers["content-type"] = "text/plain; charset=utf-8"
        return response
    }

    /// A body of JSON, UTF-8.
    package static func json(_ status: Status, _ body: [UInt8], headers: Headers = [:]) -> Response {
        var response = Response(status, headers: headers, body: body)
        response.headers["content-type"] = "application/json"
        return response
    }
}
