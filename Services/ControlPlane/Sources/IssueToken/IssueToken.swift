import Bytes
import Crypto
package import HTTP
import JSON
import Observe
import Synchronization
import System
package import Time
package import Tokens

/// The token endpoint: `POST /auth/realms/streams/protocol/openid-connect/token`.
///
/// A refresh token is random text that we do not remember. Every public client sends its secret along with it, and a refresh
/// with a token that the issuer does not know, but with the right secret, has to be answered like a first request; so knowing
/// it would decide nothing. Without the right secret it is worth nothing.
package final class IssueToken: Sendable {
    private let clients: ClientRegistry
    private let issuer: TokenIssuer
    private let limiter: Mutex<LoginLimiter>
    private let clock: any WallClock
    private let telemetry: ControlPlaneTelemetry

    /// The use case over its parts.
    package init(
        clients: ClientRegistry, issuer: TokenIssuer, limiter: LoginLimiter, clock: any WallClock,
        telemetry: ControlPlaneTelemetry
    ) {
        self.clients = clients
        self.issuer = issuer
        self.limiter = Mutex(limiter)
        self.clock = clock
        self.telemetry = telemetry
    }

    /// Answers one request. About a millisecond of CPU with RS256, which is nearly all signature.
    package func respond(_ request: Request) -> Response {
        let begin = MonotonicTime.now()
        defer { telemetry.tokenSeconds.observe(MonotonicTime.now() - begin) }
        do {
            let asked = try TokenRequest(request)
            return try issue(asked)
        } catch let refusal as OAuthError {
            telemetry.emit(.tokenRefused(refusal))
            return ControlPlaneProblems.response(refusal)
        } catch {
            return telemetry.unexpected(error)
        }
    }

    private func issue(_ asked: TokenRequest) throws -> Response {
        let now = clock.now()
        guard let clientID = try clients.authenticate(asked.credentials) else {
            throw limiter.withLock { limiter -> OAuthError in
                if let wait = limiter.secondsToWait(asked.claimedID, now: now) {
                    return .tooManyFailures(retryAfter: wait)
                }
                limiter.failed(asked.claimedID, now: now)
                return .invalidClient
            }
        }
        let token = try issuer.issue(clientID: clientID, now: now)
        let refreshToken = Base64.encode(try SecureRandom.bytes(32), .url)
        telemetry.emit(.tokenIssued(asked.grant))
        return Self.response(token, refreshToken, lifetime: issuer.lifetime)
    }

    private static func response(_ token: IssuedToken, _ refreshToken: String, lifetime: Duration) -> Response {
        let body: JSONValue = [
            "access_token": .string(token.text), "expires_in": JSONValue(lifetime.milliseconds / 1000),
            // Epoch seconds. Keycloak has no such member, but the Node client refreshes without pause when it is missing.
            "expires_at": JSONValue(token.expiresAt.seconds), "refresh_expires_in": 0,
            "refresh_token": .string(refreshToken), "token_type": "Bearer", "not-before-policy": 0,
            "scope": "email profile",
        ]
        // RFC 6749 §5.1.
        return .json(.ok, body.bytes(), headers: ["cache-control": "no-store", "pragma": "no-cache"])
    }
}
