package import HTTP
import JSON
import Observe
import Synchronization

/// What the admin listener answers.
///
/// | path | says |
/// |---|---|
/// | `/livez` | 200: the process runs |
/// | `/readyz` | 200 when nothing is missing, otherwise 503 and what is missing, one line each; then what else is wrong |
/// | `/metrics` | Prometheus text format |
///
/// A service adds its own with `add`.
package final class AdminRoutes: Sendable {
    /// Answers one request; runs on the admin loop, so it must not block.
    package typealias Handler = @Sendable (Request) async -> Response

    private let router = Mutex(Router<Handler>())

    init() {}

    /// Adds a route; `pattern` as for `Router`.
    package func add(_ method: Method, _ pattern: String, _ handler: @escaping Handler) {
        router.withLock { $0.add(method, pattern, handler) }
    }

    /// Answers a request.
    func answer(_ request: Request) async -> Response {
        switch router.withLock({ $0.match(request.method, request.path) }) {
        case .found(let handler, _): return await handler(request)
        case .methodNotAllowed(let allowed):
            let names = allowed.map(\.description).joined(separator: ", ")
            return .text(.methodNotAllowed, "use \(names)\n", headers: ["allow": names])
        case .notFound: return .text(.notFound, "no such path\n")
        }
    }

    /// Adds the three routes that every service has.
    func addStandardRoutes(_ readiness: Readiness, _ metrics: MetricRegistry) {
        add(.get, "/livez") { _ in .text(.ok, "alive\n") }
        add(.get, "/readyz") { _ in
            let missing = readiness.missing
            let remarks = readiness.remarks.map { "but: \($0)\n" }.joined()
            if missing.isEmpty { return .text(.ok, "ready\n" + remarks) }
            return .text(.serviceUnavailable, missing.map { "waiting for: \($0)\n" }.joined() + remarks)
        }
        add(.get, "/metrics") { _ in
            var response = Response(.ok, body: Array(metrics.exposition().utf8))
            response.headers["content-type"] = MetricRegistry.contentType
            response.headers["cache-control"] = "no-store"
            return response
        }
    }
}
