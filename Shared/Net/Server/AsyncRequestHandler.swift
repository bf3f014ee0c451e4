internal import EventLoop
package import HTTP
package import System

/// Over what a request came.
package struct Caller: Sendable {
    /// Whose connection it is, as far as limits go.
    package let network: PeerNetwork
    /// Whether TLS carries it.
    package let isSecure: Bool

    /// A caller of these parts.
    package init(network: PeerNetwork, isSecure: Bool) {
        self.network = network
        self.isSecure = isSecure
    }
}

/// Turns the ingest door into a function from request to response, for services that are not hot.
///
/// Every request runs in a task of its own on the loop. The number of tasks is bounded: more requests are answered 503.
package final class AsyncRequestHandler: RequestHandler, @unchecked Sendable {  // touched on the server's loop only
    private unowned(unsafe) let server: ServerLoop  // holds this handler
    private let answer: @Sendable (Request, Caller) async -> Response
    private var tasks: [StreamID: Task<Void, Never>] = [:]
    private let limit: Int

    /// - Parameter limit: Requests in work at the same time.
    package init(
        for server: ServerLoop, limit: Int = 1024, _ answer: @escaping @Sendable (Request, Caller) async -> Response
    ) {
        self.server = server
        self.limit = limit
        self.answer = answer
    }

    deinit {
        for task in tasks.values { task.cancel() }
    }

    /// Starts a task for the request, or answers 503 when there are too many.
    package func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        guard tasks.count < limit else {
            let response = Response.text(
                .serviceUnavailable, "too many requests at once\n", headers: ["retry-after": "1"])
            server.respond(stream, .full(response))
            return
        }
        let request = Request(copying: head, body: body)
        guard let caller = server.caller(of: stream) else { return }
        let loop = server.loop
        tasks[stream] = Task(executorPreference: loop) { [weak self, answer] in
            let response = await answer(request, caller)
            // The closure may have gone elsewhere and need not have come back.
            loop.post { [weak self] in self?.finish(stream, response) }
        }
    }

    private func finish(_ stream: StreamID, _ response: Response) {
        guard tasks.removeValue(forKey: stream) != nil else { return }
        server.respond(stream, .full(response))
    }
}
