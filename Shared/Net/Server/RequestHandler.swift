package import HTTP

/// The ingest door: what a service puts behind the listeners of one loop.
///
/// Synchronous, on the loop, and nothing is allocated for a request before this call. The answer is given with
/// `ServerLoop.respond`, now or later, in any order; until the round ends answers are only collected, so answering a thousand
/// requests costs one write per connection.
package protocol RequestHandler: AnyObject {
    /// A request is complete. `head` and `body` are views that are valid during the call.
    func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer)
}
