import Bytes
import HTTP

// Answers are encoded without a dynamic table and without Huffman coding (RFC 7541 §6.2.2): they are short, and nearly all of them are
// one byte, `:status 204`, number 9 of the static table.

/// Encodes the header blocks of answers.
struct ResponseEncoder: ~Copyable {
    /// RFC 7541 §4.2: a peer that makes the table smaller than it was at first must be told, in the next block, that we follow.
    /// We then give it up altogether.
    private var mustShrinkTable = false
    private var block = OutputBuffer(capacity: 16)

    init() {}

    /// The peer's SETTINGS_HEADER_TABLE_SIZE.
    mutating func peerAllowsTable(of size: Int) {
        if size < DynamicTable.limit { mustShrinkTable = true }
    }

    /// The whole answer 204 in ten bytes: HEADERS with END_STREAM and END_HEADERS.
    @inline(__always)
    mutating func writeNoContent(_ stream: UInt32, into out: inout OutputBuffer) {
        if mustShrinkTable {
            writeNoContentShrinking(stream, into: &out)
            return
        }
        out.reserve(16)
        out.append(bigEndian: 0x0000_0101_0500_0000 | UInt64(stream &>> 8))
        out.append(bigEndian: UInt16(truncatingIfNeeded: stream &<< 8) | 0x89)
    }

    private mutating func writeNoContentShrinking(_ stream: UInt32, into out: inout OutputBuffer) {
        mustShrinkTable = false
        FrameWriter.head(.headers, flags: 0x05, stream: stream, length: 2, into: &out)
        out.append(bigEndian: 0x2089 as UInt16)
    }

    /// HEADERS of an answer, followed by CONTINUATION when they are longer than the peer's frames may be. Fields that HTTP/2 forbids
    /// are left out (RFC 9113 §8.2.2).
    mutating func write(
        _ status: Status, _ headers: Headers, contentLength: Int?, endsStream: Bool, maxFrame: Int, stream: UInt32,
        into out: inout OutputBuffer
    ) {
        block.removeAll()
        if mustShrinkTable {
            mustShrinkTable = false
            block.append(0x20)
        }
        if let index = Self.indexed[status.code] {
            block.append(0x80 | index)
        } else {
            integer(8, prefix: 4, mark: 0)  // `:status` with another value
            string("\(status.code)")
        }
        for field in headers.fields {
            switch field.name {
            case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "content-length",
                "host":
                continue
            default: add(field.name, field.value)
            }
        }
        if let contentLength { add("content-length", "\(contentLength)") }
        var start = 0
        repeat {
            let count = min(maxFrame, block.count - start)
            let isLast = start + count == block.count
            let flags: UInt8 = (isLast ? 0x04 : 0) | (start == 0 && endsStream ? 0x01 : 0)
            FrameWriter.head(
                start == 0 ? .headers : .continuation, flags: flags, stream: stream, length: count, into: &out)
            out.append(UnsafeRawBufferPointer(rebasing: block.bytes[start..<(start + count)]))
            start += count
        } while start < block.count
        block.removeAll(keepingCapacity: false)
    }

    private static let indexed: [Int: UInt8] = [200: 8, 204: 9, 206: 10, 304: 11, 400: 12, 404: 13, 500: 14]

    /// Names of answers that the static table has.
    private static let names: [String: Int] = [
        "allow": 22, "cache-control": 24, "content-length": 28, "content-type": 31, "date": 33, "location": 46,
        "retry-after": 53, "server": 54, "www-authenticate": 61,
    ]

    private mutating func add(_ name: String, _ value: String) {
        if let index = Self.names[name] {
            integer(index, prefix: 4, mark: 0)
        } else {
            block.append(0)
            string(name)
        }
        string(value)
    }

    private mutating func string(_ text: String) {
        integer(text.utf8.count, prefix: 7, mark: 0)
        block.append(utf8: text)
    }

    /// RFC 7541 §5.1.
    private mutating func integer(_ value: Int, prefix: Int, mark: UInt8) {
        let mask = (1 << prefix) - 1
        guard value >= mask else {
            block.append(mark | UInt8(value))
            return
        }
        block.append(mark | UInt8(mask))
        block.append(varint: UInt64(value - mask))
    }
}
