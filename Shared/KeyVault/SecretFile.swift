package import Crypto
import System

/// Secrets that live in a file of exactly 32 random bytes: the key-encryption key and the plane hash key.
package enum SecretFile {
    /// Length of a secret, bytes.
    package static let byteCount = 32

    /// Reads the secret.
    ///
    /// - Parameter creating: Makes a missing file, readable by its owner only; of several processes that try, one wins
    ///   and the others read what it wrote. Leave it off where the secret is provisioned.
    /// - Throws: `.file` when it is missing or unreadable, `.unusableSecret` when it has another length or everybody may
    ///   read it.
    package static func load(_ path: String, creating: Bool) throws(KeyVaultError) -> SecretBytes {
        if creating, try attempt({ () throws(SystemError) in try File.status(path) }) == nil {
            var fresh = randomBytes(byteCount)
            defer { fresh.withUnsafeMutableBytes { wipe($0) } }
            _ = try attempt { () throws(SystemError) in try File.createExclusively(path, fresh, mode: 0o600) }
        }
        var bytes = try attempt { () throws(SystemError) in try File.read(path, limit: 4096) }
        let secret = SecretBytes(taking: &bytes)
        guard secret.count == byteCount else {
            throw .unusableSecret(path: path, reason: "must hold exactly \(byteCount) bytes")
        }
        let status = try attempt { () throws(SystemError) in try File.status(path) }
        guard let status, status.mode & 0o007 == 0 else {
            throw .unusableSecret(path: path, reason: "everybody may read it; chmod 600 it")
        }
        return secret
    }

    private static func attempt<Result>(
        _ body: () throws(SystemError) -> Result
    ) throws(KeyVaultError) -> Result {
        do throws(SystemError) { return try body() } catch { throw .file(error) }
    }
}
