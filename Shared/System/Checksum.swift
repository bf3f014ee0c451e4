import Bytes
private import CLinux

/// CRC-32C (RFC 3720 appendix B.4) by the processor's own instruction where it has one, four times as fast as
/// `Bytes.CRC32C`, which gives the same numbers and is used elsewhere.
package enum Checksum {
    private static let isInProcessor = clinux_has_crc32c() != 0

    /// The checksum of `bytes`, or of what has the checksum `value` followed by `bytes`.
    package static func crc32c(_ bytes: UnsafeRawBufferPointer, continuing value: UInt32 = 0) -> UInt32 {
        guard isInProcessor, let start = bytes.baseAddress else {
            var crc = CRC32C(continuing: value)
            crc.update(bytes)
            return crc.value
        }
        return ~clinux_crc32c(~value, start.assumingMemoryBound(to: UInt8.self), UInt(bytes.count))
    }
}
