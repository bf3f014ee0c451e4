import EventGateway
import Testing

@Suite struct RoutesTests {
    private func route(_ method: String, _ path: String) -> Route {
        Array(method.utf8).withUnsafeBytes { method in
            Array(path.utf8).withUnsafeBytes { path in Route(method: method, path: path) }
        }
    }

    @Test func `the public listener serves two things`() {
        #expect(route("POST", "/event") == .event)
        #expect(route("GET", "/ready") == .ready)
        #expect(route("HEAD", "/ready") == .ready)
    }

    @Test(arguments: ["", "/", "/event/", "/Event", "/events", "/%65vent", "/metrics", "/is-alive", "/livez", "*"])
    func `every other path is unknown`(_ path: String) {
        #expect(route("POST", path) == .notFound)
        #expect(route("GET", path) == .notFound)
    }

    @Test(arguments: ["GET", "PUT", "DELETE", "OPTIONS", "post", "HEAD", "POST "])
    func `another method on a known path is told what is allowed`(_ method: String) {
        #expect(route(method, "/event") == .wrongMethod(allow: "POST"))
        #expect(route("POST", "/ready") == .wrongMethod(allow: "GET, HEAD"))
    }
}
