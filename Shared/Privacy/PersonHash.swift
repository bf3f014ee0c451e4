// The value of a key field (a user id, a session) is never stored. What is stored is
//
//   HMAC-SHA256(plane hash key, label ‖ 0 ‖ length of stream name (4, big-endian) ‖ stream name ‖ value)
//
// The label keeps key fields and data subjects apart, the stream name keeps streams apart: the same person has unrelated
// hashes in two streams, and without the plane's hash key nobody can test a guess.

package import Crypto

/// Hashes of people's identifiers, for stores.
///
/// - Isolation: immutable; may be used from any thread.
package final class PersonHash: Sendable {
    /// Length of a hash, bytes.
    package static let byteCount = 32
    private let key: SecretBytes

    /// What is hashed.
    package enum Role: Sendable {
        /// The value of the contract's key field.
        case keyField
        /// The value of the contract's data subject field.
        case dataSubject

        fileprivate var label: StaticString {
            switch self {
            case .keyField: "polder key field v1"
            case .dataSubject: "polder data subject v1"
            }
        }
    }

    /// - Parameter key: The plane's hash key, 32 bytes.
    /// - Throws: `.crypto(.wrongLength)` for a key of another length.
    package init(owning key: consuming SecretBytes) throws(PrivacyError) {
        guard key.count == 32 else {
            throw .crypto(.wrongLength(operation: "plane hash key", bytes: key.count))
        }
        self.key = key
    }

    /// The hash of `value` in `stream`.
    package func hash(_ value: UnsafeRawBufferPointer, as role: Role, in stream: String) throws(PrivacyError) -> [UInt8]
    {
        var message: [UInt8] = []
        message.reserveCapacity(64 + stream.utf8.count + value.count)
        role.label.withUTF8Buffer { message.append(contentsOf: $0) }
        message.append(0)
        let count = UInt32(stream.utf8.count)
        for shift in [24, 16, 8, 0] as [UInt32] { message.append(UInt8(truncatingIfNeeded: count >> shift)) }
        message.append(contentsOf: stream.utf8)
        message.append(contentsOf: value)
        defer { message.withUnsafeMutableBytes { wipe($0) } }
        do throws(CryptoError) { return try HMACSHA256.code(for: message, key: key) } catch { throw .crypto(error) }
    }
}
