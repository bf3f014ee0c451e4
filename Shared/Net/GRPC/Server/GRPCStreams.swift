package import GRPC

/// Sends the answers of a call, one after the other.
package struct GRPCSender: Sendable {
    let call: GRPCServerCall

    /// Sends a message, and waits while the client is slow to read.
    ///
    /// - Throws: CANCELLED or DEADLINE_EXCEEDED when the call is over: return then.
    package func send(_ message: [UInt8]) async throws(GRPCStatus) {
        let failure: GRPCStatus? = await withCheckedContinuation { continuation in
            call.onLoop { $0.send(message, continuation) }
        }
        if let failure { throw failure }
    }
}

/// Hands over the requests of a call, one after the other.
package struct GRPCReceiver: Sendable {
    let call: GRPCServerCall

    /// The next message; nil when the client is done. While nobody asks, the client is made to wait. For one task at a time.
    ///
    /// - Throws: What is wrong with the stream, or why the call is over.
    package func next() async throws(GRPCStatus) -> [UInt8]? {
        let result: Result<[UInt8]?, GRPCStatus> = await withCheckedContinuation { continuation in
            call.onLoop { $0.receive(continuation) }
        }
        return try result.get()
    }
}

/// A ``GRPCSender`` of messages.
package struct GRPCMessageSender<Message: ProtoMessage>: Sendable {
    private let sender: GRPCSender
    init(_ sender: GRPCSender) { self.sender = sender }

    /// Sends a message, and waits while the client is slow to read.
    ///
    /// - Throws: CANCELLED or DEADLINE_EXCEEDED when the call is over: return then.
    package func send(_ message: Message) async throws(GRPCStatus) { try await sender.send(message.protobuf) }
}

/// A ``GRPCReceiver`` of messages.
package struct GRPCMessageReceiver<Message: ProtoMessage>: Sendable {
    private let receiver: GRPCReceiver
    init(_ receiver: GRPCReceiver) { self.receiver = receiver }

    /// The next message, read and checked; nil when the client is done.
    ///
    /// - Throws: What is wrong with the stream or the message, or why the call is over.
    package func next() async throws(GRPCStatus) -> Message? {
        guard let bytes = try await receiver.next() else { return nil }
        return try Message(checking: bytes)
    }
}
