import Bytes
import Crypto
import EventLoop
import JSON
import Synchronization
import TestKit
import Testing
import Time
import Tokens

/// An issuer whose answers the test decides.
private final class Issuer: Sendable {
    private let answer: Mutex<Result<[UInt8], KeySetFetchFailure>>
    private let asked = Mutex(0)

    init(_ answer: Result<[UInt8], KeySetFetchFailure>) { self.answer = Mutex(answer) }

    var askedCount: Int { asked.withLock { $0 } }

    func answers(_ result: Result<[UInt8], KeySetFetchFailure>) { answer.withLock { $0 = result } }

    func fetch(_ done: @escaping @Sendable (Result<[UInt8], KeySetFetchFailure>) -> Void) {
        asked.withLock { $0 += 1 }
        done(answer.withLock { $0 })
    }
}

@Suite struct KeySetSourceTests {
    private let folder: TemporaryFolder
    private let loop: EventLoop
    private let away = Issuer(.failure(KeySetFetchFailure("connection refused")))
    private let heard = Heard()

    init() throws {
        folder = try TemporaryFolder()
        loop = try EventLoop(name: "keys")
    }

    private func source(_ issuer: Issuer, name: String = TokenFixture.issuer) -> KeySetSource {
        var limits = KeySetRefresh.Limits()
        limits.unknownKeyInterval = .milliseconds(20)
        limits.firstBackoff = .milliseconds(2)
        limits.longestBackoff = .milliseconds(20)
        let heard = self.heard
        let source = KeySetSource(
            issuer: name, copy: folder.file("jwks.json"), loop: loop, clock: ManualClock(), limits: limits,
            fetch: { issuer.fetch($0) }, tell: { event in heard.events.withLock { $0.append(event) } })
        source.start()
        return source
    }

    private func document(_ keyID: String, _ key: SigningKey) throws -> [UInt8] {
        KeySet(keys: [KeySet.Key(keyID: keyID, key: try key.verifyingKey())]).document().bytes()
    }

    @Test func `keys are fetched, and their copy serves a start without the issuer`() async throws {
        let first = source(Issuer(.success(try document("rsa-1", TokenFixture.rsa))))
        try await eventually("a key set") { first.keys.snapshot().set != nil }
        try await eventually("a copy") { folder.has("jwks.json") }
        first.stop()
        #expect(try folder.mode(of: "jwks.json") == 0o600)

        let second = source(away)
        // At once, before anything was fetched.
        let verifier = TokenVerifier(issuer: TokenFixture.issuer, keys: second.keys)
        #expect(verifier.error(try TokenFixture.token()) == nil)
        try await eventually("a failed fetch") { heard.has { if case .fetchFailed = $0 { true } else { false } } }
        #expect(heard.has { $0 == .copyUsed(fetchedAt: ManualClock().now()) })
        #expect(verifier.error(try TokenFixture.token()) == nil)
        second.stop()
    }

    @Test func `without copy and issuer there are no keys until the issuer comes`() async throws {
        let source = source(away)
        try await eventually("three tries") { away.askedCount >= 3 }
        #expect(source.keys.snapshot().set == nil)
        away.answers(.success(try document("rsa-1", TokenFixture.rsa)))
        try await eventually("a key set") { source.keys.snapshot().set != nil }
        source.stop()
    }

    @Test func `a token of a key that was just made is refused once, then accepted`() async throws {
        let issuer = Issuer(.success(try document("rsa-1", TokenFixture.rsa)))
        let source = source(issuer)
        try await eventually("a key set") { source.keys.snapshot().set != nil }
        issuer.answers(.success(try document("ec-9", TokenFixture.p256)))
        let verifier = TokenVerifier(issuer: TokenFixture.issuer, keys: source.keys)
        let token = try TokenFixture.token(header: #"{"alg":"ES256","kid":"ec-9"}"#, key: TokenFixture.p256)
        #expect(verifier.error(token) == .unknownKey)
        try await eventually("the new key") { verifier.error(token) == nil }
        // The key that the issuer took out has stopped working.
        #expect(verifier.error(try TokenFixture.token()) == .unknownKey)
        source.stop()
    }

    @Test func `a storm of unknown keys does not become a storm of fetches`() async throws {
        let issuer = Issuer(.success(try document("rsa-1", TokenFixture.rsa)))
        let source = source(issuer)
        try await eventually("a key set") { source.keys.snapshot().set != nil }
        let clock = ContinuousClock()
        let begin = clock.now
        for _ in 0..<20_000 { source.keys.keyWasUnknown() }
        try await eventually("a second fetch") { issuer.askedCount >= 2 }
        let intervals = (clock.now - begin) / .milliseconds(20)
        #expect(Double(issuer.askedCount) <= intervals + 3)
        source.stop()
    }

    @Test func `an answer that is no key set keeps the keys we have`() async throws {
        let issuer = Issuer(.success(try document("rsa-1", TokenFixture.rsa)))
        let source = source(issuer)
        try await eventually("a key set") { source.keys.snapshot().set != nil }
        issuer.answers(.success(Array("<html>gateway error</html>".utf8)))
        source.keys.keyWasUnknown()
        try await eventually("a failed fetch") { heard.has { if case .fetchFailed = $0 { true } else { false } } }
        #expect(source.keys.snapshot().set?.keys.map(\.keyID) == ["rsa-1"])
        source.stop()
    }

    @Test(arguments: [
        "", "{", #"{"version":2,"issuer":"ISS","fetchedAt":"2026-01-01T00:00:00Z","keys":KEYS}"#,
        #"{"version":1,"issuer":"https://other","fetchedAt":"2026-01-01T00:00:00Z","keys":KEYS}"#,
        #"{"version":1,"issuer":"ISS","fetchedAt":"2026-01-01T00:00:00Z","keys":[]}"#,
    ])
    func `a copy that is damaged, newer or of another issuer is not used`(_ template: String) async throws {
        let keys = try JSONValue.parse(try document("rsa-1", TokenFixture.rsa))["keys"]?.text() ?? ""
        let parts = template.split(separator: "KEYS", omittingEmptySubsequences: false)
        let text = parts.joined(separator: keys)
        try folder.write(
            "jwks.json",
            text: text.split(separator: "ISS", omittingEmptySubsequences: false).joined(separator: TokenFixture.issuer))
        let source = source(away)
        try await eventually("a refused copy") { heard.has { if case .copyRefused = $0 { true } else { false } } }
        #expect(source.keys.snapshot().set == nil)
        source.stop()
    }
}

private final class Heard: Sendable {
    let events = Mutex<[KeySetEvent]>([])
    func has(_ isWanted: (KeySetEvent) -> Bool) -> Bool { events.withLock { $0 }.contains(where: isWanted) }
}
