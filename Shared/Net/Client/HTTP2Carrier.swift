internal import Bytes
internal import EventLoop
internal import HTTP
internal import HTTP2

/// HTTP/2 on a client's connection: many exchanges at once.
final class HTTP2Carrier: ExchangeCarrier, HTTP2ResponseReceiver, @unchecked Sendable {  // touched on its loop only
    private unowned let connection: ClientConnection  // it owns this carrier
    private let scheme: String
    private var session: HTTP2ClientSession?  // made after self, its receiver
    private var exchanges: [UInt32: Exchange] = [:]
    private var ended = 0  // exchanges that ended while bytes were being taken in
    private var isFlushPosted = false
    private var keepAliveTimer: TimerID?
    private var wasHeard = false  // since the timer fired
    private var wasAsked = false  // when it did

    init(connection: ClientConnection, bodyLimit: Int, scheme: String) throws(NetError) {
        self.connection = connection
        self.scheme = scheme
        do throws(HTTP2Error) {
            session = try HTTP2ClientSession(receiver: self, bodyLimit: bodyLimit)
        } catch {
            throw .http2(error)
        }
    }

    var hasRoom: Bool {
        guard let session, !session.mustNotBeReused else { return false }
        return session.openRequests < min(session.concurrencyLimit, 100)
    }
    var isIdle: Bool { exchanges.isEmpty }
    var isReusable: Bool { session.map { !$0.mustNotBeReused } ?? false }

    /// Sends the preface.
    func begin() { flush() }

    func carry(_ exchange: Exchange) {
        guard let session else { return }
        do throws(HTTP2Error) {
            if let stream = exchange.stream {
                exchange.number = try session.begin(exchange.request, scheme: scheme, taker: stream)
                exchanges[exchange.number] = exchange
                connection.carried(exchange)
                stream.carried(by: self, exchange.number)
            } else {
                exchange.number = try session.submit(exchange.request, scheme: scheme)
                exchanges[exchange.number] = exchange
            }
        } catch {
            refused(exchange, error)
            if exchanges.isEmpty { connection.retire() }
            return
        }
        flush()
        keepAlive()
    }

    func drop(_ exchange: Exchange, isSuspect: Bool) {
        guard exchanges[exchange.number] === exchange else { return }
        exchanges[exchange.number] = nil
        session?.cancel(exchange.number)
        // Perhaps nobody is there any more: what is under way may finish, but new requests dial again. Where pings tell, they do.
        if isSuspect, connection.keepAlive == nil { session?.announceEnd() }
        flush()
        goOn()
    }

    func bytesArrived(_ bytes: UnsafeRawBufferPointer) {
        guard let session else { return }
        wasHeard = true
        var failure: HTTP2Error?
        do throws(HTTP2Error) {
            try session.receive(bytes)
        } catch {
            failure = error
        }
        if let failure { return connection.retire(.http2(failure)) }
        flush()
        goOn()
    }

    /// After an exchange has ended: the connection takes the next ones, or goes.
    private func goOn() {
        guard let session else { return }
        if session.isFinished || session.mustNotBeReused && exchanges.isEmpty {
            connection.retire()
        } else if ended > 0 || exchanges.isEmpty {
            ended = 0
            connection.exchangeEnded()
        }
    }

    /// Gives the transport what it takes. The rest stays in the session, so that who sends too much learns of it.
    private func flush() {
        guard let session, let stream = connection.stream else { return }
        var out = OutputBuffer(capacity: 4096)
        do throws(HTTP2Error) {
            while session.hasOutput, stream.unsentBytes < HTTP2Pile.highWater {
                try session.pullOutput(into: &out, upTo: 64 * 1024)
                if out.isEmpty { return }
                stream.send(&out)
            }
        } catch {
            connection.retire(.http2(error))
        }
    }

    func outputDrained() { flush() }

    /// One write for everything that is sent in a round.
    private func flushLater() {
        if isFlushPosted { return }
        isFlushPosted = true
        connection.loop.post { [self] in
            isFlushPosted = false
            flush()
        }
    }

    // MARK: Streams

    func send(_ number: UInt32, _ bytes: UnsafeRawBufferPointer) -> Int {
        flushLater()
        return session?.send(number, bytes) ?? 0
    }

    func end(_ number: UInt32, _ trailers: Headers) {
        session?.end(number, trailers: trailers)
        flushLater()
    }

    func openWindow(_ number: UInt32, _ count: Int) {
        session?.openWindow(number, by: count)
        flushLater()
    }

    func streamFailed(_ number: UInt32, _ error: NetError) {
        guard let exchange = exchanges.removeValue(forKey: number) else { return }
        ended += 1
        connection.settle(exchange, .failure(error))
    }

    // MARK: Whether anybody is there

    /// While something is under way and nothing is heard, asks now and then, and ends the connection when no answer comes.
    private func keepAlive() {
        guard let interval = connection.keepAlive, keepAliveTimer == nil, !exchanges.isEmpty else { return }
        wasHeard = false
        wasAsked = false
        watch(interval)
    }

    private func watch(_ interval: Duration) {
        keepAliveTimer = connection.loop.schedule(after: interval) { [weak self] in
            guard let self, let session else { return }
            keepAliveTimer = nil
            if exchanges.isEmpty { return }
            if !wasHeard, wasAsked { return connection.retire(.unavailable("the server gives no sign of life")) }
            if !wasHeard { session.ping() }
            wasAsked = !wasHeard
            wasHeard = false
            flush()
            watch(interval)
        }
    }

    func connectionEnded(_ error: NetError?) {
        if let keepAliveTimer { connection.loop.cancel(keepAliveTimer) }
        keepAliveTimer = nil
        let orphans = exchanges.sorted { $0.key < $1.key }
        exchanges = [:]
        for (_, exchange) in orphans { connection.settle(exchange, .failure(error ?? .connectionEnded)) }
        session = nil
    }

    // MARK: From the session, inside `receive`

    func responseArrived(_ number: UInt32, _ response: Response) {
        guard let exchange = exchanges.removeValue(forKey: number) else { return }
        ended += 1
        connection.settle(exchange, .success(response))
    }

    func requestFailed(_ number: UInt32, _ error: HTTP2Error) {
        guard let exchange = exchanges.removeValue(forKey: number) else { return }
        ended += 1
        refused(exchange, error)
    }

    /// RFC 9113 §8.7: what was refused unseen may be sent again, whatever its method.
    private func refused(_ exchange: Exchange, _ error: HTTP2Error) {
        if error == .refused, !exchange.wasSentAgain { return connection.sendAgain(exchange) }
        let reason: NetError =
            switch error {
            case .connectionEnded: .connectionEnded
            case .streamReset(let code): .streamReset(code: code)
            case .responseTooLarge: .http(.bodyTooLarge)
            case .refused, .protocolViolated, .library: .http2(error)
            }
        connection.settle(exchange, .failure(reason))
    }
}
