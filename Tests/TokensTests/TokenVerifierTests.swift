import Bytes
import Crypto
import Faults
import JSON
import Synchronization
import TestKit
import Testing
import Time
import Tokens

@Suite struct TokenVerifierTests {
    private let fixture: TokenFixture
    private let verifier: TokenVerifier

    init() throws {
        fixture = try TokenFixture()
        verifier = fixture.verifier()
    }

    @Test func `a good token of either algorithm is accepted`() throws {
        let rsa = try verifier.verify(TokenFixture.token())
        #expect(rsa.clientID == "stream-abc")
        #expect(rsa.clientIDBytes == Array("stream-abc".utf8))
        #expect(rsa.expiresAt == TokenFixture.start + .hours(1))
        let ec = try TokenFixture.token(header: #"{"alg":"ES256","kid":"ec-1"}"#, key: TokenFixture.p256)
        #expect(try verifier.verify(ec).clientID == "stream-abc")
    }

    // MARK: the list of malformed tokens

    @Test(arguments: [
        "none", "None", "NONE", "", "HS256", "HS384", "HS512", "RS384", "PS256", "ES384", "EdDSA", "rs256",
    ])
    func `every algorithm but RS256 and ES256 is refused`(_ name: String) throws {
        let token = try TokenFixture.token(header: #"{"alg":"\#(name)","kid":"rsa-1"}"#)
        #expect(verifier.error(token) == .algorithmNotAllowed)
    }

    @Test func `alg none with an empty signature is refused`() throws {
        let signed =
            Base64.encode(Array(#"{"alg":"none","kid":"rsa-1"}"#.utf8), .url) + "."
            + Base64.encode(TokenFixture.claims().bytes(), .url)
        #expect(verifier.error(signed + ".") == .algorithmNotAllowed)
    }

    @Test func `a token signed with HMAC under the public key is refused`() async throws {
        guard case .rsa(let modulus, let exponent) = TokenFixture.rsa.publicComponents else { return }
        // The confusion attack of CVE-2016-5431 and friends; made by a stranger in all the forms the key can be taken as.
        let script = """
            import sys, hmac, hashlib, base64, json
            from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
            from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
            n, e, claims = int(sys.argv[1], 16), int(sys.argv[2], 16), sys.argv[3]
            key = RSAPublicNumbers(e, n).public_key()
            b64 = lambda b: base64.urlsafe_b64encode(b).rstrip(b'=')
            for secret in (key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
                           key.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
                           key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), bytes.fromhex(sys.argv[1])):
                for alg in ('HS256', 'RS256'):
                    signed = b64(json.dumps({'alg': alg, 'kid': 'rsa-1'}).encode()) + b'.' + b64(claims.encode())
                    print((signed + b'.' + b64(hmac.new(secret, signed, hashlib.sha256).digest())).decode())
            """
        let tokens = try await Strangers.runPython(
            script, [Hex.encode(modulus), Hex.encode(exponent), TokenFixture.claims().text()]
        ).output.split(separator: "\n")
        #expect(tokens.count == 8)
        for (index, token) in tokens.enumerated() {
            #expect(verifier.error(String(token)) == (index % 2 == 0 ? .algorithmNotAllowed : .badSignature))
        }
    }

    @Test func `a token that names a key of the other kind is refused`() throws {
        let token = try TokenFixture.token(header: #"{"alg":"ES256","kid":"rsa-1"}"#, key: TokenFixture.p256)
        #expect(verifier.error(token) == .unknownKey)
        let other = try TokenFixture.token(header: #"{"alg":"RS256","kid":"ec-1"}"#)
        #expect(verifier.error(other) == .unknownKey)
    }

    @Test func `a wrong issuer is refused, even one that only looks alike`() throws {
        for issuer in [
            "https://localhost:8543/auth/realms/users", "https://localhost:8543/auth/realms/streams/",
            "https://LOCALHOST:8543/auth/realms/streams", "",
        ] {
            let token = try TokenFixture.token(TokenFixture.claims(["iss": .string(issuer)]))
            #expect(verifier.error(token) == .wrongIssuer)
        }
    }

    @Test func `expiry and not-before have thirty seconds of slack`() throws {
        let token = try TokenFixture.token()
        let expiry = TokenFixture.start + .hours(1)
        #expect(verifier.error(token, at: expiry + .milliseconds(29_999)) == nil)
        #expect(verifier.error(token, at: expiry + .seconds(30)) == .expired)
        let fresh = fixture.verifier()
        #expect(fresh.error(token, at: expiry + .seconds(30)) == .expired)
        #expect(fresh.error(token, at: TokenFixture.start - .milliseconds(30_001)) == .notYetValid)
        #expect(fresh.error(token, at: TokenFixture.start - .seconds(30)) == nil)
    }

    @Test func `a token issued in the future is refused`() throws {
        let later = JSONValue(TokenFixture.start.seconds + 31)
        #expect(verifier.error(try TokenFixture.token(TokenFixture.claims(["iat": later]))) == .notYetValid)
        #expect(verifier.error(try TokenFixture.token(TokenFixture.claims(["nbf": later]))) == .notYetValid)
    }

    @Test(arguments: ["exp", "nbf", "iat"])
    func `a time that is not a time is refused`(_ claim: String) throws {
        for value: JSONValue in ["1767229200", -1, true, nil, [1_767_229_200], .number(JSONNumber(1e300)!)] {
            let token = try TokenFixture.token(TokenFixture.claims([claim: value]))
            #expect(verifier.error(token) == .badClaim(claim))
        }
    }

    @Test func `issuer and expiry have to be there, the other times need not`() throws {
        #expect(verifier.error(try TokenFixture.token(TokenFixture.claims(["exp": nil]))) == .badClaim("exp"))
        #expect(verifier.error(try TokenFixture.token(TokenFixture.claims(["iss": nil]))) == .badClaim("iss"))
        #expect(verifier.error(try TokenFixture.token(TokenFixture.claims(["iat": nil, "nbf": nil]))) == nil)
        let fraction: JSONValue = .number(JSONNumber(Double(TokenFixture.start.seconds) + 0.5)!)
        let token = try TokenFixture.token(TokenFixture.claims(["exp": fraction]))
        #expect(try verifier.verify(token).expiresAt == TokenFixture.start + .milliseconds(500))
    }

    @Test func `a token without a client id has its own answer`() throws {
        for value: JSONValue? in [nil, "", 7, ["stream-abc"]] {
            let token = try TokenFixture.token(TokenFixture.claims(["clientId": value]))
            #expect(verifier.error(token) == .noClientID)
        }
        #expect(TokenError.noClientID.text == #"{"error": "Client ID is missing in the provided JWT"}"#)
    }

    @Test func `an unknown or missing key id is refused and asks for new keys`() throws {
        let asked = Asked()
        fixture.shared.onUnknownKey { asked.count.withLock { $0 += 1 } }
        #expect(verifier.error(try TokenFixture.token(header: #"{"alg":"RS256","kid":"rsa-2"}"#)) == .unknownKey)
        #expect(asked.count.withLock { $0 } == 1)
        #expect(verifier.error(try TokenFixture.token(header: #"{"alg":"RS256"}"#)) == .unknownKey)
        #expect(verifier.error(try TokenFixture.token(header: #"{"alg":"RS256","kid":7}"#)) == .badKeyID)
    }

    @Test func `a stripped, cut, swapped or changed signature is refused`() throws {
        let token = try TokenFixture.token()
        let other = try TokenFixture.token(TokenFixture.claims(["clientId": "stream-evil"]))
        let parts = token.split(separator: ".")
        let otherParts = other.split(separator: ".")
        #expect(verifier.error("\(parts[0]).\(parts[1]).") == .badSignature)
        #expect(verifier.error("\(parts[0]).\(parts[1])") == .notThreeParts)
        #expect(verifier.error("\(parts[0]).\(otherParts[1]).\(parts[2])") == .badSignature)
        #expect(verifier.error("\(parts[0]).\(parts[1]).\(parts[2].dropLast(2))") == .badSignature)
        #expect(verifier.error(String(token.dropLast()) + "=") == .notBase64(.signature))
    }

    @Test func `a flipped bit anywhere is never accepted`() throws {
        let token = Array(try TokenFixture.token().utf8)
        _ = try verifier.verify(String(decoding: token, as: UTF8.self))  // the good one sits in the cache
        for index in token.indices {
            var changed = token
            changed[index] ^= 1
            #expect(verifier.error(String(decoding: changed, as: UTF8.self)) != nil, "byte \(index)")
        }
    }

    @Test func `a token of 100 kB is refused before any work`() {
        #expect(verifier.error(String(repeating: "a", count: 100_000)) == .tooLong)
        #expect(verifier.error(String(repeating: ".", count: 100_000)) == .tooLong)
        #expect(verifier.missCount == 0)
    }

    @Test(arguments: ["", ".", "..", "...", "a.b.c.d", "null", "undefined", "a.b.c", " . . ", "eyJ9.eyJ9.eyJ9"])
    func `what is not a token is refused`(_ text: String) { #expect(verifier.error(text) != nil) }

    @Test(arguments: [
        #"{"alg":"RS256","kid":"rsa-1","alg":"none"}"#, #"["RS256"]"#, #""RS256""#, "null", "", "{",
        #"{"alg":"RS256"}x"#,
        "{\"alg\":\"RS256\",\"kid\":\"\u{0}\"}",
    ])
    func `a header that is not strict JSON is refused`(_ header: String) throws {
        #expect(verifier.error(try TokenFixture.token(header: header)) == .notJSON(.header))
    }

    @Test func `a header without algorithm, or with extensions that we do not know, is refused`() throws {
        #expect(verifier.error(try TokenFixture.token(header: #"{"kid":"rsa-1"}"#)) == .noAlgorithm)
        #expect(verifier.error(try TokenFixture.token(header: #"{"alg":["RS256"],"kid":"rsa-1"}"#)) == .noAlgorithm)
        let critical = #"{"alg":"RS256","kid":"rsa-1","crit":["b64"],"b64":false}"#
        #expect(verifier.error(try TokenFixture.token(header: critical)) == .criticalExtension)
    }

    @Test func `a payload with a member twice or 10 000 levels is refused`() throws {
        let deep = String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        for payload in [#"{"iss":"a","iss":"b"}"#, "{\"a\":\(deep)}", "{\"a\":\"\u{1}\"}"] {
            let signed =
                Base64.encode(Array(#"{"alg":"RS256","kid":"rsa-1"}"#.utf8), .url) + "."
                + Base64.encode(Array(payload.utf8), .url)
            let token = signed + "." + Base64.encode(try TokenFixture.rsa.sign(Array(signed.utf8)), .url)
            #expect(verifier.error(token) == .notJSON(.payload))
        }
    }

    @Test(arguments: ["=", "+", "/", "\n", " "])
    func `base64 that is padded, of the other alphabet or with white space is refused`(_ extra: String) throws {
        let parts = try TokenFixture.token().split(separator: ".")
        #expect(verifier.error("\(parts[0])\(extra).\(parts[1]).\(parts[2])") == .notBase64(.header))
        #expect(verifier.error("\(parts[0]).\(parts[1])\(extra).\(parts[2])") == .notBase64(.payload))
        #expect(verifier.error("\(parts[0]).\(parts[1]).\(parts[2])\(extra)") == .notBase64(.signature))
    }

    // MARK: the field

    @Test(arguments: [
        ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER   abc", "abc"), ("Bearer a b", "a b"), ("Bearer ", nil),
        ("Bearer", nil), ("Basic abc", nil), ("", nil), ("Bearerabc", nil), ("Bearer\tabc", nil),
    ])
    func `the token is found in the field`(_ field: String, _ token: String?) {
        let found = Array(field.utf8).withUnsafeBytes { bytes in
            TokenVerifier.bearerToken(in: bytes).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(found == token)
    }

    @Test func `no field is a missing token`() {
        #expect(throws: TokenError.missing) { try verifier.verify(authorization: nil, now: TokenFixture.start) }
    }

    // MARK: the cache

    @Test func `the second look at a token costs no signature`() throws {
        let token = try TokenFixture.token()
        let first = try verifier.verify(token)
        let second = try verifier.verify(token)
        #expect(first === second)
        #expect(verifier.missCount == 1)
        #expect(verifier.hitCount == 1)
    }

    @Test func `expiry is checked on every hit`() throws {
        let token = try TokenFixture.token()
        let verified = try verifier.verify(token)
        #expect(verifier.isStillValid(verified, now: TokenFixture.start))
        let over = TokenFixture.start + .hours(2)
        #expect(verifier.error(token, at: over) == .expired)
        #expect(!verifier.isStillValid(verified, now: over))
        #expect(verifier.hitCount == 1)
    }

    @Test func `a key that was taken out stops working at once, cached or not`() throws {
        let token = try TokenFixture.token()
        let verified = try verifier.verify(token)
        fixture.shared.replace(
            KeySet(keys: [KeySet.Key(keyID: "rsa-2", key: try SigningKey.generate(.rs256).verifyingKey())]))
        #expect(!verifier.isStillValid(verified, now: TokenFixture.start))
        #expect(verifier.error(token) == .unknownKey)
        #expect(verifier.cachedCount == 0)
    }

    @Test func `a key with the same id and other numbers is another key`() throws {
        let token = try TokenFixture.token()
        _ = try verifier.verify(token)
        fixture.shared.replace(
            KeySet(keys: [KeySet.Key(keyID: "rsa-1", key: try SigningKey.generate(.rs256).verifyingKey())]))
        #expect(verifier.error(token) == .badSignature)
    }

    @Test func `a refresh that brings the same keys keeps the cache`() throws {
        _ = try verifier.verify(TokenFixture.token())
        let again = KeySet(keys: [
            KeySet.Key(keyID: "rsa-1", key: try TokenFixture.rsa.verifyingKey()),
            KeySet.Key(keyID: "ec-1", key: try TokenFixture.p256.verifyingKey()),
        ])
        #expect(!fixture.shared.replace(again))
        #expect(verifier.cachedCount == 1)
    }

    @Test func `the cache is bounded and keeps what is used`() throws {
        let small = fixture.verifier(capacity: 4)
        let favourite = try TokenFixture.token(TokenFixture.claims(["jti": "favourite"]))
        _ = try small.verify(favourite)
        for number in 0..<40 {
            _ = try small.verify(try TokenFixture.token(TokenFixture.claims(["jti": JSONValue(number)])))
            _ = try small.verify(favourite)
        }
        #expect(small.cachedCount == 4)
        #expect(small.missCount == 41)
    }

    @Test func `without keys nothing is decided`() throws {
        let blind = TokenVerifier(issuer: TokenFixture.issuer, keys: SharedKeySet())
        let error = try #require(blind.error(try TokenFixture.token()))
        #expect(error == .keysUnavailable)
        #expect(error.blame == .upstream)
    }
}

private final class Asked: Sendable {
    let count = Mutex(0)
}
