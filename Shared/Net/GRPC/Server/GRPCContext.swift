package import EventLoop
package import HTTP
internal import Synchronization
package import System
package import TLS

/// What a handler may know of a call besides its messages, and what it may add to the answer.
package final class GRPCContext: Sendable {
    /// `/package.Service/Method`.
    package let path: String
    /// The client's metadata: all fields but those of the protocol. See `Headers.binary` for names that end in `-bin`.
    package let metadata: Headers
    /// Who the client is by its certificate.
    package let peer: PeerIdentity?
    /// When the client will have given up. A handler in a task is cancelled then, and when the client gives up before.
    package let deadline: MonotonicTime?
    /// The loop of the connection.
    package let loop: EventLoop

    private struct Additions {
        var head = Headers()
        var trailers = Headers()
    }
    private let additions = Mutex(Additions())

    init(path: String, metadata: Headers, peer: PeerIdentity?, deadline: MonotonicTime?, loop: EventLoop) {
        self.path = path
        self.metadata = metadata
        self.peer = peer
        self.deadline = deadline
        self.loop = loop
    }

    /// Adds metadata to the head of the answer; too late once a message was sent.
    package func addToHead(_ change: (inout Headers) -> Void) { additions.withLock { change(&$0.head) } }

    /// Adds metadata behind the last message.
    package func addToTrailers(_ change: (inout Headers) -> Void) { additions.withLock { change(&$0.trailers) } }

    var head: Headers { additions.withLock { $0.head } }
    var trailers: Headers { additions.withLock { $0.trailers } }
}
