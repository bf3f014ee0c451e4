package import Bytes
package import HTTP

/// What a peer of an HTTP/2 server may make large, and how large.
package struct HTTP2ServerLimits: Sendable {
    /// Bytes of a header list as RFC 9113 §6.5.2 counts them; more is answered 431.
    package var headerListBytes = 64 << 10
    /// Fields in a header list.
    package var fieldCount = 100
    /// Bytes of a body; more is answered 413.
    package var bodyBytes = 1 << 20
    /// Requests at the same time on one connection.
    package var concurrentStreams: UInt32 = 256
    /// Window of one stream, in bytes.
    package var streamWindow: UInt32 = 256 << 10
    /// Window of the connection, in bytes.
    package var connectionWindow: Int32 = 4 << 20

    /// The defaults of every listener.
    package init() {}
}

/// Receives the requests of one HTTP/2 connection.
package protocol HTTP2RequestReceiver: AnyObject {
    /// A request is complete. Called from inside `receive`; views are valid during the call. The answer may be given now, or
    /// later with the stream's number.
    func requestArrived(_ number: UInt32, head: borrowing RequestHead, body: UnsafeRawBufferPointer)

    /// A request's head is complete, its body is not: the receiver may refuse the request. Asked by the ingest session only.
    func headArrived(_ number: UInt32, head: borrowing RequestHead) -> Response?

    /// A request's head is complete. Whoever wants the request as it arrives, and answers it piece by piece, says who takes it; it is not
    /// shown to `requestArrived` then. `head` is valid during the call, and its token never counts as the one before. Asked by
    /// `LibraryServerSession` only.
    ///
    /// - Returns: Who takes the request, held until its stream is closed; nil to wait for the whole request.
    func streamBegins(_ number: UInt32, head: borrowing RequestHead) -> (any HTTP2StreamTaker)?
}

/// Takes one message of an HTTP/2 stream as it arrives, and learns when there is room for more of the one that it sends.
///
/// Called from inside `receive` or `pullOutput` of the session; it may answer then.
package protocol HTTP2StreamTaker: AnyObject {
    /// The stream is its own now: from here on it may answer. Told once, before anything else, of requests that a server takes.
    func streamTaken()

    /// Bytes of the body arrived; the view is valid during the call. The stream's window stays smaller by them until `openWindow`
    /// gives them back: so a sender cannot be faster than its reader.
    func bodyArrived(_ bytes: UnsafeRawBufferPointer)

    /// The message is complete, with these fields behind its body.
    func messageEnded(trailers: Headers)

    /// What was to be sent had piled up to `HTTP2Pile.highWater`, and now there is room again.
    func outputDrained()

    /// The stream is closed, and nothing more will be heard of it. Told once, always.
    func streamClosed(_ how: HTTP2StreamEnd)
}

extension HTTP2StreamTaker {
    /// Waits for what comes.
    package func streamTaken() {}
}

/// How a stream was closed.
package enum HTTP2StreamEnd: Sendable, Equatable {
    /// Both messages were complete.
    case complete
    /// One side reset it with this code (RFC 9113 §7).
    case reset(code: UInt32)
    /// The connection ended.
    case connectionEnded
}

/// How much of an answer or a request may wait to be sent.
package enum HTTP2Pile {
    /// Bytes from which on whoever sends should wait for `outputDrained`.
    package static let highWater = 64 << 10
    /// Bytes at which it is told.
    package static let lowWater = 16 << 10
}

extension HTTP2RequestReceiver {
    /// Waits for every body.
    package func headArrived(_ number: UInt32, head: borrowing RequestHead) -> Response? { nil }

    /// Takes every request whole.
    package func streamBegins(_ number: UInt32, head: borrowing RequestHead) -> (any HTTP2StreamTaker)? { nil }
}

/// Which code speaks HTTP/2 for a listener.
package enum HTTP2Implementation: Sendable, CaseIterable {
    /// libnghttp2: for every service whose listeners are not hot.
    case nghttp2
    /// ``IngestSession``: for the event gateway.
    case ingest

    /// Starts a session; its first output is the server's SETTINGS.
    ///
    /// - Parameters:
    ///   - receiver: Not retained; it outlives the session, and does not let go of it from inside `receive`.
    ///   - pool: The loop's pool of streams.
    /// - Throws: `HTTP2Error.library` when memory is short.
    package func makeSession(
        receiver: any HTTP2RequestReceiver, pool: HTTP2StreamPool, limits: HTTP2ServerLimits
    ) throws(HTTP2Error) -> any HTTP2ServerSession {
        switch self {
        case .nghttp2: try LibraryServerSession(receiver: receiver, pool: pool, limits: limits)
        case .ingest: IngestSession(receiver: receiver, pool: pool, limits: limits)
        }
    }
}

/// The server's side of one HTTP/2 connection: bytes in, requests out; answers in, bytes out. No socket, no clock.
///
/// Isolation: one loop.
package protocol HTTP2ServerSession: AnyObject {
    /// Requests that have begun and whose stream is not closed.
    var openStreams: Int { get }
    /// Requests that have begun and are not complete.
    var incompleteRequests: Int { get }
    /// Why we ended the connection; nil while it goes on, and when it ended in agreement.
    var endReason: HTTP2EndReason? { get }

    /// Takes bytes from the peer; requests that become complete are shown to the receiver before this returns.
    ///
    /// - Throws: `.protocolViolated` when the connection cannot go on; send what `pullOutput` still gives, then close.
    func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error)

    /// Appends what is to be sent, until there is nothing more or `out` holds `highWater` bytes.
    ///
    /// - Throws: `HTTP2Error.library` when memory is short.
    func pullOutput(into out: inout OutputBuffer, upTo highWater: Int) throws(HTTP2Error)

    /// True when `pullOutput` has something.
    var hasOutput: Bool { get }

    /// True when the protocol has nothing more to say in either direction: close the connection once output is sent.
    var isFinished: Bool { get }

    /// Answers 204 with an empty body. Ignored when the stream is gone or was answered.
    func respondNoContent(_ number: UInt32)

    /// Answers. Ignored when the stream is gone or was answered. Fields that HTTP/2 forbids are left out, and
    /// `content-length` is added.
    func respond(_ number: UInt32, _ response: Response)

    /// Tells the peer to open no more streams (RFC 9113 §6.8). Those that it opened before it hears of this are still served;
    /// call `refuseNewStreams` about a round trip later.
    func announceEnd()

    /// Names the last stream that will be served. The session is finished when the open ones are.
    func refuseNewStreams()

    /// Ends the connection with everything on it, once the output is sent.
    func terminate()

    /// Called once per sweep of the owner. Requests that began more than `bodies` sweeps ago and are still incomplete are answered
    /// 408; those that were answered before they were complete are reset. A head that is incomplete after `heads` sweeps ends the
    /// connection, and so does an answer of which the peer's windows let nothing through for `stalls` sweeps.
    func refuseSlowRequests(heads: UInt32, bodies: UInt32, stalls: UInt32)
}
