internal import Bytes
internal import HTTP
internal import HTTP2

/// A server's side of HTTP/2: requests, answers and the end are the same however the network cuts the frames, and what is sent is
/// always whole frames.
enum HTTP2Fuzz {
    static func runIngest(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) { try run(bytes, .ingest) }

    static func runLibrary(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) { try run(bytes, .nghttp2) }

    private static func run(
        _ bytes: UnsafeRawBufferPointer, _ implementation: HTTP2Implementation
    ) throws(BrokenInvariant) {
        var input = FuzzInput(bytes)
        let limits = HTTP2ServerLimits.small(from: &input)
        let cuts = input.cuts()
        let sweeps = input.flag()
        let stream = HTTP2Stream.make(from: &input)
        let whole = try Connection.story(of: stream, .none, implementation, limits, sweeps)
        for cuts in [cuts, .everywhere] {
            let other = try Connection.story(of: stream, cuts, implementation, limits, sweeps)
            switch implementation {
            case .ingest:
                try require(whole.requests == other.requests, "cuts do not change the requests")
                try require(whole.end == other.end, "cuts do not change the end: \(whole.end), \(other.end)")
                try require(whole.answered == other.answered, "cuts do not change what is answered")
            case .nghttp2:
                // libnghttp2 counts every piece of the head of a CONTINUATION as one more CONTINUATION: it may end sooner.
                let common = min(whole.requests.count, other.requests.count)
                try require(whole.requests.prefix(common) == other.requests.prefix(common), "requests stay in order")
                guard whole.end == "open", other.end == "open" else { continue }
                try require(whole.requests == other.requests, "cuts do not change the requests")
                try require(whole.wholeTaken == other.wholeTaken, "cuts do not change what takers hear")
                try require(whole.answered == other.answered, "cuts do not change what is answered")
            }
        }
    }
}

extension HTTP2ServerLimits {
    /// Limits so small that short inputs reach them.
    static func small(from input: inout FuzzInput) -> HTTP2ServerLimits {
        var limits = HTTP2ServerLimits()
        let choice = input.byte()
        if choice & 1 != 0 { limits.headerListBytes = 256 }
        if choice & 2 != 0 { limits.fieldCount = 5 }
        if choice & 4 != 0 { limits.bodyBytes = 32 }
        if choice & 8 != 0 { limits.concurrentStreams = 3 }
        return limits
    }
}

/// What became of one connection.
private struct Story {
    struct Request: Equatable {
        var number: UInt32
        var head: [[UInt8]]
        var body: [UInt8]
    }

    /// How one stream ended for the client: frames of the answer, or the code of its reset.
    struct Answered: Equatable {
        var heads = 0
        var bytes = 0
        var isOver = false
        var resetCode: UInt32?
    }

    /// A request that was taken as it arrived.
    struct Taken: Equatable {
        var body: [UInt8] = []
        var trailers: Headers?
    }

    var requests: [Request] = []
    var taken: [UInt32: Taken] = [:]
    /// Those that were complete: of a malformed one more or less is heard before that shows.
    var wholeTaken: [UInt32: Taken] { taken.filter { $0.value.trailers != nil } }
    var answered: [UInt32: Answered] = [:]
    var end = ""
}

/// A server that answers by the number of the stream: at once or late, with a body or without, or never. Of the library's session it takes
/// some requests as they arrive, opens the windows of some of them, and answers in pieces.
private final class Connection: HTTP2RequestReceiver {
    private var session: (any HTTP2ServerSession)?
    private var story = Story()
    private var late: [UInt32] = []
    private var takers: [Taker] = []

    final class Taker: HTTP2StreamTaker {
        let number: UInt32
        private unowned let connection: Connection
        private(set) var timesClosed = 0
        private(set) var wasTaken = false

        init(_ number: UInt32, _ connection: Connection) { (self.number, self.connection) = (number, connection) }

        private func withSession(_ body: (LibraryServerSession) -> Void) {
            if let session = connection.session as? LibraryServerSession { body(session) }
        }

        func streamTaken() {
            wasTaken = true
            connection.story.taken[number] = Story.Taken()
            if number & 16 != 0 { withSession { $0.beginAnswer(number, .ok, ["x-test": "1"]) } }
        }

        func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
            connection.story.taken[number]?.body += bytes
            if number & 32 != 0 { withSession { $0.openWindow(number, by: bytes.count) } }
        }

        func messageEnded(trailers: Headers) {
            connection.story.taken[number]?.trailers = trailers
            withSession { session in
                session.beginAnswer(number, .ok, [:])
                let piece = [UInt8](repeating: 7, count: 100_000)
                piece.withUnsafeBytes { _ = session.send(number, $0) }
                session.endAnswer(number, trailers: number & 64 == 0 ? ["x-sum": "7"] : [:])
            }
        }

        func outputDrained() {}

        func streamClosed(_ how: HTTP2StreamEnd) {
            timesClosed += 1
            // Whatever is said about a stream that has gone is ignored.
            withSession { session in
                _ = session.send(number, UnsafeRawBufferPointer(start: nil, count: 0))
                session.endAnswer(number, trailers: [:])
                session.openWindow(number, by: 1)
            }
        }
    }

    func streamBegins(_ number: UInt32, head: borrowing RequestHead) -> (any HTTP2StreamTaker)? {
        guard number & 8 != 0 else { return nil }
        let taker = Taker(number, self)
        takers.append(taker)
        return taker
    }

    static func story(
        of stream: [UInt8], _ cuts: Cuts, _ implementation: HTTP2Implementation, _ limits: HTTP2ServerLimits,
        _ sweeps: Bool
    ) throws(BrokenInvariant) -> Story {
        let connection = Connection()
        let pool = HTTP2StreamPool(limit: 4)
        let lived = outcome { () throws(BrokenInvariant) in
            try connection.live(stream, cuts, implementation, limits, sweeps, pool)
        }
        if case .failure(let broken) = lived { throw broken }
        for taker in connection.takers where taker.wasTaken {
            try require(taker.timesClosed == 1, "a taker hears once that its stream is closed")
        }
        try require(pool.bufferedBytes == 0, "what is counted is given back")
        return connection.story
    }

    /// From the making of the session to its end.
    private func live(
        _ stream: [UInt8], _ cuts: Cuts, _ implementation: HTTP2Implementation, _ limits: HTTP2ServerLimits,
        _ sweeps: Bool, _ pool: HTTP2StreamPool
    ) throws(BrokenInvariant) {
        let made = outcome { () throws(HTTP2Error) in
            try implementation.makeSession(receiver: self, pool: pool, limits: limits)
        }
        guard case .success(let session) = made else { throw BrokenInvariant(description: "there is memory") }
        self.session = session
        let ran = stream.withUnsafeBytes { stream in
            outcome { () throws(BrokenInvariant) in try run(stream, cuts, session, sweeps, implementation) }
        }
        self.session = nil
        if case .failure(let broken) = ran { throw broken }
    }

    private func run(
        _ stream: UnsafeRawBufferPointer, _ cuts: Cuts, _ session: any HTTP2ServerSession, _ sweeps: Bool,
        _ implementation: HTTP2Implementation
    ) throws(BrokenInvariant) {
        do throws(HTTP2Error) {
            try cuts.forEachPiece(of: stream) { piece throws(HTTP2Error) in try session.receive(piece) }
        } catch {
            // The library says so, or says GOAWAY and no more, depending on where the bytes were cut.
            session.terminate()
        }
        if sweeps { for _ in 0..<4 { session.refuseSlowRequests(heads: 8, bodies: 2, stalls: 3) } }
        for number in late { session.respond(number, .text(.ok, "late\n")) }
        var out = OutputBuffer()
        let pulled = outcome { () throws(HTTP2Error) in try session.pullOutput(into: &out, upTo: 1 << 20) }
        guard case .success = pulled else { throw BrokenInvariant(description: "what is to be sent can be pulled") }
        try read(out.bytes)
        try require(session.openStreams >= 0 && session.incompleteRequests >= 0, "counts are not negative")
        try require(session.incompleteRequests <= session.openStreams, "incomplete requests are open")
        let isOver = session.isFinished || session.endReason != nil
        story.end = (implementation == .ingest ? session.endReason?.rawValue : nil) ?? (isOver ? "over" : "open")
    }

    func requestArrived(_ number: UInt32, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        var fields: [[UInt8]] = [[UInt8](head.method), [UInt8](head.path), [UInt8](head.query)]
        head.forEachHeader { name, value in fields += [[UInt8](name), [UInt8](value)] }
        fields.append([UInt8](head.authorization.bytes))
        story.requests.append(Story.Request(number: number, head: fields, body: [UInt8](body)))
        switch number >> 1 & 3 {
        case 0: session?.respondNoContent(number)
        case 1: session?.respond(number, .text(.ok, "hello\n", headers: ["x-test": "1", "connection": "close"]))
        case 2: late.append(number)
        case _: break
        }
    }

    /// Output is whole frames, none longer than every peer must take.
    private func read(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        var rest = bytes
        while !rest.isEmpty {
            try require(rest.count >= 9, "a session sends whole frames")
            let length = Int(rest[0]) << 16 | Int(rest[1]) << 8 | Int(rest[2])
            let (type, flags) = (rest[3], rest[4])
            let number = rest.loadUnaligned(fromByteOffset: 5, as: UInt32.self).bigEndian
            try require(rest.count >= 9 + length, "a session sends whole frames")
            let payload = UnsafeRawBufferPointer(rebasing: rest[9..<(9 + length)])
            rest = UnsafeRawBufferPointer(rebasing: rest[(9 + length)...])
            var answered = story.answered[number, default: Story.Answered()]
            switch type {
            case 0, 1:
                try require(number != 0 && !answered.isOver, "nothing is sent on a stream that is over")
                if type == 0 { answered.bytes += length } else { answered.heads += 1 }
                answered.isOver = flags & 1 == 1
            case 3:
                try require(number != 0 && length == 4, "RST_STREAM has a stream and a code")
                answered.resetCode = payload.loadUnaligned(as: UInt32.self).bigEndian
                answered.isOver = true
            case 4, 6, 7: try require(number == 0, "SETTINGS, PING and GOAWAY are of the connection")
            case 8: try require(length == 4, "WINDOW_UPDATE has an increment")
            case _: throw BrokenInvariant(description: "a server sends no frame of type \(type)")
            }
            if type == 0 || type == 1 || type == 3 { story.answered[number] = answered }
        }
    }
}
