import Bytes
import HTTP
import HTTP2
import TestKit
import Testing

/// Hears everything of one stream, on either side.
private final class Listener: HTTP2ResponseTaker {
    var head: Response?
    var body: [UInt8] = []
    var trailers: Headers?
    var drained = 0
    var end: HTTP2StreamEnd?
    var onBody: (Int) -> Void = { _ in }

    func headArrived(_ response: Response) { head = response }
    func bodyArrived(_ bytes: UnsafeRawBufferPointer) {
        body += Array(bytes)
        onBody(bytes.count)
    }
    func messageEnded(trailers: Headers) { self.trailers = trailers }
    func outputDrained() { drained += 1 }
    func streamClosed(_ how: HTTP2StreamEnd) {
        #expect(end == nil, "told once")
        end = how
    }
}

/// Takes requests to `/stream` as they arrive; answers 204 to all others.
private final class StreamServer: HTTP2RequestReceiver {
    var session: LibraryServerSession!
    let pool: HTTP2StreamPool
    var listeners: [UInt32: Listener] = [:]
    var heads: [UInt32: String] = [:]
    var whole: [[UInt8]] = []

    init(_ limits: HTTP2ServerLimits = HTTP2ServerLimits(), bufferedLimit: Int = 1 << 20) throws {
        pool = HTTP2StreamPool(limit: 8, bufferedLimit: bufferedLimit)
        session = try LibraryServerSession(receiver: self, pool: pool, limits: limits)
    }

    func requestArrived(_ number: UInt32, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        whole.append(Array(body))
        session.respondNoContent(number)
    }

    func streamBegins(_ number: UInt32, head: borrowing RequestHead) -> (any HTTP2StreamTaker)? {
        guard ASCII.equal(head.path, "/stream") else { return nil }
        heads[number] = text(head.method) + " " + text(head.authorization.bytes)
        let listener = Listener()
        listeners[number] = listener
        return listener
    }
}

private func pump(_ client: MemoryClient, _ server: StreamServer, _ chunking: Chunking = .whole) throws {
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

private func request(_ headers: Headers = [:]) -> Request {
    var request = Request(.post, "/stream", headers: headers)
    request.authority = "localhost"
    return request
}

private func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }

extension LibraryServerSession {
    fileprivate func send(_ number: UInt32, _ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { send(number, $0) } }
}

extension HTTP2ClientSession {
    fileprivate func send(_ number: UInt32, _ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { send(number, $0) } }
}

@Suite struct StreamTests {
    @Test(arguments: Chunking.allCases)
    func `both messages go in pieces, at the same time, with trailers behind them`(_ chunking: Chunking) throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        let answer = Listener()
        let number = try client.session.begin(
            request(["authorization": "Bearer x"]), scheme: "https", taker: answer)
        try pump(client, server, chunking)
        let heard = try #require(server.listeners[number])
        #expect(server.heads[number] == "POST Bearer x")
        #expect(heard.body.isEmpty && heard.trailers == nil)

        _ = client.session.send(number, utf8("one "))
        server.session.beginAnswer(number, .ok, ["content-type": "x/y"])
        _ = server.session.send(number, utf8("eins "))
        try pump(client, server, chunking)
        #expect(heard.body == utf8("one ") && answer.body == utf8("eins "))
        #expect(answer.head?.headers["content-type"] == "x/y" && answer.trailers == nil)

        _ = client.session.send(number, utf8("two"))
        client.session.end(number, trailers: ["x-sum": "7"])
        try pump(client, server, chunking)
        #expect(heard.body == utf8("one two") && heard.trailers == ["x-sum": "7"])
        #expect(answer.trailers == nil && heard.end == nil)

        _ = server.session.send(number, utf8("zwei"))
        server.session.endAnswer(number, trailers: ["grpc-status": "0"])
        try pump(client, server, chunking)
        #expect(answer.body == utf8("eins zwei") && answer.trailers == ["grpc-status": "0"])
        #expect(heard.end == .complete && answer.end == .complete)
        #expect(server.session.openStreams == 0 && server.session.incompleteRequests == 0)
        #expect(server.pool.bufferedBytes == 0)
    }

    @Test func `an answer may be nothing but its head`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        let answer = Listener()
        let number = try client.session.begin(request(), scheme: "https", taker: answer)
        client.session.end(number)
        try pump(client, server)
        server.session.beginAnswer(number, .ok, ["grpc-status": "12"], isWhole: true)
        try pump(client, server)
        #expect(answer.head?.headers == ["grpc-status": "12"])
        #expect(answer.trailers == [:] && answer.end == .complete)
    }

    @Test func `trailers of an answer that is taken whole are kept beside it`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        var whole = request()
        whole.body = utf8("question")
        let number = try client.session.submit(whole, scheme: "https")
        try pump(client, server)
        #expect(server.listeners[number]?.body == utf8("question"))
        server.session.beginAnswer(number, .ok, ["x": "1"])
        _ = server.session.send(number, utf8("answer"))
        server.session.endAnswer(number, trailers: ["grpc-status": "0", "grpc-message": ""])
        try pump(client, server)
        var expected = Response(.ok, headers: ["x": "1"], body: utf8("answer"))
        expected.trailers = ["grpc-status": "0", "grpc-message": ""]
        #expect(client.responses[number] == expected)
    }

    @Test func `requests that nobody takes as they arrive go their ordinary way on the same connection`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        let answer = Listener()
        let stream = try client.session.begin(request(), scheme: "https", taker: answer)
        var large = [[UInt8]]()
        for size in [0, 10, 900_000] {
            var ordinary = Request(.post, "/event", body: [UInt8](repeating: 5, count: size))
            ordinary.authority = "localhost"
            large.append(ordinary.body)
            let number = try client.session.submit(ordinary, scheme: "https")
            try pump(client, server)
            #expect(client.responses[number]?.status == .noContent)
        }
        #expect(server.whole == large)
        #expect(server.listeners[stream]?.end == nil && server.session.openStreams == 1)
    }

    @Test func `a request stops at its window until its taker opens it, and no other stream suffers`() throws {
        var limits = HTTP2ServerLimits()
        limits.streamWindow = 65_536
        let (client, server) = (try MemoryClient(), try StreamServer(limits))
        let (answer, other) = (Listener(), Listener())
        try pump(client, server)  // settings
        let number = try client.session.begin(request(), scheme: "https", taker: answer)
        // Far more than a client may send on, and more than the connection's window.
        let all = [UInt8](repeating: 1, count: 6 << 20)
        #expect(client.session.send(number, all) == all.count)
        client.session.end(number)
        try pump(client, server)
        let heard = try #require(server.listeners[number])
        #expect(heard.body.count == 65_536)
        // The other one is not held up.
        let second = try client.session.begin(request(), scheme: "https", taker: other)
        _ = client.session.send(second, utf8("hello"))
        try pump(client, server)
        #expect(server.listeners[second]?.body == utf8("hello"))

        server.session.openWindow(number, by: 50_000)
        try pump(client, server)
        #expect(heard.body.count == 65_536 + 50_000)
        heard.onBody = { server.session.openWindow(number, by: $0) }
        server.session.openWindow(number, by: 65_536)
        try pump(client, server)
        #expect(heard.body.count == all.count && heard.trailers != nil)
        #expect(answer.drained == 1)
    }

    @Test func `an answer stops at the client's window, and its sender hears when there is room`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        let answer = Listener()
        let number = try client.session.begin(request(), scheme: "https", taker: answer)
        try pump(client, server)
        server.session.beginAnswer(number, .ok, [:])
        let piece = [UInt8](repeating: 2, count: 10_000)
        var sent = 0
        let heard = try #require(server.listeners[number])
        // A sender that heeds what it is told.
        func sendUntilFull() {
            repeat { sent += piece.count } while server.session.send(number, piece) < HTTP2Pile.highWater
        }
        sendUntilFull()
        for _ in 0..<200 {
            try pump(client, server)
            if heard.drained == 0 { break }
            heard.drained = 0
            sendUntilFull()
        }
        #expect(answer.body.count == 1 << 20, "the client's window")
        #expect(sent - answer.body.count <= HTTP2Pile.highWater + piece.count, "no more than that waits in memory")
        answer.onBody = { client.session.openWindow(number, by: $0) }
        client.session.openWindow(number, by: 1 << 20)
        try pump(client, server)
        #expect(answer.body.count == sent && heard.drained == 1)
        server.session.endAnswer(number, trailers: [:])
        client.session.end(number)
        try pump(client, server)
        #expect(answer.trailers == [:] && answer.end == .complete)
    }

    @Test func `a reset and the end of the connection reach whoever takes the stream`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        let answers = (0..<3).map { _ in Listener() }
        let numbers = try answers.map { try client.session.begin(request(), scheme: "https", taker: $0) }
        try pump(client, server)
        client.session.cancel(numbers[0])
        server.session.beginAnswer(numbers[1], .ok, [:])
        server.session.reset(numbers[1], code: 2)
        try pump(client, server)
        #expect(server.listeners[numbers[0]]?.end == .reset(code: 8))
        #expect(answers[0].end == nil, "who cancels is not told")
        #expect(server.listeners[numbers[1]]?.end == .reset(code: 2))
        #expect(answers[1].end == .reset(code: 2))
        // Whatever is said about a stream that has gone is ignored.
        server.session.beginAnswer(numbers[0], .ok, [:])
        #expect(server.session.send(numbers[0], utf8("late")) == 0)
        server.session.endAnswer(numbers[0], trailers: [:])
        server.session.openWindow(numbers[0], by: 10)
        #expect(server.listeners[numbers[2]]?.end == nil)
        server.session = nil
        #expect(server.listeners[numbers[2]]?.end == .connectionEnded)
        client.session.connectionEnded()
        #expect(answers[2].end == .connectionEnded)
    }

    @Test func `a whole answer to half a request ends both: the client stops sending`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        let answer = Listener()
        let number = try client.session.begin(request(), scheme: "https", taker: answer)
        _ = client.session.send(number, utf8("half"))
        try pump(client, server)
        server.session.beginAnswer(number, .ok, ["grpc-status": "8"], isWhole: true)
        try pump(client, server)
        #expect(answer.head?.headers["grpc-status"] == "8" && answer.trailers == [:])
        #expect(server.listeners[number]?.end == .reset(code: 8) && server.session.openStreams == 0)
    }

    @Test func `a client that goes on after a whole answer is asked to stop, once the answer has left`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        var unfinished = request()
        // This client takes answers whole, so it goes on sending.
        unfinished.body = [UInt8](repeating: 3, count: 3 << 20)
        let number = try client.session.submit(unfinished, scheme: "https")
        var out = OutputBuffer()
        try client.session.pullOutput(into: &out, upTo: 1 << 20)
        try server.session.receive(out.bytes)
        server.session.beginAnswer(number, .ok, [:])
        _ = server.session.send(number, utf8("enough"))
        server.session.endAnswer(number, trailers: ["grpc-status": "0"])
        for _ in 0..<4 { server.session.refuseSlowRequests(heads: 10, bodies: 10, stalls: 10) }
        #expect(server.listeners[number]?.end == nil, "the answer has not left")
        out.removeAll()
        try server.session.pullOutput(into: &out, upTo: 1 << 20)
        try client.session.receive(out.bytes)
        server.session.refuseSlowRequests(heads: 10, bodies: 10, stalls: 10)
        out.removeAll()
        try server.session.pullOutput(into: &out, upTo: 1 << 20)
        try client.session.receive(out.bytes)
        #expect(server.listeners[number]?.end == .reset(code: 0))
        #expect(client.responses[number]?.body == utf8("enough"))
    }

    @Test func `memory that takers hold is counted, and the limit is told`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer(bufferedLimit: 10_000))
        let numbers = try (0..<2).map { _ in
            try client.session.begin(request(), scheme: "https", taker: Listener())
        }
        try pump(client, server)
        let heads = server.pool.bufferedBytes
        #expect(server.session.hold(numbers[0], bytes: 8000))
        #expect(!server.session.hold(numbers[1], bytes: 8000))
        #expect(server.pool.bufferedBytes == heads + 8000)
        #expect(server.session.hold(numbers[0], bytes: 100))
        #expect(server.session.hold(numbers[1], bytes: 8000))
        client.session.cancel(numbers[1])
        try pump(client, server)
        #expect(server.pool.bufferedBytes < heads + 100)
    }

    @Test func `requests that are taken as they arrive may last`() throws {
        let (client, server) = (try MemoryClient(), try StreamServer())
        let answer = Listener()
        let number = try client.session.begin(request(), scheme: "https", taker: answer)
        try pump(client, server)
        for _ in 0..<100 { server.session.refuseSlowRequests(heads: 3, bodies: 3, stalls: 3) }
        try pump(client, server)
        #expect(answer.head == nil && answer.end == nil && server.listeners[number]?.end == nil)
    }
}
