/// Frames as bytes, legal or not (RFC 9113 §4.1).
package enum Raw {
    /// §3.4.
    package static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    /// What every client says first: the preface, SETTINGS, and the acknowledgement of the server's.
    package static let opening = preface + settings() + settings(acknowledges: true)

    /// A frame of any type.
    package static func frame(
        _ type: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []
    ) -> [UInt8] {
        number(payload.count, 3) + [type, flags] + number(Int(stream), 4) + payload
    }

    /// A number in so many bytes, the highest first.
    package static func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// DATA.
    package static func data(_ stream: UInt32, _ bytes: [UInt8], end: Bool = true) -> [UInt8] {
        frame(0, flags: end ? 1 : 0, stream: stream, bytes)
    }

    /// HEADERS; `end` is END_STREAM, `complete` is END_HEADERS.
    package static func headers(
        _ stream: UInt32, _ block: [UInt8] = get, end: Bool = true, complete: Bool = true
    ) -> [UInt8] {
        frame(1, flags: (end ? 1 : 0) | (complete ? 4 : 0), stream: stream, block)
    }

    /// CONTINUATION; `complete` is END_HEADERS.
    package static func continuation(_ stream: UInt32, _ block: [UInt8], complete: Bool = true) -> [UInt8] {
        frame(9, flags: complete ? 4 : 0, stream: stream, block)
    }

    /// A frame with padding: DATA (0) or HEADERS (1).
    package static func padded(
        _ type: UInt8, _ stream: UInt32, flags: UInt8, _ padding: UInt8, _ rest: [UInt8]
    ) -> [UInt8] {
        frame(type, flags: flags | 8, stream: stream, [padding] + rest)
    }

    /// RST_STREAM.
    package static func reset(_ stream: UInt32, _ code: Int = 8) -> [UInt8] {
        frame(3, stream: stream, number(code, 4))
    }

    /// SETTINGS.
    package static func settings(_ values: [(Int, Int)] = [], acknowledges: Bool = false) -> [UInt8] {
        frame(4, flags: acknowledges ? 1 : 0, values.flatMap { number($0.0, 2) + number($0.1, 4) })
    }

    /// PING.
    package static func ping(_ text: String = "pingping", acknowledges: Bool = false) -> [UInt8] {
        frame(6, flags: acknowledges ? 1 : 0, Array(text.utf8))
    }

    /// GOAWAY.
    package static func goAway(_ code: Int = 0, last: Int = 0) -> [UInt8] {
        frame(7, number(last, 4) + number(code, 4))
    }

    /// WINDOW_UPDATE.
    package static func window(_ stream: UInt32, _ increment: Int) -> [UInt8] {
        frame(8, stream: stream, number(increment, 4))
    }

    /// PRIORITY.
    package static func priority(_ stream: UInt32, dependsOn parent: Int = 0) -> [UInt8] {
        frame(2, stream: stream, number(parent, 4) + [15])
    }

    // MARK: Header blocks (RFC 7541 §6)

    /// A block of literals that are not indexed, names as they are given.
    package static func block(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { [0] + string($0.0) + string($0.1) }
    }

    /// A literal that is remembered.
    package static func indexed(_ name: String, _ value: String) -> [UInt8] { [0x40] + string(name) + string(value) }

    /// A string that is not Huffman-coded.
    package static func string(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        if bytes.count < 127 { return [UInt8(bytes.count)] + bytes }
        var rest = bytes.count - 127
        var coded: [UInt8] = [127]
        while rest >= 128 {
            coded.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return coded + [UInt8(rest)] + bytes
    }

    /// The block of a GET.
    package static let get = request("GET")
    /// The block of a POST.
    package static let post = request("POST")
    /// A block that may follow a body.
    package static let trailers = block([("x-sum", "1")])

    /// The block of a request, with more fields.
    package static func request(_ method: String, _ more: [(String, String)] = []) -> [UInt8] {
        block([(":method", method), (":scheme", "https"), (":path", "/"), (":authority", "x")] + more)
    }
}
