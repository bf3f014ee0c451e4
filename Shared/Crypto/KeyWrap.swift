internal import COpenSSL

/// AES-256 key wrap (RFC 3394, NIST SP 800-38F KW): seals keys under a key, with an integrity check and no nonce.
///
/// A wrapped key is 8 bytes longer than the key. The key's length must be a multiple of 8 and at least 16 bytes.
///
/// - Isolation: a value; make one per thread.
package struct KeyWrap: ~Copyable {
    private let wrapping: SecretBytes

    /// - Parameter wrapping: The key-encryption key, 32 bytes. Taken over, and wiped with this value.
    /// - Throws: `.wrongLength` for another length.
    package init(owning wrapping: consuming SecretBytes) throws(CryptoError) {
        guard wrapping.count == 32 else { throw .wrongLength(operation: "AES-256 key wrap", bytes: wrapping.count) }
        self.wrapping = wrapping
    }

    /// Wraps `key`: `key.count + 8` bytes.
    package borrowing func wrap(_ key: borrowing SecretBytes) throws(CryptoError) -> [UInt8] {
        guard key.count >= 16, key.count % 8 == 0 else { throw .wrongLength(operation: "key wrap", bytes: key.count) }
        var result = [UInt8](repeating: 0, count: key.count + 16)
        var written: Int32 = 0
        try key.withBytes { bytes throws(CryptoError) in
            let context = try CipherContext.ready(wrapping, encrypt: true)
            let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
            try check(EVP_CipherUpdate(context.pointer, &result, &written, start, Int32(bytes.count)), "AES key wrap")
        }
        result.removeLast(result.count - Int(written))
        return result
    }

    /// Opens what `wrap` made.
    /// - Throws: `.unwrapRefused` when the integrity check fails; nothing of the key is given out then.
    package borrowing func unwrap(_ wrapped: UnsafeRawBufferPointer) throws(CryptoError) -> SecretBytes {
        guard wrapped.count >= 24, wrapped.count % 8 == 0 else {
            throw .wrongLength(operation: "key unwrap", bytes: wrapped.count)
        }
        var room = SecretBytes(count: wrapped.count + 8)
        let context = try CipherContext.ready(wrapping, encrypt: false)
        var written: Int32 = 0
        let opened = room.withMutableBytes { bytes in
            EVP_CipherUpdate(
                context.pointer, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), &written,
                wrapped.baseAddress!.assumingMemoryBound(to: UInt8.self), Int32(wrapped.count))
        }
        guard answered(opened), Int(written) == wrapped.count - 8 else { throw .unwrapRefused }
        return room.withBytes { SecretBytes(copying: UnsafeRawBufferPointer(rebasing: $0[0..<Int(written)])) }
    }

    /// Opens what `wrap` made.
    /// - Throws: As the other form.
    package borrowing func unwrap(_ wrapped: [UInt8]) throws(CryptoError) -> SecretBytes {
        try SecretBytes(copying: wrapped).withBytes { wrapped throws(CryptoError) in try unwrap(wrapped) }
    }
}

/// An EVP context for key wrap, freed (and with it its key schedule wiped) at the end of the scope.
private struct CipherContext: ~Copyable {
    let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    static func ready(_ key: borrowing SecretBytes, encrypt: Bool) throws(CryptoError) -> CipherContext {
        let context = CipherContext(owning: try check(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new"))
        EVP_CIPHER_CTX_set_flags(context.pointer, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
        let ready = key.withBytes { bytes in
            EVP_CipherInit_ex(
                context.pointer, EVP_aes_256_wrap(), nil, bytes.baseAddress!.assumingMemoryBound(to: UInt8.self), nil,
                encrypt ? 1 : 0)
        }
        try check(ready, "EVP_CipherInit_ex")
        return context
    }

    deinit { EVP_CIPHER_CTX_free(pointer) }
}
