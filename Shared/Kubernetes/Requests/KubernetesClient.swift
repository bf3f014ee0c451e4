internal import Bytes
package import EventLoop
package import HTTP
package import JSON
package import Net
internal import System

/// How a ``KubernetesClient`` behaves.
package struct KubernetesClientOptions: Sendable {
    /// For a call with one answer, all its attempts together.
    package var deadline = Duration.seconds(30)
    /// For the head of an answer that is taken in pieces, and for an upgrade.
    package var headDeadline = Duration.seconds(30)
    /// Most bytes of an answer that is taken whole.
    package var bodyLimit = 8 << 20
    /// Most bytes of one object in a list or a watch.
    package var objectLimit = 8 << 20
    /// Most attempts of a call that may be repeated.
    package var attempts = 4
    /// A server that is silent for this long while something is under way is asked whether it is there, and given up after as long again.
    package var keepAlive = Duration.seconds(15)
    /// Who we are: `user-agent`, and the owner of fields that we write without saying who.
    package var name = "polder"

    /// The defaults.
    package init() {}
}

/// Calls to one Kubernetes API server, over HTTP/2. Any thread.
///
/// **Repeated** are: once, what the server refused because of the token (401), with the token read again; with pauses, what it put off
/// before doing anything (429, as `retry-after` says), and, when doing it twice is the same as doing it once (reads, applies), what it
/// could not do now (503 with `retry-after`) and what was lost on the way. Everything else is the caller's to decide.
///
/// **Cancelled** is what a cancelled task waits for: the server sees a reset of the stream.
package final class KubernetesClient: Sendable {
    let access: ClusterAccess
    let loop: EventLoop
    let options: KubernetesClientOptions
    private let http: HTTPClient
    private let endpoint: HTTPEndpoint

    /// - Parameters:
    ///   - access: Where the server is, and who we are.
    ///   - loop: Carries the connections.
    package init(
        _ access: ClusterAccess, on loop: EventLoop, options: KubernetesClientOptions = KubernetesClientOptions()
    ) {
        self.access = access
        self.loop = loop
        self.options = options
        endpoint = HTTPEndpoint(access.server)
        var http = HTTPClientOptions()
        http.keepAlive = options.keepAlive
        http.bodyLimit = options.bodyLimit
        http.deadline = options.headDeadline
        http.serverName = access.serverName
        self.http = HTTPClient(on: loop, tls: access.tls, options: http)
    }

    /// The namespace of who asks for none.
    package var namespace: String { access.namespace }

    /// Ends everything that is under way.
    package func shutDown() { http.shutDown() }

    // MARK: Answers in pieces

    /// Sends a request and answers when the head of the answer is there. Every status is an answer.
    ///
    /// - Parameters:
    ///   - request: Its target is a path of the API. `authorization` is set here.
    ///   - headDeadline: Nil: the one of the options.
    /// - Throws: `.net` when there is none, `.badAccess` when the token cannot be read.
    package func open(
        _ request: Request, headDeadline: Duration? = nil
    ) async throws(KubernetesError) -> KubernetesAnswer {
        try await open(request, headDeadline: headDeadline ?? options.headDeadline, deadline: nil)
    }

    private func open(
        _ request: Request, headDeadline: Duration?, deadline: Duration?
    ) async throws(KubernetesError) -> KubernetesAnswer {
        let answer = try await openOnce(request, isRefused: false, headDeadline, deadline)
        guard answer.head.status == .unauthorized, access.token != nil else { return answer }
        answer.cancel()
        return try await openOnce(request, isRefused: true, headDeadline, deadline)
    }

    private func openOnce(
        _ request: Request, isRefused: Bool, _ headDeadline: Duration?, _ deadline: Duration?
    ) async throws(KubernetesError) -> KubernetesAnswer {
        let request = try await prepared(request, isRefused: isRefused)
        let exchange = http.begin(request, to: endpoint, headDeadline: headDeadline, deadline: deadline)
        return KubernetesAnswer(head: try await net { () throws(NetError) in try await exchange.head() }, exchange)
    }

    /// Sends the head of a request, whose body follows piece by piece. Nothing of it can be repeated.
    ///
    /// - Parameter headDeadline: For the head of the answer, from now on; nil: the one of the options.
    /// - Throws: `.badAccess` when the token cannot be read.
    package func begin(
        _ request: Request, headDeadline: Duration? = nil
    ) async throws(KubernetesError) -> StreamedExchange {
        http.begin(
            try await prepared(request, isRefused: false), to: endpoint, bodyFollows: true,
            headDeadline: headDeadline ?? options.headDeadline)
    }

    /// Asks for another protocol over HTTP/1.1, on a connection of its own, and hands over its bytes.
    ///
    /// - Parameter request: With `upgrade` and what goes with it. `authorization` is set here.
    /// - Throws: `.net` when there is no answer, `.badAccess` when the token cannot be read.
    package func upgrade(_ request: Request) async throws(KubernetesError) -> UpgradeAnswer {
        let answer = try await upgradeOnce(request, isRefused: false)
        guard case .answered(let response) = answer, response.status == .unauthorized, access.token != nil else {
            return answer
        }
        return try await upgradeOnce(request, isRefused: true)
    }

    private func upgradeOnce(_ request: Request, isRefused: Bool) async throws(KubernetesError) -> UpgradeAnswer {
        let request = try await prepared(request, isRefused: isRefused)
        return try await net { () throws(NetError) in
            try await UpgradedStream.open(
                request, to: access.server, tls: access.upgradeTLS, serverName: access.serverName,
                deadline: options.headDeadline, on: loop)
        }
    }

    /// Opens a web-socket.
    func openWebSocket(
        _ target: String, protocols: [String], _ socketOptions: WebSocketOptions
    ) async throws(KubernetesError) -> WebSocketStream {
        for isRefused in [false, true] {
            let request = try await prepared(Request(.get, target), isRefused: isRefused)
            let url = URLParts(
                scheme: .wss, host: access.server.host, port: access.server.port, target: request.target)
            var wanted = WebSocketRequest(url, tls: access.upgradeTLS)
            wanted.serverName = access.serverName
            wanted.protocols = protocols
            wanted.headers = request.headers
            wanted.deadline = options.headDeadline
            let answer = try await net { [wanted] () throws(NetError) in
                try await WebSocketStream.open(wanted, options: socketOptions, on: loop)
            }
            switch answer {
            case .opened(let stream): return stream
            case .refused(let response):
                if response.status == .unauthorized, !isRefused, access.token != nil { continue }
                throw .refused(KubernetesStatus(response))
            }
        }
        preconditionFailure("the second answer is taken as it is")
    }

    private func prepared(_ request: Request, isRefused: Bool) async throws(KubernetesError) -> Request {
        var request = request
        request.path = access.target(request.path)
        request.headers["authorization"] = nil
        if let token = access.token {
            request.headers["authorization"] = "Bearer " + (try await token.token(isRefused: isRefused))
        }
        if request.headers["user-agent"] == nil { request.headers["user-agent"] = options.name }
        return request
    }

    // MARK: Whole answers

    /// Sends a request and answers with the whole answer, when its status is 2xx. See the type for what is repeated.
    ///
    /// - Throws: `.refused` or `.applyConflict` with the server's status, `.net`, `.tooLarge`, `.badAccess`.
    package func call(_ request: Request) async throws(KubernetesError) -> Response {
        let end = MonotonicTime.now() + options.deadline
        var attempt = 1
        while true {
            let failure: KubernetesError
            do throws(KubernetesError) {
                return try await callOnce(request, until: end)
            } catch {
                failure = error
            }
            guard attempt < options.attempts,
                let pause = RetryRule.pause(after: failure, request, attempt: attempt, random: .random(in: 0..<1)),
                MonotonicTime.now() + pause < end
            else { throw failure }
            attempt += 1
            do {
                try await Task.sleep(for: pause)
            } catch {
                throw .net(.cancelled)
            }
        }
    }

    private func callOnce(_ request: Request, until end: MonotonicTime) async throws(KubernetesError) -> Response {
        let left = max(end - .now(), .milliseconds(1))
        let answer = try await open(request, headDeadline: nil, deadline: left)
        var response = answer.head
        response.body = try await answer.collect(limit: options.bodyLimit)
        guard response.status.isSuccess else { throw Self.failure(response) }
        return response
    }

    /// What an answer that is no success means.
    static func failure(_ response: Response) -> KubernetesError {
        let status = KubernetesStatus(response)
        return ApplyConflict(status).map { .applyConflict($0) } ?? .refused(status)
    }

    /// Sends a request and parses the object of the answer.
    ///
    /// - Throws: As `call`, and `.unreadable`.
    package func object(_ request: Request) async throws(KubernetesError) -> JSONValue {
        let response = try await call(request)
        do throws(JSONError) {
            return try JSONValue.parse(response.body)
        } catch {
            throw .unreadable("\(error)")
        }
    }

    func net<Result>(_ body: () async throws(NetError) -> Result) async throws(KubernetesError) -> Result {
        do throws(NetError) {
            return try await body()
        } catch {
            throw .net(error)
        }
    }
}

/// An answer whose body is taken piece by piece. When it goes, or the task that waits for it is cancelled, the server is told.
package final class KubernetesAnswer: Sendable {
    /// Status and header fields.
    package let head: Response
    private let exchange: StreamedExchange

    init(head: Response, _ exchange: StreamedExchange) {
        self.head = head
        self.exchange = exchange
    }

    /// The next piece of the body, nil behind the last. While nobody asks, the server is made to wait.
    ///
    /// - Throws: `.net` when the rest will not come.
    package func next() async throws(KubernetesError) -> [UInt8]? {
        do throws(NetError) {
            return try await exchange.next()
        } catch {
            throw .net(error)
        }
    }

    /// The whole body.
    ///
    /// - Throws: `.tooLarge`, `.net`.
    package func collect(limit: Int) async throws(KubernetesError) -> [UInt8] {
        var body: [UInt8] = []
        while let piece = try await next() {
            guard body.count + piece.count <= limit else {
                cancel()
                throw .tooLarge(what: "an answer", limit: limit)
            }
            if body.isEmpty { body = piece } else { body += piece }
        }
        return body
    }

    /// The server is told that nobody wants the rest.
    package func cancel() { exchange.cancel() }
}
