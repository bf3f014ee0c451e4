import EventLoop
import GRPC
import HTTP
import Net
import Synchronization
import System
import TLS
import TestKit
import Time

/// A gRPC server on free ports, with TLS and without, whose methods take and give bytes.
final class GRPCRig: Sendable {
    let folder: TemporaryFolder
    let loop: EventLoop
    let server: HTTPServer
    let log: CallLog
    let gate: Gate
    let health: GRPCHealth
    let clientTLS: TLSClientContext
    var port: UInt16 { server.addresses[0].port }
    var plainPort: UInt16 { server.addresses[1].port }
    var caFile: String { folder.file("ca.pem") }

    /// What the server's owner is told, and what its handlers saw.
    final class CallLog: Sendable {
        private let counts = Mutex<[String: Int]>([:])
        func add(_ line: String) { counts.withLock { $0[line, default: 0] += 1 } }
        func count(_ line: String) -> Int { counts.withLock { $0[line] ?? 0 } }
    }

    /// Handlers that wait for the test's word; a cancelled one is let go.
    final class Gate: Sendable {
        private let isOpen = Mutex(false)
        func open() { isOpen.withLock { $0 = true } }
        func pass() async -> Bool {
            while !isOpen.withLock({ $0 }) {
                do { try await Task.sleep(for: .milliseconds(2)) } catch { return false }
            }
            return true
        }
    }

    init(_ adjust: (inout GRPCServerOptions, inout HTTPServerOptions) -> Void = { _, _ in }) async throws {
        folder = try TemporaryFolder()
        let authority = try TestAuthority(in: folder)
        let files = try authority.issue("server")
        let tls = try TLSServerContext(TLSFiles(certificate: files.certificate, key: files.key))
        clientTLS = try TLSClientContext(TLSFiles(authorities: authority.caFile))
        loop = try EventLoop(name: "grpc")
        let (log, gate, health) = (CallLog(), Gate(), GRPCHealth())
        (self.log, self.gate, self.health) = (log, gate, health)
        var options = GRPCServerOptions()
        options.observe = { path, code, _ in log.add("\(path ?? "-") \(code.name)") }
        var http = HTTPServerOptions()
        adjust(&options, &http)
        var table = GRPCRouteTable()
        table.add(Self.routes(log, gate))
        table.add(health.routes)
        let any = try SocketAddress(ip: "127.0.0.1", port: 0)
        server = try await GRPCServer.start(
            on: [loop], listeners: [HTTPListener(any, tls: tls), HTTPListener(any, tls: nil)], table, options: options,
            http: http)
    }

    func channel(_ adjust: (inout GRPCChannelOptions) -> Void = { _ in }) -> GRPCChannel {
        var options = GRPCChannelOptions()
        options.deadline = .seconds(60)
        adjust(&options)
        return GRPCChannel(
            to: .tcp(host: "localhost", port: Int(port), isSecure: true), on: loop, tls: clientTLS, options: options)
    }

    func stop() async {
        gate.open()
        await server.stop()
        loop.stop()
        loop.join()
    }

    deinit { loop.stop() }

    /// Runs Python with a channel to this server in TLS, named `channel`; what it asserts must hold.
    @discardableResult
    func python(_ body: String, arguments: [String] = []) async throws -> String {
        let prelude = """
            import sys, threading, time, gzip
            import grpc
            ca, port, plain = open(sys.argv[1], "rb").read(), sys.argv[2], sys.argv[3]
            OPTIONS = [("grpc.max_receive_message_length", 64 << 20), ("grpc.max_send_message_length", 64 << 20)]
            channel = grpc.secure_channel("localhost:" + port, grpc.ssl_channel_credentials(ca), options=OPTIONS)
            def unary(name): return channel.unary_unary("/test.Echo/" + name)
            def server_stream(name): return channel.unary_stream("/test.Echo/" + name)
            def client_stream(name): return channel.stream_unary("/test.Echo/" + name)
            def failure(call):
                try: call()
                except grpc.RpcError as e: return e.code().name, e.details()
                raise AssertionError("the call went well")
            """
        let result = try await Strangers.runPython(
            prelude + "\n" + body, [caFile, "\(port)", "\(plainPort)"] + arguments)
        return result.output
    }

    private static func routes(_ log: CallLog, _ gate: Gate) -> GRPCRoutes<String> {
        var routes = GRPCRoutes { context throws(GRPCStatus) -> String in
            let token = context.metadata["authorization"]
            if token == "Bearer stolen" { throw GRPCStatus(.unauthenticated, "the token was revoked") }
            return token ?? "nobody"
        }
        routes.add(
            "/test.Echo/Unary",
            atOnce: { call, request throws(GRPCStatus) in
                call.context.addToHead { head in
                    for field in call.context.metadata.fields where field.name.hasPrefix("x-") {
                        head.add(field.name, field.value)
                    }
                }
                call.context.addToTrailers { trailers in
                    trailers.add("x-size", "\(request.count)")
                    for bytes in call.context.metadata.binary("y-bin") { trailers.add("z-bin", binary: bytes + [0]) }
                }
                return request
            })
        routes.add(
            "/test.Echo/Later",
            unary: { _, request async throws(GRPCStatus) in
                log.add("begun")
                guard await gate.pass() else {
                    log.add("cancelled")
                    throw GRPCStatus(.cancelled, "")
                }
                return request
            })
        routes.add(
            "/test.Echo/Open",
            atOnce: { _, request throws(GRPCStatus) in
                gate.open()
                return request
            })
        routes.add("/test.Echo/Who", unary: { call, _ async throws(GRPCStatus) in Array(call.caller.utf8) })
        routes.add(
            "/test.Echo/Left",
            unary: { call, _ async throws(GRPCStatus) in
                let left = call.context.deadline.map { ($0 - .now()).nanoseconds / 1_000_000 } ?? -1
                return Array("\(left)".utf8)
            })
        // "NUMBER TEXT": fails with this status.
        routes.add(
            "/test.Echo/Fail",
            unary: { _, request async throws(GRPCStatus) in
                let words = String(decoding: request, as: UTF8.self).split(separator: " ", maxSplits: 1)
                throw GRPCStatus(StatusCode(text: String(words[0])) ?? .internal, String(words[1]))
            })
        // "COUNT SIZE": that many messages; with a third word it fails behind them.
        routes.add(
            "/test.Echo/Count",
            serverStream: { _, request, sender async throws(GRPCStatus) in
                let words = String(decoding: request, as: UTF8.self).split(separator: " ")
                let (count, size) = (Int(words[0]) ?? 0, Int(words[1]) ?? 0)
                for number in 0..<count {
                    try await sender.send([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size))
                }
                if words.count > 2 { throw GRPCStatus(.dataLoss, "that was all") }
            })
        // Pieces of 10 000 bytes for as long as anybody reads.
        routes.add(
            "/test.Echo/Endless",
            serverStream: { _, _, sender async throws(GRPCStatus) in
                do throws(GRPCStatus) {
                    while true {
                        try await sender.send([UInt8](repeating: 1, count: 10_000))
                        log.add("sent")
                    }
                } catch {
                    log.add("endless \(error.code.name)")
                    throw error
                }
            })
        // "COUNT BYTES" of what came; the first message may say "wait".
        routes.add(
            "/test.Echo/Sum",
            clientStream: { _, receiver async throws(GRPCStatus) in
                var (count, bytes) = (0, 0)
                while let message = try await receiver.next() {
                    if count == 0, message == Array("wait".utf8), !(await gate.pass()) { break }
                    if message == Array("enough".utf8) { break }
                    count += 1
                    bytes += message.count
                }
                return Array("\(count) \(bytes)".utf8)
            })
        return routes
    }
}
