internal import Bytes
package import EventLoop
package import HTTP
internal import Synchronization
internal import System
package import TLS

/// Dials web-sockets.
package enum WebSocketClient {
    /// Opens a web-socket; `done` is called once, on the loop.
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
        loop.post {
            let connection = WebSocketConnection(role: .client, options: options, on: loop, delegate: delegate)
            let dialler = WebSocketDialler(url, tls, headers, connection, done)
            dialler.start(deadline: deadline)
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

/// Dials, shakes hands, then hands the stream to the connection.
private final class WebSocketDialler: StreamConnectionOwner, @unchecked Sendable {  // touched on its loop only
    private let url: URLParts
    private let tls: TLSClientContext?
    private let headers: Headers
    private let connection: WebSocketConnection
    private let loop: EventLoop
    private let key = randomBytes(16)
    private var parser = ResponseParser(limits: HTTPLimits(bodyBytes: 64 * 1024))
    private var stream: StreamConnection?
    private var done: (@Sendable (Result<WebSocketConnection, NetError>) -> Void)?
    private var timer: TimerID?
    private let resolver = Resolver()

    init(
        _ url: URLParts, _ tls: TLSClientContext?, _ headers: Headers, _ connection: WebSocketConnection,
        _ done: @escaping @Sendable (Result<WebSocketConnection, NetError>) -> Void
    ) {
        self.url = url
        self.tls = tls
        self.headers = headers
        self.connection = connection
        self.done = done
        loop = connection.loop
    }

    func start(deadline: Duration) {
        guard !url.scheme.isSecure || tls != nil else {
            return finish(.failure(.unavailable("no TLS settings for \(url.authority)")))
        }
        // The timer holds the dialler until it has its result.
        timer = loop.schedule(after: deadline) { [self] in
            finish(.failure(.deadlineExceeded("a web-socket at \(url.authority)")))
        }
        resolver.resolve(host: url.host, port: UInt16(clamping: url.port), on: loop) { [self] result in
            guard done != nil else { return }
            switch result {
            case .failure(let error): finish(.failure(.system(error)))
            case .success(let addresses):
                let tls = url.scheme.isSecure ? tls.map { (context: $0, serverName: url.host) } : nil
                let stream = StreamConnection(dialling: addresses, tls: tls, on: loop, owner: self)
                self.stream = stream
                stream.start()
            }
        }
    }

    func streamOpened(_ applicationProtocol: ApplicationProtocol?) {
        guard applicationProtocol != .http2 else {
            return finish(.failure(.unavailable("\(url.authority) wants HTTP/2 where a web-socket needs HTTP/1.1")))
        }
        var out = OutputBuffer()
        let request = WebSocketHandshake.request(to: url, key: key, headers: headers)
        parser.expectResponse(to: .get)
        HTTP1Writer.write(request, upgrading: true, into: &out)
        stream?.send(&out)
    }

    func streamArrived(_ bytes: UnsafeRawBufferPointer) {
        parser.feed(bytes)
        do throws(HTTPError) {
            guard let response = try parser.next() else { return }
            guard response.status == .switchingProtocols else {
                return finish(.failure(.upgradeRefused(response.status)))
            }
            try WebSocketHandshake.check(response, key: key)
            guard let stream else { return }
            self.stream = nil
            stream.handOver(to: connection)
            let rest = parser.takeRest()
            connection.begin(on: stream)
            finish(.success(connection))
            connection.restArrived(rest)
        } catch {
            finish(.failure(.http(error)))
        }
    }

    func streamDrained() {}

    func streamEnded(_ error: NetError?) { finish(.failure(error ?? .connectionEnded)) }

    private func finish(_ result: Result<WebSocketConnection, NetError>) {
        guard let done else { return }
        self.done = nil
        if let timer { loop.cancel(timer) }
        stream?.abort()
        stream = nil
        done(result)
    }
}
