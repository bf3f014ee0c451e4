import ControlPlane
import HTTP
import Testing

@Suite struct HTMLTests {
    @Test func `what a stranger sent is never markup`() {
        let text = "<script>alert('x')</script>&\"\u{1F600}"
        let html: HTML = "<p title=\"\(text)\">\(text)</p>"
        let safe = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;\u{1F600}"
        #expect(html.text == "<p title=\"\(safe)\">\(safe)</p>")
        let inside: HTML = "<div>\(html)</div>"
        #expect(inside.text == "<div><p title=\"\(safe)\">\(safe)</p></div>")
    }

    @Test func `every page forbids scripts, frames, foreign forms and caches`() throws {
        let response = Page("T", formTargets: ["http://localhost:10000"], "<p>x</p>").response()
        let policy = try #require(response.headers["content-security-policy"])
        for part in [
            "default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'",
            "form-action 'self' http://localhost:10000;", "style-src 'sha256-",
        ] { #expect(policy.contains(part), "\(policy)") }
        #expect(!policy.contains("unsafe"))
        #expect(response.headers["cache-control"] == "no-store")
        #expect(response.headers["referrer-policy"] == "same-origin")
        #expect(response.headers["x-content-type-options"] == "nosniff")
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(!text.contains("<script"))
        #expect(!text.contains(" style="), "the policy has no room for styles of single elements")
        #expect(!text.contains("http"), "nothing is loaded from anywhere")
    }

    @Test func `the login form shows who asks, keeps the address, and tells mistakes to screen readers`() {
        let purpose = LoginPages.Purpose(
            action: "/auth/auth?state=\"><script>", program: ("A tool", "http://localhost:1"), formTargets: [])
        let page = LoginPages.login(purpose, token: "t", email: "a@b.example\"<", mistake: .wrong).content.text
        #expect(page.contains("action=\"/auth/auth?state=&quot;&gt;&lt;script&gt;\""))
        #expect(page.contains("value=\"a@b.example&quot;&lt;\""))
        #expect(page.contains("role=\"alert\""))
        #expect(page.contains("aria-describedby=\"mistake\""))
        #expect(page.contains("autocomplete=\"current-password\""))
        for name in ["email", "password"] {
            #expect(page.contains("<label for=\"\(name)\">"))
            #expect(page.contains("id=\"\(name)\""))
        }
        #expect(LoginPages.Mistake.wait(seconds: 900).text.contains("15 minutes"))
        #expect(LoginPages.Mistake.wait(seconds: 1).text.contains("a second"))
    }
}
