internal import Bytes
internal import HTTP

/// HTTP/1.1 on a client's connection: one exchange at a time.
final class HTTP1Carrier: ExchangeCarrier {
    private unowned let connection: ClientConnection  // it owns this carrier
    private var parser: ResponseParser
    private var current: Exchange?
    private var served = 0
    private var sawBytes = false

    init(connection: ClientConnection, bodyLimit: Int) {
        self.connection = connection
        parser = ResponseParser(limits: HTTPLimits(bodyBytes: bodyLimit))
    }

    var hasRoom: Bool { current == nil }
    var isIdle: Bool { current == nil }

    func carry(_ exchange: Exchange) {
        guard exchange.stream == nil else {
            connection.settle(exchange, .failure(.unavailable("the server does not speak HTTP/2")))
            return
        }
        current = exchange
        sawBytes = false
        parser.expectResponse(to: exchange.request.method)
        var out = OutputBuffer(capacity: 512 + exchange.request.body.count)
        HTTP1Writer.write(exchange.request, into: &out)
        connection.stream?.send(&out)
    }

    func outputDrained() {}  // one request at a time, of bounded size

    func drop(_ exchange: Exchange, isSuspect: Bool) {
        // The answer would still come: only a new connection is clean.
        guard current === exchange else { return }
        current = nil
        connection.retire()
    }

    func bytesArrived(_ bytes: UnsafeRawBufferPointer) {
        guard current != nil else { return connection.retire() }  // nobody asked
        sawBytes = true
        parser.feed(bytes)
        do throws(HTTPError) {
            if let response = try parser.next() { answered(response) }
        } catch {
            connection.retire(.http(error))
        }
    }

    private func answered(_ response: Response) {
        guard let exchange = current else { return }
        current = nil
        served += 1
        let isReusable = parser.keepsAlive && parser.isIdle && response.status != .switchingProtocols
        connection.settle(exchange, .success(response))
        if isReusable { connection.exchangeEnded() } else { connection.retire() }
    }

    func connectionEnded(_ error: NetError?) {
        guard let exchange = current else { return }
        current = nil
        if error == nil {
            do throws(HTTPError) {
                if let response = try parser.inputEnded() { return connection.settle(exchange, .success(response)) }
            } catch {
                return connection.settle(exchange, .failure(.http(error)))
            }
        }
        // The server closed an idle connection while our request was on its way: it cannot have worked on it
        // (RFC 9112 §9.3.1), as far as a method that may be repeated is concerned.
        if !sawBytes, served > 0, exchange.request.method.isIdempotent, !exchange.wasSentAgain {
            return connection.sendAgain(exchange)
        }
        connection.settle(exchange, .failure(error ?? .connectionEnded))
    }
}
