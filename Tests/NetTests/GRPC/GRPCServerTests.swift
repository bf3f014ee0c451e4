import HTTP
import Net
import System
import TestKit
import Testing

/// The server, judged by Python's `grpcio`, whose stubs here send and receive plain bytes.
@Suite struct GRPCServerTests {
    @Test func `unary calls answer with message, metadata and status`() async throws {
        let rig = try await GRPCRig()
        try await rig.python(
            """
            for message in [b"", b"hello", bytes(range(256)), b"x" * 100_000, b"y" * (4 << 20)]:
                assert unary("Unary")(message) == message, len(message)
            metadata = [("x-one", "1"), ("x-two", "a, b"), ("y-bin", b"\\x00\\xff\\xfe"), ("y-bin", b"")]
            answer, call = unary("Unary").with_call(b"hi", metadata=metadata)
            assert answer == b"hi"
            head, trailers = dict(call.initial_metadata()), list(call.trailing_metadata())
            assert head["x-one"] == "1" and head["x-two"] == "a, b", head
            assert ("x-size", "2") in trailers, trailers
            assert [v for k, v in trailers if k == "z-bin"] == [b"\\x00\\xff\\xfe\\x00", b"\\x00"], trailers
            assert call.code() == grpc.StatusCode.OK
            """)
        #expect(rig.log.count("/test.Echo/Unary OK") == 6)
        await rig.stop()
    }

    @Test func `failures carry their code and text, whatever the text`() async throws {
        let rig = try await GRPCRig()
        try await rig.python(
            """
            for code in grpc.StatusCode:
                if code is grpc.StatusCode.OK: continue
                text = "körper: 100 % weg\\n(%41) 🌊"
                assert failure(lambda: unary("Fail")(f"{code.value[0]} {text}".encode())) == (code.name, text), code
            assert failure(lambda: unary("Nothing")(b""))[0] == "UNIMPLEMENTED"
            assert failure(lambda: channel.unary_unary("/no.Service/Unary")(b""))[0] == "UNIMPLEMENTED"
            assert failure(lambda: unary("Unary")(b"", metadata=[("authorization", "Bearer stolen")])) == \\
                ("UNAUTHENTICATED", "the token was revoked")
            assert unary("Who")(b"", metadata=[("authorization", "Bearer mine")]) == b"Bearer mine"
            """)
        #expect(rig.log.count("/test.Echo/Fail NOT_FOUND") == 1)
        #expect(rig.log.count("- UNIMPLEMENTED") == 2, "a name that a client made up is no label")
        await rig.stop()
    }

    @Test func `messages above the limit are refused, in both forms`() async throws {
        let rig = try await GRPCRig()
        try await rig.python(
            """
            assert failure(lambda: unary("Unary")(b"x" * ((4 << 20) + 1)))[0] == "RESOURCE_EXHAUSTED"
            zeros = b"\\0" * (64 << 20)
            code, text = failure(lambda: unary("Unary")(zeros, compression=grpc.Compression.Gzip))
            assert code == "RESOURCE_EXHAUSTED", (code, text)
            assert unary("Unary")(b"still there") == b"still there"
            def pieces():
                yield b"a"
                yield b"x" * ((4 << 20) + 1)
            assert failure(lambda: client_stream("Sum")(pieces()))[0] == "RESOURCE_EXHAUSTED"
            """)
        await rig.stop()
    }

    @Test func `gzip goes both ways`() async throws {
        let rig = try await GRPCRig()
        try await rig.python(
            """
            text = b"personal data stays inside; " * 10_000
            for message in [b"", b"small", text]:
                assert unary("Unary")(message, compression=grpc.Compression.Gzip) == message
            assert client_stream("Sum")(iter([text, b"small"]), compression=grpc.Compression.Gzip) == b"2 280005"
            answers = list(server_stream("Count")(b"3 1000", compression=grpc.Compression.Gzip))
            assert answers == [bytes([n]) * 1000 for n in range(3)]
            code, text = failure(lambda: unary("Unary")(text, compression=grpc.Compression.Deflate))
            assert code == "UNIMPLEMENTED" and "gzip" in text, (code, text)
            """)
        await rig.stop()
    }

    @Test func `deadlines end calls on both sides`() async throws {
        let rig = try await GRPCRig()
        try await rig.python(
            """
            assert unary("Unary")(b"") == b""
            # On a busy machine one may be over before the server has heard of it.
            for _ in range(5): assert failure(lambda: unary("Later")(b"", timeout=0.3))[0] == "DEADLINE_EXCEEDED"
            left = int(unary("Left")(b"", timeout=60))
            assert 50_000 < left < 62_000, left
            assert unary("Left")(b"") == b"-1"
            """)
        try await eventually("the handlers are cancelled") {
            rig.log.count("cancelled") > 0 && rig.log.count("cancelled") == rig.log.count("begun")
        }
        // Whoever's clock is first.
        let ends = rig.log.count("/test.Echo/Later DEADLINE_EXCEEDED") + rig.log.count("/test.Echo/Later CANCELLED")
        #expect(ends >= rig.log.count("begun"))
        await rig.stop()
    }

    @Test func `a client that gives up cancels the handler`() async throws {
        let rig = try await GRPCRig()
        let script = Task {
            try await rig.python(
                """
                call = unary("Later").future(b"")
                stream = server_stream("Endless")(b"")
                next(stream)
                sys.stdin.read()
                """)
        }
        try await eventually("both calls are there") { rig.log.count("sent") > 0 }
        _ = try await script.value  // the process has gone, and its connection
        try await eventually("both handlers are cancelled") {
            rig.log.count("cancelled") == 1 && rig.log.count("endless CANCELLED") == 1
        }
        try await rig.python(
            """
            call = unary("Later").future(b"")
            stream = server_stream("Endless")(b"")
            next(stream)
            call.cancel(); stream.cancel()
            assert unary("Unary")(b"on the same connection") == b"on the same connection"
            """)
        try await eventually("both handlers are cancelled") {
            rig.log.count("cancelled") == 2 && rig.log.count("endless CANCELLED") == 2
        }
        await rig.stop()
    }

    @Test func `streams go both ways, with their status behind them`() async throws {
        let rig = try await GRPCRig()
        try await rig.python(
            """
            for count, size in [(0, 0), (1, 0), (5, 10), (1000, 1000), (3, 4_000_000)]:
                answers = list(server_stream("Count")(f"{count} {size}".encode()))
                assert answers == [bytes([n % 256]) * size for n in range(count)], (count, size)
                assert client_stream("Sum")(iter(answers)) == f"{count} {count * size}".encode()
            got = []
            def read():
                for answer in server_stream("Count")(b"2 3 fail"): got.append(answer)
            assert failure(read) == ("DATA_LOSS", "that was all") and len(got) == 2
            # The server has heard enough: the client learns the answer although it goes on sending.
            def endless():
                yield b"one"
                yield b"enough"
                while True: yield b"x" * 100_000
            assert client_stream("Sum")(endless()) == b"1 3"
            """)
        await rig.stop()
    }

    @Test func `a slow reader stops its sender, and nobody else`() async throws {
        let rig = try await GRPCRig()
        let script = Task {
            try await rig.python(
                """
                slow = [server_stream("Endless")(b"") for _ in range(2)]
                for stream in slow: next(stream)
                for _ in range(5): assert unary("Unary")(b"x" * 10_000) == b"x" * 10_000
                assert unary("Later")(b"") == b""
                for stream in slow: stream.cancel()
                """)
        }
        // What the client's windows take is sent, and then no more, while the streams are open.
        var (last, since) = (0, MonotonicTime.now())
        try await eventually("the senders wait", within: .seconds(180)) {
            let sent = rig.log.count("sent")
            if sent != last { (last, since) = (sent, .now()) }
            return sent > 0 && rig.log.count("begun") == 1 && MonotonicTime.now() - since > .seconds(1)
        }
        #expect(rig.log.count("endless CANCELLED") == 0)
        rig.gate.open()
        _ = try await script.value
        try await eventually("the handlers end") { rig.log.count("endless CANCELLED") == 2 }
        await rig.stop()
    }

    @Test func `a stream that nobody reads is made to wait`() async throws {
        let rig = try await GRPCRig()
        try await rig.python(
            """
            sent = 0
            def pieces():
                global sent
                yield b"wait"
                while sent < 200:
                    sent += 1
                    yield b"x" * 1_000_000
            call = client_stream("Sum").future(pieces())
            last = -1
            while sent != last or sent == 0:
                last = sent
                time.sleep(0.3)
            assert sent < 60, f"{sent} MB went to a handler that does not read"
            unary("Open")(b"")
            assert call.result() == b"201 200000004"
            """)
        await rig.stop()
    }
}
