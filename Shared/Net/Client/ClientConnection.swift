internal import EventLoop
internal import HTTP
internal import System
internal import TLS

/// A pooled connection of the client: resolves, dials, learns its protocol, then carries exchanges until it ends.
final class ClientConnection: StreamConnectionOwner, @unchecked Sendable {  // touched on its loop only
    let endpoint: HTTPEndpoint
    private let core: ClientCore  // a cycle while the connection is in the core's pool, which every end breaks
    private(set) var stream: StreamConnection?
    private var carrier: (any ExchangeCarrier)?
    private var idleTimer: TimerID?
    private var isOver = false

    init(core: ClientCore, endpoint: HTTPEndpoint) {
        self.core = core
        self.endpoint = endpoint
    }

    var isOpening: Bool { carrier == nil && !isOver }
    /// True when one connection is enough for everything.
    var isMultiplexed: Bool { (carrier as? HTTP2Carrier)?.isReusable ?? false }
    var loop: EventLoop { core.loop }
    var keepAlive: Duration? { core.options.keepAlive }
    var hasRoom: Bool { carrier?.hasRoom ?? false }

    func open() {
        switch endpoint {
        case .unix(let path):
            do throws(SystemError) {
                dial([try SocketAddress(unixPath: path)], through: nil, tls: nil)
            } catch {
                streamEnded(.system(error))
            }
        case .tcp(let host, let port, let isSecure):
            guard !isSecure || core.tls != nil else {
                return core.loop.post { [self] in streamEnded(.unavailable("no TLS settings for \(endpoint.authority)"))
                }
            }
            let name = core.options.serverName ?? host
            let tls = isSecure ? core.tls.map { (context: $0, serverName: name) } : nil
            // A client that lives long must see a renewed certificate; a refused one leaves the old in use.
            if let tls { _ = tls.context.reloadIfChanged() }
            let proxy = core.options.proxies.proxy(host: host, port: port)
            let dialledPort = UInt16(clamping: proxy?.port ?? port)
            core.resolver.resolve(host: proxy?.host ?? host, port: dialledPort, on: core.loop) { [self] result in
                switch result {
                case .success(let addresses):
                    dial(addresses, through: proxy.map { ProxyTunnel(to: host, port: port, by: $0) }, tls: tls)
                case .failure(let error): streamEnded(.system(error))
                }
            }
        }
    }

    private func dial(
        _ addresses: [SocketAddress], through tunnel: consuming ProxyTunnel?,
        tls: (context: TLSClientContext, serverName: String)?
    ) {
        guard !isOver else { return }
        let stream = StreamConnection(dialling: addresses, tls: tls, through: tunnel, on: core.loop, owner: self)
        self.stream = stream
        stream.start()
    }

    func carry(_ exchange: Exchange) {
        if let idleTimer { core.loop.cancel(idleTimer) }
        idleTimer = nil
        exchange.carrier = carrier
        carrier?.carry(exchange)
    }

    // MARK: From the carrier

    /// An exchange is complete and the connection can be used on.
    func exchangeEnded() {
        guard let carrier, !isOver else { return }
        if carrier.isIdle, idleTimer == nil {
            idleTimer = core.loop.schedule(after: core.options.idleTimeout) { [weak self] in self?.retire() }
        }
        core.connectionHasRoom(self)
    }

    /// The connection cannot be used on: the peer said so, broke the protocol, or an answer was given up.
    func retire(_ error: NetError? = nil) {
        guard !isOver else { return }
        stream?.abort()
        streamEnded(error)
    }

    func settle(_ exchange: Exchange, _ result: Result<Response, NetError>) { core.settle(exchange, result) }
    func carried(_ exchange: Exchange) { core.carried(exchange) }
    func sendAgain(_ exchange: Exchange) { core.sendAgain(exchange) }

    func shutDown(_ reason: NetError) {
        guard !isOver else { return }
        isOver = true
        if let idleTimer { core.loop.cancel(idleTimer) }
        stream?.abort()
        carrier?.connectionEnded(reason)
    }

    // MARK: From the stream

    func streamOpened(_ applicationProtocol: ApplicationProtocol?) {
        let isSecure: Bool
        switch endpoint {
        case .tcp(_, _, let secure): isSecure = secure
        case .unix: isSecure = false
        }
        guard applicationProtocol == .http2 || !isSecure && core.options.priorKnowledge else {
            carrier = HTTP1Carrier(connection: self, bodyLimit: core.options.bodyLimit)
            return core.connectionHasRoom(self)
        }
        do throws(NetError) {
            let carrier = try HTTP2Carrier(
                connection: self, bodyLimit: core.options.bodyLimit, scheme: isSecure ? "https" : "http")
            self.carrier = carrier
            carrier.begin()
            core.connectionHasRoom(self)
        } catch {
            retire(error)
        }
    }

    func streamArrived(_ bytes: UnsafeRawBufferPointer) { carrier?.bytesArrived(bytes) }

    func streamDrained() { carrier?.outputDrained() }

    func streamEnded(_ error: NetError?) {
        guard !isOver else { return }
        let wasOpening = isOpening
        isOver = true
        if let idleTimer { core.loop.cancel(idleTimer) }
        carrier?.connectionEnded(error)
        core.connectionEnded(self, whileOpening: wasOpening ? error ?? .connectionEnded : nil)
    }
}
