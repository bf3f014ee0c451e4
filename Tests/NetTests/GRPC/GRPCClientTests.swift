import EventLoop
import GRPC
import HTTP
import Net
import Synchronization
import System
import TLS
import TestKit
import Testing
import Time

/// Python's own gRPC server, with methods that take and give plain bytes.
private let serverScript = """
    import random, sys, threading, time
    from concurrent import futures
    import grpc
    folder = sys.argv[1]
    released = threading.Event()
    def say(line): print(line, flush=True)
    def echo(request, context):
        metadata = dict(context.invocation_metadata())
        context.send_initial_metadata([(k, v) for k, v in metadata.items() if k.startswith("x-")])
        context.set_trailing_metadata([("y-bin", b"\\x00\\xff")])
        return request
    def fail(request, context):
        code, text = request.decode().split(" ", 1)
        context.abort([c for c in grpc.StatusCode if c.value[0] == int(code)][0], text)
    def late(request, context):
        name = request.decode()
        if not context.add_callback(lambda: say("gone " + name)): say("gone " + name)
        say("came " + name)
        released.wait()
        return request
    def left(request, context): return str(int(context.time_remaining() * 1000)).encode()
    def token(request, context): return dict(context.invocation_metadata()).get("authorization", "none").encode()
    def count(request, context):
        for n in range(int(request.split()[0])): yield bytes([n % 256]) * int(request.split()[1])
        if len(request.split()) > 2: context.abort(grpc.StatusCode.DATA_LOSS, "that was all")
    def endless(request, context):
        if not context.add_callback(lambda: say("gone")): say("gone")
        sent = 0
        while True:
            yield b"x" * 10_000
            sent += 1
            if sent % 100 == 0: say(f"sent {sent}")
    def total(requests, context):
        n = size = 0
        for request in requests:
            if request == b"enough": break
            if request == b"wait": released.wait()
            n += 1; size += len(request)
        return f"{n} {size}".encode()
    def none(request, context):
        return iter(())
    def release(request, context):
        released.set()
        return b""
    U, S, C = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler, grpc.stream_unary_rpc_method_handler
    handlers = {"Unary": U(echo), "Fail": U(fail), "Late": U(late), "Left": U(left), "Token": U(token), "Count": S(count),
                "Endless": S(endless), "Sum": C(total), "Release": U(release), "None": S(none)}
    server = grpc.server(futures.ThreadPoolExecutor(32), compression=grpc.Compression.Gzip if sys.argv[2] == "gzip" else None,
        options=[("grpc.http2.min_ping_interval_without_data_ms", 1), ("grpc.http2.max_ping_strikes", 0),
                 ("grpc.so_reuseport", 0)])
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", handlers),))
    read = lambda name: open(folder + "/" + name, "rb").read()
    credentials = grpc.ssl_server_credentials([(read("server.key"), read("server.pem"))])
    port = 0
    while not port:
        # The kernel gives these ports to nobody who asks for any: they are still free when a server that was away returns.
        wanted = sys.argv[3] if len(sys.argv) > 3 else str(random.randrange(20000, 32000))
        try:
            port = server.add_secure_port("localhost:" + wanted, credentials)
        except RuntimeError:
            if len(sys.argv) > 3:
                raise
    server.start()
    say(f"ready {port} end")
    server.wait_for_termination()
    """

private final class Rig: Sendable {
    let folder: TemporaryFolder
    let loop: EventLoop
    let server: RunningTool
    let port: Int
    let channel: GRPCChannel

    init(_ compression: String = "plain", _ adjust: (inout GRPCChannelOptions) -> Void = { _ in }) async throws {
        folder = try TemporaryFolder()
        let authority = try TestAuthority(in: folder)
        try authority.issue("server")
        server = try RunningTool(try Strangers.python, ["-c", serverScript, folder.path, compression])
        try await server.waitForText(" end")
        port = try #require(Int(server.output.split(separator: " ")[1]))
        loop = try EventLoop(name: "grpc-client")
        var options = GRPCChannelOptions()
        options.deadline = .seconds(60)
        adjust(&options)
        channel = GRPCChannel(
            to: .tcp(host: "localhost", port: port, isSecure: true), on: loop,
            tls: try TLSClientContext(TLSFiles(authorities: authority.caFile)), options: options)
    }

    func call(_ name: String, _ text: String, deadline: Duration? = nil) async throws(GRPCStatus) -> String {
        let reply = try await channel.call("/test.Echo/\(name)", Array(text.utf8), deadline: deadline)
        return String(decoding: reply.message, as: UTF8.self)
    }

    deinit {
        channel.shutDown()
        loop.stop()
        server.terminate()
    }
}

private func failure(_ body: () async throws(GRPCStatus) -> Void) async -> GRPCStatus? {
    do throws(GRPCStatus) {
        try await body()
        return nil
    } catch {
        return error
    }
}

/// The client, judged by Python's `grpcio` as a server.
@Suite struct GRPCClientTests {
    @Test(arguments: ["plain", "gzip"])
    func `unary calls bring back message, metadata and status`(_ compression: String) async throws {
        let rig = try await Rig(compression) { $0.compresses = compression == "gzip" }
        for size in [0, 1, 300, 100_000, 4 << 20] {
            let message = [UInt8](repeating: 7, count: size)
            let reply = try await rig.channel.call("/test.Echo/Unary", message, metadata: ["x-one": "1"])
            let same = reply.message == message
            #expect(same, "\(size) bytes")
            #expect(reply.head["x-one"] == "1" && reply.trailers.binary("y-bin") == [[0, 255]])
        }
    }

    @Test func `failures carry their code and text`() async throws {
        let rig = try await Rig()
        for code in StatusCode.allCases where code != .ok {
            let text = "körper: 100 % weg\n(%41) 🌊"
            let status = await failure { () async throws(GRPCStatus) in
                _ = try await rig.call("Fail", "\(code.rawValue) \(text)")
            }
            #expect(status == GRPCStatus(code, text))
        }
        let unknown = await failure { () async throws(GRPCStatus) in _ = try await rig.call("Nothing", "") }
        #expect(unknown?.code == .unimplemented)
        let tooLong = await failure { () async throws(GRPCStatus) in
            _ = try await rig.channel.call("/test.Echo/Unary", [UInt8](repeating: 1, count: (4 << 20) + 1))
        }
        #expect(tooLong?.code == .resourceExhausted)
    }

    @Test func `every call carries the metadata of the provider`() async throws {
        let tokens = Mutex(["first", "second"])
        let rig = try await Rig {
            $0.metadata = { () async throws(GRPCStatus) in
                guard let token = tokens.withLock({ $0.popLast() }) else {
                    throw GRPCStatus(.unauthenticated, "no tokens left")
                }
                return ["authorization": "Bearer \(token)"]
            }
        }
        #expect(try await rig.call("Token", "") == "Bearer second")
        #expect(try await rig.call("Token", "") == "Bearer first")
        let status = await failure { () async throws(GRPCStatus) in _ = try await rig.call("Token", "") }
        #expect(status == GRPCStatus(.unauthenticated, "no tokens left"))
    }

    @Test func `whoever gives the metadata is told when its caller is refused, and of no other failure`() async throws {
        let told = Mutex(0)
        let rig = try await Rig { $0.callerRefused = { told.withLock { $0 += 1 } } }
        var refusals = 0
        for code in StatusCode.allCases where code != .ok {
            _ = await failure { () async throws(GRPCStatus) in _ = try await rig.call("Fail", "\(code.rawValue) no") }
            if code == .unauthenticated || code == .permissionDenied { refusals += 1 }
            #expect(told.withLock { $0 } == refusals, "\(code)")
        }
        #expect(refusals == 2)
    }

    @Test func `deadlines and cancellation reach the server, and the connection goes on`() async throws {
        let rig = try await Rig()
        let left = try #require(Int(try await rig.call("Left", "")))
        #expect(50_000 < left && left <= 60_000)
        // On a busy machine it may be over before the server has heard of the call.
        repeat {
            let late = await failure { () async throws(GRPCStatus) in
                _ = try await rig.call("Late", "deadline", deadline: .milliseconds(200))
            }
            #expect(late?.code == .deadlineExceeded)
        } while !rig.server.output.contains("came deadline")
        try await eventually("the server knows") { rig.server.output.contains("gone deadline") }
        let task = Task { await failure { () async throws(GRPCStatus) in _ = try await rig.call("Late", "task") } }
        try await eventually("the call is there") { rig.server.output.contains("came task") }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
        try await eventually("the server knows") { rig.server.output.contains("gone task") }
        #expect(try await rig.call("Unary", "on") == "on")
    }

    @Test func `streams go both ways, with their status behind them`() async throws {
        let rig = try await Rig()
        for (count, size) in [(0, 0), (1, 0), (5, 10), (1000, 1000), (3, 4_000_000)] {
            let stream = try await rig.channel.openServerStream("/test.Echo/Count", Array("\(count) \(size)".utf8))
            let upload = try await rig.channel.openClientStream("/test.Echo/Sum")
            var number = 0
            while let message = try await stream.next() {
                let same = message == [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: size)
                #expect(same)
                number += 1
                try await upload.send(message)
            }
            #expect(number == count)
            #expect(String(decoding: try await upload.finish().message, as: UTF8.self) == "\(count) \(count * size)")
        }
        let stream = try await rig.channel.openServerStream("/test.Echo/Count", Array("2 3 fail".utf8))
        #expect(try await stream.next() != nil)
        #expect(try await stream.next() != nil)
        let status = await failure { () async throws(GRPCStatus) in _ = try await stream.next() }
        #expect(status == GRPCStatus(.dataLoss, "that was all"))
        // Whoever takes one answer is not content with none or two.
        for path in ["/test.Echo/None", "/test.Echo/Count"] {
            let status = await failure { () async throws(GRPCStatus) in
                _ = try await rig.channel.call(path, Array("2 2".utf8))
            }
            #expect(status?.code == .unimplemented)
        }
    }

    @Test func `a server that has heard enough is heard, although we go on sending`() async throws {
        let rig = try await Rig()
        let upload = try await rig.channel.openClientStream("/test.Echo/Sum")
        try await upload.send([1, 2, 3])
        try await upload.send(Array("enough".utf8))
        let status = await failure { () async throws(GRPCStatus) in
            while true { try await upload.send([UInt8](repeating: 1, count: 100_000)) }
        }
        #expect(status?.code == .cancelled)
        #expect(String(decoding: try await upload.finish().message, as: UTF8.self) == "1 3")
    }

    @Test func `a slow reader stops the server, and a slow server the sender`() async throws {
        let rig = try await Rig()
        let stream = try await rig.channel.openServerStream("/test.Echo/Endless", [])
        #expect(try await stream.next()?.count == 10_000)
        let upload = try await rig.channel.openClientStream("/test.Echo/Sum")
        try await upload.send(Array("wait".utf8))
        let sent = Mutex(0)
        let sender = Task {
            for _ in 0..<200 {
                try await upload.send([UInt8](repeating: 1, count: 1_000_000))
                sent.withLock { $0 += 1 }
            }
            return try await upload.finish().message
        }
        // Both stand still, and others are served.
        var before = (0, "")
        try await eventually("everything stands still") {
            for _ in 0..<50 { _ = try await rig.call("Unary", "x") }
            let now = (sent.withLock { $0 }, rig.server.output)
            defer { before = now }
            return now == before && now.0 > 0
        }
        #expect(sent.withLock { $0 } < 60, "megabytes")
        let lines = rig.server.output.split(separator: "\n").count { $0.hasPrefix("sent") }
        #expect(lines < 20, "megabytes")
        _ = try await rig.call("Release", "")
        #expect(String(decoding: try await sender.value, as: UTF8.self) == "201 200000004")
        stream.cancel()
        let status = await failure { () async throws(GRPCStatus) in while try await stream.next() != nil {} }
        #expect(status?.code == .cancelled)
        try await eventually("the server knows") { rig.server.output.contains("gone") }
    }

    @Test func `a stream that its owner lets go is cancelled`() async throws {
        let rig = try await Rig()
        do {
            let stream = try await rig.channel.openServerStream("/test.Echo/Endless", [])
            #expect(try await stream.next() != nil)
        }
        try await eventually("the server knows") { rig.server.output.contains("gone") }
    }

    @Test func `a server that is away is UNAVAILABLE, dialled with pauses, and found when it returns`() async throws {
        let rig = try await Rig {
            $0.firstPause = .milliseconds(20)
            $0.longestPause = .milliseconds(100)
        }
        #expect(try await rig.call("Unary", "a") == "a")
        let stream = try await rig.channel.openServerStream("/test.Echo/Endless", [])
        #expect(try await stream.next() != nil)
        rig.server.send(signal: 9)
        let cut = await failure { () async throws(GRPCStatus) in while try await stream.next() != nil {} }
        #expect(cut?.code == .unavailable)
        for _ in 0..<20 {
            let status = await failure { () async throws(GRPCStatus) in _ = try await rig.call("Unary", "b") }
            #expect(status?.code == .unavailable)
        }
        let again = try RunningTool(
            try Strangers.python, ["-c", serverScript, rig.folder.path, "plain", "\(rig.port)"])
        defer { again.terminate() }
        try await again.waitForText(" end")
        try await eventually("it is found") {
            await failure { () async throws(GRPCStatus) in _ = try await rig.call("Unary", "c") } == nil
        }
    }

    @Test func `a server that falls silent is noticed`() async throws {
        let rig = try await Rig { $0.keepAlive = .seconds(3) }
        let stream = try await rig.channel.openServerStream("/test.Echo/Late", Array("stream".utf8))
        try await eventually("the call is there") { rig.server.output.contains("came stream") }
        rig.server.send(signal: 19)  // SIGSTOP: the kernel still takes what we send
        let status = await failure { () async throws(GRPCStatus) in _ = try await stream.next() }
        rig.server.send(signal: 18)
        #expect(status?.code == .unavailable)
    }
}
