internal import Bytes
internal import EventLoop
internal import HTTP
internal import HTTP2
internal import System
internal import TLS
internal import Time

/// One accepted connection, from its first byte to its end.
///
///     accept ─► handshaking ─► detecting ─► http1 ─► lingering ─► closed
///                    │            │           └────► handed over (web-socket)
///                    └─ ALPN ─────┴────────► http2 ─────────────► closed
///
/// Isolation: its loop. The loop's table and the event loop hold it until it is closed.
final class ServerConnection: ReadyHandler, HTTP2RequestReceiver, @unchecked Sendable {
    enum Stage {
        /// TLS is being agreed upon.
        case handshaking
        /// The first bytes will tell the protocol.
        case detecting
        case http1
        case http2
        /// All is said; what the peer still sends is thrown away for a moment, so that it can read our last answer.
        case lingering
        case closed
    }

    let slot: UInt32
    let generation: UInt32
    /// Whose connection it is, as far as limits go.
    let peerNetwork: PeerNetwork
    unowned(unsafe) let server: ServerLoop  // outlives its connections: they are in its table
    var raw: Int32
    // Unchecked, as `output` is: both are used by one function at a time, and neither calls back.
    @exclusivity(unchecked) var tls: TLSSession?
    var stage: Stage {
        didSet {
            if oldValue == .handshaking { server.handshakes -= 1 }
        }
    }
    var interest: Interest = .read

    @exclusivity(unchecked) var output = OutputBuffer(capacity: 256)
    private var sent = 0
    /// The transport took less than there was; it will say when it takes more.
    var outputIsBlocked = false
    var isDirty = false
    /// Close when the output is sent.
    var isEnding = false
    private var isReading = false
    /// A pipelining client waits for its answer, or has closed its side.
    var readingIsPaused = false

    var http1: HTTP1Exchange?
    var http2: (any HTTP2ServerSession)?

    /// When the current stage, request or silence began; what a limit is counted from.
    var since: MonotonicTime
    /// When the transport last took output, while it is blocked.
    private var blockedSince: MonotonicTime

    /// No event was accepted on it yet (204 at the door, or whatever a handler of streams calls good), or the last request was refused.
    private(set) var isNewcomer = true
    /// Waits for its turn among the newcomers; not watched meanwhile.
    var isInLine = false
    private var refusedTokens = 0  // in a row
    /// Given from inside `receive`; what to think of the peer for them is decided when it has returned.
    private var earlyRefusals: [Status] = []
    /// The reason of the end has been told.
    private var endIsTold = false

    init(
        raw: Int32, tls: consuming TLSSession?, peer: PeerNetwork, slot: UInt32, generation: UInt32, server: ServerLoop
    ) {
        self.raw = raw
        peerNetwork = peer
        stage = tls == nil ? .detecting : .handshaking
        self.tls = tls
        self.slot = slot
        self.generation = generation
        self.server = server
        since = server.loop.roundTime
        blockedSince = since
        if stage == .handshaking { server.handshakes += 1 }
    }

    func start() {
        do throws(SystemError) {
            try server.loop.register(raw, .read, self)
        } catch {
            server.options.observe(.acceptFailed(error))
            close()
        }
    }

    var peer: PeerIdentity? { tls?.peer }

    /// Since when the peer has kept this connection waiting, and nobody else it; nil while work of ours is under way.
    var expendableSince: MonotonicTime? {
        switch stage {
        case .handshaking, .detecting, .lingering: return since
        case .http1:
            guard let http1, !http1.isAwaitingAnswer, isNewcomer || http1.parser.isIdle else { return nil }
            return since
        case .http2:
            guard let http2, http2.openStreams == (isNewcomer ? http2.incompleteRequests : 0) else { return nil }
            return since
        case .closed: return nil
        }
    }

    // MARK: Readiness

    func ready(_ events: ReadyEvents) {
        if !interest.contains(.read), !events.isDisjoint(with: [.hungUp, .failed]) {
            // Reported whether asked for or not, again and again: nobody is there to answer to.
            close()
            return
        }
        guard isNewcomer else {
            serve(events)
            return
        }
        guard server.newcomers.isTurn(of: self) else {
            setInterest([])
            return
        }
        let start = MonotonicTime.now()
        serve(events)
        server.newcomers.spent(since: start)
    }

    /// A newcomer is called from the line. What it is ready for is not known any more: asking is harmless.
    func takeTurn() {
        guard stage != .closed else { return }
        let start = MonotonicTime.now()
        if stage == .handshaking { setInterest(.read) } else { updateInterest() }
        serve([.readable, .writable])
        server.newcomers.spent(since: start)
    }

    private func serve(_ events: ReadyEvents) {
        if stage != .handshaking, events.contains(.writable), outputIsBlocked {
            outputIsBlocked = false
            server.markDirty(self)
            resumeReading()
        }
        switch stage {
        case .handshaking: shakeHands()
        case .detecting, .http1, .http2, .lingering: if events.contains(.readable) { readMore() }
        case .closed: break
        }
    }

    private func shakeHands() {
        guard let outcome = tls?.handshake() else { return }
        switch outcome {
        case .done:
            switch tls?.applicationProtocol {
            case .http2: startHTTP2()
            case .http1: startHTTP1()
            case nil: stage = .detecting
            }
            setInterest(.read)
            // What came with the client's last handshake bytes is in OpenSSL already.
            if stage != .closed { readMore() }
        case .wantsRead: setInterest(.read)
        case .wantsWrite: setInterest(.write)
        case .closed: close()
        case .failed: close(.handshakeFailed)
        }
    }

    private func readMore() {
        // Not re-entered: an answer from inside `requestArrived` does not read.
        guard !isReading, interest.contains(.read) else { return }
        isReading = true
        defer { isReading = false }
        for _ in 0..<(isNewcomer ? 1 : 8) {
            guard readOnce(), stage != .closed, interest.contains(.read) else { return }
            // The kernel will say when there is more; only what OpenSSL holds it does not know of.
            guard tls?.hasPendingBytes ?? false else { return }
        }
        readLater()
    }

    /// OpenSSL holds more, which does not make the descriptor readable. Others on the loop have their turn first.
    private func readLater() {
        if isNewcomer {
            server.newcomers.stand(self)
        } else {
            server.loop.post { [self] in
                if stage != .closed { readMore() }
            }
        }
    }

    /// False when nothing more can be read now.
    private func readOnce() -> Bool {
        // In small pieces, so that a newcomer's turn is short: each of its requests may bring a token to verify.
        let buffer = isNewcomer ? server.newcomersBuffer : server.readBuffer
        let outcome: TLSOutcome
        if let ofTLS = tls?.read(into: buffer) {
            outcome = ofTLS
        } else {
            switch FileDescriptor.read(raw: raw, into: buffer) {
            case .done(0): outcome = .closed
            case .done(let count): outcome = .done(count)
            case .wouldBlock: outcome = .wantsRead
            case .failed(let code): outcome = .failed(.connectionFailed(errno: code))
            }
        }
        switch outcome {
        case .done(let count):
            bytesArrived(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            return true
        case .wantsRead: return false
        case .wantsWrite:
            blockOutput()
            return false
        case .closed:
            inputEnded()
            return false
        case .failed(.protocolViolated):
            close(.tlsViolated)
            return false
        case .failed:  // the peer, or the way to it, has gone
            close()
            return false
        }
    }

    private func bytesArrived(_ bytes: UnsafeRawBufferPointer) {
        switch stage {
        case .http2: receiveHTTP2(bytes)
        case .http1: receiveHTTP1(bytes)
        case .detecting: detect(bytes)
        case .handshaking, .lingering, .closed: break
        }
    }

    /// The peer has closed its side. An HTTP/1.1 client may do so and still wait for its answer.
    private func inputEnded() {
        switch stage {
        case .http1:
            guard let http1, http1.isAwaitingAnswer else {
                close()
                return
            }
            http1.inputHasEnded = true
            readingIsPaused = true
            updateInterest()
        case .handshaking, .detecting, .http2, .lingering: close()
        case .closed: break
        }
    }

    // MARK: Which protocol

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// RFC 9113 §3.4: an HTTP/2 client that knows us begins with 24 bytes that no HTTP/1.1 request begins with.
    private func detect(_ bytes: UnsafeRawBufferPointer) {
        let http1 = self.http1 ?? HTTP1Exchange(limits: server.options.limits)
        self.http1 = http1
        http1.firstBytes += bytes
        let first = http1.firstBytes
        let count = min(first.count, Self.preface.count)
        if !first.prefix(count).elementsEqual(Self.preface.prefix(count)) {
            http1.firstBytes = []
            startHTTP1()
            first.withUnsafeBytes { receiveHTTP1($0) }
        } else if count == Self.preface.count {
            self.http1 = nil
            startHTTP2()
            if stage == .http2 { first.withUnsafeBytes { receiveHTTP2($0) } }
        }
    }

    // MARK: HTTP/2

    private func startHTTP2() {
        var limits = HTTP2ServerLimits()
        limits.headerListBytes = server.options.limits.headBytes
        limits.fieldCount = server.options.limits.fieldCount
        limits.bodyBytes = server.options.limits.bodyBytes
        limits.concurrentStreams = server.options.concurrentStreams
        do throws(HTTP2Error) {
            http2 = try server.options.http2.makeSession(receiver: self, pool: server.pool, limits: limits)
        } catch {
            close()
            return
        }
        stage = .http2
        since = server.loop.roundTime
        if server.isDraining { http2?.announceEnd() }
        server.markDirty(self)
    }

    private func receiveHTTP2(_ bytes: UnsafeRawBufferPointer) {
        guard let http2 else { return }
        server.pool.bufferedLimit = server.bufferedLimit(for: self)
        since = server.loop.roundTime
        do throws(HTTP2Error) {
            try http2.receive(bytes)
        } catch {
            http2.terminate()
            isEnding = true
        }
        if !earlyRefusals.isEmpty {
            for status in earlyRefusals { judge(status) }
            earlyRefusals.removeAll()
        }
        tellEnd(of: http2)
        server.markDirty(self)
    }

    /// The door for HTTP/2; called from inside `receive`.
    func headArrived(_ number: UInt32, head: borrowing RequestHead) -> Response? {
        let stream = StreamID(slot: slot, generation: generation, number: number)
        guard let refusal = server.handler?.headArrived(stream, head: head) else { return nil }
        earlyRefusals.append(refusal.status)
        return refusal
    }

    /// The door for HTTP/2; called from inside `receive`.
    func requestArrived(_ number: UInt32, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        if isEnding { return }
        server.handler?.requestArrived(
            StreamID(slot: slot, generation: generation, number: number), head: head, body: body)
    }

    /// The door for HTTP/2; called from inside `receive`.
    func streamBegins(_ number: UInt32, head: borrowing RequestHead) -> (any HTTP2StreamTaker)? {
        if isEnding { return nil }
        return server.handler?.streamBegins(
            StreamID(slot: slot, generation: generation, number: number), head: head)
    }

    /// The session, when it has requests that are taken as they arrive.
    var streaming: LibraryServerSession? { http2 as? LibraryServerSession }

    // MARK: Answers

    func respond(_ number: UInt32, _ answer: Answer) {
        switch stage {
        case .http2:
            switch answer {
            case .constant204: http2?.respondNoContent(number)
            case .full(let response): http2?.respond(number, response)
            }
            server.markDirty(self)
            judge(answer)
        case .http1:
            guard let http1, http1.isAwaitingAnswer, !http1.isAnswered, http1.number == number else { return }
            http1.isAnswered = true
            if server.isDraining { http1.keepsAlive = false }
            switch answer {
            case .constant204 where http1.keepsAlive && !http1.isHTTP10: output.append(HTTP1Writer.noContent)
            case .constant204: write(Response(.noContent), http1)
            case .full(let response): write(response, http1)
            }
            server.markDirty(self)
            judge(answer)
            if !http1.isShowing { finishHTTP1(http1) }
        case .handshaking, .detecting, .lingering, .closed: break
        }
    }

    func respondNoContent(to streams: ArraySlice<StreamID>) {
        guard stage == .http2, let http2 else {
            for stream in streams { respond(stream.number, .constant204) }
            return
        }
        for stream in streams { http2.respondNoContent(stream.number) }
        server.markDirty(self)
        judge(.constant204)
    }

    /// Learns from an answer what to think of the peer.
    @inline(__always)
    private func judge(_ answer: Answer) {
        switch answer {
        case .constant204:
            isNewcomer = false
            refusedTokens = 0
        case .full(let response): if !response.status.isSuccess { judge(response.status) }
        }
    }

    func judge(_ status: Status) {
        if status.isSuccess {
            isNewcomer = false
            refusedTokens = 0
        } else if status == .unauthorized {
            // Each may have cost a signature's verification.
            isNewcomer = true
            refusedTokens += 1
            if refusedTokens >= server.options.refusedTokensInARow, !isEnding {
                http2?.terminate()
                end(.refusedTokens)
            }
        } else if 400..<500 ~= status.code {
            isNewcomer = true
        }
    }

    // MARK: Output

    /// Called when the round ends.
    func flush() {
        guard stage == .http1 || stage == .http2 || stage == .detecting else { return }
        writeOutput()
        guard stage != .closed, !outputIsBlocked else { return }
        if let http2, http2.isFinished { isEnding = true }
        if isEnding { endPolitely() }
    }

    func writeOutput() {
        while !outputIsBlocked {
            if let http2 {
                if sent > 0 {
                    output.removeFirst(sent)
                    sent = 0
                }
                do throws(HTTP2Error) {
                    try http2.pullOutput(into: &output, upTo: 64 << 10)
                } catch {
                    close()
                    return
                }
            }
            if sent == output.count { break }
            writeOnce()
            if stage == .closed { return }
        }
        if sent == output.count {
            output.removeAll(keepingCapacity: output.capacity <= 16 << 10)
            sent = 0
        }
    }

    private func writeOnce() {
        let bytes = UnsafeRawBufferPointer(rebasing: output.bytes[sent...])
        let outcome: TLSOutcome
        if let ofTLS = tls?.write(bytes) {
            outcome = ofTLS
        } else {
            switch FileDescriptor.write(raw: raw, bytes) {
            case .done(let count): outcome = .done(count)
            case .wouldBlock: outcome = .wantsWrite
            case .failed(let code): outcome = .failed(.connectionFailed(errno: code))
            }
        }
        switch outcome {
        case .done(let count):
            sent += count
        case .wantsRead, .wantsWrite: blockOutput()
        case .closed, .failed: close()
        }
    }

    // MARK: What to wait for

    private func blockOutput() {
        outputIsBlocked = true
        blockedSince = server.loop.roundTime
        updateInterest()
    }

    /// A peer that does not read its answers is not read from either: its requests would only pile up answers.
    func updateInterest() {
        setInterest(outputIsBlocked ? .write : readingIsPaused ? [] : .read)
    }

    func resumeReading() {
        updateInterest()
        // What OpenSSL holds does not make the descriptor readable.
        guard interest.contains(.read), tls?.hasPendingBytes ?? false else { return }
        readLater()
    }

    private func setInterest(_ wanted: Interest) {
        guard interest != wanted, stage != .closed else { return }
        interest = wanted
        server.loop.modify(raw, wanted)
    }

    // MARK: Time

    /// Called from time to time: closes what takes too long.
    func sweep(_ now: MonotonicTime) {
        let options = server.options
        if outputIsBlocked, now - blockedSince > options.stallTime {
            tellEnd(.notReading)
            abort()
            return
        }
        let waited = now - since
        switch stage {
        case .handshaking: if waited > options.headTime { close(.slowHandshake) }
        case .detecting: if waited > options.headTime { close(http1 == nil ? .silent : .slowHead) }
        case .http1: sweepHTTP1(waited)
        case .http2: sweepHTTP2(waited)
        case .lingering: if waited > min(.seconds(2), options.headTime) { close() }
        case .closed: break
        }
    }

    private func sweepHTTP2(_ waited: Duration) {
        guard let http2 else { return }
        let options = server.options
        http2.refuseSlowRequests(
            heads: options.sweeps(options.headTime), bodies: options.sweeps(options.bodyTime),
            stalls: options.sweeps(options.stallTime))
        if http2.endReason != nil {
            isEnding = true
            tellEnd(of: http2)
        } else if waited > options.idleTime {
            if http2.openStreams == 0 || streaming != nil && waited > options.idleTime * 2 {
                http2.terminate()
                end(.idle)
            } else {
                // Requests that last are under way: its answer shows that the peer is still there.
                streaming?.ping()
            }
        }
        if http2.hasOutput || isEnding { server.markDirty(self) }
    }

    // MARK: End

    /// Tells why this connection is cut off; the first reason counts.
    func tellEnd(_ reason: ConnectionEndReason) {
        if endIsTold { return }
        endIsTold = true
        server.options.observe(.connectionEnded(reason))
    }

    /// Tells once why a session was ended.
    private func tellEnd(of http2: any HTTP2ServerSession) {
        if !endIsTold, let reason = http2.endReason { tellEnd(.http2(reason)) }
    }

    /// Ends when the output is sent.
    func end(_ reason: ConnectionEndReason) {
        tellEnd(reason)
        isEnding = true
    }

    /// Closes at once, and tells why.
    func close(_ reason: ConnectionEndReason) {
        tellEnd(reason)
        close()
    }

    /// Lets requests under way finish.
    func drain() {
        switch stage {
        case .handshaking, .detecting: close()
        case .http1:
            guard let http1, !http1.isAwaitingAnswer else { return }
            // A request that has begun is served; its answer says `connection: close`.
            if http1.parser.isIdle { close() }
        case .http2:
            http2?.announceEnd()
            server.markDirty(self)
            server.loop.schedule(after: .milliseconds(100)) { [weak self] in
                guard let self, stage == .http2 else { return }
                http2?.refuseNewStreams()
                server.markDirty(self)
            }
        case .lingering, .closed: break
        }
    }

    /// Lets go of the session. Who takes its streams hears of their end, and may ask this connection about them: it has none then.
    private func forgetHTTP2() {
        let session = http2
        http2 = nil
        withExtendedLifetime(session) {}
    }

    /// Says goodbye and waits a moment for the peer to do the same: a close with unread bytes would take back our last answer
    /// (RFC 9112 §9.6).
    private func endPolitely() {
        tls?.sayGoodbye()
        Socket.shutdownWriting(raw: raw)
        stage = .lingering
        since = server.loop.roundTime
        forgetHTTP1()
        forgetHTTP2()
        readingIsPaused = false
        updateInterest()
    }

    /// Closes at once; the peer is told by a reset.
    func abort() {
        if stage != .closed { Socket.resetOnClose(raw: raw) }
        close()
    }

    func close() {
        guard stage != .closed else { return }
        if stage == .http2 || stage == .http1 { tls?.sayGoodbye() }
        stage = .closed
        server.loop.unregister(raw)
        tls = nil
        FileDescriptor.close(raw: raw)
        raw = -1
        let handOver = http1?.handOver
        http1?.handOver = nil
        // Not now: we may be inside the session or the parser.
        server.loop.post { [self] in
            forgetHTTP1()
            forgetHTTP2()
        }
        server.connectionEnded(self)
        handOver?.failed()
    }
}
