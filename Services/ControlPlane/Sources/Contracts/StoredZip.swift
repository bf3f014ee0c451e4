import Bytes

/// Writes a zip file whose members are stored as they are (PKWARE, APPNOTE.TXT 6.3): local headers with their data, then the
/// central directory, then its end record. Small files only: sizes have 32 bits.
struct StoredZip {
    private struct Member {
        let name: [UInt8]
        let crc: UInt32
        let size: UInt32
        let offset: UInt32
    }

    private var bytes: [UInt8] = []
    private var members: [Member] = []

    /// Adds a file.
    mutating func add(_ name: String, _ content: [UInt8]) {
        let member = Member(
            name: Array(name.utf8), crc: CRC32.hash(content), size: UInt32(content.count), offset: UInt32(bytes.count))
        append(0x0403_4B50 as UInt32)
        appendShared(member)
        bytes += member.name
        bytes += content
        members.append(member)
    }

    /// The whole file.
    consuming func finish() -> [UInt8] {
        let start = bytes.count
        for member in members {
            append(0x0201_4B50 as UInt32)
            append(20 as UInt16)  // made by version 2.0
            appendShared(member)
            append(0 as UInt16)  // no comment
            append(0 as UInt16)  // first disk
            append(0 as UInt16)  // internal attributes
            append(0 as UInt32)  // external attributes
            append(member.offset)
            bytes += member.name
        }
        let size = bytes.count - start
        append(0x0605_4B50 as UInt32)
        append(0 as UInt32)  // one disk
        append(UInt16(members.count))
        append(UInt16(members.count))
        append(UInt32(size))
        append(UInt32(start))
        append(0 as UInt16)  // no comment
        return bytes
    }

    /// What a local header and an entry of the directory have in common.
    private mutating func appendShared(_ member: Member) {
        append(20 as UInt16)  // needs version 2.0
        append(0x0800 as UInt16)  // names are UTF-8
        append(0 as UInt16)  // stored
        append(0 as UInt16)  // midnight
        append(0x0021 as UInt16)  // of 1980-01-01: the same schema gives the same file
        append(member.crc)
        append(member.size)
        append(member.size)
        append(UInt16(member.name.count))
        append(0 as UInt16)  // no extra field
    }

    private mutating func append(_ number: some FixedWidthInteger) {
        withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
    }
}

/// CRC-32 of zip and gzip (ISO 3309).
private enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        var entry = UInt32(index)
        for _ in 0..<8 { entry = entry >> 1 ^ (entry & 1 == 1 ? 0xEDB8_8320 : 0) }
        return entry
    }

    static func hash(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { hash, byte in hash >> 8 ^ table[Int((hash ^ UInt32(byte)) & 0xFF)] }
    }
}
