package import HTTP

/// `…/revoke` (RFC 7009): a program gives its refresh token back, and may not act for the person any more.
package struct RevokeToken: Sendable {
    private let grants: PersonGrants
    private let telemetry: ControlPlaneTelemetry

    /// The endpoint over its parts.
    package init(grants: PersonGrants, telemetry: ControlPlaneTelemetry) {
        self.grants = grants
        self.telemetry = telemetry
    }

    /// Answers a request. A token that is not known is revoked already (§2.2).
    package func respond(_ request: Request) async -> Response {
        let form = request.form
        let basic = request.headers["authorization"].flatMap { BasicCredentials(authorization: $0) }
        let id = basic.map { String(decoding: $0.user, as: UTF8.self) } ?? form["client_id"]
        do {
            guard let id, PublicClient.named(id) != nil else { throw OAuthError.invalidClient }
            guard let token = form["token"], form.count(of: "token") == 1, !token.isEmpty else {
                throw OAuthError.invalidRequest("token is missing, or there more than once")
            }
            try await grants.revoke(token, clientID: id)
            return Response(.ok, headers: ["cache-control": "no-store"])
        } catch let refusal as OAuthError {
            telemetry.emit(.tokenRefused(.users, refusal))
            return ControlPlaneProblems.response(refusal, realm: .users)
        } catch {
            return telemetry.unexpected(error)
        }
    }
}
