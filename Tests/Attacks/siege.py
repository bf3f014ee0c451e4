"""What attacks are made of: connections to the gateway that behave as badly as they are told, and counts of what became of them."""

import errno, os, select, socket, ssl, time


class Siege:
    """One attack on one gateway. Lasts `seconds`, and on until the gateway has cut somebody off, a minute at most."""

    def __init__(self, facts):
        self.facts = facts
        self.plain, self.secure = facts["plain"], facts["secure"]
        self.token = facts["token"]
        self.end = time.monotonic() + facts["seconds"]
        self.connections = self.cut_off = self.sent = 0
        self.answers = {}
        self.faults = []
        self.context = ssl.create_default_context(cafile=facts["ca"])
        self.context.set_alpn_protocols(["h2", "http/1.1"])

    def goes_on(self):
        now = time.monotonic()
        return now < self.end or self.cut_off == 0 and now < self.end + 60

    def peer(self, tls=False, **options):
        return Peer(self, tls, **options)

    def answered(self, status):
        self.answers[str(status)] = self.answers.get(str(status), 0) + 1

    def report(self):
        return {"connections": self.connections, "cut_off": self.cut_off, "sent_bytes": self.sent,
                "answers": self.answers, "faults": sorted(set(self.faults))}


class Peer:
    """One connection. Comes from 127.0.0.66, so that the gateway can tell it from its clients."""

    def __init__(self, siege, tls=False, port=None, small=False, reads=True, wait=True):
        self.siege, self.reads, self.alive, self.received = siege, reads, True, b""
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if small:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        # The port is chosen when connecting: one that another connection uses elsewhere is good too.
        self.socket.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        self.socket.bind(("127.0.0.66", 0))
        self.socket.settimeout(20)
        try:
            self.socket.connect(("127.0.0.1", port or (siege.secure if tls else siege.plain)))
            if tls:
                self.socket = siege.context.wrap_socket(self.socket, server_hostname="localhost")
        except OSError:
            self.ended()
        siege.connections += 1
        if self.alive:
            self.socket.setblocking(False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass
        self.alive = False

    def ended(self):
        """The gateway has hung up."""
        if self.alive:
            self.alive = False
            self.siege.cut_off += 1

    def take(self):
        """Reads what has arrived; it is kept only up to 64 KiB."""
        try:
            while True:
                piece = self.socket.recv(65536)
                if not piece:
                    self.ended()
                    return
                if len(self.received) < 65536:
                    self.received += piece
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError:
            self.ended()

    def send(self, data, patience=20):
        """Sends everything, reading meanwhile. False when the gateway has hung up, or takes nothing any more."""
        rest, until = memoryview(data), time.monotonic() + patience
        while rest and self.alive:
            try:
                count = self.socket.send(rest)
                self.siege.sent += count
                rest = rest[count:]
                until = time.monotonic() + patience
                continue
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                pass
            except OSError:
                self.ended()
                return False
            if time.monotonic() > until:
                return False
            self.wait(0.5, writing=True)
        return self.alive

    def wait(self, seconds, writing=False):
        """Waits for the gateway to do something; reads it, unless this peer does not read."""
        poll = select.poll()
        poll.register(self.socket, (select.POLLIN if self.reads else 0) | (select.POLLOUT if writing else 0))
        for _, event in poll.poll(seconds * 1000):
            if event & (select.POLLERR | select.POLLHUP) and not self.reads:
                self.ended()
            elif event & (select.POLLIN | select.POLLHUP | select.POLLERR) and self.reads:
                self.take()

    def until_cut_off(self, seconds=30):
        """True when the gateway hangs up within that time."""
        until = time.monotonic() + seconds
        while self.alive and time.monotonic() < until:
            self.wait(0.5)
        return not self.alive


def flood(siege, opening, block, tls=False, blocks=1 << 30):
    """Opens a connection and repeats `block` until it is cut off; again and again."""
    while siege.goes_on():
        with siege.peer(tls) as peer:
            peer.send(opening)
            sent = 0
            while siege.goes_on() and sent < blocks and peer.send(block):
                sent += 1
                peer.take()
            if peer.alive:
                peer.until_cut_off(5)


def crowd(siege, count, opening, drip=b"", every=0.1, tls=False, port=None):
    """`count` connections that say `opening`, and then `drip`, a byte of it at a time. Who is cut off comes again."""
    peers, turn = [], 0
    while siege.goes_on():
        while len(peers) < count and siege.goes_on():
            peer = siege.peer(tls, port=port)
            peer.send(opening)
            peers.append(peer)
        for peer in peers:
            if drip and peer.alive:
                try:
                    peer.socket.send(drip[turn % len(drip):][:1])
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                except OSError:
                    peer.ended()
            if peer.alive:
                peer.take()
        for peer in peers:
            if not peer.alive:
                peer.close()
        peers = [peer for peer in peers if peer.alive]
        turn += 1
        time.sleep(every)
    for peer in peers:
        peer.close()
