import Bytes
import HTTP
import TestKit
import Testing

private func parse(_ pieces: [[UInt8]], to method: HTTP.Method = .get, end: Bool = false) -> [String] {
    var parser = ResponseParser(limits: HTTPLimits(bodyBytes: 1000))
    parser.expectResponse(to: method)
    var story: [String] = []
    func tell(_ response: Response, _ keepsAlive: Bool) {
        story.append(
            "\(response.status.code) \(response.headers.fields.map { "\($0.name)=\($0.value)" }) "
                + String(decoding: response.body, as: UTF8.self) + (keepsAlive ? "" : " close"))
    }
    do throws(HTTPError) {
        for piece in pieces {
            piece.withUnsafeBytes { parser.feed($0) }
            while let response = try parser.next() { tell(response, parser.keepsAlive) }
        }
        if end, let response = try parser.inputEnded() { tell(response, parser.keepsAlive) }
    } catch {
        story.append("error \(error)")
    }
    return story
}

@Suite struct ResponseParserTests {
    @Test(arguments: Chunking.allCases)
    func `responses survive any chunking`(_ chunking: Chunking) {
        let text =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
            + "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 404 \r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            + "HTTP/1.0 500\r\ncontent-length: 0\r\n\r\n"
        #expect(
            parse(chunking.cut(Array(text.utf8))) == [
                #"200 ["content-length=2"] hi"#, "204 [] ", #"404 ["transfer-encoding=chunked"] abc"#,
                #"500 ["content-length=0"]  close"#,
            ])
    }

    @Test func `a response without length lasts until the connection ends`() {
        let text = Array("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nall of it".utf8)
        #expect(parse(text.map { [$0] }, end: true) == [#"200 ["connection=close"] all of it close"#])
        #expect(parse([text]) == [])
    }

    @Test func `the answer to HEAD has a length but no body`() {
        let text = Array("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n".utf8)
        #expect(parse([text], to: .head) == [#"200 ["content-length=500"] "#])
    }

    @Test func `a cut-off, oversized or ambiguous response is an error`() {
        let head = "HTTP/1.1 200 OK\r\n"
        #expect(
            parse([Array((head + "content-length: 5\r\n\r\nab").utf8)], end: true)
                == ["error connection ended inside a message"])
        #expect(parse([Array((head + "content-length: 1001\r\n\r\n").utf8)]) == ["error body too large"])
        #expect(
            parse([Array((head + "\r\n" + String(repeating: "x", count: 1001)).utf8)]) == ["error body too large"])
        #expect(
            parse([Array((head + "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n").utf8)]).first?
                .hasPrefix("error malformed") == true)
        #expect(parse([Array("HTTP/2 200 OK\r\n\r\n".utf8)]).first?.hasPrefix("error") == true)
        #expect(parse([Array("HTTP/1.1 2000 OK\r\n\r\n".utf8)]).first?.hasPrefix("error") == true)
        #expect(parse([Array("\r\nHTTP/1.1 200 OK\r\n\r\n".utf8)]).first?.hasPrefix("error") == true)
    }

    @Test func `a switch of protocols is a response, and the rest is kept`() throws {
        var parser = ResponseParser(limits: HTTPLimits())
        Array("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\nrest".utf8).withUnsafeBytes {
            parser.feed($0)
        }
        let response = try parser.next()
        #expect(response?.status == .switchingProtocols)
        #expect(parser.takeRest() == Array("rest".utf8))
    }
}

@Suite struct HTTP1WriterTests {
    private func text(_ response: Response, to method: HTTP.Method = .get, keepsAlive: Bool = true) -> String {
        var out = OutputBuffer()
        HTTP1Writer.write(response, to: method, keepsAlive: keepsAlive, into: &out)
        return String(decoding: out.copyBytes(), as: UTF8.self)
    }

    @Test func `a response is framed by its length`() {
        #expect(
            text(.text(.ok, "hi"))
                == "HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 2\r\n\r\nhi")
        #expect(text(Response(.noContent)) == HTTP1Writer.noContent.description)
        #expect(
            text(Response(.ok, body: [0x61]), to: .head, keepsAlive: false)
                == "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\n")
    }

    @Test func `a value cannot start a field of its own, and framing fields of a handler are dropped`() {
        let response = Response(
            .ok,
            headers: ["x": "a\r\ninjected: 1\0", "content-length": "9", "transfer-encoding": "chunked", "b d": "1"])
        #expect(text(response) == "HTTP/1.1 200 OK\r\nx: a  injected: 1 \r\ncontent-length: 0\r\n\r\n")
    }

    @Test func `what the writer writes the parser reads`() throws {
        var request = Request(.post, "/a?b=c", headers: ["x": "1"], body: Array("body".utf8))
        request.authority = "localhost:1"
        var out = OutputBuffer()
        HTTP1Writer.write(request, into: &out)
        let parser = RequestParser(limits: HTTPLimits())
        parser.feed(out.bytes)
        let step = try parser.next()
        #expect(step == .request)
        let copy = parser.withRequest { Request(copying: $0, body: $1) }
        #expect(copy.method == .post && copy.target == "/a?b=c" && copy.authority == "localhost:1")
        #expect(copy.headers["x"] == "1" && copy.body == Array("body".utf8))
    }

    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"), (1_767_225_599, "Wed, 31 Dec 2025 23:59:59 GMT"),
        (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
    ])
    func `dates are those of RFC 9110`(_ seconds: Int, _ text: String) {
        var out = OutputBuffer()
        out.appendRaw(room: HTTPDate.count) {
            HTTPDate.write(secondsSinceEpoch: seconds, into: $0)
            return HTTPDate.count
        }
        #expect(String(decoding: out.copyBytes(), as: UTF8.self) == text)
    }
}
