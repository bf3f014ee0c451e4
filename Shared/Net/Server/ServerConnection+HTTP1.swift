internal import Bytes
internal import EventLoop
internal import HTTP
internal import HTTP2
internal import System
internal import TLS
internal import Time

// HTTP/1.1 on a connection: one request at a time is shown to the handler, the next one after its answer.

extension ServerConnection {
    func startHTTP1() {
        if http1 == nil { http1 = HTTP1Exchange(limits: server.options.limits) }
        stage = .http1
        since = server.loop.roundTime
    }

    func receiveHTTP1(_ bytes: UnsafeRawBufferPointer) {
        guard let http1 else { return }
        if http1.parser.isIdle { since = server.loop.roundTime }
        http1.parser.feed(bytes)
        countHTTP1(http1)
        // Small requests pass in any case: who hoards must not keep others out.
        if server.pool.bufferedBytes > server.bufferedLimit(for: self), http1.countedBytes > 4096,
            !http1.isAwaitingAnswer
        {
            let response = Response.text(
                .serviceUnavailable, "too much is under way\n", headers: ["retry-after": "1"])
            HTTP1Writer.write(response, to: .get, keepsAlive: false, into: &output)
            end(.memoryFull)
            server.markDirty(self)
            return
        }
        if http1.isAwaitingAnswer {
            // A pipelining client waits: what it has sent is kept, more is not read.
            readingIsPaused = true
            updateInterest()
        } else {
            advanceHTTP1()
        }
    }

    func countHTTP1(_ http1: HTTP1Exchange) {
        let held = http1.parser.heldBytes
        server.pool.bufferedBytes += held - http1.countedBytes
        http1.countedBytes = held
    }

    /// HTTP/1.1 is over here, and what it held with it.
    func forgetHTTP1() {
        if let http1 { server.pool.bufferedBytes -= http1.countedBytes }
        http1?.countedBytes = 0
        http1 = nil
    }

    /// Shows complete requests to the handler, one after the other, each after the answer to the one before.
    func advanceHTTP1() {
        guard let http1, !http1.isAdvancing else { return }
        http1.isAdvancing = true
        defer { http1.isAdvancing = false }
        while stage == .http1, !isEnding, !http1.isAwaitingAnswer {
            do throws(HTTPError) {
                let wasInHead = http1.parser.isInHead
                switch try http1.parser.next() {
                case .needMore:
                    if wasInHead, !http1.parser.isInHead {
                        since = server.loop.roundTime
                        judgeHTTP1(http1)
                    }
                    if http1.inputHasEnded {
                        isEnding = true
                        server.markDirty(self)
                    }
                    return
                case .continueExpected:
                    judgeHTTP1(http1)
                    if isEnding { return }
                    output.append(HTTP1Writer.continueExpected)
                    server.markDirty(self)
                case .request: showHTTP1(http1)
                }
            } catch {
                refuseHTTP1(error)
            }
        }
    }

    /// The handler may refuse a request by its head, before its body takes memory.
    private func judgeHTTP1(_ http1: HTTP1Exchange) {
        guard let handler = server.handler else { return }
        let stream = StreamID(slot: slot, generation: generation, number: http1.number &+ 1)
        let refusal = http1.parser.withHead { head in
            http1.isHead = ASCII.equal(head.method, "HEAD")
            return handler.headArrived(stream, head: head)
        }
        guard let refusal else { return }
        http1.keepsAlive = false  // the body follows, and nobody reads it
        http1.isHTTP10 = http1.parser.isHTTP10
        write(refusal, http1)
        judge(refusal.status)
        isEnding = true
        server.markDirty(self)
    }

    func showHTTP1(_ http1: HTTP1Exchange) {
        http1.number &+= 1
        http1.isAwaitingAnswer = true
        http1.isShowing = true
        http1.keepsAlive = http1.parser.keepsAlive && !server.isDraining
        http1.isHTTP10 = http1.parser.isHTTP10
        let stream = StreamID(slot: slot, generation: generation, number: http1.number)
        let handler = server.handler
        http1.isHead = http1.parser.withRequest { head, body in
            let isHead = ASCII.equal(head.method, "HEAD")
            http1.isHead = isHead  // the answer may be given during the next call
            handler?.requestArrived(stream, head: head, body: body)
            return isHead
        }
        http1.isShowing = false
        if http1.isAnswered { finishHTTP1(http1) }
    }

    /// The answer is in the output; on to the next request.
    func finishHTTP1(_ http1: HTTP1Exchange) {
        http1.parser.consume()
        countHTTP1(http1)
        http1.isAwaitingAnswer = false
        http1.isAnswered = false
        since = server.loop.roundTime
        if let handOver = http1.handOver {
            giveAway(http1, handOver)
        } else if !http1.keepsAlive {
            isEnding = true
        } else {
            if readingIsPaused, !http1.inputHasEnded {
                readingIsPaused = false
                resumeReading()
            }
            advanceHTTP1()
        }
    }

    func refuseHTTP1(_ error: HTTPError) {
        let response = Response.text(error.status, "\(error)\n")
        HTTP1Writer.write(response, to: .get, keepsAlive: false, into: &output)
        switch error {
        case .targetTooLong, .headTooLarge, .bodyTooLarge: end(.tooLarge)
        case .malformed, .unknownExpectation, .unknownTransferCoding, .unknownVersion, .truncated, .webSocket:
            end(.badRequest)
        }
        server.markDirty(self)
    }

    func write(_ response: Response, _ http1: HTTP1Exchange) {
        HTTP1Writer.write(
            response, to: http1.isHead ? .head : .get, keepsAlive: http1.keepsAlive, isHTTP10: http1.isHTTP10,
            into: &output)
    }

    /// Answers an HTTP/1.1 request and gives the connection away: to a web-socket.
    ///
    /// - Returns: False when the request is gone, was answered, or came over HTTP/2; nobody is called then.
    func upgrade(_ number: UInt32, _ response: Response, _ handOver: HandOver) -> Bool {
        guard stage == .http1, let http1, http1.isAwaitingAnswer, !http1.isAnswered, http1.number == number else {
            return false
        }
        http1.handOver = handOver
        respond(number, .full(response))
        return true
    }

    func giveAway(_ http1: HTTP1Exchange, _ handOver: HandOver) {
        // The answer must leave before the new owner writes.
        writeOutput()
        guard stage == .http1, !outputIsBlocked else {
            close()  // not even a few hundred bytes fit into the socket of a fresh connection
            return
        }
        let rest = http1.parser.takeRest()
        server.loop.unregister(raw)
        stage = .closed
        let given = raw
        raw = -1
        let session = tls.take()
        server.connectionEnded(self)
        forgetHTTP1()
        handOver.take(given, session, rest)
    }

    func sweepHTTP1(_ waited: Duration) {
        guard let http1, !http1.isAwaitingAnswer, !isEnding else { return }
        let options = server.options
        if http1.parser.isIdle {
            // RFC 9112 §9.5: an idle connection may be closed at any time. One that never sent a byte is not yet a customer.
            if http1.number == 0 {
                if waited > options.headTime { close(.silent) }
            } else if waited > options.idleTime {
                close(.idle)
            }
        } else if waited > (http1.parser.isInHead ? options.headTime : options.bodyTime) {
            HTTP1Writer.write(
                .text(.requestTimeout, "the request did not arrive in time\n"), to: .get, keepsAlive: false,
                into: &output)
            end(http1.parser.isInHead ? .slowHead : .slowBody)
            server.markDirty(self)
        }
    }
}

/// Who gets a connection after its upgrade. Exactly one of the two is called, once, on the loop.
struct HandOver {
    /// Takes over the descriptor, which nobody watches any more, the TLS session, and the bytes that came behind the request.
    let take: (_ raw: Int32, _ tls: consuming TLSSession?, _ rest: [UInt8]) -> Void
    /// The connection ended before.
    let failed: () -> Void
}

/// What an HTTP/1.1 connection has beyond its transport.
final class HTTP1Exchange {
    let parser: RequestParser
    /// Bytes before the protocol is known.
    var firstBytes: [UInt8] = []
    /// The ordinal of the request that was shown last.
    var number: UInt32 = 0
    /// What it adds to the loop's count of buffered bytes.
    var countedBytes = 0
    var isAwaitingAnswer = false
    var isAnswered = false
    /// The handler is being called.
    var isShowing = false
    var isAdvancing = false
    var keepsAlive = true
    var isHTTP10 = false
    var isHead = false
    /// The client has closed its side: what came before that is answered, and then there is nothing more.
    var inputHasEnded = false
    var handOver: HandOver?

    init(limits: HTTPLimits) { parser = RequestParser(limits: limits) }
}
