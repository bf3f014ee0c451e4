import Bytes
import Crypto
import JSON
import Time
import Tokens

/// An issuer under the test's control: it signs whatever the test wants, right or wrong.
struct TokenFixture {
    static let issuer = "https://localhost:8543/auth/realms/streams"
    static let start = Timestamp(seconds: 1_767_225_600)
    static let rsa = try! SigningKey.generate(.rs256)  // a test without a key has nothing to say
    static let p256 = try! SigningKey.generate(.es256)

    let shared = SharedKeySet()

    /// The issuer's set holds `rsa-1` and `ec-1`.
    init() throws {
        shared.replace(
            KeySet(keys: [
                KeySet.Key(keyID: "rsa-1", key: try Self.rsa.verifyingKey()),
                KeySet.Key(keyID: "ec-1", key: try Self.p256.verifyingKey()),
            ]))
    }

    func verifier(capacity: Int = 64) -> TokenVerifier {
        TokenVerifier(issuer: Self.issuer, keys: shared, capacity: capacity)
    }

    static func claims(_ changes: [String: JSONValue?] = [:]) -> JSONValue {
        var object: JSONObject = [
            "iss": .string(issuer), "exp": JSONValue(start.seconds + 3600), "iat": JSONValue(start.seconds),
            "nbf": JSONValue(start.seconds), "clientId": "stream-abc", "azp": "stream-abc",
        ]
        for (name, value) in changes { object[name] = value }
        return .object(object)
    }

    static func token(
        header: String = #"{"alg":"RS256","typ":"JWT","kid":"rsa-1"}"#, _ claims: JSONValue = claims(),
        key: SigningKey = rsa
    ) throws -> String {
        let signed = Base64.encode(Array(header.utf8), .url) + "." + Base64.encode(claims.bytes(), .url)
        return signed + "." + Base64.encode(try key.sign(Array(signed.utf8)), .url)
    }
}

extension TokenVerifier {
    func verify(_ token: String, at now: Timestamp = TokenFixture.start) throws(TokenError) -> VerifiedToken {
        let bytes = Array(token.utf8)
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(TokenError) in try self.verify(token: raw, now: now) }
        }
        return try result.get()
    }

    func error(_ token: String, at now: Timestamp = TokenFixture.start) -> TokenError? {
        do {
            _ = try verify(token, at: now)
            return nil
        } catch {
            return error
        }
    }
}
