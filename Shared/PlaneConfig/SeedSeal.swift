internal import Bytes
package import Crypto

/// Seals mask seeds for the copy on disk: who has a seed can try values until the hash fits.
package final class SeedSeal: Sendable {
    private let cipher: AESGCM

    /// - Parameter keyEncryptionKey: The plane's.
    /// - Throws: `CryptoError` when OpenSSL fails.
    package init(keyEncryptionKey: borrowing SecretBytes) throws(CryptoError) {
        cipher = try AESGCM(
            key: HKDF.derive(
                from: keyEncryptionKey, salt: [], info: Array("polder last good plane v1".utf8),
                count: AESGCM.keyByteCount))
    }

    /// The sealed seed of a stream, as text.
    func seal(_ seed: String, of stream: String) throws(PlaneConfigError) -> String {
        do throws(CryptoError) {
            return Base64.encode(try cipher.seal(Array(seed.utf8), authenticating: Array(stream.utf8)))
        } catch {
            throw .state("a mask seed could not be sealed")
        }
    }

    /// The seed; nil when it was sealed for another stream, or with another key.
    func open(_ sealed: String, of stream: String) -> String? {
        guard let bytes = Base64.decode(sealed) else { return nil }
        do throws(CryptoError) {
            return String(decoding: try cipher.open(bytes, authenticating: Array(stream.utf8)), as: UTF8.self)
        } catch {
            return nil
        }
    }
}
