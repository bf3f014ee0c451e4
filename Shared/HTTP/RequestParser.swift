internal import Bytes

/// Reads HTTP/1.1 requests (RFC 9112) from one connection, strictly, in whatever pieces the bytes come.
///
/// ```
/// parser.feed(bytes)
/// while true {
///     switch try parser.next() {
///     case .needMore: return                       // feed more
///     case .continueExpected: …                    // write `100 Continue`, go on
///     case .request:
///         parser.withRequest { head, body in … }   // views, valid during the call
///         … answer …
///         parser.consume()                         // only now may the next request be read
///     }
/// }
/// ```
///
/// A connection that waits for an answer should not read: what is fed meanwhile is kept, and only heads and bodies
/// have limits. After a throw the connection cannot be used: answer ``HTTPError/status`` and close.
package struct RequestParser: ~Copyable {
    /// What to do next.
    package enum Step: Sendable {
        /// Feed more bytes.
        case needMore
        /// The client waits for `100 Continue` before it sends the body; told once per request.
        case continueExpected
        /// A request is complete.
        case request
    }

    // Owned. In memory of its own, so that a connection asks and tells the parser something a dozen times for a request without the
    // whole state being moved to the stack and back.
    private let message: UnsafeMutablePointer<HTTP1Message>

    /// For one connection.
    package init(limits: HTTPLimits) {
        message = .allocate(capacity: 1)
        message.initialize(to: HTTP1Message(role: .request, limits: limits))
    }

    deinit {
        message.deinitialize(count: 1)
        message.deallocate()
    }

    /// Lends `room` bytes of memory to read into; `body` says how many it filled.
    package func receive<Failure: Error>(
        room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        try message.pointee.receive(room: room, body)
    }

    /// Takes a copy of bytes that arrived.
    package func feed(_ bytes: UnsafeRawBufferPointer) { message.pointee.feed(bytes) }

    /// Reads on. A complete request is announced again and again until ``consume()``.
    package func next() throws(HTTPError) -> Step {
        try message.pointee.advance() ? .request : message.pointee.mustContinue() ? .continueExpected : .needMore
    }

    /// Shows the complete request.
    /// - Precondition: ``next()`` said `.request`, and ``consume()`` was not called since.
    package func withRequest<Result>(
        _ body: (borrowing RequestHead, UnsafeRawBufferPointer) -> Result
    ) -> Result {
        precondition(message.pointee.phase == .complete, "a request is shown when it is complete")
        let base = message.pointee.base
        var reference = message.pointee.tokenReference()
        if message.pointee.tokenWasNew {
            reference = TokenReference(bytes: reference.bytes, sameAsPrevious: false, epoch: reference.epoch)
        }
        message.pointee.isShown = true
        defer { message.pointee.isShown = false }
        return body(message.pointee.fields.head(over: base, authorization: reference), message.pointee.body)
    }

    /// Shows the head of a request whose body is still on its way.
    /// - Precondition: The last ``next()`` did not throw, and ``isInHead`` is false.
    package func withHead<Result>(_ body: (borrowing RequestHead) -> Result) -> Result {
        precondition(!message.pointee.isInHead, "a head is shown when it is complete")
        let base = message.pointee.base
        let reference = message.pointee.tokenReference()
        message.pointee.tokenWasNew = !reference.sameAsPrevious
        message.pointee.isShown = true
        defer { message.pointee.isShown = false }
        return body(message.pointee.fields.head(over: base, authorization: reference))
    }

    /// Drops the complete request.
    package func consume() { message.pointee.consume() }

    /// True when the client wants to send more requests on this connection (RFC 9112 §9.3).
    package var keepsAlive: Bool {
        message.pointee.minorVersion == 1 ? !message.pointee.connectionCloses : message.pointee.connectionKeepsAlive
    }

    /// True for HTTP/1.0: the answer must not be chunked, and keep-alive must be said.
    package var isHTTP10: Bool { message.pointee.minorVersion == 0 }

    /// True when `connection` names `upgrade`.
    package var upgrades: Bool { message.pointee.connectionUpgrades }

    /// True when not a byte of the next request has come: an idle connection, not a slow one.
    package var isIdle: Bool { message.pointee.isIdle }

    /// Bytes held in memory: of the request under way, and what came behind it.
    package var heldBytes: Int { message.pointee.heldBytes }

    /// True while the head is incomplete.
    package var isInHead: Bool { message.pointee.isInHead }

    /// The client closed its side.
    /// - Throws: `.truncated` when that was in the middle of a request.
    package func inputEnded() throws(HTTPError) { _ = try message.pointee.inputEnded() }

    /// The bytes behind the consumed request: after 101 they belong to the next protocol. The parser is done then.
    package func takeRest() -> [UInt8] { message.pointee.takeRest() }
}

/// Reads HTTP/1.1 responses (RFC 9112) on a client's connection. Informational responses other than 101 are skipped.
package struct ResponseParser: ~Copyable {
    private var message: HTTP1Message
    private var answersHead = false
    private var answersConnect = false

    /// For one connection. The body limit protects the client's memory.
    package init(limits: HTTPLimits) { message = HTTP1Message(role: .response, limits: limits) }

    /// Tells which request the next response answers: one to HEAD has no body, nor has a good one to CONNECT.
    package mutating func expectResponse(to method: Method) {
        answersHead = method == .head
        answersConnect = method == .connect
    }

    /// Lends `room` bytes of memory to read into; `body` says how many it filled.
    package mutating func receive<Failure: Error>(
        room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        try message.receive(room: room, body)
    }

    /// Takes a copy of bytes that arrived.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) { message.feed(bytes) }

    /// The next response when it is complete, else nil.
    package mutating func next() throws(HTTPError) -> Response? {
        while true {
            message.answersHead = answersHead
            message.answersConnect = answersConnect
            guard try message.advance() else { return nil }
            guard message.status.isInformational, message.status != .switchingProtocols else { return take() }
            message.consume()
        }
    }

    /// The server closed its side: a response that lasts until then is complete. Nil when nothing was under way.
    /// - Throws: `.truncated` when that was in the middle of a response.
    package mutating func inputEnded() throws(HTTPError) -> Response? { try message.inputEnded() ? take() : nil }

    /// True when the server will read another request on this connection.
    package private(set) var keepsAlive = true

    /// True when not a byte of a response has come since the last one.
    package var isIdle: Bool { message.isIdle }

    /// The bytes behind a 101, or behind a good answer to CONNECT: they belong to the next protocol. The parser is done then.
    package mutating func takeRest() -> [UInt8] { message.takeRest() }

    private mutating func take() -> Response {
        keepsAlive =
            message.minorVersion == 1 ? !message.connectionCloses : message.connectionKeepsAlive
        var headers = Headers()
        let base = message.base
        for index in 0..<message.fields.count {
            let field = message.fields.field(index)
            headers.add(
                String(decoding: field.name.view(of: base), as: UTF8.self),
                String(decoding: field.value.view(of: base), as: UTF8.self))
        }
        let response = Response(message.status, headers: headers, body: [UInt8](message.body))
        message.consume()
        return response
    }
}
