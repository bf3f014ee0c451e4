import Bytes
package import GRPC
import HTTP
package import Observe
import Time

/// Every log line and metric that the control plane can emit.
package final class ControlPlaneTelemetry: Sendable {
    /// What can be told.
    package enum Event: Sendable {
        /// The doors are open.
        case listening(base: String, port: Int, plainPort: Int?)
        /// The API's doors are open.
        case serving(port: Int, plainPort: Int?)
        /// A call of the API ended.
        case callEnded(method: String?, code: StatusCode, time: Duration)
        /// A stream is not given out to the plane: a contract or policy that it names is missing or not active.
        case streamLeftOut(name: String)
        /// The plane folder describes a stream whose name was taken before.
        case streamShadowed(name: String)
        /// A client got a token.
        case tokenIssued(RealmName, TokenRequest.Grant)
        /// A token request was refused; without a realm when there is no such realm.
        case tokenRefused(RealmName?, OAuthError)
        /// A password was looked at, or was not.
        case loginDecided(PasswordCheck.Outcome)
        /// A program sent a browser here with something that nobody can log in for.
        case loginNotBegun
        /// A form came from another site, or from a browser that it was not made for.
        case formRefused
        /// A code was shown twice: what it gave has ended.
        case codeReplayed(client: String)
        /// A spent refresh token was shown: what came of its login has ended.
        case refreshTokenCopied(client: String)
        /// Logins that are over are still in the state; tried again.
        case loginsNotForgotten(reason: String)
        /// The first start made an admin.
        case adminMade
        /// The admin's password is what the file says now.
        case adminPasswordSet
        /// It is not.
        case adminPasswordNotSet(reason: String)
        /// A request met a bug or a broken machine.
        case requestFailed(id: String, reason: String)
        /// The clients follow the plane's configuration.
        case clientsLoaded(count: Int, version: String)
        /// A client's secret cannot be read; what was known about it stays.
        case secretUnreadable(stream: String, reason: String)
        /// A change in the plane folder was refused; one of the reasons.
        case configurationRefused(problem: String)
        /// The configuration is in force, without a copy for a start without the folder.
        case configurationNotKept(reason: String)
        /// A signing key was made.
        case signingKeyMade(keyID: String)
        /// A signing key was thrown away.
        case signingKeyRemoved(keyID: String)
        /// Making or throwing away a signing key failed; tried again.
        case signingKeyFailed(reason: String)
    }

    private let logger: Logger
    private let issued: CounterFamily
    private let refused: CounterFamily
    private let logins: CounterFamily
    private let thefts: CounterFamily
    private let failures: Counter
    private let clients: Gauge
    private let configurationsRefused: Counter
    private let rotations: Counter
    private let rotationFailures: Counter
    private let calls: CounterFamily
    private let callSeconds: Histogram
    /// How long a token request takes.
    package let tokenSeconds: Histogram

    /// Registers everything at once, so that a dashboard sees zeros instead of holes.
    package init(_ logger: Logger, _ metrics: MetricRegistry) {
        self.logger = logger
        let grants = ["client_credentials", "refresh_token", "authorization_code"]
        issued = metrics.counters(
            "control_plane_tokens_issued_total",
            "Access tokens made, by grant: \(Self.listed(grants)).", labels: ["realm", "grant"])
        let reasons = [
            "invalid_request", "invalid_client", "invalid_grant", "unsupported_grant_type", "too_many_failures",
        ]
        refused = metrics.counters(
            "control_plane_tokens_refused_total",
            "Token requests refused: \(Self.listed(reasons)), or `unknown_realm`.", labels: ["realm", "reason"])
        let outcomes = ["accepted", "wrong", "wait", "busy", "not_begun", "form_refused"]
        logins = metrics.counters(
            "control_plane_logins_total", "What became of people's logins: \(Self.listed(outcomes)).",
            labels: ["outcome"])
        thefts = metrics.counters(
            "control_plane_logins_ended_total",
            "Logins that ended because a `code` or a `refresh_token` was shown twice.", labels: ["because"])
        failures = metrics.counter(
            "control_plane_requests_failed_total", "Requests that met a bug or a broken machine.")
        clients = metrics.gauge("control_plane_clients", "Clients that may log in.")
        configurationsRefused = metrics.counter(
            "control_plane_configurations_refused_total", "Changes of the plane folder that were refused.")
        rotations = metrics.counter("control_plane_signing_keys_made_total", "Signing keys made.")
        rotationFailures = metrics.counter(
            "control_plane_signing_key_failures_total", "Failed tries to make or throw away a signing key.")
        calls = metrics.counters(
            "control_plane_calls_total",
            "Calls of the API, by method and status; without a method when there is no such one.",
            labels: ["method", "code"])
        callSeconds = metrics.histogram("control_plane_call_seconds", "Time to answer a call of the API, in seconds.")
        for outcome in outcomes { _ = logins.with(outcome) }
        for reason in ["code", "refresh_token"] { _ = thefts.with(reason) }
        tokenSeconds = metrics.histogram("control_plane_token_seconds", "Time to answer a token request, in seconds.")
        for realm in RealmName.allCases {
            for grant in grants where Self.exists(grant, in: realm) { _ = issued.with(realm.rawValue, grant) }
            for reason in reasons { _ = refused.with(realm.rawValue, reason) }
        }
    }

    /// Tells. Never a secret and never a token; a client id only where it is one of ours.
    package func emit(_ event: Event) {
        switch event {
        case .listening(let base, let port, let plainPort):
            logger.info(
                "listening", ["url": .string(base), "port": .int(port), "plainPort": .int(plainPort ?? 0)])
        case .serving(let port, let plainPort):
            logger.info("serving the API", ["port": .int(port), "plainPort": .int(plainPort ?? 0)])
        case .callEnded(let method, let code, let time):
            calls.with(method.map { String($0.dropFirst()) } ?? "", code.name).increment()
            callSeconds.observe(time)
        case .streamLeftOut(let name):
            logger.error(
                "a stream is not given out to the plane: a contract or policy that it names is missing or not active",
                ["stream": .string(name)])
        case .streamShadowed(let name):
            logger.warning(
                "a stream of the plane folder is left out of the API: its name was taken before",
                ["stream": .string(name)])
        case .tokenIssued(let realm, let grant): issued.with(realm.rawValue, Self.label(grant)).increment()
        case .tokenRefused(let realm, let error):
            refused.with(realm?.rawValue ?? "", Self.label(error)).increment()
        case .loginDecided(let outcome): logins.with(Self.label(outcome)).increment()
        case .loginNotBegun: logins.with("not_begun").increment()
        case .formRefused: logins.with("form_refused").increment()
        case .codeReplayed(let client):
            thefts.with("code").increment()
            logger.warning("a login ended: its code was shown twice", ["client": .string(client)])
        case .refreshTokenCopied(let client):
            thefts.with("refresh_token").increment()
            logger.warning("a login ended: a spent refresh token was shown", ["client": .string(client)])
        case .loginsNotForgotten(let reason):
            logger.error("logins that are over could not be removed", ["reason": .string(reason)])
        case .adminMade: logger.info("admin made; the password is in the state folder", [:])
        case .adminPasswordSet: logger.info("the admin's password is what its file says", [:])
        case .adminPasswordNotSet(let reason):
            logger.error("the admin's password could not be taken from its file", ["reason": .string(reason)])
        case .requestFailed(let id, let reason):
            failures.increment()
            logger.error("request failed", ["id": .string(id), "reason": .string(reason)])
        case .clientsLoaded(let count, let version):
            clients.set(count)
            logger.info("clients follow the plane", ["count": .int(count), "version": .string(version)])
        case .secretUnreadable(let stream, let reason):
            logger.error("client secret cannot be read", ["stream": .string(stream), "reason": .string(reason)])
        case .configurationRefused(let problem):
            configurationsRefused.increment()
            logger.error("configuration refused, the last good one stays", ["problem": .string(problem)])
        case .configurationNotKept(let reason):
            logger.warning("no copy of the plane configuration could be kept", ["reason": .string(reason)])
        case .signingKeyMade(let keyID):
            rotations.increment()
            logger.info("signing key made", ["kid": .string(keyID)])
        case .signingKeyRemoved(let keyID): logger.info("signing key removed", ["kid": .string(keyID)])
        case .signingKeyFailed(let reason):
            rotationFailures.increment()
            logger.error("signing keys could not be rotated", ["reason": .string(reason)])
        }
    }

    /// Writes down what nobody expected, and answers with the id under which it stands in the log.
    func unexpected(_ error: any Error) -> Response { ControlPlaneProblems.unexpected(id: unexpectedID(error)) }

    /// Writes down what nobody expected.
    ///
    /// - Returns: The id under which it stands in the log.
    func unexpectedID(_ error: any Error) -> String {
        var generator = SystemRandomNumberGenerator()
        let id = Hex.encode((0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) })
        emit(.requestFailed(id: id, reason: "\(error)"))
        return id
    }

    private static func exists(_ grant: String, in realm: RealmName) -> Bool {
        switch realm {
        case .streams, .installations: grant != "authorization_code"
        case .users: grant != "client_credentials"
        }
    }

    private static func listed(_ words: [String]) -> String { words.map { "`\($0)`" }.joined(separator: ", ") }

    private static func label(_ grant: TokenRequest.Grant) -> String {
        switch grant {
        case .clientCredentials: "client_credentials"
        case .refreshToken: "refresh_token"
        case .authorizationCode: "authorization_code"
        }
    }

    private static func label(_ outcome: PasswordCheck.Outcome) -> String {
        switch outcome {
        case .good: "accepted"
        case .wrong: "wrong"
        case .wait: "wait"
        case .busy: "busy"
        }
    }

    private static func label(_ error: OAuthError) -> String {
        switch error {
        case .invalidRequest: "invalid_request"
        case .invalidClient: "invalid_client"
        case .invalidGrant: "invalid_grant"
        case .unsupportedGrantType: "unsupported_grant_type"
        case .tooManyFailures: "too_many_failures"
        case .unknownRealm: "unknown_realm"
        }
    }
}
