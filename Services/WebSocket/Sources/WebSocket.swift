internal import Config
internal import EventLog
internal import EventLoop
internal import HTTP
internal import Net
internal import PlaneConfig
package import Observe
package import ServiceKit
import Synchronization
package import System
internal import TLS
internal import Time
internal import Tokens

/// The live view of streams: every listener gets the newest events of its stream as text.
package final class WebSocketService: Service {
    private let telemetry: WebSocketTelemetry
    private let plane: FollowedPlane
    private let log: SQLiteEventLog
    private let keys: KeySetSource
    private let loop: EventLoop
    private let server: HTTPServer
    private let handler: ListenHandler
    /// Where it listens: the TLS addresses, then the plain ones, with the ports that the kernel chose.
    package let addresses: [SocketAddress]

    /// Registers every metric.
    package static func declareMetrics(_ metrics: MetricRegistry, _ logger: Logger) {
        _ = WebSocketTelemetry(registry: metrics, logger: logger)
        PlaneTelemetry(logger, metrics, service: "web-socket").reportAge { nil }
        _ = IssuerKeysTelemetry(logger, metrics, service: "web-socket")
    }

    /// Opens the listeners.
    ///
    /// - Throws: `ConfigurationRefused` when the plane folder holds mistakes and there is no last good copy.
    package init(_ config: WebSocketConfig, _ kit: Kit) async throws {
        telemetry = WebSocketTelemetry(registry: kit.metrics, logger: kit.logger)
        plane = try await FollowedPlane(config.plane, state: config.stateFolder, component: kit.name, kit)

        log = try SQLiteEventLog(folder: config.stateFolder, clock: kit.clock, options: .readOnly)
        let schemas = try SchemaStore(state: config.stateFolder)

        keys = try IssuerKeys.start(config.issuer, state: config.stateFolder, kit)

        loop = try EventLoop(name: "listeners")
        let context = ListenContext(
            config: config, clock: kit.clock, keys: keys.keys, plane: plane, log: log, schemas: schemas,
            telemetry: telemetry, isReady: { kit.readiness.isReady })
        var serverOptions = kit.serverOptions("public")
        serverOptions.limits = HTTPLimits(bodyBytes: 4096)
        serverOptions.limits.headBytes = 64 << 10
        serverOptions.connectionsPerLoop = config.maximumListeners + 256
        // Web-sockets need HTTP/1.1: a client that also knows HTTP/2 must not choose it here.
        let listeners = try kit.listeners(config.listen, plain: config.listenPlain, protocols: [.http1])
        let made = Mutex<ListenHandler?>(nil)
        server = try await HTTPServer.start(
            on: [loop], listeners: listeners, options: serverOptions
        ) { server in
            let handler = ListenHandler(server, context)
            made.withLock { $0 = handler }
            return handler
        }
        guard let handler = made.withLock({ $0 }) else { preconditionFailure("a server makes a handler per loop") }
        self.handler = handler
        addresses = server.addresses
        telemetry.emit(.listening(addresses: addresses))
        try plane.watch { [loop] _ in loop.post { handler.planeChanged() } }
    }

    /// Tells every listener that the service goes away, and waits until they have gone.
    package func drain() async {
        await withCheckedContinuation { continuation in
            loop.post { [handler] in handler.drain { continuation.resume() } }
        }
        await server.drain(grace: .seconds(1))
        await server.stop()
        let feeds = await withCheckedContinuation { continuation in
            loop.post { [handler] in continuation.resume(returning: handler.takeFeeds()) }
        }
        keys.stop()
        await onOwnThread("drain") { [plane, log, loop] in
            for feed in feeds { feed.waitForEnd() }
            plane.stop()
            log.close()
            loop.stop()
        }
    }
}
