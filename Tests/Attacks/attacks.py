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


@attack("slow_body")
def slow_body(siege):
    """500 bodies, a byte at a time"""
    crowd(siege, 500, b"POST /event HTTP/1.1\r\n" + HOST + b"content-length: 100000\r\n\r\n", b"slow")


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
            check_single_refusal(siege, peer, f"oversized {number % len(OVERSIZED)}", (400, 413, 414, 431))
        number += 1


@attack("bad_request")
def chunk_framing(siege):
    """chunks of one byte with long extensions: much framing, no body"""
    flood(siege, b"POST /event HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n",
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
            check_single_refusal(siege, peer, repr(case), (400, 501, 505))
        number += 1


@attack("slow_body", "memory_full")
def hoarded_bodies(siege):
    """200 bodies of 1 MiB, all but the last byte"""
    crowd(siege, 200, b"POST /event HTTP/1.1\r\n" + HOST + b"content-length: 1048576\r\n\r\n" + b"x" * 1_048_575)


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
