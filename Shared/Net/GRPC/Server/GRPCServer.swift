package import EventLoop
internal import HTTP2
package import System

/// Methods of a server, from one or several groups of routes.
package struct GRPCRouteTable: Sendable {
    private(set) var routes: [String: GRPCRoute] = [:]

    /// No methods.
    package init() {}

    /// Adds a group.
    /// - Precondition: none of its methods is there already.
    package mutating func add<Caller>(_ group: GRPCRoutes<Caller>) {
        routes.merge(group.routes) { _, _ in preconditionFailure("a method has one handler") }
    }

    /// The paths of all methods.
    package var paths: [String] { routes.keys.sorted() }
}

/// Starts gRPC servers.
package enum GRPCServer {
    /// Listens, and answers calls by these routes. Stop it with `drain`, which ends the streams to clients with UNAVAILABLE and lets
    /// other calls finish, and then `stop`.
    ///
    /// - Throws: When an address cannot be bound.
    package static func start(
        on loops: [EventLoop], listeners: [HTTPListener], _ routes: GRPCRouteTable,
        options: GRPCServerOptions = GRPCServerOptions(), http: HTTPServerOptions = HTTPServerOptions()
    ) async throws(SystemError) -> HTTPServer {
        var http = http
        http.http2 = .nghttp2  // the one that takes messages in pieces
        return try await HTTPServer.start(on: loops, listeners: listeners, options: http) { server in
            GRPCHandler(for: server, routes, options: options)
        }
    }
}
