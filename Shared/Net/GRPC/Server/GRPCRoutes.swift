package import GRPC

/// A call as its handler sees it.
package struct GRPCCall<Caller: Sendable>: Sendable {
    /// Who calls, as the routes' authentication found.
    package let caller: Caller
    /// Metadata, deadline, certificate.
    package let context: GRPCContext
}

/// What to do with a call, decided when its head is known.
enum GRPCWork {
    /// Answered at once, on the loop.
    case atOnce(([UInt8]) throws(GRPCStatus) -> [UInt8])
    case unary(@Sendable ([UInt8]) async throws(GRPCStatus) -> [UInt8])
    case serverStream(@Sendable ([UInt8], GRPCSender) async throws(GRPCStatus) -> Void)
    case clientStream(@Sendable (GRPCReceiver) async throws(GRPCStatus) -> [UInt8])

    /// Whether the client may send any number of messages.
    var takesStream: Bool {
        switch self {
        case .clientStream: true
        case .atOnce, .unary, .serverStream: false
        }
    }
}

/// One method behind its path.
struct GRPCRoute: Sendable {
    /// Whether a call that goes well shows that the peer is no stranger.
    let provesCaller: Bool
    /// Authenticates, and binds the handler to its call.
    let begin: @Sendable (GRPCContext) throws(GRPCStatus) -> GRPCWork
}

/// Methods and their handlers, behind one authentication.
///
/// Authentication comes with the head of a call, before its messages: a caller that is refused costs no memory. Handlers throw
/// `GRPCStatus`. Those in tasks begin on the connection's loop, so they must not block it, and are cancelled when the client gives up
/// or its deadline passes.
///
/// Messages are those of `GRPC`, read and checked before the handler sees them (INVALID_ARGUMENT names the field); or bytes, with a
/// path, for whoever reads them otherwise.
package struct GRPCRoutes<Caller: Sendable>: Sendable {
    private(set) var routes: [String: GRPCRoute] = [:]
    private let authenticate: @Sendable (GRPCContext) throws(GRPCStatus) -> Caller
    private let provesCaller: Bool

    /// - Parameter authenticate: Answers who calls, or throws; on the loop, so it must not block.
    package init(authenticating authenticate: @escaping @Sendable (GRPCContext) throws(GRPCStatus) -> Caller) {
        self.authenticate = authenticate
        provesCaller = true
    }

    /// For everybody. Whoever calls these stays a stranger, as far as limits go (`HTTPServerOptions`).
    package init() where Caller == Void {
        authenticate = { _ throws(GRPCStatus) in }
        provesCaller = false
    }

    private mutating func add(_ path: String, _ bind: @escaping @Sendable (GRPCCall<Caller>) -> GRPCWork) {
        precondition(routes[path] == nil, "a method has one handler")
        routes[path] = GRPCRoute(provesCaller: provesCaller) { [authenticate] context throws(GRPCStatus) in
            bind(GRPCCall(caller: try authenticate(context), context: context))
        }
    }

    // MARK: Bytes

    /// One request, one answer, given at once on the loop: for what neither waits nor takes long.
    package mutating func add(
        _ path: String, atOnce answer: @escaping @Sendable (GRPCCall<Caller>, [UInt8]) throws(GRPCStatus) -> [UInt8]
    ) {
        add(path) { call in .atOnce { request throws(GRPCStatus) in try answer(call, request) } }
    }

    /// One request, one answer.
    package mutating func add(
        _ path: String,
        unary answer: @escaping @Sendable (GRPCCall<Caller>, [UInt8]) async throws(GRPCStatus) -> [UInt8]
    ) {
        add(path) { call in .unary { request async throws(GRPCStatus) in try await answer(call, request) } }
    }

    /// One request, answers until the handler returns.
    package mutating func add(
        _ path: String,
        serverStream answer:
            @escaping @Sendable (GRPCCall<Caller>, [UInt8], GRPCSender) async throws(GRPCStatus) -> Void
    ) {
        add(path) { call in
            .serverStream { request, sender async throws(GRPCStatus) in try await answer(call, request, sender) }
        }
    }

    /// Requests until the client is done, one answer.
    package mutating func add(
        _ path: String,
        clientStream answer: @escaping @Sendable (GRPCCall<Caller>, GRPCReceiver) async throws(GRPCStatus) -> [UInt8]
    ) {
        add(path) { call in .clientStream { receiver async throws(GRPCStatus) in try await answer(call, receiver) } }
    }

    // MARK: Messages

    /// One request, one answer, given at once on the loop: for what neither waits nor takes long.
    package mutating func add<Request, Response>(
        _ method: UnaryMethod<Request, Response>,
        atOnce answer: @escaping @Sendable (GRPCCall<Caller>, Request) throws(GRPCStatus) -> Response
    ) {
        add(
            method.path,
            atOnce: { call, bytes throws(GRPCStatus) in
                try answer(call, Request(checking: bytes)).protobuf
            })
    }

    /// One request, one answer.
    package mutating func add<Request, Response>(
        _ method: UnaryMethod<Request, Response>,
        _ answer: @escaping @Sendable (GRPCCall<Caller>, Request) async throws(GRPCStatus) -> Response
    ) {
        add(
            method.path,
            unary: { call, bytes async throws(GRPCStatus) in
                try await answer(call, Request(checking: bytes)).protobuf
            })
    }

    /// One request, answers until the handler returns.
    package mutating func add<Request, Response>(
        _ method: ServerStreamMethod<Request, Response>,
        _ answer:
            @escaping @Sendable (GRPCCall<Caller>, Request, GRPCMessageSender<Response>) async throws(GRPCStatus) ->
            Void
    ) {
        add(
            method.path,
            serverStream: { call, bytes, sender async throws(GRPCStatus) in
                try await answer(call, Request(checking: bytes), GRPCMessageSender(sender))
            })
    }

    /// Requests until the client is done, one answer.
    package mutating func add<Request, Response>(
        _ method: ClientStreamMethod<Request, Response>,
        _ answer:
            @escaping @Sendable (GRPCCall<Caller>, GRPCMessageReceiver<Request>) async throws(GRPCStatus) -> Response
    ) {
        add(
            method.path,
            clientStream: { call, receiver async throws(GRPCStatus) in
                try await answer(call, GRPCMessageReceiver(receiver)).protobuf
            })
    }
}

extension ProtoMessage {
    /// Reads a request and checks the rules of its fields: for those who take and give bytes.
    ///
    /// - Throws: INVALID_ARGUMENT naming every field; INTERNAL for bytes that are no message.
    package init(checking bytes: [UInt8]) throws(GRPCStatus) {
        do throws(GRPCError) {
            try self.init(protobuf: bytes)
        } catch {
            throw GRPCStatus(error)
        }
        let problems = problems()
        if !problems.isEmpty { throw GRPCStatus(GRPCError.invalid(problems)) }
    }

    /// Reads an answer.
    init(reading bytes: [UInt8]) throws(GRPCStatus) {
        do throws(GRPCError) {
            try self.init(protobuf: bytes)
        } catch {
            throw GRPCStatus(error)
        }
    }
}
