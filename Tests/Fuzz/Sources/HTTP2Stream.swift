/// What a client says on an HTTP/2 connection, made from an input.
///
/// Short form, so that the fuzzer need not get lengths right: type, flags, stream and length in a byte each, then the payload.
///
/// | type | frame |
/// |---|---|
/// | 0…9 | that one of RFC 9113 §6 |
/// | 10…63 | of an unknown type |
/// | 64…127 | a request's HEADERS; what follows its fields is the payload: more HPACK |
/// | 128…191 | a piece of bytes as they are, no frame around |
/// | 192…255 | SETTINGS, acknowledged or with the payload |
enum HTTP2Stream {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func make(from input: inout FuzzInput) -> [UInt8] {
        let form = input.below(8)
        if form == 0 { return preface + input.rest }
        var stream = preface + frame(4, 0, 0, [])
        var rest = input.rest
        while rest.count >= 4 {
            let (type, flags, number, length) = (rest[0], rest[1], rest[2], min(Int(rest[3]), rest.count - 4))
            let payload = [UInt8](rest[4..<(4 + length)])
            rest = UnsafeRawBufferPointer(rebasing: rest[(4 + length)...])
            switch type {
            case 0..<64: stream += frame(type, flags, UInt32(number), payload)
            case 64..<128:
                let post = type & 1 == 1
                // Mostly complete, on a number that clients use.
                let flags: UInt8 = (type & 2 == 0 ? 4 : 0) | (post ? 0 : 1) | (flags & 0x28)
                stream += frame(1, flags, UInt32(number) | (type & 4 == 0 ? 1 : 0), request(post: post, type) + payload)
            case 128..<192: stream += payload
            case _: stream += frame(4, type & 1, 0, type & 1 == 1 ? [] : payload)
            }
        }
        return stream
    }

    static func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        let length = payload.count
        let head = [UInt8(length >> 16 & 255), UInt8(length >> 8 & 255), UInt8(length & 255), type, flags]
        return head + (0..<4).map { UInt8(truncatingIfNeeded: stream >> (24 - 8 * $0)) } + payload
    }

    /// `:method`, `:scheme`, `:path` and `:authority`, by index or as literals that are indexed or not.
    private static func request(post: Bool, _ type: UInt8) -> [UInt8] {
        let literal: UInt8 = type & 8 == 0 ? 0x40 : 0  // incremental indexing, or none
        return [post ? 0x83 : 0x82, 0x87, 0x84] + [literal | 1, 4] + Array("host".utf8)
    }
}
