internal import Bytes
package import EventLoop
package import HTTP
package import TLS

/// How a server answered the wish for another protocol.
package enum UpgradeAnswer: Sendable {
    /// 101 with this head; from here on the connection carries the other protocol.
    case switched(Response, UpgradedStream)
    /// Anything else: an answer like any other.
    case answered(Response)
}

/// Bytes in both directions over a connection that has switched to a protocol which is none of ours, with back-pressure both ways. When
/// it goes, or the task that waits for it is cancelled, the connection is closed.
///
/// Any thread; one task at a time asks for what comes next.
package final class UpgradedStream: Sendable {
    private let core: Core

    fileprivate init(_ core: Core) { self.core = core }

    deinit { core.onLoop { $0.giveUp(.cancelled) } }

    /// Asks a server over HTTP/1.1 to switch to another protocol.
    ///
    /// - Parameters:
    ///   - request: With `upgrade` and what goes with it; `connection: Upgrade` is added. Without an authority it gets the URL's. What
    ///     the answer says about the other protocol (`sec-websocket-accept` …) is the caller's to check.
    ///   - url: Scheme, host and port to dial; its target is not looked at.
    ///   - tls: Made with `protocols: [.http1]`.
    ///   - serverName: The name that the server's certificate must be for; nil: the one of the URL.
    ///   - deadline: For dialling and the head of the answer.
    /// - Throws: When there was no answer.
    package static func open(
        _ request: Request, to url: URLParts, tls: TLSClientContext? = nil, serverName: String? = nil,
        proxies: ProxyRules = .none, deadline: Duration = .seconds(10), on loop: EventLoop
    ) async throws(NetError) -> UpgradeAnswer {
        var request = request
        if request.authority.isEmpty { request.authority = url.authority }
        let plan = DialPlan(
            url: url, tls: tls, serverName: serverName, proxy: proxies.proxy(host: url.host, port: url.port),
            deadline: deadline)
        let attempt = Attempt()
        let result: Result<UpgradeAnswer, NetError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let dialler = UpgradeDialler(request, plan, on: loop) { result in
                    switch result {
                    case .failure(let error): continuation.resume(returning: .failure(error))
                    case .success(.answered(let response)):
                        continuation.resume(returning: .success(.answered(response)))
                    case .success(.switched(let response, let stream, let rest)):
                        let core = Core(stream, rest, on: loop)
                        stream.handOver(to: core)
                        continuation.resume(returning: .success(.switched(response, UpgradedStream(core))))
                    }
                }
                loop.post { attempt.start(dialler) }
            }
        } onCancel: {
            loop.post { attempt.cancel() }
        }
        return try result.get()
    }

    /// What has arrived, nil when the server has closed the connection in good order. While nobody asks, the server is made to wait.
    ///
    /// - Throws: Why nothing more will come.
    package func next() async throws(NetError) -> [UInt8]? {
        let core = core
        let result: Result<[UInt8]?, NetError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in core.onLoop { $0.ask(continuation) } }
        } onCancel: {
            core.onLoop { $0.giveUp(.cancelled) }
        }
        return try result.get()
    }

    /// Sends bytes, and waits while the server is slow to read.
    ///
    /// - Throws: Why the server takes no more.
    package func send(_ bytes: [UInt8]) async throws(NetError) {
        let core = core
        let failure: NetError? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in core.onLoop { $0.send(bytes, continuation) } }
        } onCancel: {
            core.onLoop { $0.giveUp(.cancelled) }
        }
        if let failure { throw failure }
    }

    /// Sends what is left, for some seconds at most, and closes.
    package func close() { core.onLoop { $0.close() } }

    /// Joins a task to its dialler.
    private final class Attempt: @unchecked Sendable {  // touched on the loop only
        private var dialler: UpgradeDialler?
        private var isCancelled = false

        func start(_ dialler: UpgradeDialler) {
            if isCancelled { return dialler.cancel() }
            self.dialler = dialler
            dialler.start()
        }

        func cancel() {
            isCancelled = true
            dialler?.cancel()
        }
    }

    /// The stream on its loop.
    fileprivate final class Core: StreamConnectionOwner, @unchecked Sendable {  // touched on its loop only
        /// What may wait to be asked for, and to be sent, before the other side has to wait; in bytes.
        private static let highWater = 256 * 1024

        private let loop: EventLoop
        private var stream: StreamConnection?
        private var inbox = Inbox<[UInt8]>()
        private var sending: [CheckedContinuation<NetError?, Never>] = []

        init(_ stream: StreamConnection, _ rest: [UInt8], on loop: EventLoop) {
            self.stream = stream
            self.loop = loop
            if !rest.isEmpty { inbox.put(rest, size: rest.count) }
        }

        /// Runs on the loop, at once when that is where we are.
        func onLoop(_ body: @escaping @Sendable (Core) -> Void) {
            if loop.isOnLoop { body(self) } else { loop.post { [self] in body(self) } }
        }

        func ask(_ continuation: Inbox<[UInt8]>.Waiting) {
            inbox.ask(continuation)
            if inbox.size < Self.highWater { stream?.resumeReading() }
        }

        func send(_ bytes: [UInt8], _ continuation: CheckedContinuation<NetError?, Never>) {
            guard let stream, stream.isOpen else { return continuation.resume(returning: .connectionEnded) }
            bytes.withUnsafeBytes { stream.send($0) }
            if stream.unsentBytes < Self.highWater {
                continuation.resume(returning: nil)
            } else {
                sending.append(continuation)
            }
        }

        func close() {
            guard let stream else { return }
            self.stream = nil
            stream.close()
            loop.schedule(after: .seconds(5)) { stream.abort() }
            end(.success(()))
        }

        func giveUp(_ error: NetError) {
            guard let stream else { return }
            self.stream = nil
            stream.abort()
            inbox.giveUp(error)
            end(.failure(error))
        }

        private func end(_ outcome: Result<Void, NetError>) {
            inbox.end(outcome)
            let waiting = sending
            sending = []
            for continuation in waiting { continuation.resume(returning: .connectionEnded) }
        }

        func streamOpened(_ applicationProtocol: ApplicationProtocol?) {}

        func streamArrived(_ bytes: UnsafeRawBufferPointer) {
            inbox.put(bytes)
            if inbox.size >= Self.highWater { stream?.pauseReading() }
        }

        func streamDrained() {
            let waiting = sending
            sending = []
            for continuation in waiting { continuation.resume(returning: nil) }
        }

        func streamEnded(_ error: NetError?) {
            stream = nil
            end(error.map { .failure($0) } ?? .success(()))
        }
    }
}
