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
}

extension HTTP2RequestReceiver {
    /// Waits for every body.
    package func headArrived(_ number: UInt32, head: borrowing RequestHead) -> Response? { nil }
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
