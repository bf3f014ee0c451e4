package import EventLoop
package import HTTP

/// How a server answered a task's wish for a web-socket.
package enum WebSocketStreamAnswer: Sendable {
    /// It is open.
    case opened(WebSocketStream)
    /// The server answered with another status than 101.
    case refused(Response)
}

/// A client's web-socket for a task: messages one after the other, with back-pressure both ways. When it goes, or the task that waits
/// for it is cancelled, it is closed.
///
/// Any thread; one task at a time asks for messages.
package final class WebSocketStream: Sendable {
    private let core: Core
    /// The sub-protocol that the server chose.
    package let subprotocol: String?

    fileprivate init(_ core: Core, _ subprotocol: String?) {
        self.core = core
        self.subprotocol = subprotocol
    }

    deinit { core.onLoop { $0.giveUp(.cancelled) } }

    /// Asks for a web-socket.
    ///
    /// - Throws: When there was no answer, or one that breaks RFC 6455.
    package static func open(
        _ wanted: WebSocketRequest, options: WebSocketOptions = WebSocketOptions(), on loop: EventLoop
    ) async throws(NetError) -> WebSocketStreamAnswer {
        let core = Core(loop)
        let result: Result<WebSocketStreamAnswer, NetError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.post { core.open(wanted, options, continuation) }
            }
        } onCancel: {
            core.onLoop { $0.giveUp(.cancelled) }
        }
        return try result.get()
    }

    /// The next text or binary message; nil when the socket was closed, then ``closeCode()`` tells how. While nobody asks the server is
    /// made to wait.
    ///
    /// - Throws: `.connectionEnded` when the connection ended without a close frame, `.cancelled` when the task was cancelled.
    package func next() async throws(NetError) -> WebSocketMessage? {
        let core = core
        let result: Result<WebSocketMessage?, NetError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in core.onLoop { $0.ask(continuation) } }
        } onCancel: {
            core.onLoop { $0.giveUp(.cancelled) }
        }
        return try result.get()
    }

    /// Sends a binary message, and waits while the server is slow to read.
    ///
    /// - Throws: `.connectionEnded` when the socket is closed.
    package func send(binary bytes: [UInt8]) async throws(NetError) {
        let core = core
        let failure: NetError? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in core.onLoop { $0.send(bytes, continuation) } }
        } onCancel: {
            core.onLoop { $0.giveUp(.cancelled) }
        }
        if let failure { throw failure }
    }

    /// Closes; what was sent before still goes out.
    package func close(_ code: WebSocketCloseCode = .normal, reason: String = "") {
        core.onLoop { $0.close(code, reason) }
    }

    /// Code and reason of the close frame that ended it; nil while it is open.
    package func closeCode() async -> (code: WebSocketCloseCode, reason: String)? {
        let core = core
        return await withCheckedContinuation { continuation in
            core.onLoop { continuation.resume(returning: $0.ending) }
        }
    }

    /// The socket on its loop.
    fileprivate final class Core: WebSocketDelegate, @unchecked Sendable {  // touched on its loop only
        /// Unsent bytes from which on senders wait, and bytes that nobody has asked for from which on the server has to.
        private static let highWater = 256 * 1024

        private let loop: EventLoop
        private var connection: WebSocketConnection?
        private var cancelOpening: (@Sendable () -> Void)?
        private var inbox = Inbox<WebSocketMessage>()
        private var sending: [CheckedContinuation<NetError?, Never>] = []
        private(set) var ending: (code: WebSocketCloseCode, reason: String)?

        init(_ loop: EventLoop) { self.loop = loop }

        /// Runs on the loop, at once when that is where we are.
        func onLoop(_ body: @escaping @Sendable (Core) -> Void) {
            if loop.isOnLoop { body(self) } else { loop.post { [self] in body(self) } }
        }

        func open(
            _ wanted: WebSocketRequest, _ options: WebSocketOptions,
            _ continuation: CheckedContinuation<Result<WebSocketStreamAnswer, NetError>, Never>
        ) {
            if inbox.hasEnded { return continuation.resume(returning: .failure(.cancelled)) }
            cancelOpening = WebSocketClient.open(wanted, options: options, on: loop, delegate: self) { [self] result in
                cancelOpening = nil
                switch result {
                case .failure(let error): continuation.resume(returning: .failure(error))
                case .success(.refused(let response)): continuation.resume(returning: .success(.refused(response)))
                case .success(.opened(let connection)):
                    self.connection = connection
                    let stream = WebSocketStream(self, connection.subprotocol)
                    continuation.resume(returning: .success(.opened(stream)))
                }
            }
        }

        func ask(_ continuation: Inbox<WebSocketMessage>.Waiting) {
            inbox.ask(continuation)
            if inbox.size < Self.highWater { connection?.resumeReading() }
        }

        func send(_ bytes: [UInt8], _ continuation: CheckedContinuation<NetError?, Never>) {
            guard let connection, connection.isOpen else { return continuation.resume(returning: .connectionEnded) }
            bytes.withUnsafeBytes { connection.send(binary: $0) }
            if connection.unsentBytes < Self.highWater {
                continuation.resume(returning: nil)
            } else {
                sending.append(continuation)
            }
        }

        func close(_ code: WebSocketCloseCode, _ reason: String) {
            connection?.close(code, reason: reason)
        }

        func giveUp(_ error: NetError) {
            cancelOpening?()
            cancelOpening = nil
            inbox.giveUp(error)
            connection?.close(.goingAway)
        }

        func messageArrived(_ message: WebSocketMessage, on connection: WebSocketConnection) {
            // An empty message takes memory, too.
            inbox.put(message, size: 64 + message.payloadCount)
            if inbox.size >= Self.highWater { connection.pauseReading() }
        }

        func outputDrained(on connection: WebSocketConnection) { resumeSending(nil) }

        func closed(_ code: WebSocketCloseCode, reason: String, on connection: WebSocketConnection) {
            self.connection = nil
            if code == .abnormal {
                inbox.end(.failure(.connectionEnded))
            } else {
                ending = (code, reason)
                inbox.end(.success(()))
            }
            resumeSending(.connectionEnded)
        }

        private func resumeSending(_ failure: NetError?) {
            let waiting = sending
            sending = []
            for continuation in waiting { continuation.resume(returning: failure) }
        }
    }
}
