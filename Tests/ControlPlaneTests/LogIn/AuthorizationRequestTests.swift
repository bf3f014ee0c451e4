import ControlPlane
import HTTP
import Testing

@Suite struct AuthorizationRequestTests {
    private static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  // RFC 7636 appendix B

    /// What the public tool sends.
    private static let cli = [
        ("response_type", "code"), ("client_id", "cli"), ("redirect_uri", "http://localhost:10000"),
        ("scope", "offline_access email"), ("state", "s-1"), ("access_type", "offline"), ("prompt", "login"),
    ]

    private func read(_ pairs: [(String, String)]) -> AuthorizationRequest.Reading {
        var fields = FormFields()
        for (name, value) in pairs { fields.add(name, value) }
        return AuthorizationRequest.read(fields)
    }

    /// The public tool's request with other values; nil takes a parameter out.
    private func read(_ changes: [String: String?]) -> AuthorizationRequest.Reading {
        read(
            Self.cli.compactMap { name, value in
                guard let change = changes[name] else { return (name, value) }
                return change.map { (name, $0) }
            }
                + changes.filter { change in !Self.cli.contains { $0.0 == change.key } }.compactMap { name, value in
                    value.map { (name, $0) }
                })
    }

    private func error(_ reading: AuthorizationRequest.Reading) -> String? {
        switch reading {
        case .returned(to: "http://localhost:10000", let error, _, _): error
        case .good, .refused, .returned: nil
        }
    }

    @Test func `what the public tool asks for is understood`() throws {
        guard case .good(let asked) = read(Self.cli) else {
            Issue.record("refused: \(read(Self.cli))")
            return
        }
        #expect(asked.client.id == "cli")
        #expect(asked.redirectURI == "http://localhost:10000")
        #expect(asked.state == "s-1")
        #expect(asked.scope == "email offline_access")
        #expect(asked.challenge == nil)
    }

    // RFC 8252 §7.3, §8.3; RFC 9700 §2.1 wants exact matching, §4.11 no open redirects.
    @Test(arguments: [
        "http://localhost:10000", "http://localhost:10009", "http://127.0.0.1:10003", "http://[::1]:10000",
        "http://localhost:10000/",
    ])
    func `the public tool may wait on its ten ports of the loopback`(_ uri: String) {
        guard case .good = read(["redirect_uri": uri]) else {
            Issue.record("refused: \(uri)")
            return
        }
    }

    @Test(arguments: [
        "", "http://localhost", "http://localhost:9999", "http://localhost:10010", "https://localhost:10000",
        "http://localhost:10000/other", "http://localhost:10000?x=y", "http://localhost:10000#f",
        "http://localhost:10000@evil.example", "http://user@localhost:10000", "http://localhost:10000.evil.example",
        "http://evil.example:10000", "http://localhost.evil.example:10000", "http://127.0.0.1.evil.example:10000",
        "http://localhost:010000", "http://localhost:+10000", "http://LOCALHOST:10000", "HTTP://localhost:10000",
        "//localhost:10000", "javascript:alert(1)", "http://localhost:10000\\@evil.example",
        "http://localhost:10000%2f",
        "http://localhost:10000/../x", "http://localhost:10000\r\nset-cookie: a=b", " http://localhost:10000",
        "http://localhost:10000 ", "http://0.0.0.0:10000", "http://127.1:10000", "http://2130706433:10000",
        "urn:ietf:wg:oauth:2.0:oob",
    ])
    func `anywhere else is never redirected to`(_ uri: String) {
        guard case .refused = read(["redirect_uri": uri]) else {
            Issue.record("accepted: \(uri)")
            return
        }
        // Also not with an error.
        guard case .refused = read(["redirect_uri": uri, "response_type": nil]) else {
            Issue.record("an error went to \(uri)")
            return
        }
    }

    @Test func `an unknown program, or one that is named twice, goes nowhere`() {
        for reading in [
            read(["client_id": "nobody"]), read(["client_id": nil]), read(["redirect_uri": nil]), read([("a", "b")]),
            read(Self.cli + [("client_id", "cli")]), read(Self.cli + [("redirect_uri", "http://localhost:10001")]),
        ] {
            guard case .refused = reading else {
                Issue.record("\(reading)")
                continue
            }
        }
    }

    @Test(
        arguments: [
            (["response_type": nil], "invalid_request"), (["response_type": "token"], "unsupported_response_type"),
            (["response_type": "code id_token"], "unsupported_response_type"), (["prompt": "none"], "login_required"),
            (["response_mode": "fragment"], "invalid_request"), (["request": "eyJ"], "request_not_supported"),
            (["request_uri": "https://evil.example/r"], "request_uri_not_supported"),
            (["code_challenge": challenge], "invalid_request"),
            (["code_challenge": challenge, "code_challenge_method": "plain"], "invalid_request"),
            (["code_challenge": "short", "code_challenge_method": "S256"], "invalid_request"),
            (["code_challenge_method": "S256"], "invalid_request"),
            (["state": String(repeating: "s", count: 3000)], "invalid_request"),
        ] as [([String: String?], String)])
    func `other mistakes are told to the program`(_ changes: [String: String?], _ expected: String) {
        #expect(error(read(changes)) == expected, "\(read(changes))")
    }

    // RFC 6749 §3.1.
    @Test(arguments: ["state", "scope", "response_type", "prompt"])
    func `a parameter that comes twice is told to the program`(_ name: String) {
        let value = Self.cli.first { $0.0 == name }?.1 ?? ""
        #expect(error(read(Self.cli + [(name, value)])) == "invalid_request")
    }

    @Test func `our own tool needs PKCE and may wait on any port`() {
        let own = ["client_id": "polder", "redirect_uri": "http://127.0.0.1:54321/callback"]
        let proof = ["code_challenge": Self.challenge, "code_challenge_method": "S256"]
        guard case .good(let asked) = read(own.merging(proof) { $1 }) else {
            Issue.record("refused")
            return
        }
        #expect(asked.challenge == Self.challenge)
        guard
            case .returned(to: "http://127.0.0.1:54321/callback", error: "invalid_request", _, state: "s-1") = read(own)
        else {
            Issue.record("\(read(own))")
            return
        }
        for uri in ["http://127.0.0.1:54321", "http://127.0.0.1:0/callback", "http://127.0.0.1:65536/callback"] {
            guard case .refused = read(own.merging(proof.merging(["redirect_uri": uri]) { $1 }) { $1 }) else {
                Issue.record("accepted: \(uri)")
                continue
            }
        }
    }

    // RFC 9207.
    @Test func `the answer carries state and issuer, encoded`() {
        let address = AuthorizationRequest.answer(
            to: "http://localhost:10000", [("code", "a+b")], state: "x&code=evil", issuer: "https://h/auth/realms/users"
        )
        #expect(
            address
                == "http://localhost:10000/?code=a%2Bb&state=x%26code%3Devil&iss=https%3A%2F%2Fh%2Fauth%2Frealms%2Fusers"
        )
        let own = AuthorizationRequest.answer(
            to: "http://[::1]:8/callback", [("error", "access_denied")], state: nil, issuer: "i")
        #expect(own == "http://[::1]:8/callback?error=access_denied&iss=i")
    }
}
