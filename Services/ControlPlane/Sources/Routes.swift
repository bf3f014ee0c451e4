package import HTTP

/// Path → handler, nothing else.
package struct Routes: Sendable {
    /// Answers a request whose path and method fit.
    package typealias Handler = @Sendable (_ request: Request, _ parameters: [String: String]) -> Response

    private let router: Router<Handler>

    /// The public routes. Realm `streams` is the only one.
    package init(issueToken: IssueToken, publishKeys: PublishKeys) {
        var router = Router<Handler>()
        func realm(_ method: Method, _ path: String, _ handler: @escaping @Sendable (Request) -> Response) {
            router.add(method, "/auth/realms/{realm}" + path) { request, parameters in
                parameters["realm"] == "streams"
                    ? handler(request) : ControlPlaneProblems.response(OAuthError.unknownRealm)
            }
        }
        realm(.post, "/protocol/openid-connect/token") { issueToken.respond($0) }
        realm(.get, "/protocol/openid-connect/certs") { _ in publishKeys.keySet() }
        realm(.get, "/.well-known/openid-configuration") { _ in publishKeys.discovery() }
        router.add(.get, "/ready") { _, _ in .text(.ok, "ready\n") }
        self.router = router
    }

    /// Answers a request.
    package func answer(_ request: Request) -> Response {
        switch router.match(request.method, request.path) {
        case .found(let handler, let parameters): return handler(request, parameters)
        case .methodNotAllowed(let allowed):
            let names = allowed.map(\.description).joined(separator: ", ")
            return .text(.methodNotAllowed, "use \(names)\n", headers: ["allow": names])
        case .notFound: return .text(.notFound, "no such path\n")
        }
    }
}
