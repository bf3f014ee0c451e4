"""HTTP/2 bytes, right and wrong, as an attacker writes them (RFC 9113 §4, RFC 7541 §6)."""

import struct

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
INITIAL_WINDOW_SIZE, HEADER_TABLE_SIZE = 4, 1

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def settings(**values):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", globals()[name], value) for name, value in values.items()))


def opening(**values):
    """What every client says first, the acknowledgement of our settings included."""
    return PREFACE + settings(**values) + frame(SETTINGS, ACK, 0)


def integer(value, prefix, first=0):
    limit = (1 << prefix) - 1
    if value < limit:
        return bytes((first | value,))
    out, value = [first | limit], value - limit
    while value >= 128:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def text(value):
    value = value.encode("latin-1") if isinstance(value, str) else value
    return integer(len(value), 7) + value


def literal(name, value):
    """Never put into the dynamic table; `name` is a text or an index."""
    return (integer(name, 4) if isinstance(name, int) else b"\x00" + text(name)) + text(value)


def indexed_literal(name, value):
    """Put into the dynamic table."""
    return (integer(name, 6, 0x40) if isinstance(name, int) else b"\x40" + text(name)) + text(value)


def entry(index):
    return integer(index, 7, 0x80)


POST, GET, HTTPS = entry(3), entry(2), entry(7)


def request(path="/event", more=b"", method=POST):
    return method + HTTPS + literal(4, path) + literal(1, "localhost") + more


def headers(stream, block, flags=END_HEADERS | END_STREAM):
    return frame(HEADERS, flags, stream, block)


def reset(stream, code=8):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def priority(stream, depends_on, weight=15):
    return frame(PRIORITY, 0, stream, struct.pack(">IB", depends_on, weight))
