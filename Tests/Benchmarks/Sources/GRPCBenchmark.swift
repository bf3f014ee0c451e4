import Bytes
import EventLoop
import GRPC
import HTTP
import Net
import System
import TLS
import TestKit
import Time

/// Unary calls over TLS on the loopback: what one costs the server, and how long it takes at a quiet rate. A call reads a small
/// message, looks something up and writes a small message: `grpc.health.v1.Health/Check`.
enum GRPCBenchmark {
    /// Calls for each second of the server thread's CPU time, with many under way on several connections.
    static func saturated(connections: Int = 8, streams: Int = 16, seconds: Double = 4) throws -> Double {
        let rig = try Rig()
        var answered = 0
        let open = try rig.connect(connections) { _, response in
            precondition(response?.trailers["grpc-status"] == "0", "every call goes well")
            answered += 1
        }
        func run(_ seconds: Double) throws {
            let end = MonotonicTime.now() + .milliseconds(Int64(seconds * 1000))
            while MonotonicTime.now() < end {
                for connection in open {
                    while connection.open < streams { try connection.send(rig.body, tag: 0) }
                    try connection.turn()
                }
            }
        }
        try run(1)
        let (before, usedBefore) = (answered, rig.used())
        try run(seconds)
        let (after, usedAfter) = (answered, rig.used())
        return Double(after - before) / (Double((usedAfter - usedBefore).nanoseconds) / 1e9)
    }

    /// Milliseconds from the moment when a call was due, at a fixed rate.
    static func paced(rate: Double = 1000, connections: Int = 4, seconds: Double = 5) throws -> (
        median: Double, p99: Double
    ) {
        let rig = try Rig()
        let counts = LoadCounts()
        let open = try rig.connect(connections) { counts.answered($0, $1) }
        let start = MonotonicTime.now()
        counts.countFrom = start + .seconds(1)
        let total = Int(rate * (seconds + 1))
        while counts.due.count < total || open.contains(where: { $0.open > 0 }) {
            while counts.due.count < total {
                let due = start + .nanoseconds(Int64(Double(counts.due.count) * 1e9 / rate))
                guard due <= .now() else { break }
                counts.due.append(due)
                let tag = counts.due.count - 1
                try open[tag % connections].send(rig.body, tag: tag)
            }
            for connection in open { try connection.turn() }
        }
        precondition(counts.failed == 0 && counts.refused == 0, "every call goes well")
        let sorted = counts.latencies.sorted()
        return (Double(sorted[sorted.count / 2]) / 1e6, Double(sorted[sorted.count * 99 / 100]) / 1e6)
    }

    /// A server in this process, on a thread of its own, for as long as the process lasts.
    private final class Rig {
        private let folder: TemporaryFolder
        private let loop: EventLoop
        private let tls: TLSClientContext
        private let url: URLParts
        let body: [UInt8]

        init() throws {
            folder = try TemporaryFolder()
            let authority = try TestAuthority(in: folder)
            let files = try authority.issue("server")
            let serverTLS = try TLSServerContext(TLSFiles(certificate: files.certificate, key: files.key))
            tls = try TLSClientContext(TLSFiles(authorities: authority.caFile), protocols: [.http2])
            loop = try EventLoop(name: "grpc")
            let health = GRPCHealth()
            health.set("polder.bench", isServing: true)
            var table = GRPCRouteTable()
            table.add(health.routes)
            let listener = HTTPListener(try SocketAddress(ip: "127.0.0.1", port: 0), tls: serverTLS)
            let started = Monitor<UInt16?>(nil)
            let (loop, routes) = (loop, table)
            let start = Task {
                let server = try await GRPCServer.start(on: [loop], listeners: [listener], routes)
                started.change { $0 = server.addresses[0].port }
                return server
            }
            guard let port = started.wait(upTo: .seconds(60), { $0 }) else { preconditionFailure("it starts") }
            _ = start
            url = URLParts(scheme: .https, host: "localhost", port: Int(port))
            var request = HealthCheckRequest()
            request.service = "polder.bench"
            var out = OutputBuffer()
            MessageFrame.append(request, to: &out)
            body = out.copyBytes()
        }

        func connect(
            _ count: Int, _ answered: @escaping (Int, Response?) -> Void
        ) throws -> [LoadConnection] {
            var call = Request(.post, HealthService.check.path)
            call.authority = url.authority
            call.headers = ["content-type": "application/grpc", "te": "trailers", "grpc-timeout": "10S"]
            return try (0..<count).map { _ in try LoadConnection(url, tls, [call], answered: answered) }
        }

        /// CPU time of the server's thread until now.
        func used() -> Duration {
            let usage = Monitor<Duration?>(nil)
            loop.post {
                let used = ResourceUsage.ofThisThread()
                usage.change { $0 = used.userTime + used.systemTime }
            }
            guard let used = usage.wait(upTo: .seconds(60), { $0 }) else { preconditionFailure("the loop runs") }
            return used
        }
    }
}
