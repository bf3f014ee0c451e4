import Bytes
package import Crypto
import Synchronization

/// The clients of streams that may log in: those of the plane folder, which are kept here, and those of the state.
///
/// Only digests of the secrets are kept. The state is asked each time: a client can log in from the moment in which it was made,
/// and no longer when it is gone. Comparing digests takes the same time whatever was sent, and an unknown client is
/// compared with a digest that nothing has, so time tells nobody which clients exist.
package final class ClientRegistry: Sendable {
    private let digests: Mutex<[String: [UInt8]]>
    private let state: StateStore?
    /// Compared with when there is no such client: random, so that no secret fits.
    private let nobody: [UInt8]

    /// A registry of the clients of the state, when there is one, and none of the folder yet.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package init(state: StateStore? = nil) throws(CryptoError) {
        self.state = state
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

    /// Number of clients of the folder.
    package var count: Int { digests.withLock { $0.count } }

    /// The digest kept for a client, to carry it over when its secret cannot be read just now.
    package func digest(of clientID: String) -> [UInt8]? { digests.withLock { $0[clientID] } }

    /// Who it is that sent these credentials, or nil.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails, `CallError` when the state cannot be read.
    package func authenticate(_ credentials: TokenRequest.Credentials) throws -> String? {
        var found: String?
        for clientID in credentials.clientIDs.prefix(2) {
            let known = try digests.withLock({ $0[clientID] }) ?? stateDigest(of: clientID)
            let expected = known ?? nobody
            for secret in credentials.secrets.prefix(2) {
                guard clientID.utf8.count <= Self.byteLimit, secret.count <= Self.byteLimit else { continue }
                let isRight = constantTimeEqual(try Self.digest(secret), expected)
                if isRight, known != nil { found = clientID }
            }
        }
        return found
    }

    private func stateDigest(of clientID: String) throws(CallError) -> [UInt8]? {
        try state?.read { view throws(CallError) in try view.digest(ofStreamClient: clientID) }
    }
}
