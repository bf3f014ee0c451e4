extension Rules {
    private static let post = [Raw.headers(1, Raw.post, end: false)]
    private static let protocolError = Rule.Verdict.connectionError(Code.protocolError)
    private static let sizeError = Rule.Verdict.connectionError(Code.frameSize)
    private static let flowError = Rule.Verdict.connectionError(Code.flowControl)

    /// §6.1 to §7
    package static let types: [Rule] =
        data + headers + priority + reset + settings + ping + goAway + windowUpdate + continuation

    private static let data: [Rule] = [
        Rule("§6.1 DATA on stream 0", Raw.data(0, [1]), is: protocolError),
        Rule("§6.1 padding", given: post, Raw.padded(0, 1, flags: 1, 3, [1, 2, 0, 0, 0]), is: .served(1)),
        Rule("§6.1 padding and nothing else", given: post, Raw.padded(0, 1, flags: 1, 3, [0, 0, 0]), is: .served(1)),
        Rule("§6.1 no padding, though announced", given: post, Raw.padded(0, 1, flags: 1, 0, [1]), is: .served(1)),
        Rule(
            "§6.1 padding that is not of zeros", given: post, Raw.padded(0, 1, flags: 1, 2, [1, 7, 7]), is: .served(1)),
        Rule(
            "§6.1 as much padding as frame", given: post, Raw.padded(0, 1, flags: 1, 4, [0, 0, 0]), is: protocolError),
        Rule(
            "§6.1 more padding than frame", given: post, Raw.padded(0, 1, flags: 1, 255, [0, 0, 0]), is: protocolError),
        Rule("§6.1 no room for the padding's length", given: post, Raw.frame(0, flags: 9, stream: 1), is: sizeError),
        Rule("§6.1 empty DATA", given: post, Raw.data(1, [], end: false), Raw.data(1, []), is: .served(1)),
        Rule(
            "§6.1 DATA in several frames", given: post, Raw.data(1, [1], end: false), Raw.data(1, [2]), is: .served(1)),
    ]

    private static let headers: [Rule] = [
        Rule("§6.2 HEADERS on stream 0", Raw.headers(0), is: protocolError),
        Rule("§6.2 padding", Raw.padded(1, 1, flags: 5, 2, Raw.get + [0, 0]), is: .served(1)),
        Rule("§6.2 padding that is not of zeros", Raw.padded(1, 1, flags: 5, 2, Raw.get + [7, 7]), is: .served(1)),
        Rule(
            "§6.2 as much padding as frame", Raw.padded(1, 1, flags: 5, UInt8(Raw.get.count + 1), Raw.get),
            is: protocolError),
        Rule("§6.2 no room for the padding's length", Raw.frame(1, flags: 13, stream: 1), is: sizeError),
        Rule(
            "§6.2 a priority", Raw.frame(1, flags: 0x25, stream: 3, [0x80, 0, 0, 1, 255] + Raw.get), is: .served(3)),
        Rule(
            "§6.2 a priority and padding", Raw.padded(1, 3, flags: 0x25, 2, [0, 0, 0, 0, 255] + Raw.get + [0, 0]),
            is: .served(3)),
        Rule("§6.2 no room for the priority", Raw.frame(1, flags: 0x25, stream: 3, [0, 0, 0, 0]), is: sizeError),
        Rule(
            "§6.2 no room for padding and priority", Raw.padded(1, 3, flags: 0x25, 2, [0, 0, 0, 0, 0, 0]),
            is: sizeError),
        Rule(
            "§6.2 END_STREAM before the block is whole", Raw.headers(1, Array(Raw.get[..<5]), complete: false),
            Raw.continuation(1, Array(Raw.get[5...])), is: .served(1)),
        Rule(
            "§6.2 padding in HEADERS, and CONTINUATION",
            Raw.frame(1, flags: 0x09, stream: 1, [2] + Array(Raw.get[..<5]) + [0, 0]),
            Raw.continuation(1, Array(Raw.get[5...])), is: .served(1)),
    ]

    private static let priority: [Rule] = [
        Rule("§6.3 PRIORITY on stream 0", Raw.priority(0), is: protocolError),
        Rule(
            "§6.3 PRIORITY that is too short", given: post, Raw.frame(2, stream: 1, [0, 0, 0, 0]),
            is: .streamError(1, Code.frameSize), answer: .never),
        Rule(
            "§6.3 PRIORITY that is too long", given: post, Raw.frame(2, stream: 1, [0, 0, 0, 0, 0, 0]),
            is: .streamError(1, Code.frameSize), answer: .never),
        Rule(
            "§6.3 PRIORITY of another length, of a stream that is closed", given: [Raw.headers(1)],
            Raw.frame(2, stream: 1, [0, 0, 0, 0]), is: .streamError(1, Code.frameSize)),
        Rule("§6.3 the same on an idle stream", Raw.frame(2, stream: 1, [0, 0, 0, 0]), is: sizeError),
        Rule(
            "§6.3 a stream that depends on one that does not exist, exclusively",
            Raw.frame(2, stream: 1, [0x80, 0, 0, 99, 255]), Raw.headers(1), is: .served(1)),
    ]

    private static let reset: [Rule] = [
        Rule("§6.4 RST_STREAM on stream 0", Raw.reset(0), is: protocolError),
        Rule("§6.4 RST_STREAM that is too short", given: post, Raw.frame(3, stream: 1, [0, 0, 0]), is: sizeError),
        Rule("§6.4 RST_STREAM that is too long", given: post, Raw.frame(3, stream: 1, [0, 0, 0, 0, 0]), is: sizeError),
        Rule("§6.4, §7 an unknown code", given: post, Raw.reset(1, 0xff), is: .ignored),
        Rule("§6.4 NO_ERROR", given: post, Raw.reset(1, 0), is: .ignored),
        Rule(
            "§6.4 the connection goes on behind RST_STREAM", given: post, Raw.reset(1), Raw.headers(3), is: .served(3)),
    ]

    private static let settings: [Rule] = [
        Rule("§6.5 SETTINGS on a stream", Raw.frame(4, stream: 1), is: protocolError),
        Rule("§6.5 an acknowledgement on a stream", Raw.frame(4, flags: 1, stream: 1), is: protocolError),
        Rule("§6.5 SETTINGS of 3 bytes", Raw.frame(4, [0, 3, 0]), is: sizeError),
        Rule("§6.5 SETTINGS of 7 bytes", Raw.frame(4, [0, 3, 0, 0, 0, 1, 0]), is: sizeError),
        Rule("§6.5 an acknowledgement with content", Raw.frame(4, flags: 1, [0, 3, 0, 0, 0, 1]), is: sizeError),
        Rule("§6.5 empty SETTINGS", Raw.settings(), is: .ignored),
        Rule("§6.5.2 ENABLE_PUSH 2", Raw.settings([(2, 2)]), is: protocolError),
        Rule("§6.5.2 ENABLE_PUSH 2^32 - 1", Raw.settings([(2, 0xffff_ffff)]), is: protocolError),
        Rule("§6.5.2 INITIAL_WINDOW_SIZE 2^31", Raw.settings([(4, 1 << 31)]), is: flowError),
        Rule("§6.5.2 INITIAL_WINDOW_SIZE 2^32 - 1", Raw.settings([(4, 0xffff_ffff)]), is: flowError),
        Rule("§6.5.2 MAX_FRAME_SIZE below 2^14", Raw.settings([(5, 16_383)]), is: protocolError),
        Rule("§6.5.2 MAX_FRAME_SIZE 0", Raw.settings([(5, 0)]), is: protocolError),
        Rule("§6.5.2 MAX_FRAME_SIZE above 2^24 - 1", Raw.settings([(5, 1 << 24)]), is: protocolError),
        Rule(
            "§6.5.2 values at their lower limits",
            Raw.settings([(1, 0), (2, 0), (3, 0), (4, 0), (5, 16_384), (6, 0)]), is: .ignored),
        Rule(
            "§6.5.2 values at their upper limits",
            Raw.settings([
                (1, 0xffff_ffff), (2, 1), (3, 0xffff_ffff), (4, 0x7fff_ffff), (5, 16_777_215), (6, 0xffff_ffff),
            ]), is: .ignored),
        Rule("§6.5.2 an unknown setting", Raw.settings([(0xff, 1)]), Raw.headers(1), is: .served(1)),
        Rule(
            "§6.5.2 unknown settings around a bad one", Raw.settings([(0xff, 1), (2, 2), (0xfe, 1)]), is: protocolError),
        Rule("§6.5.3 each value of several is looked at", Raw.settings([(2, 7), (2, 0)]), is: protocolError),
        Rule("§6.5.3 an acknowledgement of nothing", Raw.settings(acknowledges: true), is: .ignored),
        Rule("RFC 8441 §3 ENABLE_CONNECT_PROTOCOL 2", Raw.settings([(8, 2)]), is: protocolError),
        Rule("RFC 9218 §2.1 NO_RFC7540_PRIORITIES 2", Raw.settings([(9, 2)]), is: protocolError),
        Rule("§6.6 PUSH_PROMISE on stream 0", Raw.frame(5, flags: 4, [0, 0, 0, 2] + Raw.get), is: protocolError),
    ]

    private static let ping: [Rule] = [
        Rule("§6.7 PING on a stream", Raw.frame(6, stream: 1, Array("12345678".utf8)), is: protocolError),
        Rule("§6.7 PING that is empty", Raw.ping(""), is: sizeError),
        Rule("§6.7 PING of 7 bytes", Raw.ping("1234567"), is: sizeError),
        Rule("§6.7 PING of 9 bytes", Raw.ping("123456789"), is: sizeError),
        Rule("§6.7 an acknowledgement of another length", Raw.ping("1234567", acknowledges: true), is: sizeError),
        Rule("§6.7 an acknowledgement", Raw.ping("12345678", acknowledges: true), is: .ignored),
    ]

    private static let goAway: [Rule] = [
        Rule("§6.8 GOAWAY on a stream", Raw.frame(7, stream: 1, Raw.number(0, 8)), is: protocolError),
        Rule("§6.8 GOAWAY that is too short", Raw.frame(7, [0, 0, 0, 0]), is: sizeError),
        Rule(
            "§6.8 GOAWAY leaves the connection to its requests", given: [Raw.headers(1)], Raw.goAway(), is: .ignored,
            answer: .never),
        Rule(
            "§6.8, §7 GOAWAY with an unknown code, a number and text", given: [Raw.headers(1)],
            Raw.frame(7, Raw.number(0x8000_0002, 4) + Raw.number(0xff, 4) + Array("bye".utf8)), is: .ignored,
            answer: .never),
        Rule("§6.8 GOAWAY again", given: [Raw.headers(1)], Raw.goAway(), Raw.goAway(), is: .ignored, answer: .never),
    ]

    private static let windowUpdate: [Rule] = [
        Rule("§6.9 an increment of 0 for the connection", Raw.window(0, 0), is: protocolError),
        Rule("§6.9 an increment of 0 and the reserved bit", Raw.window(0, 0x8000_0000), is: protocolError),
        Rule("§6.9 the reserved bit", Raw.window(0, 0x8000_0001), is: .ignored),
        Rule("§6.9 WINDOW_UPDATE of 3 bytes", Raw.frame(8, [0, 0, 1]), is: sizeError),
        Rule("§6.9 WINDOW_UPDATE of 5 bytes", Raw.frame(8, [0, 0, 0, 0, 1]), is: sizeError),
        Rule(
            "§6.9 WINDOW_UPDATE of 3 bytes on a stream", given: post, Raw.frame(8, stream: 1, [0, 0, 1]), is: sizeError),
        Rule("§6.9.1 the connection's window at its largest", Raw.window(0, 0x7fff_ffff - 65_535), is: .ignored),
        Rule("§6.9.1 the connection's window too large by one", Raw.window(0, 0x7fff_ffff - 65_534), is: flowError),
        Rule(
            "§6.9.1 the connection's window too large in two steps", Raw.window(0, 0x7fff_0000),
            Raw.window(0, 0x1_0000), is: flowError),
        Rule(
            "§6.9.1 a stream's window at its largest", given: post, Raw.window(1, 0x7fff_ffff - 65_535), is: .ignored,
            answer: .never),
        Rule(
            "§6.9.1 a stream's window too large", given: post, Raw.window(1, 0x7fff_ffff), Raw.window(1, 0x7fff_ffff),
            is: .streamError(1, Code.flowControl)),
        Rule(
            "§6.9.1 the window of a stream that is half-closed (remote) too large", given: [Raw.headers(1)],
            Raw.window(1, 0x7fff_ffff) + Raw.window(1, 0x7fff_ffff), is: .streamError(1, Code.flowControl),
            answer: .never),
        Rule(
            "§6.9.2 a stream's window made too large by settings", given: post, Raw.window(1, 0x7fff_0000),
            Raw.settings([(4, 0x7fff_ffff)]), is: flowError),
        Rule(
            "§6.9.2 settings do not change the connection's window", Raw.settings([(4, 0x7fff_ffff)]),
            Raw.window(0, 0x7fff_ffff - 65_535), is: .ignored),
    ]

    private static let continuation: [Rule] = [
        Rule("§6.10 CONTINUATION on stream 0", Raw.continuation(0, []), is: protocolError),
        Rule("§6.10 CONTINUATION of a block that is whole", given: post, Raw.continuation(1, []), is: protocolError),
        Rule(
            "§6.10 CONTINUATION behind one with END_HEADERS",
            given: [Raw.headers(1, end: false, complete: false) + Raw.continuation(1, [])], Raw.continuation(1, []),
            is: protocolError),
        Rule(
            "§6.10 CONTINUATION behind DATA", given: post, Raw.data(1, [1], end: false), Raw.continuation(1, []),
            is: protocolError),
        Rule(
            "§6.10 a block in three pieces", Raw.headers(1, Array(Raw.get[..<5]), complete: false),
            Raw.continuation(1, Array(Raw.get[5..<9]), complete: false), Raw.continuation(1, Array(Raw.get[9...])),
            is: .served(1)),
        Rule(
            "§6.10 empty pieces", Raw.headers(1, [], complete: false), Raw.continuation(1, Raw.get, complete: false),
            Raw.continuation(1, []), is: .served(1)),
        Rule(
            "§6.10 trailers in pieces", given: post, Raw.headers(1, Array(Raw.trailers[..<3]), complete: false),
            Raw.continuation(1, Array(Raw.trailers[3...])), is: .served(1)),
    ]
}
