internal import COpenSSL

/// Memory for keys that the kernel never writes to swap, and never into a core dump: one arena of the process, between guard pages
/// (`CRYPTO_secure_malloc_init(3)`). Private keys of OpenSSL and all `SecretBytes` are put there.
///
/// What OpenSSL expands a key into (an AES key schedule) stays in ordinary memory; it is wiped there, and the process is not dumpable.
package enum KeyMemory {
    /// What became of the arena.
    package enum Outcome: Sendable, Equatable {
        /// Keys are locked in memory and excluded from dumps.
        case locked
        /// Excluded from dumps, but the kernel may write them to swap: the process may not lock so much memory.
        case notLocked
        /// There is no arena: keys are in ordinary memory.
        case unavailable
    }

    /// Bytes of the arena: some thirty thousand data keys. Below the usual limit on locked memory, 8 MiB.
    package static let size = 4 << 20

    /// Prepares the arena. Once, at the start of a process, before the first key is read.
    package static func prepare() -> Outcome {
        if CRYPTO_secure_malloc_initialized() == 1 { return .locked }
        switch CRYPTO_secure_malloc_init(size, 64) {
        case 1: return .locked
        case 2: return .notLocked
        default: return .unavailable  // an OpenSSL without it, or no memory for it
        }
    }

    /// Bytes of the arena that keys use now.
    package static var used: Int { CRYPTO_secure_used() }
}
