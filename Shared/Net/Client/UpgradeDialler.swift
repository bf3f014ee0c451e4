internal import Bytes
internal import EventLoop
internal import HTTP
internal import System
internal import TLS

/// Where and how a connection of its own is dialled.
struct DialPlan {
    let url: URLParts
    let tls: TLSClientContext?
    /// The name that the server's certificate must be for; nil: the one that is dialled.
    var serverName: String?
    var proxy: HTTPProxy?
    /// For dialling, the proxy, TLS and the whole answer.
    let deadline: Duration
}

/// Dials, asks over HTTP/1.1 for another protocol, and hands over the connection when the server switches (RFC 9110 §7.8).
final class UpgradeDialler: StreamConnectionOwner, @unchecked Sendable {  // touched on its loop only
    enum Answer {
        /// 101: the stream belongs to the new protocol, beginning with the rest.
        case switched(Response, StreamConnection, rest: [UInt8])
        /// Anything else; the connection is closed.
        case answered(Response)
    }

    private let request: Request
    private let plan: DialPlan
    private let loop: EventLoop
    private var parser = ResponseParser(limits: HTTPLimits(bodyBytes: 64 * 1024))
    private var stream: StreamConnection?
    private var done: ((Result<Answer, NetError>) -> Void)?
    private var timer: TimerID?
    private let resolver = Resolver()

    /// - Parameter done: Called once, on the loop.
    init(
        _ request: Request, _ plan: DialPlan, on loop: EventLoop, _ done: @escaping (Result<Answer, NetError>) -> Void
    ) {
        self.request = request
        self.plan = plan
        self.loop = loop
        self.done = done
    }

    func start() {
        let url = plan.url
        guard !url.scheme.isSecure || plan.tls != nil else {
            return finish(.failure(.unavailable("no TLS settings for \(url.authority)")))
        }
        // The timer holds the dialler until it has its result.
        timer = loop.schedule(after: plan.deadline) { [self] in
            finish(.failure(.deadlineExceeded("an answer to an upgrade from \(url.authority)")))
        }
        // A client that lives long must see a renewed certificate; a refused one leaves the old in use.
        _ = plan.tls?.reloadIfChanged()
        let host = plan.proxy?.host ?? url.host
        let port = plan.proxy?.port ?? url.port
        resolver.resolve(host: host, port: UInt16(clamping: port), on: loop) { [self] result in
            guard done != nil else { return }
            switch result {
            case .failure(let error): finish(.failure(.system(error)))
            case .success(let addresses):
                let tls =
                    url.scheme.isSecure ? plan.tls.map { (context: $0, serverName: plan.serverName ?? url.host) } : nil
                let tunnel = plan.proxy.map { ProxyTunnel(to: url.host, port: url.port, by: $0) }
                let stream = StreamConnection(dialling: addresses, tls: tls, through: tunnel, on: loop, owner: self)
                self.stream = stream
                stream.start()
            }
        }
    }

    /// Gives up; `done` hears of it, unless it has been called.
    func cancel() { finish(.failure(.cancelled)) }

    func streamOpened(_ applicationProtocol: ApplicationProtocol?) {
        guard applicationProtocol != .http2 else {
            return finish(
                .failure(.unavailable("\(plan.url.authority) wants HTTP/2 where an upgrade needs HTTP/1.1")))
        }
        var out = OutputBuffer()
        parser.expectResponse(to: request.method)
        HTTP1Writer.write(request, upgrading: true, into: &out)
        stream?.send(&out)
    }

    func streamArrived(_ bytes: UnsafeRawBufferPointer) {
        parser.feed(bytes)
        do throws(HTTPError) {
            if let response = try parser.next() { answered(response) }
        } catch {
            finish(.failure(.http(error)))
        }
    }

    private func answered(_ response: Response) {
        guard response.status == .switchingProtocols, let stream else { return finish(.success(.answered(response))) }
        self.stream = nil
        finish(.success(.switched(response, stream, rest: parser.takeRest())))
    }

    func streamDrained() {}

    func streamEnded(_ error: NetError?) {
        if error == nil {
            do throws(HTTPError) {
                if let response = try parser.inputEnded() { return finish(.success(.answered(response))) }
            } catch {
                return finish(.failure(.http(error)))
            }
        }
        finish(.failure(error ?? .connectionEnded))
    }

    private func finish(_ result: Result<Answer, NetError>) {
        guard let done else { return }
        self.done = nil
        if let timer { loop.cancel(timer) }
        stream?.abort()
        stream = nil
        done(result)
    }
}
