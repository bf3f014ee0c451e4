import Bytes
import HTTP
import HTTP2
import TestKit
import Testing

/// What must come of a sequence of frames.
enum Verdict: Sendable {
    /// GOAWAY with this code, then nothing more.
    case connectionError(Int)
    /// RST_STREAM with this code; the connection goes on.
    case streamError(UInt32, Int)
    /// The request is answered; the connection goes on.
    case answered(UInt32, String)
    /// Nothing happens; the connection goes on.
    case ignored
}

private let (protocolError, flowControl, streamClosed, frameSize, refused, compression, calm) = (1, 3, 5, 6, 7, 9, 11)

/// A rule, frames that test it, and what must come of them. Unless said otherwise they follow preface and settings.
struct Rule: Sendable, CustomTestStringConvertible {
    /// What the handler says to every request.
    enum Answers {
        /// 200 with a body.
        case text
        /// 204: the stream is closed as soon as its request is complete.
        case noContent
        /// Nothing.
        case none
    }

    let name: String
    let frames: [UInt8]
    let verdict: Verdict
    let answers: Answers

    var testDescription: String { name }

    init(_ name: String, _ frames: [UInt8]..., is verdict: Verdict, answers: Answers = .text) {
        self.name = name
        self.frames = frames.flatMap { $0 }
        self.verdict = verdict
        self.answers = answers
    }
}

/// RFC 9113: what a server must do with frames that a client may not send, and with those that it may.
@Suite struct ConformanceTests {
    private static func padded(_ type: UInt8, _ stream: UInt32, flags: UInt8, _ padding: UInt8, _ rest: [UInt8])
        -> [UInt8]
    {
        Raw.frame(type, flags: flags | 8, stream: stream, [padding] + rest)
    }

    private static let large = [UInt8](repeating: 0, count: 16_385)

    /// §3.4
    static let preface: [Rule] = [
        Rule("not the preface", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX".utf8), is: .connectionError(protocolError)),
        Rule("HTTP/1.1", Array("GET / HTTP/1.1\r\nhost: x\r\n\r\n".utf8), is: .connectionError(protocolError)),
        Rule("no SETTINGS", Raw.preface, Raw.ping(), is: .connectionError(protocolError)),
        Rule("a request before SETTINGS", Raw.preface, Raw.headers(1), is: .connectionError(protocolError)),
        Rule(
            "an acknowledgement instead of SETTINGS", Raw.preface, Raw.settings(acknowledges: true),
            is: .connectionError(protocolError)),
        Rule("preface and SETTINGS", Raw.preface, Raw.settings(), is: .ignored),
        Rule("a request with the preface", Raw.preface, Raw.settings(), Raw.headers(1), is: .answered(1, "200")),
    ]

    /// §4
    static let frames: [Rule] = [
        Rule("§4.1 an unknown type", Raw.frame(0x16, flags: 0xff, stream: 0, [1, 2, 3]), is: .ignored),
        Rule("§4.1 an unknown type on a stream", Raw.frame(0x16, stream: 1, [1, 2, 3]), is: .ignored),
        Rule("§4.1 unknown flags", Raw.frame(6, flags: 0xfe, stream: 0, Array("12345678".utf8)), is: .ignored),
        Rule("§4.1 the reserved bit", Raw.frame(1, flags: 5, stream: 0x8000_0001, Raw.get), is: .answered(1, "200")),
        Rule(
            "§4.2 DATA of the largest size", Raw.headers(1, Raw.post, end: false),
            Raw.data(1, [UInt8](repeating: 0, count: 16_384)), is: .answered(1, "200")),
        Rule(
            "§4.2 DATA that is too long", Raw.headers(1, Raw.post, end: false), Raw.data(1, large),
            is: .connectionError(frameSize)),
        Rule("§4.2 HEADERS that are too long", Raw.headers(1, large), is: .connectionError(frameSize)),
        Rule("§4.2 an unknown frame that is too long", Raw.frame(0x16, large), is: .connectionError(frameSize)),
        Rule("§4.3 a block that cannot be decoded", Raw.headers(1, [0x80]), is: .connectionError(compression)),
        Rule(
            "§4.3 a block that ends too early", Raw.headers(1, Raw.get + [0x00, 0x05]),
            is: .connectionError(compression)),
        Rule(
            "§4.3 trailers that cannot be decoded", Raw.headers(1, Raw.post, end: false), Raw.headers(1, [0x80]),
            is: .connectionError(compression)),
        Rule(
            "§4.3 a block that cannot be decoded, of a stream that is refused",
            Raw.headers(1), Raw.headers(1, [0x80]), is: .connectionError(compression), answers: .none),
        Rule(
            "§4.3 PRIORITY inside a block", Raw.headers(1, complete: false), Raw.priority(1),
            Raw.continuation(1, []), is: .connectionError(protocolError)),
        Rule(
            "§4.3 another stream's HEADERS inside a block", Raw.headers(1, complete: false), Raw.headers(3),
            is: .connectionError(protocolError)),
        Rule(
            "§4.3 DATA inside a block", Raw.headers(1, end: false, complete: false), Raw.data(1, [1]),
            is: .connectionError(protocolError)),
        Rule(
            "§5.5 an unknown frame inside a block", Raw.headers(1, complete: false), Raw.frame(0x16, stream: 1, [1]),
            is: .connectionError(protocolError)),
    ]

    /// §5.1
    static let states: [Rule] = [
        Rule("idle: DATA", Raw.data(1, [1]), is: .connectionError(protocolError)),
        Rule("idle: RST_STREAM", Raw.reset(1), is: .connectionError(protocolError)),
        Rule("idle: WINDOW_UPDATE", Raw.window(1, 100), is: .connectionError(protocolError)),
        Rule("idle: CONTINUATION", Raw.continuation(1, Raw.get), is: .connectionError(protocolError)),
        Rule("idle: PRIORITY", Raw.priority(1), is: .ignored),
        Rule("idle: PRIORITY, then HEADERS", Raw.priority(3), Raw.headers(1), is: .answered(1, "200")),
        Rule("an even number: HEADERS", Raw.headers(2), is: .connectionError(protocolError)),
        Rule("an even number: DATA", Raw.data(2, [1]), is: .connectionError(protocolError)),
        Rule("an even number: RST_STREAM", Raw.reset(2), is: .connectionError(protocolError)),
        Rule("an even number: WINDOW_UPDATE", Raw.window(2, 1), is: .connectionError(protocolError)),
        Rule(
            "half-closed (remote): DATA", Raw.headers(1), Raw.data(1, [1]), is: .streamError(1, streamClosed),
            answers: .none),
        Rule(
            "half-closed (remote): HEADERS", Raw.headers(1), Raw.headers(1), is: .streamError(1, streamClosed),
            answers: .none),
        Rule(
            "half-closed (remote): CONTINUATION", Raw.headers(1), Raw.continuation(1, []),
            is: .connectionError(protocolError), answers: .none),
        Rule("half-closed (remote): WINDOW_UPDATE", Raw.headers(1), Raw.window(1, 1), is: .ignored, answers: .none),
        Rule("half-closed (remote): PRIORITY", Raw.headers(1), Raw.priority(1), is: .ignored, answers: .none),
        Rule("half-closed (remote): RST_STREAM", Raw.headers(1), Raw.reset(1), is: .ignored, answers: .none),
        Rule(
            "closed by RST_STREAM: DATA", Raw.headers(1, end: false), Raw.reset(1), Raw.data(1, [1]),
            is: .streamError(1, streamClosed)),
        Rule(
            "closed by RST_STREAM: HEADERS", Raw.headers(1, end: false), Raw.reset(1), Raw.headers(1),
            is: .streamError(1, streamClosed)),
        Rule(
            "closed by RST_STREAM: CONTINUATION", Raw.headers(1, end: false), Raw.reset(1), Raw.continuation(1, []),
            is: .connectionError(protocolError)),
        Rule("closed by RST_STREAM: again", Raw.headers(1, end: false), Raw.reset(1), Raw.reset(1), is: .ignored),
        Rule(
            "closed by RST_STREAM, with the handler: DATA", Raw.headers(1), Raw.reset(1), Raw.data(1, [1]),
            is: .streamError(1, streamClosed), answers: .none),
        Rule("closed: DATA", Raw.headers(1), Raw.data(1, [1]), is: .connectionError(streamClosed), answers: .noContent),
        Rule(
            "closed: HEADERS", Raw.headers(1), Raw.headers(1), is: .connectionError(streamClosed), answers: .noContent),
        Rule(
            "closed: CONTINUATION", Raw.headers(1), Raw.continuation(1, []), is: .connectionError(protocolError),
            answers: .noContent),
        Rule("closed: WINDOW_UPDATE", Raw.headers(1), Raw.window(1, 1), is: .ignored, answers: .noContent),
        Rule("closed: PRIORITY", Raw.headers(1), Raw.priority(1), is: .ignored, answers: .noContent),
        Rule("closed: RST_STREAM", Raw.headers(1), Raw.reset(1), is: .ignored, answers: .noContent),
        Rule(
            "§5.1.1 a number that was passed over", Raw.headers(5), Raw.headers(3), is: .connectionError(protocolError)),
        Rule(
            "§5.1.1 numbers in order, with gaps", Raw.headers(1), Raw.headers(7), Raw.headers(9),
            is: .answered(9, "200")),
        Rule("§5.1.1 the last number", Raw.headers(0x7fff_ffff), is: .answered(0x7fff_ffff, "200")),
        Rule(
            "RFC 7540 §5.3.1 HEADERS that depend on themselves",
            Raw.frame(1, flags: 0x25, stream: 1, [0, 0, 0, 1, 15] + Raw.get), is: .streamError(1, protocolError)),
        Rule(
            "RFC 7540 §5.3.1 PRIORITY that depends on itself", Raw.priority(1, dependsOn: 1),
            is: .connectionError(protocolError)),
    ]

    /// §6.1 to §6.10
    static let types: [Rule] = [
        Rule("§6.1 DATA on stream 0", Raw.data(0, [1]), is: .connectionError(protocolError)),
        Rule(
            "§6.1 padding", Raw.headers(1, Raw.post, end: false), padded(0, 1, flags: 1, 3, [1, 2, 0, 0, 0]),
            is: .answered(1, "200")),
        Rule(
            "§6.1 padding and nothing else", Raw.headers(1, Raw.post, end: false),
            padded(0, 1, flags: 1, 3, [0, 0, 0]), is: .answered(1, "200")),
        Rule(
            "§6.1 more padding than frame", Raw.headers(1, Raw.post, end: false), padded(0, 1, flags: 1, 4, [0, 0, 0]),
            is: .connectionError(protocolError)),
        Rule(
            "§6.1 no room for the padding's length", Raw.headers(1, Raw.post, end: false),
            Raw.frame(0, flags: 9, stream: 1), is: .connectionError(frameSize)),
        Rule(
            "§6.1 empty DATA", Raw.headers(1, Raw.post, end: false), Raw.data(1, [], end: false), Raw.data(1, []),
            is: .answered(1, "200")),
        Rule("§6.2 HEADERS on stream 0", Raw.headers(0), is: .connectionError(protocolError)),
        Rule("§6.2 padding", padded(1, 1, flags: 5, 2, Raw.get + [0, 0]), is: .answered(1, "200")),
        Rule(
            "§6.2 more padding than frame", padded(1, 1, flags: 5, UInt8(Raw.get.count + 1), Raw.get),
            is: .connectionError(protocolError)),
        Rule(
            "§6.2 a priority", Raw.frame(1, flags: 0x25, stream: 3, [0x80, 0, 0, 1, 255] + Raw.get),
            is: .answered(3, "200")),
        Rule(
            "§6.2 a priority and padding", padded(1, 3, flags: 0x25, 2, [0, 0, 0, 0, 255] + Raw.get + [0, 0]),
            is: .answered(3, "200")),
        Rule(
            "§6.2 no room for the priority", Raw.frame(1, flags: 0x25, stream: 3, [0, 0, 0, 0]),
            is: .connectionError(frameSize)),
        Rule(
            "§6.2 no room for padding and priority", padded(1, 3, flags: 0x25, 2, [0, 0, 0, 0, 0, 0]),
            is: .connectionError(frameSize)),
        Rule("§6.3 PRIORITY on stream 0", Raw.priority(0), is: .connectionError(protocolError)),
        Rule(
            "§6.3 PRIORITY of another length", Raw.headers(1), Raw.frame(2, stream: 1, [0, 0, 0, 0]),
            is: .streamError(1, frameSize), answers: .none),
        Rule(
            "§6.3 the same on an idle stream", Raw.frame(2, stream: 1, [0, 0, 0, 0]), is: .connectionError(frameSize)),
        Rule("§6.4 RST_STREAM on stream 0", Raw.reset(0), is: .connectionError(protocolError)),
        Rule(
            "§6.4 RST_STREAM of another length", Raw.headers(1, end: false), Raw.frame(3, stream: 1, [0, 0, 0]),
            is: .connectionError(frameSize)),
        Rule("§6.4 an unknown code", Raw.headers(1, end: false), Raw.reset(1, 0xff), is: .ignored),
        Rule("§6.5 SETTINGS on a stream", Raw.frame(4, stream: 1), is: .connectionError(protocolError)),
        Rule("§6.5 SETTINGS of another length", Raw.frame(4, [0, 3, 0]), is: .connectionError(frameSize)),
        Rule(
            "§6.5 an acknowledgement with content", Raw.frame(4, flags: 1, [0, 3, 0, 0, 0, 1]),
            is: .connectionError(frameSize)),
        Rule("§6.5.2 ENABLE_PUSH 2", Raw.settings([(2, 2)]), is: .connectionError(protocolError)),
        Rule("§6.5.2 INITIAL_WINDOW_SIZE 2^31", Raw.settings([(4, 1 << 31)]), is: .connectionError(flowControl)),
        Rule("§6.5.2 MAX_FRAME_SIZE below 2^14", Raw.settings([(5, 16_383)]), is: .connectionError(protocolError)),
        Rule("§6.5.2 MAX_FRAME_SIZE above 2^24 - 1", Raw.settings([(5, 1 << 24)]), is: .connectionError(protocolError)),
        Rule(
            "§6.5.2 values at their limits",
            Raw.settings([(1, 0), (2, 1), (3, 0), (4, 0x7fff_ffff), (5, 16_777_215), (6, 0)]), is: .ignored),
        Rule("§6.5.2 an unknown setting", Raw.settings([(0xff, 1)]), is: .ignored),
        Rule("RFC 9218 §2.1 NO_RFC7540_PRIORITIES 2", Raw.settings([(9, 2)]), is: .connectionError(protocolError)),
        Rule(
            "§6.6 PUSH_PROMISE", Raw.frame(5, flags: 4, stream: 1, [0, 0, 0, 2] + Raw.get),
            is: .connectionError(protocolError)),
        Rule(
            "§6.7 PING on a stream", Raw.frame(6, stream: 1, Array("12345678".utf8)),
            is: .connectionError(protocolError)),
        Rule("§6.7 PING of another length", Raw.ping("1234567"), is: .connectionError(frameSize)),
        Rule("§6.7 an acknowledgement", Raw.ping("12345678", acknowledges: true), is: .ignored),
        Rule("§6.8 GOAWAY on a stream", Raw.frame(7, stream: 1, Raw.number(0, 8)), is: .connectionError(protocolError)),
        Rule("§6.8 GOAWAY that is too short", Raw.frame(7, [0, 0, 0, 0]), is: .connectionError(frameSize)),
        Rule("§6.9 an increment of 0 for the connection", Raw.window(0, 0), is: .connectionError(protocolError)),
        Rule(
            "§6.9 an increment of 0 for a stream", Raw.headers(1, end: false), Raw.window(1, 0),
            is: .streamError(1, protocolError)),
        Rule("§6.9 WINDOW_UPDATE of another length", Raw.frame(8, [0, 0, 1]), is: .connectionError(frameSize)),
        Rule("§6.9 the reserved bit", Raw.window(0, 0x8000_0001), is: .ignored),
        Rule("§6.9.1 the connection's window too large", Raw.window(0, 0x7fff_ffff), is: .connectionError(flowControl)),
        Rule(
            "§6.9.1 a stream's window too large", Raw.headers(1, end: false), Raw.window(1, 0x7fff_ffff),
            Raw.window(1, 1), is: .streamError(1, flowControl)),
        Rule(
            "§6.9.2 a stream's window made too large by settings", Raw.headers(1, end: false),
            Raw.window(1, 0x7fff_0000), Raw.settings([(4, 0x7fff_ffff)]), is: .connectionError(flowControl)),
        Rule(
            "§6.10 CONTINUATION of a block that is whole", Raw.headers(1, end: false), Raw.continuation(1, []),
            is: .connectionError(protocolError)),
        Rule(
            "§6.10 CONTINUATION on stream 0", Raw.headers(1, complete: false), Raw.continuation(0, []),
            is: .connectionError(protocolError)),
        Rule(
            "§6.10 CONTINUATION of another stream", Raw.headers(1, complete: false), Raw.continuation(3, []),
            is: .connectionError(protocolError)),
        Rule(
            "§6.10 CONTINUATION behind DATA", Raw.headers(1, Raw.post, end: false), Raw.data(1, [1], end: false),
            Raw.continuation(1, []), is: .connectionError(protocolError)),
        Rule(
            "§6.10 a block in three pieces", Raw.headers(1, Array(Raw.get[..<5]), complete: false),
            Raw.continuation(1, Array(Raw.get[5..<9]), complete: false), Raw.continuation(1, Array(Raw.get[9...])),
            is: .answered(1, "200")),
        Rule(
            "§6.10 empty pieces", Raw.headers(1, [], complete: false), Raw.continuation(1, Raw.get, complete: false),
            Raw.continuation(1, []), is: .answered(1, "200")),
        Rule(
            "§7 GOAWAY's unknown code leaves the connection to its requests", Raw.headers(1), Raw.goAway(0xff),
            is: .ignored, answers: .none),
    ]

    private static func malformed(_ name: String, _ block: [UInt8]) -> Rule {
        Rule(name, Raw.headers(1, block), is: .streamError(1, protocolError))
    }
    private static func with(_ field: String, _ value: String) -> [UInt8] { Raw.request("GET", [(field, value)]) }
    private static func pseudo(_ fields: (String, String)...) -> [UInt8] { Raw.block(fields) }

    /// §8.1 to §8.5
    static let messages: [Rule] =
        [
            Rule("§8.1 GET", Raw.headers(1), is: .answered(1, "200")),
            Rule("§8.1 HEAD", Raw.headers(1, Raw.request("HEAD")), is: .answered(1, "200")),
            Rule("§8.1 POST", Raw.headers(1, Raw.post, end: false), Raw.data(1, [1, 2]), is: .answered(1, "200")),
            Rule("§8.1 GET with a body", Raw.headers(1, end: false), Raw.data(1, [1, 2]), is: .answered(1, "200")),
            Rule(
                "§8.1 POST with trailers", Raw.headers(1, Raw.post, end: false), Raw.data(1, [1], end: false),
                Raw.headers(1, Raw.block([("x-sum", "1")])), is: .answered(1, "200")),
            Rule(
                "§8.1 trailers that do not end the stream", Raw.headers(1, Raw.post, end: false),
                Raw.headers(1, Raw.block([("x-sum", "1")]), end: false), is: .streamError(1, protocolError)),
            Rule(
                "§8.1 pseudo-header fields in trailers", Raw.headers(1, Raw.post, end: false),
                Raw.headers(1, Raw.block([(":method", "POST")])), is: .streamError(1, protocolError)),
            Rule(
                "§8.1.1 content-length, right in two frames",
                Raw.headers(1, Raw.request("POST", [("content-length", "4")]), end: false),
                Raw.data(1, [1], end: false), Raw.data(1, [1, 2, 3]), is: .answered(1, "200")),
            Rule(
                "§8.1.1 less than content-length",
                Raw.headers(1, Raw.request("POST", [("content-length", "4")]), end: false), Raw.data(1, [1]),
                is: .streamError(1, protocolError)),
            Rule(
                "§8.1.1 more than content-length",
                Raw.headers(1, Raw.request("POST", [("content-length", "1")]), end: false),
                Raw.data(1, [1, 2], end: false), is: .streamError(1, protocolError)),
            Rule(
                "§8.1.1 less than content-length in two frames",
                Raw.headers(1, Raw.request("POST", [("content-length", "4")]), end: false),
                Raw.data(1, [1], end: false), Raw.data(1, [1]), is: .streamError(1, protocolError)),
            Rule(
                "§8.1.1 content-length and no body", Raw.headers(1, Raw.request("POST", [("content-length", "4")])),
                is: .streamError(1, protocolError)),
            Rule(
                "§8.1.1 content-length, and trailers too early",
                Raw.headers(1, Raw.request("POST", [("content-length", "4")]), end: false),
                Raw.data(1, [1], end: false), Raw.headers(1, Raw.block([("x-sum", "1")])),
                is: .streamError(1, protocolError)),
            Rule("§8.2.2 te: trailers", Raw.headers(1, with("te", "trailers")), is: .answered(1, "200")),
            Rule(
                "§8.3.1 host instead of :authority",
                Raw.headers(1, pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "x"))),
                is: .answered(1, "200")),
            Rule("§8.3.1 host and the same :authority", Raw.headers(1, with("host", "x")), is: .answered(1, "200")),
            Rule("§8.3.1 host and another :authority", Raw.headers(1, with("host", "y")), is: .answered(1, "400")),
            Rule(
                "§8.3.1 OPTIONS *",
                Raw.headers(
                    1, pseudo((":method", "OPTIONS"), (":scheme", "https"), (":path", "*"), (":authority", "x"))),
                is: .answered(1, "200")),
            Rule(
                "§8.5 CONNECT", Raw.headers(1, pseudo((":method", "CONNECT"), (":authority", "x:443"))),
                is: .answered(1, "200")),
        ] + [
            malformed("§8.2.1 an upper-case name", with("X-Test", "1")),
            malformed("§8.2.1 an empty name", with("", "1")),
            malformed("§8.2.1 a space in a name", with("x test", "1")),
            malformed("§8.2.1 a colon in a name", with("x:test", "1")),
            malformed("§8.2.1 NUL in a name", with("x\0", "1")),
            malformed("§8.2.1 CR LF in a name", with("x\r\ny", "1")),
            malformed("§8.2.1 a letter beyond ASCII in a name", with("xé", "1")),
            malformed("§8.2.1 NUL in a value", with("x", "a\0b")),
            malformed("§8.2.1 CR in a value", with("x", "a\rb")),
            malformed("§8.2.1 LF in a value", with("x", "a\nb")),
            malformed("§8.2.1 CR LF in a long value", with("x", "aaaaaaaaaaaaaaaa\r\nfoo: bar")),
            malformed("§8.2.1 a value that begins with a space", with("x", " a")),
            malformed("§8.2.1 a value that ends with a tab", with("x", "a\t")),
            malformed("§8.2.2 connection", with("connection", "close")),
            malformed("§8.2.2 keep-alive", with("keep-alive", "1")),
            malformed("§8.2.2 proxy-connection", with("proxy-connection", "keep-alive")),
            malformed("§8.2.2 transfer-encoding", with("transfer-encoding", "chunked")),
            malformed("§8.2.2 upgrade", with("upgrade", "websocket")),
            malformed("§8.2.2 te: gzip", with("te", "gzip")),
            malformed("§8.2.2 te: trailers, gzip", with("te", "trailers, gzip")),
            malformed("§8.3 an unknown pseudo-header field", Raw.block([(":test", "1")]) + Raw.get),
            malformed("§8.3 a response's pseudo-header field", Raw.block([(":status", "200")]) + Raw.get),
            malformed(
                "§8.3 RFC 8441's :protocol, which we do not announce", Raw.block([(":protocol", "websocket")]) + Raw.get
            ),
            malformed("§8.3 a pseudo-header field behind a regular one", Raw.block([("x", "1")]) + Raw.get),
            malformed("§8.3 two :method", Raw.block([(":method", "GET")]) + Raw.get),
            malformed("§8.3 two :scheme", Raw.block([(":scheme", "https")]) + Raw.get),
            malformed("§8.3 two :path", Raw.block([(":path", "/")]) + Raw.get),
            malformed("§8.3 two :authority", Raw.block([(":authority", "x")]) + Raw.get),
            malformed("§8.3.1 no :method", pseudo((":scheme", "https"), (":path", "/"), (":authority", "x"))),
            malformed("§8.3.1 no :scheme", pseudo((":method", "GET"), (":path", "/"), (":authority", "x"))),
            malformed("§8.3.1 no :path", pseudo((":method", "GET"), (":scheme", "https"), (":authority", "x"))),
            malformed(
                "§8.3.1 an empty :path",
                pseudo((":method", "GET"), (":scheme", "https"), (":path", ""), (":authority", "x"))),
            malformed(
                "§8.3.1 a relative :path",
                pseudo((":method", "GET"), (":scheme", "https"), (":path", "x"), (":authority", "x"))),
            malformed(
                "§8.3.1 * for GET",
                pseudo((":method", "GET"), (":scheme", "https"), (":path", "*"), (":authority", "x"))),
            malformed(
                "§8.3.1 a space in :path",
                pseudo((":method", "GET"), (":scheme", "https"), (":path", "/ HTTP/1.1"), (":authority", "x"))),
            malformed(
                "§8.3.1 CR LF in :path",
                pseudo((":method", "GET"), (":scheme", "https"), (":path", "/\r\nx: y"), (":authority", "x"))),
            malformed(
                "§8.3.1 a space in :method",
                pseudo((":method", "GET /"), (":scheme", "https"), (":path", "/"), (":authority", "x"))),
            malformed(
                "§8.3.1 an empty :method",
                pseudo((":method", ""), (":scheme", "https"), (":path", "/"), (":authority", "x"))),
            malformed("§8.3.1 no host", pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"))),
            malformed(
                "§8.3.1 an empty :authority",
                pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", ""))),
            malformed(
                "§8.3.1 an empty host", pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", ""))),
            malformed(
                "§8.3.1 a user in :authority",
                pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "root@x"))),
            malformed("§8.5 CONNECT with a path", Raw.request("CONNECT")),
            malformed("§8.5 CONNECT without authority", pseudo((":method", "CONNECT"))),
            malformed("§8.1.1 content-length that is no number", with("content-length", "+0")),
            malformed(
                "§8.1.1 two content-lengths", Raw.request("GET", [("content-length", "0"), ("content-length", "0")])),
        ]

    @Test(arguments: preface)
    func `the connection preface`(_ rule: Rule) throws { try judge(rule, handshake: false) }

    @Test(arguments: frames)
    func `the frame layer`(_ rule: Rule) throws { try judge(rule) }

    @Test(arguments: states)
    func `stream states`(_ rule: Rule) throws { try judge(rule) }

    @Test(arguments: types)
    func `frame types`(_ rule: Rule) throws { try judge(rule) }

    @Test(arguments: messages)
    func `requests and trailers`(_ rule: Rule) throws { try judge(rule) }

    private func judge(_ rule: Rule, handshake: Bool = true) throws {
        for chunking in Chunking.allCases {
            let peer = try RawPeer(handshake: handshake)
            switch rule.answers {
            case .text: break
            case .noContent: peer.server.answer = { _ in Response(.noContent) }
            case .none: peer.server.answer = { _ in nil }
            }
            for piece in chunking.cut(rule.frames) { try peer.say(piece) }
            let sent = "\(rule.name), \(chunking): \(peer.sent)"
            switch rule.verdict {
            case .connectionError(let code):
                #expect(peer.goAwayCode == code, "\(sent)")
                #expect(peer.server.session.isFinished, "\(sent)")
                #expect(peer.server.session.endReason != nil, "\(sent)")
                #expect(try peer.say(Raw.ping()).isEmpty, "\(sent)")
                continue
            case .streamError(let stream, let code):
                #expect(peer.resetCode(stream) == code, "\(sent)")
                #expect(peer.status(stream) == nil, "\(sent)")
            case .answered(let stream, let status): #expect(peer.status(stream) == status, "\(sent)")
            case .ignored: break
            }
            // The connection goes on.
            #expect(peer.goAwayCode == nil && peer.server.session.endReason == nil, "\(sent)")
            #expect(try peer.say(Raw.ping("still on")).contains(.pinged("still on")), "\(sent)")
        }
    }
}

/// Sequences whose rules are about what we send.
@Suite struct ConformanceOfOutputTests {
    @Test func `§3_4, §6_5: the first frame is SETTINGS, and SETTINGS are acknowledged`() throws {
        let peer = try RawPeer(handshake: false)
        try peer.pull()
        #expect(peer.sent.first == .settings)
        #expect(try peer.say(Raw.preface + Raw.settings()) == [.settingsAcknowledged])
    }

    @Test func `§6_7: a PING is answered with its content`() throws {
        #expect(try RawPeer().say(Raw.ping("abcdefgh")) == [.pinged("abcdefgh")])
    }

    @Test func `§5_1_2: a stream too many is refused, and the others are served`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in nil }
        for number in 0...256 { try peer.say(Raw.headers(UInt32(2 * number + 1))) }
        #expect(peer.resetCode(513) == 7)
        #expect(peer.server.arrived.count == 256)
        peer.server.session.respondNoContent(511)
        try peer.pull()
        #expect(peer.status(511) == "204")
        try peer.say(Raw.headers(515))
        #expect(peer.server.arrived.count == 257)
    }

    @Test func `§6_9: DATA obeys the stream's window, also when settings change it`() throws {
        let peer = try RawPeer()
        try peer.say(Raw.settings([(4, 1)]) + Raw.headers(1))
        #expect(peer.body(1) == 1)
        #expect(try peer.say(Raw.settings([(4, 3)])).contains(.data(1, 2, end: false)))
        #expect(try peer.say(Raw.settings([(4, 2)])) == [.settingsAcknowledged])  // the window is -1 now
        #expect(try peer.say(Raw.window(1, 1)).isEmpty)
        #expect(try peer.say(Raw.window(1, 1)) == [.data(1, 1, end: false)])
        #expect(try peer.say(Raw.window(1, 100)) == [.data(1, 13 - 4, end: true)])
    }

    @Test func `§6_5_3: of several values in one frame the last counts, and each is looked at`() throws {
        let peer = try RawPeer()
        try peer.say(Raw.settings([(4, 100), (4, 1)]) + Raw.headers(1))
        #expect(peer.body(1) == 1)
        let other = try RawPeer()
        try other.say(Raw.settings([(2, 7), (2, 0)]))
        #expect(other.goAwayCode == 1)
    }

    @Test func `§6_9: DATA obeys the connection's window`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.ok, body: [UInt8](repeating: 1, count: 40_000)) }
        try peer.say(Raw.headers(1) + Raw.headers(3))
        #expect(peer.body(1) + peer.body(3) == 65_535)
        #expect(!peer.server.session.hasOutput)
        try peer.say(Raw.window(0, 100_000))
        #expect(peer.body(1) == 40_000)
        #expect(peer.body(3) == 40_000)
    }

    @Test func `§6_5_2: frames are not longer than the peer allows`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.ok, body: [UInt8](repeating: 1, count: 60_000)) }
        try peer.say(Raw.settings([(5, 30_000)]) + Raw.headers(1))
        for case .data(_, let count, _) in peer.sent { #expect(count <= 30_000) }
        #expect(peer.body(1) == 60_000)
    }

    @Test func `§6_9: windows are given back when half of them is used`() throws {
        let peer = try RawPeer()
        let piece = [UInt8](repeating: 1, count: 16_384)
        try peer.say(Raw.headers(1, Raw.post, end: false))
        var updates: [Sent] = []
        for _ in 0..<9 { updates += try peer.say(Raw.data(1, piece, end: false)) }
        #expect(updates == [.window(1, 8 * 16_384)])
        for number in stride(from: 3, to: 300, by: 2) {
            updates += try peer.say(Raw.headers(UInt32(number), Raw.post, end: false) + Raw.data(UInt32(number), piece))
        }
        #expect(updates.contains(.window(0, 2 << 20)))
    }

    @Test func `§6_9_1: more than the window allows is an error of the stream`() throws {
        var limits = HTTP2ServerLimits()
        limits.streamWindow = 20_000
        limits.bodyBytes = 10
        let peer = try RawPeer(.ingest, limits)
        // Refused at once, so the window is not given back.
        try peer.say(Raw.headers(1, Raw.post, end: false))
        for _ in 0..<2 { try peer.say(Raw.data(1, [UInt8](repeating: 1, count: 11_000), end: false)) }
        #expect(peer.status(1) == "413")
        #expect(peer.resetCode(1) == 3)
    }

    @Test func `§6_9_1: more than the connection's window allows is an error of the connection`() throws {
        var limits = HTTP2ServerLimits()
        limits.connectionWindow = 100_000
        let peer = try RawPeer(.ingest, limits)
        // One frame is half of what is left when the window was just given back; padding counts too.
        try peer.say(Raw.headers(1, Raw.post, end: false))
        for _ in 0..<40 { try peer.say(Raw.data(1, [UInt8](repeating: 1, count: 10_000), end: false)) }
        #expect(peer.goAwayCode == nil)
    }

    @Test func `§6_8: GOAWAY names the last stream; later ones are ignored, earlier ones served`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in nil }
        try peer.say(Raw.headers(1))
        peer.server.session.announceEnd()
        try peer.say(Raw.headers(3))
        peer.server.session.refuseNewStreams()
        try peer.say(Raw.headers(5, Raw.post, end: false) + Raw.data(5, [1], end: false) + Raw.reset(5))
        #expect(peer.server.arrived.map(\.number) == [1, 3])
        #expect(peer.sent.suffix(2) == [.goAway(last: 0x7fff_ffff, 0), .goAway(last: 3, 0)])
        peer.server.session.respondNoContent(1)
        peer.server.session.respondNoContent(3)
        try peer.pull()
        #expect(peer.status(1) == "204" && peer.status(3) == "204")
        #expect(peer.server.session.isFinished)
    }

    @Test func `§6_8: the client's GOAWAY lets its requests finish`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in nil }
        try peer.say(Raw.headers(1) + Raw.goAway())
        #expect(!peer.server.session.isFinished)
        peer.server.session.respondNoContent(1)
        try peer.pull()
        #expect(peer.status(1) == "204")
        #expect(peer.server.session.isFinished)
    }

    @Test func `RFC 7541 §4_2: a smaller table is acknowledged in the next block, once`() throws {
        let peer = try RawPeer()
        peer.server.answer = { $0 == 3 ? .text(.notFound, "x") : Response(.noContent) }
        try peer.say(Raw.settings([(1, 0)]))
        // The reader's decoder would not mind; the byte is what a strict one demands (0x20, size 0).
        var out = OutputBuffer()
        try Raw.headers(1).withUnsafeBytes { try peer.server.session.receive($0) }
        try peer.server.session.pullOutput(into: &out, upTo: 1 << 20)
        #expect(out.copyBytes() == [0, 0, 2, 1, 5, 0, 0, 0, 1, 0x20, 0x89])
        try peer.say(Raw.headers(3) + Raw.headers(5))
        #expect(peer.status(3) == "404" && peer.status(5) == "204")
    }

    @Test func `the answer 204 is ten bytes, whatever the stream's number`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.noContent) }
        for number: UInt32 in [1, 255, 257, 65_537, 0x0123_4567, 0x7fff_ffff] {
            try Raw.headers(number).withUnsafeBytes { try peer.server.session.receive($0) }
            var out = OutputBuffer()
            try peer.server.session.pullOutput(into: &out, upTo: 1 << 20)
            #expect(out.copyBytes() == [0, 0, 1, 1, 5] + Raw.number(Int(number), 4) + [0x89])
        }
    }

    @Test func `a head longer than the peer's frames is continued`() throws {
        let peer = try RawPeer()
        let value = String(repeating: "v", count: 40_000)
        peer.server.answer = { _ in Response(.ok, headers: ["x-long": value]) }
        try Raw.headers(1).withUnsafeBytes { try peer.server.session.receive($0) }
        var out = OutputBuffer()
        try peer.server.session.pullOutput(into: &out, upTo: 1 << 20)
        var (types, rest) = ([UInt8](), out.copyBytes()[...])
        while rest.count >= 9 {
            let start = rest.startIndex
            let length = Int(rest[start]) << 16 | Int(rest[start + 1]) << 8 | Int(rest[start + 2])
            #expect(length <= 16_384)
            types += [rest[start + 3], rest[start + 4]]
            rest = rest.dropFirst(9 + length)
        }
        #expect(types == [1, 1, 9, 0, 9, 4])
    }
}
