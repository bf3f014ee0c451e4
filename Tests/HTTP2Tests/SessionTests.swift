import Bytes
import Faults
import HTTP
import HTTP2
import TestKit
import Testing

/// A server whose handler is a closure, in memory.
final class MemoryServer: HTTP2RequestReceiver {
    struct Arrived: Equatable {
        var number: UInt32
        var method: String
        var path: String
        var query: String
        var authority: String?
        var token: String
        var sameToken: Bool
        var headers: [String]
        var body: [UInt8]
    }
    var arrived: [Arrived] = []
    var answer: (UInt32) -> Response? = { _ in Response(.noContent) }
    var refusal: (UInt32) -> Response? = { _ in nil }
    /// Requests whose heads were shown before their bodies.
    var judged: [UInt32] = []
    var session: (any HTTP2ServerSession)!
    private let pool = HTTP2StreamPool(limit: 8)

    init(_ kind: HTTP2Implementation, _ limits: HTTP2ServerLimits = HTTP2ServerLimits()) throws {
        session = try kind.makeSession(receiver: self, pool: pool, limits: limits)
    }

    func requestArrived(_ number: UInt32, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        var headers: [String] = []
        head.forEachHeader { headers.append("\(text($0)): \(text($1))") }
        arrived.append(
            Arrived(
                number: number, method: text(head.method), path: text(head.path), query: text(head.query),
                authority: head.value(of: .host).map(text), token: text(head.authorization.bytes),
                sameToken: head.authorization.sameAsPrevious, headers: headers, body: Array(body)))
        guard let response = answer(number) else { return }
        if response == Response(.noContent) {
            session.respondNoContent(number)
        } else {
            session.respond(number, response)
        }
    }
}

extension MemoryServer {
    func headArrived(_ number: UInt32, head: borrowing RequestHead) -> Response? {
        judged.append(number)
        return refusal(number)
    }
}

func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

final class MemoryClient: HTTP2ResponseReceiver {
    var responses: [UInt32: Response] = [:]
    var failures: [UInt32: HTTP2Error] = [:]
    var session: HTTP2ClientSession!

    init(bodyLimit: Int = 4 << 20) throws {
        session = try HTTP2ClientSession(receiver: self, bodyLimit: bodyLimit)
    }

    func responseArrived(_ number: UInt32, _ response: Response) { responses[number] = response }
    func requestFailed(_ number: UInt32, _ error: HTTP2Error) { failures[number] = error }

    func send(_ request: Request) throws -> UInt32 {
        var request = request
        request.authority = "localhost:8443"
        return try session.submit(request, scheme: "https")
    }
}

/// Carries bytes between both until neither has more.
func pump(_ client: MemoryClient, _ server: MemoryServer, _ chunking: Chunking = .whole) throws {
    var out = OutputBuffer()
    while true {
        try client.session.pullOutput(into: &out, upTo: 1 << 20)
        let toServer = out.copyBytes()
        for piece in chunking.cut(toServer) { try piece.withUnsafeBytes { try server.session.receive($0) } }
        out.removeAll()
        try server.session.pullOutput(into: &out, upTo: 1 << 20)
        let toClient = out.copyBytes()
        for piece in chunking.cut(toClient) { try piece.withUnsafeBytes { try client.session.receive($0) } }
        out.removeAll()
        if toServer.isEmpty, toClient.isEmpty { return }
    }
}

@Suite struct HTTP2SessionTests {
    @Test(arguments: HTTP2Implementation.allCases, Chunking.allCases)
    func `a request arrives as it was sent, however the bytes are cut`(
        _ kind: HTTP2Implementation, _ chunking: Chunking
    ) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        let headers: Headers = ["Strm-Schema-Ref": "a/b/1.0.0", "authorization": "Bearer x"]
        let number = try client.send(Request(.post, "/event?x=1", headers: headers, body: [1, 2, 3]))
        try pump(client, server, chunking)
        let request = try #require(server.arrived.first)
        #expect(request.method == "POST")
        #expect(request.path == "/event")
        #expect(request.query == "x=1")
        #expect(request.authority == "localhost:8443")
        #expect(request.token == "Bearer x")
        #expect(request.headers.contains("strm-schema-ref: a/b/1.0.0"))
        #expect(request.headers.contains("host: localhost:8443"))
        #expect(request.body == [1, 2, 3])
        #expect(client.responses[number]?.status == .noContent)
        #expect(server.session.openStreams == 0)
        #expect(server.session.incompleteRequests == 0)
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `the token is compared with the previous one of the connection`(_ kind: HTTP2Implementation) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        for token in ["a", "a", "b", "b", "a"] {
            _ = try client.send(Request(.post, "/event", headers: ["authorization": token], body: [1]))
        }
        try pump(client, server)
        _ = try client.send(Request(.get, "/ready"))
        try pump(client, server)
        #expect(server.arrived.map(\.token) == ["a", "a", "b", "b", "a", ""])
        #expect(server.arrived.map(\.sameToken) == [false, true, false, true, false, false])
    }

    /// The bytes of a client that sends these tokens; nil sends none.
    private func bytes(of tokens: [String?]) throws -> [[UInt8]] {
        let client = try MemoryClient()
        return try tokens.map { token in
            var request = Request(.post, "/event", body: [1])
            if let token { request.headers.add("authorization", token) }
            _ = try client.send(request)
            var out = OutputBuffer()
            try client.session.pullOutput(into: &out, upTo: 1 << 20)
            return out.copyBytes()
        }
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `a repeated token is the same whether its frame comes whole or in pieces`(_ kind: HTTP2Implementation) throws {
        var generator = SeededGenerator(seed: 7541)
        let pool = (0..<4).map { _ in
            String(
                (0..<Int.random(in: 1...900, using: &generator)).map { _ in
                    "abcdefXYZ0189._-".randomElement(using: &generator)!
                })
        }
        let tokens = (0..<100).map { _ -> String? in
            Int.random(in: 0..<8, using: &generator) == 0 ? nil : pool.randomElement(using: &generator)
        }
        let pieces = try bytes(of: tokens)
        let arrivals = try Chunking.allCases.map { chunking in
            let server = try MemoryServer(kind)
            for piece in chunking.cut(pieces.flatMap { $0 }) {
                try piece.withUnsafeBytes { try server.session.receive($0) }
                var out = OutputBuffer()
                try server.session.pullOutput(into: &out, upTo: 1 << 20)
            }
            return server.arrived
        }
        let allEqual = arrivals.allSatisfy { $0 == arrivals[0] }
        #expect(allEqual)
        let asSent = arrivals[0].map(\.token) == tokens.map { $0 ?? "" }
        #expect(asSent)
    }

    /// A HEADERS frame of a POST with these coded fields behind its pseudo fields, which all come from the static table.
    private func post(_ stream: UInt8, _ fields: [UInt8], flags: UInt8 = 5) -> [UInt8] {
        // :method POST, :scheme https, :path /, :authority x (literal without indexing, index 1)
        let block = [0x83, 0x87, 0x84, 0x01, 0x01, 0x78] + fields
        return [0, UInt8(block.count >> 8), UInt8(block.count & 255), 1, flags, 0, 0, 0, stream] + block
    }
    private let start = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
    private func token(_ text: String) -> [UInt8] { [0x0f, 0x08, UInt8(text.utf8.count)] + Array(text.utf8) }

    private func arrivals(_ kind: HTTP2Implementation, _ frames: [UInt8]) throws -> (
        server: MemoryServer, tokens: [String]
    ) {
        let server = try MemoryServer(kind)
        try (start + frames).withUnsafeBytes { try server.session.receive($0) }
        return (server, server.arrived.map(\.token))
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `an empty token is an empty token, also behind a remembered one`(_ kind: HTTP2Implementation) throws {
        let frames = post(1, token("secret")) + post(3, token("secret")) + post(5, token("")) + post(7, token("secret"))
        #expect(try arrivals(kind, frames).tokens == ["secret", "secret", "", "secret"])
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `a second token under another coding of its name is refused and teaches nothing`(_ kind: HTTP2Implementation)
        throws
    {
        // Literal name: 0x00, then length and text of the name.
        let named = [0x00, 13] + Array("authorization".utf8) + [5] + Array("other".utf8)
        let twice =
            post(3, named + token("secret")) + post(5, token("secret") + named) + post(7, token("secret") + token("x"))
        let (server, tokens) = try arrivals(
            kind,
            post(1, token("first")) + twice + post(9, token("secret")) + post(11, token("secret")))
        #expect(tokens.first == "first")
        #expect(tokens.dropFirst().allSatisfy { $0 == "secret" })
        #expect(server.arrived.map(\.number) == [1, 9, 11])
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `a token in trailers is no token`(_ kind: HTTP2Implementation) throws {
        let body: [UInt8] = [0, 0, 1, 0, 0, 0, 0, 0, 3, 65]
        let trailers: [UInt8] = [0, 0, 9, 1, 5, 0, 0, 0, 3] + token("secret")
        let frames = post(1, token("secret")) + post(3, [], flags: 4) + body + trailers + post(5, token("secret"))
        #expect(try arrivals(kind, frames).tokens == ["secret", "", "secret"])
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `malformed fields count, and far too many of them end the connection`(_ kind: HTTP2Implementation) throws {
        let nameless: [UInt8] = [0, 0, 0]
        let server = try MemoryServer(kind)
        try (start + post(1, (0..<(16_000 / 3)).flatMap { _ in nameless })).withUnsafeBytes {
            try server.session.receive($0)
        }
        #expect(server.session.endReason == nil)  // 5333 times 32 bytes: above the limit, not far above it
        let more = (0..<(8 * 65_536 / 32 / 3 + 1)).flatMap { _ in [UInt8](repeating: 0, count: 9) }
        try continued(3, more).withUnsafeBytes { try server.session.receive($0) }
        #expect(server.session.endReason == (kind == .ingest ? .headerBomb : .flood))
    }

    /// A POST in HEADERS and two CONTINUATION.
    private func continued(_ stream: UInt8, _ fields: [UInt8]) -> [UInt8] {
        var frames = post(stream, Array(fields.prefix(16_000)), flags: 1)
        var rest = fields.dropFirst(16_000)
        while !rest.isEmpty {
            let piece = rest.prefix(16_000)
            rest = rest.dropFirst(16_000)
            frames += [0, UInt8(piece.count >> 8), UInt8(piece.count & 255), 9, rest.isEmpty ? 4 : 0, 0, 0, 0, stream]
            frames += piece
        }
        return frames
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `a request whose trailers are above the limit is not served, and the connection goes on`(
        _ kind: HTTP2Implementation
    ) throws {
        let field: [UInt8] = [0, 1, 0x78, 1, 0x79]
        func trailers(_ count: Int) -> [UInt8] {
            let block = (0..<count).flatMap { _ in field }
            return [0, UInt8(block.count >> 8), UInt8(block.count & 255), 1, 5, 0, 0, 0, 1] + block
        }
        let (open, next) = (post(1, [], flags: 4), post(3, []))
        #expect(try arrivals(kind, open + trailers(100) + next).server.arrived.map(\.number) == [1, 3])
        #expect(try arrivals(kind, open + trailers(101) + next).server.arrived.map(\.number) == [3])
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `answers may come later and in any order, once each`(_ kind: HTTP2Implementation) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        server.answer = { _ in nil }
        let numbers = try (0..<300).map { try client.send(Request(.post, "/event", body: [UInt8($0 & 255)])) }
        try pump(client, server)
        #expect(client.responses.isEmpty)
        while server.session.openStreams > 0 {  // the server takes 256 at a time
            for request in server.arrived.shuffled() {
                server.session.respondNoContent(request.number)
                server.session.respond(request.number, .text(.ok, "twice"))
            }
            try pump(client, server)
        }
        #expect(client.responses.count == numbers.count)
        #expect(client.responses.values.allSatisfy { $0 == Response(.noContent) })
        server.session.respondNoContent(numbers[0])  // long gone: ignored
        #expect(!server.session.hasOutput)
    }

    @Test(arguments: HTTP2Implementation.allCases, [0, 1, 16_384, 65_535, 65_536, 3_000_000])
    func `bodies of all sizes come back whole`(_ kind: HTTP2Implementation, _ size: Int) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        server.answer = { _ in Response(.ok, headers: ["x-name": "value", "connection": "close"], body: body) }
        let number = try client.send(Request(.get, "/"))
        try pump(client, server)
        #expect(client.responses[number]?.body == body)
        #expect(client.responses[number]?.headers["content-length"] == "\(size)")
        #expect(client.responses[number]?.headers["x-name"] == "value")
        #expect(client.responses[number]?.headers["connection"] == nil)
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `the answer to HEAD has a length and no body`(_ kind: HTTP2Implementation) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        server.answer = { _ in .text(.ok, "hello") }
        let number = try client.send(Request(.head, "/"))
        try pump(client, server)
        #expect(client.responses[number]?.headers["content-length"] == "5")
        #expect(client.responses[number]?.body == [])
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `a body of the limit passes, one byte more is 413`(_ kind: HTTP2Implementation) throws {
        var limits = HTTP2ServerLimits()
        limits.bodyBytes = 100_000
        let (client, server) = (try MemoryClient(), try MemoryServer(kind, limits))
        let fits = try client.send(Request(.post, "/event", body: [UInt8](repeating: 1, count: 100_000)))
        let tooLong = try client.send(Request(.post, "/event", body: [UInt8](repeating: 1, count: 100_001)))
        try pump(client, server)
        #expect(client.responses[fits]?.status == .noContent)
        #expect(client.responses[tooLong]?.status == .contentTooLarge)
        #expect(server.arrived.count == 1)
        #expect(server.session.openStreams == 0)
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `a header list above the limit is 431, and the connection goes on`(_ kind: HTTP2Implementation) throws {
        var limits = HTTP2ServerLimits()
        limits.headerListBytes = 10_000
        let (client, server) = (try MemoryClient(), try MemoryServer(kind, limits))
        let token = String(repeating: "x", count: 20_000)
        let large = try client.send(Request(.post, "/event", headers: ["authorization": token], body: [1]))
        let small = try client.send(Request(.post, "/event", headers: ["authorization": "x"], body: [1]))
        try pump(client, server)
        #expect(client.responses[large]?.status == .headerFieldsTooLarge)
        #expect(client.responses[small]?.status == .noContent)
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `too many fields are 431`(_ kind: HTTP2Implementation) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        var headers = Headers()
        for index in 0..<200 { headers.add("x-\(index)", "y") }
        let number = try client.send(Request(.get, "/", headers: headers))
        try pump(client, server)
        #expect(client.responses[number]?.status == .headerFieldsTooLarge)
    }

    @Test(arguments: HTTP2Implementation.allCases, ["authorization", "strm-schema-ref", "content-type"])
    func `a field that may come once and comes twice is refused`(_ kind: HTTP2Implementation, _ name: String) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        var headers = Headers()
        headers.add(name, "a")
        headers.add(name, "b")
        let number = try client.send(Request(.post, "/event", headers: headers, body: [1]))
        try pump(client, server)
        #expect(client.responses[number]?.status == .badRequest)
        #expect(server.arrived.isEmpty)
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `an unknown expectation is refused, 100-continue is answered first`(_ kind: HTTP2Implementation) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        let known = try client.send(Request(.post, "/event", headers: ["expect": "100-continue"], body: [1]))
        let unknown = try client.send(Request(.post, "/event", headers: ["expect": "tea"], body: [1]))
        try pump(client, server)
        #expect(client.responses[known]?.status == .noContent)
        #expect(client.responses[unknown]?.status == .expectationFailed)
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `a request whose body stays away is 408 after its sweeps`(_ kind: HTTP2Implementation) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        let bytes = try requestWithoutItsBody(client)
        try bytes.withUnsafeBytes { try server.session.receive($0) }
        #expect(server.session.incompleteRequests == 1)
        server.session.refuseSlowRequests(heads: 1, bodies: 2, stalls: 100)
        server.session.refuseSlowRequests(heads: 1, bodies: 2, stalls: 100)
        var out = OutputBuffer()
        try server.session.pullOutput(into: &out, upTo: 1 << 20)
        try client.session.receive(out.bytes)
        #expect(client.responses.isEmpty)
        server.session.refuseSlowRequests(heads: 1, bodies: 2, stalls: 100)
        out.removeAll()
        try server.session.pullOutput(into: &out, upTo: 1 << 20)
        try client.session.receive(out.bytes)
        #expect(server.session.openStreams == 1)
        server.session.refuseSlowRequests(heads: 1, bodies: 2, stalls: 100)
        server.session.refuseSlowRequests(heads: 1, bodies: 2, stalls: 100)
        out.removeAll()
        try server.session.pullOutput(into: &out, upTo: 1 << 20)
        try client.session.receive(out.bytes)
        #expect(client.responses.values.map(\.status) == [.requestTimeout])
        #expect(server.session.openStreams == 0)
    }

    /// Preface, SETTINGS and HEADERS of a POST, cut before the DATA frame.
    private func requestWithoutItsBody(_ client: MemoryClient) throws -> [UInt8] {
        _ = try client.send(Request(.post, "/event", body: [7, 7, 7]))
        var out = OutputBuffer()
        try client.session.pullOutput(into: &out, upTo: 1 << 20)
        return Array(out.copyBytes().dropLast(9 + 3))
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `drain serves what is open and refuses what comes later`(_ kind: HTTP2Implementation) throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(kind))
        server.answer = { _ in nil }
        let early = try client.send(Request(.post, "/event", body: [1]))
        try pump(client, server)
        server.session.announceEnd()
        try pump(client, server)
        #expect(client.session.mustNotBeReused)
        #expect(throws: HTTP2Error.refused) { try client.send(Request(.post, "/event", body: [2])) }
        server.session.refuseNewStreams()
        try pump(client, server)
        #expect(!server.session.isFinished)
        server.session.respondNoContent(early)
        try pump(client, server)
        #expect(client.responses[early]?.status == .noContent)
        #expect(server.session.isFinished)
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `bytes that are not HTTP 2 end the connection`(_ kind: HTTP2Implementation) throws {
        let server = try MemoryServer(kind)
        let bytes = Array("GET / HTTP/1.1\r\nhost: x\r\n\r\n".utf8)
        do {
            try bytes.withUnsafeBytes { try server.session.receive($0) }
        } catch let error as HTTP2Error {
            #expect(error.blame == .caller)
            server.session.terminate()
        }
        #expect(server.session.endReason == .protocolError)
        var out = OutputBuffer()
        try server.session.pullOutput(into: &out, upTo: 1 << 20)
        #expect(server.session.isFinished)
    }

    @Test(arguments: HTTP2Implementation.allCases)
    func `random bytes behind the preface never crash a session`(_ kind: HTTP2Implementation) throws {
        var generator = SeededGenerator(seed: 9113)
        for _ in 0..<300 {
            let client = try MemoryClient()
            let server = try MemoryServer(kind)
            for _ in 0..<3 {
                _ = try client.send(Request(.post, "/event", headers: ["authorization": "x"], body: [1, 2]))
            }
            var out = OutputBuffer()
            try client.session.pullOutput(into: &out, upTo: 1 << 20)
            var bytes = out.copyBytes()
            for _ in 0..<4 { bytes[Int.random(in: 24..<bytes.count, using: &generator)] = .random(in: 0...255) }
            do {
                try bytes.withUnsafeBytes { try server.session.receive($0) }
                var answer = OutputBuffer()
                try server.session.pullOutput(into: &answer, upTo: 1 << 20)
            } catch let error as HTTP2Error {
                #expect(error.blame == .caller)
            }
        }
    }
}

@Suite struct HTTP2ClientSessionTests {
    @Test func `a response above the limit fails its request only`() throws {
        let (client, server) = (try MemoryClient(bodyLimit: 1000), try MemoryServer(.nghttp2))
        server.answer = { number in Response(.ok, body: [UInt8](repeating: 1, count: number == 1 ? 1001 : 1000)) }
        let large = try client.send(Request(.get, "/"))
        let small = try client.send(Request(.get, "/"))
        try pump(client, server)
        #expect(client.failures[large] == .responseTooLarge(limit: 1000))
        #expect(client.responses[small]?.body.count == 1000)
    }

    @Test func `a cancelled request is forgotten, the connection goes on`() throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(.nghttp2))
        server.answer = { _ in nil }
        let first = try client.send(Request(.get, "/"))
        try pump(client, server)
        client.session.cancel(first)
        try pump(client, server)
        server.answer = { _ in .text(.ok, "second") }
        let second = try client.send(Request(.get, "/"))
        try pump(client, server)
        #expect(client.responses[first] == nil)
        #expect(client.failures.isEmpty)
        #expect(client.responses[second]?.body == Array("second".utf8))
        #expect(server.session.openStreams == 0)
    }

    @Test func `requests under way fail when the connection ends`() throws {
        let (client, server) = (try MemoryClient(), try MemoryServer(.nghttp2))
        server.answer = { _ in nil }
        let number = try client.send(Request(.get, "/"))
        try pump(client, server)
        client.session.connectionEnded()
        #expect(client.failures == [number: .connectionEnded])
        #expect(throws: HTTP2Error.refused) { try client.send(Request(.get, "/")) }
    }
}
