internal import Config
internal import Crypto
internal import EventLog
internal import EventLoop
internal import HTTP
internal import HTTP2
internal import KeyVault
internal import Net
package import Observe
internal import PlaneConfig
internal import Privacy
package import ServiceKit
package import System
internal import TLS
internal import Time
internal import Tokens

/// The event gateway: accepts, checks, seals and stores events.
///
/// Its parts, in the order in which a byte meets them: listeners, one ingest loop per thread, vault, log. Beside them, the
/// sources of what changes while it runs: the plane's configuration and the issuer's keys; and chores: old keys, usage
/// records.
package final class EventGateway: Service {
    /// Where the public listeners are: the TLS addresses first, then the plain ones.
    package let addresses: [SocketAddress]

    private let kit: Kit
    private let telemetry: EventGatewayTelemetry
    private let pool: EventLoopPool
    private let server: HTTPServer
    private let fleet: IngestFleet
    private let log: SQLiteEventLog
    private let vault: SQLiteKeyVault
    private let planes: FollowedPlane
    private let keySets: KeySetSource
    private let housekeeping: Housekeeping
    private let probing: Housekeeping
    private let counter: CountEvents
    private let counting: Housekeeping

    /// Registers every metric.
    package static func declareMetrics(_ metrics: MetricRegistry, _ logger: Logger) {
        _ = EventGatewayTelemetry(registry: metrics, logger: logger)
        PlaneTelemetry(logger, metrics, service: "event-gateway").reportAge { nil }
        _ = IssuerKeysTelemetry(logger, metrics, service: "event-gateway")
    }

    /// Opens everything and begins to listen.
    ///
    /// - Throws: `ConfigurationRefused` when the plane's folder is broken and has no last good copy, or a secret is missing or
    ///   wrong; otherwise what the part says that could not be opened.
    package init(_ config: EventGatewayConfig, _ kit: Kit) async throws {
        self.kit = kit
        let telemetry = EventGatewayTelemetry(registry: kit.metrics, logger: kit.logger)
        self.telemetry = telemetry
        planes = try await FollowedPlane(config.plane, state: config.stateFolder, component: kit.name, kit)
        let plane = try CompiledPlane(planes.current, after: nil)
        telemetry.planeSizes(planes.current)

        (vault, log) = try Self.openStores(config, kit)
        keySets = try IssuerKeys.start(config.issuer, state: config.stateFolder, kit)

        let purge = PurgeKeys(vault: vault, clock: kit.clock, telemetry: telemetry)
        housekeeping = try Housekeeping(every: PurgeKeys.interval, on: kit.loop) { purge.turn() }

        let health = StoreHealth()
        kit.readiness.require("the store") { !health.isFailing }
        if let failure = vault.failureAtStart {
            health.failed(failure)
            telemetry.emit(.vaultFailed(questions: 0, reason: "\(failure)"))
        }
        let probe = ProbeStore(folder: "\(config.stateFolder)/topics", health: health)
        probing = try Housekeeping(every: ProbeStore.interval, on: kit.loop) { probe.turn() }

        let readiness = kit.readiness
        let counter = CountEvents(plane, log: log, on: kit.loop, clock: kit.clock, telemetry: telemetry)
        self.counter = counter
        counting = try Housekeeping(every: config.countInterval, on: kit.loop) { counter.turn() }

        let fleet = IngestFleet(
            plane,
            IngestSurroundings(
                log: log, vault: vault, keySet: keySets.keys, clock: kit.clock, telemetry: telemetry,
                health: health, isReady: { readiness.isReady }, config: config), counter, telemetry)
        self.fleet = fleet
        pool = try EventLoopPool(name: "ingest", count: config.loops)
        let listeners = try kit.listeners(config.listen, plain: config.listenPlain)
        var options = kit.serverOptions("public")
        options.limits.bodyBytes = EventGatewayConfig.maximumBody
        options.connectionsPerLoop = config.maximumConnections
        options.bufferedBytesPerLoop = config.maximumBuffered.bytes
        options.headTime = config.headTime
        options.bodyTime = config.bodyTime
        options.idleTime = config.idleTime
        options.stallTime = config.stallTime
        options.http2 = .ingest
        server = try await HTTPServer.start(on: pool.loops, listeners: listeners, options: options) { door in
            fleet.join(door)
        }
        addresses = server.addresses
        telemetry.emit(.listening(addresses: addresses))
        try planes.watch { try fleet.planeChanged($0) }
        housekeeping.start()
        probing.start()
        counting.start()
        kit.admin.add(.get, "/is-alive") { _ in Response(.ok) }
    }

    /// Stops accepting, answers what was accepted, commits, and closes the stores.
    package func drain() async {
        telemetry.emit(.draining(inFlight: Int(telemetry.inFlight.current)))
        keySets.stop()
        housekeeping.stop()
        probing.stop()
        counting.stop()
        // Not the whole grace: log and vault close afterwards.
        await server.drain(grace: kit.shutdownGrace * 0.75)
        // Connections may have been cut off: what was accepted is committed anyway.
        await onOwnThread("drain") { [planes, vault, log, counter] in
            counter.turn()
            planes.stop()
            vault.close()
            log.close()
        }
        await server.stop()
        pool.shutDown()
    }

    // MARK: Opening

    private static func openStores(_ config: EventGatewayConfig, _ kit: Kit) throws -> (SQLiteKeyVault, SQLiteEventLog)
    {
        let state = config.stateFolder
        try Directory.create("\(state)/keys", mode: 0o700)
        let vault: SQLiteKeyVault
        do {
            let kek = try PlaneSecrets.keyEncryptionKey(state, provisioned: config.keyEncryptionKeyFile, creating: true)
            let hash = try PlaneSecrets.hashKey(state, creating: true)
            var options = SQLiteKeyVault.Options()
            options.logRetention = config.retention
            vault = try SQLiteKeyVault(
                path: PlaneSecrets.vault(state), kek: kek, hash: PersonHash(owning: hash), options: options)
        } catch let error as KeyVaultError {
            throw error.isMisplacedSecret ? ConfigurationRefused([error.description]) : error
        }
        var logOptions = SQLiteEventLog.Options()
        logOptions.retention = config.retention
        logOptions.heldFor = CountEvents.held
        return (vault, try SQLiteEventLog(folder: state, clock: kit.clock, options: logOptions))
    }
}
