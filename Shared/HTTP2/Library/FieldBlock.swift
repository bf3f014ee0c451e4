import Bytes
internal import CNghttp2
import HTTP

/// Header fields on their way into nghttp2, which copies them. For full answers and client requests; the constant 204 does
/// without.
struct FieldBlock: ~Copyable {
    private var text = OutputBuffer(capacity: 512)
    private var ranges: [FieldRange] = []

    init() {}

    mutating func add(_ name: String, _ value: String) {
        let nameStart = text.count
        text.append(utf8: name)
        let valueStart = text.count
        text.append(utf8: value)
        ranges.append(
            FieldRange(
                name: ByteRange(offset: nameStart, count: valueStart - nameStart),
                value: ByteRange(offset: valueStart, count: text.count - valueStart)))
    }

    /// Adds all fields but those that belong to HTTP/1.1's framing (RFC 9113 §8.2.2) and `content-length`.
    mutating func add(_ headers: Headers) {
        for field in headers.fields {
            switch field.name {
            case "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "content-length",
                "host":
                continue
            default: add(field.name, field.value)
            }
        }
    }

    func withFields(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> Void) {
        let base = UnsafeMutableRawPointer(mutating: text.bytes.baseAddress!)
        let fields = ranges.map { range in
            nghttp2_nv(
                name: (base + Int(range.name.offset)).assumingMemoryBound(to: UInt8.self),
                value: (base + Int(range.value.offset)).assumingMemoryBound(to: UInt8.self),
                namelen: Int(range.name.count), valuelen: Int(range.value.count), flags: 0)
        }
        fields.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
    }
}
