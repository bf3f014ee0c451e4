internal import Bytes
internal import EventLoop
internal import GRPC
internal import HTTP
internal import HTTP2
internal import System
internal import Time

/// One call on the server, from its head to its trailers.
///
///     taking ── request complete ──► working ── answer, or a status ──► over
///        └──────── bad frames, deadline, client gone ──────────────────►┘
///
/// A client stream is worked on while it is taken. Isolation: the loop of its connection; `onLoop` is for every thread.
final class GRPCServerCall: HTTP2StreamTaker, @unchecked Sendable {  // touched on its loop only
    let context: GRPCContext
    private let id: StreamID
    private let server: ServerLoop
    private let handler: GRPCHandler
    private let work: Result<GRPCWork, GRPCStatus>
    private let answerCoding: GRPCCoding
    private let began: MonotonicTime
    /// Nil when there is no such method: its name must not become a metric's label.
    private let route: GRPCRoute?

    private var inflow: GRPCInflow
    private var request: [UInt8]?
    private var requestIsComplete = false
    private var answerHasBegun = false
    private var isOver = false
    private var task: Task<Void, Never>?
    private var timer: TimerID?
    private var receiving: CheckedContinuation<Result<[UInt8]?, GRPCStatus>, Never>?
    private var sending: [CheckedContinuation<GRPCStatus?, Never>] = []

    init(
        _ id: StreamID, _ context: GRPCContext, _ work: Result<GRPCWork, GRPCStatus>, route: GRPCRoute?,
        coding: GRPCCoding,
        server: ServerLoop, handler: GRPCHandler
    ) {
        self.id = id
        self.context = context
        self.work = work
        self.route = route
        self.server = server
        self.handler = handler
        began = server.loop.roundTime
        inflow = GRPCInflow(limit: handler.options.messageLimit)
        inflow.coding = coding
        answerCoding = coding  // who compresses wants answers compressed
    }

    /// Runs on the loop, at once when that is where we are.
    func onLoop(_ body: @escaping @Sendable (GRPCServerCall) -> Void) {
        if server.loop.isOnLoop { body(self) } else { server.loop.post { [self] in body(self) } }
    }

    // MARK: The request

    func streamTaken() {
        switch work {
        case .failure(let status): fail(status)
        case .success(let work):
            if work.takesStream {
                waitUntil(context.deadline)
                start(work, [])
            } else {
                let latest = began + handler.options.requestTime
                waitUntil(context.deadline.map { min($0, latest) } ?? latest)
            }
        }
    }

    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        if isOver { return }
        inflow.append(bytes)
        guard server.hold(id, bytes: inflow.heldBytes + (request?.count ?? 0)) else {
            return fail(GRPCStatus(.resourceExhausted, "the server has too much in memory"))
        }
        takeMessages()
    }

    private func takeMessages() {
        guard case .success(let work) = work else { return }
        do throws(GRPCStatus) {
            if work.takesStream {
                try handOver()
            } else {
                while let message = try inflow.next() {
                    guard request == nil else { throw GRPCStatus(.unimplemented, "the method takes one request") }
                    request = message
                }
            }
        } catch {
            return fail(error)
        }
        server.openWindow(id, by: inflow.takeOpening())
        _ = server.hold(id, bytes: inflow.heldBytes + (request?.count ?? 0))  // never more than before
    }

    func messageEnded(trailers: Headers) {
        requestIsComplete = true
        guard !isOver, case .success(let work) = work else { return }
        if work.takesStream { return takeMessages() }
        do throws(GRPCStatus) {
            try inflow.finish()
        } catch {
            return fail(error)
        }
        guard let request else {
            return fail(GRPCStatus(.unimplemented, "the method takes one request, and there is none"))
        }
        self.request = nil
        waitUntil(context.deadline)
        start(work, request)
    }

    /// A handler asks for the next message of a client's stream.
    func receive(_ continuation: CheckedContinuation<Result<[UInt8]?, GRPCStatus>, Never>) {
        precondition(receiving == nil, "one task at a time asks for messages")
        if isOver { return continuation.resume(returning: .failure(Self.isOver)) }
        receiving = continuation
        takeMessages()
    }

    /// Gives the next message to the handler, if it asks for one.
    private func handOver() throws(GRPCStatus) {
        guard receiving != nil else { return }
        let message = try inflow.next()
        if message == nil {
            guard requestIsComplete else { return }
            try inflow.finish()
        }
        receiving.take()?.resume(returning: .success(message))
    }

    private static let isOver = GRPCStatus(.cancelled, "the call is over")

    // MARK: The handler

    private func start(_ work: GRPCWork, _ request: [UInt8]) {
        switch work {
        case .atOnce(let answer):
            do throws(GRPCStatus) {
                finish(with: try answer(request))
            } catch {
                fail(error)
            }
        case .unary(let answer):
            run { () async throws(GRPCStatus) in try await answer(request) }
        case .clientStream(let answer):
            run { [self] () async throws(GRPCStatus) in try await answer(GRPCReceiver(call: self)) }
        case .serverStream(let answer):
            run { [self] () async throws(GRPCStatus) in
                try await answer(request, GRPCSender(call: self))
                return nil
            }
        }
    }

    /// Runs a handler in a task that this call owns. Without an answer its messages were sent by the handler.
    private func run(_ body: @escaping @Sendable () async throws(GRPCStatus) -> [UInt8]?) {
        task = Task(executorPreference: server.loop) { [self] in
            let result: Result<[UInt8]?, GRPCStatus>
            do throws(GRPCStatus) {
                result = .success(try await body())
            } catch {
                result = .failure(error)
            }
            // The handler may have gone elsewhere and need not have come back.
            onLoop { call in
                call.task = nil
                switch result {
                case .success(let answer): call.finish(with: answer)
                case .failure(let status): call.fail(status)
                }
            }
        }
    }

    // MARK: The answer

    /// A handler sends a message of its stream.
    func send(_ message: [UInt8], _ continuation: CheckedContinuation<GRPCStatus?, Never>) {
        if isOver { return continuation.resume(returning: Self.isOver) }
        if write(message) < HTTP2Pile.highWater {
            continuation.resume(returning: nil)
        } else {
            sending.append(continuation)
        }
    }

    func outputDrained() { resumeSending(nil) }

    private func resumeSending(_ failure: GRPCStatus?) {
        let waiting = sending
        sending = []
        for continuation in waiting { continuation.resume(returning: failure) }
    }

    private func write(_ message: [UInt8]) -> Int {
        beginAnswer()
        return answerCoding.frame(message).withBytes { server.send(id, $0) }
    }

    private var head: Headers {
        var head: Headers = ["content-type": GRPCContentType.value]
        if answerCoding != .identity { head.add("grpc-encoding", answerCoding.rawValue) }
        for field in context.head.fields { head.add(field.name, field.value) }
        return head
    }

    private func beginAnswer() {
        if answerHasBegun { return }
        answerHasBegun = true
        server.beginAnswer(id, .ok, head)
    }

    private func finish(with answer: [UInt8]?) {
        if isOver { return }
        if let answer { _ = write(answer) }
        beginAnswer()
        var trailers: Headers = ["grpc-status": "0"]
        for field in context.trailers.fields { trailers.add(field.name, field.value) }
        server.endAnswer(id, trailers: trailers)
        if let route, route.provesCaller { server.judge(id, .noContent) }
        end(.ok)
    }

    /// Ends the call with a status.
    func fail(_ status: GRPCStatus) {
        if isOver { return }
        var trailers = Headers()
        trailers.add(status)
        for field in context.trailers.fields { trailers.add(field.name, field.value) }
        if answerHasBegun {
            server.endAnswer(id, trailers: trailers)
        } else {
            var head = head
            if status.code == .unimplemented { head.add("grpc-accept-encoding", GRPCCoding.accepted) }
            for field in trailers.fields { head.add(field.name, field.value) }
            server.beginAnswer(id, .ok, head, isWhole: true)
        }
        if status.code == .unauthenticated { server.judge(id, .unauthorized) }
        end(status.code, status)
    }

    /// Whether it would last for as long as its client likes.
    var isEndless: Bool {
        guard case .success(.serverStream) = work else { return false }
        return true
    }

    // MARK: The end

    private func waitUntil(_ deadline: MonotonicTime?) {
        if let timer { server.loop.cancel(timer) }
        timer = nil
        guard let deadline, !isOver else { return }
        timer = server.loop.schedule(after: deadline - .now()) { [weak self] in
            guard let self else { return }
            timer = nil
            let isTheirs = context.deadline.map { $0 <= .now() } ?? false
            fail(
                GRPCStatus(
                    .deadlineExceeded, isTheirs ? "the deadline has passed" : "the request did not arrive in time"))
        }
    }

    func streamClosed(_ how: HTTP2StreamEnd) { end(.cancelled) }

    /// Once: lets go of everything.
    private func end(_ code: StatusCode, _ why: GRPCStatus = isOver) {
        if isOver { return }
        isOver = true
        waitUntil(nil)
        task?.cancel()
        task = nil
        inflow = GRPCInflow(limit: 0)
        request = nil
        _ = server.hold(id, bytes: 0)
        receiving.take()?.resume(returning: .failure(why))
        resumeSending(why)
        handler.callEnded(id, route == nil ? nil : context.path, code, .now() - began)
    }
}
