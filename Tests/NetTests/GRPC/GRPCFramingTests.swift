import HTTP
import Net
import TestKit
import Testing

/// What a client may send that breaks gRPC's framing, frame by frame, with Python's `h2`.
@Suite struct GRPCFramingTests {
    /// `call(data, …)` answers the fields of head and trailers, and the body.
    private static let prelude = """
        import h2.connection, h2.events, h2.config, h2.errors, socket, struct
        HEAD = {":method": "POST", ":scheme": "http", ":path": "/test.Echo/Unary", ":authority": "localhost",
                "content-type": "application/grpc", "te": "trailers"}
        def frame(message, flag=0, length=None):
            return struct.pack(">BI", flag, len(message) if length is None else length) + message
        def call(*pieces, end=True, change={}):
            c = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8", validate_outbound_headers=False))
            s = socket.create_connection(("127.0.0.1", int(plain)))
            s.settimeout(60)
            c.initiate_connection()
            head = {**HEAD, **change}
            c.send_headers(1, [(k, v) for k, v in head.items() if v is not None], end_stream=end and not pieces)
            s.sendall(c.data_to_send())
            for i, piece in enumerate(pieces):
                c.send_data(1, piece, end_stream=end and i == len(pieces) - 1)
                s.sendall(c.data_to_send())
            fields, body, over, reset = {}, b"", False, None
            while not over and reset is None:
                data = s.recv(65536)
                if not data: break
                for event in c.receive_data(data):
                    if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)): fields.update(event.headers)
                    if isinstance(event, h2.events.DataReceived): body += event.data
                    if isinstance(event, h2.events.StreamEnded): over = True
                    if isinstance(event, h2.events.StreamReset): reset = event.error_code
                s.sendall(c.data_to_send())
            while not end and reset is None:
                for event in c.receive_data(s.recv(65536)):
                    if isinstance(event, h2.events.StreamReset): reset = event.error_code
            s.close()
            return fields, body, reset
        def status(*pieces, **more): return int(call(*pieces, **more)[0]["grpc-status"])
        def http(*pieces, **more): return call(*pieces, **more)[0][":status"]
        INTERNAL, UNIMPLEMENTED, EXHAUSTED, OK = 13, 12, 8, 0
        """

    private func judge(_ rig: GRPCRig, _ body: String) async throws { try await rig.python(Self.prelude + "\n" + body) }

    @Test func `what breaks the framing is answered with the status that the protocol names`() async throws {
        let rig = try await GRPCRig()
        try await judge(
            rig,
            """
            fields, body, _ = call(frame(b"hello"))
            assert body == frame(b"hello") and fields["grpc-status"] == "0", fields
            assert fields["content-type"] == "application/grpc" and fields[":status"] == "200"
            # Cut anywhere.
            whole = frame(b"hello")
            assert call(*[whole[i:i + 1] for i in range(len(whole))])[1] == whole
            assert call(b"", whole, b"")[1] == whole
            # Cut short.
            for cut in range(1, len(whole)): assert status(whole[:cut]) == INTERNAL, cut
            assert status(frame(b"hello", length=6)) == INTERNAL
            # Too much, too little.
            assert status() == UNIMPLEMENTED
            assert status(b"") == UNIMPLEMENTED
            assert status(whole + whole) == UNIMPLEMENTED
            assert status(whole, whole) == UNIMPLEMENTED
            assert status(whole + b"\\0") == INTERNAL
            # Flags and lengths.
            assert status(frame(b"x", flag=2)) == INTERNAL
            assert status(frame(b"x", flag=1)) == INTERNAL
            assert status(frame(b"x", flag=1), change={"grpc-encoding": "identity"}) == INTERNAL
            assert status(frame(b"", length=(4 << 20) + 1)) == EXHAUSTED
            assert status(frame(b"", length=0xffffffff)) == EXHAUSTED
            # Compression.
            packed = gzip.compress(b"hello")
            assert call(frame(packed, flag=1), change={"grpc-encoding": "gzip"})[1] == whole
            assert call(whole, change={"grpc-encoding": "gzip"})[1] == whole, "a message need not be compressed"
            assert status(frame(b"no gzip", flag=1), change={"grpc-encoding": "gzip"}) == INTERNAL
            assert status(frame(packed[:-1], flag=1), change={"grpc-encoding": "gzip"}) == INTERNAL
            bomb = gzip.compress(b"\\0" * (200 << 20))
            pieces = [frame(bomb, flag=1)[i:i + 16384] for i in range(0, len(bomb) + 5, 16384)][:4]
            assert status(frame(gzip.compress(b"\\0" * (5 << 20)), flag=1), change={"grpc-encoding": "gzip"}) == EXHAUSTED
            fields, _, _ = call(whole, change={"grpc-encoding": "snappy"})
            assert fields["grpc-status"] == "12" and fields["grpc-accept-encoding"] == "identity,gzip", fields
            # Heads.
            assert status(whole, change={"te": None}) == INTERNAL
            assert status(whole, change={"grpc-timeout": "soon"}) == INTERNAL
            for time in ["99999999H", "1n", "0S", "99999999n"]: assert status(whole, change={"grpc-timeout": time}) in (OK, 4), time
            assert status(whole, change={":path": "/test.Echo/Nothing"}) == UNIMPLEMENTED
            for good in ["application/grpc+proto", "application/grpc;charset=utf-8", "Application/GRPC"]:
                assert status(whole, change={"content-type": good}) == OK, good
            """)
        await rig.stop()
    }

    @Test func `what is no gRPC is answered in HTTP`() async throws {
        let rig = try await GRPCRig()
        try await judge(
            rig,
            """
            whole = frame(b"hello")
            for bad in ["text/plain", "application/grpc-web", "application/grpc+json", "application/grpcx", "", None]:
                assert http(whole, change={"content-type": bad}) == "415", bad
            assert http(change={":method": "GET"}) == "405"
            """)
        let result = try await runTool(
            "curl",
            [
                "-sS", "--http1.1", "-w", "%{http_code}", "-H", "content-type: application/grpc", "-H", "te: trailers",
                "--data-binary", "x", "http://127.0.0.1:\(rig.plainPort)/test.Echo/Unary",
            ])
        #expect(result.output == "gRPC needs HTTP/2\n505")
        await rig.stop()
    }

    @Test func `a client that goes on after its answer is asked to stop with NO_ERROR`() async throws {
        let rig = try await GRPCRig()
        try await judge(
            rig,
            """
            fields, _, reset = call(frame(b"one") + frame(b"enough"), end=False, change={":path": "/test.Echo/Sum"})
            assert fields["grpc-status"] == "0" and reset == h2.errors.ErrorCodes.NO_ERROR, (fields, reset)
            fields, _, reset = call(b"\\x02", end=False)
            assert fields["grpc-status"] == "13" and reset == h2.errors.ErrorCodes.NO_ERROR, (fields, reset)
            """)
        await rig.stop()
    }

    @Test func `a request that does not arrive in time ends, and the number of calls is bounded`() async throws {
        let rig = try await GRPCRig { options, _ in
            options.requestTime = .milliseconds(300)
            options.callsPerLoop = 2
        }
        try await judge(
            rig,
            """
            fields, _, _ = call(b"\\0", end=False)
            assert fields["grpc-status"] == "4", fields
            first, second = server_stream("Endless")(b""), server_stream("Endless")(b"")
            next(first), next(second)
            assert failure(lambda: unary("Unary")(b""))[0] == "RESOURCE_EXHAUSTED"
            first.cancel()
            while True:
                try:
                    assert unary("Unary")(b"x") == b"x"
                    break
                except grpc.RpcError as e: assert e.code().name == "RESOURCE_EXHAUSTED"
            """)
        await rig.stop()
    }

    @Test func `no more is kept in memory than windows and piles, in both directions`() async throws {
        let rig = try await GRPCRig()
        let script = Task {
            try await judge(
                rig,
                """
                c = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
                s = socket.create_connection(("127.0.0.1", int(plain)))
                s.settimeout(60)
                c.initiate_connection()
                s.sendall(c.data_to_send())
                def events():
                    got = c.receive_data(s.recv(65536))
                    s.sendall(c.data_to_send())
                    return got
                while not any(isinstance(e, h2.events.RemoteSettingsChanged) for e in events()): pass
                # A stream that nobody reads here: not a byte of window is given back.
                c.send_headers(1, list({**HEAD, ":path": "/test.Echo/Endless"}.items()))
                c.send_data(1, frame(b""), end_stream=True)
                s.sendall(c.data_to_send())
                size = 0
                while size < 65535: size += sum(len(e.data) for e in events() if isinstance(e, h2.events.DataReceived))
                assert size == 65535, size
                # A stream that nobody reads there: the window stays shut.
                c.send_headers(3, list({**HEAD, ":path": "/test.Echo/Sum"}.items()))
                c.send_data(3, frame(b"wait"))
                sent, pending, most = 0, frame(b"x" * 1_000_000) * 3, 0
                while sent < len(pending):
                    room = min(c.local_flow_control_window(3), c.max_outbound_frame_size, len(pending) - sent)
                    if room:
                        c.send_data(3, pending[sent:sent + room])
                        s.sendall(c.data_to_send())
                        sent += room
                        continue
                    if not most:
                        # Everything has arrived when the ping is answered, and no window was opened.
                        c.ping(b"12345678")
                        s.sendall(c.data_to_send())
                        while not any(isinstance(e, h2.events.PingAckReceived) for e in events()): pass
                        most = sent
                        assert c.local_flow_control_window(3) == 0 and sent <= (256 << 10), sent
                        assert unary("Open")(b"") == b""
                    else: events()
                c.end_stream(3)
                s.sendall(c.data_to_send())
                c.increment_flow_control_window(1 << 20)
                s.sendall(c.data_to_send())
                body = b""
                while len(body) < 5 + len(b"4 3000004"):
                    body += b"".join(e.data for e in events() if isinstance(e, h2.events.DataReceived) and e.stream_id == 3)
                assert body[5:] == b"4 3000004", body
                """)
        }
        _ = try await script.value
        let sent = rig.log.count("sent")
        #expect((1...14).contains(sent), "messages of 10 000 bytes: 65 535 on their way, as many in the pile, one more")
        await rig.stop()
    }

    @Test func `a peer that is gone without a word is noticed, one that is only quiet is not`() async throws {
        let rig = try await GRPCRig { _, http in http.idleTime = .seconds(2) }
        try await judge(
            rig,
            """
            c = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
            s = socket.create_connection(("127.0.0.1", int(plain)))
            s.settimeout(60)
            c.initiate_connection()
            c.send_headers(1, list({**HEAD, ":path": "/grpc.health.v1.Health/Watch"}.items()))
            c.send_data(1, frame(b""), end_stream=True)
            s.sendall(c.data_to_send())
            pings = 0
            while pings < 2:
                for event in c.receive_data(s.recv(65536)):
                    assert not isinstance(event, (h2.events.ConnectionTerminated, h2.events.StreamEnded)), event
                    pings += isinstance(event, h2.events.PingReceived)
                s.sendall(c.data_to_send())  # acknowledges
            over = False
            while not over:
                data = s.recv(65536)
                over = not data or any(isinstance(e, h2.events.ConnectionTerminated) for e in c.receive_data(data))
            """)
        try await eventually("the call ends") { rig.log.count("/grpc.health.v1.Health/Watch CANCELLED") == 1 }
        await rig.stop()
    }

    @Test func `a good call of a known caller makes its connection known, a call that is for everybody does not`()
        async throws
    {
        let rig = try await GRPCRig { _, http in http.connectionsPerLoop = 8 }
        try await judge(
            rig,
            """
            class Connection:
                def __init__(self):
                    self.c = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
                    self.s = socket.create_connection(("127.0.0.1", int(plain)))
                    self.s.settimeout(60)
                    self.c.initiate_connection()
                def ask(self, path):
                    stream = self.c.get_next_available_stream_id()
                    self.c.send_headers(stream, list({**HEAD, ":path": path}.items()))
                    self.c.send_data(stream, frame(b""), end_stream=True)
                    self.s.sendall(self.c.data_to_send())
                    while True:
                        data = self.s.recv(65536)
                        if not data: return None
                        for e in self.c.receive_data(data):
                            if isinstance(e, h2.events.TrailersReceived): status = dict(e.headers)["grpc-status"]
                            if isinstance(e, h2.events.StreamEnded): return status
            known, stranger = Connection(), Connection()
            assert known.ask("/test.Echo/Unary") == "0"
            assert stranger.ask("/grpc.health.v1.Health/Check") == "0"
            # Both are quiet now; the table has room for eight.
            crowd = [Connection() for _ in range(30)]
            try:
                while stranger.s.recv(65536): pass
            except ConnectionResetError: pass
            assert known.ask("/test.Echo/Unary") == "0"
            """)
        await rig.stop()
    }

    @Test func `refused tokens in a row end the connection`() async throws {
        let rig = try await GRPCRig()
        try await judge(
            rig,
            """
            c = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
            s = socket.create_connection(("127.0.0.1", int(plain)))
            s.settimeout(60)
            c.initiate_connection()
            answers, stream = 0, -1
            while True:
                stream += 2
                c.send_headers(stream, list({**HEAD, "authorization": "Bearer stolen"}.items()))
                c.send_data(stream, frame(b""), end_stream=True)
                s.sendall(c.data_to_send())
                events = []
                while not any(isinstance(e, (h2.events.StreamEnded, h2.events.ConnectionTerminated)) for e in events):
                    events += c.receive_data(s.recv(65536))
                answers += 1
                if any(isinstance(e, h2.events.ConnectionTerminated) for e in events): break
            assert answers == 16, answers
            """)
        await rig.stop()
    }

    @Test func `a server that drains ends its streams, finishes its calls, and takes no more`() async throws {
        let rig = try await GRPCRig()
        let script = Task {
            try await rig.python(
                """
                later = unary("Later").future(b"x")
                stream = server_stream("Endless")(b"")
                next(stream)
                def read():
                    for _ in stream: pass
                assert failure(read) == ("UNAVAILABLE", "the server is going away")
                unary("Unary")
                print("told", flush=True)
                assert later.result() == b"x"
                """)
        }
        try await eventually("both calls are there") { rig.log.count("sent") > 0 && rig.log.count("begun") > 0 }
        async let drained = rig.server.drain(grace: .seconds(60))
        try await eventually("streams end") { rig.log.count("/test.Echo/Endless UNAVAILABLE") == 1 }
        rig.gate.open()
        #expect(await drained)
        _ = try await script.value
        await rig.stop()
    }

    @Test func `health is told to who asks and who watches`() async throws {
        let rig = try await GRPCRig()
        let script = Task {
            try await rig.python(
                """
                def service(name): return b"" if not name else b"\\x0a" + bytes([len(name)]) + name.encode()
                check = channel.unary_unary("/grpc.health.v1.Health/Check")
                watch = channel.unary_stream("/grpc.health.v1.Health/Watch")
                SERVING, NOT_SERVING, SERVICE_UNKNOWN = b"\\x08\\x01", b"\\x08\\x02", b"\\x08\\x03"
                assert check(b"") == SERVING
                assert failure(lambda: check(service("test.Echo")))[0] == "NOT_FOUND"
                seen = []
                for status in watch(service("test.Echo")):
                    seen.append(status)
                    unary("Unary")(str(len(seen)).encode(), metadata=[("x-seen", str(len(seen)))])
                    if status == NOT_SERVING: break
                assert seen == [SERVICE_UNKNOWN, SERVING, NOT_SERVING], seen
                assert check(service("test.Echo")) == NOT_SERVING
                """)
        }
        try await eventually("unknown was seen") { rig.log.count("/test.Echo/Unary OK") == 1 }
        rig.health.set("test.Echo", isServing: true)
        rig.health.set("test.Echo", isServing: true)
        try await eventually("serving was seen") { rig.log.count("/test.Echo/Unary OK") == 2 }
        rig.health.set("test.Echo", isServing: false)
        _ = try await script.value
        await rig.stop()
    }
}
