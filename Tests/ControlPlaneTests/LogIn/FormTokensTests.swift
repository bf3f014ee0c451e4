import ControlPlane
import HTTP
import Net
import System
import Testing

@Suite struct FormTokensTests {
    private let forms: FormTokens
    private let plain = Caller(network: .local, isSecure: false)
    private let secure = Caller(network: .local, isSecure: true)

    init() throws { forms = try FormTokens(publicOrigin: "https://auth.example.com") }

    private func request(_ token: String, origin: String? = nil) -> Request {
        var request = Request(.post, "/auth/auth", body: Array("token=\(token)".utf8))
        request.authority = "localhost:8180"
        if let origin { request.headers["origin"] = origin }
        return request
    }

    @Test func `a token belongs to one cookie`() throws {
        let token = try forms.token(for: "cookie-1")
        #expect(try forms.isGood(request(token), plain, cookie: "cookie-1"))
        #expect(try !forms.isGood(request(token), plain, cookie: "cookie-2"))
        #expect(try !forms.isGood(request(token), plain, cookie: nil))
        #expect(try !forms.isGood(request(""), plain, cookie: "cookie-1"))
        #expect(try !forms.isGood(Request(.post, "/"), plain, cookie: "cookie-1"))
        let other = try FormTokens(publicOrigin: "https://auth.example.com")
        #expect(try !other.isGood(request(token), plain, cookie: "cookie-1"))
    }

    @Test(arguments: [
        ("http://localhost:8180", true), ("https://auth.example.com", true), ("https://localhost:8180", false),
        ("http://localhost:3000", false), ("https://evil.example", false), ("null", false), ("", false),
    ])
    func `a form of another origin is refused, even with the right token`(_ origin: String, _ isGood: Bool) throws {
        let token = try forms.token(for: "c")
        #expect(try forms.isGood(request(token, origin: origin), plain, cookie: "c") == isGood)
    }

    @Test func `cookies are for this service alone, and over TLS for this host alone`() {
        let field = Cookie.session.setting("v", isSecure: true, for: 60)
        #expect(field == "__Host-polder-session=v; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=60")
        #expect(Cookie.form.setting("v", isSecure: false) == "polder-form=v; Path=/; HttpOnly; SameSite=Strict")
        #expect(Cookie.form.removing(isSecure: false).hasSuffix("; Max-Age=0"))
    }

    @Test func `a cookie is found among others, by its whole name`() {
        var request = Request(.get, "/")
        request.headers.add("cookie", "a=b; xpolder-form=no; polder-formx=no")
        request.headers.add("cookie", "polder-form=yes;c=d")
        #expect(Cookie.form.value(in: request, isSecure: false) == "yes")
        #expect(Cookie.form.value(in: request, isSecure: true) == nil)
        request.headers["cookie"] = "polder-form=\(String(repeating: "x", count: 200))"
        #expect(Cookie.form.value(in: request, isSecure: false) == nil)
        request.headers["cookie"] = "polder-form="
        #expect(Cookie.form.value(in: request, isSecure: false) == nil)
    }
}
