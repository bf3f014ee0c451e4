import Bytes
import HTTP
import HTTP2
import HTTP2Rules
import TestKit
import Testing

/// What RFC 9113 and RFC 7541 demand of a server that receives frames: every rule, cut in every way, behind every kind of handler.
/// `PlaneTests` holds the event gateway to the same rules.
@Suite struct ConformanceTests {
    @Test(arguments: Rules.preface)
    func `the connection preface`(_ rule: Rule) throws { try judge(rule) }

    @Test(arguments: Rules.frames)
    func `the frame layer`(_ rule: Rule) throws { try judge(rule) }

    @Test(arguments: Rules.states)
    func `stream states`(_ rule: Rule) throws { try judge(rule) }

    @Test(arguments: Rules.types)
    func `frame types`(_ rule: Rule) throws { try judge(rule) }

    @Test(arguments: Rules.messages)
    func `requests and trailers`(_ rule: Rule) throws { try judge(rule) }

    @Test(arguments: Rules.compression)
    func `header compression`(_ rule: Rule) throws { try judge(rule) }

    @Test func `rules have names of their own`() {
        #expect(Set(Rules.all.map(\.name)).count == Rules.all.count)
    }

    /// A handler, as a session sees it.
    private enum Handler: CaseIterable {
        case answersWithText
        case answersNoContent
        /// Refuses requests by their heads, as the event gateway does without a token.
        case refusesHeads
        case keepsSilent

        func configure(_ server: MemoryServer) {
            switch self {
            case .answersWithText: server.answer = { _ in .text(.ok, "hello, world\n") }
            case .answersNoContent: server.answer = { _ in Response(.noContent) }
            case .refusesHeads:
                server.refusal = { _ in .text(.notFound, "no such path\n") }
                server.answer = { _ in .text(.notFound, "no such path\n") }
            case .keepsSilent: server.answer = { _ in nil }
            }
        }
    }

    private func judge(_ rule: Rule) throws {
        let handlers = Handler.allCases.filter { ($0 == .keepsSilent) == (rule.answer == .never) }
        for handler in handlers {
            for chunking in Chunking.allCases { try judge(rule, handler, chunking) }
            // Housekeeping forgets nothing that still counts.
            try judge(rule, handler, .whole, sweeps: 1)
        }
    }

    private func judge(_ rule: Rule, _ handler: Handler, _ chunking: Chunking, sweeps: Int = 0) throws {
        let peer = try RawPeer(handshake: !rule.opensConnection)
        handler.configure(peer.server)
        for frame in rule.given { try peer.say(frame) }
        for _ in 0..<sweeps { peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 100) }
        let before = peer.sent.count
        for piece in chunking.cut(rule.frames.flatMap { $0 }) { try peer.say(piece) }
        let back = Array(peer.sent[before...])
        let sent = "\(rule.name), \(handler), \(chunking): \(back)"
        let resets = back.filter { if case .reset = $0 { true } else { false } }
        switch rule.verdict {
        case .connectionError(let code):
            #expect(peer.goAwayCode == code, "\(sent)")
            #expect(peer.server.session.isFinished && peer.server.session.endReason != nil, "\(sent)")
            #expect(try peer.say(Raw.ping()).isEmpty, "\(sent)")
            return
        case .streamError(let stream, let code): #expect(resets == [.reset(stream, code)], "\(sent)")
        case .served(let stream):
            #expect(resets.isEmpty && peer.answerIsComplete(stream), "\(sent)")
        case .answered(let stream, let status):
            #expect(resets.isEmpty && peer.status(stream) == status, "\(sent)")
            #expect(peer.server.arrived.isEmpty, "\(sent)")
        case .ignored: #expect(resets.isEmpty, "\(sent)")
        }
        // The connection goes on.
        #expect(peer.goAwayCode == nil && peer.server.session.endReason == nil, "\(sent)")
        #expect(try peer.say(Raw.ping("still on")).contains(.pinged("still on")), "\(sent)")
    }

    @Test(arguments: Rules.messages)
    func `a malformed request is not shown to the handler`(_ rule: Rule) throws {
        guard case .streamError(let stream, _) = rule.verdict else { return }
        let peer = try RawPeer()
        for frame in rule.given + rule.frames { try peer.say(frame) }
        #expect(peer.status(stream) == nil && peer.server.arrived.isEmpty)
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

    @Test func `§6_9_1: the connection's window, padding included, is given back before anybody can exceed it`() throws
    {
        var limits = HTTP2ServerLimits()
        limits.connectionWindow = 100_000
        let peer = try RawPeer(.ingest, limits)
        try peer.say(Raw.headers(1, Raw.post, end: false))
        var (room, sent) = (100_000, 0)
        for _ in 0..<400 {
            room -= 1000
            sent += 1000
            #expect(room >= 0)
            for frame in try peer.say(Raw.padded(0, 1, flags: 0, 200, [UInt8](repeating: 0, count: 999))) {
                if case .window(0, let increment) = frame { room += increment }
            }
        }
        #expect(sent - (100_000 - room) >= 300_000 && peer.goAwayCode == nil)
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
