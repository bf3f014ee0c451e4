import ControlPlane
import Crypto
import HTTP
import Observe
import TestKit
import Testing
import Time
import Tokens

/// Codes and refresh tokens over a real state, with a clock of the test's.
@Suite struct PersonGrantsTests {
    private let state = try! TestState()  // a test without a state has nothing to say
    private let store: StateStore
    private let codes = AuthorizationCodes()
    private let grants: PersonGrants
    private let person: TokenPerson

    init() throws {
        store = try state.open()
        let clock = state.clock
        let user = UserRecord(email: "me@polder.local", roles: .member, password: nil, created: clock.now())
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in try change.add(user) }
        person = TokenPerson(id: user.id, email: user.email)
        let keys = try SigningKeyStore(
            folder: state.folder.file("keys"), algorithm: .es256,
            schedule: SigningKeySchedule(rotateAfter: .days(3650), publishAhead: .hours(1), keepAfterUse: .hours(2)),
            now: clock.now())
        grants = PersonGrants(
            state: store, codes: codes, tokens: TokenIssuer(issuer: "i", keys: keys, lifetime: .hours(1)),
            telemetry: ControlPlaneTelemetry(
                Logger(service: "test", sink: MemoryLogSink(), clock: state.clock), MetricRegistry()))
    }

    private func ask(_ client: String, _ body: String) async throws -> TokenGrant {
        let request = Request(.post, "/auth/token", body: Array("client_id=\(client)&\(body)".utf8))
        return try await grants.grant(TokenRequest(request), now: state.clock.now())
    }

    private func refresh(_ client: String, _ token: String) async throws -> TokenGrant {
        try await ask(client, "grant_type=refresh_token&refresh_token=\(token)")
    }

    /// Logs in and fetches the tokens.
    private func logIn(_ client: String = "polder") async throws -> (code: String, grant: TokenGrant) {
        // RFC 7636 appendix B.
        let own = client == "polder"
        let uri = own ? "http://127.0.0.1:1234/callback" : "http://localhost:10000"
        var query = FormFields()
        for (name, value) in [("client_id", client), ("redirect_uri", uri), ("response_type", "code")] {
            query.add(name, value)
        }
        if own {
            query.add("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
            query.add("code_challenge_method", "S256")
        }
        guard case .good(let asked) = AuthorizationRequest.read(query) else {
            throw OAuthError.invalidRequest("the test's request is good")
        }
        let code = try codes.make(CodeGrant(person, for: asked), now: state.clock.now())
        return (code, try await fetch(code, client))
    }

    private func fetch(_ code: String, _ client: String = "polder") async throws -> TokenGrant {
        let verifier = client == "polder" ? "&code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" : ""
        let uri = client == "polder" ? "http://127.0.0.1:1234/callback" : "http://localhost:10000"
        return try await ask(client, "grant_type=authorization_code&code=\(code)&redirect_uri=\(uri)\(verifier)")
    }

    private var logins: Int {
        get throws { try store.read { view throws(CallError) in try view.loginCount(of: person.id) } }
    }

    // RFC 9700 §4.14.2: the thief or the owner, nobody can tell which.
    @Test func `a spent refresh token that comes back ends the login for both`() async throws {
        let first = try await logIn().grant
        state.clock.advance(by: .minutes(50))
        let second = try await refresh("polder", first.refreshToken)
        #expect(second.refreshToken != first.refreshToken)
        state.clock.advance(by: .seconds(31))
        await #expect(throws: OAuthError.invalidGrant("the refresh token was used before, so the login has ended")) {
            try await refresh("polder", first.refreshToken)
        }
        await #expect(throws: OAuthError.invalidGrant("the refresh token is unknown, or its login is over")) {
            try await refresh("polder", second.refreshToken)
        }
        #expect(try logins == 0)
    }

    @Test func `the public tool comes back with the same token for a year, and not later`() async throws {
        let first = try await logIn("cli").grant
        for _ in 0..<14 {
            state.clock.advance(by: .days(26))
            #expect(try await refresh("cli", first.refreshToken).refreshToken == first.refreshToken)
        }
        state.clock.advance(by: .days(1))
        await #expect(throws: OAuthError.invalidGrant("the login is over")) {
            try await refresh("cli", first.refreshToken)
        }
    }

    @Test func `a login that nobody uses for a month is over, and is forgotten`() async throws {
        let first = try await logIn().grant
        state.clock.advance(by: .days(30))
        await #expect(throws: OAuthError.invalidGrant("the login is over")) {
            try await refresh("polder", first.refreshToken)
        }
        state.clock.advance(by: .seconds(1))
        let telemetry = ControlPlaneTelemetry(
            Logger(service: "test", sink: MemoryLogSink(), clock: state.clock), MetricRegistry())
        ForgetLogins(state: store, clock: state.clock, telemetry: telemetry).turn()
        #expect(try logins == 0)
    }

    @Test func `a code that is shown twice ends what it gave`() async throws {
        let (code, grant) = try await logIn()
        #expect(try logins == 1)
        await #expect(throws: OAuthError.invalidGrant("the code was used before")) { try await fetch(code) }
        #expect(try logins == 0)
        await #expect(throws: OAuthError.self) { try await refresh("polder", grant.refreshToken) }
    }

    @Test func `another password ends every login`() async throws {
        let tokens = [try await logIn().grant, try await logIn("cli").grant]
        #expect(try logins == 2)
        let user = try #require(try store.read { view throws(CallError) in try view.user(id: person.id) })
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            try change.setPassword("text", of: user)
        }
        #expect(try logins == 0)
        await #expect(throws: OAuthError.self) { try await refresh("polder", tokens[0].refreshToken) }
        await #expect(throws: OAuthError.self) { try await refresh("cli", tokens[1].refreshToken) }
    }

    @Test func `of a login that refreshes for ever only so much is remembered`() async throws {
        var token = try await logIn().grant.refreshToken
        for _ in 0..<80 {
            state.clock.advance(by: .minutes(50))
            token = try await refresh("polder", token).refreshToken
        }
        let rows = try await runTool(
            "sqlite3", [state.folder.file("control/state.db"), "SELECT count(*) FROM refresh_tokens"])
        #expect(Int(rows.output.prefix { $0.isNumber }) ?? 0 <= 52)
        #expect(try logins == 1)
    }
}
