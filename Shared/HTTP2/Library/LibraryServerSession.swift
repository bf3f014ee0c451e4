package import Bytes
private import CNghttp2
package import HTTP

/// The server's side of one HTTP/2 connection: bytes in, requests out; answers in, bytes out. No socket, no clock.
///
/// nghttp2 does framing, HPACK, flow control and the protocol's rules; this class keeps what a request is made of in pooled
/// buffers and enforces limits.
///
/// Isolation: one loop. Its receiver outlives it, and must not let go of it from inside `receive`.
package final class LibraryServerSession: HTTP2ServerSession {
    private let session: OpaquePointer
    private unowned(unsafe) let receiver: any HTTP2RequestReceiver
    private let pool: HTTP2StreamPool
    private let limits: HTTP2ServerLimits

    private var tokens = TokenMemory()
    /// Streams whose answers had piled up.
    private var full: [UInt32] = []
    private var newest: UnsafeMutablePointer<LibraryStream>?
    private var sweep: UInt32 = 0
    /// Requests that have begun and whose stream is not closed.
    package private(set) var openStreams = 0
    /// Requests that have begun and are not complete.
    package private(set) var incompleteRequests = 0
    /// Set when the peer floods us; the connection then ends with `ENHANCE_YOUR_CALM`.
    private var floods = false
    /// Why we ended the connection; nil while it goes on, and when it ended in agreement.
    package private(set) var endReason: HTTP2EndReason?

    /// Starts a session; its first output is the server's SETTINGS.
    ///
    /// - Parameters:
    ///   - receiver: Not retained.
    ///   - pool: The loop's pool of streams.
    /// - Throws: `HTTP2Error.library` when memory is short.
    package init(
        receiver: any HTTP2RequestReceiver, pool: HTTP2StreamPool, limits: HTTP2ServerLimits
    ) throws(HTTP2Error) {
        self.receiver = receiver
        self.pool = pool
        self.limits = limits
        session = try makeSession()
        nghttp2_session_set_user_data(session, Unmanaged.passUnretained(self).toOpaque())
        let settings = [
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS.rawValue), value: limits.concurrentStreams),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE.rawValue), value: limits.streamWindow),
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE.rawValue),
                value: UInt32(limits.headerListBytes)),
            // RFC 9218 §2.1: spares both sides the dependency tree that nobody uses.
            nghttp2_settings_entry(
                settings_id: Int32(NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES.rawValue), value: 1),
        ]
        do {
            try check(nghttp2_submit_settings(session, 0, settings, settings.count), "nghttp2_submit_settings")
            try check(
                nghttp2_session_set_local_window_size(session, 0, 0, limits.connectionWindow),
                "nghttp2_session_set_local_window_size")
        } catch {
            nghttp2_session_del(session)
            throw error
        }
    }

    deinit {
        nghttp2_session_del(session)  // does not call back
        while let stream = newest { forget(stream, .connectionEnded) }
    }

    // MARK: Bytes

    /// Takes bytes from the peer; requests that become complete are shown to the receiver before this returns.
    ///
    /// - Throws: `.protocolViolated` when the connection cannot go on; send what `pullOutput` still gives, then close.
    package func receive(_ bytes: UnsafeRawBufferPointer) throws(HTTP2Error) {
        let count = nghttp2_session_mem_recv(
            session, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        if count < 0 {
            endReason = count == Int(NGHTTP2_ERR_FLOODED.rawValue) ? .flood : .protocolError
            throw .protocolViolated(reason: reasonText(count))
        }
        if floods {
            endReason = .flood
            nghttp2_session_terminate_session(session, UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue))
        }
    }

    /// Appends what is to be sent, until there is nothing more or `out` holds `highWater` bytes.
    ///
    /// - Throws: `HTTP2Error.library` when memory is short.
    package func pullOutput(into out: inout OutputBuffer, upTo highWater: Int) throws(HTTP2Error) {
        try pull(from: session, into: &out, upTo: highWater)
        if !full.isEmpty { tellDrained() }
    }

    /// Tells who waits for room in its answer. Not from inside nghttp2, which is sending it.
    private func tellDrained() {
        var drained: [any HTTP2StreamTaker] = []
        full.removeAll { number in
            guard let streamed = find(Int32(bitPattern: number))?.pointee.streamed, streamed.answer.wasFull else {
                return true
            }
            guard streamed.answer.hasDrained() else { return false }
            drained.append(streamed.taker)
            return true
        }
        for taker in drained { taker.outputDrained() }
    }

    /// True when `pullOutput` has something.
    package var hasOutput: Bool { nghttp2_session_want_write(session) != 0 }

    /// True when the protocol has nothing more to say in either direction: close the connection once output is sent.
    package var isFinished: Bool {
        saysNothingMore(session)
    }

    // MARK: Answers

    /// Answers 204 with an empty body. Ignored when the stream is gone or was answered.
    package func respondNoContent(_ number: UInt32) {
        guard let stream = find(Int32(bitPattern: number)), !stream.pointee.isAnswered else { return }
        stream.pointee.isAnswered = true
        cnghttp2_submit_204(session, Int32(bitPattern: number))
    }

    /// Answers. Ignored when the stream is gone or was answered. Fields that HTTP/2 forbids are left out, and
    /// `content-length` is added.
    package func respond(_ number: UInt32, _ response: Response) {
        guard let stream = find(Int32(bitPattern: number)), !stream.pointee.isAnswered else { return }
        stream.pointee.isAnswered = true
        stream.pointee.answeredSweep = sweep
        let isHead = ASCII.equal(stream.pointee.head.method.view(of: stream.pointee.text.bytes.baseAddress!), "HEAD")
        let hasBody = response.status.mayHaveBody && !isHead && !response.body.isEmpty
        var block = FieldBlock()
        block.add(":status", "\(response.status.code)")
        block.add(response.headers)
        if response.status.mayHaveBody { block.add("content-length", "\(response.body.count)") }
        if hasBody {
            stream.pointee.answer = response.body
            var provider = nghttp2_data_provider()
            provider.source.ptr = UnsafeMutableRawPointer(stream)
            provider.read_callback = readAnswer
            block.withFields { _ = nghttp2_submit_response(session, Int32(bitPattern: number), $0, $1, &provider) }
        } else {
            block.withFields { _ = nghttp2_submit_response(session, Int32(bitPattern: number), $0, $1, nil) }
        }
    }

    // MARK: Answers in pieces, to requests that are taken as they arrive

    /// Begins an answer. Ignored when the stream is gone, is not taken as it arrives, or was answered.
    ///
    /// - Parameter isWhole: Nothing follows: neither a body nor trailers.
    package func beginAnswer(_ number: UInt32, _ status: Status, _ headers: Headers, isWhole: Bool = false) {
        guard let stream = find(Int32(bitPattern: number)), let streamed = stream.pointee.streamed,
            !streamed.answerHasBegun, !stream.pointee.isAnswered
        else { return }
        streamed.answerHasBegun = true
        var block = FieldBlock()
        block.add(":status", "\(status.code)")
        block.add(headers)
        if isWhole {
            answerEnds(stream)
            block.withFields { _ = nghttp2_submit_response(session, Int32(bitPattern: number), $0, $1, nil) }
        } else {
            var provider = streamed.answer.provider
            block.withFields { _ = nghttp2_submit_response(session, Int32(bitPattern: number), $0, $1, &provider) }
        }
    }

    /// Appends to an answer that has begun. Ignored when the stream is gone, or its answer is complete.
    ///
    /// - Returns: Bytes that wait to be sent. From `HTTP2Pile.highWater` on wait for `outputDrained`.
    @discardableResult
    package func send(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) -> Int {
        guard let streamed = find(Int32(bitPattern: number))?.pointee.streamed, streamed.answerHasBegun,
            !streamed.answer.isOver
        else { return 0 }
        let wasFull = streamed.answer.wasFull
        streamed.answer.append(bytes)
        if streamed.answer.wasFull, !wasFull { full.append(number) }
        streamed.answer.resume(session, number)
        return streamed.answer.unsent
    }

    /// Completes an answer that has begun. What still comes of the request is dropped, and the client is soon asked to stop
    /// (RFC 9113 §8.1).
    package func endAnswer(_ number: UInt32, trailers: Headers) {
        guard let stream = find(Int32(bitPattern: number)), let streamed = stream.pointee.streamed,
            streamed.answerHasBegun, !streamed.answer.isOver, !stream.pointee.isAnswered
        else { return }
        answerEnds(stream)
        streamed.answer.end(trailers: trailers)
        streamed.answer.resume(session, number)
    }

    private func answerEnds(_ stream: UnsafeMutablePointer<LibraryStream>) {
        stream.pointee.isAnswered = true
        stream.pointee.answeredSweep = sweep
    }

    /// Gives up a stream: what was not sent of its answer never will be.
    package func reset(_ number: UInt32, code: UInt32) {
        guard find(Int32(bitPattern: number)) != nil else { return }
        nghttp2_submit_rst_stream(session, 0, Int32(bitPattern: number), code)
    }

    /// Lets the client send as many more bytes of a request that is taken as it arrives.
    package func openWindow(_ number: UInt32, by count: Int) {
        guard count > 0, find(Int32(bitPattern: number)) != nil else { return }
        nghttp2_session_consume_stream(session, Int32(bitPattern: number), count)
    }

    /// Says how many bytes of a request its taker holds in memory now.
    ///
    /// - Returns: False when the requests of the loop are too large together: refuse this one.
    package func hold(_ number: UInt32, bytes: Int) -> Bool {
        guard let stream = find(Int32(bitPattern: number)) else { return true }
        let more = bytes - (stream.pointee.countedBytes - stream.pointee.text.count)
        if more > 0, pool.bufferedBytes + more > pool.bufferedLimit { return false }
        pool.bufferedBytes += more
        stream.pointee.countedBytes += more
        return true
    }

    /// Checks that the peer is there: its answer is swallowed, but its arrival shows as bytes received.
    package func ping() {
        nghttp2_submit_ping(session, 0, nil)
    }

    // MARK: Ending

    /// Tells the peer to open no more streams (RFC 9113 §6.8). Those that it opened before it hears of this are still served;
    /// call `refuseNewStreams` about a round trip later.
    package func announceEnd() {
        nghttp2_submit_shutdown_notice(session)
    }

    /// Names the last stream that will be served. The session is finished when the open ones are.
    package func refuseNewStreams() {
        let last = nghttp2_session_get_last_proc_stream_id(session)
        nghttp2_submit_goaway(session, 0, last, UInt32(NGHTTP2_NO_ERROR.rawValue), nil, 0)
    }

    /// Ends the connection with everything on it, once the output is sent.
    package func terminate() {
        nghttp2_session_terminate_session(session, UInt32(NGHTTP2_NO_ERROR.rawValue))
    }

    /// See ``HTTP2ServerSession``.
    package func refuseSlowRequests(heads: UInt32, bodies: UInt32, stalls: UInt32) {
        sweep &+= 1
        guard incompleteRequests > 0 else { return }
        var entry = newest
        while let stream = entry {
            entry = stream.pointee.next
            if stream.pointee.isComplete { continue }
            if stream.pointee.isAnswered {
                // RFC 9113 §8.1: after a complete answer NO_ERROR asks the client to stop sending. Not at once: clients
                // that see the reset together with the answer drop the answer. And not before it has left.
                let number = Int32(bitPattern: stream.pointee.number)
                if sweep &- stream.pointee.answeredSweep > 1,
                    nghttp2_session_get_stream_local_close(session, number) == 1
                {
                    nghttp2_submit_rst_stream(session, 0, number, UInt32(NGHTTP2_NO_ERROR.rawValue))
                }
                continue
            }
            let waited = sweep &- stream.pointee.startedSweep
            if !stream.pointee.headIsComplete {
                guard waited > heads else { continue }
                endReason = .slowFrame
                nghttp2_session_terminate_session(session, UInt32(NGHTTP2_ENHANCE_YOUR_CALM.rawValue))
                return
            }
            // Who takes a request as it arrives knows how long it may take.
            guard waited > bodies, stream.pointee.streamed == nil else { continue }
            respond(stream.pointee.number, .text(.requestTimeout, "the request did not arrive in time\n"))
        }
    }

    // MARK: From nghttp2, inside `receive` or `pullOutput`

    @inline(__always)
    private func find(_ number: Int32) -> UnsafeMutablePointer<LibraryStream>? {
        if let newest, newest.pointee.number == UInt32(bitPattern: number) { return newest }
        return nghttp2_session_get_stream_user_data(session, number)?.assumingMemoryBound(to: LibraryStream.self)
    }

    fileprivate func headBegins(_ number: Int32) {
        let stream = pool.take()
        stream.pointee.number = UInt32(bitPattern: number)
        stream.pointee.startedSweep = sweep
        stream.pointee.next = newest
        newest?.pointee.previous = stream
        newest = stream
        openStreams += 1
        incompleteRequests += 1
        nghttp2_session_set_stream_user_data(session, number, stream)
    }

    fileprivate func fieldArrived(
        _ number: Int32, isRequest: Bool, _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) {
        guard let stream = find(number) else { return }
        guard admit(stream, name.count + value.count) else {
            stream.pointee.refusal = .headerFieldsTooLarge
            return
        }
        guard isRequest else {  // trailers are counted, and kept for who takes requests as they arrive
            stream.pointee.streamed?.trailers.add(
                String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
            return
        }
        let nameStart = stream.pointee.text.count
        stream.pointee.text.append(name)
        stream.pointee.text.append(value)
        let base = stream.pointee.text.bytes.baseAddress!
        let nameRange = ByteRange(offset: nameStart, count: name.count)
        let valueRange = ByteRange(offset: nameStart + name.count, count: value.count)
        if name.first == UInt8(ascii: ":") {
            // nghttp2 has checked that these are the four of a request, each at most once.
            switch name[1] {
            case UInt8(ascii: "m"):
                stream.pointee.head.method = valueRange
                return
            case UInt8(ascii: "p"):
                stream.pointee.head.setTarget(valueRange, in: base)
                return
            case UInt8(ascii: "s"): return
            default: stream.pointee.hasAuthority = true
            }
        } else if stream.pointee.hasAuthority, ASCII.equal(name, "host") {
            // RFC 9113 §8.3.1: `host` beside `:authority` must say the same.
            let authority = stream.pointee.head.value(of: .host, in: base)
            if let authority, !ASCII.equalIgnoringCase(authority, value) { stream.pointee.refusal = .badRequest }
            return
        }
        if !stream.pointee.head.add(name: nameRange, value: valueRange, in: base) {
            stream.pointee.refusal = .badRequest
        }
    }

    fileprivate func invalidFieldArrived(_ number: Int32, _ length: Int) {
        guard let stream = find(number) else { return }
        _ = admit(stream, length)
        stream.pointee.refusal = .badRequest
    }

    /// Counts a field. False when the list is too large to keep it.
    private func admit(_ stream: UnsafeMutablePointer<LibraryStream>, _ length: Int) -> Bool {
        stream.pointee.listBytes += length + 32
        stream.pointee.listCount += 1
        // The compressed block must be read to its end to keep the table right, but not for ever.
        if stream.pointee.listBytes > limits.headerListBytes * FieldList.Limits.patience { floods = true }
        return stream.pointee.listBytes <= limits.headerListBytes && stream.pointee.listCount <= limits.fieldCount
    }

    fileprivate func bodyArrived(_ number: Int32, _ bytes: UnsafeRawBufferPointer) {
        guard let stream = find(number) else {
            nghttp2_session_consume(session, number, bytes.count)
            return
        }
        if let streamed = stream.pointee.streamed, !stream.pointee.isAnswered {
            // One slow reader must not stop the others on the connection: its share of the connection's window is given back at once.
            nghttp2_session_consume_connection(session, bytes.count)
            streamed.taker.bodyArrived(bytes)
            return
        }
        nghttp2_session_consume(session, number, bytes.count)
        guard stream.pointee.refusal == nil, !stream.pointee.isAnswered else { return }
        if stream.pointee.body.count + bytes.count > limits.bodyBytes {
            refuseEarly(stream, .contentTooLarge)
            return
        }
        guard count(bytes.count, stream) else { return }
        stream.pointee.body.append(bytes)
    }

    /// Counts bytes that a request keeps in memory. False when they are too many, and the request has been refused.
    @inline(__always)
    private func count(_ bytes: Int, _ stream: UnsafeMutablePointer<LibraryStream>) -> Bool {
        if pool.bufferedBytes + bytes > pool.bufferedLimit {
            refuseEarly(stream, .serviceUnavailable)
            return false
        }
        pool.bufferedBytes += bytes
        stream.pointee.countedBytes += bytes
        return true
    }

    fileprivate func headEnds(_ number: Int32) {
        guard let stream = find(number), !stream.pointee.headIsComplete else { return }
        stream.pointee.headIsComplete = true
        (stream.pointee.listBytes, stream.pointee.listCount) = (0, 0)  // trailers are a list of their own
        guard count(stream.pointee.text.count, stream) else { return }
        let base = stream.pointee.text.bytes.baseAddress!
        if let refusal = stream.pointee.refusal {
            refuseEarly(stream, refusal)
        } else if let taker = askForTaker(stream) {
            stream.pointee.streamed = StreamedRequest(taker)
            taker.streamTaken()
        } else if let text = stream.pointee.head.value(of: .contentLength, in: base), exceedsBodyLimit(text) {
            refuseEarly(stream, .contentTooLarge)
        } else if let text = stream.pointee.head.value(of: .expect, in: base) {
            guard ASCII.equalIgnoringCase(text, "100-continue") else {
                refuseEarly(stream, .expectationFailed)
                return
            }
            var block = FieldBlock()
            block.add(":status", "100")
            block.withFields { _ = nghttp2_submit_headers(session, 0, number, nil, $0, $1, nil) }
        }
    }

    private func askForTaker(_ stream: UnsafeMutablePointer<LibraryStream>) -> (any HTTP2StreamTaker)? {
        let base = stream.pointee.text.bytes.baseAddress!
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        // Not through `tokens`: this request may be shown once more, and its token would then count as its own predecessor.
        let token = TokenReference(
            bytes: stream.pointee.head.value(of: .authorization, in: base) ?? empty, sameAsPrevious: false, epoch: 0)
        return receiver.streamBegins(
            stream.pointee.number, head: stream.pointee.head.head(over: base, authorization: token))
    }

    /// nghttp2 has checked that it is a number that fits 63 bits.
    private func exceedsBodyLimit(_ text: UnsafeRawBufferPointer) -> Bool {
        var value = 0
        for byte in text {
            value = value &* 10 &+ Int(byte &- 0x30)
            if value > limits.bodyBytes { return true }
        }
        return false
    }

    /// Answers before the request is complete; what follows of it is dropped.
    private func refuseEarly(_ stream: UnsafeMutablePointer<LibraryStream>, _ status: Status) {
        stream.pointee.refusal = status
        let headers: Headers = status == .serviceUnavailable ? ["retry-after": "1"] : [:]
        respond(stream.pointee.number, .text(status, "\(status)\n", headers: headers))
    }

    fileprivate func requestEnds(_ number: Int32) {
        guard let stream = find(number), !stream.pointee.isComplete else { return }
        stream.pointee.isComplete = true
        incompleteRequests -= 1
        if stream.pointee.isAnswered { return }
        if let streamed = stream.pointee.streamed {
            streamed.taker.messageEnded(trailers: streamed.trailers)
            return
        }
        if let refusal = stream.pointee.refusal {
            refuseEarly(stream, refusal)
            return
        }
        let base = stream.pointee.text.bytes.baseAddress!
        let empty = UnsafeRawBufferPointer(start: nil, count: 0)
        let token = tokens.reference(to: stream.pointee.head.value(of: .authorization, in: base) ?? empty)
        receiver.requestArrived(
            UInt32(bitPattern: number), head: stream.pointee.head.head(over: base, authorization: token),
            body: stream.pointee.body.bytes)
    }

    fileprivate func streamCloses(_ number: Int32, code: UInt32) {
        guard let stream = find(number) else { return }
        nghttp2_session_set_stream_user_data(session, number, nil)  // its taker may still name the stream
        let isOver = stream.pointee.isComplete && stream.pointee.isAnswered
        forget(stream, isOver && code == NGHTTP2_NO_ERROR.rawValue ? .complete : .reset(code: code))
    }

    private func forget(_ stream: UnsafeMutablePointer<LibraryStream>, _ how: HTTP2StreamEnd) {
        let streamed = stream.pointee.streamed
        defer { streamed?.taker.streamClosed(how) }
        openStreams -= 1
        if !stream.pointee.isComplete { incompleteRequests -= 1 }
        pool.bufferedBytes -= stream.pointee.countedBytes
        let (previous, next) = (stream.pointee.previous, stream.pointee.next)
        if let previous { previous.pointee.next = next } else { newest = next }
        if let next { next.pointee.previous = previous }
        pool.giveBack(stream)
    }
}

// MARK: C callbacks

// Each finds its session and calls one method. They run only inside nghttp2_session_mem_recv and nghttp2_session_mem_send, which
// only `receive` and `pullOutput` call: we are on the session's loop and the session is alive.

@inline(__always)
private func owner<Result>(_ data: UnsafeMutableRawPointer?, _ body: (LibraryServerSession) -> Result) -> Result {
    Unmanaged<LibraryServerSession>.fromOpaque(data!)._withUnsafeGuaranteedRef(body)
}

/// Fills DATA frames of an answer.
private let readAnswer: nghttp2_data_source_read_callback = { _, _, buffer, capacity, flags, source, _ in
    let stream = source!.pointee.ptr.assumingMemoryBound(to: LibraryStream.self)
    let start = stream.pointee.answerStart
    let count = min(capacity, stream.pointee.answer.count - start)
    stream.pointee.answer.withUnsafeBytes { bytes in
        if count > 0 {
            buffer!.update(from: bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) + start, count: count)
        }
    }
    stream.pointee.answerStart = start + count
    if start + count == stream.pointee.answer.count {
        flags!.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
    }
    return count
}

/// One set of callbacks for all server sessions.
// Unchecked: made once, never changed, never freed.
private nonisolated(unsafe) let serverCallbacks: OpaquePointer? = {
    var callbacks: OpaquePointer?
    guard nghttp2_session_callbacks_new(&callbacks) == 0 else { return nil }
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks) { _, frame, data in
        if cnghttp2_is_request(frame!) != 0 { owner(data) { $0.headBegins(cnghttp2_stream(frame!)) } }
        return 0
    }
    nghttp2_session_callbacks_set_on_header_callback(callbacks) {
        _, frame, name, nameCount, value, valueCount, _, data in
        owner(data) {
            $0.fieldArrived(
                cnghttp2_stream(frame!), isRequest: cnghttp2_is_request(frame!) != 0,
                UnsafeRawBufferPointer(start: name, count: nameCount),
                UnsafeRawBufferPointer(start: value, count: valueCount))
        }
        return 0
    }
    nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks) {
        _, frame, _, nameCount, _, valueCount, _, data in
        owner(data) { $0.invalidFieldArrived(cnghttp2_stream(frame!), nameCount + valueCount) }
        return 0
    }
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) { _, _, stream, bytes, count, data in
        owner(data) { $0.bodyArrived(stream, UnsafeRawBufferPointer(start: bytes, count: count)) }
        return 0
    }
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks) { _, frame, data in
        let type = UInt32(cnghttp2_type(frame!))
        guard type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue else { return 0 }
        let number = cnghttp2_stream(frame!)
        owner(data) { session in
            if type == NGHTTP2_HEADERS.rawValue { session.headEnds(number) }
            if cnghttp2_ends_stream(frame!) != 0 { session.requestEnds(number) }
        }
        return 0
    }
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, stream, code, data in
        owner(data) { $0.streamCloses(stream, code: code) }
        return 0
    }
    return callbacks
}()

private func makeSession() throws(HTTP2Error) -> OpaquePointer {
    var options: OpaquePointer?
    try check(nghttp2_option_new(&options), "nghttp2_option_new")
    defer { nghttp2_option_del(options) }
    nghttp2_option_set_no_closed_streams(options, 1)
    nghttp2_option_set_no_auto_window_update(options, 1)  // the windows of streams open as their takers read
    // Floods: unanswered PING and SETTINGS, streams opened and reset (CVE-2023-44487), endless header blocks.
    nghttp2_option_set_max_outbound_ack(options, 1000)
    nghttp2_option_set_stream_reset_rate_limit(options, 1000, 100)
    nghttp2_option_set_max_continuations(options, 8)
    guard let callbacks = serverCallbacks else {
        throw .library(call: "nghttp2_session_callbacks_new", reason: "out of memory")
    }
    var session: OpaquePointer?
    try check(nghttp2_session_server_new2(&session, callbacks, nil, options), "nghttp2_session_server_new2")
    return session!
}
