package import Crypto
import HTTP
import Observe
import PlaneConfig
import ServiceKit
import System
package import Time
package import Tokens

/// The three realms, whole: their keys, who may have a token, and the pages on which people log in.
package struct IdentityProvider: Sendable {
    /// What it is made of, beyond its own parts.
    package struct Parts: Sendable {
        let state: StateStore
        let streamClients: ClientRegistry
        let feed: PlaneFeed
        let work: PasswordWork
        let clock: any WallClock
        let telemetry: ControlPlaneTelemetry

        /// The parts that others share.
        package init(
            state: StateStore, streamClients: ClientRegistry, feed: PlaneFeed, work: PasswordWork,
            clock: any WallClock, telemetry: ControlPlaneTelemetry
        ) {
            self.state = state
            self.streamClients = streamClients
            self.feed = feed
            self.work = work
            self.clock = clock
            self.telemetry = telemetry
        }
    }

    /// Issuer and public keys of every realm: what verifiers in this process need.
    package let realms: [RealmName: Realm]
    /// One-time links with which people set their password.
    package let links: PasswordLinks
    private let realmRoutes: [RealmName: Routes.RealmRoutes]
    private let grants: PersonGrants
    private let logIn: LogIn
    private let desk: AccountDesk
    private let telemetry: ControlPlaneTelemetry

    /// How long the first token of a new client may be held back. A change is in force on the plane well within that.
    private static let patience: Duration = .seconds(1)

    /// The realms whose addresses begin with `base`.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package init(
        _ config: ControlPlaneConfig, base: String, keys: [RealmName: SigningKeyStore], admin: FirstAdmin,
        _ parts: Parts
    ) throws(CryptoError) {
        let (state, clock, telemetry) = (parts.state, parts.clock, parts.telemetry)
        func realm(_ name: RealmName) -> Realm {
            guard let keys = keys[name] else { preconditionFailure("every realm has keys") }
            let isShort = name == .streams && config.tokenClaims == .minimal
            return Realm(
                name, base: base, keys: keys, lifetime: config.tokenLifetime, detail: isShort ? .minimal : .keycloak)
        }
        let (streams, users, installations) = (realm(.streams), realm(.users), realm(.installations))
        let dataPlanes = try ClientRegistry.installations(state)
        let codes = AuthorizationCodes()
        let persons = PersonGrants(state: state, codes: codes, tokens: users.tokens, telemetry: telemetry)
        func clients(_ realm: Realm, _ registry: ClientRegistry) -> ClientGrants {
            ClientGrants(
                clients: registry, tokens: realm.tokens, limiter: LoginLimiter(perMinute: config.failedLogins),
                newcomersMayGo: { [feed = parts.feed] in await feed.settled(within: Self.patience) })
        }
        func routes(_ realm: Realm, _ grants: any TokenGrants) -> Routes.RealmRoutes {
            Routes.RealmRoutes(
                issueToken: IssueToken(realm, grants, clock: clock, telemetry: telemetry),
                publishKeys: PublishKeys(realm))
        }
        realms = [.streams: streams, .users: users, .installations: installations]
        realmRoutes = [
            .streams: routes(streams, clients(streams, parts.streamClients)), .users: routes(users, persons),
            .installations: routes(installations, clients(installations, dataPlanes)),
        ]
        let check = try PasswordCheck(state: state, work: parts.work, clock: clock, telemetry: telemetry)
        let forms = try FormTokens(publicOrigin: base)
        grants = persons
        links = PasswordLinks(state: state, base: base, clock: clock)
        logIn = LogIn(
            check: check, codes: codes, forms: forms, issuer: users.tokens.issuer, clock: clock, telemetry: telemetry)
        desk = AccountDesk(
            state: state, check: check, work: parts.work, forms: forms, links: links, admin: admin, clock: clock,
            telemetry: telemetry)
        self.telemetry = telemetry
    }

    /// Opens the keys of every realm, and makes them at the first start. Blocks on the disk.
    ///
    /// - Throws: `ConfigurationRefused` when a file is no key; `SystemError`, `CryptoError`.
    package static func signingKeys(
        _ config: ControlPlaneConfig, now: Timestamp
    ) throws -> [RealmName: SigningKeyStore] {
        var stores: [RealmName: SigningKeyStore] = [:]
        for realm in RealmName.allCases {
            do {
                stores[realm] = try SigningKeyStore(
                    folder: "\(config.stateFolder)/auth/\(realm.rawValue)",
                    // Stream tokens go through foreign verifiers; the others come back to us, and their keys are made at once.
                    algorithm: realm == .streams ? config.algorithm.signature : .es256,
                    schedule: SigningKeySchedule(
                        rotateAfter: config.keyRotation, publishAhead: config.keyPublishAhead,
                        keepAfterUse: config.tokenLifetime + .minutes(5)),
                    now: now)
            } catch let unusable as UnusableSigningKey {
                throw ConfigurationRefused([unusable.description])
            }
        }
        return stores
    }

    /// Puts every path of the realms into a router.
    func addRoutes(to router: inout Router<Routes.Handler>) {
        let realmRoutes = realmRoutes
        func realm(
            _ method: Method, _ path: String,
            _ handler: @escaping @Sendable (Routes.RealmRoutes, Request) async -> Response
        ) {
            router.add(method, "/auth/realms/{realm}" + path) { [telemetry] request, _, parameters in
                guard let realm = RealmName(rawValue: parameters["realm"] ?? "").flatMap({ realmRoutes[$0] }) else {
                    telemetry.emit(.tokenRefused(nil, .unknownRealm))
                    return ControlPlaneProblems.response(.unknownRealm, realm: nil)
                }
                return await handler(realm, request)
            }
        }
        realm(.post, "/protocol/openid-connect/token") { await $0.issueToken.respond($1) }
        realm(.get, "/protocol/openid-connect/certs") { realm, _ in realm.publishKeys.keySet() }
        realm(.get, "/.well-known/openid-configuration") { realm, _ in realm.publishKeys.discovery() }
        addLogin(to: &router)
        addAccount(to: &router)
    }

    /// The public tool knows the short paths.
    private func addLogin(to router: inout Router<Routes.Handler>) {
        let users = realmRoutes[.users]
        router.add(.post, "/auth/token") { request, _, _ in
            await users?.issueToken.respond(request) ?? ControlPlaneProblems.response(.unknownRealm, realm: nil)
        }
        for path in ["/auth/auth", "/auth/realms/users/protocol/openid-connect/auth"] {
            router.add(.get, path) { [logIn] request, caller, _ in logIn.show(request, caller) }
            router.add(.post, path) { [logIn] request, caller, _ in await logIn.submit(request, caller) }
        }
        for path in ["/auth/revoke", "/auth/realms/users/protocol/openid-connect/revoke"] {
            router.add(.post, path) { [grants, telemetry] request, _, _ in
                await RevokeToken(grants: grants, telemetry: telemetry).respond(request)
            }
        }
        router.add(.get, "/auth/success") { _, _, _ in LoginPages.success.response() }
        router.add(.get, "/auth/failure") { _, _, _ in LoginPages.failure.response() }
    }

    private func addAccount(to router: inout Router<Routes.Handler>) {
        let account = "/auth/account"
        router.add(.get, account) { [desk] request, caller, _ in desk.show(request, caller) }
        router.add(.post, account + "/login") { [desk] request, caller, _ in await desk.logIn(request, caller) }
        router.add(.post, account + "/logout") { [desk] request, caller, _ in await desk.logOut(request, caller) }
        router.add(.post, account + "/password") { [desk] request, caller, _ in
            await desk.changePassword(request, caller)
        }
        router.add(.post, account + "/end-logins") { [desk] request, caller, _ in
            await desk.endLogins(request, caller)
        }
        router.add(.post, account + "/link") { [desk] request, caller, _ in await desk.makeLink(request, caller) }
        router.add(.get, "/auth/password/{code}") { [desk] _, _, parameters in desk.showLink(parameters["code"] ?? "") }
        router.add(.post, "/auth/password/{code}") { [desk] request, _, parameters in
            await desk.useLink(parameters["code"] ?? "", request)
        }
    }
}
