package import Crypto
import System

/// The secrets of a plane's state folder, `secrets/kek` and `secrets/subject-hash.key`, and the store that needs them.
///
/// They are made on the first start only. Once `keys/keys.db` exists, a missing one has been lost: a new one would make every
/// stored key unreadable, and would look like success. For the same reason a lost `keys/keys.db` is not made anew while topics
/// hold events.
package enum PlaneSecrets {
    /// The key store's path.
    package static func vault(_ state: String) -> String { "\(state)/keys/keys.db" }

    /// The key-encryption key.
    ///
    /// - Parameters:
    ///   - provisioned: The file that somebody else provides; it is never made.
    ///   - creating: Makes the state folder's own on the first start.
    /// - Throws: `.unusableSecret` when it is missing or not usable, `.file` when the disk fails.
    package static func keyEncryptionKey(
        _ state: String, provisioned: String?, creating: Bool
    ) throws(KeyVaultError) -> SecretBytes {
        guard let provisioned else { return try load("kek", state, creating: creating) }
        return try existing(provisioned, else: "missing; put the plane's key-encryption key there")
    }

    /// The key of the hash under which people are found.
    ///
    /// - Parameter creating: Makes it on the first start.
    /// - Throws: as `keyEncryptionKey`.
    package static func hashKey(_ state: String, creating: Bool) throws(KeyVaultError) -> SecretBytes {
        try load("subject-hash.key", state, creating: creating)
    }

    private static func load(_ name: String, _ state: String, creating: Bool) throws(KeyVaultError) -> SecretBytes {
        let path = "\(state)/secrets/\(name)"
        let isFirstStart: Bool
        let hasEvents: Bool
        do throws(SystemError) {
            // The control plane seals secrets with the same key.
            let isControlled = name == "kek" ? try File.status("\(state)/control/state.db") != nil : false
            isFirstStart = try File.status(vault(state)) == nil && !isControlled
            hasEvents = try holdsEvents("\(state)/topics")
            if isFirstStart, !hasEvents, creating { try Directory.create("\(state)/secrets", mode: 0o700) }
        } catch {
            throw .file(error)
        }
        if isFirstStart, hasEvents, creating {
            throw .unusableSecret(
                path: vault(state),
                reason: "is missing, and without it nobody can read the events in \(state)/topics; restore it from a "
                    + "backup, or move that folder away to begin without them")
        }
        if isFirstStart, creating { return try SecretFile.load(path, creating: true) }
        return try existing(
            path,
            else: isFirstStart
                ? "missing; the event gateway makes it on its first start"
                : "missing; restore it from a backup: without it nothing in \(vault(state)) can be read")
    }

    /// Whether anything was ever appended to a stream's topic. Others than the gateway make empty topics, and count.
    private static func holdsEvents(_ topics: String) throws(SystemError) -> Bool {
        if try File.status(topics) == nil { return false }
        for name in try Directory.list(topics) where name.hasPrefix("stream-") {
            if try File.status("\(topics)/\(name)/log.db") != nil { return true }
        }
        return false
    }

    private static func existing(_ path: String, else reason: String) throws(KeyVaultError) -> SecretBytes {
        do throws(KeyVaultError) {
            return try SecretFile.load(path, creating: false)
        } catch {
            guard case .file(let cause) = error, cause.isNotFound else { throw error }
            throw .unusableSecret(path: path, reason: reason)
        }
    }
}
