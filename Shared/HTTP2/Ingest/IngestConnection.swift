import Bytes
import HTTP

// The server's half of RFC 9113, for requests that are read whole and answered whole.
//
//   states    of the connection: `Phase`; of a stream: `StreamState`, `AbsentStream`
//   events    a frame (one method for each type, in `IngestConnection+Frames.swift`), an answer, a sweep of the clock
//   actions   a request to show (`Action.request`), bytes to send (`output`), GOAWAY and RST_STREAM (`punish`)
//
//                 24 bytes of preface        SETTINGS                 HEADERS without END_HEADERS
//        ┌────────┐             ┌─────────────────┐     ┌──────┐ ────────────────────────► ┌─────────────┐
//        │preface ├────────────►│ settingsExpected├────►│ open │                           │ headerBlock │
//        └───┬────┘             └────────┬────────┘     └──┬───┘ ◄──────────────────────── └──────┬──────┘
//            │                           │                 │      CONTINUATION with END_HEADERS   │
//            └───────────────────────────┴────────┬────────┴──────────────────────────────────────┘
//                                                 ▼  a violation of the connection, or `terminate`
//                                              ┌───────┐
//                                              │ ended │   GOAWAY is in the output; nothing more is read
//                                              └───────┘

/// What one HTTP/2 connection of the ingest door knows, and the rules by which that changes. A value: no socket, no clock, no
/// callbacks.
struct IngestConnection: ~Copyable {
    /// What the connection waits for.
    enum Phase: Equatable {
        /// RFC 9113 §3.4: so many bytes of the client's preface have come.
        case preface(Int)
        /// §3.4: the preface ends with SETTINGS.
        case settingsExpected
        case open
        /// §4.3: the block of this stream goes on; no other frame may come.
        case headerBlock(UInt32)
        /// §5.4.1: we have said GOAWAY for an error, or were told to end.
        case ended
    }

    /// What `advance` found.
    enum Action {
        /// A request is complete: show it, then say `wasShown`.
        case request(UnsafeMutablePointer<IngestStream>, body: UnsafeRawBufferPointer)
        /// All bytes are used up, or the connection has ended.
        case none
    }

    let limits: HTTP2ServerLimits
    let listLimits: FieldList.Limits
    let pool: HTTP2StreamPool
    let shared: IngestPool

    var phase = Phase.preface(0)
    /// Why we ended it.
    var endReason: HTTP2EndReason?
    private var reader = FrameReader()
    var decoder = HeaderDecoder()
    var encoder = ResponseEncoder()
    var guardian = FloodGuard()
    var tokens = TokenMemory()

    // MARK: Streams

    var streams = StreamTable()
    var closed = ClosedStreams()
    /// The highest number that the client has used.
    var highest: UInt32 = 0
    /// Requests whose stream was reset while the handler had them.
    var abandoned = 0
    /// Requests that have begun and are not complete.
    var incomplete = 0
    /// Those of them that began during this `receive`: when it ends, the handler may refuse them by their heads.
    var begun: [UInt32] = []
    private var nextBegun = 0
    /// Numbers above it are not served: the last GOAWAY said so.
    var lastServed = UInt32(Int32.max)
    /// We or the peer have said GOAWAY: finished when the streams are.
    var isLeaving = false

    // MARK: The header block that is being received

    /// A block in several frames (§4.3), put together.
    var block = OutputBuffer(capacity: 16)
    var blockFrames = 0
    /// END_STREAM of its HEADERS frame.
    var blockEndsStream = false
    /// Its priority depends on itself (RFC 7540 §5.3.1).
    var blockDependsOnItself = false
    /// The head of the previous request, in case that the next block repeats it.
    var previous: UnsafeMutablePointer<IngestHead>?
    var serial: UInt32 = 0
    /// The head of the last request that was shown.
    private var shownSerial: UInt32 = 0

    // MARK: Flow control

    var receiveWindow: ReceiveWindow
    var sendWindow = SendWindow(65_535)
    /// SETTINGS_INITIAL_WINDOW_SIZE and SETTINGS_MAX_FRAME_SIZE of the peer.
    var peerStreamWindow = 65_535
    var peerMaxFrame = 16_384

    // MARK: Output

    var output = OutputBuffer(capacity: 16)
    /// Acknowledgements in `output`.
    var queuedAcknowledgements = 0
    private var firstToSend: UnsafeMutablePointer<IngestStream>?
    private var lastToSend: UnsafeMutablePointer<IngestStream>?

    /// The request that the handler looks at right now, and whether it is to be given back afterwards.
    private var showing: UnsafeMutablePointer<IngestStream>?
    private var showingIsOver = false

    /// Sweeps so far.
    private(set) var sweep: UInt32 = 0
    /// Frames so far; the frame that the network has cut, and the sweep during which it was.
    private var frameCount: UInt32 = 0
    private var cut = (frame: UInt32.max, sweep: UInt32(0))
    /// The sweep during which the header block began.
    var blockSweep: UInt32 = 0

    init(pool: HTTP2StreamPool, limits: HTTP2ServerLimits) {
        self.pool = pool
        self.limits = limits
        shared = pool.ingest
        listLimits = FieldList.Limits(bytes: limits.headerListBytes, fields: limits.fieldCount)
        receiveWindow = ReceiveWindow(Int(limits.connectionWindow))
        // §3.4: our preface. The windows count from now: a client that has not read this uses less.
        FrameWriter.settings(
            [
                (.maxConcurrentStreams, limits.concurrentStreams), (.initialWindowSize, limits.streamWindow),
                (.maxHeaderListSize, UInt32(clamping: limits.headerListBytes)), (.noRFC7540Priorities, 1),
            ], into: &output)
        FrameWriter.windowUpdate(0, Int(limits.connectionWindow) - 65_535, into: &output)
    }

    deinit {
        for place in 0..<streams.capacity {
            guard let stream = streams[place] else { continue }
            pool.bufferedBytes -= stream.pointee.countedBytes
            if let head = stream.pointee.head { Self.release(head, pool) }
            stream.pointee.head = nil
            shared.giveBack(stream)
        }
        if let previous { Self.release(previous, pool) }
        pool.bufferedBytes -= block.count
    }

    /// Requests whose stream is not closed.
    var openStreams: Int { streams.count - abandoned }

    // MARK: Input

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Goes on with `bytes` from `cursor` until a request is complete or all bytes are used up.
    mutating func advance(_ bytes: UnsafeRawBufferPointer, _ cursor: inout Int) -> Action {
        while phase != .ended {
            if case .preface(let matched) = phase {
                guard cursor < bytes.count else { return .none }
                prefaceArrived(bytes[cursor], matched)
                cursor &+= 1
                continue
            }
            switch reader.next(in: bytes, &cursor) {
            case .needsMore:
                if reader.heldBytes > 0, cut.frame != frameCount { cut = (frameCount, sweep) }
                return .none
            case .tooLong: end(.frameSizeError)
            case .frame(let head, let payload):
                frameCount &+= 1
                do throws(Violation) {
                    if let stream = try frameArrived(head, payload) {
                        let body = stream.pointee.body.isEmpty ? inPlace : stream.pointee.body.bytes
                        return .request(stream, body: body)
                    }
                } catch {
                    punish(error)
                }
            }
        }
        return .none
    }

    /// The body of a request that came in one frame. Set by `dataArrived`.
    var inPlace = UnsafeRawBufferPointer(start: nil, count: 0)

    /// §3.4.
    private mutating func prefaceArrived(_ byte: UInt8, _ matched: Int) {
        if byte != Self.preface[matched] {
            end(.protocolError)
        } else {
            phase = matched + 1 == Self.preface.count ? .settingsExpected : .preface(matched + 1)
        }
    }

    /// One event. Answers the request that it completes.
    @inline(__always)
    private mutating func frameArrived(
        _ head: FrameHead, _ payload: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        switch phase {
        case .open: break
        case .headerBlock(let number):
            // §6.10: nothing but its CONTINUATION may come, not even an extension.
            guard head.kind == .continuation, head.stream == number else { throw .connection(.protocolError) }
        case .settingsExpected:
            guard head.kind == .settings, !head.isAcknowledgement else { throw .connection(.protocolError) }
        case .preface, .ended: return nil
        }
        switch head.kind {
        case .headers: return try headersArrived(head, payload)
        case .data: return try dataArrived(head, payload)
        case .continuation: return try continuationArrived(head, payload)
        case .priority: try priorityArrived(head, payload)
        case .resetStream: try resetArrived(head, payload)
        case .settings: try settingsArrived(head, payload)
        case .pushPromise: throw .connection(.protocolError)  // §8.4: a client cannot push
        case .ping: try pingArrived(head, payload)
        case .goAway: try goAwayArrived(head, payload)
        case .windowUpdate: try windowUpdateArrived(head, payload)
        case nil: try guardian.payFrame(.unknownFrameFlood)  // §5.5: passed over
        }
        return nil
    }

    /// Carries out what a rule has found.
    mutating func punish(_ violation: Violation) {
        switch violation {
        case .connection(let reason): end(reason)
        case .stream(let number, let code):
            do throws(Violation) {
                try reset(number, code)
            } catch {
                punish(error)
            }
        }
    }

    /// §5.4.1. Nothing is read any more; what was to be sent is still sent, GOAWAY last.
    mutating func end(_ reason: HTTP2EndReason) {
        guard phase != .ended else { return }
        endReason = reason
        phase = .ended
        FrameWriter.goAway(last: min(highest, lastServed), reason.code, reason: reason.rawValue, into: &output)
        dropQueue()
    }

    /// The owner wants it to end, with everything on it.
    mutating func terminate() {
        guard phase != .ended else { return }
        phase = .ended
        FrameWriter.goAway(last: min(highest, lastServed), .noError, reason: "", into: &output)
        dropQueue()
    }

    /// §6.8, first half: no new streams, please. Those that are under way are still served.
    mutating func announceEnd() {
        guard phase != .ended else { return }
        FrameWriter.goAway(last: UInt32(Int32.max), .noError, reason: "", into: &output)
    }

    /// §6.8, second half: the last stream that is served.
    mutating func refuseNewStreams() {
        guard phase != .ended else { return }
        lastServed = highest
        isLeaving = true
        FrameWriter.goAway(last: lastServed, .noError, reason: "", into: &output)
    }

    private mutating func dropQueue() {
        while let stream = firstToSend {
            firstToSend = stream.pointee.nextToSend
            stream.pointee.nextToSend = nil
            stream.pointee.isQueued = false
        }
        lastToSend = nil
    }

    /// §5.4.2: resets a stream for what the peer did. Whoever makes us do that too often is sent away (CVE-2025-8671).
    private mutating func reset(_ number: UInt32, _ code: ErrorCode) throws(Violation) {
        FrameWriter.resetStream(number, code, into: &output)
        closed.reset(number, byPeer: false)
        if let stream = streams.find(number) { close(stream) }
        try guardian.payRequest(.provokedResets)
    }

    // MARK: The life of a stream

    /// A new stream. The caller has checked its number.
    mutating func open(_ number: UInt32) -> UnsafeMutablePointer<IngestStream> {
        let stream = shared.takeStream()
        stream.pointee.number = number
        stream.pointee.state = .open
        stream.pointee.sweep = sweep
        stream.pointee.receiveWindow = ReceiveWindow(Int(limits.streamWindow))
        stream.pointee.sendWindow = SendWindow(peerStreamWindow)
        streams.insert(stream)
        incomplete &+= 1
        return stream
    }

    /// The request is whole: nothing more may come on its stream.
    @inline(__always)
    mutating func requestEnds(_ stream: UnsafeMutablePointer<IngestStream>) {
        incomplete &-= 1
        stream.pointee.state = .halfClosedRemote
    }

    /// A reset, sent or received, closes the stream. A request that the handler has keeps its place until it is answered.
    mutating func close(_ stream: UnsafeMutablePointer<IngestStream>) {
        switch stream.pointee.state {
        case .open, .halfClosedLocal: incomplete &-= 1
        case .halfClosedRemote: break
        case .abandoned: return
        }
        if stream.pointee.isWithHandler {
            stream.pointee.state = .abandoned
            abandoned &+= 1
            if !stream.pointee.answer.isEmpty { stream.pointee.answer = [] }
        } else {
            forget(stream)
        }
    }

    /// The stream is closed and nobody needs it.
    mutating func forget(_ stream: UnsafeMutablePointer<IngestStream>) {
        streams.remove(stream.pointee.number)
        if stream.pointee.isQueued { removeFromQueue(stream) }
        if stream == showing { showingIsOver = true } else { recycle(stream) }
    }

    private mutating func recycle(_ stream: UnsafeMutablePointer<IngestStream>) {
        pool.bufferedBytes -= stream.pointee.countedBytes
        if let head = stream.pointee.head { Self.release(head, pool) }
        shared.giveBack(stream)
    }

    /// The session shows a request to the handler, which may answer during that.
    mutating func willShow(_ stream: UnsafeMutablePointer<IngestStream>) -> TokenReference {
        showing = stream
        showingIsOver = false
        stream.pointee.isWithHandler = true
        let token = token(of: stream)
        // A request that was judged by its head is shown a second time: its token is as new as it was then.
        guard stream.pointee.tokenWasNew else { return token }
        return TokenReference(bytes: token.bytes, sameAsPrevious: false, epoch: token.epoch)
    }

    /// The token of a request that has a head, compared with that of the request before.
    mutating func token(of stream: UnsafeMutablePointer<IngestStream>) -> TokenReference {
        let head = stream.pointee.head!  // the caller's promise
        if head.pointee.serial == shownSerial { return tokens.repeated() }
        shownSerial = head.pointee.serial
        let base = UnsafeRawPointer(head.pointee.list.text.bytes.baseAddress!)  // a buffer has memory from the start
        return tokens.reference(
            to: head.pointee.fields.value(of: .authorization, in: base) ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// The handler has seen it: neither head nor body are needed any more.
    mutating func wasShown(_ stream: UnsafeMutablePointer<IngestStream>) {
        showing = nil
        if showingIsOver {
            recycle(stream)
            return
        }
        if let head = stream.pointee.head { Self.release(head, pool) }
        stream.pointee.head = nil
        if stream.pointee.countedBytes > 0 {
            pool.bufferedBytes -= stream.pointee.countedBytes
            stream.pointee.countedBytes = 0
            stream.pointee.body.removeAll(keepingCapacity: stream.pointee.body.capacity <= 4 << 10)
        }
    }

    /// A request whose head came during this `receive` and whose body did not; each once.
    mutating func nextIncomplete() -> UnsafeMutablePointer<IngestStream>? {
        while phase != .ended, nextBegun < begun.count {
            nextBegun &+= 1
            if let stream = streams.find(begun[nextBegun &- 1]), stream.pointee.state == .open,
                !stream.pointee.isAnswered
            {
                return stream
            }
        }
        begun.removeAll(keepingCapacity: true)
        nextBegun = 0
        return nil
    }

    /// The handler refuses a request by its head. What follows of it is thrown away.
    mutating func refuse(_ stream: UnsafeMutablePointer<IngestStream>, _ response: Response) {
        if let head = stream.pointee.head { Self.release(head, pool) }
        stream.pointee.head = nil
        pool.bufferedBytes -= stream.pointee.countedBytes
        stream.pointee.countedBytes = 0
        stream.pointee.body.removeAll(keepingCapacity: false)
        respond(stream.pointee.number, response)
    }

    static func release(_ head: UnsafeMutablePointer<IngestHead>, _ pool: HTTP2StreamPool) {
        head.pointee.users &-= 1
        if head.pointee.users > 0 { return }
        pool.bufferedBytes -= head.pointee.countedBytes
        pool.ingest.giveBack(head)
    }

    // MARK: Answers

    /// An answer of 204. Ignored when the stream is gone or was answered.
    mutating func respondNoContent(_ number: UInt32) {
        guard let stream = answerable(number) else { return }
        encoder.writeNoContent(number, into: &output)
        answerEnds(stream)
    }

    /// Any answer. `content-length` is added.
    mutating func respond(_ number: UInt32, _ response: Response) {
        guard let stream = answerable(number) else { return }
        let status = response.status
        let hasBody = status.mayHaveBody && !stream.pointee.isHEAD && !response.body.isEmpty
        encoder.write(
            status, response.headers, contentLength: status.mayHaveBody ? response.body.count : nil,
            endsStream: !hasBody, maxFrame: min(peerMaxFrame, FrameHead.longestPayload), stream: number, into: &output)
        guard hasBody else {
            answerEnds(stream)
            return
        }
        stream.pointee.answer = response.body
        queue(stream)
    }

    /// The stream that takes this answer; the handler no longer has its request.
    @inline(__always)
    private mutating func answerable(_ number: UInt32) -> UnsafeMutablePointer<IngestStream>? {
        guard let stream = streams.find(number), !stream.pointee.isAnswered else { return nil }
        stream.pointee.isWithHandler = false
        if stream.pointee.state == .abandoned {
            abandoned &-= 1
            forget(stream)
            return nil
        }
        if phase == .ended { return nil }
        stream.pointee.isAnswered = true
        stream.pointee.sweep = sweep
        guardian.earn()
        return stream
    }

    /// Our side of the stream has ended.
    @inline(__always)
    private mutating func answerEnds(_ stream: UnsafeMutablePointer<IngestStream>) {
        switch stream.pointee.state {
        case .halfClosedRemote: forget(stream)
        case .open: stream.pointee.state = .halfClosedLocal
        case .halfClosedLocal, .abandoned: break
        }
    }

    // MARK: Output

    /// True when `pull` has something.
    var hasOutput: Bool { !output.isEmpty || (firstToSend != nil && sendWindow.left > 0) }

    /// The protocol has nothing more to say.
    var isFinished: Bool {
        output.isEmpty && (phase == .ended || (isLeaving && openStreams == 0))
    }

    /// Appends what is to be sent: everything but bodies first, then bodies, a frame of each in turn.
    mutating func pull(into out: inout OutputBuffer, upTo highWater: Int) {
        if !output.isEmpty {
            out.append(output.bytes)
            output.removeAll(keepingCapacity: output.capacity <= 16 << 10)
            queuedAcknowledgements = 0
        }
        while out.count < highWater, sendWindow.left > 0, let stream = firstToSend {
            firstToSend = stream.pointee.nextToSend
            if firstToSend == nil { lastToSend = nil }
            stream.pointee.nextToSend = nil
            stream.pointee.isQueued = false
            sendFrame(of: stream, into: &out)
        }
    }

    /// §5.2.1: DATA within both windows.
    private mutating func sendFrame(of stream: UnsafeMutablePointer<IngestStream>, into out: inout OutputBuffer) {
        let start = stream.pointee.answerStart
        let rest = stream.pointee.answer.count - start
        let count = min(
            min(rest, stream.pointee.sendWindow.left), min(sendWindow.left, peerMaxFrame), FrameHead.longestPayload)
        guard count > 0 else { return }
        let isLast = count == rest
        FrameWriter.head(.data, flags: isLast ? 0x01 : 0, stream: stream.pointee.number, length: count, into: &out)
        stream.pointee.answer.withUnsafeBytes {
            out.append(UnsafeRawBufferPointer(rebasing: $0[start..<(start + count)]))
        }
        stream.pointee.answerStart += count
        stream.pointee.sweep = sweep
        stream.pointee.sendWindow.take(count)
        sendWindow.take(count)
        if isLast { answerEnds(stream) } else { queue(stream) }
    }

    /// The stream has something to send and may.
    mutating func queue(_ stream: UnsafeMutablePointer<IngestStream>) {
        guard !stream.pointee.isQueued, stream.pointee.answerStart < stream.pointee.answer.count,
            stream.pointee.sendWindow.left > 0
        else { return }
        stream.pointee.isQueued = true
        if let lastToSend { lastToSend.pointee.nextToSend = stream } else { firstToSend = stream }
        lastToSend = stream
    }

    private mutating func removeFromQueue(_ stream: UnsafeMutablePointer<IngestStream>) {
        var before: UnsafeMutablePointer<IngestStream>?
        var entry = firstToSend
        while let found = entry, found != stream {
            before = found
            entry = found.pointee.nextToSend
        }
        if let before {
            before.pointee.nextToSend = stream.pointee.nextToSend
        } else {
            firstToSend = stream.pointee.nextToSend
        }
        if lastToSend == stream { lastToSend = before }
        stream.pointee.nextToSend = nil
        stream.pointee.isQueued = false
    }

    // MARK: Time

    /// A sweep of the owner: see `HTTP2ServerSession.refuseSlowRequests`.
    mutating func refuseSlow(heads: UInt32, bodies: UInt32, stalls: UInt32) {
        sweep &+= 1
        guardian.sweep()
        if phase == .ended { return }
        if isStuck(heads, bodies) { end(.slowFrame) }
        if isUnread(stalls) { end(.unreadOutput) }
        refuseSlowBodies(bodies)
        if streams.count == 0 { trim() }
    }

    /// The peer has begun something that it must soon finish.
    private func isStuck(_ heads: UInt32, _ bodies: UInt32) -> Bool {
        switch phase {
        case .preface, .settingsExpected: sweep > heads
        case .headerBlock: sweep &- blockSweep > heads
        case .open: reader.heldBytes > 0 && sweep &- cut.sweep > (reader.holdsData ? bodies : heads)
        case .ended: false
        }
    }

    /// The peer has closed its windows on an answer, and does not open them.
    private func isUnread(_ limit: UInt32) -> Bool {
        if streams.count == 0 { return false }
        for place in 0..<streams.capacity {
            guard let stream = streams[place], stream.pointee.answerStart < stream.pointee.answer.count else {
                continue
            }
            if sweep &- stream.pointee.sweep > limit { return true }
        }
        return false
    }

    private mutating func refuseSlowBodies(_ limit: UInt32) {
        guard incomplete > 0, phase != .ended else { return }
        var slow: [UInt32] = []
        var answered: [UInt32] = []
        for place in 0..<streams.capacity {
            guard let stream = streams[place] else { continue }
            let waited = sweep &- stream.pointee.sweep
            switch stream.pointee.state {
            // §8.1: after a complete answer NO_ERROR asks the client to stop sending. Not at once: clients that see the reset
            // together with the answer drop the answer.
            case .halfClosedLocal: if waited > 1 { answered.append(stream.pointee.number) }
            case .open: if waited > limit, !stream.pointee.isAnswered { slow.append(stream.pointee.number) }
            case .halfClosedRemote, .abandoned: break
            }
        }
        for number in answered {
            FrameWriter.resetStream(number, .noError, into: &output)
            closed.reset(number, byPeer: false)
            if let stream = streams.find(number) { close(stream) }
        }
        for number in slow {
            respond(number, .text(.requestTimeout, "the request did not arrive in time\n"))
            do throws(Violation) {
                try guardian.payRequest(.slowBodies, 20)
            } catch {
                punish(error)
                return
            }
        }
    }

    /// Gives back what an idle connection does not need.
    private mutating func trim() {
        if let previous {
            Self.release(previous, pool)
            self.previous = nil
        }
        streams.trim()
        closed.trim()
        decoder.trim()
        tokens.release()
        if output.isEmpty { output = OutputBuffer(capacity: 16) }
    }
}
