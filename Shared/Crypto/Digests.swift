internal import COpenSSL

/// SHA-256 (FIPS 180-4).
package enum SHA256 {
    /// Digest length, bytes.
    package static let byteCount = 32

    /// The 32-byte digest of `bytes`.
    package static func hash(_ bytes: UnsafeRawBufferPointer) throws(CryptoError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        try check(EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_sha256(), nil), "EVP_Digest")
        return digest
    }

    /// The 32-byte digest of `bytes`.
    package static func hash(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: byteCount)
        try check(EVP_Digest(bytes, bytes.count, &digest, nil, EVP_sha256(), nil), "EVP_Digest")
        return digest
    }
}

/// HMAC-SHA256 (RFC 2104, FIPS 198-1).
package enum HMACSHA256 {
    /// The 32-byte code of `message` under `key`.
    package static func code(
        for message: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer
    ) throws(CryptoError) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: SHA256.byteCount)
        // HMAC() takes no nil pointer: an empty key or message still needs an address.
        var nothing: UInt8 = 0
        let made = withUnsafeMutablePointer(to: &nothing) { empty in
            HMAC(
                EVP_sha256(), key.baseAddress ?? UnsafeRawPointer(empty), Int32(key.count),
                message.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? UnsafePointer(empty), message.count, &code,
                nil)
        }
        _ = try check(made, "HMAC")
        return code
    }

    /// The 32-byte code of `message` under `key`.
    package static func code(for message: [UInt8], key: borrowing SecretBytes) throws(CryptoError) -> [UInt8] {
        try key.withBytes { key throws(CryptoError) in
            try withBytesOf(message) { message throws(CryptoError) in try code(for: message, key: key) }
        }
    }
}

/// HKDF with SHA-256 (RFC 5869).
package enum HKDF {
    /// `count` bytes (at most 8160) for the purpose named by `info`.
    package static func derive(
        from secret: borrowing SecretBytes, salt: [UInt8], info: [UInt8], count: Int
    ) throws(CryptoError) -> SecretBytes {
        guard count > 0, count <= 255 * SHA256.byteCount else {
            throw .wrongLength(operation: "HKDF", bytes: count)
        }
        var extracted = try secret.withBytes { secret throws(CryptoError) in
            try withBytesOf(salt) { salt throws(CryptoError) in try HMACSHA256.code(for: secret, key: salt) }
        }
        let key = SecretBytes(taking: &extracted)
        var result = SecretBytes(count: count)
        var block: [UInt8] = []
        var filled = 0
        var counter: UInt8 = 1
        while filled < count {
            block = try HMACSHA256.code(for: block + info + [counter], key: key)
            let take = min(block.count, count - filled)
            result.withMutableBytes { bytes in
                UnsafeMutableRawBufferPointer(rebasing: bytes[filled..<(filled + take)]).copyBytes(
                    from: block[0..<take])
            }
            filled += take
            counter &+= 1
        }
        block.withUnsafeMutableBytes { wipe($0) }
        return result
    }
}

/// `withUnsafeBytes` that keeps the error's type.
func withBytesOf<Result, Failure: Error>(
    _ array: [UInt8], _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
) throws(Failure) -> Result {
    let outcome: Swift.Result<Result, Failure> = array.withUnsafeBytes { bytes in
        do throws(Failure) { return .success(try body(bytes)) } catch { return .failure(error) }
    }
    return try outcome.get()
}
