import Config
import Crypto
import EventLoop
import HTTP
import KeyVault
import Net
import PlaneConfig
package import Observe
package import ServiceKit
import Synchronization
import System
import TLS
import Time
import Tokens

/// The control plane: the OIDC provider of its three realms, the API, and the state that they stand on.
package final class ControlPlane: Service {
    private let kit: Kit
    private let store: StateStore
    private let server: HTTPServer
    private let calls: CallServer
    private let loops: EventLoopPool
    private let follow: FollowPlane
    private let housekeeping: Housekeeping
    private let passwords: PasswordWork

    /// Registers every metric.
    package static func declareMetrics(_ metrics: MetricRegistry, _ logger: Logger) {
        _ = ControlPlaneTelemetry(logger, metrics)
    }

    /// Builds the parts, from the back: whoever answers exists before whoever asks.
    ///
    /// - Throws: `ConfigurationRefused` with all mistakes of the plane folder; faults of the parts.
    package init(_ config: ControlPlaneConfig, _ kit: Kit) async throws {
        self.kit = kit
        let telemetry = ControlPlaneTelemetry(kit.logger, kit.metrics)

        store = try Self.store(config, kit)
        let registry = try ClientRegistry.streams(store)
        let feed = try PlaneFeed.following(store)
        follow = FollowPlane(
            source: try PlaneConfigSource.opened(
                folder: config.planeFolder, state: config.stateFolder, component: kit.name),
            identities: try Identities(state: config.stateFolder), registry: registry, store: store,
            telemetry: telemetry, changed: { feed.changed() })
        try follow.start()

        passwords = try PasswordWork()
        let admin = FirstAdmin(email: config.adminEmail, stateFolder: config.stateFolder, state: store)
        try Self.make(admin, passwords, telemetry)

        let keys = try IdentityProvider.signingKeys(config, now: kit.clock.now())
        let rotate = RotateKeys(stores: Array(keys.values), clock: kit.clock, telemetry: telemetry)
        let forget = ForgetLogins(state: store, clock: kit.clock, telemetry: telemetry)
        housekeeping = try Housekeeping(every: .minutes(1), on: kit.loop) { [follow] in
            rotate.turn()
            follow.reload()
            forget.turn()
        }
        housekeeping.start()

        // The issuers' names hold the port, which the kernel may choose: open the door first, say what is behind it then.
        let door = Door()
        loops = try EventLoopPool(name: "http", count: config.loops)
        server = try await Self.open(config, kit, loops, door)
        let base = config.publicURL?.text ?? "https://localhost:\(server.addresses[0].port)"
        let identity = try IdentityProvider(
            config, base: base, keys: keys, admin: admin,
            IdentityProvider.Parts(
                state: store, streamClients: registry, feed: feed, work: passwords, clock: kit.clock,
                telemetry: telemetry))
        door.put(Routes(identity))
        let desk = try CallDesk(store: store, telemetry: telemetry) { [follow] in follow.folder }
        let doorkeeper = Doorkeeper(realms: identity.realms, store: store, clock: kit.clock)
        var methods = MethodTable(desk, doorkeeper)
        methods.addAll(feed, schemas: try SchemaStore(state: config.stateFolder), clock: kit.clock)
        calls = try await CallServer.start(config, kit, methods, desk, telemetry)
        telemetry.emit(
            .listening(
                base: base, port: Int(server.addresses[0].port),
                plainPort: config.listenPlain == nil ? nil : server.addresses.last.map { Int($0.port) }))
    }

    /// Finishes what was asked and asks nothing more.
    package func drain() async {
        async let isDrained = server.drain(grace: kit.shutdownGrace)
        await calls.drain(grace: kit.shutdownGrace)
        _ = await isDrained
        await onOwnThread("drain") { [housekeeping, follow, store, passwords] in
            housekeeping.stop()
            follow.stop()
            passwords.stop()
            store.close()
        }
    }

    /// Opens the state, and writes the file that the plane's components log in with.
    private static func store(_ config: ControlPlaneConfig, _ kit: Kit) throws -> StateStore {
        let state = config.stateFolder
        do {
            let secrets = try StateSecrets(
                keyEncryptionKey: try PlaneSecrets.keyEncryptionKey(state, provisioned: config.kekFile, creating: true))
            let store = try StateStore(state: state, secrets: secrets, clock: kit.clock)
            try InstallationFile.write(state: state, from: store)
            return store
        } catch let error as KeyVaultError {
            throw error.isMisplacedSecret ? ConfigurationRefused([error.description]) : error
        } catch CallError.damaged(let reason) {
            throw ConfigurationRefused(["\(StateStore.path(state)): \(reason)"])
        }
    }

    /// The password is hashed in the background: that takes a quarter of a second, and logins stand behind it in the same line.
    private static func make(
        _ admin: FirstAdmin, _ work: PasswordWork, _ telemetry: ControlPlaneTelemetry
    ) throws {
        do {
            if try admin.make() { telemetry.emit(.adminMade) }
        } catch let unusable as UnusableAdminPassword {
            throw ConfigurationRefused([unusable.description])
        }
        work.start {
            do {
                if try admin.applyFile() { telemetry.emit(.adminPasswordSet) }
            } catch {
                telemetry.emit(.adminPasswordNotSet(reason: "\(error)"))
            }
        }
    }

    private static func open(
        _ config: ControlPlaneConfig, _ kit: Kit, _ loops: EventLoopPool, _ door: Door
    ) async throws -> HTTPServer {
        let listeners = try kit.listeners(config.listen, plain: config.listenPlain)
        var options = kit.serverOptions("public")
        options.limits.bodyBytes = ControlPlaneConfig.maximumBody
        return try await HTTPServer.start(on: loops.loops, listeners: listeners, options: options) { server in
            AsyncRequestHandler(for: server) { request, caller in await door.answer(request, caller) }
        }
    }
}

/// Answers requests once it knows the routes.
private final class Door: Sendable {
    private let routes = Mutex<Routes?>(nil)

    func put(_ routes: Routes) { self.routes.withLock { $0 = routes } }

    func answer(_ request: Request, _ caller: Caller) async -> Response {
        guard let routes = routes.withLock({ $0 }) else {
            return .text(.serviceUnavailable, "starting\n", headers: ["retry-after": "1"])
        }
        return await routes.answer(request, caller)
    }
}

extension SigningAlgorithm {
    /// The same for the `Crypto` module.
    var signature: SignatureAlgorithm {
        switch self {
        case .rs256: .rs256
        case .es256: .es256
        }
    }
}
