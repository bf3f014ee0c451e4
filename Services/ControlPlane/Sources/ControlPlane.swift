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

/// The control plane: the OIDC provider of realm `streams`.
package final class ControlPlane: Service {
    private let kit: Kit
    private let store: StateStore
    private let server: HTTPServer
    private let loops: EventLoopPool
    private let follow: FollowPlane
    private let housekeeping: Housekeeping

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
        let registry = try ClientRegistry(state: store)
        follow = FollowPlane(
            source: try PlaneConfigSource.opened(
                folder: config.planeFolder, state: config.stateFolder, component: kit.name),
            identities: try Identities(state: config.stateFolder), registry: registry, telemetry: telemetry)
        try follow.start()

        let keys = try Self.signingKeys(config, now: kit.clock.now())
        let rotate = RotateKeys(store: keys, clock: kit.clock, telemetry: telemetry)
        housekeeping = try Housekeeping(every: .minutes(1), on: kit.loop) { [follow] in
            rotate.turn()
            follow.reload()
        }
        housekeeping.start()

        // The issuer's name holds the port, which the kernel may choose: open the door first, say what is behind it then.
        let door = Door()
        loops = try EventLoopPool(name: "http", count: config.loops)
        server = try await Self.open(config, kit, loops, door)
        let base = config.publicURL?.text ?? "https://localhost:\(server.addresses[0].port)"
        let issuer = TokenIssuer(
            issuer: base + "/auth/realms/streams", keys: keys, lifetime: config.tokenLifetime,
            detail: config.tokenClaims == .minimal ? .minimal : .keycloak)
        door.put(
            Routes(
                issueToken: IssueToken(
                    clients: registry, issuer: issuer, limiter: LoginLimiter(perMinute: config.failedLogins),
                    clock: kit.clock, telemetry: telemetry),
                publishKeys: PublishKeys(issuer: issuer.issuer, keys: keys.published)))
        telemetry.emit(
            .listening(
                issuer: issuer.issuer, port: Int(server.addresses[0].port),
                plainPort: config.listenPlain == nil ? nil : server.addresses.last.map { Int($0.port) }))
    }

    /// Finishes what was asked and asks nothing more.
    package func drain() async {
        await server.drain(grace: kit.shutdownGrace)
        await onOwnThread("drain") { [housekeeping, follow, store] in
            housekeeping.stop()
            follow.stop()
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

    private static func signingKeys(_ config: ControlPlaneConfig, now: Timestamp) throws -> SigningKeyStore {
        do {
            return try SigningKeyStore(
                folder: config.stateFolder + "/auth/streams", algorithm: config.algorithm.signature,
                schedule: SigningKeySchedule(
                    rotateAfter: config.keyRotation, publishAhead: config.keyPublishAhead,
                    keepAfterUse: config.tokenLifetime + .minutes(5)),
                now: now)
        } catch let unusable as UnusableSigningKey {
            throw ConfigurationRefused([unusable.description])
        }
    }

    private static func open(
        _ config: ControlPlaneConfig, _ kit: Kit, _ loops: EventLoopPool, _ door: Door
    ) async throws -> HTTPServer {
        let listeners = try kit.listeners(config.listen, plain: config.listenPlain)
        var options = kit.serverOptions("public")
        options.limits.bodyBytes = ControlPlaneConfig.maximumBody
        return try await HTTPServer.start(on: loops.loops, listeners: listeners, options: options) { request in
            door.answer(request)
        }
    }
}

/// Answers requests once it knows the routes.
private final class Door: Sendable {
    private let routes = Mutex<Routes?>(nil)

    func put(_ routes: Routes) { self.routes.withLock { $0 = routes } }

    func answer(_ request: Request) -> Response {
        guard let routes = routes.withLock({ $0 }) else {
            return .text(.serviceUnavailable, "starting\n", headers: ["retry-after": "1"])
        }
        return routes.answer(request)
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
