package import HTTP
import JSON
import Observe
import System
package import Time
import Tokens

/// The token endpoint of a realm: `POST …/protocol/openid-connect/token`.
package struct IssueToken: Sendable {
    private let realm: Realm
    private let grants: any TokenGrants
    private let clock: any WallClock
    private let telemetry: ControlPlaneTelemetry

    /// The endpoint over its parts.
    package init(
        _ realm: Realm, _ grants: any TokenGrants, clock: any WallClock, telemetry: ControlPlaneTelemetry
    ) {
        self.realm = realm
        self.grants = grants
        self.clock = clock
        self.telemetry = telemetry
    }

    /// Answers one request.
    package func respond(_ request: Request) async -> Response {
        let begin = MonotonicTime.now()
        defer { telemetry.tokenSeconds.observe(MonotonicTime.now() - begin) }
        do {
            let asked = try TokenRequest(request)
            let granted = try await grants.grant(asked, now: clock.now())
            telemetry.emit(.tokenIssued(realm.name, asked.grant))
            return response(granted)
        } catch let refusal as OAuthError {
            telemetry.emit(.tokenRefused(realm.name, refusal))
            return ControlPlaneProblems.response(refusal, realm: realm.name)
        } catch {
            return telemetry.unexpected(error)
        }
    }

    private func response(_ granted: TokenGrant) -> Response {
        let body: JSONValue = [
            "access_token": .string(granted.access.text),
            "expires_in": JSONValue(realm.tokens.lifetime.milliseconds / 1000),
            // Epoch seconds. Keycloak has no such member, but the Node client refreshes without pause when it is missing.
            "expires_at": JSONValue(granted.access.expiresAt.seconds), "refresh_expires_in": 0,
            "refresh_token": .string(granted.refreshToken), "token_type": "Bearer", "not-before-policy": 0,
            "scope": .string(granted.scope),
        ]
        // RFC 6749 §5.1.
        return .json(.ok, body.bytes(), headers: ["cache-control": "no-store", "pragma": "no-cache"])
    }
}
