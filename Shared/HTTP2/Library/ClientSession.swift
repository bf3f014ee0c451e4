package import Bytes
private import CNghttp2
package import HTTP

/// Receives the answers of one HTTP/2 connection. Called from inside `receive`, or from `connectionEnded`.
package protocol HTTP2ResponseReceiver: AnyObject {
    /// A response is complete.
    func responseArrived(_ number: UInt32, _ response: Response)
    /// No response will come.
    func requestFailed(_ number: UInt32, _ error: HTTP2Error)
}

/// Takes one answer as it arrives, and learns when there is room for more of the request.
package protocol HTTP2ResponseTaker: HTTP2StreamTaker {
    /// The head of the answer arrived; `response` has no body. Not told of informational answers.
    func headArrived(_ response: Response)
}

/// The client's side of one HTTP/2 connection: requests in, bytes out; bytes in, whole responses out. No socket, no clock.
///
/// For calls between services, not for the hot path: a request costs a few allocations.
///
/// Isolation: one loop. Its receiver outlives it, and must not let go of it from inside `receive`.
package final class HTTP2ClientSession {
    /// One request until its response is complete. nghttp2 holds its address.
    fileprivate final class Exchange {
        let number: UInt32
        let body: [UInt8]
        var sent = 0
        var response = Response(.ok)
        var hasStatus = false
        var tooLarge = false
        var headIsComplete = false
        /// Set when the answer is taken as it arrives; then the request is `outgoing`.
        let taker: (any HTTP2ResponseTaker)?
        let outgoing = OutgoingBody()

        init(number: UInt32, body: [UInt8], taker: (any HTTP2ResponseTaker)? = nil) {
            self.number = number
            self.body = body
            self.taker = taker
        }
    }

    private let session: OpaquePointer
    private unowned(unsafe) let receiver: any HTTP2ResponseReceiver
    private let bodyLimit: Int
    private var exchanges: [UInt32: Exchange] = [:]
    /// Streams whose requests had piled up.
    private var full: [UInt32] = []

    /// True when the peer has said that it goes away, or no more stream numbers are left: dial again for more requests.
    package private(set) var mustNotBeReused = false

    /// Starts a session; its first output is the preface and the client's SETTINGS.
    ///
    /// - Parameters:
    ///   - receiver: Not retained.
    ///   - bodyLimit: Bytes of the largest response body to take.
    /// - Throws: `HTTP2Error.library` when memory is short.
    package init(receiver: any HTTP2ResponseReceiver, bodyLimit: Int) throws(HTTP2Error) {
        self.receiver = receiver
        self.bodyLimit = bodyLimit
        session = try makeClientSession()
        nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
        let settings = [
            nghttp2_settings_entry(settings_id: Int32(NGHTTP2_SETTINGS_ENABLE_PUSH.rawValue), value: 0),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: 1 << 20),
        ]
        do {
            try check(nghttp2_submit_settings(session, 0, settings, settings.count), "nghttp2_submit_settings")
            try check(
                nghttp2_session_set_local_window_size(session, 0, 0, 4 << 20), "nghttp2_session_set_local_window_size")
        } catch {
            nghttp2_session_del(session)
            throw error
        }
    }

    deinit {
        nghttp2_session_del(session)  // does not call back
    }

    /// Requests under way.
    package var openRequests: Int { exchanges.count }

    /// Requests that the peer takes at the same time.
    package var concurrencyLimit: Int {
        Int(nghttp2_session_get_remote_settings(session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS))
    }

    /// Queues a request and tells its number. More than the peer's concurrency limit wait inside.
    ///
    /// - Parameter scheme: `https` or `http`.
    /// - Throws: `.refused` when the connection takes no more requests.
    package func submit(_ request: Request, scheme: String) throws(HTTP2Error) -> UInt32 {
        guard !mustNotBeReused else { throw .refused }
        var block = head(of: request, scheme)
        if !request.body.isEmpty { block.add("content-length", "\(request.body.count)") }
        let number = nghttp2_session_get_next_stream_id(session)
        let exchange = Exchange(number: number, body: request.body)
        var result: Int32 = 0
        let address = Unmanaged.passUnretained(exchange).toOpaque()
        block.withFields { fields, count in
            if request.body.isEmpty {
                result = nghttp2_submit_request(session, nil, fields, count, nil, address)
            } else {
                var provider = nghttp2_data_provider()
                provider.source.ptr = address
                provider.read_callback = readBody
                result = nghttp2_submit_request(session, nil, fields, count, &provider, address)
            }
        }
        if result < 0 {
            mustNotBeReused = true  // no stream numbers left, or the session is closing
            throw .refused
        }
        exchanges[number] = exchange
        return number
    }

    private func head(of request: Request, _ scheme: String) -> FieldBlock {
        var block = FieldBlock()
        block.add(":method", request.method.description)
        block.add(":scheme", scheme)
        block.add(":authority", request.authority)
        block.add(":path", request.target)
        block.add(request.headers)
        return block
    }

    // MARK: Requests in pieces, whose answers are taken as they arrive

    /// Queues the head of a request, whose body follows with `send`, and tells its number.
    ///
    /// - Parameter taker: Held until the stream is closed or cancelled.
    /// - Throws: `.refused` when the connection takes no more requests.
    package func begin(
        _ request: Request, scheme: String, taker: any HTTP2ResponseTaker
    ) throws(HTTP2Error) -> UInt32 {
        guard !mustNotBeReused else { throw .refused }
        let number = nghttp2_session_get_next_stream_id(session)
        let exchange = Exchange(number: number, body: [], taker: taker)
        var provider = exchange.outgoing.provider
        var result: Int32 = 0
        let block = head(of: request, scheme)
        block.withFields { fields, count in
            result = nghttp2_submit_request(session, nil, fields, count, &provider, nil)
        }
        if result < 0 {
            mustNotBeReused = true  // no stream numbers left, or the session is closing
            throw .refused
        }
        exchanges[number] = exchange
        return number
    }

    /// Appends to a request. Ignored when the stream is gone, or the request is complete.
    ///
    /// - Returns: Bytes that wait to be sent. From `HTTP2Pile.highWater` on wait for `outputDrained`.
    @discardableResult
    package func send(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) -> Int {
        guard let outgoing = exchanges[number]?.outgoing, !outgoing.isOver else { return 0 }
        let wasFull = outgoing.wasFull
        outgoing.append(bytes)
        if outgoing.wasFull, !wasFull { full.append(number) }
        outgoing.resume(session, number)
        return outgoing.unsent
    }

    /// Completes a request.
    package func end(_ number: UInt32, trailers: Headers = [:]) {
        guard let outgoing = exchanges[number]?.outgoing, !outgoing.isOver else { return }
        outgoing.end(trailers: trailers)
        outgoing.resume(session, number)
    }

    /// Lets the server send as many more bytes of an answer that is taken as it arrives.
    package func openWindow(_ number: UInt32, by count: Int) {
        guard count > 0, exchanges[number] != nil else { return }
        nghttp2_session_consume_stream(session, Int32(bitPattern: number), count)
    }

    /// Tells who waits for room in its request. Not from inside nghttp2, which is sending it.
    private func tellDrained() {
        var drained: [any HTTP2ResponseTaker] = []
        full.removeAll { number in
            guard let exchange = exchanges[number], let taker = exchange.taker, exchange.outgoing.wasFull else {
                return true
            }
            guard exchange.outgoing.hasDrained() else { return false }
            drained.append(taker)
            return true
        }
        for taker in drained { taker.outputDrained() }
    }

    /// Forgets a request; its answer, if any comes, is dropped and nobody is told.
    package func cancel(_ number: UInt32) {
        guard exchanges[number] != nil, !cancelled.contains(number) else { return }
        nghttp2_submit_rst_stream(session, 0, Int32(bitPattern: number), UInt32(NGHTTP2_CANCEL.rawValue))
        cancelled.insert(number)
    }
    private var cancelled: Set<UInt32> = []

    /// Takes bytes from the peer.
    ///
    /// - Throws: `.protocolViolated` when the connection cannot go on; call `connectionEnded` then.
    package func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) {
        let count = nghttp2_session_mem_recv(
            session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        if count < 0 { throw .protocolViolated(reason: reasonText(count)) }
    }

    /// Appends what is to be sent, until there is nothing more or `out` holds `highWater` bytes.
    ///
    /// - Throws: `HTTP2Error.library` when memory is short.
    package func pullOutput(into out: inout OutputBuffer, upTo highWater: Int) throws(HTTP2Error) {
        try pull(from: session, into: &out, upTo: highWater)
        if !full.isEmpty { tellDrained() }
    }

    /// True when `pullOutput` has something.
    package var hasOutput: Bool { nghttp2_session_want_write(session) != 0 }

    /// True when the protocol has nothing more to say in either direction.
    package var isFinished: Bool {
        saysNothingMore(session)
    }

    /// Says goodbye; requests under way are still answered.
    package func announceEnd() {
        mustNotBeReused = true
        nghttp2_submit_goaway(session, 0, 0, UInt32(NGHTTP2_NO_ERROR.rawValue), nil, 0)
    }

    /// Checks that the peer is there: its answer is swallowed, but its arrival shows as bytes received.
    package func ping() {
        nghttp2_submit_ping(session, 0, nil)
    }

    /// The transport is gone: every request under way fails.
    package func connectionEnded() {
        mustNotBeReused = true
        let ended = exchanges
        exchanges = [:]
        for number in ended.keys.sorted() where !cancelled.contains(number) {
            if let taker = ended[number]?.taker {
                taker.streamClosed(.connectionEnded)
            } else {
                receiver.requestFailed(number, .connectionEnded)
            }
        }
    }

    // MARK: From nghttp2, inside `receive` or `pullOutput`

    fileprivate func statusOrFieldArrived(
        _ number: Int32, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) {
        guard let exchange = exchanges[UInt32(bitPattern: number)] else { return }
        if exchange.headIsComplete {
            exchange.response.trailers.add(
                String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        } else if ASCII.equal(name, ":status") {
            // nghttp2 has checked that it has three digits.
            let code = value.reduce(0) { $0 * 10 + Int($1 &- 0x30) }
            exchange.response = Response(Status(received: code) ?? .badGateway)
            exchange.hasStatus = true
        } else {
            exchange.response.headers.add(
                String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    fileprivate func headEnds(_ number: Int32) {
        guard let exchange = exchanges[UInt32(bitPattern: number)] else { return }
        // After an informational response the final one follows (RFC 9110 §15.2); after the final one, trailers.
        guard !exchange.headIsComplete, !exchange.response.status.isInformational else { return }
        exchange.headIsComplete = true
        if !cancelled.contains(exchange.number) { exchange.taker?.headArrived(exchange.response) }
    }

    fileprivate func answerEnds(_ number: Int32) {
        let number = UInt32(bitPattern: number)
        guard let exchange = exchanges[number], let taker = exchange.taker, !cancelled.contains(number) else { return }
        taker.messageEnded(trailers: exchange.response.trailers)
        // RFC 9113 §8.1: a whole answer to half a request means that the server has heard enough.
        if !exchange.outgoing.isOver || exchange.outgoing.unsent > 0 {
            nghttp2_submit_rst_stream(
                session, 0, Int32(bitPattern: number), UInt32(NGHTTP2_CANCEL.rawValue))
        }
    }

    fileprivate func bodyArrived(_ number: Int32, _ bytes: UnsafeRawBufferPointer) {
        let exchange = exchanges[UInt32(bitPattern: number)]
        if let exchange, let taker = exchange.taker, !cancelled.contains(exchange.number) {
            // One slow reader must not stop the others on the connection.
            nghttp2_session_consume_connection(session, bytes.count)
            taker.bodyArrived(bytes)
            return
        }
        nghttp2_session_consume(session, number, bytes.count)
        guard let exchange, !exchange.tooLarge else { return }
        if exchange.response.body.count + bytes.count > bodyLimit {
            exchange.tooLarge = true
            nghttp2_submit_rst_stream(session, 0, number, UInt32(NGHTTP2_CANCEL.rawValue))
            return
        }
        exchange.response.body.append(contentsOf: bytes)
    }

    fileprivate func streamCloses(_ number: Int32, code: UInt32) {
        let number = UInt32(bitPattern: number)
        guard let exchange = exchanges.removeValue(forKey: number) else { return }
        if cancelled.remove(number) != nil { return }
        if let taker = exchange.taker {
            let isOver = code == NGHTTP2_NO_ERROR.rawValue && exchange.outgoing.isOver
            taker.streamClosed(isOver ? .complete : .reset(code: code))
            return
        }
        if exchange.tooLarge {
            receiver.requestFailed(number, .responseTooLarge(limit: bodyLimit))
        } else if code == NGHTTP2_REFUSED_STREAM.rawValue {
            receiver.requestFailed(number, .refused)
        } else if code != NGHTTP2_NO_ERROR.rawValue {
            receiver.requestFailed(number, .streamReset(code: code))
        } else if !exchange.hasStatus {
            receiver.requestFailed(number, .connectionEnded)
        } else {
            receiver.responseArrived(number, exchange.response)
        }
    }

    fileprivate func goawayArrived() {
        mustNotBeReused = true  // nghttp2 closes the streams above the peer's last one as REFUSED_STREAM
    }
}

// MARK: C callbacks

@inline(__always)
private func owner<Result>(_ data: UnsafeMutableRawPointer?, _ body: (HTTP2ClientSession) -> Result) -> Result {
    // Only inside nghttp2_session_mem_recv and _mem_send, which only `receive` and `pullOutput` call: it is alive.
    Unmanaged<HTTP2ClientSession>.fromOpaque(data!)._withUnsafeGuaranteedRef(body)
}

/// Fills DATA frames of a request.
private let readBody: nghttp2_data_source_read_callback = { _, _, buffer, capacity, flags, source, _ in
    // The session's table keeps the exchange until its stream is closed, and nghttp2 reads from open streams only.
    let exchange = Unmanaged<HTTP2ClientSession.Exchange>.fromOpaque(source!.pointee.ptr).takeUnretainedValue()
    let count = min(capacity, exchange.body.count - exchange.sent)
    exchange.body.withUnsafeBytes { bytes in
        if count > 0 {
            buffer!.update(from: bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) + exchange.sent, count: count)
        }
    }
    exchange.sent += count
    if exchange.sent == exchange.body.count { flags!.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
    return count
}

/// One set of callbacks for all client sessions; never freed, never changed.
private nonisolated(unsafe) let clientCallbacks: OpaquePointer? = {
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
        _, frame, name, nameCount, value, valueCount, _, data in
        owner(data) {
            $0.statusOrFieldArrived(
                cnghttp2_stream(frame!), UnsafeRawBufferPointer(start: name, count: nameCount),
                UnsafeRawBufferPointer(start: value, count: valueCount))
        }
        return 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, bytes, count, data in
        owner(data) { $0.bodyArrived(stream, UnsafeRawBufferPointer(start: bytes, count: count)) }
        return 0
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, data in
        let type = UInt32(cnghttp2_type(frame!))
        if type == NGHTTP2_HEADERS.rawValue { owner(data) { $0.headEnds(cnghttp2_stream(frame!)) } }
        if type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue, cnghttp2_ends_stream(frame!) != 0 {
            owner(data) { $0.answerEnds(cnghttp2_stream(frame!)) }
        }
        if type == NGHTTP2_GOAWAY.rawValue { owner(data) { $0.goawayArrived() } }
        return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, data in
        owner(data) { $0.streamCloses(stream, code: code) }
        return 0
    }
    return callbacks
}()

private func makeClientSession() throws(HTTP2Error) -> OpaquePointer {
    var options: OpaquePointer?
    try check(nghttp2_option_new(&options), "nghttp2_option_new")
    defer { nghttp2_option_del(options) }
    nghttp2_option_set_no_closed_streams(options, 1)
    nghttp2_option_set_no_auto_window_update(options, 1)  // the windows of streams open as their takers read
    nghttp2_option_set_max_outbound_ack(options, 1000)
    guard let callbacks = clientCallbacks else {
        throw .library(call: "nghttp2_session_callbacks_new", reason: "out of memory")
    }
    var session: OpaquePointer?
    try check(nghttp2_session_client_new2(&session, callbacks, nil, options), "nghttp2_session_client_new2")
    return session!
}
