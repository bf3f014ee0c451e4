import ControlPlane
import HTTP
import Testing

@Suite struct TokenRequestTests {
    private func request(_ body: String, basic: String? = nil) -> Request {
        var request = Request(.post, "/auth/realms/streams/protocol/openid-connect/token", body: Array(body.utf8))
        request.headers["content-type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        if let basic { request.headers["authorization"] = basic }
        return request
    }

    private func error(_ body: String, basic: String? = nil) -> OAuthError? {
        do {
            _ = try TokenRequest(request(body, basic: basic))
            return nil
        } catch {
            return error
        }
    }

    @Test func `what the drivers send is understood`() throws {
        let asked = try TokenRequest(
            request("grant_type=client_credentials&client_id=stream-abc&client_secret=s3cret"))
        #expect(asked.grant == .clientCredentials)
        #expect(asked.credentials.clientIDs == ["stream-abc"])
        #expect(asked.credentials.secrets == [Array("s3cret".utf8)])
        let refresh = try TokenRequest(
            request("grant_type=refresh_token&client_id=stream-abc&client_secret=s3cret&refresh_token=r.1"))
        #expect(refresh.grant == .refreshToken("r.1"))
        #expect(refresh.credentials.secrets == [Array("s3cret".utf8)])
    }

    @Test func `what Go and curl send is understood`() throws {
        let basic = BasicCredentials.authorization(user: "stream-abc", password: "s3cret")
        let asked = try TokenRequest(request("grant_type=client_credentials&scope=offline_access", basic: basic))
        #expect(asked.credentials.clientIDs == ["stream-abc"])
        #expect(asked.credentials.secrets == [Array("s3cret".utf8)])
    }

    // Old documentation shows such secrets, and the drivers join them as they are.
    @Test(arguments: ["a+b", "a%b", "a&b", "a=b", "a#b*(", "a&b=c&d", "100%25", "a%2Bb", "&&", "="])
    func `a secret that was joined unencoded is found as it is`(_ secret: String) throws {
        let first = try TokenRequest(request("grant_type=client_credentials&client_id=c&client_secret=\(secret)"))
        #expect(first.credentials.secrets.contains(Array(secret.utf8)))
        let middle = try TokenRequest(
            request("grant_type=refresh_token&client_id=c&client_secret=\(secret)&refresh_token=r"))
        #expect(middle.credentials.secrets.contains(Array(secret.utf8)))
    }

    @Test(arguments: ["a+b", "a%b", "a&b", "a=b", "ü", "a b"])
    func `a secret that was encoded is found decoded`(_ secret: String) throws {
        var form = FormFields()
        form.add("grant_type", "client_credentials")
        form.add("client_id", "c d")
        form.add("client_secret", secret)
        let body = try TokenRequest(request(form.encoded))
        #expect(body.credentials.secrets.contains(Array(secret.utf8)))
        #expect(body.credentials.clientIDs.contains("c d"))
        // RFC 6749 §2.3.1: inside Basic, too, they are form-encoded; curl does not do that.
        let encoded = BasicCredentials.authorization(
            user: PercentEncoding.encode("c d"), password: PercentEncoding.encode(secret))
        let basic = try TokenRequest(request("grant_type=client_credentials", basic: encoded))
        #expect(basic.credentials.secrets.contains(Array(secret.utf8)))
        #expect(basic.credentials.clientIDs.contains("c d"))
    }

    @Test func `a public client names itself without a secret, or with an empty one`() throws {
        let body = "grant_type=authorization_code&code=c&redirect_uri=http%3A%2F%2Flocalhost%3A10000&code_verifier=v"
        let named = try TokenRequest(request(body + "&client_id=cli"))
        #expect(
            named.grant == .authorizationCode("c", redirectURI: "http://localhost:10000", verifier: "v"))
        #expect(named.claimedID == "cli")
        #expect(named.credentials.secrets.isEmpty)
        let basic = try TokenRequest(request(body, basic: BasicCredentials.authorization(user: "cli", password: "")))
        #expect(basic.claimedID == "cli")
        #expect(basic.credentials.secrets == [[]])
    }

    @Test func `Basic wins over the body`() throws {
        let basic = BasicCredentials.authorization(user: "right", password: "right-secret")
        let asked = try TokenRequest(
            request("grant_type=client_credentials&client_id=wrong&client_secret=wrong", basic: basic))
        #expect(asked.credentials.clientIDs == ["right"])
    }

    @Test func `what is missing is told`() {
        #expect(error("") == .invalidRequest("grant_type is missing"))
        #expect(error("{\"grant_type\":\"client_credentials\"}") == .invalidRequest("grant_type is missing"))
        #expect(error("grant_type=password&username=a&password=b") == .unsupportedGrantType)
        #expect(
            error("grant_type=refresh_token&client_id=a&client_secret=b") == .invalidRequest("refresh_token is missing")
        )
        #expect(error("grant_type=client_credentials") == .invalidClient)
        #expect(error("grant_type=authorization_code&client_id=a") == .invalidRequest("code is missing"))
        #expect(error("grant_type=client_credentials", basic: "Bearer abc") == .invalidClient)
        #expect(error("grant_type=client_credentials", basic: "Basic !!!") == .invalidClient)
    }

    @Test(arguments: ["grant_type", "client_id", "client_secret"])
    func `a parameter that comes twice is refused`(_ name: String) {
        let body = "grant_type=client_credentials&client_id=a&client_secret=b&\(name)=client_credentials"
        #expect(error(body) == .invalidRequest("a parameter is included more than once"))
    }
}
