import API
import ControlPlane
import Crypto
import JSON
import System
import TestKit
import Time
import Tokens

/// A control plane of its own, somebody in every role, and Python with stubs of every service.
///
/// The script finds: `admin`, `project_admin`, `approver`, `member`, `stranger` (a member of no project), `data_plane`, `nobody`:
/// an `Api` each (see `Tests/Strangers/api.py`); `refused`; `project`, the UUID of project `default`; `installation`; `rig`, the
/// addresses and tokens.
final class APIRig: Sendable {
    let plane: RunningControlPlane
    /// The same state as the control plane's, by a connection of our own.
    let store: StateStore

    static func start(settings: [String: String] = [:]) async throws -> APIRig {
        try APIRig(await RunningControlPlane.start(settings: settings))
    }

    init(_ plane: RunningControlPlane) throws {
        self.plane = plane
        let state = plane.folder.file("state")
        var key = try plane.folder.read("state/secrets/kek")
        store = try StateStore(
            state: state, secrets: StateSecrets(keyEncryptionKey: SecretBytes(taking: &key)), clock: SystemClock())
        let roles: [(String, Roles)] = [
            ("project_admin", .projectAdmin), ("approver", .approver), ("member", .member), ("stranger", .member),
        ]
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            for (name, roles) in roles where try change.view.user(email: "\(name)@example.com") == nil {
                let user = UserRecord(email: "\(name)@example.com", roles: roles, password: nil, created: change.now)
                try change.add(user)
                guard name == "stranger" else { continue }
                try change.removeMember(user.id, fromProject: change.view.plane().defaultProjectID)
            }
        }
    }

    /// An access token of the person with that address, as the login would give it.
    func token(of email: String, age: Duration = .zero) throws -> String {
        let found = try store.read { view throws(CallError) in try view.user(email: email) }
        guard let user = found else { throw TestKitError.strangerMissing(email) }
        return try issuer(.users).issue(
            for: TokenPerson(id: user.id, email: user.email), clientID: "cli", scope: "email",
            now: SystemClock().now() - age
        ).text
    }

    /// An access token of the plane's own installation.
    func dataPlaneToken() throws -> String {
        let found = try store.read { view throws(CallError) in try view.installations().first }
        guard let installation = found else { throw TestKitError.strangerMissing("installation") }
        return try issuer(.installations).issue(
            clientID: installation.clientID, installationID: installation.id, now: SystemClock().now()
        ).text
    }

    /// An access token of a stream's client.
    func streamToken(clientID: String) throws -> String {
        try issuer(.streams).issue(clientID: clientID, now: SystemClock().now()).text
    }

    private func issuer(_ realm: RealmName) throws -> TokenIssuer {
        let keys = try SigningKeyStore(
            folder: plane.folder.file("state/auth/\(realm.rawValue)"), algorithm: .es256,
            schedule: SigningKeySchedule(rotateAfter: .days(30), publishAhead: .minutes(30), keepAfterUse: .hours(2)),
            now: SystemClock().now())
        return TokenIssuer(
            issuer: "\(plane.url)/auth/realms/\(realm.rawValue)", keys: keys, lifetime: .hours(1), detail: .keycloak)
    }

    /// Runs a script, in which everything that it asserts must hold.
    @discardableResult
    func python(_ body: String, more: JSONObject = [:], deadline: Duration = .seconds(180)) async throws -> String {
        let people = ["project_admin", "approver", "member", "stranger"]
        var tokens: JSONObject = [
            "admin": .string(try token(of: plane.adminEmail)), "data_plane": .string(try dataPlaneToken()),
        ]
        for name in people { tokens[name] = .string(try token(of: "\(name)@example.com")) }
        let (record, installation) = try store.read { view throws(CallError) in
            (try view.plane(), try view.installations()[0].id)
        }
        var rig: JSONObject = [
            "plain": .string("localhost:\(plane.apiPlainPort)"), "secure": .string("localhost:\(plane.apiPort)"),
            "ca": .string(plane.authority.caFile), "auth": .string(plane.url), "tokens": .object(tokens),
            "project": .string(record.defaultProjectID), "installation": .string(installation),
        ]
        for member in more.members { rig[member.name] = member.value }
        let prelude = """
            import json, os, sys, threading, time
            sys.path.insert(0, "\(Strangers.packageRoot)/Tests/Strangers")
            from api import *
            rig = json.load(sys.stdin)
            project, installation = rig["project"], rig["installation"]
            for name, token in rig["tokens"].items():
                globals()[name] = Api(rig["plain"], token)
            nobody = Api(rig["plain"])
            """
        let result = try await Strangers.runPython(
            prelude + "\n" + body, input: JSONValue.object(rig).bytes(), deadline: deadline)
        return result.output
    }
}
