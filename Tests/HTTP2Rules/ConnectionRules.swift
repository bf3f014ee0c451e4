extension Rules {
    private static func opening(_ name: String, _ bytes: [UInt8]..., is verdict: Rule.Verdict) -> Rule {
        Rule(name, bytes.flatMap { $0 }, is: verdict, opensConnection: true)
    }

    /// §3.4
    package static let preface: [Rule] = [
        opening(
            "§3.4 not the preface", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX".utf8),
            is: .connectionError(Code.protocolError)),
        opening(
            "§3.4 HTTP/1.1 with another method", Array("PRI / HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8),
            is: .connectionError(Code.protocolError)),
        opening("§3.4 no SETTINGS", Raw.preface, Raw.ping(), is: .connectionError(Code.protocolError)),
        opening(
            "§3.4 a request before SETTINGS", Raw.preface, Raw.headers(1), is: .connectionError(Code.protocolError)),
        opening(
            "§3.4 an unknown frame before SETTINGS", Raw.preface, Raw.frame(0x16),
            is: .connectionError(Code.protocolError)),
        opening(
            "§3.4 an acknowledgement instead of SETTINGS", Raw.preface, Raw.settings(acknowledges: true),
            is: .connectionError(Code.protocolError)),
        opening(
            "§3.4 SETTINGS on a stream", Raw.preface, Raw.frame(4, stream: 1), is: .connectionError(Code.protocolError)),
        opening(
            "§3.4 SETTINGS with a value that is not allowed", Raw.preface, Raw.settings([(2, 2)]),
            is: .connectionError(Code.protocolError)),
        opening("§3.4 preface and SETTINGS", Raw.preface, Raw.settings(), is: .ignored),
        opening(
            "§3.4 a request with the preface", Raw.preface, Raw.settings(), Raw.headers(1), is: .served(1)),
        opening(
            "§3.4 a request before our SETTINGS are acknowledged", Raw.preface, Raw.settings(), Raw.headers(1),
            Raw.settings(acknowledges: true), is: .served(1)),
    ]

    private static let large = [UInt8](repeating: 0, count: 16_385)

    /// §4, §5.5
    package static let frames: [Rule] =
        [
            Rule("§4.1 an unknown type", Raw.frame(0x16, flags: 0xff, stream: 0, [1, 2, 3]), is: .ignored),
            Rule("§4.1 an unknown type, empty", Raw.frame(0xff), is: .ignored),
            Rule(
                "§4.1 an unknown type on an idle stream, which stays idle", Raw.frame(0x16, stream: 3, [1, 2, 3]),
                Raw.headers(1), is: .served(1)),
            Rule(
                "§4.1 unknown flags of DATA", Raw.headers(1, Raw.post, end: false),
                Raw.frame(0, flags: 0xf7, stream: 1, [1]), is: .served(1)),
            Rule("§4.1 unknown flags of HEADERS", Raw.frame(1, flags: 0xd7, stream: 1, Raw.get), is: .served(1)),
            Rule(
                "§4.1 unknown flags of PRIORITY", Raw.frame(2, flags: 0xff, stream: 1, [0, 0, 0, 0, 1]), is: .ignored),
            Rule(
                "§4.1 unknown flags of RST_STREAM", Raw.headers(1, end: false),
                Raw.frame(3, flags: 0xff, stream: 1, [0, 0, 0, 8]),
                is: .ignored),
            Rule("§4.1 unknown flags of SETTINGS", Raw.frame(4, flags: 0xfe, [0, 3, 0, 0, 0, 1]), is: .ignored),
            Rule(
                "§4.1 unknown flags of PING", Raw.frame(6, flags: 0xfe, stream: 0, Array("12345678".utf8)), is: .ignored
            ),
            Rule("§4.1 unknown flags of WINDOW_UPDATE", Raw.frame(8, flags: 0xff, [0, 0, 0, 1]), is: .ignored),
            Rule(
                "§4.1 unknown flags of CONTINUATION: it has neither padding nor END_STREAM",
                Raw.headers(1, Array(Raw.post[..<5]), end: false, complete: false),
                Raw.frame(9, flags: 0xff, stream: 1, Array(Raw.post[5...])), Raw.data(1, [1]), is: .served(1)),
            Rule(
                "§4.1 the reserved bit of HEADERS", Raw.frame(1, flags: 5, stream: 0x8000_0001, Raw.get), is: .served(1)
            ),
            Rule(
                "§4.1 the reserved bit of DATA", Raw.headers(1, Raw.post, end: false),
                Raw.frame(0, flags: 1, stream: 0x8000_0001, [1]), is: .served(1)),
            Rule("§4.1 the reserved bit of SETTINGS", Raw.frame(4, stream: 0x8000_0000), is: .ignored),
            Rule(
                "§4.1 the reserved bit of WINDOW_UPDATE", Raw.frame(8, stream: 0x8000_0000, [0, 0, 0, 1]), is: .ignored),
            Rule(
                "§4.2 DATA of the largest size", Raw.headers(1, Raw.post, end: false),
                Raw.data(1, [UInt8](repeating: 0, count: 16_384)), is: .served(1)),
            Rule(
                "§4.2 HEADERS of the largest size", Raw.headers(1, Raw.get + Raw.filler(16_384 - Raw.get.count)),
                is: .served(1)),
            Rule("§4.2 an unknown frame of the largest size", Raw.frame(0x16, Array(large.dropLast())), is: .ignored),
            Rule(
                "§4.2 DATA that is too long", Raw.headers(1, Raw.post, end: false), Raw.data(1, large),
                is: .connectionError(Code.frameSize)),
            Rule("§4.2 HEADERS that are too long", Raw.headers(1, large), is: .connectionError(Code.frameSize)),
            Rule(
                "§4.2 CONTINUATION that is too long", Raw.headers(1, complete: false), Raw.continuation(1, large),
                is: .connectionError(Code.frameSize)),
            Rule(
                "§4.2 SETTINGS that are too long", Raw.frame(4, [UInt8](repeating: 0, count: 16_386)),
                is: .connectionError(Code.frameSize)),
            Rule("§4.2 PING that is too long", Raw.frame(6, large), is: .connectionError(Code.frameSize)),
            Rule(
                "§4.2 an unknown frame that is too long", Raw.frame(0x16, large), is: .connectionError(Code.frameSize)),
            Rule("§4.3 a block that cannot be decoded", Raw.headers(1, [0x80]), is: .connectionError(Code.compression)),
            Rule(
                "§4.3 a block that ends too early", Raw.headers(1, Raw.get + [0x00, 0x05]),
                is: .connectionError(Code.compression)),
            Rule(
                "§4.3 a block in pieces that cannot be decoded", Raw.headers(1, complete: false),
                Raw.continuation(1, [0x80]), is: .connectionError(Code.compression)),
            Rule(
                "§4.3 trailers that cannot be decoded", Raw.headers(1, Raw.post, end: false), Raw.headers(1, [0x80]),
                is: .connectionError(Code.compression)),
            Rule(
                "§4.3 a block that cannot be decoded, behind END_STREAM", given: [Raw.headers(1)],
                Raw.headers(1, [0x80]), is: .connectionError(Code.compression), answer: .never),
            Rule(
                "§4.3 a malformed request's block counts for the table",
                given: [Raw.headers(1, Raw.request("GET", [("X", "1")]) + Raw.indexed("x-a", "b"))],
                Raw.headers(3, Raw.get + [0xbe]), is: .served(3)),
            Rule(
                "§4.3 a block on a stream that the client has reset counts for the table",
                given: [
                    Raw.headers(1, end: false), Raw.reset(1), Raw.headers(1, Raw.trailers + Raw.indexed("x-a", "b")),
                ], Raw.headers(3, Raw.get + [0xbe]), is: .served(3)),
            Rule(
                "§4.3 a block on a stream that we have reset counts for the table",
                given: [
                    Raw.headers(1, Raw.request("GET", [("X", "1")])), Raw.headers(1, Raw.indexed("x-a", "b")),
                ], Raw.headers(3, Raw.get + [0xbe]), is: .served(3)),
            Rule(
                "§4.3 trailers count for the table",
                given: [Raw.headers(1, Raw.post, end: false), Raw.headers(1, Raw.indexed("x-a", "b"))],
                Raw.headers(3, Raw.get + [0xbe]), is: .served(3)),
        ] + insideBlock

    /// §4.3, §5.5, §6.10: nothing comes between the pieces of a block.
    private static let otherFrames: [(String, [UInt8])] = [
        ("DATA", Raw.data(1, [1])), ("HEADERS", Raw.headers(1)), ("another stream's HEADERS", Raw.headers(3)),
        ("PRIORITY", Raw.priority(1)), ("RST_STREAM", Raw.reset(1)), ("SETTINGS", Raw.settings()),
        ("an acknowledgement", Raw.settings(acknowledges: true)),
        ("PUSH_PROMISE", Raw.frame(5, flags: 4, stream: 1, [0, 0, 0, 2])), ("PING", Raw.ping()),
        ("GOAWAY", Raw.goAway()), ("WINDOW_UPDATE", Raw.window(0, 1)),
        ("another stream's CONTINUATION", Raw.continuation(3, [])),
        ("CONTINUATION on stream 0", Raw.continuation(0, [])),
        ("an unknown frame", Raw.frame(0x16, stream: 1, [1])),
    ]

    private static let insideBlock: [Rule] = otherFrames.flatMap { (name, frame) in
        [
            Rule(
                "§4.3 \(name) inside a block", Raw.headers(1, complete: false), frame,
                is: .connectionError(Code.protocolError)),
            Rule(
                "§4.3 \(name) between two CONTINUATIONs", Raw.headers(1, [], end: false, complete: false),
                Raw.continuation(1, Raw.get, complete: false), frame, is: .connectionError(Code.protocolError)),
            Rule(
                "§4.3 \(name) inside trailers", Raw.headers(1, Raw.post, end: false),
                Raw.headers(1, Raw.trailers, complete: false), frame, is: .connectionError(Code.protocolError)),
        ]
    }
}

extension Raw {
    /// A field that takes so many bytes of a block.
    static func filler(_ count: Int) -> [UInt8] {
        // Type, name with its length, and a length of three bytes.
        let field = block([("x-fill", String(repeating: "f", count: count - 11))])
        precondition(field.count == count, "the value's length takes three bytes")
        return field
    }
}
