import Bytes
import HTTP
import TestKit
import Testing

private func decode(
    _ pieces: [[UInt8]], role: WebSocketRole = .server, limit: Int = 1 << 20
) -> (messages: [WebSocketMessage], error: HTTPError?) {
    var decoder = WebSocketDecoder(role: role, messageLimit: limit)
    var messages: [WebSocketMessage] = []
    do throws(HTTPError) {
        for piece in pieces {
            decoder.feed(piece)
            while let message = try decoder.next() { messages.append(message) }
        }
        return (messages, nil)
    } catch {
        return (messages, error)
    }
}

private func decode(hex: String, role: WebSocketRole = .server, limit: Int = 1 << 20) throws -> (
    messages: [WebSocketMessage], error: HTTPError?
) {
    decode([try #require(Hex.decode(hex.filter { $0 != " " }))], role: role, limit: limit)
}

@Suite struct WebSocketFrameTests {
    @Test func `RFC 6455 section 5.7, the examples`() throws {
        #expect(try decode(hex: "81 05 48 65 6c 6c 6f", role: .client).messages == [.text("Hello")])
        #expect(try decode(hex: "81 85 37 fa 21 3d 7f 9f 4d 51 58").messages == [.text("Hello")])
        #expect(try decode(hex: "01 03 48 65 6c 80 02 6c 6f", role: .client).messages == [.text("Hello")])
        #expect(try decode(hex: "89 05 48 65 6c 6c 6f", role: .client).messages == [.ping(Array("Hello".utf8))])
        #expect(try decode(hex: "8a 85 37 fa 21 3d 7f 9f 4d 51 58").messages == [.pong(Array("Hello".utf8))])
        let bytes256 = [0x82, 0x7E, 0x01, 0x00] + [UInt8](repeating: 7, count: 256)
        #expect(decode([bytes256], role: .client).messages == [.binary([UInt8](repeating: 7, count: 256))])
        let bytes64k = [0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0] + [UInt8](repeating: 7, count: 65_536)
        #expect(decode([bytes64k], role: .client).messages == [.binary([UInt8](repeating: 7, count: 65_536))])
    }

    @Test(arguments: Chunking.allCases)
    func `messages survive any chunking, in both roles`(_ chunking: Chunking) {
        for (role, mask) in [(WebSocketRole.server, UInt32(0x37FA_213D)), (.client, nil)] {
            var out = OutputBuffer()
            var expected: [WebSocketMessage] = []
            for count in [0, 1, 7, 8, 9, 125, 126, 65_535, 65_536] {
                let text = String(repeating: "é", count: count / 2) + String(repeating: "a", count: count % 2)
                WebSocketWriter.text(text, mask: mask, into: &out)
                WebSocketWriter.ping([UInt8](repeating: 1, count: count % 126), mask: mask, into: &out)
                expected += [.text(text), .ping([UInt8](repeating: 1, count: count % 126))]
            }
            [1, 2, 3].withUnsafeBytes { WebSocketWriter.binary($0, mask: mask, into: &out) }
            WebSocketWriter.pong([9], mask: mask, into: &out)
            WebSocketWriter.close(.goingAway, reason: "bye", mask: mask, into: &out)
            let last: [WebSocketMessage] = [
                .binary([1, 2, 3].withUnsafeBytes { Array($0) }), .pong([9]), .close(.goingAway, reason: "bye"),
            ]
            let result = decode(chunking.cut(out.copyBytes()), role: role)
            #expect(result.messages == expected + last)
            #expect(result.error == nil)
        }
    }

    @Test func `control frames may stand between fragments`() throws {
        let result = try decode(hex: "01 02 c3a9 89 01 2a 00 01 c3 80 01 a9", role: .client)
        #expect(result.messages == [.ping([0x2A]), .text("éé")])
    }

    @Test(arguments: [
        ("c1 80 00000000", 1002),  // reserved bit without an extension
        ("83 80 00000000", 1002),  // unknown opcode
        ("8b 80 00000000", 1002),  // unknown control opcode
        ("81 05 48656c6c6f", 1002),  // a client that does not mask
        ("09 80 00000000", 1002),  // control frame in fragments
        ("89 fe 007e 00000000", 1002),  // control frame too long
        ("80 80 00000000", 1002),  // continuation of nothing
        ("01 80 00000000 81 80 00000000", 1002),  // new message inside a message
        ("81 fe 007d 00000000", 1002),  // 16-bit length for 125
        ("81 ff 000000000000ffff 00000000", 1002),  // 64-bit length for 65 535
        ("81 ff 8000000000000000 00000000", 1002),  // top bit of the length
        ("81 ff 7fffffffffffffff 00000000", 1009),
        ("81 fe 0401 00000000", 1009),
        ("01 fe 0400 00000000" + String(repeating: "61", count: 1024) + "80 81 00000000", 1009),
        ("81 82 00000000 c328", 1007),  // not UTF-8
        ("81 83 00000000 eda080", 1007),  // a surrogate
        ("81 81 00000000 c3", 1007),  // cut off
        ("88 81 00000000 03", 1002),  // half a close code
        ("88 82 00000000 03ed", 1002),  // 1005 must not be sent
        ("88 82 00000000 03ee", 1002),  // 1006 neither
        ("88 82 00000000 0000", 1002),
        ("88 82 00000000 03f7", 1002),  // 1015
        ("88 83 00000000 03e8ff", 1007),  // reason not UTF-8
    ])
    func `what RFC 6455 forbids ends the connection with its code`(_ hex: String, _ code: Int) throws {
        let result = try decode(hex: hex, limit: 1024)
        guard case .webSocket(let found, _) = result.error else {
            Issue.record("no error for \(hex)")
            return
        }
        #expect(Int(found.rawValue) == code)
    }

    @Test func `a masked frame from a server is refused`() throws {
        #expect(try decode(hex: "81 85 37fa213d 7f9f4d5158", role: .client).error != nil)
    }

    @Test func `a too big frame is refused by its header alone, and nothing is read after an end`() throws {
        #expect(try decode(hex: "82 fe 0401", limit: 1024).error == .webSocket(.messageTooBig, "message too big"))
        let result = try decode(hex: "88 80 00000000 81 80 00000000")
        #expect(result.messages == [.close(.noStatus, reason: "")] && result.error == nil)
    }

    @Test func `a close reason fits into a control frame`() {
        var out = OutputBuffer()
        WebSocketWriter.close(.normal, reason: String(repeating: "é", count: 100), mask: nil, into: &out)
        #expect(
            decode([out.copyBytes()], role: .client).messages == [
                .close(.normal, reason: String(repeating: "é", count: 61))
            ])
        out.removeAll()
        WebSocketWriter.close(.abnormal, mask: nil, into: &out)
        #expect(out.copyBytes() == [0x88, 0])
    }
}

@Suite struct WebSocketHandshakeTests {
    private func ask(_ change: (inout Headers) -> Void = { _ in }) -> Request {
        var request = Request(
            .get, "/ws?asJson=true",
            headers: [
                "upgrade": "websocket", "connection": "keep-alive, Upgrade", "sec-websocket-version": "13",
                "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
            ])
        change(&request.headers)
        return request
    }

    @Test func `RFC 6455 section 1.3, the accept key`() {
        #expect(WebSocketHandshake.accept(key: "dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
        let answer = WebSocketHandshake.answer(to: ask())
        #expect(answer.status == .switchingProtocols)
        #expect(answer.headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    }

    @Test func `a handshake that is not one is refused`() {
        #expect(WebSocketHandshake.answer(to: ask { $0["upgrade"] = nil }).status == .upgradeRequired)
        #expect(WebSocketHandshake.answer(to: ask { $0["upgrade"] = "h2c" }).status == .upgradeRequired)
        #expect(WebSocketHandshake.answer(to: ask { $0["connection"] = "keep-alive" }).status == .upgradeRequired)
        let other = WebSocketHandshake.answer(to: ask { $0["sec-websocket-version"] = "8" })
        #expect(other.status == .upgradeRequired && other.headers["sec-websocket-version"] == "13")
        #expect(WebSocketHandshake.answer(to: ask { $0["sec-websocket-key"] = nil }).status == .badRequest)
        #expect(WebSocketHandshake.answer(to: ask { $0["sec-websocket-key"] = "AAAA" }).status == .badRequest)
        var post = ask()
        post.method = .post
        #expect(WebSocketHandshake.answer(to: post).status == .badRequest)
    }

    @Test func `a client accepts only the answer to its own key`() throws {
        let url = try #require(URLParts("ws://localhost:8082/ws"))
        let key = [UInt8](0..<16)
        var request = WebSocketHandshake.request(to: url, key: key, headers: ["authorization": "Bearer x"])
        request.headers["connection"] = "Upgrade"  // the writer adds it
        var answer = WebSocketHandshake.answer(to: request)
        answer.headers["connection"] = "Upgrade"
        #expect(throws: Never.self) { try WebSocketHandshake.check(answer, key: key) }
        #expect(throws: HTTPError.self) { try WebSocketHandshake.check(answer, key: key.reversed()) }
        answer.headers["sec-websocket-extensions"] = "permessage-deflate"
        #expect(throws: HTTPError.self) { try WebSocketHandshake.check(answer, key: key) }
        #expect(throws: HTTPError.self) { try WebSocketHandshake.check(Response(.ok), key: key) }
    }

    @Test func `the first sub-protocol offered that the server speaks is chosen, and nothing else is taken`() throws {
        let url = try #require(URLParts("ws://localhost:8082/ws"))
        let key = [UInt8](0..<16)
        let offered = ["v5.channel.k8s.io", "v4.channel.k8s.io"]
        var request = WebSocketHandshake.request(to: url, key: key, protocols: offered)
        request.headers["connection"] = "Upgrade"
        var answer = WebSocketHandshake.answer(to: request, choosing: ["v4.channel.k8s.io", "v3", "v5.channel.k8s.io"])
        answer.headers["connection"] = "Upgrade"
        #expect(WebSocketHandshake.chosenProtocol(in: answer) == "v5.channel.k8s.io")
        #expect(try WebSocketHandshake.check(answer, key: key, offered: offered) == "v5.channel.k8s.io")
        #expect(throws: HTTPError.self) {
            try WebSocketHandshake.check(answer, key: key, offered: ["v4.channel.k8s.io"])
        }
        answer.headers.add("sec-websocket-protocol", "v4.channel.k8s.io")
        #expect(throws: HTTPError.self) { try WebSocketHandshake.check(answer, key: key, offered: offered) }
        var silent = WebSocketHandshake.answer(to: request, choosing: ["v9"])
        silent.headers["connection"] = "Upgrade"
        #expect(silent.status == .switchingProtocols)
        #expect(try WebSocketHandshake.check(silent, key: key, offered: offered) == nil)
    }
}
