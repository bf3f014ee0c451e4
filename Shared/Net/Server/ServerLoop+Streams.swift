package import HTTP
internal import HTTP2

/// For handlers that take HTTP/2 requests as they arrive (`RequestHandler.streamBegins`). On the loop. All of these ignore requests
/// that are gone. Bytes leave when the round ends.
extension ServerLoop {
    /// Begins an answer.
    ///
    /// - Parameter isWhole: Nothing follows: neither a body nor trailers.
    package func beginAnswer(_ stream: StreamID, _ status: Status, _ headers: Headers, isWhole: Bool = false) {
        change(stream) { $0.beginAnswer(stream.number, status, headers, isWhole: isWhole) }
    }

    /// Appends to an answer that has begun.
    ///
    /// - Returns: Bytes that wait to be sent. From `HTTP2Pile.highWater` on wait for `outputDrained`: the reader is slow.
    @discardableResult
    package func send(_ stream: StreamID, _ bytes: UnsafeRawBufferPointer) -> Int {
        var waiting = 0
        change(stream) { waiting = $0.send(stream.number, bytes) }
        return waiting
    }

    /// Completes an answer that has begun. What still comes of the request is dropped.
    package func endAnswer(_ stream: StreamID, trailers: Headers = [:]) {
        change(stream) { $0.endAnswer(stream.number, trailers: trailers) }
    }

    /// Gives up a request and what was not sent of its answer.
    package func reset(_ stream: StreamID, code: UInt32) {
        change(stream) { $0.reset(stream.number, code: code) }
    }

    /// Lets the client send as many more bytes of the request.
    package func openWindow(_ stream: StreamID, by count: Int) {
        change(stream) { $0.openWindow(stream.number, by: count) }
    }

    /// Says how many bytes of the request its taker holds in memory now.
    ///
    /// - Returns: False when the requests of the loop are too large together: refuse this one.
    package func hold(_ stream: StreamID, bytes: Int) -> Bool {
        guard let connection = connection(of: stream), let session = connection.streaming else { return true }
        pool.bufferedLimit = bufferedLimit(for: connection)
        return session.hold(stream.number, bytes: bytes)
    }

    /// Learns from the outcome of a request what to think of the peer: 2xx makes it known, 401 counts as a refused token, other
    /// refusals make it a newcomer.
    package func judge(_ stream: StreamID, _ status: Status) {
        connection(of: stream)?.judge(status)
    }

    private func change(_ stream: StreamID, _ body: (LibraryServerSession) -> Void) {
        guard let connection = connection(of: stream), let session = connection.streaming else { return }
        body(session)
        markDirty(connection)
    }
}
