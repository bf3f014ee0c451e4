internal import COpenSSL

/// The two JOSE signature algorithms that we make and accept (RFC 7518 §3.3, §3.4).
package enum SignatureAlgorithm: String, Sendable, CaseIterable {
    /// RSASSA-PKCS1-v1_5 with SHA-256; keys of 2048 to 8192 bits.
    case rs256 = "RS256"
    /// ECDSA on P-256 with SHA-256; the signature is r ‖ s, 32 bytes each.
    case es256 = "ES256"
}

/// The public numbers of a key as a JWK carries them (RFC 7518 §6), big-endian bytes.
package enum PublicKeyComponents: Sendable, Equatable {
    /// Modulus and public exponent, without leading zeros.
    case rsa(modulus: [UInt8], exponent: [UInt8])
    /// A point on P-256; both coordinates 32 bytes.
    case p256(x: [UInt8], y: [UInt8])
}

/// A private key that signs tokens or certificates. Its PEM text leaves only through `privatePEM`.
///
/// - Isolation: immutable after init; OpenSSL's key objects may then be used from any thread.
package final class SigningKey: @unchecked Sendable {
    // Unchecked: `key` is never changed after init, and EVP_PKEY is safe for concurrent use that does not modify it.
    let key: KeyHandle
    /// What this key signs with.
    package let algorithm: SignatureAlgorithm
    /// The public half.
    package let publicComponents: PublicKeyComponents

    init(handle: consuming KeyHandle) throws(CryptoError) {
        (algorithm, publicComponents) = try handle.publicComponents()
        key = handle
    }

    /// A fresh key: RSA-2048 for RS256, P-256 for ES256.
    package static func generate(_ algorithm: SignatureAlgorithm) throws(CryptoError) -> SigningKey {
        try SigningKey(handle: KeyHandle.generate(algorithm))
    }

    /// Reads an unencrypted PEM private key (PKCS #8, or the older RSA and EC forms).
    /// - Throws: `.unusableKey` for anything else, including other kinds and sizes of key.
    package convenience init(pem: borrowing SecretBytes) throws(CryptoError) {
        let pointer: OpaquePointer? = pem.withBytes { bytes in
            guard let source = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
            defer { BIO_free(source) }
            // A password callback that gives none: an encrypted key is refused instead of asking on the terminal.
            return PEM_read_bio_PrivateKey(source, nil, { _, _, _, _ in -1 }, nil)
        }
        guard let pointer else {
            ERR_clear_error()
            throw .unusableKey
        }
        try self.init(handle: KeyHandle(owning: pointer))
    }

    /// The key as PKCS #8 PEM, for a file that only its owner may read.
    package func privatePEM() throws(CryptoError) -> SecretBytes {
        let sink = try check(BIO_new(BIO_s_secmem()), "BIO_new")
        defer { BIO_free(sink) }
        try check(PEM_write_bio_PrivateKey(sink, key.pointer, nil, nil, 0, nil, nil), "PEM_write_bio_PrivateKey")
        return withBIOContent(sink) { SecretBytes(copying: $0) }
    }

    /// Signs `message` (which is hashed with SHA-256 here).
    /// - Returns: PKCS #1 bytes for RS256, 64 bytes r ‖ s for ES256 (the JOSE forms).
    package func sign(_ message: UnsafeRawBufferPointer) throws(CryptoError) -> [UInt8] {
        let context = try check(EVP_MD_CTX_new(), "EVP_MD_CTX_new")
        defer { EVP_MD_CTX_free(context) }
        try check(EVP_DigestSignInit(context, nil, EVP_sha256(), nil, key.pointer), "EVP_DigestSignInit")
        var count = 0
        let start = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
        try check(EVP_DigestSign(context, nil, &count, start, message.count), "EVP_DigestSign")
        var signature = [UInt8](repeating: 0, count: count)
        try check(EVP_DigestSign(context, &signature, &count, start, message.count), "EVP_DigestSign")
        signature.removeLast(signature.count - count)
        switch algorithm {
        case .rs256: return signature
        case .es256: return try JOSESignature.fromDER(signature)
        }
    }

    /// Signs `message` (which is hashed with SHA-256 here).
    package func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try withBytesOf(message) { message throws(CryptoError) in try sign(message) }
    }
}

/// A public key that checks signatures.
///
/// - Isolation: immutable after init; may be used from any thread.
package final class VerifyingKey: @unchecked Sendable {
    // Unchecked: see SigningKey.
    private let key: KeyHandle
    /// What this key verifies.
    package let algorithm: SignatureAlgorithm
    /// The numbers that it was made of.
    package let components: PublicKeyComponents

    /// Makes the key from the numbers of a JWK.
    /// - Throws: `.unusableKey` for an RSA modulus outside 2048 to 8192 bits, an even or tiny exponent, or a point that
    ///   is not on the curve.
    package init(_ components: PublicKeyComponents) throws(CryptoError) {
        key = try KeyHandle.publicKey(components)
        (algorithm, self.components) = try key.publicComponents()
    }

    /// Whether `signature` (JOSE form) belongs to `message`. Anything malformed is a plain no.
    package func isValid(signature: UnsafeRawBufferPointer, for message: UnsafeRawBufferPointer) -> Bool {
        var der: [UInt8] = []
        switch algorithm {
        case .rs256: der = [UInt8](signature)
        case .es256:
            guard let encoded = JOSESignature.toDER(signature) else { return false }
            der = encoded
        }
        guard let context = EVP_MD_CTX_new() else {
            ERR_clear_error()
            return false
        }
        defer { EVP_MD_CTX_free(context) }
        guard answered(EVP_DigestVerifyInit(context, nil, EVP_sha256(), nil, key.pointer)) else { return false }
        let start = message.baseAddress?.assumingMemoryBound(to: UInt8.self)
        return answered(EVP_DigestVerify(context, der, der.count, start, message.count))
    }

    /// Whether `signature` (JOSE form) belongs to `message`. Anything malformed is a plain no.
    package func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        signature.withUnsafeBytes { signature in
            message.withUnsafeBytes { isValid(signature: signature, for: $0) }
        }
    }
}

extension SigningKey {
    /// The public half, ready to verify.
    package func verifyingKey() throws(CryptoError) -> VerifyingKey { try VerifyingKey(publicComponents) }
}

/// ECDSA signatures are DER to OpenSSL and r ‖ s to JOSE (RFC 7518 §3.4).
private enum JOSESignature {
    static func fromDER(_ der: [UInt8]) throws(CryptoError) -> [UInt8] {
        let parsed = der.withUnsafeBufferPointer { bytes -> OpaquePointer? in
            var cursor = bytes.baseAddress
            return d2i_ECDSA_SIG(nil, &cursor, bytes.count)
        }
        let signature = try check(parsed, "d2i_ECDSA_SIG")
        defer { ECDSA_SIG_free(signature) }
        var result = [UInt8](repeating: 0, count: 64)
        let written = result.withUnsafeMutableBufferPointer { out in
            BN_bn2binpad(ECDSA_SIG_get0_r(signature), out.baseAddress, 32) == 32
                && BN_bn2binpad(ECDSA_SIG_get0_s(signature), out.baseAddress! + 32, 32) == 32
        }
        guard written else { throw openSSLFault("BN_bn2binpad") }
        return result
    }

    /// Nil when the input is not 64 bytes.
    static func toDER(_ jose: UnsafeRawBufferPointer) -> [UInt8]? {
        guard jose.count == 64, let start = jose.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return nil }
        guard let signature = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(signature) }
        guard let r = BN_bin2bn(start, 32, nil) else { return nil }
        guard let s = BN_bin2bn(start + 32, 32, nil) else {
            BN_free(r)
            return nil
        }
        // set0 takes both numbers over.
        guard ECDSA_SIG_set0(signature, r, s) == 1 else { return nil }
        let count = i2d_ECDSA_SIG(signature, nil)
        guard count > 0 else { return nil }
        var der = [UInt8](repeating: 0, count: Int(count))
        let written = der.withUnsafeMutableBufferPointer { out -> Int32 in
            var cursor = out.baseAddress
            return i2d_ECDSA_SIG(signature, &cursor)
        }
        return written == count ? der : nil
    }
}
