import ControlPlane
import HTTP
import Testing

@Suite struct ClientRegistryTests {
    private let registry: ClientRegistry

    init() throws {
        registry = try ClientRegistry()
        registry.replace([try Self.client("stream-a", "secret-a"), try Self.client("stream-b", "secret+b")])
    }

    private static func client(_ id: String, _ secret: String) throws -> SecretClient {
        SecretClient(id: id, digest: try SecretClient.digest(Array(secret.utf8)))
    }

    private func login(_ id: String, _ secret: String) throws -> String? {
        let body = "grant_type=client_credentials&client_id=\(id)&client_secret=\(secret)"
        return try registry.authenticate(
            TokenRequest(Request(.post, "/", body: Array(body.utf8))).credentials)?.id
    }

    @Test func `the right secret of the right client logs in`() throws {
        #expect(try login("stream-a", "secret-a") == "stream-a")
        #expect(try login("stream-b", "secret+b") == "stream-b")
        #expect(try login("stream-b", "secret%2Bb") == "stream-b")
    }

    @Test(arguments: [
        ("stream-a", ""), ("stream-a", "secret-"), ("stream-a", "secret-aa"), ("stream-a", "Secret-a"),
        ("stream-a", "secret+b"), ("stream-c", "secret-a"), ("", "secret-a"), ("STREAM-A", "secret-a"),
        ("stream-a", String(repeating: "a", count: 5000)),
    ])
    func `everything else does not`(_ id: String, _ secret: String) throws { #expect(try login(id, secret) == nil) }

    @Test func `a client that was taken out cannot log in any more`() throws {
        registry.replace([])
        #expect(try login("stream-a", "secret-a") == nil)
    }

    @Test func `a client of the state logs in like one of the folder`() throws {
        let stored = try Self.client("ins-a", "secret-i")
        let registry = try ClientRegistry { $0 == stored.id ? stored : nil }
        let body = "grant_type=client_credentials&client_id=ins-a&client_secret="
        for (secret, expected) in [("secret-i", stored), ("secret-a", nil)] {
            let request = Request(.post, "/", body: Array((body + secret).utf8))
            #expect(try registry.authenticate(TokenRequest(request).credentials) == expected)
        }
    }
}
