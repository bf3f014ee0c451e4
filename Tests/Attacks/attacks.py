"""The attacks. Each is a function that gets a `Siege` and goes on until the siege is over."""

import base64, collections, json, os, random, socket, ssl, struct, subprocess, time

from frames import *
from siege import crowd, flood

ATTACKS = {}


class Attack:
    """`ends`: the reasons of which the gateway counts at least one (listener_connections_ended_total); `statuses`: of these
    answers at least one (strm_gateway_events_total), for attacks on which no connection has to end."""

    def __init__(self, name, run, ends, statuses):
        self.name, self.run, self.ends, self.statuses = name, run, ends, statuses
        self.what = run.__doc__.strip().splitlines()[0]


def attack(*ends, statuses=()):
    def register(run):
        name = run.__name__.replace("_", "-")
        ATTACKS[name] = Attack(name, run, ends, statuses)
        return run
    return register


# Transport.

@attack("made_room")
def idle_connections(siege):
    """10 000 HTTP/2 connections that do nothing, one in four over TLS"""
    peers = []
    while siege.goes_on():
        while len(peers) < 10_000 and siege.goes_on():
            peers.append(siege.peer(tls=len(peers) % 4 == 0))
            peers[-1].send(opening())
            if len(peers) % 500 == 0:
                break
        for peer in peers:
            peer.take()
        peers = [peer for peer in peers if peer.alive or peer.close()]
        time.sleep(0.01)


@attack("silent")
def silent_connections(siege):
    """500 connections that never say a word"""
    crowd(siege, 500, b"")


def client_hello():
    """The first bytes of a real TLS 1.3 handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    out = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return out.read()


@attack("handshake_failed", "slow_handshake", "made_room")
def tls_handshake_flood(siege):
    """handshakes that make the server compute and are never finished"""
    hello, peers = client_hello(), collections.deque()
    while siege.goes_on():
        peer = siege.peer(port=siege.secure)
        peer.send(hello)
        peers.append(peer)
        if len(peers) > 6000:
            first = peers.popleft()
            first.take()
            first.close()


@attack("slow_handshake")
def tls_slow_handshake(siege):
    """300 handshakes, a byte at a time"""
    crowd(siege, 300, b"", client_hello()[:-1], port=siege.secure)


@attack("handshake_failed")
def tls_garbage(siege):
    """random bytes where a handshake should be"""
    while siege.goes_on():
        with siege.peer(port=siege.secure) as peer:
            peer.send(os.urandom(random.randrange(1, 2000)) + b"\x00" * 2000)
            peer.until_cut_off(5)


@attack("tls_violated")
def tls_renegotiation(siege):
    """TLS 1.2 clients that want to negotiate again and again"""
    while siege.goes_on():
        siege.connections += 1
        tool = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"127.0.0.1:{siege.secure}", "-tls1_2", "-servername", "localhost"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            # `R` at the beginning of a line is this tool's word for it.
            end = time.monotonic() + 10
            while tool.poll() is None and time.monotonic() < end:
                tool.stdin.write(b"R\n")
                tool.stdin.flush()
                time.sleep(0.02)
        except BrokenPipeError:
            pass
        if time.monotonic() < end:
            siege.cut_off += 1
        tool.kill()
        tool.wait()


# HTTP/1.1.

HOST = b"host: localhost\r\n"


@attack("slow_head")
def slow_head(siege):
    """500 heads, a byte at a time (slowloris)"""
    crowd(siege, 500, b"POST /event HTTP/1.1\r\n" + HOST + b"x-slow: ", b"slow")


def authorised(siege):
    """Fields that get a request past the look at its head: this attacker is a client."""
    return (f"authorization: Bearer {siege.token}\r\nstrm-schema-ref: strmprivacy/example/1.5.0\r\n").encode()


@attack("slow_body")
def slow_body(siege):
    """500 bodies, a byte at a time, with a good token"""
    crowd(siege, 500, b"POST /event HTTP/1.1\r\n" + HOST + authorised(siege) + b"content-length: 100000\r\n\r\n", b"slow")


@attack("bad_request")
def garbage(siege):
    """random bytes where a request should be"""
    while siege.goes_on():
        with siege.peer() as peer:
            peer.send(os.urandom(random.randrange(1, 4000)) + b"\r\n\r\n")
            peer.until_cut_off(5)


@attack("not_reading")
def unread_answers(siege):
    """requests without end from clients that never read an answer (zero window)"""
    block = (b"GET /ready HTTP/1.1\r\n" + HOST + b"\r\n") * 1000
    peers = []
    while siege.goes_on():
        while len(peers) < 8 and siege.goes_on():
            peers.append(siege.peer(small=True, reads=False))
        for peer in peers:
            try:
                while peer.alive:
                    siege.sent += peer.socket.send(block)
            except BlockingIOError:
                peer.wait(0.01)
            except OSError:
                peer.ended()
        peers = [peer for peer in peers if peer.alive or peer.close()]


OVERSIZED = [
    b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"x: " + b"y" * 200_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + HOST + b"x: y\r\n" * 200_000 + b"\r\n",
    b"POST /event HTTP/1.1\r\n" + HOST + b"content-length: 1048577\r\n\r\n" + b"x" * 1_048_577,
    b"POST /event HTTP/1.1\r\n" + HOST + b"content-length: 999999999999999999\r\n\r\n",
    b"POST /event HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 20,
    b"POST /event HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\nfffffffffffffff0\r\n",
    b"POST /event HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 200_000 + b"\r\n",
]


@attack("too_large")
def oversized(siege):
    """request lines, heads, bodies, chunks and trailers beyond their limits"""
    number = 0
    while siege.goes_on():
        with siege.peer() as peer:
            peer.send(OVERSIZED[number % len(OVERSIZED)])
            if not peer.until_cut_off():
                siege.faults.append(f"oversized {number % len(OVERSIZED)} was not cut off")
            check_single_refusal(siege, peer, f"oversized {number % len(OVERSIZED)}", (400, 401, 413, 414, 431))
        number += 1


@attack("bad_request")
def chunk_framing(siege):
    """chunks of one byte with long extensions: much framing, no body"""
    flood(siege, b"POST /event HTTP/1.1\r\n" + HOST + authorised(siege) + b"transfer-encoding: chunked\r\n\r\n",
          (b"1;" + b"e" * 200 + b"\r\nx\r\n") * 100)


SMUGGLED = [
    b"POST /event HTTP/1.1\r\n" + HOST + fields + b"\r\n" + body for fields, body in [
        (b"content-length: 3\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\ncontent-length: 3\r\n", b"0\r\n\r\n"),
        (b"content-length: 3\r\ncontent-length: 4\r\n", b"abcd"),
        (b"content-length: 3, 4\r\n", b"abcd"),
        (b"content-length: +3\r\n", b"abc"),
        (b"content-length: 0x3\r\n", b"abc"),
        (b"content-length: -1\r\n", b""),
        (b"content-length: 3 \x0b\r\n", b"abc"),
        (b"content-length : 3\r\n", b"abc"),
        (b"transfer-encoding: xchunked\r\n", b"0\r\n\r\n"),
        (b"transfer-encoding: identity\r\n", b""),
        (b"transfer-encoding: chunked, identity\r\n", b"0\r\n\r\n"),
        (b"transfer-encoding: gzip, chunked\r\n", b"0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"transfer-encoding:\x0bchunked\r\n", b"0\r\n\r\n"),
        (b"transfer-encoding\x00: chunked\r\n", b"0\r\n\r\n"),
        (b" transfer-encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"x: y\r\n transfer-encoding: chunked\r\n", b"0\r\n\r\n"),
        (b"x: a\nb: c\r\n", b""),
        (b"x: a\rb\r\n", b""),
        (b"x: a\x00b\r\n", b""),
        (b"x\r: y\r\n", b""),
        (b"x y: z\r\n", b""),
        (b"host: other\r\n", b""),
        (b": nameless\r\n", b""),
        (b"transfer-encoding: chunked\r\n", b"3\nabc\r\n0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"3\r\nabcd\r\n0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"0x3\r\nabc\r\n0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"3 \r\nabc\r\n0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"-3\r\nabc\r\n0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"3;a\nb\r\nabc\r\n0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"3\r\nabc\r0\r\n\r\n"),
        (b"transfer-encoding: chunked\r\n", b"0\r\nx: a\nb\r\n\r\n"),
    ]
] + [
    b"GET /ready HTTP/1.1\n" + HOST + b"\r\n",
    b"GET /ready HTTP/1.1\r\nhost: localhost\n\r\n",
    b"GET  /ready HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /ready\tHTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /re\x00ady HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /ready HTTP/1.1 \r\n" + HOST + b"\r\n",
    b"GET /ready HTTP/2.0\r\n" + HOST + b"\r\n",
    b"GET http://other/ready HTTP/1.1\r\n" + HOST + b"\r\n",
    b"GET /ready HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n",
    b"GET /ready HTTP/1.1\r\nhost: a/b\r\n\r\n",
    b"GET /ready HTTP/1.1\r\n\r\n",
    b"GET /ready HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /event HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
]


def check_single_refusal(siege, peer, what, statuses):
    """The gateway has answered once, with a refusal: it did not take the rest for another request."""
    answers = peer.received.split(b"HTTP/1.1 ")[1:]
    codes = [int(answer[:3]) for answer in answers if answer[:3].isdigit()]
    for code in codes:
        siege.answered(code)
    # A reset may have overtaken the answer; two answers, or a success, may not be.
    if len(codes) > 1 or any(code not in statuses for code in codes):
        siege.faults.append(f"{what}: answered {codes}")


@attack("bad_request")
def smuggling(siege):
    """requests that two readers could read in two ways: lengths, codings, line ends, control characters"""
    number = 0
    while siege.goes_on() or number < len(SMUGGLED):
        case = SMUGGLED[number % len(SMUGGLED)]
        with siege.peer() as peer:
            peer.send(case + b"GET /ready HTTP/1.1\r\n" + HOST + b"\r\n")
            if not peer.until_cut_off():
                siege.faults.append(f"{case!r} was not cut off")
            check_single_refusal(siege, peer, repr(case), (400, 401, 501, 505))
        number += 1


@attack("slow_body", "memory_full")
def hoarded_bodies(siege):
    """200 bodies of 1 MiB, all but the last byte, with a good token"""
    crowd(siege, 200, b"POST /event HTTP/1.1\r\n" + HOST + authorised(siege) + b"content-length: 1048576\r\n\r\n" + b"x" * 1_048_575)


# HTTP/2. Most of it over plain text: the frames are the attack, and TLS would only slow the attacker down.

def streams(first=1):
    return range(first, 2_000_001, 2)


def blocks_of(make, size=500):
    """Runs of frames for one stream after the other, made as they are needed."""
    run = []
    for number in streams():
        run.append(make(number))
        if len(run) == size:
            yield b"".join(run)
            run = []


def stream_flood(siege, make, first=opening()):
    """Frames on one stream after the other until the connection is cut off; again and again."""
    ready = [block for block, _ in zip(blocks_of(make), range(100))]
    while siege.goes_on():
        with siege.peer() as peer:
            peer.send(first)
            for block in ready:
                if not siege.goes_on() or not peer.send(block):
                    break
                peer.take()
            peer.until_cut_off(5)


@attack("http2_reset_flood")
def rapid_reset(siege):
    """streams opened and reset at once (CVE-2023-44487)"""
    head = request(more=authorised_fields(siege))
    stream_flood(siege, lambda number: headers(number, head, END_HEADERS) + reset(number))


@attack("http2_provoked_resets", "http2_protocol_error", "http2_stream_closed", "http2_flow_control_error")
def made_you_reset(siege):
    """the server is made to reset streams, in eight ways (CVE-2025-8671)"""
    client = authorised_fields(siege)
    begin = lambda number, more=b"": headers(number, request(more=client + more), END_HEADERS)
    ways = [
        lambda number: begin(number) + window_update(number, 0),
        lambda number: begin(number) + window_update(number, 0x7FFF_FFFF) + window_update(number, 0x7FFF_FFFF),
        lambda number: begin(number) + priority(number, number),
        lambda number: headers(number, request(more=literal("content-length", "5"))),
        lambda number: begin(number, literal("content-length", "1")) + frame(DATA, 0, number, b"four"),
        lambda number: headers(number, request()) + headers(number, request()),
        lambda number: headers(number, request()) + frame(DATA, END_STREAM, number, b"more"),
        lambda number: begin(number) + frame(PRIORITY, 0, number, b"1234"),
    ]
    number = 0
    while siege.goes_on():
        with siege.peer() as peer:
            peer.send(opening())
            for block, _ in zip(blocks_of(ways[number % len(ways)], 100), range(40)):
                if not peer.send(block):
                    break
                peer.take()
            if not peer.until_cut_off():
                siege.faults.append(f"way {number % len(ways)} goes on for ever")
        number += 1


@attack("http2_continuation_flood")
def continuation_flood(siege):
    """a header block without end (CVE-2024-27316)"""
    flood(siege, opening() + headers(1, request(), END_STREAM),
          b"".join(frame(CONTINUATION, 0, 1, literal("x", "y")) for _ in range(100)))


@attack("http2_settings_flood", "http2_unread_output")
def settings_flood(siege):
    """settings without end, each of which has to be acknowledged"""
    flood(siege, opening(), settings(INITIAL_WINDOW_SIZE=65_535) * 500)


@attack("http2_ping_flood", "http2_unread_output")
def ping_flood(siege):
    """pings without end, each of which has to be answered"""
    flood(siege, opening(), frame(PING, 0, 0, b"12345678") * 500)


@attack("http2_priority_flood")
def priority_flood(siege):
    """a priority for one stream after the other"""
    stream_flood(siege, lambda number: priority(number + 2, number))


@attack("http2_window_update_flood")
def window_update_flood(siege):
    """windows that grow by one byte"""
    flood(siege, opening(), window_update(0, 1) * 500)


@attack("http2_empty_frame_flood")
def empty_data_flood(siege):
    """DATA without data (CVE-2019-9518)"""
    flood(siege, opening() + headers(1, request(more=authorised_fields(siege)), END_HEADERS), frame(DATA, 0, 1) * 500)


@attack("http2_unknown_frame_flood")
def unknown_frame_flood(siege):
    """frames of types that nobody has defined"""
    flood(siege, opening(), frame(0xBB, 0, 0, b"x" * 8) * 500)


@attack("http2_header_bomb", "refused_tokens")
def hpack_bomb(siege):
    """a few bytes that stand for megabytes of header fields"""
    start = opening() + headers(1, request(more=indexed_literal("x", "y" * 4000)))
    stream_flood(siege, lambda number: headers(number + 2, request(more=entry(62) * 2000)), start)


@attack("refused_tokens")
def table_thrashing(siege):
    """every request fills the dynamic table anew"""
    stream_flood(siege, lambda number: headers(number, request(more=b"".join(
        indexed_literal(f"x{number}-{field}", "y" * 100) for field in range(30)))))


@attack("http2_unread_output")
def closed_windows(siege):
    """answers that the flow control lets nobody send (zero window)"""
    start = opening(INITIAL_WINDOW_SIZE=0)
    crowd(siege, 50, start + b"".join(headers(number, request("/nowhere", method=GET)) for number in range(1, 200, 2)))


@attack("http2_slow_frame", "slow_head")
def slow_frames(siege):
    """300 connections that begin a preface, a frame or a header block, and stop"""
    starts = [PREFACE[:10], PREFACE, opening()[:-4], opening() + headers(1, request())[:-3], opening() + headers(1, request(), 0)]
    peers = []
    while siege.goes_on():
        while len(peers) < 300 and siege.goes_on():
            peer = siege.peer()
            peer.send(random.choice(starts))
            peers.append(peer)
        for peer in peers:
            peer.take()
        peers = [peer for peer in peers if peer.alive or peer.close()]
        time.sleep(0.05)


def authorised_fields(siege):
    """The same for HTTP/2."""
    return literal("authorization", f"Bearer {siege.token}") + literal("strm-schema-ref", "strmprivacy/example/1.5.0")


@attack("http2_slow_bodies")
def slow_streams(siege):
    """100 bodies at once on each of 50 connections, a byte each, with a good token"""
    head = request(more=authorised_fields(siege))
    crowd(siege, 50, opening() + b"".join(
        headers(number, head, END_HEADERS) + frame(DATA, 0, number, b"x") for number in range(1, 200, 2)))


@attack("http2_slow_bodies", "http2_flow_control_error")
def hoarded_streams(siege):
    """bodies of 1 MiB on all streams of 30 connections, as much as the windows allow"""
    head = request(more=authorised_fields(siege))
    body = b"".join(headers(number, head, END_HEADERS) for number in range(1, 200, 2))
    body += b"".join(frame(DATA, 0, number, b"x" * 16_000) for _ in range(2) for number in range(1, 200, 2))
    crowd(siege, 30, opening() + body)


@attack("http2_frame_size_error", "http2_header_bomb", "http2_continuation_flood")
def oversized_frames(siege):
    """frames, header lists and blocks beyond their limits"""
    large = literal("x", "y" * 16_000)
    cases = [
        b"\xff\xff\xff" + bytes((DATA, 0)) + b"\x00\x00\x00\x01" + b"x" * 100_000,
        b"".join(headers(number, request(more=literal("x", "y" * 10_000)), END_STREAM)
                 + b"".join(frame(CONTINUATION, 0 if piece < 9 else END_HEADERS, number, large[:16_000])
                            for piece in range(10)) for number in range(1, 400, 2)),
        headers(1, request(), END_STREAM) + frame(CONTINUATION, 0, 1, large[:16_384]) * 40,
        frame(SETTINGS, 0, 0, b"1234567"), frame(PING, 0, 0, b"123"), frame(WINDOW_UPDATE, 0, 0, b"12"),
        frame(HEADERS, END_HEADERS | HAS_PRIORITY, 1, b"123"), frame(RST_STREAM, 0, 1, b"12"),
    ]
    number = 0
    while siege.goes_on():
        with siege.peer() as peer:
            peer.send(opening() + cases[number % len(cases)])
            if not peer.until_cut_off():
                siege.faults.append(f"oversized {number % len(cases)} was not cut off")
        number += 1


def has_success(received):
    """A HEADERS frame that begins with :status 200 or 204 of the static table."""
    at = 0
    while at + 9 <= len(received):
        length = int.from_bytes(received[at:at + 3])
        if received[at + 3] == HEADERS and received[at + 9:at + 10] in (entry(8), entry(9)):
            return True
        at += 9 + length
    return False


@attack("http2_provoked_resets", "http2_protocol_error")
def smuggled_streams(siege):
    """heads that mean something else behind us: line ends in names and values, connection fields, lengths that lie"""
    get = lambda more: request("/ready", more, GET)
    cases = [get(literal(name, value)) for name, value in [
        ("x", "a\r\nb: c"), ("x", "a\nb"), ("x", "a\rb"), ("x", "a\x00b"), ("x\r\ny", "z"), ("x\x00", "z"), ("X-Upper", "z"),
        ("", "nameless"), ("x y", "z"), ("x:y", "z"), (" x", "z"), ("connection", "close"), ("transfer-encoding", "chunked"),
        ("keep-alive", "1"), ("upgrade", "h2c"), ("proxy-connection", "close"), ("te", "gzip"), (":status", "200"),
        (":path", "/event"), (":method", "POST"), (":unknown", "x"), ("host", "other"), ("content-length", "5"),
        ("content-length", "0, 5"), ("content-length", "-1"), ("content-length", "x"), ("x", " a"), ("x", "a\t")]]
    cases += [
        get(literal("content-length", "0") + literal("content-length", "1")),
        GET + HTTPS + literal(4, "/ready\r\nx: y") + literal(1, "localhost"), GET + HTTPS + literal(4, "/re ady") + literal(1, "localhost"),
        GET + HTTPS + literal(4, "") + literal(1, "localhost"), GET + HTTPS + literal(1, "localhost"), GET + literal(4, "/ready"),
        literal(2, "GE T") + HTTPS + literal(4, "/ready") + literal(1, "localhost"),
        literal(2, "GET\r\n") + HTTPS + literal(4, "/ready") + literal(1, "localhost"),
        GET + HTTPS + literal(4, "/ready") + literal(1, "local\r\nhost"), GET + HTTPS + literal(4, "/ready") + literal(1, "a@b"),
        literal("x", "y") + get(b""), get(b"") + literal(4, "/event"), GET + literal(6, "ht tp") + literal(4, "/ready") + literal(1, "localhost"),
    ]
    for number, case in enumerate(cases):
        with siege.peer() as peer:
            peer.send(opening() + headers(1, case) + frame(PING, 0, 0, b"12345678"))
            until = time.monotonic() + 20
            while peer.alive and time.monotonic() < until and b"12345678" not in peer.received:
                peer.wait(0.2)
            if has_success(peer.received):
                siege.faults.append(f"{case!r} was served")
    stream_flood(siege, lambda number: headers(number, cases[number // 2 % 24]))


# What the gateway does with a request.

def forged(token):
    """The same claims, another signature."""
    head, claims, signature = token.split(".")
    length = len(base64.urlsafe_b64decode(signature + "=="))
    return f"{head}.{claims}.{base64.urlsafe_b64encode(os.urandom(length)).decode().rstrip('=')}"


@attack("refused_tokens", statuses=("401",))
def unseen_tokens(siege):
    """tokens that nobody has seen before: a signature to verify for each"""
    def request():
        return (f"POST /event HTTP/1.1\r\nhost: localhost\r\nstrm-schema-ref: strmprivacy/example/1.5.0\r\n"
                f"authorization: Bearer {forged(siege.token)}\r\ncontent-length: 0\r\n\r\n").encode()
    while siege.goes_on():
        with siege.peer() as peer:
            while siege.goes_on() and peer.send(b"".join(request() for _ in range(100))):
                peer.wait(0.1)


SLOW_VALUES = ["a" * 16_000 + "!", " " * 16_000 + "x", "x" * 16_000, "aB" * 8_000, "a" * 30 + "!"]


@attack(statuses=("400",))
def costly_patterns(siege):
    """events on which the patterns of their contract backtrack without end"""
    number = 0
    while siege.goes_on():
        with siege.peer() as peer:
            until = time.monotonic() + 1
            while siege.goes_on() and peer.alive and time.monotonic() < until:
                value = SLOW_VALUES[number % len(SLOW_VALUES)]
                event = {"strmMeta": {"eventContractRef": "attack/patterns/1.0.0", "consentLevels": [0]}, "person": "p"}
                event.update({f"field{field}": value for field in range(PATTERNS_COUNT)})
                body = json.dumps(event).encode()
                peer.received = b""
                peer.send((f"POST /event HTTP/1.1\r\nhost: localhost\r\nstrm-schema-ref: attack/patterns/1.0.0\r\n"
                           f"authorization: Bearer {siege.token}\r\ncontent-length: {len(body)}\r\n\r\n").encode() + body)
                while peer.alive and b"\r\n\r\n" not in peer.received:
                    peer.wait(1)
                siege.answered(peer.received[9:12].decode())
                siege.cut_off += peer.received.startswith(b"HTTP/1.1 400")
                number += 1


PATTERNS = [r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(a+)+$", r"(x+x+)+y", r"\s+$", r"^(a|aa)+$", r"(.*)*[0-9]{3}$", r"(a|a?)+b"]
PATTERNS_COUNT = len(PATTERNS)


def contract():
    """A contract whose author was careless."""
    fields = [{"name": f"field{number}", "type": "string"} for number in range(len(PATTERNS))]
    meta = {"type": "record", "name": "StrmMeta", "fields": [
        {"name": "eventContractRef", "type": "string"},
        {"name": "nonce", "type": ["null", "int"], "default": None},
        {"name": "timestamp", "type": ["null", "long"], "default": None},
        {"name": "keyLink", "type": ["null", "string"], "default": None},
        {"name": "billingId", "type": ["null", "string"], "default": None},
        {"name": "consentLevels", "type": {"type": "array", "items": "int"}}]}
    schema = {"type": "record", "name": "Patterns", "namespace": "io.polder.attack", "fields": [
        {"name": "strmMeta", "type": meta}, {"name": "person", "type": "string"}, *fields]}
    return {"kind": "DataContract", "spec": {
        "ref": {"handle": "attack", "name": "patterns", "version": "1.0.0"}, "keyField": "person",
        "fieldMetadata": [{"fieldName": "person", "personalDataConfig": {"isPii": True, "purposeLevel": 0}}],
        "validations": [{"field": f"field{number}", "type": "regex", "value": pattern}
                        for number, pattern in enumerate(PATTERNS)],
        "schema": {"definition": json.dumps(schema)}}}
