extension Rules {
    private static let malformed = Rule.Verdict.streamError(1, Code.protocolError)

    /// §8.1 to §8.5, §10.5.1
    package static let messages: [Rule] =
        exchanges + contentLength + goodFields + refusedRequests + badRequests + badTrailers

    private static let exchanges: [Rule] = [
        Rule("§8.1 GET", Raw.headers(1), is: .served(1)),
        Rule("§8.1 HEAD", Raw.headers(1, Raw.request("HEAD")), is: .served(1)),
        Rule("§8.1 OPTIONS", Raw.headers(1, Raw.request("OPTIONS")), is: .served(1)),
        Rule("§8.1 an unknown method", Raw.headers(1, Raw.request("BREW")), is: .served(1)),
        Rule("§8.1 POST without a body", Raw.headers(1, Raw.post), is: .served(1)),
        Rule("§8.1 POST", Raw.headers(1, Raw.post, end: false), Raw.data(1, [1, 2]), is: .served(1)),
        Rule("§8.1 GET with a body", Raw.headers(1, end: false), Raw.data(1, [1, 2]), is: .served(1)),
        Rule(
            "§8.1 POST with trailers", Raw.headers(1, Raw.post, end: false), Raw.data(1, [1], end: false),
            Raw.headers(1, Raw.trailers), is: .served(1)),
        Rule(
            "§8.1 trailers without a body", Raw.headers(1, Raw.post, end: false), Raw.headers(1, Raw.trailers),
            is: .served(1)),
        Rule(
            "§8.1 trailers without fields", Raw.headers(1, Raw.post, end: false), Raw.data(1, [1], end: false),
            Raw.headers(1, []), is: .served(1)),
        Rule(
            "§8.1 several requests, one inside the other", Raw.headers(1, Raw.post, end: false), Raw.headers(3),
            Raw.data(1, [1]), is: .served(1)),
        Rule("§8.1 a request behind a malformed one", given: [Raw.headers(1, [])], Raw.headers(3), is: .served(3)),
    ]

    private static func sized(_ length: String) -> [UInt8] {
        Raw.headers(1, Raw.request("POST", [("content-length", length)]), end: false)
    }

    private static let contentLength: [Rule] = [
        Rule("§8.1.1 content-length in one frame", sized("4"), Raw.data(1, [1, 2, 3, 4]), is: .served(1)),
        Rule(
            "§8.1.1 content-length in two frames", sized("4"), Raw.data(1, [1], end: false), Raw.data(1, [1, 2, 3]),
            is: .served(1)),
        Rule(
            "§8.1.1 content-length, and an empty frame behind it", sized("1"), Raw.data(1, [1], end: false),
            Raw.data(1, []), is: .served(1)),
        Rule(
            "§8.1.1 content-length does not count padding", sized("1"), Raw.padded(0, 1, flags: 1, 3, [1, 0, 0, 0]),
            is: .served(1)),
        Rule(
            "§8.1.1 content-length, and trailers behind it", sized("1"), Raw.data(1, [1], end: false),
            Raw.headers(1, Raw.trailers), is: .served(1)),
        Rule(
            "§8.1.1 content-length 0 and no body", Raw.headers(1, Raw.request("POST", [("content-length", "0")])),
            is: .served(1)),
        Rule("§8.1.1 less than content-length", sized("4"), Raw.data(1, [1]), is: malformed),
        Rule("§8.1.1 nothing of content-length", sized("4"), Raw.data(1, []), is: malformed),
        Rule("§8.1.1 more than content-length", sized("1"), Raw.data(1, [1, 2, 3, 4]), is: malformed),
        Rule(
            "§8.1.1 more than content-length, without an end", sized("1"), Raw.data(1, [1, 2], end: false),
            is: malformed),
        Rule("§8.1.1 more than content-length 0", sized("0"), Raw.data(1, [1]), is: malformed),
        Rule(
            "§8.1.1 less than content-length in two frames", sized("4"), Raw.data(1, [1], end: false),
            Raw.data(1, [1]), is: malformed),
        Rule(
            "§8.1.1 more than content-length in two frames", sized("4"), Raw.data(1, [1, 2], end: false),
            Raw.data(1, [1, 2, 3]), is: malformed),
        Rule(
            "§8.1.1 content-length and no body", Raw.headers(1, Raw.request("POST", [("content-length", "4")])),
            is: malformed),
        Rule(
            "§8.1.1 content-length, and trailers too early", sized("4"), Raw.data(1, [1], end: false),
            Raw.headers(1, Raw.trailers), is: malformed),
        Rule("§8.1.1 a content-length that is no number", sized("+1"), is: malformed),
        Rule("§8.1.1 a content-length beyond all sense", sized("99999999999999999999"), is: malformed),
        Rule(
            "§8.1.1 two content-lengths",
            Raw.headers(1, Raw.request("GET", [("content-length", "0"), ("content-length", "0")])), is: malformed),
    ]

    private static func with(_ field: String, _ value: String) -> [UInt8] { Raw.request("GET", [(field, value)]) }
    private static func pseudo(_ fields: (String, String)...) -> [UInt8] { Raw.block(fields) }

    private static let goodBlocks: [(String, [UInt8])] = [
        ("§8.2.1 bytes beyond ASCII in a value", with("x", "é")),
        ("§8.2.1 an empty value", with("x", "")),
        ("§8.2.2 te: trailers", with("te", "trailers")),
        ("§8.2.3 a cookie in pieces", Raw.request("GET", [("cookie", "a=b"), ("cookie", "c=d")])),
        (
            "§8.3 pseudo-header fields in another order",
            pseudo((":authority", "x"), (":path", "/"), (":scheme", "https"), (":method", "GET"))
        ),
        (
            "§8.3.1 another scheme",
            pseudo((":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "x"))
        ),
        (
            "§8.3.1 host instead of :authority",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "x"))
        ),
        ("§8.3.1 host and the same :authority", with("host", "x")),
        (
            "§8.3.1 a query",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "/?a=b"), (":authority", "x"))
        ),
        (
            "§8.3.1 OPTIONS *",
            pseudo((":method", "OPTIONS"), (":scheme", "https"), (":path", "*"), (":authority", "x"))
        ),
        ("§8.5 CONNECT", pseudo((":method", "CONNECT"), (":authority", "x:443"))),
    ]

    private static let goodFields: [Rule] =
        goodBlocks.map { Rule($0.0, Raw.headers(1, $0.1), is: .served(1)) } + [
            Rule("§8.3.1 host and another :authority", Raw.headers(1, with("host", "y")), is: .answered(1, "400"))
        ]

    /// Within the rules, and more than anybody serves.
    private static let refusedRequests: [Rule] = [
        Rule(
            "§10.5.1 a list of too many fields",
            Raw.headers(1, Raw.request("GET", (0..<101).map { ("x-\($0)", "1") })), is: .answered(1, "431")),
        Rule(
            "§10.5.1 a list that is too long, in pieces", Raw.headers(1, complete: false),
            Raw.continuation(1, Raw.filler(16_000), complete: false),
            Raw.continuation(1, Raw.filler(16_000), complete: false),
            Raw.continuation(1, Raw.filler(16_000), complete: false),
            Raw.continuation(1, Raw.filler(16_000), complete: false), Raw.continuation(1, Raw.filler(16_000)),
            is: .answered(1, "431")),
        Rule(
            "§10.5.1 a request behind a list that is too long",
            given: [Raw.headers(1, Raw.request("GET", (0..<101).map { ("x-\($0)", "1") }))], Raw.headers(3),
            is: .served(3)),
        Rule("§8.1.1 a content-length larger than any body may be", sized("2000000"), is: .answered(1, "413")),
        Rule(
            "RFC 9110 §10.1.1 an unknown expectation", Raw.headers(1, with("expect", "payment"), end: false),
            is: .answered(1, "417")),
    ]

    private static let badBlocks: [(String, [UInt8])] = [
        ("§8.2.1 an upper-case name", with("X-Test", "1")),
        ("§8.2.1 an empty name", with("", "1")),
        ("§8.2.1 a space in a name", with("x test", "1")),
        ("§8.2.1 a colon in a name", with("x:test", "1")),
        ("§8.2.1 NUL in a name", with("x\0", "1")),
        ("§8.2.1 CR LF in a name", with("x\r\ny", "1")),
        ("§8.2.1 DEL in a name", with("x\u{7f}", "1")),
        ("§8.2.1 a letter beyond ASCII in a name", with("xé", "1")),
        ("§8.2.1 NUL in a value", with("x", "a\0b")),
        ("§8.2.1 CR in a value", with("x", "a\rb")),
        ("§8.2.1 LF in a value", with("x", "a\nb")),
        ("§8.2.1 CR LF in a long value", with("x", "aaaaaaaaaaaaaaaa\r\nfoo: bar")),
        ("§8.2.1 a value that begins with a space", with("x", " a")),
        ("§8.2.1 a value that begins with a tab", with("x", "\ta")),
        ("§8.2.1 a value that ends with a space", with("x", "a ")),
        ("§8.2.1 a value that ends with a tab", with("x", "a\t")),
        ("§8.2.2 connection", with("connection", "close")),
        ("§8.2.2 keep-alive", with("keep-alive", "1")),
        ("§8.2.2 proxy-connection", with("proxy-connection", "keep-alive")),
        ("§8.2.2 transfer-encoding", with("transfer-encoding", "chunked")),
        ("§8.2.2 upgrade", with("upgrade", "websocket")),
        ("§8.2.2 te: gzip", with("te", "gzip")),
        ("§8.2.2 te: trailers, gzip", with("te", "trailers, gzip")),
        ("§8.3 no fields at all", []),
        ("§8.3 an unknown pseudo-header field", Raw.block([(":test", "1")]) + Raw.get),
        ("§8.3 a colon and no name", Raw.block([(":", "1")]) + Raw.get),
        ("§8.3 an upper-case pseudo-header field", Raw.block([(":Method", "GET")]) + Raw.get),
        ("§8.3 a response's pseudo-header field", Raw.block([(":status", "200")]) + Raw.get),
        ("§8.3 RFC 8441's :protocol, which we do not announce", Raw.block([(":protocol", "websocket")]) + Raw.get),
        ("§8.3 pseudo-header fields behind a regular one", Raw.block([("x", "1")]) + Raw.get),
        (
            "§8.3 one pseudo-header field behind a regular one",
            pseudo((":method", "GET"), (":scheme", "https"), (":authority", "x"), ("x", "1"), (":path", "/"))
        ),
        ("§8.3 an unknown pseudo-header field behind all others", with(":test", "1")),
        ("§8.3 two :method", Raw.block([(":method", "GET")]) + Raw.get),
        ("§8.3 two :scheme", Raw.block([(":scheme", "https")]) + Raw.get),
        ("§8.3 two :path", Raw.block([(":path", "/")]) + Raw.get),
        ("§8.3 two :authority", Raw.block([(":authority", "x")]) + Raw.get),
        ("§8.3.1 no :method", pseudo((":scheme", "https"), (":path", "/"), (":authority", "x"))),
        ("§8.3.1 no :scheme", pseudo((":method", "GET"), (":path", "/"), (":authority", "x"))),
        ("§8.3.1 no :path", pseudo((":method", "GET"), (":scheme", "https"), (":authority", "x"))),
        ("§8.3.1 an empty :path", pseudo((":method", "GET"), (":scheme", "https"), (":path", ""), (":authority", "x"))),
        (
            "§8.3.1 an empty :path of OPTIONS",
            pseudo((":method", "OPTIONS"), (":scheme", "https"), (":path", ""), (":authority", "x"))
        ),
        (
            "§8.3.1 a relative :path",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "x"), (":authority", "x"))
        ),
        ("§8.3.1 * for GET", pseudo((":method", "GET"), (":scheme", "https"), (":path", "*"), (":authority", "x"))),
        (
            "§8.3.1 a space in :path",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "/ HTTP/1.1"), (":authority", "x"))
        ),
        (
            "§8.3.1 CR LF in :path",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "/\r\nx: y"), (":authority", "x"))
        ),
        (
            "§8.3.1 a space in :method",
            pseudo((":method", "GET /"), (":scheme", "https"), (":path", "/"), (":authority", "x"))
        ),
        (
            "§8.3.1 an empty :method",
            pseudo((":method", ""), (":scheme", "https"), (":path", "/"), (":authority", "x"))
        ),
        (
            "§8.3.1 an empty :scheme",
            pseudo((":method", "GET"), (":scheme", ""), (":path", "/"), (":authority", "x"))
        ),
        ("§8.3.1 no host", pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"))),
        (
            "§8.3.1 an empty :authority",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", ""))
        ),
        ("§8.3.1 an empty host", pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", ""))),
        (
            "§8.3.1 a user in :authority",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "root@x"))
        ),
        (
            "§8.3.1 an :authority that is no host",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", "x}"))
        ),
        (
            "§8.3.1 a host that is none",
            pseudo((":method", "GET"), (":scheme", "https"), (":path", "/"), ("host", "x/y"))
        ),
        ("§8.5 CONNECT with a path", Raw.request("CONNECT")),
        ("§8.5 CONNECT without authority", pseudo((":method", "CONNECT"))),
    ]

    private static let badRequests: [Rule] = badBlocks.flatMap { (name, block) in
        [
            Rule(name, Raw.headers(1, block), is: malformed),
            // A body is promised: who looks at heads before bodies must not answer.
            Rule("\(name), with a body", Raw.headers(1, block, end: false), Raw.data(1, [1]), is: malformed),
        ]
    }

    private static let badTrailerFrames: [(String, [UInt8])] = [
        ("§8.2.2 te: gzip in trailers", Raw.headers(1, Raw.block([("te", "gzip")]))),
        ("§8.1 trailers that do not end the stream", Raw.headers(1, Raw.trailers, end: false)),
        ("§8.1 a request instead of trailers", Raw.headers(1, Raw.post)),
        ("§8.1 :method in trailers", Raw.headers(1, Raw.block([(":method", "POST")]))),
        ("§8.1 :status in trailers", Raw.headers(1, Raw.block([(":status", "200")]))),
        (
            "§8.1 a pseudo-header field behind others in trailers",
            Raw.headers(1, Raw.trailers + Raw.block([(":path", "/")]))
        ),
        ("§8.2.1 an upper-case name in trailers", Raw.headers(1, Raw.block([("X-Sum", "1")]))),
        ("§8.2.1 LF in a value of trailers", Raw.headers(1, Raw.block([("x-sum", "1\n2")]))),
        ("§8.2.2 connection in trailers", Raw.headers(1, Raw.block([("connection", "close")]))),
        ("§8.2.2 transfer-encoding in trailers", Raw.headers(1, Raw.block([("transfer-encoding", "chunked")]))),
    ]

    private static let badTrailers: [Rule] = badTrailerFrames.flatMap { (name, frame) in
        [
            Rule(name, Raw.headers(1, Raw.post, end: false), frame, is: malformed),
            Rule(
                "\(name), behind a body", Raw.headers(1, Raw.post, end: false), Raw.data(1, [1], end: false), frame,
                is: malformed),
        ]
    }
}
