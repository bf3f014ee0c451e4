internal import EventLoop
package import HTTP
internal import HTTP2

/// One exchange over HTTP/2 for a task: the request may be sent, and the answer is taken, piece by piece, with back-pressure both ways.
/// When it goes, or the task that waits for it is cancelled, the exchange ends and the server is told.
///
/// Any thread; one task at a time asks for what comes next, and one at a time sends.
package final class StreamedExchange: Sendable {
    private let core: Core

    fileprivate init(_ core: Core) { self.core = core }

    deinit { core.onLoop { $0.giveUp(.cancelled) } }

    /// Waits for the head of the answer; at once when it is there.
    ///
    /// - Throws: Why none will come.
    package func head() async throws(NetError) -> Response {
        let core = core
        let result: Result<Response, NetError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in core.onLoop { $0.awaitHead(continuation) } }
        } onCancel: {
            core.onLoop { $0.giveUp(.cancelled) }
        }
        return try result.get()
    }

    /// The next piece of the answer's body, nil behind the last. While nobody asks, the server is made to wait.
    ///
    /// - Throws: Why the rest will not come.
    package func next() async throws(NetError) -> [UInt8]? {
        let core = core
        let result: Result<[UInt8]?, NetError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in core.onLoop { $0.ask(continuation) } }
        } onCancel: {
            core.onLoop { $0.giveUp(.cancelled) }
        }
        return try result.get()
    }

    /// Appends to the request, and waits while the server is slow to read it. An exchange that was begun with its whole body takes
    /// nothing more.
    ///
    /// - Throws: Why the server takes no more. `.cancelled` also when it has answered without waiting for the rest.
    package func send(_ bytes: [UInt8]) async throws(NetError) {
        let core = core
        let failure: NetError? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in core.onLoop { $0.send(bytes, continuation) } }
        } onCancel: {
            core.onLoop { $0.giveUp(.cancelled) }
        }
        if let failure { throw failure }
    }

    /// Completes the request.
    package func finishRequest() { core.onLoop { $0.finishRequest() } }

    /// Ends the exchange; the server is told with a reset of the stream.
    package func cancel() { core.onLoop { $0.giveUp(.cancelled) } }
}

extension HTTPClient {
    /// Begins an exchange over HTTP/2 for a task.
    ///
    /// - Parameters:
    ///   - request: Its body is sent at once.
    ///   - bodyFollows: True when the body, or more of it, is sent later.
    ///   - headDeadline: For the way to the server and the head of the answer; nil: `deadline` is enough.
    ///   - deadline: For the whole exchange; nil: once it has begun it may last.
    package func begin(
        _ request: Request, to endpoint: HTTPEndpoint, bodyFollows: Bool = false, headDeadline: Duration?,
        deadline: Duration? = nil
    ) -> StreamedExchange {
        let core = Core(loop: loop)
        var head = request
        head.body = []
        if !bodyFollows, !request.body.isEmpty { head.headers["content-length"] = "\(request.body.count)" }
        let stream = open(head, to: endpoint, deadline: deadline, taker: core)
        let body = request.body
        loop.post {
            core.begin(stream, body, isComplete: !bodyFollows, headDeadline: headDeadline)
        }
        return StreamedExchange(core)
    }
}

/// The exchange on its loop.
private final class Core: HTTPStreamTaker, @unchecked Sendable {  // touched on its loop only
    private let loop: EventLoop
    private var stream: HTTPStream?
    private var head: Result<Response, NetError>?
    private var headWaiting: CheckedContinuation<Result<Response, NetError>, Never>?
    private var headTimer: TimerID?
    private var inbox = Inbox<[UInt8]>()
    private var unopened = 0  // bytes that were asked for, and whose room the server was not given back
    private var sending: [CheckedContinuation<NetError?, Never>] = []

    init(loop: EventLoop) { self.loop = loop }

    /// Runs on the loop, at once when that is where we are.
    func onLoop(_ body: @escaping @Sendable (Core) -> Void) {
        if loop.isOnLoop { body(self) } else { loop.post { [self] in body(self) } }
    }

    /// Before anything can be heard of the stream, unless it has failed already.
    func begin(_ stream: HTTPStream, _ body: [UInt8], isComplete: Bool, headDeadline: Duration?) {
        guard !inbox.hasEnded else { return stream.cancel() }
        self.stream = stream
        if !body.isEmpty { body.withUnsafeBytes { _ = stream.send($0) } }
        if isComplete { stream.end() }
        guard let headDeadline else { return }
        headTimer = loop.schedule(after: headDeadline) { [weak self] in
            self?.giveUp(.deadlineExceeded("the head of an answer"))
        }
    }

    // MARK: From the task

    func awaitHead(_ continuation: CheckedContinuation<Result<Response, NetError>, Never>) {
        if let head { return continuation.resume(returning: head) }
        precondition(headWaiting == nil, "one task at a time waits for the head")
        headWaiting = continuation
    }

    func ask(_ continuation: Inbox<[UInt8]>.Waiting) {
        inbox.ask(continuation)
        // What was handed over makes room, at the latest when the next piece is asked for.
        guard inbox.count == 0, unopened > 0 else { return }
        stream?.openWindow(by: unopened)
        unopened = 0
    }

    func send(_ bytes: [UInt8], _ continuation: CheckedContinuation<NetError?, Never>) {
        guard let stream, !inbox.hasEnded else { return continuation.resume(returning: .cancelled) }
        if bytes.withUnsafeBytes({ stream.send($0) }) < HTTP2Pile.highWater {
            continuation.resume(returning: nil)
        } else {
            sending.append(continuation)
        }
    }

    func finishRequest() { stream?.end() }

    func giveUp(_ error: NetError) {
        guard !inbox.hasEnded else { return }
        let stream = stream
        end(.failure(error), isGivenUp: true)
        stream?.cancel()
    }

    // MARK: From the stream

    func headArrived(_ response: Response) { settleHead(.success(response)) }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        unopened += bytes.count
        let wasAsked = inbox.isAsked
        inbox.put(bytes)
        guard wasAsked else { return }
        stream?.openWindow(by: unopened)
        unopened = 0
    }

    func outputDrained() { resumeSending(nil) }

    func answerEnded(trailers: Headers) { end(.success(())) }

    func streamFailed(_ error: NetError) { end(.failure(error)) }

    private func end(_ outcome: Result<Void, NetError>, isGivenUp: Bool = false) {
        stream = nil
        switch outcome {
        case .success:
            settleHead(.failure(.connectionEnded))  // unless it has come
            inbox.end(.success(()))
            resumeSending(.cancelled)
        case .failure(let error):
            settleHead(.failure(error))
            if isGivenUp { inbox.giveUp(error) } else { inbox.end(.failure(error)) }
            resumeSending(error)
        }
    }

    private func settleHead(_ result: Result<Response, NetError>) {
        if let headTimer { loop.cancel(headTimer) }
        headTimer = nil
        guard head == nil else { return }
        head = result
        headWaiting.take()?.resume(returning: result)
    }

    private func resumeSending(_ failure: NetError?) {
        let waiting = sending
        sending = []
        for continuation in waiting { continuation.resume(returning: failure) }
    }
}
