internal import Config
internal import EventLog
internal import EventLoop
internal import HTTP
internal import Net
internal import PlaneConfig
package import ServiceKit
import Synchronization
internal import System
internal import TLS
internal import Time
internal import Tokens

/// The live view of streams: every listener gets the newest events of its stream as text.
package final class WebSocketService: Service {
    private let telemetry: WebSocketTelemetry
    private let plane: PlaneConfigSource
    private let log: SQLiteEventLog
    private let keys: KeySetSource
    private let loop: EventLoop
    private let server: HTTPServer
    private let handler: ListenHandler
    /// Where it listens: TLS, then plain when there is one, with the ports that the kernel chose.
    package let ports: [UInt16]

    /// Opens the listeners.
    ///
    /// - Throws: `ConfigurationRefused` when the plane folder holds mistakes and there is no last good copy.
    package init(_ config: WebSocketConfig, _ kit: Kit) async throws {
        telemetry = WebSocketTelemetry(registry: kit.metrics, logger: kit.logger)
        do throws(PlaneConfigError) {
            plane = try PlaneConfigSource(
                folder: config.planeFolder, state: config.stateFolder, component: "web-socket")
        } catch {
            if case .invalid(let problems) = error { throw ConfigurationRefused(problems.map { "\($0)" }) }
            throw error
        }
        if !plane.problemsAtStart.isEmpty {
            telemetry.emit(.planeRefused(reasons: plane.problemsAtStart.map { "\($0)" }))
        }
        telemetry.emit(.planeChanged(plane.current))

        // A reader: it commits nothing, and how long records are kept is for those who write them to say.
        var options = SQLiteEventLog.Options()
        options.committers = 0
        options.retention = .days(36_500)
        options.sweepInterval = .days(36_500)
        log = try SQLiteEventLog(folder: config.stateFolder, clock: kit.clock, options: options)
        let schemas = try SchemaStore(state: config.stateFolder)

        keys = try Self.keySource(config, kit, telemetry)
        let issuerKeys = keys.keys
        kit.readiness.require("the issuer's keys") { issuerKeys.snapshot().set != nil }
        keys.start()

        loop = try EventLoop(name: "listeners")
        let context = ListenContext(
            config: config, clock: kit.clock, keys: keys.keys, plane: plane, log: log, schemas: schemas,
            telemetry: telemetry, isReady: { kit.readiness.isReady })
        var serverOptions = kit.serverOptions("public")
        serverOptions.limits = HTTPLimits(bodyBytes: 4096)
        serverOptions.limits.headBytes = 64 << 10
        serverOptions.connectionsPerLoop = config.maximumListeners + 256
        let made = Mutex<ListenHandler?>(nil)
        server = try await HTTPServer.start(
            on: [loop], listeners: try Self.listeners(config, kit), options: serverOptions
        ) { server in
            let handler = ListenHandler(server, context)
            made.withLock { $0 = handler }
            return handler
        }
        guard let handler = made.withLock({ $0 }) else { preconditionFailure("a server makes a handler per loop") }
        self.handler = handler
        ports = server.addresses.map(\.port)
        telemetry.emit(
            .listening(
                tls: server.addresses[0].description,
                plain: server.addresses.count > 1 ? server.addresses[1].description : "none"))
        try plane.watch { [telemetry, loop] update in
            switch update {
            case .changed(let snapshot):
                telemetry.emit(.planeChanged(snapshot))
                loop.post { handler.planeChanged() }
            case .refused(let problems): telemetry.emit(.planeRefused(reasons: problems.map { "\($0)" }))
            case .notKept(let error): telemetry.emit(.planeRefused(reasons: ["\(error)"]))
            }
        }
    }

    private static func keySource(
        _ config: WebSocketConfig, _ kit: Kit, _ telemetry: WebSocketTelemetry
    ) throws -> KeySetSource {
        guard let url = URLParts(config.keySetURL.text) else {
            throw ConfigurationRefused(["WEB_SOCKET_JWKS_URL: not an address that can be fetched"])
        }
        let tls: TLSClientContext
        do throws(TLSError) {
            tls = try TLSClientContext(TLSFiles(authorities: config.certificateAuthorityFile))
        } catch {
            throw ConfigurationRefused(["WEB_SOCKET_CA_FILE: \(error)"])
        }
        let copies = "\(config.stateFolder)/jwks"
        try Directory.create(copies, mode: 0o700)
        return KeySetSource(
            issuer: config.issuer, copy: "\(copies)/web-socket.json", loop: kit.loop, clock: kit.clock,
            fetch: KeySetSource.fetch(url, on: kit.loop, tls: tls), tell: { telemetry.emit(.keySet($0)) })
    }

    private static func listeners(_ config: WebSocketConfig, _ kit: Kit) throws -> [HTTPListener] {
        let context: TLSServerContext
        do throws(TLSError) {
            // Web-sockets need HTTP/1.1: a client that also knows HTTP/2 must not choose it here.
            context = try TLSServerContext(kit.tls, protocols: [.http1])
        } catch {
            throw ConfigurationRefused(["WEB_SOCKET_TLS_CERT_FILE, WEB_SOCKET_TLS_KEY_FILE: \(error)"])
        }
        var listeners = [HTTPListener(try config.listen.resolved(), tls: context)]
        if let plain = config.listenPlain { listeners.append(HTTPListener(try plain.resolved(), tls: nil)) }
        return listeners
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
        await withCheckedContinuation { continuation in
            let finish: @Sendable () -> Void = { [plane, log, loop] in
                for feed in feeds { feed.waitForEnd() }
                plane.stop()
                log.close()
                loop.stop()
                continuation.resume()
            }
            do throws(SystemError) {
                // Waiting for threads blocks, which the pool of Swift's tasks must not.
                try SystemThread.start("drain", finish).detach()
            } catch {
                finish()
            }
        }
    }
}
