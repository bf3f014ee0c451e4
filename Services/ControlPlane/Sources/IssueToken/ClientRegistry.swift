import Bytes
package import Crypto
import Synchronization

/// The clients that may log in: one per stream of the plane.
///
/// Only digests of the secrets are kept. Comparing digests takes the same time whatever was sent, and an unknown client is
/// compared with a digest that nothing has, so time tells nobody which clients exist.
package final class ClientRegistry: Sendable {
    private let digests: Mutex<[String: [UInt8]]>
    /// Compared with when there is no such client: random, so that no secret fits.
    private let nobody: [UInt8]

    /// A registry without clients.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package init() throws(CryptoError) {
        digests = Mutex([:])
        nobody = try SecureRandom.bytes(SHA256.byteCount)
    }

    /// Longest client id and secret that are looked at, in bytes.
    package static let byteLimit = 1024

    /// What is kept of a secret.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package static func digest(_ secret: [UInt8]) throws(CryptoError) -> [UInt8] { try SHA256.hash(secret) }

    /// Puts these clients in place of the ones before.
    package func replace(_ clients: [String: [UInt8]]) { digests.withLock { $0 = clients } }

    /// Number of clients.
    package var count: Int { digests.withLock { $0.count } }

    /// The digest kept for a client, to carry it over when its secret cannot be read just now.
    package func digest(of clientID: String) -> [UInt8]? { digests.withLock { $0[clientID] } }

    /// Who it is that sent these credentials, or nil.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func authenticate(_ credentials: TokenRequest.Credentials) throws(CryptoError) -> String? {
        var found: String?
        for clientID in credentials.clientIDs.prefix(2) {
            let known = digests.withLock { $0[clientID] }
            let expected = known ?? nobody
            for secret in credentials.secrets.prefix(2) {
                guard clientID.utf8.count <= Self.byteLimit, secret.count <= Self.byteLimit else { continue }
                let isRight = constantTimeEqual(try Self.digest(secret), expected)
                if isRight, known != nil { found = clientID }
            }
        }
        return found
    }
}
