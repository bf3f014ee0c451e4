import Bytes
import HTTP

/// One request while it arrives and until it is answered. Lives in a pool, so its buffers are allocated once.
///
/// `text` holds names and values one after the other; `head` holds where they are.
struct ServerStream: ~Copyable {
    var number: UInt32 = 0
    var head = HeadFields()
    var text = OutputBuffer(capacity: 2048)
    var body = OutputBuffer(capacity: 512)

    /// Bytes of the header list as RFC 9113 §6.5.2 counts them.
    var listBytes = 0
    var hasAuthority = false
    var headIsComplete = false
    var isComplete = false
    var isAnswered = false
    /// Which version of the session's `TokenShortcut` knows the token of this request; 0 when none does.
    var tokenVersion: UInt32 = 0
    /// Set when the request will not be shown to the handler: the status to answer with.
    var refusal: Status?
    /// The sweep during which the request began.
    var startedSweep: UInt32 = 0
    /// The sweep during which it was answered before it was complete.
    var answeredSweep: UInt32 = 0

    /// What it adds to the pool's `bufferedBytes`.
    var countedBytes = 0
    /// What is still to be sent of the answer's body.
    var answer: [UInt8] = []
    var answerStart = 0

    /// Neighbours in the session's list of open streams.
    var previous: UnsafeMutablePointer<ServerStream>?
    var next: UnsafeMutablePointer<ServerStream>?

    /// Ready for the next request. Large buffers are given back, so that one large request does not stay in memory.
    mutating func reset() {
        head.reset()
        text.removeAll(keepingCapacity: text.capacity <= 8 << 10)
        body.removeAll(keepingCapacity: body.capacity <= 16 << 10)
        listBytes = 0
        hasAuthority = false
        headIsComplete = false
        isComplete = false
        isAnswered = false
        tokenVersion = 0
        refusal = nil
        countedBytes = 0
        if !answer.isEmpty { answer = [] }
        answerStart = 0
        previous = nil
        next = nil
    }
}

/// Streams that are not in use, and nghttp2's memory, shared by the sessions of one loop.
package final class HTTP2StreamPool {
    let memory = SessionMemory()
    private var free: [UnsafeMutablePointer<ServerStream>] = []
    private let limit: Int
    /// Bytes of requests that the loop's connections hold in memory now.
    package var bufferedBytes = 0
    /// The most that they may hold; a request above it is answered 503.
    package let bufferedLimit: Int

    /// - Parameters:
    ///   - limit: The most streams to keep for later.
    ///   - bufferedLimit: Bytes of requests, heads and bodies, in memory at the same time.
    package init(limit: Int = 4096, bufferedLimit: Int = 128 << 20) {
        self.limit = limit
        self.bufferedLimit = bufferedLimit
        free.reserveCapacity(limit)
    }

    deinit {
        for stream in free { Self.destroy(stream) }
    }

    func take() -> UnsafeMutablePointer<ServerStream> {
        if let stream = free.popLast() { return stream }
        let stream = UnsafeMutablePointer<ServerStream>.allocate(capacity: 1)
        stream.initialize(to: ServerStream())
        return stream
    }

    func giveBack(_ stream: UnsafeMutablePointer<ServerStream>) {
        guard free.count < limit else {
            Self.destroy(stream)
            return
        }
        stream.pointee.reset()
        free.append(stream)
    }

    private static func destroy(_ stream: UnsafeMutablePointer<ServerStream>) {
        stream.deinitialize(count: 1)
        stream.deallocate()
    }
}
