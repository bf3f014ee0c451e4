package import GRPC
internal import HTTP

/// The handle of a call that its owner holds: when it goes the call is cancelled.
class GRPCCallHandle: @unchecked Sendable {  // `call` is for every thread through `onLoop`
    let call: GRPCClientCall

    init(_ call: GRPCClientCall) { self.call = call }

    deinit { call.onLoop { $0.giveUp(Self.gaveUp) } }

    static let gaveUp = GRPCStatus(.cancelled, "the caller gave up")

    func receive() async throws(GRPCStatus) -> [UInt8]? {
        let call = call
        let result: Result<[UInt8]?, GRPCStatus> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in call.onLoop { $0.receive(continuation) } }
        } onCancel: {
            call.onLoop { $0.giveUp(Self.gaveUp) }
        }
        return try result.get()
    }
}

/// The answers of a call, one after the other. When it goes the call is cancelled.
package final class GRPCResponseStream: Sendable {
    private let handle: GRPCCallHandle

    init(_ call: GRPCClientCall) { handle = GRPCCallHandle(call) }

    /// The next message; nil when the server is done and all went well. While nobody asks, the server is made to wait. For one task at
    /// a time; when that is cancelled the call is.
    ///
    /// - Throws: The server's status, or why the call ended.
    package func next() async throws(GRPCStatus) -> [UInt8]? { try await handle.receive() }

    /// Ends the call; the server is told.
    package func cancel() { handle.call.onLoop { $0.giveUp(GRPCCallHandle.gaveUp) } }
}

/// The requests of a call, one after the other, and then its answer. When it goes before that, the call is cancelled.
package final class GRPCUpload: Sendable {
    private let handle: GRPCCallHandle
    private let coding: GRPCCoding

    init(_ call: GRPCClientCall, _ coding: GRPCCoding) {
        handle = GRPCCallHandle(call)
        self.coding = coding
    }

    /// Sends a request, and waits while the server is slow to read.
    ///
    /// - Throws: The server's status, or why the call ended. When it has answered before the requests were complete: CANCELLED here, and
    ///   the answer from `finish`.
    package func send(_ message: [UInt8]) async throws(GRPCStatus) {
        let (call, coding) = (handle.call, coding)
        let failure: GRPCStatus? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.onLoop { $0.send(message, coding, continuation) }
            }
        } onCancel: {
            call.onLoop { $0.giveUp(GRPCCallHandle.gaveUp) }
        }
        if let failure { throw failure }
    }

    /// Completes the requests and waits for the answer.
    ///
    /// - Throws: The server's status, or why the call ended.
    package func finish() async throws(GRPCStatus) -> GRPCReply {
        handle.call.onLoop { $0.endRequests() }
        guard let message = try await handle.receive() else {
            throw GRPCStatus(.unimplemented, "the server sent no message")
        }
        guard try await handle.receive() == nil else {
            throw GRPCStatus(.unimplemented, "the server sent more than one message")
        }
        let call = handle.call
        let (head, trailers) = await withCheckedContinuation { continuation in
            call.onLoop { continuation.resume(returning: ($0.head, $0.trailers)) }
        }
        return GRPCReply(message: message, head: head, trailers: trailers)
    }

    /// Ends the call; the server is told.
    package func cancel() { handle.call.onLoop { $0.giveUp(GRPCCallHandle.gaveUp) } }
}

/// A ``GRPCResponseStream`` of messages, for `for try await`.
package struct GRPCMessages<Message: ProtoMessage>: AsyncSequence, AsyncIteratorProtocol, Sendable {
    private let stream: GRPCResponseStream

    init(_ stream: GRPCResponseStream) { self.stream = stream }

    /// Itself: there is one stream, and who iterates twice goes on where it was left.
    package func makeAsyncIterator() -> GRPCMessages { self }

    /// The next message; nil when the server is done and all went well.
    ///
    /// - Throws: The server's status, or why the call ended.
    package func next() async throws(GRPCStatus) -> Message? {
        guard let bytes = try await stream.next() else { return nil }
        return try Message(reading: bytes)
    }

    /// The same.
    package func next(isolation actor: isolated (any Actor)?) async throws(GRPCStatus) -> Message? {
        guard let bytes = try await stream.next() else { return nil }
        return try Message(reading: bytes)
    }

    /// Ends the call; the server is told.
    package func cancel() { stream.cancel() }
}

/// A ``GRPCUpload`` of messages.
package struct GRPCMessageUpload<Request: ProtoMessage, Response: ProtoMessage>: Sendable {
    private let upload: GRPCUpload

    init(_ upload: GRPCUpload) { self.upload = upload }

    /// Sends a request, and waits while the server is slow to read.
    ///
    /// - Throws: As `GRPCUpload.send`.
    package func send(_ request: Request) async throws(GRPCStatus) { try await upload.send(request.protobuf) }

    /// Completes the requests and waits for the answer.
    ///
    /// - Throws: The server's status, or why the call ended.
    package func finish() async throws(GRPCStatus) -> Response { try Response(reading: await upload.finish().message) }

    /// Ends the call; the server is told.
    package func cancel() { upload.cancel() }
}
