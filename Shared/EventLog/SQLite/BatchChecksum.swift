import System

/// The checksum of a stored batch: CRC-32C over the body, then first offset, count and commit time as three
/// little-endian Int64. A batch that was moved, cut or damaged does not match it.
func batchChecksum(_ body: UnsafeRawBufferPointer, firstOffset: Int64, count: Int64, created: Int64) -> Int64 {
    let bodyChecksum = Checksum.crc32c(body)
    return withUnsafeBytes(of: (firstOffset.littleEndian, count.littleEndian, created.littleEndian)) {
        Int64(Checksum.crc32c($0, continuing: bodyChecksum))
    }
}
