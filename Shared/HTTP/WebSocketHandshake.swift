internal import Bytes

/// The opening handshake of a web-socket over HTTP/1.1 (RFC 6455 §4). Extensions are not offered and not accepted.
package enum WebSocketHandshake {
    /// What a server adds to the key before it hashes both (§1.3).
    private static let magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

    /// The value of `sec-websocket-accept` for a value of `sec-websocket-key`.
    package static func accept(key: String) -> String {
        Base64.encode(SHA1.digest(Array((key + magic).utf8)))
    }

    /// The server's answer to a request for an upgrade: 101, or 426 (other version, or no upgrade asked), or 400.
    ///
    /// - Parameter spoken: Sub-protocols that this server speaks. The client's first offer among them is chosen (§4.2.2); when there is
    ///   none the answer names none, and `chosenProtocol` tells.
    package static func answer(to request: Request, choosing spoken: [String] = []) -> Response {
        let versions: Headers = ["sec-websocket-version": "13", "upgrade": "websocket"]
        guard request.headers.list("upgrade", contains: "websocket"),
            request.headers.list("connection", contains: "upgrade")
        else { return .text(.upgradeRequired, "a web-socket upgrade is expected here\n", headers: versions) }
        guard request.method == .get else { return .text(.badRequest, "a web-socket begins with GET\n") }
        guard request.headers["sec-websocket-version"] == "13" else {
            return .text(.upgradeRequired, "web-socket version 13 is spoken here\n", headers: versions)
        }
        guard let key = request.headers["sec-websocket-key"], Base64.decode(key)?.count == 16 else {
            return .text(.badRequest, "sec-websocket-key is not 16 bytes in Base64\n")
        }
        var response = Response(
            .switchingProtocols, headers: ["upgrade": "websocket", "sec-websocket-accept": accept(key: key)])
        response.headers["sec-websocket-protocol"] = offers(in: request.headers).first { spoken.contains($0) }
        return response
    }

    /// The sub-protocol that an answer names, nil for none.
    package static func chosenProtocol(in answer: Response) -> String? { answer.headers["sec-websocket-protocol"] }

    /// The sub-protocols that a client offers, in its order.
    package static func offers(in headers: Headers) -> [String] {
        headers.all("sec-websocket-protocol").flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ",")).map { element in
                Array(element).withUnsafeBytes { String(decoding: ASCII.trimmed($0), as: UTF8.self) }
            }
        }
    }

    /// The client's request, to be written with `upgrading: true`.
    /// - Parameters:
    ///   - key: 16 random bytes; the same value goes to ``check(_:key:offered:)``.
    ///   - protocols: Sub-protocols to offer, the best first.
    package static func request(
        to url: URLParts, key: [UInt8], protocols: [String] = [], headers: Headers = [:]
    ) -> Request {
        precondition(key.count == 16, "RFC 6455 section 4.1 wants a 16-byte nonce")
        var request = Request(.get, url.target, headers: headers)
        request.authority = url.authority
        request.headers["upgrade"] = "websocket"
        request.headers["sec-websocket-version"] = "13"
        request.headers["sec-websocket-key"] = Base64.encode(key)
        if !protocols.isEmpty { request.headers["sec-websocket-protocol"] = protocols.joined(separator: ", ") }
        return request
    }

    /// Checks the server's answer (§4.1).
    /// - Returns: The sub-protocol that the server chose, nil when it chose none.
    /// - Throws: `.malformed` when it switches protocols but not as asked. Any status but 101 is the caller's to read.
    @discardableResult
    package static func check(
        _ response: Response, key: [UInt8], offered protocols: [String] = []
    ) throws(HTTPError) -> String? {
        guard response.status == .switchingProtocols, response.headers.list("upgrade", contains: "websocket"),
            response.headers.list("connection", contains: "upgrade")
        else { throw .malformed("the server does not switch to web-socket") }
        guard response.headers["sec-websocket-accept"] == accept(key: Base64.encode(key)) else {
            throw .malformed("sec-websocket-accept does not answer the key")
        }
        let chosen = response.headers.all("sec-websocket-protocol")
        guard response.headers["sec-websocket-extensions"] == nil, chosen.count <= 1,
            chosen.allSatisfy({ protocols.contains($0) })
        else { throw .malformed("the server chose something that was not offered") }
        return chosen.first
    }
}
