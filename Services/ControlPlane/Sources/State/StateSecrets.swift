import Bytes
package import Crypto

/// Seals the secrets in the state, and opens them again, under a key that is derived from the plane's key-encryption key.
///
/// Each is bound to its row: a sealed secret that was copied to another row does not open there.
package final class StateSecrets: Sendable {
    private let cipher: AESGCM
    private let pseudonymKey: SecretBytes

    /// - Throws: `CryptoError` when OpenSSL fails.
    package init(keyEncryptionKey: borrowing SecretBytes) throws(CryptoError) {
        cipher = try AESGCM(
            key: HKDF.derive(
                from: keyEncryptionKey, salt: [], info: Array("polder control-plane state v1".utf8),
                count: AESGCM.keyByteCount))
        pseudonymKey = try HKDF.derive(
            from: keyEncryptionKey, salt: [], info: Array("polder control-plane pseudonyms v1".utf8),
            count: SHA256.byteCount)
    }

    /// Seals a secret for one row: `credentials/stream-…`.
    func seal(_ secret: String, for row: String) throws(CallError) -> [UInt8] {
        do throws(CryptoError) {
            return try cipher.seal(Array(secret.utf8), authenticating: Array(row.utf8))
        } catch {
            throw .damaged("a secret could not be sealed")
        }
    }

    /// Opens what was sealed for this row.
    ///
    /// - Throws: `.damaged` when it was sealed for another row, with another key, or is not what was written.
    func open(_ sealed: [UInt8], for row: String) throws(CallError) -> String {
        do throws(CryptoError) {
            return String(decoding: try cipher.open(sealed, authenticating: Array(row.utf8)), as: UTF8.self)
        } catch {
            throw .damaged("the secret of \(row) cannot be opened with this key-encryption key")
        }
    }

    /// What stands for a person in the state: whoever knows the name and has the key finds it again, and nobody can tell from it who
    /// that is.
    func pseudonym(of name: String) throws(CallError) -> [UInt8] {
        do throws(CryptoError) {
            return try HMACSHA256.code(for: Array(name.utf8), key: pseudonymKey)
        } catch {
            throw .damaged("HMAC failed")
        }
    }

    /// What is kept of a secret to compare with.
    static func digest(_ secret: String) throws(CallError) -> [UInt8] {
        do throws(CryptoError) { return try SHA256.hash(Array(secret.utf8)) } catch { throw .damaged("SHA-256 failed") }
    }

    /// A secret that nobody can guess and that public drivers can put into a form without encoding: 30 letters and digits.
    static func newSecret() throws(CallError) -> String {
        try randomText(30, of: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }

    /// A name that nobody has yet: the prefix and 30 lower-case letters and digits.
    static func newClientID(_ prefix: String) throws(CallError) -> String {
        prefix + (try randomText(30, of: "abcdefghijklmnopqrstuvwxyz0123456789"))
    }

    /// A random UUID.
    static func newID() -> String {
        var generator = SystemRandomNumberGenerator()
        return UUIDv4(using: &generator).description
    }

    /// Characters of an alphabet without bias: bytes beyond the largest multiple of its length are drawn again.
    private static func randomText(_ count: Int, of alphabet: String) throws(CallError) -> String {
        let letters = Array(alphabet.utf8)
        let limit = 256 / letters.count * letters.count
        var text: [UInt8] = []
        while text.count < count {
            let bytes: [UInt8]
            do throws(CryptoError) { bytes = try SecureRandom.bytes(2 * count) } catch {
                throw .damaged("there is no randomness")
            }
            text += bytes.filter { Int($0) < limit }.map { letters[Int($0) % letters.count] }
        }
        return String(decoding: text.prefix(count), as: UTF8.self)
    }
}
