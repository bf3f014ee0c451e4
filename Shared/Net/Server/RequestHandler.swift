package import HTTP

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
}

extension RequestHandler {
    /// Waits for every body.
    package func headArrived(_ stream: StreamID, head: borrowing RequestHead) -> Response? { nil }
}
