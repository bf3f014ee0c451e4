/// A service of an interface definition: its methods as typed constants.
package protocol RPCService: Sendable {
    /// Its full name: `strmprivacy.api.streams.v1.StreamsService`.
    static var serviceName: String { get }
    /// Every method, in the order of the definition.
    static var methods: [MethodShape] { get }
}

extension RPCService {
    /// A method with one request and one response.
    package static func unary<Request, Response>(_ name: String) -> UnaryMethod<Request, Response> {
        UnaryMethod(path: "/\(Self.serviceName)/\(name)")
    }

    /// A method with one request and a stream of responses.
    package static func serverStream<Request, Response>(_ name: String) -> ServerStreamMethod<Request, Response> {
        ServerStreamMethod(path: "/\(Self.serviceName)/\(name)")
    }

    /// A method with a stream of requests and one response.
    package static func clientStream<Request, Response>(_ name: String) -> ClientStreamMethod<Request, Response> {
        ClientStreamMethod(path: "/\(Self.serviceName)/\(name)")
    }
}

/// One request, one response.
package struct UnaryMethod<Request: ProtoMessage, Response: ProtoMessage>: Sendable {
    /// The path of the HTTP request: `/strmprivacy.api.streams.v1.StreamsService/GetStream`.
    package let path: String

    /// The method without its types.
    package var shape: MethodShape {
        MethodShape(
            path: path, request: Request.self, response: Response.self, streamsRequests: false, streamsResponses: false)
    }
}

/// One request, a stream of responses.
package struct ServerStreamMethod<Request: ProtoMessage, Response: ProtoMessage>: Sendable {
    /// The path of the HTTP request.
    package let path: String

    /// The method without its types.
    package var shape: MethodShape {
        MethodShape(
            path: path, request: Request.self, response: Response.self, streamsRequests: false, streamsResponses: true)
    }
}

/// A stream of requests, one response.
package struct ClientStreamMethod<Request: ProtoMessage, Response: ProtoMessage>: Sendable {
    /// The path of the HTTP request.
    package let path: String

    /// The method without its types.
    package var shape: MethodShape {
        MethodShape(
            path: path, request: Request.self, response: Response.self, streamsRequests: true, streamsResponses: false)
    }
}

/// A method without its types, for lists of methods.
package struct MethodShape: Sendable {
    /// The path of the HTTP request.
    package let path: String
    /// What is sent.
    package let request: any ProtoMessage.Type
    /// What comes back.
    package let response: any ProtoMessage.Type
    /// Whether the client may send any number of requests.
    package let streamsRequests: Bool
    /// Whether the server may send any number of responses.
    package let streamsResponses: Bool
}
