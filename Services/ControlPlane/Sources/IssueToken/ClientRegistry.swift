import Bytes
package import Crypto
import Synchronization
package import Time

/// A client that has a secret.
package struct SecretClient: Sendable, Equatable {
    /// Its id.
    package let id: String
    /// What is kept of its secret.
    package let digest: [UInt8]
    /// The data plane that it belongs to, in realm `installations`.
    package let installationID: String?
    /// When it was made; nil when that does not matter.
    package let made: Timestamp?

    /// A client with the digest of its secret.
    package init(id: String, digest: [UInt8], installationID: String? = nil, made: Timestamp? = nil) {
        self.id = id
        self.digest = digest
        self.installationID = installationID
        self.made = made
    }

    /// What is kept of a secret.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package static func digest(_ secret: [UInt8]) throws(CryptoError) -> [UInt8] { try SHA256.hash(secret) }
}

/// The clients of a realm that may log in.
///
/// Those of the plane folder are put here; those that were made through the API are looked up in the control plane's state when
/// they come. A client id is made once, so it is in one of the two. Only digests of the secrets are kept. Comparing digests takes
/// the same time whatever was sent, and an unknown client is compared with a digest that nothing has, so time tells nobody which
/// clients exist.
package final class ClientRegistry: Sendable {
    private let folder: Mutex<[String: SecretClient]>
    private let stored: @Sendable (_ clientID: String) throws -> SecretClient?
    /// Compared with when there is no such client: random, so that no secret fits.
    private let nobody: [UInt8]

    /// A registry without clients of the folder.
    ///
    /// - Parameter stored: Looks a client up in the state. Called for every login; must not wait.
    /// - Throws: `CryptoError` when there is no randomness.
    package init(
        stored: @escaping @Sendable (_ clientID: String) throws -> SecretClient? = { _ in nil }
    ) throws(CryptoError) {
        folder = Mutex([:])
        self.stored = stored
        nobody = try SecureRandom.bytes(SHA256.byteCount)
    }

    /// Longest client id and secret that are looked at, in bytes.
    package static let byteLimit = 1024

    /// Puts these clients in place of those that the folder had before.
    package func replace(_ clients: [SecretClient]) {
        let table = Dictionary(clients.map { ($0.id, $0) }) { _, last in last }
        folder.withLock { $0 = table }
    }

    /// A client of the folder, to carry it over when its secret cannot be read just now.
    package subscript(_ clientID: String) -> SecretClient? { folder.withLock { $0[clientID] } }

    /// Who it is that sent these credentials, or nil.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails; what the look-up in the state throws.
    package func authenticate(_ credentials: TokenRequest.Credentials) throws -> SecretClient? {
        var found: SecretClient?
        for clientID in credentials.clientIDs.prefix(2) where clientID.utf8.count <= Self.byteLimit {
            let known = try self[clientID] ?? stored(clientID)
            let expected = known?.digest ?? nobody
            for secret in credentials.secrets.prefix(2) where secret.count <= Self.byteLimit {
                let isRight = constantTimeEqual(try SecretClient.digest(secret), expected)
                if isRight, known != nil { found = known }
            }
        }
        return found
    }
}

extension ClientRegistry {
    /// The clients of realm `streams`: those that the API made, and those of the folder once they are put here.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package static func streams(_ state: StateStore) throws(CryptoError) -> ClientRegistry {
        try ClientRegistry { clientID in
            try state.read { view throws(CallError) in
                try view.digest(ofStreamClient: clientID).map {
                    SecretClient(id: clientID, digest: $0.digest, made: $0.created)
                }
            }
        }
    }

    /// The clients of realm `installations`.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package static func installations(_ state: StateStore) throws(CryptoError) -> ClientRegistry {
        try ClientRegistry { clientID in
            try state.read { view throws(CallError) in
                try view.digest(ofInstallationClient: clientID).map {
                    SecretClient(id: clientID, digest: $0.digest, installationID: $0.installationID)
                }
            }
        }
    }
}
