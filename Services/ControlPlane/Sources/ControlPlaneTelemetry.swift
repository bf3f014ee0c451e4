import Bytes
import HTTP
package import Observe
import Time

/// Every log line and metric that the control plane can emit.
package final class ControlPlaneTelemetry: Sendable {
    /// What can be told.
    package enum Event: Sendable {
        /// The doors are open.
        case listening(issuer: String, port: Int, plainPort: Int?)
        /// A client logged in.
        case tokenIssued(TokenRequest.Grant)
        /// A token request was refused.
        case tokenRefused(OAuthError)
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
    private let failures: Counter
    private let clients: Gauge
    private let configurationsRefused: Counter
    private let rotations: Counter
    private let rotationFailures: Counter
    /// How long a token request takes.
    package let tokenSeconds: Histogram

    /// Registers everything at once, so that a dashboard sees zeros instead of holes.
    package init(_ logger: Logger, _ metrics: MetricRegistry) {
        self.logger = logger
        issued = metrics.counters(
            "control_plane_tokens_issued_total", "Access tokens made, by grant: `client_credentials`, `refresh_token`.",
            labels: ["grant"])
        let reasons = [
            "invalid_request", "invalid_client", "unsupported_grant_type", "too_many_failures", "unknown_realm",
        ]
        refused = metrics.counters(
            "control_plane_tokens_refused_total",
            "Token requests refused: \(reasons.map { "`\($0)`" }.joined(separator: ", ")).", labels: ["reason"])
        failures = metrics.counter(
            "control_plane_requests_failed_total", "Requests that met a bug or a broken machine.")
        clients = metrics.gauge("control_plane_clients", "Clients that may log in.")
        configurationsRefused = metrics.counter(
            "control_plane_configurations_refused_total", "Changes of the plane folder that were refused.")
        rotations = metrics.counter("control_plane_signing_keys_made_total", "Signing keys made.")
        rotationFailures = metrics.counter(
            "control_plane_signing_key_failures_total", "Failed tries to make or throw away a signing key.")
        tokenSeconds = metrics.histogram("control_plane_token_seconds", "Time to answer a token request, in seconds.")
        for grant in ["client_credentials", "refresh_token"] { _ = issued.with(grant) }
        for reason in reasons { _ = refused.with(reason) }
    }

    /// Tells. Never a secret and never a token; a client id only where it is one of ours.
    package func emit(_ event: Event) {
        switch event {
        case .listening(let issuer, let port, let plainPort):
            logger.info(
                "listening", ["issuer": .string(issuer), "port": .int(port), "plainPort": .int(plainPort ?? 0)])
        case .tokenIssued(let grant):
            switch grant {
            case .clientCredentials: issued.with("client_credentials").increment()
            case .refreshToken: issued.with("refresh_token").increment()
            }
        case .tokenRefused(let error): refused.with(Self.label(error)).increment()
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
    func unexpected(_ error: any Error) -> Response {
        var generator = SystemRandomNumberGenerator()
        let id = Hex.encode((0..<8).map { _ in UInt8.random(in: 0...255, using: &generator) })
        emit(.requestFailed(id: id, reason: "\(error)"))
        return ControlPlaneProblems.unexpected(id: id)
    }

    private static func label(_ error: OAuthError) -> String {
        switch error {
        case .invalidRequest: "invalid_request"
        case .invalidClient: "invalid_client"
        case .unsupportedGrantType: "unsupported_grant_type"
        case .tooManyFailures: "too_many_failures"
        case .unknownRealm: "unknown_realm"
        }
    }
}
