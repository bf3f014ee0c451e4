internal import Bytes
package import EventLoop
package import GRPC
package import HTTP
internal import Synchronization
internal import System
package import TLS
internal import Time

/// How a ``GRPCChannel`` behaves.
package struct GRPCChannelOptions: Sendable {
    /// Time for a call with one answer, when the call names none.
    package var deadline = Duration.seconds(10)
    /// The longest message that is taken, in bytes, compressed and not.
    package var messageLimit = MessageFrame.usualLimit
    /// Compresses requests with gzip, and by that asks for compressed answers.
    package var compresses = false
    /// While calls are under way and nothing is heard for this long the server is pinged, and after as long again given up.
    package var keepAlive: Duration? = .seconds(20)
    /// After a connection failed none is dialled for this long at first; each further failure doubles it up to `longestPause`.
    package var firstPause = Duration.milliseconds(100)
    /// See `firstPause`.
    package var longestPause = Duration.seconds(5)
    /// Metadata of every call: a bearer token, for example. Asked before each.
    package var metadata: @Sendable () async throws(GRPCStatus) -> Headers = { () async throws(GRPCStatus) in [:] }
    /// Told when a call with one answer ends with UNAUTHENTICATED or PERMISSION_DENIED: what `metadata` says may be out of date. Any
    /// thread.
    package var callerRefused: @Sendable () -> Void = {}

    /// The defaults.
    package init() {}
}

/// The answer to a call with one answer.
package struct GRPCReply: Sendable, Equatable {
    /// The message.
    package let message: [UInt8]
    /// Metadata before the message.
    package let head: Headers
    /// Metadata behind it.
    package let trailers: Headers
}

/// Calls to one gRPC server, over one connection that is dialled when it is needed, and again when it was lost.
///
/// A call fails with a `GRPCStatus`: the server's, or UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED of our own. Nothing is sent twice, but
/// for what the server refused unseen. A cancelled task cancels its call, here and at the server. Any thread.
package final class GRPCChannel: Sendable {
    let loop: EventLoop
    let options: GRPCChannelOptions
    private let endpoint: HTTPEndpoint
    private let client: HTTPClient
    private let pause: Mutex<Pause>

    /// - Parameters:
    ///   - loop: Carries the connection.
    ///   - tls: For an endpoint in TLS.
    package init(
        to endpoint: HTTPEndpoint, on loop: EventLoop, tls: TLSClientContext? = nil,
        options: GRPCChannelOptions = GRPCChannelOptions()
    ) {
        self.loop = loop
        self.endpoint = endpoint
        self.options = options
        pause = Mutex(Pause(next: options.firstPause))
        var http = HTTPClientOptions()
        http.priorKnowledge = true
        http.keepAlive = options.keepAlive
        http.bodyLimit = MessageFrame.prefixCount + options.messageLimit
        client = HTTPClient(on: loop, tls: tls, options: http)
    }

    /// Ends all calls with UNAVAILABLE.
    package func shutDown() { client.shutDown() }

    // MARK: Messages

    /// One request, one answer.
    package func call<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ request: Request, metadata: Headers = [:], deadline: Duration? = nil
    ) async throws(GRPCStatus) -> Response {
        let reply = try await call(method.path, request.protobuf, metadata: metadata, deadline: deadline)
        return try Response(reading: reply.message)
    }

    /// One request, answers as they come. Without a deadline it lasts until either side ends it.
    package func call<Request, Response>(
        _ method: ServerStreamMethod<Request, Response>, _ request: Request, metadata: Headers = [:],
        deadline: Duration? = nil
    ) async throws(GRPCStatus) -> GRPCMessages<Response> {
        GRPCMessages(
            try await openServerStream(method.path, request.protobuf, metadata: metadata, deadline: deadline))
    }

    /// Requests one after the other, one answer. Without a deadline it lasts until either side ends it.
    package func call<Request, Response>(
        _ method: ClientStreamMethod<Request, Response>, metadata: Headers = [:], deadline: Duration? = nil
    ) async throws(GRPCStatus) -> GRPCMessageUpload<Request, Response> {
        GRPCMessageUpload(try await openClientStream(method.path, metadata: metadata, deadline: deadline))
    }

    // MARK: Bytes

    /// One request, one answer.
    package func call(
        _ path: String, _ message: [UInt8], metadata: Headers = [:], deadline: Duration? = nil
    ) async throws(GRPCStatus) -> GRPCReply {
        let deadline = deadline ?? options.deadline
        let end = MonotonicTime.now() + deadline
        var request = Request(.post, path, headers: try await head(metadata, deadline))
        request.body = coding.frame(message).copyBytes()
        var result: Result<Response, NetError>
        do throws(NetError) {
            result = .success(try await client.send(request, to: endpoint, deadline: end - .now()))
        } catch {
            result = .failure(error)
        }
        switch result {
        case .success(let response):
            connectionWorks()
            do throws(GRPCStatus) {
                return try reply(from: response)
            } catch {
                if error.code == .unauthenticated || error.code == .permissionDenied { options.callerRefused() }
                throw error
            }
        case .failure(let error): throw failed(error)
        }
    }

    /// One request, answers as they come.
    package func openServerStream(
        _ path: String, _ message: [UInt8], metadata: Headers = [:], deadline: Duration? = nil
    ) async throws(GRPCStatus) -> GRPCResponseStream {
        let call = try await open(path, metadata, deadline)
        let coding = coding
        loop.post { call.sendOnly(coding.frame(message)) }
        return GRPCResponseStream(call)
    }

    /// Requests one after the other, one answer.
    package func openClientStream(
        _ path: String, metadata: Headers = [:], deadline: Duration? = nil
    ) async throws(GRPCStatus) -> GRPCUpload {
        GRPCUpload(try await open(path, metadata, deadline), coding)
    }

    private func open(
        _ path: String, _ metadata: Headers, _ deadline: Duration?
    ) async throws(GRPCStatus) -> GRPCClientCall {
        let request = Request(.post, path, headers: try await head(metadata, deadline))
        let call = GRPCClientCall(self)
        call.begin(client.open(request, to: endpoint, deadline: deadline, taker: call))
        return call
    }

    // MARK: Heads

    private var coding: GRPCCoding { options.compresses ? .gzip : .identity }

    private func head(_ metadata: Headers, _ deadline: Duration?) async throws(GRPCStatus) -> Headers {
        try mayDial()
        var head: Headers = [
            "content-type": GRPCContentType.value, "te": "trailers", "grpc-accept-encoding": GRPCCoding.accepted,
            "user-agent": "polder",
        ]
        if options.compresses { head.add("grpc-encoding", GRPCCoding.gzip.rawValue) }
        if let deadline { head.add("grpc-timeout", TimeoutText.encode(deadline)) }
        for field in try await options.metadata().fields { head.add(field.name, field.value) }
        for field in metadata.fields { head.add(field.name, field.value) }
        return head
    }

    /// What an answer's head says about what follows, or why nothing will (http-grpc-status-mapping.md).
    func coding(of response: Response) throws(GRPCStatus) -> GRPCCoding {
        guard response.status == .ok else {
            if let status = response.headers.failure() { throw status }
            throw GRPCStatus(StatusCode(httpStatus: response.status.code), "the server answered \(response.status)")
        }
        guard var type = response.headers["content-type"],
            type.withUTF8({ GRPCContentType.matches(UnsafeRawBufferPointer($0)) })
        else { throw GRPCStatus(.unknown, "the server's answer is not gRPC") }
        let name = response.headers["grpc-encoding"] ?? GRPCCoding.identity.rawValue
        guard let coding = GRPCCoding(rawValue: name) else {
            throw GRPCStatus(.internal, "the server's grpc-encoding is none of \(GRPCCoding.accepted)")
        }
        return coding
    }

    private func reply(from response: Response) throws(GRPCStatus) -> GRPCReply {
        var inflow = GRPCInflow(limit: options.messageLimit)
        inflow.coding = try coding(of: response)
        // An answer that is nothing but a head has the status there.
        let isHeadOnly = response.trailers.fields.isEmpty
        if let status = (isHeadOnly ? response.headers : response.trailers).outcome() { throw status }
        response.body.withUnsafeBytes { inflow.append($0) }
        let message = try inflow.next()
        let another = try inflow.next()
        try inflow.finish()
        guard let message, another == nil else {
            throw GRPCStatus(.unimplemented, "the server sent \(message == nil ? "no" : "more than one") message")
        }
        return GRPCReply(message: message, head: response.headers, trailers: response.trailers)
    }

    // MARK: Connections that fail

    private struct Pause {
        var until = MonotonicTime.now()
        var next: Duration
        var reason: GRPCStatus?
    }

    /// A server that was not there a moment ago is not dialled again at once: everybody would.
    private func mayDial() throws(GRPCStatus) {
        let reason = pause.withLock { $0.until > .now() ? $0.reason : nil }
        if let reason { throw reason }
    }

    func connectionWorks() {
        pause.withLock { $0 = Pause(next: options.firstPause) }
    }

    func failed(_ error: NetError) -> GRPCStatus {
        let status = GRPCStatus(error)
        switch error {
        case .system, .tls:
            pause.withLock { pause in
                // Calls that failed together count once.
                guard pause.until <= .now() else { return }
                pause.until = .now() + pause.next * Double.random(in: 0.8...1.2)
                pause.next = min(pause.next * 2, options.longestPause)
                pause.reason = status
            }
        case .http, .http2, .connectionEnded, .streamReset, .deadlineExceeded, .cancelled, .unavailable,
            .proxyRefused, .upgradeRefused:
            break
        }
        return status
    }
}
