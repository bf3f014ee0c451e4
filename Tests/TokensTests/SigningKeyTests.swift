import Bytes
import Crypto
import JSON
import TestKit
import Testing
import Time
import Tokens

@Suite struct SigningKeyScheduleTests {
    private let schedule = SigningKeySchedule(
        rotateAfter: .days(30), publishAhead: .hours(1), keepAfterUse: .hours(2))
    private let start = Timestamp(seconds: 1_767_225_600)

    @Test func `the first key signs at once, later ones are published first`() {
        #expect(schedule.needsKey(made: [], now: start))
        #expect(schedule.signingIndex(made: [], now: start) == nil)
        #expect(schedule.signingIndex(made: [start], now: start) == 0)
        let made = [start, start + .days(30)]
        #expect(schedule.signingIndex(made: made, now: start + .days(30)) == 0)
        #expect(schedule.signingIndex(made: made, now: start + .days(30) + .hours(1)) == 1)
    }

    @Test func `an old key stays until its last token is over`() {
        let made = [start, start + .days(30)]
        #expect(schedule.removable(made: made, now: start + .days(30) + .hours(3) - .milliseconds(1)).isEmpty)
        #expect(schedule.removable(made: made, now: start + .days(30) + .hours(3)) == [0])
        #expect(schedule.removable(made: [start], now: start + .days(300)).isEmpty)
    }

    @Test func `a plane that slept through a rotation rotates when it wakes up`() {
        let now = start + .days(100)
        #expect(schedule.needsKey(made: [start], now: now))
        #expect(schedule.signingIndex(made: [start, now], now: now) == 0)
        #expect(schedule.removable(made: [start, now], now: now).isEmpty)
    }

    @Test func `over a year, every token verifies with a key set fetched up to an hour before it was made`() {
        var made: [Timestamp] = []
        var published: [(at: Timestamp, keys: [Timestamp])] = []
        var now = start
        while now < start + .days(365) {
            if schedule.needsKey(made: made, now: now) { made.append(now) }
            for index in schedule.removable(made: made, now: now).reversed() { made.remove(at: index) }
            #expect(made.count <= 2)
            published.append((now, made))
            if let index = schedule.signingIndex(made: made, now: now) {
                let key = made[index]
                let hourOld = published.last { $0.at <= now - .hours(1) } ?? published[0]
                #expect(hourOld.keys.contains(key))
            }
            // A token made two hours ago is still good: its key has to be here.
            if let old = published.last(where: { $0.at <= now - .hours(2) }),
                let index = schedule.signingIndex(made: old.keys, now: old.at)
            {
                #expect(made.contains(old.keys[index]))
            }
            now = now + .minutes(30)
        }
    }
}

@Suite struct SigningKeyStoreTests {
    private let folder: TemporaryFolder
    private let clock = ManualClock()
    private let schedule = SigningKeySchedule(
        rotateAfter: .days(30), publishAhead: .hours(1), keepAfterUse: .hours(2))

    init() throws { folder = try TemporaryFolder() }

    private func open() throws -> SigningKeyStore {
        try SigningKeyStore(
            folder: folder.file("auth"), algorithm: .es256, schedule: schedule, now: clock.now())
    }

    @Test func `the key survives a restart, readable by its owner only`() throws {
        let first = try open().signingKey(now: clock.now()).keyID
        #expect(try open().signingKey(now: clock.now()).keyID == first)
        let names = try folder.names(in: "auth")
        #expect(names.count == 1)
        #expect(try folder.mode(of: "auth/" + names[0]) == 0o600)
        #expect(try folder.mode(of: "auth") == 0o700)
    }

    @Test func `a rotation overlaps, and the old key goes when its last token is over`() throws {
        let store = try open()
        let first = store.signingKey(now: clock.now()).keyID
        clock.advance(by: .days(30))
        let change = try store.turn(now: clock.now())
        let second = try #require(change.made.first)
        #expect(change.removed.isEmpty)
        #expect(store.signingKey(now: clock.now()).keyID == first)
        #expect(store.published.snapshot().set?.keys.map(\.keyID) == [first, second])
        clock.advance(by: .hours(1))
        #expect(try store.turn(now: clock.now()).made.isEmpty)
        #expect(store.signingKey(now: clock.now()).keyID == second)
        clock.advance(by: .hours(2))
        #expect(try store.turn(now: clock.now()).removed == [first])
        #expect(store.published.snapshot().set?.keys.map(\.keyID) == [second])
        #expect(try folder.names(in: "auth").count == 1)
        #expect(try open().signingKey(now: clock.now()).keyID == second)
    }

    @Test func `a token of the old key is good until it expires and refused once the key is gone`() throws {
        let store = try open()
        let issuer = TokenIssuer(issuer: TokenFixture.issuer, keys: store, lifetime: .hours(1))
        let verifier = TokenVerifier(issuer: TokenFixture.issuer, keys: store.published)
        clock.advance(by: .days(30))
        try store.turn(now: clock.now())
        let old = try issuer.issue(clientID: "stream-a", now: clock.now())
        clock.advance(by: .minutes(60))
        let new = try issuer.issue(clientID: "stream-a", now: clock.now())
        #expect(old.keyID != new.keyID)
        #expect(try verifier.verify(old.text, at: clock.now()).clientID == "stream-a")
        #expect(try verifier.verify(new.text, at: clock.now()).clientID == "stream-a")
        clock.advance(by: .hours(2))
        try store.turn(now: clock.now())
        #expect(verifier.error(old.text, at: clock.now() - .hours(2)) == .unknownKey)
    }
}

@Suite struct TokenIssuerTests {
    @Test(arguments: SignatureAlgorithm.allCases)
    func `PyJWT verifies our tokens with our key set, and finds the claims that Keycloak writes`(
        _ algorithm: SignatureAlgorithm
    ) async throws {
        let folder = try TemporaryFolder()
        let clock = ManualClock()
        let store = try SigningKeyStore(
            folder: folder.path, algorithm: algorithm,
            schedule: SigningKeySchedule(rotateAfter: .days(30), publishAhead: .hours(1), keepAfterUse: .hours(2)),
            now: clock.now())
        let issuer = TokenIssuer(issuer: TokenFixture.issuer, keys: store, lifetime: .hours(1))
        let client = "stream-0123456789abcdefghijklmnopqrst"
        let token = try issuer.issue(clientID: client, now: clock.now())
        #expect(token.expiresAt == clock.now() + .hours(1))
        if algorithm == .rs256 { #expect((850...950).contains(token.text.utf8.count), "\(token.text.utf8.count)") }
        let script = """
            import json, jwt, sys
            jwks, token, issuer, now = sys.argv[1:]
            header = jwt.get_unverified_header(token)
            key = next(k for k in jwt.PyJWKSet.from_json(jwks).keys if k.key_id == header['kid'])
            claims = jwt.decode(token, key.key, algorithms=[header['alg']], issuer=issuer, audience='account',
                options={'verify_exp': False, 'verify_iat': False, 'verify_nbf': False, 'require': ['exp', 'iat', 'nbf', 'jti']})
            assert claims['exp'] - claims['iat'] == 3600 and claims['iat'] == int(now), claims
            assert header['typ'] == 'JWT' and claims['typ'] == 'Bearer', (header, claims)
            assert claims['azp'] == claims['clientId'], claims
            print(claims['clientId'])
            """
        let jwks = try #require(store.published.snapshot().set).document().text()
        let seen = try await Strangers.runPython(
            script, [jwks, token.text, TokenFixture.issuer, String(clock.now().seconds)])
        #expect(seen.output == client + "\n")
    }

    @Test func `two tokens of one client differ in their id and agree on the subject`() throws {
        let folder = try TemporaryFolder()
        let now = ManualClock().now()
        let store = try SigningKeyStore(
            folder: folder.path, algorithm: .es256,
            schedule: SigningKeySchedule(rotateAfter: .days(30), publishAhead: .hours(1), keepAfterUse: .hours(2)),
            now: now)
        let issuer = TokenIssuer(issuer: TokenFixture.issuer, keys: store, lifetime: .hours(1))
        let payloads = try (0..<2).map { _ in
            let text = try issuer.issue(clientID: "c", now: now).text.split(separator: ".")[1]
            return try JSONValue.parse(try #require(Base64.decode(text, .url)))
        }
        #expect(payloads[0]["sub"] == payloads[1]["sub"])
        #expect(payloads[0]["jti"] != payloads[1]["jti"])
    }
}

@Suite struct DamagedSigningKeyTests {
    @Test(arguments: [0, 100]) func `a file that is no key is named, with what to do`(_ length: Int) throws {
        let folder = try TemporaryFolder()
        let now = Timestamp(seconds: 1_767_225_600)
        func open() throws -> SigningKeyStore {
            try SigningKeyStore(
                folder: folder.path, algorithm: .es256,
                schedule: SigningKeySchedule(rotateAfter: .days(30), publishAhead: .hours(1), keepAfterUse: .hours(2)),
                now: now)
        }
        let keyID = try open().signingKey(now: now).keyID
        #expect(try open().signingKey(now: now).keyID == keyID)
        let name = "\(now.milliseconds)-\(keyID).pem"
        try folder.write(name, Array(try folder.read(name).prefix(length)))
        let error = try #require(throws: UnusableSigningKey.self) { try open() }
        #expect(error.path == folder.file(name))
        #expect(error.description.contains("restore it from a backup, or remove it"))
    }
}

@Suite struct PersonTokenTests {
    private let folder: TemporaryFolder
    private let store: SigningKeyStore
    private let issuer: TokenIssuer
    private let now = ManualClock().now()
    private let person = TokenPerson(id: "6f7a0d57-6f0e-4a3c-8d2f-2b8f4f3c1e90", email: "admin@polder.local")

    init() throws {
        folder = try TemporaryFolder()
        store = try SigningKeyStore(
            folder: folder.path, algorithm: .es256,
            schedule: SigningKeySchedule(rotateAfter: .days(30), publishAhead: .hours(1), keepAfterUse: .hours(2)),
            now: now)
        // Short tokens are for clients: a person's says who it is in any case.
        issuer = TokenIssuer(issuer: TokenFixture.issuer, keys: store, lifetime: .hours(1), detail: .minimal)
    }

    private func verifier(_ holder: TokenHolder) -> TokenVerifier {
        TokenVerifier(issuer: TokenFixture.issuer, holder: holder, keys: store.published)
    }

    @Test func `a person's token names the person, and never a client`() throws {
        let token = try issuer.issue(for: person, clientID: "cli", scope: "offline_access email", now: now)
        let verified = try verifier(.person).verify(token.text, at: now)
        #expect(verified.person == person)
        #expect(verified.clientID == "")
        #expect(verifier(.client).error(token.text, at: now) == .noClientID)
        let payload = try JSONValue.parse(try #require(Base64.decode(token.text.split(separator: ".")[1], .url)))
        #expect(payload["azp"]?.string == "cli")
        #expect(payload["scope"]?.string == "offline_access email")
        #expect(payload["clientId"] == nil)
    }

    @Test func `a client's token is none of a person`() throws {
        let token = try issuer.issue(clientID: "stream-a", now: now)
        #expect(verifier(.person).error(token.text, at: now) == .badClaim("email"))
        #expect(try verifier(.client).verify(token.text, at: now).person == nil)
    }

    @Test func `a token of a data plane names its installation`() throws {
        let token = try issuer.issue(clientID: "ins-a", installationID: "i-1", now: now)
        let verified = try verifier(.client).verify(token.text, at: now)
        #expect(verified.clientID == "ins-a")
        #expect(verified.installationID == "i-1")
    }
}
