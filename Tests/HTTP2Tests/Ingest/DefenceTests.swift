import Bytes
import HTTP
import HTTP2
import HTTP2Rules
import Testing

/// Peers that follow the protocol and mean harm. Each is sent away with its reason; what it could make us keep stays small.
@Suite struct DefenceTests {
    /// Says the same again and again until the connection ends; answers how often.
    private func flood(_ peer: RawPeer, upTo limit: Int = 20_000, _ bytes: (Int) -> [UInt8]) throws -> Int {
        for round in 0..<limit {
            try peer.say(bytes(round))
            if peer.server.session.endReason != nil { return round }
        }
        return limit
    }

    private func number(_ round: Int) -> UInt32 { UInt32(2 * round + 1) }

    @Test func `Rapid Reset: requests opened and reset (CVE-2023-44487)`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in nil }
        let rounds = try flood(peer) { Raw.headers(number($0)) + Raw.reset(number($0)) }
        #expect(rounds < 1300)
        #expect(peer.server.arrived.count <= 256)  // those that the handler still has keep their places
        #expect(peer.goAwayCode == 11)
        let reasons: [HTTP2EndReason?] = [.resetFlood, .provokedResets]
        #expect(reasons.contains(peer.server.session.endReason))
    }

    @Test func `Rapid Reset before the request is complete`() throws {
        let peer = try RawPeer()
        let rounds = try flood(peer) { Raw.headers(number($0), end: false) + Raw.reset(number($0)) }
        #expect(rounds == 1000)
        #expect(peer.server.session.endReason == .resetFlood)
    }

    /// What makes us reset a stream that its request is still using.
    enum Provocation: CaseIterable {
        case incrementOfZero, windowTooLarge, dataBehindTheEnd, headersBehindTheEnd, shortPriority

        func frame(_ stream: UInt32) -> [UInt8] {
            switch self {
            case .incrementOfZero: Raw.window(stream, 0)
            case .windowTooLarge: Raw.window(stream, 0x7fff_ffff)
            case .dataBehindTheEnd: Raw.data(stream, [1])
            case .headersBehindTheEnd: Raw.headers(stream)
            case .shortPriority: Raw.frame(2, stream: stream, [0])
            }
        }
    }

    @Test(arguments: Provocation.allCases)
    func `MadeYouReset: we are made to reset (CVE-2025-8671)`(_ provocation: Provocation) throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in nil }
        let rounds = try flood(peer) { Raw.headers(number($0)) + provocation.frame(number($0)) }
        #expect(rounds < 1300)
        #expect(peer.server.arrived.count <= 256)
        #expect(peer.server.session.endReason == .provokedResets)
    }

    @Test func `a request that the receiver refuses by its head is answered at once, and its body is thrown away`()
        throws
    {
        let peer = try RawPeer()
        peer.server.refusal = { $0 == 3 ? .text(.unauthorized, "who?") : nil }
        try peer.say(Raw.headers(1, Raw.post, end: false) + Raw.data(1, [1, 2]))
        #expect(peer.server.judged.isEmpty)  // the body came with the head
        try peer.say(Raw.headers(3, Raw.post, end: false) + Raw.data(3, [1], end: false))
        try peer.say(Raw.headers(5, Raw.post, end: false))
        #expect(peer.server.judged == [3, 5])
        #expect(peer.status(3) == "401")
        try peer.say(Raw.data(3, [UInt8](repeating: 2, count: 9000), end: false) + Raw.data(3, [3]) + Raw.data(5, [4]))
        #expect(peer.server.arrived.map(\.number) == [1, 5])
        #expect(peer.server.judged == [3, 5])
        #expect(peer.server.session.openStreams == 0)
        #expect(peer.resetCode(3) == nil && peer.goAwayCode == nil)
    }

    @Test func `the body of a refused request is let in up to the limit of a body, and only then is it reset`() throws {
        let peer = try RawPeer()
        peer.server.refusal = { _ in .text(.notFound, "no such path") }
        try peer.say(Raw.headers(1, Raw.post, end: false) + Raw.headers(3, Raw.post, end: false))
        #expect(peer.status(1) == "404" && peer.status(3) == "404")
        let piece = [UInt8](repeating: 1, count: 16_384)
        var (room, sent) = (256 << 10, 0)
        while room >= piece.count, sent < 2 << 20 {
            for frame in try peer.say(Raw.data(1, piece, end: false)) {
                if case .window(1, let increment) = frame { room += increment }
            }
            (room, sent) = (room - piece.count, sent + piece.count)
        }
        // The limit, and what was left of the window that was given last.
        #expect(sent > 1 << 20 && sent <= 1 << 20 + 256 << 10, "\(sent)")
        #expect(peer.resetCode(1) == nil && peer.goAwayCode == nil)
        // One that ends in time ends without a word, one that does not is told to stop.
        try peer.say(Raw.data(3, piece))
        for _ in 0..<2 { peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 100) }
        try peer.pull()
        #expect(peer.resetCode(1) == 0 && peer.resetCode(3) == nil)
        // What was under way then is no fault.
        peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 100)
        try peer.say(Raw.data(1, piece))
        #expect(peer.server.session.openStreams == 0 && peer.server.session.endReason == nil)
    }

    @Test func `the body of a refused request may be slow as long as it goes on`() throws {
        let peer = try RawPeer()
        peer.server.refusal = { _ in .text(.notFound, "no such path") }
        try peer.say(Raw.headers(1, Raw.post, end: false))
        for _ in 0..<6 {
            for _ in 0..<8 { try peer.say(Raw.data(1, [UInt8](repeating: 1, count: 16_384), end: false)) }
            peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 100)
        }
        try peer.say(Raw.data(1, [1]))
        #expect(peer.resetCode(1) == nil && peer.server.session.openStreams == 0)
    }

    @Test func `a request whose stream was reset keeps its place until it is answered`() throws {
        var limits = HTTP2ServerLimits()
        limits.concurrentStreams = 2
        let peer = try RawPeer(.ingest, limits)
        peer.server.answer = { _ in nil }
        try peer.say(Raw.headers(1) + Raw.reset(1) + Raw.headers(3) + Raw.reset(3) + Raw.headers(5))
        #expect(peer.resetCode(5) == 7)
        #expect(peer.server.session.openStreams == 0)
        peer.server.session.respondNoContent(1)
        peer.server.session.respond(3, .text(.ok, "late"))
        try peer.say(Raw.headers(7))
        #expect(peer.server.arrived.map(\.number) == [1, 3, 7])
        #expect(peer.status(1) == nil && peer.status(3) == nil)
    }

    @Test(
        arguments: [
            ("PING", Raw.ping(), .pingFlood), ("SETTINGS", Raw.settings(), .settingsFlood),
            ("SETTINGS with values", Raw.settings([(4, 1), (4, 2), (4, 3)]), .settingsFlood),
            ("acknowledgements", Raw.settings(acknowledges: true), .settingsFlood),
            ("PRIORITY", Raw.priority(1), .priorityFlood), ("WINDOW_UPDATE", Raw.window(0, 1), .windowUpdateFlood),
            ("unknown frames", Raw.frame(0x16), .unknownFrameFlood),
            (
                "unknown frames of the largest size", Raw.frame(0x16, [UInt8](repeating: 0, count: 16_384)),
                .unknownFrameFlood
            ),
        ] as [(String, [UInt8], HTTP2EndReason)])
    func `frames that do nothing for a request`(_ name: String, _ frame: [UInt8], _ reason: HTTP2EndReason) throws {
        let peer = try RawPeer()
        #expect(try flood(peer) { _ in frame } <= 2000)
        #expect(peer.server.session.endReason == reason)
        #expect(peer.goAwayCode == 11)
    }

    @Test func `empty DATA, with padding or without (CVE-2019-9518)`() throws {
        for frame in [Raw.data(1, [], end: false), Raw.frame(0, flags: 8, stream: 1, [3, 0, 0, 0])] {
            let peer = try RawPeer()
            try peer.say(Raw.headers(1, Raw.post, end: false))
            #expect(try flood(peer) { _ in frame } <= 2000)
            #expect(peer.server.session.endReason == .emptyFrameFlood)
        }
    }

    @Test func `acknowledgements pile up no further than a reader would let them (CVE-2019-9512)`() throws {
        let peer = try RawPeer()
        let pings = (0..<1200).flatMap { _ in Raw.ping() }
        try peer.say(pings)  // all in one go: nothing is pulled meanwhile
        #expect(peer.server.session.endReason == .unreadOutput)
    }

    @Test func `whoever sends requests may send other frames too`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.noContent) }
        for round in 0..<5000 {
            try peer.say(Raw.headers(number(round)) + Raw.window(0, 1) + Raw.ping() + Raw.priority(1))
        }
        #expect(peer.server.session.endReason == nil)
        #expect(peer.server.arrived.count == 5000)
    }

    @Test func `whoever cancels half of what is answered is served`() throws {
        let peer = try RawPeer()
        peer.server.answer = { $0 % 4 == 1 ? Response(.noContent) : nil }
        for round in 0..<4000 {
            try peer.say(Raw.headers(number(round)))
            if round % 2 == 1 {
                try peer.say(Raw.reset(number(round)))
                peer.server.session.respondNoContent(number(round))  // the handler finishes it all the same
            }
        }
        #expect(peer.server.session.endReason == nil)
    }

    @Test func `CONTINUATION without end (CVE-2024-27316)`() throws {
        for piece in [[], [UInt8](repeating: 0, count: 10), [UInt8](repeating: 0, count: 16_384)] {
            let peer = try RawPeer()
            try peer.say(Raw.headers(1, complete: false))
            #expect(try flood(peer) { _ in Raw.continuation(1, piece, complete: false) } <= 32)
            #expect(peer.server.session.endReason == .continuationFlood)
        }
    }

    @Test func `a list of the limit passes, a larger one is 431, and the connection goes on`() throws {
        let peer = try RawPeer()
        func request(_ count: Int) -> [[UInt8]] {
            let block = Raw.request("GET", [("x", String(repeating: "v", count: count))])
            return stride(from: 0, to: block.count, by: 16_000).map { Array(block[$0..<min($0 + 16_000, block.count)]) }
        }
        func say(_ stream: UInt32, _ pieces: [[UInt8]]) throws {
            for (index, piece) in pieces.enumerated() {
                let isLast = index == pieces.count - 1
                try peer.say(
                    index == 0
                        ? Raw.headers(stream, piece, complete: isLast)
                        : Raw.continuation(stream, piece, complete: isLast))
            }
        }
        let rest = 5 * 32 + 7 + 3 + 7 + 5 + 5 + 1 + 10 + 1 + 1  // four pseudo-header fields, and the name
        try say(1, request((64 << 10) - rest))
        try say(3, request((64 << 10) - rest + 1))
        try say(5, request(120 << 10))
        try say(7, request(10))
        #expect(peer.status(1) == "200")
        #expect(peer.status(3) == "431")
        #expect(peer.status(5) == "431")
        #expect(peer.status(7) == "200")
    }

    @Test func `a block that unpacks to many times the limit (HPACK bomb)`() throws {
        let peer = try RawPeer()
        // One entry of nearly the whole table, then index 62 again and again: 4 kB for each byte.
        let entry: [UInt8] = [0x40, 1, 0x78, 0x7f, 0xa1, 0x1e] + [UInt8](repeating: 0x61, count: 4000)
        try peer.say(Raw.headers(1, Raw.get + entry))
        try peer.say(Raw.headers(3, Raw.get + [UInt8](repeating: 0xbe, count: 20)))
        #expect(peer.status(3) == "431")
        try peer.say(Raw.headers(5, Raw.get + [UInt8](repeating: 0xbe, count: 16_000)))
        #expect(peer.server.session.endReason == .headerBomb)
        // Again and again just above the limit.
        let other = try RawPeer()
        try other.say(Raw.headers(1, Raw.get + entry))
        let rounds = try flood(other) { Raw.headers(UInt32(2 * $0 + 3), Raw.get + [UInt8](repeating: 0xbe, count: 20)) }
        #expect(rounds < 150)
        #expect(other.server.session.endReason == .headerBomb)
    }

    @Test func `a table that is emptied and filled costs no more than its bytes`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.noContent) }
        for round in 0..<500 {
            let name = Array("x\(round)".utf8)
            let value = [UInt8](repeating: 0x61, count: 2000)
            let field: [UInt8] = [0x40, UInt8(name.count)] + name + [0x7f, 0xd1, 0x0e] + value
            try peer.say(Raw.headers(number(round), Raw.get + field + field))
        }
        #expect(peer.server.arrived.count == 500)
    }

    @Test func `an answer that nobody takes stays where it is, without being copied into the output`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.ok, body: [UInt8](repeating: 1, count: 1 << 20)) }
        try peer.say(Raw.settings([(4, 0)]))
        for round in 0..<256 { try peer.say(Raw.headers(number(round))) }
        try peer.say(Raw.headers(number(256)))
        #expect(peer.resetCode(513) == 7)
        #expect(!peer.server.session.hasOutput)
        #expect(peer.server.session.openStreams == 256)
    }

    @Test func `an answer that the peer's windows keep back ends the connection after a while`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.ok, body: [1]) }
        try peer.say(Raw.settings([(4, 0)]) + Raw.headers(1))
        for _ in 0..<3 { peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 3) }
        #expect(peer.server.session.endReason == nil)
        peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 3)
        #expect(peer.server.session.endReason == .unreadOutput)
    }

    @Test func `an answer that is read byte by byte is being read`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.ok, body: [UInt8](repeating: 1, count: 100)) }
        try peer.say(Raw.settings([(4, 0)]) + Raw.headers(1))
        for _ in 0..<20 {
            peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 3)
            try peer.say(Raw.window(1, 1))
        }
        #expect(peer.server.session.endReason == nil)
    }

    @Test func `bodies that do not come in time are refused, and too many of them end the connection`() throws {
        let peer = try RawPeer()
        for round in 0..<60 { try peer.say(Raw.headers(number(round), end: false)) }
        for _ in 0..<3 { peer.server.session.refuseSlowRequests(heads: 100, bodies: 3, stalls: 100) }
        #expect(peer.server.session.endReason == nil)
        peer.server.session.refuseSlowRequests(heads: 100, bodies: 3, stalls: 100)
        #expect(peer.server.session.endReason == .slowBodies)
    }

    @Test func `too many bodies of refused requests that do not end, end the connection`() throws {
        let peer = try RawPeer()
        peer.server.refusal = { _ in Response(.serviceUnavailable) }
        for round in 0..<60 { try peer.say(Raw.headers(number(round), end: false)) }
        peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 100)
        #expect(peer.server.session.endReason == nil)
        peer.server.session.refuseSlowRequests(heads: 100, bodies: 100, stalls: 100)
        #expect(peer.server.session.endReason == .slowBodies)
    }

    @Test func `what is begun must be finished: preface, frame, header block`() throws {
        let beginnings: [[UInt8]] = [
            [], Array(Raw.preface.dropLast()), Raw.preface, Raw.preface + [0, 0],
            Raw.preface + Raw.settings() + [0], Raw.preface + Raw.settings() + Raw.headers(1).dropLast(),
            Raw.preface + Raw.settings() + Raw.headers(1, complete: false),
        ]
        for bytes in beginnings {
            let peer = try RawPeer(handshake: false)
            try peer.say(bytes)
            for _ in 0..<3 { peer.server.session.refuseSlowRequests(heads: 3, bodies: 10, stalls: 100) }
            #expect(peer.server.session.endReason == nil)
            peer.server.session.refuseSlowRequests(heads: 3, bodies: 10, stalls: 100)
            #expect(peer.server.session.endReason == .slowFrame)
        }
    }

    @Test func `a busy connection may be found in the middle of a frame each time`() throws {
        let peer = try RawPeer()
        peer.server.answer = { _ in Response(.noContent) }
        try peer.say(Array(Raw.headers(1).dropLast(3)))
        for round in 0..<50 {
            peer.server.session.refuseSlowRequests(heads: 3, bodies: 10, stalls: 100)
            try peer.say(Raw.headers(number(round)).suffix(3) + Raw.headers(number(round + 1)).dropLast(3))
        }
        #expect(peer.server.session.endReason == nil)
        #expect(peer.server.arrived.count == 50)
    }

    @Test func `memory of requests is counted, bounded, and given back`() throws {
        let pool = HTTP2StreamPool(limit: 8, bufferedLimit: 100_000)
        let receiver = SilentReceiver()
        var session: IngestSession? = IngestSession(receiver: receiver, pool: pool, limits: HTTP2ServerLimits())
        func say(_ bytes: [UInt8]) { bytes.withUnsafeBytes { session?.receive($0) } }
        say(Raw.preface + Raw.settings())
        for round in 0..<20 {
            say(Raw.headers(number(round), Raw.post, end: false))
            say(Raw.data(number(round), [UInt8](repeating: 1, count: 10_000), end: false))
        }
        #expect(pool.bufferedBytes > 80_000 && pool.bufferedBytes <= 100_000)
        session = nil
        #expect(pool.bufferedBytes == 0)
    }
}

private final class SilentReceiver: HTTP2RequestReceiver {
    func requestArrived(_ number: UInt32, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {}
}
