import ControlPlane
import HTTP
import TestKit
import Testing
import Time
import Tokens

@Suite struct AuthorizationCodesTests {
    private let codes = AuthorizationCodes()
    private let clock = ManualClock()
    private let person = TokenPerson(id: "p-1", email: "a@b.example")
    // RFC 7636 appendix B.
    private static let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    private static let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    private static let own = "http://127.0.0.1:54321/callback"

    private func grant(_ client: String = "polder", _ uri: String = own, proof: Bool = true) throws -> CodeGrant {
        var query = FormFields()
        for (name, value) in [("client_id", client), ("redirect_uri", uri), ("response_type", "code")] {
            query.add(name, value)
        }
        if proof {
            query.add("code_challenge", Self.challenge)
            query.add("code_challenge_method", "S256")
        }
        guard case .good(let asked) = AuthorizationRequest.read(query) else {
            throw OAuthError.invalidRequest("the test's request is good")
        }
        return CodeGrant(person, for: asked)
    }

    private func use(
        _ code: String, client: String = "polder", uri: String? = own, verifier: String? = verifier
    ) throws -> AuthorizationCodes.Outcome {
        try codes.use(code, clientID: client, redirectURI: uri, verifier: verifier, for: "login-1", now: clock.now())
    }

    @Test func `a code is good once, and its second use names what the first one gave`() throws {
        let grant = try grant()
        let code = try codes.make(grant, now: clock.now())
        #expect(code.utf8.count == 43)
        #expect(try use(code) == .good(grant))
        #expect(try use(code) == .replayed(grant, loginID: "login-1"))
        #expect(try use(code, client: "cli") == .replayed(grant, loginID: "login-1"))
    }

    @Test(arguments: [("cli", "http://localhost:10000", Duration.minutes(1)), ("polder", own, .minutes(5))])
    func `a code lives for a minute, with PKCE for five`(_ client: String, _ uri: String, _ lifetime: Duration) throws {
        let hasProof = client == "polder"
        let verifier = hasProof ? Self.verifier : nil
        let grant = try grant(client, uri, proof: hasProof)
        let code = try codes.make(grant, now: clock.now())
        let other = try codes.make(grant, now: clock.now())
        clock.advance(by: lifetime - .seconds(1))
        #expect(try use(code, client: client, uri: uri, verifier: verifier) == .good(grant))
        clock.advance(by: .seconds(1))
        #expect(try use(other, client: client, uri: uri, verifier: verifier) == .refused("the code is too old"))
    }

    @Test(
        arguments: [
            ("cli", own, verifier, "the code was made for another client"),
            ("polder", "http://127.0.0.1:54322/callback", verifier, "redirect_uri is not the one of the login"),
            ("polder", nil, verifier, "redirect_uri is not the one of the login"),
            ("polder", own, nil, "code_verifier is missing"),
            ("polder", own, challenge, "code_verifier does not fit the code_challenge"),
            ("polder", own, "short", "code_verifier does not fit the code_challenge"),
            ("polder", own, "", "code_verifier does not fit the code_challenge"),
        ] as [(String, String?, String?, String)])
    func `what does not fit is refused, and the code is spent`(
        _ client: String, _ uri: String?, _ verifier: String?, _ reason: String
    ) throws {
        let grant = try grant()
        let code = try codes.make(grant, now: clock.now())
        #expect(try use(code, client: client, uri: uri, verifier: verifier) == .refused(reason))
        #expect(try use(code) == .replayed(grant, loginID: nil))
    }

    @Test func `a code nobody made is unknown`() throws {
        #expect(try use("nonsense") == .refused("the code is unknown"))
    }

    // RFC 9700 §4.8.2: somebody took the challenge out of the request.
    @Test func `a verifier without a challenge is refused`() throws {
        let grant = try grant("cli", "http://localhost:10000", proof: false)
        let code = try codes.make(grant, now: clock.now())
        let outcome = try use(code, client: "cli", uri: "http://localhost:10000")
        #expect(outcome == .refused("code_verifier was sent, but the login had no code_challenge"))
    }

    @Test func `the public tool without PKCE gets what it asked for, and with PKCE it has to prove it`() throws {
        let plain = try grant("cli", "http://localhost:10000", proof: false)
        let code = try codes.make(plain, now: clock.now())
        #expect(try use(code, client: "cli", uri: "http://localhost:10000", verifier: nil) == .good(plain))
        let proven = try codes.make(try grant("cli", "http://localhost:10000"), now: clock.now())
        #expect(
            try use(proven, client: "cli", uri: "http://localhost:10000", verifier: nil)
                == .refused("code_verifier is missing"))
    }

    @Test func `codes that nobody fetches are forgotten`() throws {
        let grant = try grant()
        for _ in 0..<12_000 {
            _ = try codes.make(grant, now: clock.now())
            clock.advance(by: .milliseconds(1))
        }
        #expect(codes.count <= 10_000)
    }
}
