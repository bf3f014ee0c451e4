package import EventLoop
package import HTTP
internal import Synchronization
package import System
internal import Time

/// Listeners and connections of one service, on one or several loops.
///
/// Every loop listens on every address (`SO_REUSEPORT`) and has a handler of its own, so loops share nothing. Any thread may
/// call; a server that is no longer needed is stopped with `stop`, or `drain` and then `stop`.
package final class HTTPServer: Sendable {
    /// Where it listens, in the order of the listeners, with the ports that the kernel chose.
    package let addresses: [SocketAddress]
    private let serverLoops: [ServerLoop]

    private init(addresses: [SocketAddress], serverLoops: [ServerLoop]) {
        self.addresses = addresses
        self.serverLoops = serverLoops
    }

    /// Binds all addresses, makes a handler per loop, and begins to accept.
    ///
    /// - Parameter handler: Called once on each loop; the handler answers through the `ServerLoop` that it is given.
    /// - Throws: When an address cannot be bound; nothing listens then.
    package static func start(
        on loops: [EventLoop], listeners: [HTTPListener], options: HTTPServerOptions = HTTPServerOptions(),
        handler: @escaping @Sendable (ServerLoop) -> any RequestHandler
    ) async throws(SystemError) -> HTTPServer {
        precondition(!loops.isEmpty, "a server runs on at least one loop")
        var addresses: [SocketAddress] = []
        var acceptors = [[Acceptor]](repeating: [], count: loops.count)
        for listener in listeners {
            var address = listener.address
            let isTCP = address.port != 0 || address.description.contains(":")
            if loops.count > 1, isTCP {
                // Sharing a port would also share it with a stranger of the same user: first make sure that it is free.
                let probe = try Socket.listen(on: address, reusePort: false)
                address = try Socket.localAddress(raw: probe.raw) ?? address
            }
            for index in loops.indices {
                let socket = try Socket.listen(on: address, reusePort: loops.count > 1)
                if isTCP { address = try Socket.localAddress(raw: socket.raw) ?? address }
                acceptors[index].append(Acceptor(socket, tls: listener.tls, isTCP: isTCP))
            }
            addresses.append(address)
        }
        var serverLoops: [ServerLoop] = []
        for (loop, acceptors) in zip(loops, acceptors) {
            let server = await withCheckedContinuation { continuation in
                loop.post {
                    let server = ServerLoop(on: loop, options: options)
                    server.start(handler: handler(server), acceptors: acceptors)
                    continuation.resume(returning: server)
                }
            }
            serverLoops.append(server)
        }
        return HTTPServer(addresses: addresses, serverLoops: serverLoops)
    }

    /// The same for an ordinary service, whose requests and answers are values. For paths that are not hot: every request is
    /// copied and costs a task. The closure runs on the loop that the request came to, so it must not block.
    ///
    /// - Throws: When an address cannot be bound.
    package static func start(
        on loops: [EventLoop], listeners: [HTTPListener], options: HTTPServerOptions = HTTPServerOptions(),
        answering answer: @escaping @Sendable (Request) async -> Response
    ) async throws(SystemError) -> HTTPServer {
        try await start(on: loops, listeners: listeners, options: options) { server in
            AsyncRequestHandler(for: server) { request, _ in await answer(request) }
        }
    }

    /// Connections that are open now, on all loops.
    package func connectionCount() async -> Int {
        var sum = 0
        for server in serverLoops {
            sum += await withCheckedContinuation { continuation in
                server.loop.post { continuation.resume(returning: server.connectionCount) }
            }
        }
        return sum
    }

    /// Stops accepting, tells HTTP/2 peers to go (GOAWAY), closes idle HTTP/1.1 connections, answers the last request of each
    /// with `connection: close`, and waits until all connections have ended.
    ///
    /// - Parameter grace: Connections that are still there after this time are cut off.
    /// - Returns: False when some had to be cut off.
    @discardableResult
    package func drain(grace: Duration) async -> Bool {
        var clean = true
        await withTaskGroup(of: Bool.self) { group in
            for server in serverLoops { group.addTask { await Self.drain(server, grace) } }
            for await result in group where !result { clean = false }
        }
        return clean
    }

    private static func drain(_ server: ServerLoop, _ grace: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            server.loop.post {
                var timer: TimerID?
                var isOver = false
                timer = server.loop.schedule(after: grace) {
                    if isOver { return }
                    isOver = true
                    server.shutDown()
                    continuation.resume(returning: false)
                }
                server.drain {
                    if isOver { return }
                    isOver = true
                    if let timer { server.loop.cancel(timer) }
                    continuation.resume(returning: true)
                }
            }
        }
    }

    /// Closes everything at once. The loops go on; they belong to the caller.
    package func stop() async {
        for server in serverLoops {
            await withCheckedContinuation { continuation in
                server.loop.post {
                    server.shutDown()
                    continuation.resume()
                }
            }
        }
    }
}
