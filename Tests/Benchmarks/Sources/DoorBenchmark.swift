import Bytes
import HTTP
import HTTP2
import System
import Time

/// Nanoseconds of the ingest door for one `POST /event`: bytes in, request shown to an empty handler, 204 out. No socket, no
/// TLS. Most of it is the Huffman decoding of the bearer token, which clients send anew with every request.
final class DoorBenchmark: HTTP2RequestReceiver, HTTP2ResponseReceiver {
    private static let batch = 100
    private var server: IngestSession?
    private var requests = 0
    private var answers = 0

    static func nanoseconds() throws -> Double {
        let rounds = try (0..<5).map { _ in try DoorBenchmark().run(batches: 300) }.sorted()
        return rounds[2]
    }

    private func run(batches: Int) throws -> Double {
        let server = IngestSession(receiver: self, pool: HTTP2StreamPool(), limits: HTTP2ServerLimits())
        self.server = server
        let client = try HTTP2ClientSession(receiver: self, bodyLimit: 4096)
        var template = Request(.post, "/event", body: SampleEvent.datum(person: 7))
        template.authority = "localhost:8443"
        // As long as a real token, and as hard to compress.
        var generator = SystemRandomNumberGenerator()
        let token = (0..<675).map { _ in UInt8.random(in: 0...255, using: &generator) }
        template.headers.add("authorization", "Bearer \(Base64.encode(token))")
        template.headers.add("strm-schema-ref", SampleEvent.contract)
        var toServer = OutputBuffer(capacity: 1 << 20)
        var toClient = OutputBuffer(capacity: 1 << 20)
        var spent: Int64 = 0
        for batch in 0..<batches {
            for _ in 0..<Self.batch { _ = try client.submit(template, scheme: "https") }
            try client.pullOutput(into: &toServer, upTo: 1 << 20)
            let start = MonotonicTime.now()
            server.receive(toServer.bytes)
            server.pullOutput(into: &toClient, upTo: 1 << 20)
            if batch >= batches / 10 { spent += (MonotonicTime.now() - start).nanoseconds }
            try client.receive(toClient.bytes)
            toServer.removeAll()
            toClient.removeAll()
        }
        precondition(
            requests == batches * Self.batch && answers == requests, "\(requests) requests, \(answers) answers")
        return Double(spent) / Double((batches - batches / 10) * Self.batch)
    }

    func requestArrived(_ number: UInt32, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        requests += 1
        consume(body.count &+ head.path.count)
        server?.respondNoContent(number)
    }

    func responseArrived(_ number: UInt32, _ response: Response) { answers += 1 }

    func requestFailed(_ number: UInt32, _ error: HTTP2Error) {}
}
