"""Says to a server what it is told, byte for byte, over HTTP/2 with TLS or without, and tells what came back.

Usage: http2_player.py CA_FILE SECURE_PORT PLAIN_PORT <CONVERSATIONS >RESULTS

CONVERSATIONS is a JSON list of {"tls": bool, "steps": [{"bytes": hex, "settle": bool}, …]}. After a step that settles, two pings are
exchanged, so that everything the server says to the step has come (bodies come behind acknowledgements). RESULTS is a list of
{"steps": [[frame, …], …], "end": …} in the same order: a frame is {"type", "flags", "stream", "payload": hex, "fields": [[name, value],
…]}, the pings of the player left out; `end` is "open", "closed" by the server, or "silent" for a minute. What is no frame is left out.

The sockets and TLS are Python's, header blocks are decoded by `hpack`.
"""
import concurrent.futures, json, socket, ssl, sys, time

import hpack

ca_file, secure_port, plain_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
HEADERS, PING, CONTINUATION = 1, 6, 9
CONTEXT = ssl.create_default_context(cafile=ca_file)
CONTEXT.set_alpn_protocols(["h2"])


class Closed(Exception):
    """The server has closed the connection."""


class Conversation:
    def __init__(self, tls):
        self.socket = socket.create_connection(("127.0.0.1", secure_port if tls else plain_port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = CONTEXT.wrap_socket(self.socket, server_hostname="localhost")
            assert self.socket.selected_alpn_protocol() == "h2"
        self.deadline = time.monotonic() + 60
        self.input = b""
        self.decoder = hpack.Decoder()
        self.block = b""
        self.pings = 0
        self.frames = []

    def play(self, steps):
        told, end = [], "open"
        try:
            for step in steps:
                self.frames = []
                told.append(self.frames)
                self.send(bytes.fromhex(step["bytes"]))
                if step["settle"]:
                    self.settle()
            if not steps[-1]["settle"]:
                while True:
                    self.take()
        except Closed:
            end = "closed"
        except TimeoutError:
            end = "silent"
        finally:
            self.socket.close()
        return {"steps": told + [[]] * (len(steps) - len(told)), "end": end}

    def send(self, data):
        try:
            self.socket.settimeout(max(0.001, self.deadline - time.monotonic()))
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # what it had to say before is still to be read

    def settle(self):
        for _ in range(2):
            self.pings += 1
            content = b"ply%05d" % self.pings
            self.send(b"\0\0\x08\x06\0\0\0\0\0" + content)
            while self.take() != (PING, content):
                pass

    def take(self):
        """The next frame, noted unless it answers a ping of ours; its type and payload."""
        head = self.read(9)
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        stream, payload = int.from_bytes(head[5:9], "big"), self.read(9 + length)[9:]
        self.input = self.input[9 + length:]
        if kind == PING and payload.startswith(b"ply"):
            return kind, payload
        frame = {"type": kind, "flags": flags, "stream": stream, "payload": payload.hex(), "fields": []}
        if kind in (HEADERS, CONTINUATION):
            self.block += payload
            if flags & 4:
                frame["fields"], self.block = [list(field) for field in self.decoder.decode(self.block)], b""
        self.frames.append(frame)
        return kind, payload

    def read(self, count):
        """The first `count` bytes that are not used up."""
        while len(self.input) < count:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 16)
            except (ConnectionResetError, ssl.SSLEOFError):
                data = b""
            if not data:
                raise Closed
            self.input += data
        return self.input[:count]


def play(conversation):
    return Conversation(conversation["tls"]).play(conversation["steps"])


with concurrent.futures.ThreadPoolExecutor(8) as pool:
    json.dump(list(pool.map(play, json.load(sys.stdin))), sys.stdout)
