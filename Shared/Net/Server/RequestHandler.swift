package import HTTP
package import HTTP2

/// The ingest door: what a service puts behind the listeners of one loop.
///
/// Synchronous, on the loop, and nothing is allocated for a request before this call. The answer is given with
/// `ServerLoop.respond`, now or later, in any order; until the round ends answers are only collected, so answering a thousand
/// requests costs one write per connection.
package protocol RequestHandler: AnyObject {
    /// A request is complete. `head` and `body` are views that are valid during the call.
    func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer)

    /// The head of a request is complete and its body is still on its way: the moment to refuse what would be refused anyway,
    /// before its body takes memory. Called at most once for a request, and not when the body came with the head. `head` is
    /// valid during the call. Only HTTP/1.1 and the ingest session of HTTP/2 ask.
    ///
    /// - Returns: The answer that refuses it; nil to wait for the body.
    func headArrived(_ stream: StreamID, head: borrowing RequestHead) -> Response?

    /// The head of an HTTP/2 request is complete. Whoever wants the request as it arrives, and answers it in pieces
    /// (`ServerLoop.beginAnswer`), says who takes it; it is not shown to `requestArrived` then. `head` is valid during the call; its
    /// token never counts as the one before. The ingest session does not ask.
    ///
    /// - Returns: Who takes the request, held until its stream is closed; nil to wait for the whole request.
    func streamBegins(_ stream: StreamID, head: borrowing RequestHead) -> (any HTTP2StreamTaker)?

    /// The server is to end: requests that last for as long as their clients like should be brought to an end now.
    func drainBegins()
}

extension RequestHandler {
    /// Waits for every body.
    package func headArrived(_ stream: StreamID, head: borrowing RequestHead) -> Response? { nil }

    /// Takes every request whole.
    package func streamBegins(_ stream: StreamID, head: borrowing RequestHead) -> (any HTTP2StreamTaker)? { nil }

    /// Has no such requests.
    package func drainBegins() {}
}
