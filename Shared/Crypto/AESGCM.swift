internal import COpenSSL
internal import Synchronization

/// AES-256-GCM (NIST SP 800-38D) for small secrets at rest: with associated data, and a random nonce that nobody chooses.
///
///     sealed = 0x01 | nonce(12) | ciphertext(n) | tag(16)
///
/// Random nonces are safe for 2^32 values under one key.
///
/// - Isolation: any thread.
package final class AESGCM: Sendable {
    /// Length of a key, bytes.
    package static let keyByteCount = 32
    /// Bytes that sealing adds.
    package static let overhead = 1 + nonceCount + tagCount

    private static let version: UInt8 = 1
    private static let nonceCount = 12
    private static let tagCount = 16

    private let key: Mutex<SecretBytes>

    /// - Parameter key: 32 bytes. Taken over, and wiped with this object.
    /// - Throws: `.wrongLength` for another length.
    package init(key: consuming sending SecretBytes) throws(CryptoError) {
        guard key.count == Self.keyByteCount else { throw .wrongLength(operation: "AES-256-GCM", bytes: key.count) }
        self.key = Mutex(key)
    }

    /// Seals `plain`; `context` is not part of the result and has to be given again to open it.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func seal(_ plain: [UInt8], authenticating context: [UInt8]) throws(CryptoError) -> [UInt8] {
        let nonce = try SecureRandom.bytes(Self.nonceCount)
        let cipher = try begin(nonce, context, isSealing: true)
        var sealed = [UInt8](repeating: 0, count: plain.count)
        var tag = [UInt8](repeating: 0, count: Self.tagCount)
        var count: Int32 = 0
        try check(EVP_CipherUpdate(cipher.pointer, &sealed, &count, plain, Int32(plain.count)), "EVP_CipherUpdate")
        var nothing = [UInt8](repeating: 0, count: 16)
        try check(EVP_CipherFinal_ex(cipher.pointer, &nothing, &count), "EVP_CipherFinal_ex")
        let taken = EVP_CIPHER_CTX_ctrl(cipher.pointer, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagCount), &tag)
        try check(taken, "EVP_CTRL_AEAD_GET_TAG")
        return [Self.version] + nonce + sealed + tag
    }

    /// Opens what `seal` made.
    ///
    /// - Throws: `.unwrapRefused` when it is not genuine, or was sealed with another key or context.
    package func open(_ sealed: [UInt8], authenticating context: [UInt8]) throws(CryptoError) -> [UInt8] {
        guard sealed.count >= Self.overhead, sealed[0] == Self.version else { throw .unwrapRefused }
        let cipher = try begin(Array(sealed[1...Self.nonceCount]), context, isSealing: false)
        let body = Array(sealed[(1 + Self.nonceCount)...].dropLast(Self.tagCount))
        var tag = Array(sealed.suffix(Self.tagCount))
        var plain = [UInt8](repeating: 0, count: body.count)
        var count: Int32 = 0
        try check(EVP_CipherUpdate(cipher.pointer, &plain, &count, body, Int32(body.count)), "EVP_CipherUpdate")
        let given = EVP_CIPHER_CTX_ctrl(cipher.pointer, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagCount), &tag)
        try check(given, "EVP_CTRL_AEAD_SET_TAG")
        var nothing = [UInt8](repeating: 0, count: 16)
        guard answered(EVP_CipherFinal_ex(cipher.pointer, &nothing, &count)) else {
            plain.withUnsafeMutableBytes { wipe($0) }
            throw .unwrapRefused
        }
        return plain
    }

    private func begin(
        _ nonce: [UInt8], _ context: [UInt8], isSealing: Bool
    ) throws(CryptoError) -> GCMContext {
        let cipher = GCMContext(owning: try check(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new"))
        let ready = key.withLock { key in
            key.withBytes { bytes in
                EVP_CipherInit_ex(
                    cipher.pointer, EVP_aes_256_gcm(), nil, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self),
                    nonce, isSealing ? 1 : 0)
            }
        }
        try check(ready, "EVP_CipherInit_ex")
        var count: Int32 = 0
        let added = EVP_CipherUpdate(cipher.pointer, nil, &count, context, Int32(context.count))
        try check(added, "EVP_CipherUpdate")
        return cipher
    }
}

/// An EVP context, freed (and with it its key schedule wiped) at the end of the scope.
private struct GCMContext: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    deinit { EVP_CIPHER_CTX_free(pointer) }
}
