import Bytes
import HTTP

/// One request while it arrives and until it is answered. Lives in a pool, so its buffers are allocated once.
///
/// `text` holds names and values one after the other; `head` holds where they are.
struct LibraryStream: ~Copyable {
    var number: UInt32 = 0
    var head = HeadFields()
    var text = OutputBuffer(capacity: 2048)
    var body = OutputBuffer(capacity: 512)

    /// Bytes of the header list as RFC 9113 §6.5.2 counts them.
    var listBytes = 0
    /// Fields in the header list, pseudo-header fields included.
    var listCount = 0
    var hasAuthority = false
    var headIsComplete = false
    var isComplete = false
    var isAnswered = false
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

    /// Set when the request is taken as it arrives.
    var streamed: StreamedRequest?

    /// Neighbours in the session's list of open streams.
    var previous: UnsafeMutablePointer<LibraryStream>?
    var next: UnsafeMutablePointer<LibraryStream>?

    /// Ready for the next request. Large buffers are given back, so that one large request does not stay in memory.
    mutating func reset() {
        head.reset()
        text.removeAll(keepingCapacity: text.capacity <= 8 << 10)
        body.removeAll(keepingCapacity: body.capacity <= 16 << 10)
        listBytes = 0
        listCount = 0
        hasAuthority = false
        headIsComplete = false
        isComplete = false
        isAnswered = false
        refusal = nil
        countedBytes = 0
        if !answer.isEmpty { answer = [] }
        answerStart = 0
        streamed = nil
        previous = nil
        next = nil
    }
}

/// What a request has beyond its head when it is taken as it arrives and answered piece by piece.
final class StreamedRequest {
    let taker: any HTTP2StreamTaker
    let answer = OutgoingBody()
    var answerHasBegun = false
    /// The fields behind the request's body.
    var trailers = Headers()

    init(_ taker: any HTTP2StreamTaker) { self.taker = taker }
}
