internal import Bytes
internal import EventLoop
package import GRPC
package import HTTP
package import HTTP2
internal import System
internal import TLS
internal import Time

/// How a gRPC server behaves.
package struct GRPCServerOptions: Sendable {
    /// The longest message, in bytes, compressed and not; a longer one is RESOURCE_EXHAUSTED.
    package var messageLimit = MessageFrame.usualLimit
    /// Calls at the same time on one loop; more are RESOURCE_EXHAUSTED.
    package var callsPerLoop = 4096
    /// The time that the one request of a call has to arrive.
    package var requestTime = Duration.seconds(30)
    /// Told of every call that ends, on the loop: its path (nil when there is no such method), its status, how long it took. Must be
    /// quick.
    package var observe: @Sendable (_ path: String?, _ code: StatusCode, _ time: Duration) -> Void = { _, _, _ in }
    /// Answers what is no gRPC, by its path, on the loop; nil leaves it to the server. Must be quick.
    package var elsewhere: @Sendable (_ path: String) -> Response? = { _ in nil }

    /// The defaults.
    package init() {}
}

/// gRPC behind a listener: what `HTTPServer.start` takes as its handler. HTTP/2 by libnghttp2 only.
///
/// What is no gRPC is answered in HTTP, by `GRPCServerOptions.elsewhere` or with 415 for another content type, 505 over HTTP/1.1, 405
/// for another method than POST.
package final class GRPCHandler: RequestHandler {
    let options: GRPCServerOptions
    private unowned(unsafe) let server: ServerLoop  // holds this handler
    private let routes: [String: GRPCRoute]
    private var calls: [StreamID: GRPCServerCall] = [:]
    /// Looked up once for the calls of a connection.
    private var lastPeer: (slot: UInt32, generation: UInt32, identity: PeerIdentity?)?

    /// - Parameter routes: Groups of methods with different paths.
    package init(for server: ServerLoop, _ routes: GRPCRouteTable, options: GRPCServerOptions = GRPCServerOptions()) {
        self.server = server
        self.options = options
        self.routes = routes.routes
    }

    /// Takes every gRPC call as it arrives.
    package func streamBegins(_ stream: StreamID, head: borrowing RequestHead) -> (any HTTP2StreamTaker)? {
        guard let type = head.value(of: .contentType), GRPCContentType.matches(type), ASCII.equal(head.method, "POST")
        else { return nil }
        var fields = GRPCFields()
        head.forEachHeader { fields.read($0, $1) }
        let path = String(decoding: head.path, as: UTF8.self)
        let context = GRPCContext(
            path: path, metadata: fields.metadata, peer: peer(of: stream),
            deadline: fields.timeout.map { server.loop.roundTime + $0 }, loop: server.loop)
        let route = routes[path]
        let work: Result<GRPCWork, GRPCStatus>
        do throws(GRPCStatus) {
            work = .success(try begin(route, fields, context))
        } catch {
            work = .failure(error)
        }
        let call = GRPCServerCall(
            stream, context, work, route: route, coding: fields.coding ?? .identity, server: server,
            handler: self)
        calls[stream] = call
        return call
    }

    private func begin(
        _ route: GRPCRoute?, _ fields: GRPCFields, _ context: GRPCContext
    ) throws(GRPCStatus) -> GRPCWork {
        guard let route else { throw GRPCStatus(.unimplemented, "there is no method \(context.path)") }
        guard calls.count < options.callsPerLoop else {
            throw GRPCStatus(.resourceExhausted, "too many calls at once")
        }
        guard fields.takesTrailers else {
            throw GRPCStatus(.internal, "'te: trailers' is missing: something on the way may drop trailers")
        }
        guard fields.coding != nil else {
            throw GRPCStatus(.unimplemented, "grpc-encoding is none of \(GRPCCoding.accepted)")
        }
        guard !fields.timeoutIsMalformed else { throw GRPCStatus(.internal, "grpc-timeout is not a time") }
        return try route.begin(context)
    }

    private func peer(of stream: StreamID) -> PeerIdentity? {
        if let lastPeer, lastPeer.slot == stream.slot, lastPeer.generation == stream.generation {
            return lastPeer.identity
        }
        let identity = server.peer(of: stream)
        lastPeer = (stream.slot, stream.generation, identity)
        return identity
    }

    /// Answers what is no gRPC over HTTP/2.
    package func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        let response: Response
        if let other = options.elsewhere(String(decoding: head.path, as: UTF8.self)) {
            response = other
        } else if !(head.value(of: .contentType).map { GRPCContentType.matches($0) } ?? false) {
            response = .text(.unsupportedMediaType, "content-type must be application/grpc\n")
        } else if !ASCII.equal(head.method, "POST") {
            response = .text(.methodNotAllowed, "gRPC calls are POST requests\n", headers: ["allow": "POST"])
        } else {
            response = .text(.versionNotSupported, "gRPC needs HTTP/2\n")
        }
        server.respond(stream, .full(response))
    }

    /// Ends the streams to clients, which would last: they may go on elsewhere. Other calls finish.
    package func drainBegins() {
        for call in calls.values where call.isEndless {
            call.fail(GRPCStatus(.unavailable, "the server is going away"))
        }
    }

    func callEnded(_ stream: StreamID, _ path: String?, _ code: StatusCode, _ time: Duration) {
        calls[stream] = nil
        options.observe(path, code, time)
    }
}

/// The fields of a call's head.
private struct GRPCFields {
    var metadata = Headers()
    var timeout: Duration?
    var timeoutIsMalformed = false
    var takesTrailers = false
    /// Nil when it is none of ours.
    var coding: GRPCCoding? = .identity

    mutating func read(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        if ASCII.equal(name, "te") {
            takesTrailers = ASCII.equalIgnoringCase(value, "trailers")
        } else if name.starts(with: Self.prefix) {
            let text = String(decoding: value, as: UTF8.self)
            if ASCII.equal(name, "grpc-timeout") {
                timeout = TimeoutText.decode(text)
                timeoutIsMalformed = timeout == nil
            } else if ASCII.equal(name, "grpc-encoding") {
                coding = GRPCCoding(rawValue: text)
            }
        } else if !ASCII.equal(name, "content-type") {
            metadata.add(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    private static let prefix = Array("grpc-".utf8)
}
