package import HTTP
package import Net

/// Path → handler, nothing else.
package struct Routes: Sendable {
    /// Answers a request whose path and method fit.
    package typealias Handler =
        @Sendable (_ request: Request, _ caller: Caller, _ parameters: [String: String]) async -> Response

    /// The endpoints that every realm has.
    package struct RealmRoutes: Sendable {
        let issueToken: IssueToken
        let publishKeys: PublishKeys
    }

    private let router: Router<Handler>

    /// The public routes.
    package init(_ identity: IdentityProvider) {
        var router = Router<Handler>()
        identity.addRoutes(to: &router)
        router.add(.get, "/ready") { _, _, _ in .text(.ok, "ready\n") }
        self.router = router
    }

    /// Answers a request.
    package func answer(_ request: Request, _ caller: Caller) async -> Response {
        switch router.match(request.method, request.path) {
        case .found(let handler, let parameters): return await handler(request, caller, parameters)
        case .methodNotAllowed(let allowed):
            let names = allowed.map(\.description).joined(separator: ", ")
            return .text(.methodNotAllowed, "use \(names)\n", headers: ["allow": names])
        case .notFound: return .text(.notFound, "no such path\n")
        }
    }
}
