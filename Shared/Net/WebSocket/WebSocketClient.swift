internal import Bytes
package import EventLoop
package import HTTP
internal import Synchronization
internal import System
package import TLS

/// How a server answered the wish for a web-socket.
package enum WebSocketAnswer: Sendable {
    /// It is open.
    case opened(WebSocketConnection)
    /// The server answered with another status than 101: `retry-after` and the body may tell more.
    case refused(Response)
}

/// Where a web-socket is dialled, and what is asked of the server.
package struct WebSocketRequest: Sendable {
    /// `ws` or `wss`.
    package var url: URLParts
    /// For `wss`. Made with `protocols: [.http1]`: web-sockets are not spoken over HTTP/2 here. With a certificate of its own the
    /// client shows it (mutual TLS).
    package var tls: TLSClientContext?
    /// The name that the server's certificate must be for; nil: the one of the URL.
    package var serverName: String?
    /// Sub-protocols to offer, the best first. `WebSocketConnection.subprotocol` tells which one the server chose, perhaps none.
    package var protocols: [String] = []
    /// More fields, `authorization` for example.
    package var headers: Headers = [:]
    /// Asked for the way to the server.
    package var proxies = ProxyRules.none
    /// For dialling and the whole handshake.
    package var deadline: Duration = .seconds(10)

    /// A request without sub-protocols, over a direct connection.
    package init(_ url: URLParts, tls: TLSClientContext? = nil) {
        self.url = url
        self.tls = tls
    }
}

/// Dials web-sockets.
package enum WebSocketClient {
    /// Asks for a web-socket; `done` is called once, on the loop, before anything arrives on the web-socket.
    ///
    /// - Returns: Gives up when called, from any thread; `done` hears `.cancelled` unless it has been called.
    @discardableResult
    package static func open(
        _ wanted: WebSocketRequest, options: WebSocketOptions = WebSocketOptions(), on loop: EventLoop,
        delegate: any WebSocketDelegate & Sendable,
        _ done: @escaping @Sendable (Result<WebSocketAnswer, NetError>) -> Void
    ) -> @Sendable () -> Void {
        let key = randomBytes(16)
        let request = WebSocketHandshake.request(
            to: wanted.url, key: key, protocols: wanted.protocols, headers: wanted.headers)
        let plan = DialPlan(
            url: wanted.url, tls: wanted.tls, serverName: wanted.serverName,
            proxy: wanted.proxies.proxy(host: wanted.url.host, port: wanted.url.port), deadline: wanted.deadline)
        let dialler = UpgradeDialler(request, plan, on: loop) { result in
            switch result {
            case .failure(let error): done(.failure(error))
            case .success(.answered(let response)): done(.success(.refused(response)))
            case .success(.switched(let response, let stream, let rest)):
                do throws(HTTPError) {
                    let chosen = try WebSocketHandshake.check(response, key: key, offered: wanted.protocols)
                    let connection = WebSocketConnection(
                        role: .client, subprotocol: chosen, options: options, on: loop, delegate: delegate)
                    stream.handOver(to: connection)
                    connection.begin(on: stream)
                    done(.success(.opened(connection)))
                    connection.restArrived(rest)
                } catch {
                    stream.abort()
                    done(.failure(.http(error)))
                }
            }
        }
        loop.post { dialler.start() }
        return { loop.post { dialler.cancel() } }
    }

    /// Opens a web-socket; `done` is called once, on the loop. Another status than 101 is a failure.
    /// - Parameters:
    ///   - tls: For `wss` URLs. Made with `protocols: [.http1]`: web-sockets are not spoken over HTTP/2 here.
    ///   - headers: `authorization` for example.
    ///   - deadline: For dialling and the whole handshake.
    package static func connect(
        to url: URLParts, tls: TLSClientContext?, headers: Headers = [:],
        options: WebSocketOptions = WebSocketOptions(), deadline: Duration = .seconds(10), on loop: EventLoop,
        delegate: any WebSocketDelegate & Sendable,
        _ done: @escaping @Sendable (Result<WebSocketConnection, NetError>) -> Void
    ) {
        var wanted = WebSocketRequest(url, tls: tls)
        wanted.headers = headers
        wanted.deadline = deadline
        open(wanted, options: options, on: loop, delegate: delegate) { result in
            switch result {
            case .success(.opened(let connection)): done(.success(connection))
            case .success(.refused(let response)): done(.failure(.upgradeRefused(response.status)))
            case .failure(let error): done(.failure(error))
            }
        }
    }

    /// Listens until either side closes: calls `text` with each text message, on the loop. A cancelled task closes with
    /// 1000.
    /// - Returns: Code and reason of the close.
    package static func listen(
        to url: URLParts, tls: TLSClientContext?, headers: Headers = [:],
        options: WebSocketOptions = WebSocketOptions(), deadline: Duration = .seconds(10), on loop: EventLoop,
        text: @escaping @Sendable (String) -> Void
    ) async throws(NetError) -> (code: WebSocketCloseCode, reason: String) {
        let listener = WebSocketListener(text)
        let result: Result<(code: WebSocketCloseCode, reason: String), NetError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.post { listener.continuation = continuation }
                connect(
                    to: url, tls: tls, headers: headers, options: options, deadline: deadline, on: loop,
                    delegate: listener
                ) { result in
                    switch result {
                    case .success(let connection): listener.opened(connection)
                    case .failure(let error): listener.end(.failure(error))
                    }
                }
            }
        } onCancel: {
            loop.post { listener.cancel() }
        }
        return try result.get()
    }
}

/// Joins a task to its web-socket.
private final class WebSocketListener: WebSocketDelegate, @unchecked Sendable {  // touched on the loop only
    private let text: @Sendable (String) -> Void
    var continuation: CheckedContinuation<Result<(code: WebSocketCloseCode, reason: String), NetError>, Never>?
    private var connection: WebSocketConnection?
    private var isCancelled = false

    init(_ text: @escaping @Sendable (String) -> Void) { self.text = text }

    func opened(_ connection: WebSocketConnection) {
        self.connection = connection
        if isCancelled { connection.close(.normal) }
    }

    func cancel() {
        isCancelled = true
        connection?.close(.normal)
    }

    func end(_ result: Result<(code: WebSocketCloseCode, reason: String), NetError>) {
        continuation?.resume(returning: result)
        continuation = nil
        connection = nil
    }

    func messageArrived(_ message: WebSocketMessage, on connection: WebSocketConnection) {
        if case .text(let text) = message { self.text(text) }
    }

    func outputDrained(on connection: WebSocketConnection) {}

    func closed(_ code: WebSocketCloseCode, reason: String, on connection: WebSocketConnection) {
        end(.success((code, reason)))
    }
}
