internal import COpenSSL

/// Bytes that are overwritten before their memory is given back. They cannot be copied, compared or printed by accident. They lie in
/// `KeyMemory` as long as that has room.
///
/// - Isolation: a value with one owner; may move between threads, never shared while written.
package struct SecretBytes: ~Copyable, @unchecked Sendable {
    // Unchecked: the memory belongs to this value alone; the compiler enforces one owner.
    private let memory: UnsafeMutableRawBufferPointer

    /// `count` zero bytes, to be filled with `withMutableBytes`.
    package init(count: Int) {
        let size = max(count, 1)
        // When locked memory is used up, or was not prepared, ordinary memory has to do: a key more is better than none.
        guard let start = CRYPTO_secure_zalloc(size, nil, 0) ?? CRYPTO_zalloc(size, nil, 0) else {
            preconditionFailure("out of memory")
        }
        memory = UnsafeMutableRawBufferPointer(start: start, count: size)
        self.count = count
    }

    /// A copy of `bytes`. The caller still has to wipe the original.
    package init(copying bytes: UnsafeRawBufferPointer) {
        self.init(count: bytes.count)
        memory.copyMemory(from: bytes)
    }

    /// A copy of `bytes`, which stay as they are.
    package init(copying bytes: [UInt8]) {
        self.init(count: bytes.count)
        memory.copyBytes(from: bytes)
    }

    /// Takes the content of `array` and overwrites the array.
    package init(taking array: inout [UInt8]) {
        self.init(count: array.count)
        array.withUnsafeMutableBytes { bytes in
            memory.copyMemory(from: UnsafeRawBufferPointer(bytes))
            OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        }
        array = []
    }

    /// `randomCount` bytes from OpenSSL's generator for private material.
    package init(randomCount count: Int) throws(CryptoError) {
        self.init(count: count)
        let filled = RAND_priv_bytes(memory.baseAddress!.assumingMemoryBound(to: UInt8.self), Int32(count))
        try check(filled, "RAND_priv_bytes")
    }

    deinit {
        CRYPTO_secure_clear_free(memory.baseAddress, memory.count, nil, 0)  // knows which of the two it is
    }

    /// Number of bytes.
    package let count: Int

    /// Lends the bytes for reading; they must not be kept.
    package borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[0..<count]))
    }

    /// Lends the bytes for writing; they must not be kept.
    package mutating func withMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeMutableRawBufferPointer(rebasing: memory[0..<count]))
    }

    /// Whether both hold the same bytes, in time that depends on the lengths alone.
    package borrowing func isEqual(to other: borrowing SecretBytes) -> Bool {
        count == other.count && CRYPTO_memcmp(memory.baseAddress, other.memory.baseAddress, count) == 0
    }

    /// A second, separately wiped copy, for the rare place that needs one.
    package borrowing func duplicate() -> SecretBytes {
        withBytes { SecretBytes(copying: $0) }
    }
}

/// Overwrites memory in a way that the optimiser keeps.
package func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    OPENSSL_cleanse(bytes.baseAddress, bytes.count)
}

/// Random bytes from OpenSSL's generator, which the kernel seeds.
package enum SecureRandom {
    /// Fills `bytes`.
    package static func fill(_ bytes: UnsafeMutableRawBufferPointer) throws(CryptoError) {
        guard let start = bytes.baseAddress, bytes.count > 0 else { return }
        try check(RAND_bytes(start.assumingMemoryBound(to: UInt8.self), Int32(bytes.count)), "RAND_bytes")
    }

    /// `count` bytes that are no secret by themselves (ids, nonces, serial numbers).
    package static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        var result = [UInt8](repeating: 0, count: count)
        var fault: CryptoError?
        result.withUnsafeMutableBytes { bytes in
            do throws(CryptoError) { try fill(bytes) } catch { fault = error }
        }
        if let fault { throw fault }
        return result
    }
}
