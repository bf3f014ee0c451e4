import Crypto
import System
import TestKit
import Time
import Tokens

/// Microseconds of CPU to verify a token that the verifier has not seen before: parsing, signature, claims.
func unseenTokenMicroseconds(_ algorithm: SignatureAlgorithm) throws -> Double {
    let folder = try TemporaryFolder()
    let now = SystemClock().now()
    let store = try SigningKeyStore(
        folder: folder.file("keys"), algorithm: algorithm,
        schedule: SigningKeySchedule(rotateAfter: .days(30), publishAhead: .zero, keepAfterUse: .days(1)),
        now: now)
    let issuer = TokenIssuer(issuer: "https://localhost:8543/auth/realms/streams", keys: store, lifetime: .hours(1))
    let verifier = TokenVerifier(issuer: issuer.issuer, keys: store.published, capacity: 16)
    let tokens = try (0..<256).map { _ in Array(try issuer.issue(clientID: "bench", now: now).text.utf8) }
    var refused = 0
    var next = 0
    let nanoseconds = nanosecondsPerCall { count in
        for _ in 0..<count {
            next += 1
            // 256 tokens in rotation and room for 16: each has been forgotten when it comes again.
            tokens[next & 255].withUnsafeBytes { token in
                do throws(TokenError) {
                    consume(try verifier.verify(token: token, now: now).clientIDBytes.count)
                } catch {
                    refused += 1
                }
            }
        }
    }
    precondition(refused == 0 && verifier.hitCount == 0, "every token is good, and new")
    return nanoseconds / 1000
}
