package import Crypto

/// The key of one person's fields: 64 bytes for AES-SIV and the number that stands in front of every sealed field.
///
/// Neither can be copied nor printed; the bytes are wiped when the value goes.
package struct DataKey: ~Copyable, Sendable {
    /// Tink's key id: 1 to 2³¹ − 1.
    package let id: UInt32
    /// The 64 key bytes: 32 for S2V, 32 for CTR.
    package let material: SecretBytes

    /// A key from its parts, as a store gives them back.
    /// - Throws: `.crypto(.wrongLength)` unless there are 64 bytes.
    package init(id: UInt32, owning material: consuming SecretBytes) throws(PrivacyError) {
        guard material.count == AESSIV.keyByteCount else {
            throw .crypto(.wrongLength(operation: "data key", bytes: material.count))
        }
        self.id = id
        self.material = material
    }

    /// A new key with a random id.
    package static func random() throws(PrivacyError) -> DataKey {
        do throws(CryptoError) {
            var id: UInt32 = 0
            while id == 0 {
                let bytes = try SecureRandom.bytes(4)
                id = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
            }
            return DataKey(id: id, random: try SecretBytes(randomCount: AESSIV.keyByteCount))
        } catch {
            throw .crypto(error)
        }
    }

    private init(id: UInt32, random material: consuming SecretBytes) {
        self.id = id
        self.material = material
    }
}
