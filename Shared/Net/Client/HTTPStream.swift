internal import Bytes
package import HTTP
package import HTTP2

/// Takes the answer of an ``HTTPStream`` as it arrives. All calls come on the client's loop.
package protocol HTTPStreamTaker: AnyObject {
    /// The head of the answer arrived; `response` has no body yet.
    func headArrived(_ response: Response)
    /// A piece of the body; the view is valid during the call. The server may send as many more bytes only after `openWindow`.
    func bodyArrived(_ bytes: UnsafeRawBufferPointer)
    /// The answer is complete. The last call.
    func answerEnded(trailers: Headers)
    /// The request had piled up to `HTTP2Pile.highWater`, and now there is room again.
    func outputDrained()
    /// No answer will come, or no more of it. The last call.
    func streamFailed(_ error: NetError)
}

/// One exchange over HTTP/2 whose request is sent, and whose answer is taken, piece by piece. See `HTTPClient.open`.
///
/// Isolation: the client's loop. It holds its taker until the last call.
package final class HTTPStream: HTTP2ResponseTaker, @unchecked Sendable {  // touched on the client's loop only
    private var taker: (any HTTPStreamTaker)?
    private let core: ClientCore
    private weak var exchange: Exchange?  // held by whoever carries it, or has it wait
    private weak var carrier: HTTP2Carrier?
    /// What was sent before there was a connection.
    private var early = OutputBuffer(capacity: 16)
    private var earlyEnd: Headers?

    init(_ taker: any HTTPStreamTaker, _ core: ClientCore) {
        self.taker = taker
        self.core = core
    }

    // MARK: For its owner

    /// Appends to the request.
    ///
    /// - Returns: Bytes that wait to be sent. From `HTTP2Pile.highWater` on wait for `outputDrained`.
    @discardableResult
    package func send(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let exchange, !exchange.isOver else { return 0 }
        if let carrier { return carrier.send(exchange.number, bytes) }
        early.append(bytes)
        return early.count
    }

    /// Completes the request.
    package func end(trailers: Headers = [:]) {
        guard let exchange, !exchange.isOver else { return }
        if let carrier { carrier.end(exchange.number, trailers) } else { earlyEnd = trailers }
    }

    /// Lets the server send as many more bytes.
    package func openWindow(by count: Int) {
        guard let exchange, !exchange.isOver else { return }
        carrier?.openWindow(exchange.number, count)
    }

    /// Gives the exchange up; its taker hears `.cancelled` before this returns, unless it has heard the last already.
    package func cancel() {
        guard let exchange else { return }
        core.fail(exchange, .cancelled)
    }

    // MARK: From the client

    func belongs(to exchange: Exchange) { self.exchange = exchange }

    func carried(by carrier: HTTP2Carrier, _ number: UInt32) {
        self.carrier = carrier
        guard !early.isEmpty || earlyEnd != nil else { return }
        let wasFull = early.count >= HTTP2Pile.highWater
        let waiting = carrier.send(number, early.bytes)
        early.removeAll(keepingCapacity: false)
        if let earlyEnd { carrier.end(number, earlyEnd) }
        if wasFull, waiting < HTTP2Pile.highWater { taker?.outputDrained() }
    }

    func settled(_ result: Result<Response, NetError>) {
        let taker = taker.take()
        carrier = nil
        switch result {
        case .success(let response): taker?.answerEnded(trailers: response.trailers)
        case .failure(let error): taker?.streamFailed(error)
        }
    }

    // MARK: From the session

    /// Passes it on.
    package func headArrived(_ response: Response) { taker?.headArrived(response) }

    /// Passes it on.
    package func bodyArrived(_ bytes: UnsafeRawBufferPointer) { taker?.bodyArrived(bytes) }

    /// Passes it on.
    package func outputDrained() { taker?.outputDrained() }

    /// The exchange has its result.
    package func messageEnded(trailers: Headers) {
        guard let exchange else { return }
        var response = Response(.ok)
        response.trailers = trailers
        carrier?.responseArrived(exchange.number, response)
    }

    /// The exchange has failed, unless it has its result.
    package func streamClosed(_ how: HTTP2StreamEnd) {
        guard let exchange, !exchange.isOver else { return }
        switch how {
        case .reset(let code): carrier?.streamFailed(exchange.number, .streamReset(code: code))
        case .complete, .connectionEnded: carrier?.streamFailed(exchange.number, .connectionEnded)
        }
    }
}
