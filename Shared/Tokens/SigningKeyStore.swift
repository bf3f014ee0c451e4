// The private keys of an issuer, one file each:
//
//   <folder>/<made>-<kid>.pem     PKCS #8, mode 0600; `made` is milliseconds since 1970, `kid` the RFC 7638 thumbprint
//
// The name says all that the schedule needs. Files are created whole or not at all, so a crash leaves no half key; a file
// that cannot be read as a key stops the start, because signing with another one would silently cut off every client.

package import Crypto
import Synchronization
import System
package import Time

/// A file of the store that holds no usable key.
package struct UnusableSigningKey: Error, CustomStringConvertible {
    /// The file.
    package let path: String
    /// Why: a few words, never anything of its content.
    package let reason: String

    /// With what to do about it.
    package var description: String {
        "\(path) is not a signing key (\(reason)): restore it from a backup, or remove it; "
            + "tokens that it signed are refused then, and their clients log in again"
    }
}

/// Holds and rotates the keys of an issuer; survives restarts.
package final class SigningKeyStore: Sendable {
    /// One key of the store.
    package struct Key: Sendable {
        /// Name in the key set.
        package let keyID: String
        /// When it was made.
        package let made: Timestamp
        /// The private key.
        package let key: SigningKey
    }

    /// What one look at the clock changed.
    package struct Change: Sendable, Equatable {
        /// Names of keys that were made.
        package var made: [String] = []
        /// Names of keys that were thrown away.
        package var removed: [String] = []
    }

    private let folder: String
    private let schedule: SigningKeySchedule
    private let algorithm: SignatureAlgorithm
    private let keys: Mutex<[Key]>
    /// The public halves, as verifiers see them; replaced by `turn`.
    package let published = SharedKeySet()

    /// Opens the store and makes the first key when there is none. Blocks on the disk, and on making a key (up to a second).
    ///
    /// - Throws: `UnusableSigningKey` when a file is not a key; `SystemError` or `CryptoError` when the folder cannot be used.
    package init(
        folder: String, algorithm: SignatureAlgorithm, schedule: SigningKeySchedule, now: Timestamp
    ) throws {
        self.folder = folder
        self.algorithm = algorithm
        self.schedule = schedule
        try Directory.create(folder, mode: 0o700)
        let found = try Self.load(folder)
        keys = Mutex(found)
        try publish(found)
        do {
            try turn(now: now)
        } catch {
            // With a key at hand a full disk is no reason not to start; the next `turn` tells.
            if found.isEmpty { throw error }
        }
    }

    /// The key that signs now.
    package func signingKey(now: Timestamp) -> Key {
        let keys = keys.withLock { $0 }
        guard let index = schedule.signingIndex(made: keys.map(\.made), now: now) else {
            preconditionFailure("a store holds a key from init on")
        }
        return keys[index]
    }

    /// Does what the schedule asks for at `now`. Call it every minute or so, from one thread; blocks like `init`.
    ///
    /// - Throws: `SystemError`, `CryptoError`; the keys stay as they were.
    @discardableResult
    package func turn(now: Timestamp) throws -> Change {
        var change = Change()
        var current = keys.withLock { $0 }
        if schedule.needsKey(made: current.map(\.made), now: now) {
            let key = try make(now)
            current.append(key)
            change.made.append(key.keyID)
        }
        // Descending, so that indices stay right while we remove.
        for index in schedule.removable(made: current.map(\.made), now: now).sorted(by: >) {
            let old = current.remove(at: index)
            try File.remove(Self.path(folder, old.made, old.keyID))
            change.removed.append(old.keyID)
        }
        keys.withLock { $0 = current }
        try publish(current)
        return change
    }

    private func publish(_ keys: [Key]) throws {
        published.replace(
            KeySet(keys: try keys.map { KeySet.Key(keyID: $0.keyID, key: try $0.key.verifyingKey()) }))
    }

    private func make(_ now: Timestamp) throws -> Key {
        let key = try SigningKey.generate(algorithm)
        let keyID = try KeySet.thumbprint(key.publicComponents)
        let pem = try key.privatePEM()
        var bytes = pem.withBytes { Array($0) }
        defer { bytes.withUnsafeMutableBytes { wipe($0) } }
        _ = try File.createExclusively(Self.path(folder, now, keyID), bytes, mode: 0o600)
        return Key(keyID: keyID, made: now, key: key)
    }

    private static func path(_ folder: String, _ made: Timestamp, _ keyID: String) -> String {
        "\(folder)/\(made.milliseconds)-\(keyID).pem"
    }

    private static func load(_ folder: String) throws -> [Key] {
        var keys: [Key] = []
        for name in try Directory.list(folder) where name.hasSuffix(".pem") {
            guard let dash = name.firstIndex(of: "-"), let made = Int64(name[..<dash]) else { continue }
            let keyID = String(name[name.index(after: dash)...].dropLast(".pem".count))
            let key = try key(at: "\(folder)/\(name)")
            keys.append(Key(keyID: keyID, made: Timestamp(milliseconds: made), key: key))
        }
        return keys.sorted { $0.made < $1.made }
    }

    private static func key(at path: String) throws -> SigningKey {
        do {
            var bytes = try File.read(path, limit: 64 * 1024)
            return try SigningKey(pem: SecretBytes(taking: &bytes))
        } catch let error as SystemError {
            throw UnusableSigningKey(path: path, reason: error.description)
        } catch {
            throw UnusableSigningKey(path: path, reason: "it holds no private key")
        }
    }
}
