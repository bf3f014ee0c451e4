package import Bytes
package import HTTP

/// The HTTP/2 server session of the ingest door: RFC 9113 and RFC 7541 in Swift, made for many small requests with the same head.
///
/// This class is the shell around `IngestConnection`, which has the states and the rules: it shows requests to the receiver and passes
/// answers on. Nothing is allocated per request.
///
/// Isolation: one loop. Its receiver outlives it, and must not let go of it from inside `receive`.
package final class IngestSession: HTTP2ServerSession {
    private unowned(unsafe) let receiver: any HTTP2RequestReceiver
    /// Behind a pointer, because the receiver answers from inside `receive`: no access is open while it is called.
    private let connection: UnsafeMutablePointer<IngestConnection>

    /// Starts a session; its first output is the server's SETTINGS.
    ///
    /// - Parameters:
    ///   - receiver: Not retained.
    ///   - pool: The loop's pool of streams.
    package init(receiver: any HTTP2RequestReceiver, pool: HTTP2StreamPool, limits: HTTP2ServerLimits) {
        self.receiver = receiver
        connection = .allocate(capacity: 1)
        connection.initialize(to: IngestConnection(pool: pool, limits: limits))
    }

    deinit {
        connection.deinitialize(count: 1)
        connection.deallocate()
    }

    /// Requests that have begun and whose stream is not closed.
    package var openStreams: Int { connection.pointee.openStreams }
    /// Requests that have begun and are not complete.
    package var incompleteRequests: Int { connection.pointee.incomplete }
    /// Why we ended the connection.
    package var endReason: HTTP2EndReason? { connection.pointee.endReason }
    /// True when `pullOutput` has something.
    package var hasOutput: Bool { connection.pointee.hasOutput }
    /// True when the protocol has nothing more to say.
    package var isFinished: Bool { connection.pointee.isFinished }

    /// Takes bytes from the peer. Never throws: a connection that cannot go on says GOAWAY and is finished.
    package func receive(_ bytes: UnsafeRawBufferPointer) {
        var cursor = 0
        while case .request(let stream, let body) = connection.pointee.advance(bytes, &cursor) {
            let token = connection.pointee.willShow(stream)
            let head = stream.pointee.head!  // a request that is shown has a head
            let base = UnsafeRawPointer(head.pointee.list.text.bytes.baseAddress!)  // a buffer always has memory
            receiver.requestArrived(
                stream.pointee.number, head: head.pointee.fields.head(over: base, authorization: token), body: body)
            connection.pointee.wasShown(stream)
        }
        while let stream = connection.pointee.nextIncomplete() {
            let token = connection.pointee.token(of: stream)
            stream.pointee.tokenWasNew = !token.sameAsPrevious
            let head = stream.pointee.head!  // a request that is not complete keeps its head
            let base = UnsafeRawPointer(head.pointee.list.text.bytes.baseAddress!)  // a buffer always has memory
            let refusal = receiver.headArrived(
                stream.pointee.number, head: head.pointee.fields.head(over: base, authorization: token))
            if let refusal { connection.pointee.refuse(stream, refusal) }
        }
    }

    /// Appends what is to be sent.
    package func pullOutput(into out: inout OutputBuffer, upTo highWater: Int) {
        connection.pointee.pull(into: &out, upTo: highWater)
    }

    /// Answers 204.
    package func respondNoContent(_ number: UInt32) { connection.pointee.respondNoContent(number) }

    /// Answers.
    package func respond(_ number: UInt32, _ response: Response) { connection.pointee.respond(number, response) }

    /// Tells the peer to open no more streams.
    package func announceEnd() { connection.pointee.announceEnd() }

    /// Names the last stream that will be served.
    package func refuseNewStreams() { connection.pointee.refuseNewStreams() }

    /// Ends the connection with everything on it.
    package func terminate() { connection.pointee.terminate() }

    /// A sweep of the owner.
    package func refuseSlowRequests(heads: UInt32, bodies: UInt32, stalls: UInt32) {
        connection.pointee.refuseSlow(heads: heads, bodies: bodies, stalls: stalls)
    }
}
