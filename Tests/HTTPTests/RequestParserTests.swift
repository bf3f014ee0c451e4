import Bytes
import HTTP
import TestKit
import Testing

/// What a parser said about a connection's bytes, as comparable text.
private func parse(_ pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits(), end: Bool = false) -> [String] {
    let parser = RequestParser(limits: limits)
    var story: [String] = []
    do throws(HTTPError) {
        for piece in pieces {
            piece.withUnsafeBytes { parser.feed($0) }
            steps: while true {
                switch try parser.next() {
                case .needMore: break steps
                case .continueExpected: story.append("continue")
                case .request:
                    let text = parser.withRequest { head, body in
                        let request = Request(copying: head, body: body)
                        let fields = request.headers.fields.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
                        return "\(request.method) \(request.path)?\(request.query) [\(fields)] "
                            + String(decoding: request.body, as: UTF8.self)
                    }
                    story.append(text + (parser.keepsAlive ? "" : " close") + (parser.upgrades ? " upgrade" : ""))
                    parser.consume()
                }
            }
        }
        if end { try parser.inputEnded() }
        story.append(parser.isIdle ? "idle" : "busy")
    } catch {
        story.append("error \(error.status.code) \(error)")
    }
    return story
}

private func parse(_ text: String, limits: HTTPLimits = HTTPLimits(), end: Bool = false) -> [String] {
    parse([Array(text.utf8)], limits: limits, end: end)
}

@Suite struct RequestParserTests {
    static let conversation =
        "POST /event HTTP/1.1\r\nHost: localhost:8443\r\nContent-Length: 5\r\nStrm-Schema-Ref:a/b/1.0.0 \t\r\n\r\nhello"
        + "\r\nGET /ready?x=1 HTTP/1.1\r\nhost: h\r\nempty:\r\n\r\n"
        + "POST /a HTTP/1.1\r\nhost: h\r\ntransfer-encoding: Chunked\r\n\r\n"
        + "4\r\nWiki\r\n5;name=\"v\"\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\nx-trailer: 1\r\n\r\n"
        + "GET http://H/abs HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Close\r\n\r\n"
    static let story = [
        "POST /event? [host=localhost:8443;content-length=5;strm-schema-ref=a/b/1.0.0] hello",
        "GET /ready?x=1 [host=h;empty=] ",
        "POST /a? [host=h;transfer-encoding=Chunked] Wikipedia in\r\n\r\nchunks.",
        "GET /abs? [host=h;connection=keep-alive, Close]  close",
        "idle",
    ]

    @Test(arguments: Chunking.allCases)
    func `requests survive any chunking`(_ chunking: Chunking) {
        #expect(parse(chunking.cut(Array(Self.conversation.utf8))) == Self.story)
    }

    @Test func `requests survive a cut at every place`() {
        let bytes = Array(Self.conversation.utf8)
        for cut in 0...bytes.count {
            #expect(parse([Array(bytes[..<cut]), Array(bytes[cut...])]) == Self.story, "cut at \(cut)")
        }
    }

    @Test func `chunks that are more framing than body are refused, chunks of a line each are not`() {
        let head = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        let padded = String(repeating: "1;" + String(repeating: "e", count: 200) + "\r\nx\r\n", count: 200)
        #expect(parse(head + padded) == ["error 400 malformed message: more chunk framing than body"])
        let honest = String(repeating: "5\r\nabcd\n\r\n", count: 10_000) + "0\r\n\r\n"
        #expect(parse(head + honest).last == "idle")
    }

    /// RFC 9110 §8.6: the same number twice is one length.
    @Test func `a length that is said twice is that length, in any spelling`() {
        let head = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\ncontent-length:04\r\n\r\n"
        #expect(parse(head + "abcdGET").first?.hasSuffix("] abcd") == true)
    }

    @Test func `many small chunks do not pile up`() {
        var text = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
        for _ in 0..<1000 { text += "1;aaaaaaaaaaaaaaaaaaaa\r\nx\r\n" }
        text += "0\r\n\r\n"
        for chunking in Chunking.allCases {
            let story = parse(chunking.cut(Array(text.utf8)))
            #expect(story.count == 2 && story[0].hasSuffix(" " + String(repeating: "x", count: 1000)))
        }
    }

    @Test(arguments: [
        // Smuggling: two ways to see where the body ends.
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 4, 4\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: +4\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: -4\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0x4\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length:\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999999999999999\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: gzip, chunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: xchunked\r\n\r\n", 501),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: identity\r\n\r\n", 501),
        ("POST / HTTP/1.0\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding : chunked\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding\u{0B}: chunked\r\n\r\n", 400),
        // Line ends and folding.
        ("GET / HTTP/1.1\nhost: h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\n\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\nx: a\r\n b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n host: h\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\nx: a\rb\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\nx: a\0b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\n: v\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\nno colon\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\nx y: v\r\n\r\n", 400),
        ("\r\n\r\n\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        // Request line.
        ("GET  / HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET / HTTP/1.1 \r\nhost: h\r\n\r\n", 400),
        ("GET /a b HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET\t/ HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
        ("G@T / HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET /#f HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET * HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET event HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("CONNECT h:443 HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET http://other/ HTTP/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET / http/1.1\r\nhost: h\r\n\r\n", 400),
        ("GET / HTTP/11\r\nhost: h\r\n\r\n", 400),
        ("GET / HTTP/2.0\r\nhost: h\r\n\r\n", 505),
        // Host and tokens.
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a/b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a, b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\nauthorization: a\r\nauthorization: a\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: h\r\nexpect: 200-ok\r\n\r\n", 417),
        // Chunks.
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nx\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n-1\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n 1\r\na\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1 \r\na\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0x1\r\na\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\na\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1;\u{01}\r\na\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n", 400),
        ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n", 400),
    ])
    func `what could be read in two ways, or breaks the grammar, is refused`(_ text: String, _ status: Int) {
        let bytes = Array(text.utf8)
        for chunking in Chunking.allCases {
            let story = parse(chunking.cut(bytes))
            #expect(story.count == 1 && story[0].hasPrefix("error \(status) "), "\(story)")
        }
    }

    @Test func `a repeated but equal content-length is one value`() {
        #expect(
            parse("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\na").first
                == "POST /? [host=h;content-length=1;content-length=1] a")
    }

    @Test func `each limit holds whatever the chunking`() {
        var limits = HTTPLimits(bodyBytes: 10)
        limits.lineBytes = 50
        limits.headBytes = 100
        limits.fieldCount = 3
        let long = String(repeating: "a", count: 51)
        let cases = [
            ("GET /\(long) HTTP/1.1\r\nhost: h\r\n\r\n", 414),
            ("GET /\(long)", 414),
            ("GET / HTTP/1.1\r\nhost: h\r\nx: \(long)\(long)\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nhost: h\r\nx: \(long)\(long)", 431),
            ("GET / HTTP/1.1\r\nhost: h\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n", 431),
            ("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 11\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\nb\r\n", 413),
            ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n6\r\nabcdef\r\n5\r\n", 413),
            (
                "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n1;\(long)\(long)\(long)\(long)\(long)\(long)",
                400
            ),
            ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\na: \(long)\(long)", 431),
            ("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n0\r\na:1\r\nb:2\r\nc:3\r\nd:4\r\n", 431),
        ]
        for (text, status) in cases {
            for chunking in Chunking.allCases {
                let story = parse(chunking.cut(Array(text.utf8)), limits: limits)
                #expect(story.count == 1 && story[0].hasPrefix("error \(status) "), "\(text): \(story)")
            }
        }
        let fits = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\n0123456789"
        #expect(parse(fits, limits: limits).last == "idle")
    }

    @Test(arguments: Chunking.allCases)
    func `a line of exactly the limit fits, whatever the chunking`(_ chunking: Chunking) {
        var limits = HTTPLimits()
        limits.lineBytes = 50
        let extended = "1;" + String(repeating: "a", count: 254)  // a chunk's line has 256 bytes
        let text =
            "POST /\(String(repeating: "a", count: 35)) HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n"
            + "\(extended)\r\nx\r\n0\r\n\r\n"
        let story = parse(chunking.cut(Array(text.utf8)), limits: limits)
        #expect(story.count == 2 && story[1] == "idle", "\(story)")
    }

    @Test func `a token of 100 kB does not fit in a head`() {
        let story = parse(
            "POST /event HTTP/1.1\r\nhost: h\r\nauthorization: Bearer \(String(repeating: "a", count: 100_000))\r\n\r\n"
        )
        #expect(story == ["error 431 header fields too large"])
    }

    @Test func `the body is asked for once, and only when it is waited for`() {
        let head = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\nexpect: 100-Continue\r\n\r\n"
        #expect(parse([Array(head.utf8), Array("a".utf8), Array("bc".utf8)]).first == "continue")
        #expect(parse([Array(head.utf8), Array("a".utf8), Array("bc".utf8)]).count == 3)
        #expect(parse(head + "abc").count == 2)  // the body came along: no interim answer
        let empty = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\nexpect: 100-continue\r\n\r\n"
        #expect(parse(empty).count == 2)
        #expect(parse(head.replacing("HTTP/1.1", with: "HTTP/1.0")) == ["busy"])
    }

    @Test func `keep-alive follows the version and the connection field`() {
        #expect(parse("GET / HTTP/1.0\r\n\r\n").first == "GET /? []  close")
        #expect(parse("GET / HTTP/1.0\r\nconnection: Keep-Alive\r\n\r\n").first?.hasSuffix("close") == false)
        #expect(
            parse("GET /ws HTTP/1.1\r\nhost: h\r\nconnection: keep-alive,Upgrade\r\n\r\n").first?.hasSuffix(" upgrade")
                == true)
        #expect(parse("OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n").first == "OPTIONS *? [host=h] ")
    }

    @Test func `a connection that ends inside a request is told from one that ends between requests`() {
        #expect(parse("", end: true) == ["idle"])
        #expect(parse("GET / HTTP/1.1\r\n", end: true) == ["error 400 connection ended inside a message"])
        #expect(
            parse("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\n\r\na", end: true).last?.hasPrefix("error")
                == true)
    }

    @Test func `after an upgrade the rest belongs to the next protocol`() throws {
        let parser = RequestParser(limits: HTTPLimits())
        Array("GET /ws HTTP/1.1\r\nhost: h\r\n\r\nframes".utf8).withUnsafeBytes { parser.feed($0) }
        let step = try parser.next()
        #expect(step == .request)
        parser.consume()
        #expect(parser.takeRest() == Array("frames".utf8))
        let idle = parser.isIdle
        #expect(idle)
    }

    @Test func `the token is compared with that of the previous request on the connection`() throws {
        let parser = RequestParser(limits: HTTPLimits())
        var same: [Bool] = []
        for token in ["a", "a", "b", "b", "a"] {
            let text = "GET / HTTP/1.1\r\nhost: h\r\nauthorization: Bearer \(token)\r\n\r\n"
            Array(text.utf8).withUnsafeBytes { parser.feed($0) }
            let step = try parser.next()
            #expect(step == .request)
            parser.withRequest { head, _ in
                same.append(head.authorization.sameAsPrevious)
                #expect(String(decoding: head.authorization.bytes, as: UTF8.self) == "Bearer \(token)")
            }
            parser.consume()
        }
        #expect(same == [false, true, false, true, false])
    }

    @Test(arguments: Chunking.allCases)
    func `a repeated token is read the same as a new one, however it is written`(_ chunking: Chunking) {
        func request(_ line: String) -> String { "GET / HTTP/1.1\r\nhost: h\r\n\(line)\r\nx: y\r\n\r\n" }
        let token = "Bearer abcdefghijklmnopqrstuvwxyz0123456789"
        let lines = [
            "authorization: \(token)", "authorization: \(token)", "Authorization: \(token)", "AUTHORIZATION:\(token)",
            "authorization: \(token) ", "authorization:  \(token)", "authorization: \(token)x",
            "authorization: \(token.dropLast())", "authorization: \(token)", "authorization: ", "x: z",
            "authorizatiom: \(token)", "authorization: \(token)",
        ]
        let alone = lines.map { parse(request($0))[0] }
        #expect(parse(chunking.cut(Array(lines.map(request).joined().utf8))) == alone + ["idle"])
    }

    @Test(arguments: [
        ("authorization: Bearer a\r\nauthorization: Bearer a", 400), ("authorization: Bearer a\rb", 400),
        ("authorization: Bearer a\nx: y", 400), ("authorization : Bearer a", 400), ("authorization: Bearer a\0", 400),
    ])
    func `a repeated token excuses nothing`(_ line: String, _ status: Int) {
        let first = "GET / HTTP/1.1\r\nhost: h\r\nauthorization: Bearer a\r\n\r\n"
        for chunking in Chunking.allCases {
            let story = parse(chunking.cut(Array((first + "GET / HTTP/1.1\r\nhost: h\r\n\(line)\r\n\r\n").utf8)))
            #expect(story.count == 2 && story[1].hasPrefix("error \(status) "), "\(story)")
        }
    }

    @Test func `a repeated token counts for the limits of a head`() {
        var limits = HTTPLimits()
        limits.headBytes = 100
        limits.fieldCount = 2
        let head = "GET / HTTP/1.1\r\nhost: h\r\n"
        let token = "authorization: Bearer \(String(repeating: "a", count: 40))\r\n"
        #expect(parse(head + token + "\r\n" + head + token + "\r\n", limits: limits).last == "idle")
        let crowded = head + token + "\r\n" + head + "a: b\r\n" + token + "\r\n"
        #expect(parse(crowded, limits: limits).last == "error 431 header fields too large")
        limits.fieldCount = 3
        #expect(parse(crowded, limits: limits).last == "idle")
        limits.headBytes = 95
        #expect(parse(crowded, limits: limits).last == "error 431 header fields too large")
    }

    @Test func `noise never crashes it`() {
        var generator = SeededGenerator(seed: 7)
        let alphabet = Array(
            "GET POST / HTTP/1.1\r\n\r\n:host content-length transfer-encoding chunked 0123456789af;\0".utf8)
        for _ in 0..<2000 {
            var bytes = Array(Self.conversation.utf8)
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = alphabet.randomElement(using: &generator) ?? 0
            }
            #expect(parse([bytes]) == parse(bytes.map { [$0] }))
        }
    }
}
