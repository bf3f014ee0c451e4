import Bytes
import HTTP
import Testing

@Suite struct ValuesTests {
    @Test func `a URL comes apart and together`() throws {
        let url = try #require(URLParts("HTTPS://LocalHost:8443/event?a=b"))
        #expect(url.scheme == .https && url.host == "localhost" && url.port == 8443 && url.target == "/event?a=b")
        #expect(url.authority == "localhost:8443")
        #expect(url.description == "https://localhost:8443/event?a=b")
        #expect(URLParts("http://example.org")?.description == "http://example.org/")
        #expect(URLParts("wss://[::1]:8444/ws")?.authority == "[::1]:8444")
        #expect(URLParts("ws://127.0.0.1?x")?.target == "/?x")
        #expect(URLParts("https://events.strmprivacy.io:443/event")?.authority == "events.strmprivacy.io")
    }

    @Test(arguments: [
        "", "localhost", "ftp://x/", "http://", "http://user@host/", "http://h:0/", "http://h:65536/", "http://h:x/",
        "http://h/#f", "http://h/a b", "http://[::1/", "http:///x", "http://h:/x",
    ])
    func `what is no URL of ours is refused`(_ text: String) {
        #expect(URLParts(text) == nil)
    }

    @Test func `forms are read leniently, as the public drivers write them`() {
        let form = FormFields(
            parsing: Array("grant_type=client_credentials&client_id=a%2Db&client_secret=50%&x=1=2&y&=z&&s=a+b".utf8))
        #expect(form["grant_type"] == "client_credentials")
        #expect(form["client_id"] == "a-b")
        #expect(form["client_secret"] == "50%")
        #expect(form["x"] == "1=2")
        #expect(form["y"] == "")
        #expect(form[""] == "z")
        #expect(form["s"] == "a b")
        #expect(form["none"] == nil)
        #expect(FormFields(parsing: Array("a=1&a=2".utf8)).count(of: "a") == 2)
        #expect(FormFields(parsing: Array("a=%4&b=%zz&c=%41".utf8)).pairs.map(\.value) == ["%4", "%zz", "A"])
    }

    @Test func `what a form writes it reads back`() {
        var form = FormFields()
        form.add("a b", "&=+%é/")
        form.add("", "")
        #expect(form.encoded == "a%20b=%26%3D%2B%25%C3%A9%2F&=")
        #expect(FormFields(parsing: Array(form.encoded.utf8)).pairs.first == form.pairs.first)
    }

    @Test func `RFC 7617 section 2, Basic credentials`() throws {
        let credentials = try #require(BasicCredentials(authorization: "basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="))
        #expect(credentials.user == Array("Aladdin".utf8))
        #expect(credentials.password == Array("open sesame".utf8))
        #expect(
            BasicCredentials.authorization(user: "Aladdin", password: "open sesame")
                == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        #expect(BasicCredentials(authorization: "Basic QTpi:") == nil)
        #expect(BasicCredentials(authorization: "Basic QWxhZGRpbg==") == nil)  // no colon
        #expect(BasicCredentials(authorization: "Bearer abc") == nil)
        #expect(BasicCredentials(authorization: "Basic OmI6Yw==")?.password == Array("b:c".utf8))
    }

    @Test func `header names have no case, and order is kept`() {
        var headers: Headers = ["Content-Type": "a", "x": "1"]
        headers.add("X", "2, Upgrade ,3")
        #expect(headers["CONTENT-TYPE"] == "a")
        #expect(headers.all("x") == ["1", "2, Upgrade ,3"])
        #expect(headers.list("x", contains: "upgrade"))
        #expect(!headers.list("x", contains: "grade"))
        headers["x"] = "4"
        #expect(headers.all("x") == ["4"])
        headers["x"] = nil
        #expect(headers.fields.map(\.name) == ["content-type"])
    }

    @Test func `a status knows its phrase and whether a body may follow`() {
        #expect(Status.noContent.description == "204 No Content")
        #expect(!Status.noContent.mayHaveBody && !Status(304).mayHaveBody && Status.ok.mayHaveBody)
        #expect(Status(received: 99) == nil && Status(received: 600) == nil)
    }

    @Test func `a router prefers literals, knows parameters, and tells 404 from 405`() {
        var router = Router<String>()
        router.add(.get, "/realms/{realm}/jwks", "jwks")
        router.add(.get, "/realms/streams/jwks", "literal")
        router.add(.post, "/realms/{realm}/token", "token")
        router.add(.get, "/", "root")
        func found(_ method: HTTP.Method, _ path: String) -> String {
            switch router.match(method, path) {
            case .found(let handler, let parameters): "\(handler) \(parameters["realm"] ?? "-")"
            case .methodNotAllowed(let allowed): "405 \(allowed)"
            case .notFound: "404"
            }
        }
        #expect(found(.get, "/realms/streams/jwks") == "literal -")
        #expect(found(.head, "/realms/o%20k/jwks") == "jwks o k")
        #expect(found(.get, "/realms/x/token") == "405 [POST]")
        #expect(found(.post, "/realms/x/jwks") == "405 [GET, HEAD]")
        #expect(found(.head, "/realms/x/token") == "405 [POST]")
        #expect(found(.get, "/realms//jwks") == "404")
        #expect(found(.get, "/realms/a/b/jwks") == "404")
        #expect(found(.get, "/") == "root -")
        #expect(found(.get, "/realms") == "404")
    }

    @Test func `every known header is found by its name in any case`() {
        for header in KnownHeader.allCases {
            let name = Array(header.name.description.utf8)
            let upper = Array(header.name.description.uppercased().utf8)
            #expect(name.withUnsafeBytes { KnownHeader($0) } == header)
            #expect(upper.withUnsafeBytes { KnownHeader($0) } == header)
            #expect((name + [0x78]).withUnsafeBytes { KnownHeader($0) } == nil)
        }
        #expect(Array(":authority".utf8).withUnsafeBytes { KnownHeader($0) } == .host)
    }
}

@Suite struct RequestHeadTests {
    @Test func `a head is views into the text, known fields without a search`() {
        var text = OutputBuffer()
        var fields = HeadFields()
        func range(_ literal: StaticString) -> ByteRange {
            let range = ByteRange(offset: text.count, count: literal.utf8CodeUnitCount)
            text.append(literal)
            return range
        }
        for round in 0..<3 {
            text.removeAll()
            fields.reset()
            fields.method = range("POST")
            let target = range("/event?x=1?2")
            let names: [(ByteRange, ByteRange)] = [
                (range(":authority"), range("localhost")), (range("Strm-Schema-Ref"), range("a/b/1")),
                (range("x-other"), range("1")), (range("accept"), range("2")), (range("accept"), range("3")),
            ]
            let base = text.bytes.baseAddress!
            fields.setTarget(target, in: base)
            for (name, value) in names { #expect(fields.add(name: name, value: value, in: base) == true) }
            let none = TokenReference(bytes: .init(start: nil, count: 0), sameAsPrevious: false, epoch: 0)
            let head = fields.head(over: base, authorization: none)
            #expect(String(decoding: head.path, as: UTF8.self) == "/event")
            #expect(String(decoding: head.query, as: UTF8.self) == "x=1?2")
            #expect(head.value(of: .strmSchemaRef).map { String(decoding: $0, as: UTF8.self) } == "a/b/1")
            #expect(head.value(of: .accept).map { String(decoding: $0, as: UTF8.self) } == "2")
            #expect(head.value(of: .upgrade) == nil)
            let request = Request(copying: head, body: .init(start: nil, count: 0))
            #expect(request.authority == "localhost" && request.headers["host"] == "localhost", "round \(round)")
            #expect(request.target == "/event?x=1?2" && request.queryItems["x"] == "1?2")
        }
    }

    @Test func `a second authorization field is refused, and many fields fit`() {
        var text = OutputBuffer()
        text.append("authorizationx")
        let base = text.bytes.baseAddress!
        var fields = HeadFields()
        let name = ByteRange(offset: 0, count: 13)
        let other = ByteRange(offset: 13, count: 1)
        let first = fields.add(name: name, value: other, in: base)
        let second = fields.add(name: name, value: other, in: base)
        #expect(first && !second)
        for _ in 0..<200 { _ = fields.add(name: other, value: other, in: base) }
        #expect(fields.count == 201)
        #expect(fields.value(of: .authorization, in: base)?.count == 1)
    }

    @Test func `the token memory tells a repeated token from a new one`() {
        var memory = TokenMemory()
        func see(_ text: String) -> String {
            Array(text.utf8).withUnsafeBytes { raw in
                let reference = memory.reference(to: raw)
                return
                    "\(reference.sameAsPrevious) \(reference.epoch) \(String(decoding: reference.bytes, as: UTF8.self))"
            }
        }
        #expect(see("") == "false 1 ")
        #expect(see("") == "true 1 ")
        #expect(see("Bearer a") == "false 2 Bearer a")
        #expect(see("Bearer a") == "true 2 Bearer a")
        #expect(see("Bearer b") == "false 3 Bearer b")
        #expect(see("Bearer a") == "false 4 Bearer a")
        memory.forget()
        #expect(see("Bearer a") == "false 1 Bearer a")
    }
}
