internal import Config
internal import Crypto
internal import EventLog
internal import EventLoop
internal import HTTP
internal import KeyVault
internal import Net
internal import Observe
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
/// sources of what changes while it runs: the plane's configuration and the issuer's keys.
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
    private let planes: PlaneConfigSource
    private let keySets: KeySetSource
    private let client: HTTPClient
    private let housekeeping: Housekeeping

    /// Opens everything and begins to listen.
    ///
    /// - Throws: `ConfigurationRefused` when the plane's folder is broken and has no last good copy, or an address cannot be
    ///   resolved; otherwise what the part says that could not be opened.
    package init(_ config: EventGatewayConfig, _ kit: Kit) async throws {
        self.kit = kit
        let telemetry = EventGatewayTelemetry(registry: kit.metrics, logger: kit.logger)
        self.telemetry = telemetry
        planes = try Self.openPlane(config, telemetry)
        let plane = try CompiledPlane(planes.current, after: nil)
        telemetry.emit(.planeChanged(planes.current))

        (vault, log) = try Self.openStores(config, kit)
        client = HTTPClient(
            on: kit.loop, tls: try TLSClientContext(TLSFiles(authorities: config.certificateAuthorityFile)))
        keySets = try Self.openKeySet(config, kit, client, telemetry)
        let keys = keySets.keys
        kit.readiness.require("the issuer's keys") { keys.snapshot().set != nil }

        let purge = PurgeKeys(vault: vault, clock: kit.clock, telemetry: telemetry)
        housekeeping = try Housekeeping(every: PurgeKeys.interval, on: kit.loop) { purge.turn() }

        let readiness = kit.readiness
        let fleet = IngestFleet(
            plane,
            IngestSurroundings(
                log: log, vault: vault, keySet: keys, clock: kit.clock, telemetry: telemetry,
                isReady: { readiness.isReady }, config: config), telemetry)
        self.fleet = fleet
        pool = try EventLoopPool(name: "ingest", count: config.loops)
        let listeners = try Self.listeners(config, kit)
        var options = kit.serverOptions("public")
        options.limits.bodyBytes = EventGatewayConfig.maximumBody
        options.connectionsPerLoop = config.maximumConnections
        server = try await HTTPServer.start(on: pool.loops, listeners: listeners, options: options) { door in
            fleet.join(door)
        }
        addresses = server.addresses
        telemetry.emit(.listening(addresses: addresses))
        try planes.watch { fleet.planeUpdated($0) }
        housekeeping.start()
        kit.admin.add(.get, "/is-alive") { _ in Response(.ok) }
    }

    /// Stops accepting, answers what was accepted, commits, and closes the stores.
    package func drain() async {
        telemetry.emit(.draining(inFlight: Int(telemetry.inFlight.current)))
        planes.stop()
        keySets.stop()
        housekeeping.stop()
        // Not the whole grace: log and vault close afterwards.
        await server.drain(grace: kit.shutdownGrace * 0.75)
        // Connections may have been cut off: what was accepted is committed anyway.
        vault.close()
        log.close()
        await server.stop()
        client.shutDown()
        pool.shutDown()
    }

    // MARK: Opening

    private static func openPlane(
        _ config: EventGatewayConfig, _ telemetry: EventGatewayTelemetry
    ) throws -> PlaneConfigSource {
        do throws(PlaneConfigError) {
            let planes = try PlaneConfigSource(
                folder: config.planeFolder, state: config.stateFolder, component: "event-gateway")
            if !planes.problemsAtStart.isEmpty { telemetry.emit(.planeFromCopy(planes.problemsAtStart)) }
            return planes
        } catch {
            guard case .invalid(let problems) = error else { throw error }
            throw ConfigurationRefused(problems.map(\.description))
        }
    }

    private static func openStores(_ config: EventGatewayConfig, _ kit: Kit) throws -> (SQLiteKeyVault, SQLiteEventLog)
    {
        let state = config.stateFolder
        try Directory.create("\(state)/secrets", mode: 0o700)
        try Directory.create("\(state)/keys", mode: 0o700)
        let provisioned = config.keyEncryptionKeyFile
        var vaultOptions = SQLiteKeyVault.Options()
        vaultOptions.logRetention = config.retention
        let vault = try SQLiteKeyVault(
            path: "\(state)/keys/keys.db",
            kek: try SecretFile.load(provisioned ?? "\(state)/secrets/kek", creating: provisioned == nil),
            hash: try PersonHash(owning: try SecretFile.load("\(state)/secrets/subject-hash.key", creating: true)),
            options: vaultOptions)
        var logOptions = SQLiteEventLog.Options()
        logOptions.retention = config.retention
        return (vault, try SQLiteEventLog(folder: state, clock: kit.clock, options: logOptions))
    }

    private static func openKeySet(
        _ config: EventGatewayConfig, _ kit: Kit, _ client: HTTPClient, _ telemetry: EventGatewayTelemetry
    ) throws -> KeySetSource {
        guard let url = URLParts(config.keySetURL) else {
            throw ConfigurationRefused(["EVENT_GATEWAY_JWKS_URL is not an http or https URL"])
        }
        try Directory.create("\(config.stateFolder)/jwks", mode: 0o700)
        let source = KeySetSource(
            issuer: config.issuer, copy: "\(config.stateFolder)/jwks/event-gateway.json", loop: kit.loop,
            clock: kit.clock,
            fetch: { done in
                client.start(Request(.get, url.target), to: HTTPEndpoint(url), deadline: .seconds(5)) { result in
                    done(result.keySetDocument)
                }
            }, tell: { telemetry.emit(.keySet($0)) })
        source.start()
        return source
    }

    private static func listeners(_ config: EventGatewayConfig, _ kit: Kit) throws -> [HTTPListener] {
        let tls = try TLSServerContext(kit.tls)
        var listeners = try addresses(config.listen).map { HTTPListener($0, tls: tls) }
        if let plain = config.listenPlain { listeners += try addresses(plain).map { HTTPListener($0, tls: nil) } }
        return listeners
    }

    /// All addresses of a name such as `localhost`; only the first when the kernel chooses the port, so that there is one port.
    private static func addresses(_ setting: HostPort) throws -> [SocketAddress] {
        let found = try SocketAddress.resolve(host: setting.host, port: setting.port)
        return setting.port == 0 ? Array(found.prefix(1)) : found
    }
}

extension Result<Response, NetError> {
    /// The key set document of an answer, or why there is none.
    fileprivate var keySetDocument: Result<[UInt8], KeySetFetchFailure> {
        switch self {
        case .success(let response) where response.status == .ok: .success(response.body)
        case .success(let response): .failure(KeySetFetchFailure("the issuer answered \(response.status)"))
        case .failure(let error): .failure(KeySetFetchFailure("\(error)"))
        }
    }
}
