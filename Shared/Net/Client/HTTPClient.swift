package import EventLoop
package import HTTP
internal import System
package import TLS

/// A client for HTTP/1.1 and HTTP/2 on one loop: reuses connections, keeps deadlines, bounds bodies.
///
/// An exchange fails with a ``NetError``; a status of 400 or more is an answer, not a failure. Nothing is sent twice,
/// except, once, what an HTTP/2 server refused unseen, and a request with an idempotent method whose reused connection
/// turned out to be closed already.
///
/// Keep it while exchanges are under way: when it goes they end. Call ``shutDown()`` before the loop stops, or let it go.
package final class HTTPClient: Sendable {
    let loop: EventLoop
    private let core: ClientCore
    private let options: HTTPClientOptions

    /// - Parameters:
    ///   - loop: Carries all its connections; callbacks come on it.
    ///   - tls: For endpoints in TLS. Without one they fail.
    package init(on loop: EventLoop, tls: TLSClientContext? = nil, options: HTTPClientOptions = HTTPClientOptions()) {
        self.loop = loop
        self.options = options
        core = ClientCore(loop: loop, tls: tls, options: options)
    }

    deinit {
        loop.post { [core] in core.shutDown() }
    }

    /// Sends a request; any thread. `done` is called once, on the loop, not before this returns.
    package func start(
        _ request: Request, to endpoint: HTTPEndpoint, deadline: Duration? = nil,
        _ done: @escaping @Sendable (Result<Response, NetError>) -> Void
    ) {
        let exchange = Exchange(request, endpoint, deadline ?? options.deadline, done)
        loop.post { [core] in core.begin(exchange) }
    }

    /// Sends a request and waits for the whole response. A cancelled task ends the exchange.
    package func send(
        _ request: Request, to endpoint: HTTPEndpoint, deadline: Duration? = nil
    ) async throws(NetError) -> Response {
        let result: Result<Response, NetError> = await withCancellableExchange { continuation in
            Exchange(request, endpoint, deadline ?? options.deadline) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Begins an exchange over HTTP/2 whose request is sent, and whose answer is taken, piece by piece. Any thread.
    ///
    /// - Parameters:
    ///   - request: Its head; its body is what is sent later.
    ///   - deadline: For the whole exchange. Without one only the way to the server has a time, the one of the options.
    ///   - taker: Hears of the answer, not before this returns; held until the last call.
    package func open(
        _ request: Request, to endpoint: HTTPEndpoint, deadline: Duration? = nil, taker: any HTTPStreamTaker & Sendable
    ) -> HTTPStream {
        let stream = HTTPStream(taker, core)
        let exchange = Exchange(request, endpoint, deadline ?? options.deadline) { stream.settled($0) }
        exchange.stream = stream
        exchange.hasNoDeadline = deadline == nil
        stream.belongs(to: exchange)
        loop.post { [core] in core.begin(exchange) }
        return stream
    }

    /// Gets a URL's representation.
    package func get(_ url: URLParts, deadline: Duration? = nil) async throws(NetError) -> Response {
        try await send(Request(.get, url.target), to: HTTPEndpoint(url), deadline: deadline)
    }

    /// Ends all exchanges with `.unavailable` and closes all connections. Later exchanges fail at once.
    package func shutDown() {
        loop.post { [core] in core.shutDown() }
    }

    private func withCancellableExchange(
        _ make: (CheckedContinuation<Result<Response, NetError>, Never>) -> Exchange
    ) async -> Result<Response, NetError> {
        let handle = ExchangeHandle()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let exchange = make(continuation)
                loop.post { [core] in
                    if handle.isCancelled { return exchange.finish(.failure(.cancelled)) }
                    handle.exchange = exchange
                    core.begin(exchange)
                }
            }
        } onCancel: {
            loop.post { [core] in
                handle.isCancelled = true
                if let exchange = handle.exchange { core.fail(exchange, .cancelled) }
            }
        }
    }
}

/// Joins a task to its exchange.
private final class ExchangeHandle: @unchecked Sendable {  // touched on the client's loop only
    var exchange: Exchange?
    var isCancelled = false
}

/// One request under way.
final class Exchange: @unchecked Sendable {  // after its making, touched on the client's loop only
    var request: Request
    let endpoint: HTTPEndpoint
    let deadline: Duration
    var timer: TimerID?
    /// What carries it now; nil while it waits.
    weak var carrier: (any ExchangeCarrier)?
    /// Its number on the HTTP/2 connection that carries it.
    var number: UInt32 = 0
    /// Set when request and answer come in pieces.
    var stream: HTTPStream?
    /// Once it is carried it may last.
    var hasNoDeadline = false
    var wasSentAgain = false
    private var done: (@Sendable (Result<Response, NetError>) -> Void)?

    init(
        _ request: Request, _ endpoint: HTTPEndpoint, _ deadline: Duration,
        _ done: @escaping @Sendable (Result<Response, NetError>) -> Void
    ) {
        self.request = request
        if request.authority.isEmpty { self.request.authority = endpoint.authority }
        self.endpoint = endpoint
        self.deadline = deadline
        self.done = done
    }

    var isOver: Bool { done == nil }

    func finish(_ result: Result<Response, NetError>) {
        guard let done else { return }
        self.done = nil
        stream = nil
        done(result)
    }
}

/// A protocol on an open connection.
protocol ExchangeCarrier: AnyObject {
    /// True when it takes another exchange now.
    var hasRoom: Bool { get }
    /// True when nothing is under way.
    var isIdle: Bool { get }
    /// Sends the exchange's request.
    func carry(_ exchange: Exchange)
    /// The exchange was given up: forget it. A connection that let a deadline pass is suspect.
    func drop(_ exchange: Exchange, isSuspect: Bool)
    /// The transport had not taken everything, and now it has.
    func outputDrained()
    /// Bytes arrived on the connection.
    func bytesArrived(_ bytes: UnsafeRawBufferPointer)
    /// The connection is gone; every exchange that is under way fails, or goes back to wait.
    func connectionEnded(_ error: NetError?)
}

/// The pools, one for each endpoint. Loop-confined.
final class ClientCore: @unchecked Sendable {  // touched on its loop only
    private struct Pool {
        var connections: [ClientConnection] = []
        var waiting: [Exchange] = []
    }

    let loop: EventLoop
    let options: HTTPClientOptions
    let tls: TLSClientContext?
    let resolver = Resolver()
    private var pools: [HTTPEndpoint: Pool] = [:]
    private var isShutDown = false

    init(loop: EventLoop, tls: TLSClientContext?, options: HTTPClientOptions) {
        self.loop = loop
        self.tls = tls
        self.options = options
    }

    func begin(_ exchange: Exchange) {
        guard !isShutDown else { return exchange.finish(.failure(.unavailable("the client was shut down"))) }
        let waiting = pools[exchange.endpoint]?.waiting.count ?? 0
        guard waiting < options.waitingPerEndpoint else {
            return exchange.finish(.failure(.unavailable("too many requests wait for \(exchange.endpoint.authority)")))
        }
        exchange.timer = loop.schedule(after: exchange.deadline) { [weak self, weak exchange] in
            guard let self, let exchange else { return }
            let what = exchange.carrier == nil ? "a connection to" : "an answer from"
            fail(exchange, .deadlineExceeded("\(what) \(exchange.endpoint.authority)"))
        }
        pools[exchange.endpoint, default: Pool()].waiting.append(exchange)
        pump(exchange.endpoint)
    }

    /// Ends an exchange from our side.
    func fail(_ exchange: Exchange, _ error: NetError) {
        guard !exchange.isOver else { return }
        pools[exchange.endpoint]?.waiting.removeAll { $0 === exchange }
        let carrier = exchange.carrier
        exchange.carrier = nil
        settle(exchange, .failure(error))
        carrier?.drop(exchange, isSuspect: error != .cancelled)
    }

    /// An exchange has a connection.
    func carried(_ exchange: Exchange) {
        guard exchange.hasNoDeadline, let timer = exchange.timer else { return }
        loop.cancel(timer)
        exchange.timer = nil
    }

    /// An exchange has its result.
    func settle(_ exchange: Exchange, _ result: Result<Response, NetError>) {
        if let timer = exchange.timer { loop.cancel(timer) }
        exchange.timer = nil
        exchange.finish(result)
    }

    /// An exchange's connection died before the server can have seen it: once more, first in line.
    func sendAgain(_ exchange: Exchange) {
        guard !exchange.isOver else { return }
        if isShutDown { return settle(exchange, .failure(.unavailable("the client was shut down"))) }
        exchange.wasSentAgain = true
        exchange.carrier = nil
        pools[exchange.endpoint, default: Pool()].waiting.insert(exchange, at: 0)
    }

    /// Gives waiting exchanges to connections that have room, and dials more where that helps.
    func pump(_ endpoint: HTTPEndpoint) {
        guard !isShutDown, var pool = pools[endpoint] else { return }
        while let exchange = pool.waiting.first, let connection = pool.connections.first(where: \.hasRoom) {
            pool.waiting.removeFirst()
            pools[endpoint] = pool  // carrying may end the connection, which comes back here
            connection.carry(exchange)
            guard let now = pools[endpoint] else { return }
            pool = now
        }
        let opening = pool.connections.count { $0.isOpening }
        // Until the first connection has told which protocol it speaks, one is enough. HTTP/2 needs another only when the one it has
        // takes no more streams, and then one at a time.
        let speaksHTTP2 = pool.connections.contains { $0.isMultiplexed }
        let oneIsEnough = pool.connections.isEmpty || speaksHTTP2
        let wanted = oneIsEnough ? min(1, pool.waiting.count) - opening : pool.waiting.count - opening
        guard wanted > 0, opening == 0 || pool.connections.count > opening,
            pool.connections.count < options.connectionsPerEndpoint
        else { return }
        let connection = ClientConnection(core: self, endpoint: endpoint)
        pools[endpoint]?.connections.append(connection)
        connection.open()
    }

    /// A connection is open or has become idle.
    func connectionHasRoom(_ connection: ClientConnection) { pump(connection.endpoint) }

    /// A connection is gone. When none is left, what waits has nothing to wait for.
    func connectionEnded(_ connection: ClientConnection, whileOpening error: NetError?) {
        let endpoint = connection.endpoint
        pools[endpoint]?.connections.removeAll { $0 === connection }
        if let error, pools[endpoint]?.connections.isEmpty ?? true {
            let waiting = pools[endpoint]?.waiting ?? []
            pools[endpoint]?.waiting = []
            for exchange in waiting { settle(exchange, .failure(error)) }
        }
        if let pool = pools[endpoint], pool.connections.isEmpty, pool.waiting.isEmpty { pools[endpoint] = nil }
        // A server that takes no more connections is not asked again at once; the others will come free.
        if error == nil { pump(endpoint) }
    }

    func shutDown() {
        guard !isShutDown else { return }
        isShutDown = true
        let pools = self.pools
        self.pools = [:]
        let reason = NetError.unavailable("the client was shut down")
        for pool in pools.values {
            for exchange in pool.waiting { settle(exchange, .failure(reason)) }
            for connection in pool.connections { connection.shutDown(reason) }
        }
    }
}
