internal import Bytes
internal import HTTP
internal import HTTP2

/// HTTP/2 on a client's connection: many exchanges at once.
final class HTTP2Carrier: ExchangeCarrier, HTTP2ResponseReceiver {
    private unowned let connection: ClientConnection  // it owns this carrier
    private let scheme: String
    private var session: HTTP2ClientSession?  // made after self, its receiver
    private var exchanges: [UInt32: Exchange] = [:]
    private var ended = 0  // exchanges that ended while bytes were being taken in

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
            exchanges[try session.submit(exchange.request, scheme: scheme)] = exchange
        } catch {
            refused(exchange, error)
            if exchanges.isEmpty { connection.retire() }
            return
        }
        flush()
    }

    func drop(_ exchange: Exchange, isSuspect: Bool) {
        guard let number = exchanges.first(where: { $0.value === exchange })?.key else { return }
        exchanges[number] = nil
        session?.cancel(number)
        // Perhaps nobody is there any more: what is under way may finish, but new requests dial again.
        if isSuspect { session?.announceEnd() }
        flush()
        goOn()
    }

    func bytesArrived(_ bytes: UnsafeRawBufferPointer) {
        guard let session else { return }
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

    private func flush() {
        guard let session, let stream = connection.stream else { return }
        var out = OutputBuffer(capacity: 4096)
        do throws(HTTP2Error) {
            while session.hasOutput {
                try session.pullOutput(into: &out, upTo: 64 * 1024)
                if out.isEmpty { return }
                stream.send(&out)
            }
        } catch {
            connection.retire(.http2(error))
        }
    }

    func connectionEnded(_ error: NetError?) {
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
