internal import Bytes
internal import HTTP
internal import HTTP2

/// Makes byte streams of clients, from harmless to absurd, the same for the same seed.
package struct ConversationMaker<Generator: RandomNumberGenerator> {
    private var generator: Generator
    /// The last stream that was opened, and those whose request is not complete.
    private var newest: UInt32 = 0
    private var open: [UInt32] = []

    /// - Parameter generator: Where its choices come from.
    package init(_ generator: Generator) { self.generator = generator }

    /// Lengths for cutting frames; empty for whole ones.
    package mutating func cuts() -> [Int] {
        switch below(4) {
        case 0: []
        case 1: [1]
        default: (0..<(1 + below(6))).map { _ in 1 + below(40) }
        }
    }

    /// What a client that keeps all rules sends: written by libnghttp2's client side, with Huffman coding and a dynamic table.
    package mutating func legal() -> [UInt8] {
        let client: Client
        do throws(HTTP2Error) {
            client = try Client()
        } catch {
            preconditionFailure("memory for a client session: \(error)")
        }
        let tokens = (0..<3).map { _ in "Bearer " + word(1 + below(300), "abcdefXYZ0189._-") }
        var stream: [UInt8] = []
        for _ in 0..<(1 + below(12)) {
            var request = Request(
                chance(2) ? .post : .get, "/" + word(below(6), "abc/%?="),
                body: chance(2) ? (0..<below(300)).map { _ in UInt8(below(256)) } : [])
            request.authority = chance(4) ? word(1 + below(8), "abc.:1") : "localhost:8443"
            for _ in 0..<below(6) {
                request.headers.add("x-" + word(1 + below(5), "abc"), word(1 + below(40), "abc XYZ;=/").trimmedSpaces)
            }
            if !chance(4) { request.headers.add("authorization", tokens[below(tokens.count)]) }
            client.send(request, cancelled: chance(10))
            if chance(3) { stream += client.take() }
        }
        return stream + client.take()
    }

    /// Frames of all types in any order, most of them well-formed.
    package mutating func frames() -> [UInt8] {
        (newest, open) = (0, [])
        var stream = SessionJudge.preface + frame(4, 0, 0, [])
        for _ in 0..<(1 + below(25)) { stream += anyFrame() }
        return stream
    }

    /// The same stream with something wrong in it.
    package mutating func mutated(_ stream: [UInt8]) -> [UInt8] {
        var bytes = stream
        for _ in 0..<(1 + below(4)) where bytes.count > 40 {
            let place = chance(8) ? below(bytes.count) : 24 + below(bytes.count - 24)
            switch below(7) {
            case 0: bytes[place] = UInt8(below(256))
            case 1: bytes[place] ^= 1 << UInt8(below(8))
            case 2: bytes.removeLast(min(bytes.count - 1, below(60)))
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(20)))
            case 4: bytes.insert(contentsOf: (0..<below(12)).map { _ in UInt8(below(256)) }, at: place)
            case 5: bytes.insert(contentsOf: anyFrame(), at: boundary(bytes))
            default:  // any other number: a frame twice
                let start = boundary(bytes)
                let piece = Array(bytes[start...].prefix(9 + below(60)))
                bytes.insert(contentsOf: piece, at: start)
            }
        }
        return bytes
    }

    /// Where a frame begins.
    private mutating func boundary(_ bytes: [UInt8]) -> Int {
        var starts = [24]
        while let start = starts.last, start + 9 <= bytes.count {
            let length = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
            starts.append(min(bytes.count, start + 9 + length))
        }
        return min(starts[below(starts.count)], bytes.count)
    }

    private mutating func anyFrame() -> [UInt8] {
        let stream = chance(12) ? UInt32(below(20)) : open.isEmpty ? max(1, newest) : open[below(open.count)]
        switch below(64) {
        case 0...27: return headers(chance(25) ? stream : newest + (newest == 0 ? 1 : chance(12) ? 4 : 2))
        case 28...47: return open.isEmpty && !chance(20) ? [] : data(stream)
        case 48, 49: return frame(2, 0, stream, number(2 * below(4) + 1, 4) + [1])
        case 50, 51: return frame(3, 0, stream, number(below(14), 4))
        case 52...54: return frame(4, 0, 0, setting())
        case 55, 56: return frame(6, UInt8(below(2)), 0, (0..<8).map { _ in UInt8(below(256)) })
        case 57...59: return frame(8, 0, chance(2) ? 0 : stream, number(chance(12) ? 0 : 1 + below(70_000), 4))
        case 60: return frame(9, UInt8(below(2) * 4), stream, block())
        case 61:
            return frame(
                UInt8(10 + below(246)), UInt8(below(256)), stream, (0..<below(20)).map { _ in UInt8(below(256)) })
        case 62:
            return frame(UInt8(below(10)), UInt8(below(64)), stream, (0..<below(20)).map { _ in UInt8(below(10)) })
        default: return frame(7, 0, 0, number(chance(4) ? below(9) : 0, 4) + number(below(14), 4))
        }
    }

    private mutating func setting() -> [UInt8] {
        switch below(6) {
        case 0: number(1, 2) + number(below(5000), 4)
        case 1: number(4, 2) + number(below(100), 4)
        case 2: number(5, 2) + number(16_384 + below(1000), 4)
        case 3: number(4, 2) + number(65_535, 4) + number(3, 2) + number(below(10), 4)
        case 4: number(below(12), 2) + number(below(3), 4)
        default: []
        }
    }

    private mutating func data(_ stream: UInt32) -> [UInt8] {
        let body = (0..<below(40)).map { _ in UInt8(below(256)) }
        let end = below(2)
        if end == 1 { open.removeAll { $0 == stream } }
        guard chance(5) else { return frame(0, UInt8(end), stream, body) }
        let padding = below(10)
        return frame(
            0, UInt8(8 + end), stream,
            [UInt8(padding)] + body + [UInt8](repeating: 0, count: chance(6) ? below(12) : padding))
    }

    private mutating func headers(_ stream: UInt32) -> [UInt8] {
        var flags: UInt8 = UInt8(below(2))
        if stream > newest {
            newest = stream
            if flags == 0 { open.append(stream) }
        }
        let isWhole = !chance(6)
        if isWhole { flags |= 4 }
        var payload = block()
        if chance(8) {
            flags |= 0x20
            payload = number(chance(6) ? Int(stream) : below(9), 4) + [UInt8(below(256))] + payload
        }
        if chance(8) {
            flags |= 8
            let padding = below(6)
            payload = [UInt8(padding)] + payload + [UInt8](repeating: 0, count: padding)
        }
        let head = frame(1, flags, stream, payload)
        if isWhole { return head }
        let rest = chance(2) ? [] : field()
        return head + frame(9, chance(8) ? 0 : 4, chance(12) ? stream + 2 : stream, rest)
    }

    /// A header block: mostly the four fields of a request and a few more, now and then something else.
    private mutating func block() -> [UInt8] {
        var fields: [[UInt8]] = [
            chance(25) ? literal(":method", ["PUT", "CONNECT", "OPTIONS", "G T", ""]) : [chance(2) ? 0x82 : 0x83],
            chance(40) ? literal(":scheme", ["ftp", "1", "ht tp", ""]) : [chance(2) ? 0x86 : 0x87],
            chance(4)
                ? literal(":path", ["/event", "/event", "/x", "/y", "/?q", "/a?b=c", "*", "", "a", "/ ", "/\u{7f}"])
                : [0x84],
            chance(6) ? literal(":authority", ["x:1", "y", "x.y:80", "", "a@b", "a b"]) : [0x41, 1, 0x78],
        ]
        if chance(50) { fields.remove(at: below(4)) }
        if chance(60) { fields.append(fields[below(fields.count)]) }
        for _ in 0..<below(5) { fields.append(field()) }
        if chance(60) { fields.swapAt(0, fields.count - 1) }
        if chance(40) { fields.insert([0x20 | UInt8(below(31))], at: chance(2) ? 0 : below(fields.count)) }
        return fields.flatMap { $0 }
    }

    private mutating func field() -> [UInt8] {
        switch below(40) {
        case 0: return [0x80 | UInt8(below(127))]
        case 1: return [0xbe &+ UInt8(below(6))]
        case 2: return literal("content-length", ["0", "5", "12", "x", ""])
        case 3: return literal("te", ["trailers", "gzip"])
        case 4:
            return literal(
                ["connection", "upgrade", "transfer-encoding", "Host", "host", "x y", "", "a:b"][below(8)],
                ["x", "close"])
        case 5, 10...14: return literal("authorization", ["Bearer a", "Bearer b", ""])
        case 6: return literal("x", ["a\0", "a\r\nb", " a", "a ", "\t", "é", "\u{1}"])
        case 7: return literal("expect", ["100-continue", "x"])
        case 8, 15, 16: return literal("cookie", ["a=b", "c"])
        case 9:
            return [0x0f, 0x08, 0x88] + [0x9a, 0x5b, 0x7c, 0x00, 0xff, 0xff, 0x1f, 0x2f].map { $0 ^ UInt8(below(2)) }
        default: return literal("x-" + word(1 + below(4), "abc"), [word(below(30), "abc def")])
        }
    }

    private mutating func literal(_ name: String, _ values: [String]) -> [UInt8] {
        let (name, value) = (Array(name.utf8), Array(values[below(values.count)].utf8))
        let first: UInt8 = [0x40, 0x00, 0x10][below(3)]
        return [first, UInt8(name.count)] + name + [UInt8(value.count)] + value
    }

    private func frame(_ type: UInt8, _ flags: UInt8, _ stream: UInt32, _ payload: [UInt8]) -> [UInt8] {
        number(payload.count, 3) + [type, flags] + number(Int(stream), 4) + payload
    }

    private func number(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private mutating func word(_ count: Int, _ alphabet: String) -> String {
        let letters = Array(alphabet)
        return String((0..<count).map { _ in letters[below(letters.count)] })
    }

    private mutating func below(_ bound: Int) -> Int { bound == 0 ? 0 : Int.random(in: 0..<bound, using: &generator) }

    private mutating func chance(_ bound: Int) -> Bool { below(bound) == 0 }
}

/// libnghttp2's client side, which writes what a client may.
private final class Client: HTTP2ResponseReceiver {
    private var session: HTTP2ClientSession!

    init() throws(HTTP2Error) { session = try HTTP2ClientSession(receiver: self, bodyLimit: 1 << 20) }

    func send(_ request: Request, cancelled: Bool) {
        do throws(HTTP2Error) {
            let number = try session.submit(request, scheme: "https")
            if cancelled { session.cancel(number) }
        } catch {
            preconditionFailure("a fresh client session takes a dozen requests: \(error)")
        }
    }

    func take() -> [UInt8] {
        var out = OutputBuffer()
        do throws(HTTP2Error) {
            try session.pullOutput(into: &out, upTo: 1 << 20)
        } catch {
            preconditionFailure("memory for a few kilobytes: \(error)")
        }
        return out.copyBytes()
    }

    func responseArrived(_ number: UInt32, _ response: Response) {}
    func requestFailed(_ number: UInt32, _ error: HTTP2Error) {}
}

extension String {
    fileprivate var trimmedSpaces: String {
        let trimmed = drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        return String(trimmed)
    }
}
