// What is kept of a password: the PHC string form, which says by itself how it was made.
//
//   $scrypt$ln=15,r=8,p=3$<salt>$<hash>        Base64 without padding; N = 2^ln
//
// scrypt was taken because OpenSSL has it and because it needs memory, which is what a guessing machine has least of. The
// standard cost is one of those that the OWASP Password Storage Cheat Sheet gives: 32 MiB for as long as one hash takes.

internal import Bytes
internal import COpenSSL

/// scrypt (RFC 7914).
package enum Scrypt {
    /// How much work one hash is.
    package struct Cost: Sendable, Equatable {
        /// N is 2 to the power of this.
        package let logN: Int
        /// Size of a block, in units of 128 bytes.
        package let blockSize: Int
        /// How often the work is repeated, one after the other.
        package let parallelism: Int

        /// What new hashes cost: 32 MiB, and a quarter of a second on an ordinary core.
        package static let standard = Cost(logN: 15, blockSize: 8, parallelism: 3)

        /// From the three numbers of RFC 7914 §2.
        package init(logN: Int, blockSize: Int, parallelism: Int) {
            self.logN = logN
            self.blockSize = blockSize
            self.parallelism = parallelism
        }

        /// Memory that a hash needs, in bytes.
        var memory: Int { 128 * blockSize * ((1 << logN) + parallelism + 2) }

        /// Whether a stored text may ask for this much: a damaged row must not take all memory.
        var isReasonable: Bool {
            1...20 ~= logN && 1...32 ~= blockSize && 1...16 ~= parallelism && memory <= 256 << 20
        }
    }

    /// `count` bytes from a password and a salt. Blocks for as long as the cost says.
    ///
    /// - Throws: `CryptoError` when OpenSSL refuses the cost or has no memory.
    package static func derive(
        from password: borrowing SecretBytes, salt: [UInt8], cost: Cost, count: Int
    ) throws(CryptoError) -> SecretBytes {
        var derived = SecretBytes(count: count)
        let made = password.withBytes { password in
            derived.withMutableBytes { out in
                EVP_PBE_scrypt(
                    password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count,
                    1 << UInt64(cost.logN), UInt64(cost.blockSize), UInt64(cost.parallelism),
                    UInt64(cost.memory) + 1 << 20, out.baseAddress?.assumingMemoryBound(to: UInt8.self), count)
            }
        }
        try check(made, "EVP_PBE_scrypt")
        return derived
    }
}

/// What is kept of a password. Cannot be turned back, and cannot be compared by accident.
package struct PasswordHash: Sendable {
    private static let saltCount = 16  // bytes
    private static let hashCount = 32  // bytes

    /// How it was made.
    package let cost: Scrypt.Cost
    private let salt: [UInt8]
    private let hash: [UInt8]

    /// Hashes a password with a fresh salt. Blocks for as long as the cost says.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package init(of password: borrowing SecretBytes, cost: Scrypt.Cost = .standard) throws(CryptoError) {
        self.cost = cost
        salt = try SecureRandom.bytes(Self.saltCount)
        hash = try Scrypt.derive(from: password, salt: salt, cost: cost, count: Self.hashCount).withBytes { Array($0) }
    }

    /// A hash that no password has, to compare with when there is no user: takes the same time as a real one.
    ///
    /// - Throws: `CryptoError` when there is no randomness.
    package static func ofNobody(cost: Scrypt.Cost = .standard) throws(CryptoError) -> PasswordHash {
        PasswordHash(
            cost: cost, salt: try SecureRandom.bytes(saltCount), hash: try SecureRandom.bytes(hashCount))
    }

    private init(cost: Scrypt.Cost, salt: [UInt8], hash: [UInt8]) {
        self.cost = cost
        self.salt = salt
        self.hash = hash
    }

    /// From its text; nil when it is not one, or asks for more than 256 MiB.
    package init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt", let cost = Self.cost(parts[2]),
            let salt = Self.decoded(parts[3]), let hash = Self.decoded(parts[4]), salt.count >= 8, hash.count >= 16
        else { return nil }
        self.init(cost: cost, salt: salt, hash: hash)
    }

    /// The text to store.
    package var text: String {
        let numbers = "ln=\(cost.logN),r=\(cost.blockSize),p=\(cost.parallelism)"
        return "$scrypt$\(numbers)$\(Self.encoded(salt))$\(Self.encoded(hash))"
    }

    /// Whether this is the password. Blocks for as long as the cost says; compares in constant time.
    ///
    /// - Throws: `CryptoError` when OpenSSL fails.
    package func isMade(from password: borrowing SecretBytes) throws(CryptoError) -> Bool {
        let derived = try Scrypt.derive(from: password, salt: salt, cost: cost, count: hash.count)
        return derived.isEqual(to: SecretBytes(copying: hash))
    }

    private static func cost(_ text: Substring) -> Scrypt.Cost? {
        let numbers = text.split(separator: ",", omittingEmptySubsequences: false)
        guard numbers.count == 3, let logN = number(numbers[0], "ln="), let blockSize = number(numbers[1], "r="),
            let parallelism = number(numbers[2], "p=")
        else { return nil }
        let cost = Scrypt.Cost(logN: logN, blockSize: blockSize, parallelism: parallelism)
        return cost.isReasonable ? cost : nil
    }

    private static func number(_ text: Substring, _ name: String) -> Int? {
        let digits = text.dropFirst(name.count)
        guard text.hasPrefix(name), 1...2 ~= digits.utf8.count, digits.utf8.allSatisfy(ASCII.isDigit) else {
            return nil
        }
        return Int(digits)
    }

    private static func encoded(_ bytes: [UInt8]) -> String { String(Base64.encode(bytes).prefix { $0 != "=" }) }

    private static func decoded(_ text: Substring) -> [UInt8]? {
        text.hasSuffix("=")
            ? nil : Base64.decode(text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4), .standard)
    }
}

extension PasswordHash: CustomStringConvertible {
    /// Only how it was made.
    package var description: String { "scrypt(ln=\(cost.logN),r=\(cost.blockSize),p=\(cost.parallelism))" }
}
