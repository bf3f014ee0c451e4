package import HTTP
internal import Net

/// Where answers go: the door of a loop, or a test's notebook.
package protocol Answerer: AnyObject {
    /// Answers a request; the id of one that is gone is ignored.
    func respond(_ stream: StreamID, _ answer: Answer)
    /// Answers many requests with 204.
    func respondNoContent(to streams: [StreamID])
}

extension ServerLoop: Answerer {}
