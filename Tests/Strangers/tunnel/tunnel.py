"""pdp-tunnel.v1 from its specification (Shared/Tunnel/README.md), independent of ours: frames, and what one of them means.

    tunnel.py write              prints vectors.json
    tunnel.py check FILE         decodes and encodes what vectors.json holds
    tunnel.py random SEED COUNT  prints random frames, one a line: hex, a space, its meaning as JSON
    tunnel.py judge              reads such lines and says what differs
"""
import json, random, struct, sys

TYPES = {0x01: "HELLO", 0x02: "WELCOME", 0x03: "PING", 0x04: "PONG", 0x05: "DRAIN", 0x06: "GOODBYE", 0x07: "ACK", 0x10: "OPEN",
         0x11: "HEAD", 0x12: "DATA", 0x13: "CREDIT", 0x14: "RESET", 0x15: "TRAILER", 0x20: "EVENT", 0x21: "EVENT_ACK"}
CODES = {name: code for code, name in TYPES.items()}
ON_STREAM = {"OPEN", "HEAD", "DATA", "CREDIT", "RESET", "TRAILER"}
TEXT = {"HELLO", "WELCOME", "DRAIN", "GOODBYE", "OPEN", "HEAD", "TRAILER", "EVENT"}
NUMBER = {"ACK": ">Q", "EVENT_ACK": ">Q", "CREDIT": ">I"}
FLAGS = {"END": 1, "CHANNEL": 2, "CHANNEL_END": 4}
ALLOWED = {"OPEN": 1, "HEAD": 1, "DATA": 7}


class Refused(Exception):
    pass


def need(condition, why):
    if not condition:
        raise Refused(why)


def encode(meaning):
    kind = meaning["type"]
    if kind in TEXT:
        payload = json.dumps(meaning["json"], separators=(",", ":"), ensure_ascii=False).encode()
    elif kind in NUMBER:
        payload = struct.pack(NUMBER[kind], meaning["count"])
    elif kind == "RESET":
        payload = struct.pack(">H", meaning["code"]) + meaning["text"].encode()
    else:
        payload = bytes.fromhex(meaning["bytes"])
    if "channel" in meaning:
        payload = bytes([meaning["channel"]]) + payload
    flags = sum(FLAGS[name] for name in meaning.get("flags", []))
    return struct.pack(">BBHII", CODES[kind], flags, 0, meaning.get("stream", 0), len(payload)) + payload


def decode(message):
    need(len(message) >= 12, "shorter than a header")
    code, flags, _, stream, length = struct.unpack(">BBHII", message[:12])
    payload = message[12:]
    need(length == len(payload), "length")
    need(length <= 65536, "too long")
    if code not in TYPES:
        need(code >= 0x80, "unknown type")
        return {"type": "extension"}
    kind = TYPES[code]
    need((kind in ON_STREAM) == (stream != 0), "stream")
    flags &= 7
    need(flags & ~ALLOWED.get(kind, 0) == 0, "flag")
    meaning = {"type": kind}
    names = [name for name, bit in FLAGS.items() if flags & bit]
    if names:
        meaning["flags"] = names
    if stream:
        meaning["stream"] = stream
    if kind in TEXT:
        need(2 <= length <= 32768, "length")
        try:
            meaning["json"] = json.loads(payload.decode())
        except ValueError:
            raise Refused("JSON")
        need(isinstance(meaning["json"], dict), "JSON")
    elif kind in NUMBER:
        need(length == struct.calcsize(NUMBER[kind]), "length")
        meaning["count"] = struct.unpack(NUMBER[kind], payload)[0]
    elif kind == "RESET":
        need(2 <= length <= 1026, "length")
        meaning["code"] = struct.unpack(">H", payload[:2])[0]
        try:
            meaning["text"] = payload[2:].decode()
        except ValueError:
            raise Refused("UTF-8")
    elif kind in ("PING", "PONG"):
        need(length == 8, "length")
        meaning["bytes"] = payload.hex()
    else:
        if flags & 2:
            need(payload, "channel")
            meaning["channel"] = payload[0]
            payload = payload[1:]
        else:
            need(not flags & 4, "channel")
        meaning["bytes"] = payload.hex()
    return meaning


# -- vectors ---------------------------------------------------------------------------------------------------------------

LIMITS = {"maxStreams": 256, "streamWindow": 262144, "sessionWindow": 4194304}
HELLO = {"proto": [1], "agentVersion": "1.0.0", "planeID": "plane-1", "planeType": "dataplane", "instanceID": "agent-0",
         "clusterUID": "2f6c3f6e-0000-4000-8000-000000000001", "capabilities": ["http", "watch"], "policyHash": "sha256:00ff",
         "kubeVersion": "v1.31.0", "limits": LIMITS, "lastEventSeq": 7}
WELCOME = {"proto": 1, "sessionID": "s-1", "replicaID": "cp-0", "replicaCount": 2, "heartbeatMs": 15000, "resumeWindowMs": 60000,
           "limits": LIMITS, "eventFrom": 5, "serverTime": "2026-01-01T00:00:00Z"}
ACTOR = {"sub": "dev@example.com", "org": "acme", "roles": ["developer"], "ip": "192.0.2.7"}


def opened(kind, **members):
    return {"kind": kind, "reqID": "r-1", "priority": "interactive", "actor": ACTOR, **members}


GET = opened("http", method="GET", path="/api/v1/namespaces/a%2Fb/pods", query="limit=500", headers=[["accept", "application/json"]])
WATCH = opened("watch", group="apps", version="v1", resource="deployments", namespace="default", fromVersion="42", fields=["metadata", "status"])
EXEC = opened("exec", namespace="default", pod="web-0", container="app", command=["sh", "-c", "echo ü"], tty=True, stdin=True, cols=80, rows=24)

FRAMES = {
    "hello": {"type": "HELLO", "json": HELLO},
    "hello that resumes": {"type": "HELLO", "json": {**HELLO, "resume": {"sessionID": "s-1", "received": 17}}},
    "welcome": {"type": "WELCOME", "json": WELCOME},
    "welcome of a resumed session": {
        "type": "WELCOME", "json": {"proto": 1, "sessionID": "s-1", "received": 9, **{k: v for k, v in WELCOME.items() if k not in ("proto", "sessionID")}}},
    "ping": {"type": "PING", "bytes": "0001020304050607"},
    "pong": {"type": "PONG", "bytes": "0001020304050607"},
    "drain": {"type": "DRAIN", "json": {"reason": "rolling restart", "graceMs": 30000, "reconnectAfterMs": 2000}},
    "goodbye": {"type": "GOODBYE", "json": {"code": 8, "message": "the server ends"}},
    "ack": {"type": "ACK", "count": 4294967297},
    "http without body": {"type": "OPEN", "flags": ["END"], "stream": 2, "json": GET},
    "http with a body and a deadline": {"type": "OPEN", "stream": 4, "json": {
        "kind": "http", "reqID": "r-2", "priority": "bulk", "deadlineMs": 5000, "actor": {"sub": "ci", "org": "acme"},
        "reason": "release 7", "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "enc": "gzip",
        "method": "POST", "path": "/api/v1/namespaces/default/pods"}},
    "apply": {"type": "OPEN", "stream": 6, "json": opened(
        "apply", fieldManager="pdp-agent", force=True, dryRun=True, prune={"selector": "app=web", "keepKinds": ["Secret"]})},
    "watch": {"type": "OPEN", "flags": ["END"], "stream": 8, "json": WATCH},
    "logs": {"type": "OPEN", "flags": ["END"], "stream": 10, "json": opened(
        "logs", namespace="default", pod="web-0", container="app", follow=True, sinceTime="2026-01-01T00:00:00Z", tailLines=100, timestamps=True)},
    "exec": {"type": "OPEN", "stream": 12, "json": EXEC},
    "port of a service": {"type": "OPEN", "stream": 14, "json": opened("portforward", namespace="default", service="web", port=8080)},
    "kubectl's own port-forward": {"type": "OPEN", "stream": 16, "json": opened("portforward", namespace="default", pod="web-0", form="spdy")},
    "flows": {"type": "OPEN", "flags": ["END"], "stream": 18, "json": opened("flows", namespace="default", selector="app=web")},
    "control of an agent": {"type": "OPEN", "stream": 1, "json": opened("control", op="rotate-cert")},
    "head": {"type": "HEAD", "stream": 2, "json": {"status": 200, "headers": [["content-type", "application/json"], ["warning", "299 - \"old\""]]}},
    "head that is the whole answer": {"type": "HEAD", "flags": ["END"], "stream": 4, "json": {"status": 204}},
    "data": {"type": "DATA", "stream": 2, "bytes": "7b7d0a"},
    "the last data": {"type": "DATA", "flags": ["END"], "stream": 2, "bytes": "00ff"},
    "an end without data": {"type": "DATA", "flags": ["END"], "stream": 2, "bytes": ""},
    "standard output": {"type": "DATA", "flags": ["CHANNEL"], "stream": 12, "channel": 1, "bytes": "6869"},
    "the end of standard input": {"type": "DATA", "flags": ["CHANNEL", "CHANNEL_END"], "stream": 12, "channel": 0, "bytes": ""},
    "a new size of the terminal": {"type": "DATA", "flags": ["CHANNEL"], "stream": 12, "channel": 3, "bytes": "00500018"},
    "credit": {"type": "CREDIT", "stream": 2, "count": 131072},
    "reset": {"type": "RESET", "stream": 2, "code": 3, "text": "rule 'no-secrets' denies it"},
    "reset without a text": {"type": "RESET", "stream": 3, "code": 1, "text": ""},
    "trailer of exec": {"type": "TRAILER", "stream": 12, "json": {"exitCode": 137, "reason": "OOMKilled", "message": "killed"}},
    "trailer of logs": {"type": "TRAILER", "stream": 10, "json": {"reason": "Completed", "lastTimestamp": "2026-01-01T00:00:01.5Z"}},
    "trailer of apply": {"type": "TRAILER", "stream": 6, "json": {"applied": 3, "unchanged": 2, "failed": 1, "pruned": 0}},
    "event": {"type": "EVENT", "json": {"seq": 8, "kind": "deployment.status", "at": "2026-01-01T00:00:02Z", "body": {"name": "web", "ready": 3}}},
    "event ack": {"type": "EVENT_ACK", "count": 8},
}


def raw(kind, flags, stream, payload, length=None):
    return struct.pack(">BBHII", kind, flags, 0, stream, len(payload) if length is None else length) + payload


def text(kind, stream, value, flags=0):
    return raw(CODES[kind], flags, stream, json.dumps(value, separators=(",", ":")).encode())


def without(value, *names):
    return {name: member for name, member in value.items() if name not in names}


REFUSED = {
    "nothing": b"",
    "half a header": raw(0x03, 0, 0, b"")[:11],
    "a length that is larger than the payload": raw(0x12, 0, 2, b"abc", 4),
    "a length that is smaller than the payload": raw(0x12, 0, 2, b"abc", 2),
    "a payload that is too long": raw(0x12, 0, 2, bytes(65537)),
    "JSON that is too long": raw(0x15, 0, 2, b"{}" + b" " * 32767),
    "type 0": raw(0x00, 0, 0, b""),
    "a type that nobody defined": raw(0x7F, 0, 0, b""),
    "DATA without stream": raw(0x12, 0, 0, b"a"),
    "PING on a stream": raw(0x03, 0, 2, bytes(8)),
    "CREDIT without stream": raw(0x13, 0, 0, bytes(4)),
    "PING of seven bytes": raw(0x03, 0, 0, bytes(7)),
    "CREDIT of eight bytes": raw(0x13, 0, 2, bytes(8)),
    "ACK of four bytes": raw(0x07, 0, 0, bytes(4)),
    "RESET of one byte": raw(0x14, 0, 2, b"\0"),
    "RESET with a text that is too long": raw(0x14, 0, 2, b"\0\1" + b"x" * 1025),
    "RESET with a text that is not UTF-8": raw(0x14, 0, 2, b"\0\1\xff"),
    "TRAILER with END": text("TRAILER", 2, {}, 1),
    "OPEN with CHANNEL": text("OPEN", 2, GET, 2),
    "DATA with CHANNEL and no channel": raw(0x12, 2, 2, b""),
    "DATA with CHANNEL_END and no CHANNEL": raw(0x12, 4, 2, b"a"),
    "OPEN that is not JSON": raw(0x10, 0, 2, b"{kind}"),
    "OPEN that is a list": raw(0x10, 0, 2, b"[]"),
    "OPEN with two kinds": raw(0x10, 0, 2, b'{"kind":"http","kind":"exec"}'),
    "OPEN of an unknown kind": text("OPEN", 2, {**GET, "kind": "ftp"}),
    "OPEN without kind": text("OPEN", 2, without(GET, "kind")),
    "OPEN without actor": text("OPEN", 2, without(GET, "actor")),
    "OPEN with a deadline of nothing": text("OPEN", 2, {**GET, "deadlineMs": 0}),
    "OPEN with half a millisecond": text("OPEN", 2, {**GET, "deadlineMs": 1.5}),
    "OPEN of a path with a query": text("OPEN", 2, {**GET, "path": "/api?watch=1"}),
    "OPEN of a path with a space": text("OPEN", 2, {**GET, "path": "/a b"}),
    "OPEN of a relative path": text("OPEN", 2, {**GET, "path": "api"}),
    "OPEN with a header in upper case": text("OPEN", 2, {**GET, "headers": [["Accept", "x"]]}),
    "OPEN with a header of two lines": text("OPEN", 2, {**GET, "headers": [["accept", "a\r\nb: c"]]}),
    "OPEN with headers as an object": text("OPEN", 2, {**GET, "headers": {"accept": "x"}}),
    "OPEN of exec without a command": text("OPEN", 2, {**EXEC, "command": []}),
    "OPEN of logs of a pod and a selector": text("OPEN", 2, opened("logs", namespace="d", pod="p", selector="a=b")),
    "OPEN of port 0": text("OPEN", 2, opened("portforward", namespace="d", pod="p", port=0)),
    "HEAD without status": text("HEAD", 2, {}),
    "HEAD with status 99": text("HEAD", 2, {"status": 99}),
    "TRAILER with an exit code as text": text("TRAILER", 2, {"exitCode": "0"}),
    "EVENT with number 0": text("EVENT", 0, {"seq": 0, "kind": "k", "at": "t", "body": {}}),
    "EVENT with a list as body": text("EVENT", 0, {"seq": 1, "kind": "k", "at": "t", "body": []}),
    "HELLO without plane": text("HELLO", 0, without(HELLO, "planeID")),
    "HELLO of another version": text("HELLO", 0, {**HELLO, "proto": [2, 3]}),
    "HELLO with a window below the share": text("HELLO", 0, {**HELLO, "limits": {"streamWindow": 16383}}),
    "GOODBYE without code": text("GOODBYE", 0, {"message": "so long"}),
}

# What an agent that has been welcomed does with messages of its server. Frames by name, or bytes; {"goodbye": code}, {"reset": [stream,
# code]}, or nothing at all.
OPEN_GET, OPEN_EXEC = encode(FRAMES["http without body"]), text("OPEN", 4, EXEC)
OPEN_POST = text("OPEN", 6, {**GET, "method": "POST"})
RULES = {
    "a second WELCOME": ([text("WELCOME", 0, WELCOME)], {"goodbye": 2}),
    "a HELLO": ([text("HELLO", 0, HELLO)], {"goodbye": 2}),
    "an extension is ignored": ([raw(0x80, 0xFF, 77, b"anything")], {}),
    "flags that nobody defined are ignored": ([raw(0x03, 0xF8, 0, bytes(8))], {}),
    "OPEN with an id of the agent's": ([text("OPEN", 3, GET)], {"goodbye": 2}),
    "OPEN with an id twice": ([OPEN_GET, OPEN_GET], {"goodbye": 2}),
    "OPEN with a lower id": ([text("OPEN", 8, GET), OPEN_EXEC], {"goodbye": 2}),
    "OPEN with ids left out": ([text("OPEN", 200, GET, 1)], {}),
    "OPEN that breaks a rule": ([text("OPEN", 2, {**GET, "path": "x"}, 1)], {"reset": [2, 8]}),
    "DATA for a refused stream is passed over": ([text("OPEN", 2, {**GET, "path": "x"}), raw(0x12, 0, 2, b"abc")], {"reset": [2, 8]}),
    "DATA for a stream that nobody opened": ([raw(0x12, 0, 2, b"abc")], {"goodbye": 2}),
    "CREDIT for a stream that nobody opened": ([raw(0x13, 0, 2, struct.pack(">I", 1))], {"goodbye": 2}),
    "RESET for a stream that nobody opened": ([raw(0x14, 0, 2, b"\0\1")], {"goodbye": 2}),
    "DATA behind the end": ([OPEN_GET, raw(0x12, 0, 2, b"abc")], {"goodbye": 2}),
    "DATA without a byte": ([OPEN_POST, raw(0x12, 0, 6, b"")], {"goodbye": 2}),
    "DATA with a channel on http": ([OPEN_POST, raw(0x12, 2, 6, b"\0a")], {"goodbye": 2}),
    "DATA without a channel on exec": ([OPEN_EXEC, raw(0x12, 0, 4, b"a")], {"goodbye": 2}),
    "DATA on the other side's channel": ([OPEN_EXEC, raw(0x12, 2, 4, b"\1a")], {"goodbye": 2}),
    "DATA on a channel that has ended": ([OPEN_EXEC, raw(0x12, 6, 4, b"\0a"), raw(0x12, 2, 4, b"\0b")], {"goodbye": 2}),
    "resize behind the end of standard input": ([OPEN_EXEC, raw(0x12, 6, 4, b"\0a"), raw(0x12, 2, 4, b"\3\0\x50\0\x18")], {}),
    "HEAD of the side that opened": ([OPEN_POST, text("HEAD", 6, {"status": 200})], {"goodbye": 2}),
    "TRAILER of the side that opened": ([OPEN_POST, text("TRAILER", 6, {})], {"goodbye": 2}),
    "a whole window of DATA": ([OPEN_POST] + [raw(0x12, 0, 6, bytes(65536))] * 4, {}),
    "a byte more than the window": ([OPEN_POST] + [raw(0x12, 0, 6, bytes(65536))] * 4 + [raw(0x12, 0, 6, b"a")], {"goodbye": 3}),
    "CREDIT for more than was sent": ([OPEN_POST, raw(0x13, 0, 6, struct.pack(">I", 1))], {"goodbye": 3}),
    "CREDIT of nothing": ([OPEN_POST, raw(0x13, 0, 6, bytes(4))], {"goodbye": 2}),
    "RESET twice": ([OPEN_POST, raw(0x14, 0, 6, b"\0\1"), raw(0x14, 0, 6, b"\0\1")], {"goodbye": 2}),
    "DATA behind RESET": ([OPEN_POST, raw(0x14, 0, 6, b"\0\1"), raw(0x12, 0, 6, b"a")], {"goodbye": 2}),
    "ACK of frames that were not sent": ([raw(0x07, 0, 0, struct.pack(">Q", 1))], {"goodbye": 2}),
    "EVENT of a server": ([encode(FRAMES["event"])], {"goodbye": 2}),
    "EVENT_ACK of what was not sent": ([raw(0x21, 0, 0, struct.pack(">Q", 99))], {"goodbye": 2}),
    "EVENT_ACK of what was stored before": ([raw(0x21, 0, 0, struct.pack(">Q", 5))], {}),
    "sixteen PINGs at once": ([raw(0x03, 0, 0, bytes(8))] * 16, {}),
    "seventeen PINGs at once": ([raw(0x03, 0, 0, bytes(8))] * 17, {"goodbye": 9}),
    "half a frame": ([b"\x03\0\0\0"], {"goodbye": 2}),
    "GOODBYE is not answered": ([encode(FRAMES["goodbye"])], {}),
}


def write():
    frames = [{"name": name, "hex": encode(meaning).hex(), **meaning} for name, meaning in FRAMES.items()]
    refused = [{"name": name, "hex": message.hex() if len(message) < 4096 else f"{message[:14].hex()}*{len(message)}"}
               for name, message in REFUSED.items()]
    rules = [{"name": name, "welcome": text("WELCOME", 0, WELCOME).hex(),
              "messages": [m.hex() if len(m) < 4096 else f"{m[:14].hex()}*{len(m)}" for m in messages], **outcome}
             for name, (messages, outcome) in RULES.items()]
    lines = lambda rows: ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in rows)
    print('{\n  "about": "pdp-tunnel.v1: frames and what they mean; messages that are refused; what a welcomed agent says to messages'
          ' of its server. hex*N: the last byte again, up to N bytes.",')
    print(f'  "frames": [\n{lines(frames)}\n  ],\n  "refused": [\n{lines(refused)}\n  ],\n  "rules": [\n{lines(rules)}\n  ]\n}}')


def unpack(hex):
    if "*" not in hex:
        return bytes.fromhex(hex)
    start, count = hex.split("*")
    start = bytes.fromhex(start)
    return start + start[-1:] * (int(count) - len(start))


def check(path):
    vectors, faults = json.load(open(path)), []
    for frame in vectors["frames"]:
        meaning = {name: value for name, value in frame.items() if name not in ("name", "hex")}
        message = unpack(frame["hex"])
        if decode(message) != meaning:
            faults.append(f"{frame['name']}: read as {decode(message)}")
        if encode(meaning) != message:
            faults.append(f"{frame['name']}: written as {encode(meaning).hex()}")
    print(json.dumps({"frames": len(vectors["frames"]), "faults": faults}))


def random_frame(chance):
    name = chance.choice(list(FRAMES))
    meaning = json.loads(json.dumps(FRAMES[name]))
    if "stream" in meaning:
        meaning["stream"] = chance.randrange(1, 1 << 32)
    if "count" in meaning:
        meaning["count"] = chance.randrange(1, 1 << 31)
    if "bytes" in meaning and meaning["type"] == "DATA":
        meaning["bytes"] = chance.randbytes(chance.choice([1, 7, 300, 2000])).hex()
    if meaning["type"] == "RESET":
        meaning["code"] = chance.choice([1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13])
        meaning["text"] = "".join(chance.choice("aé€😀 \"\\") for _ in range(chance.randrange(0, 40)))
    if meaning["type"] in TEXT and chance.random() < 0.3:
        meaning["json"]["x-unknown"] = chance.choice([None, 1, [[]], {"a": [{}]}, "text"])
    return meaning


def generate(seed, count):
    chance = random.Random(seed)
    for _ in range(count):
        meaning = random_frame(chance)
        print(encode(meaning).hex(), json.dumps(meaning))


def judge():
    faults, count = [], 0
    for line in sys.stdin:
        hex, meaning = line.rstrip("\n").split(" ", 1)
        count += 1
        try:
            found = decode(bytes.fromhex(hex))
        except Refused as error:
            faults.append(f"{hex[:80]}: refused: {error}")
            continue
        if found != json.loads(meaning):
            faults.append(f"{hex[:80]}: {found} instead of {meaning}"[:400])
    print(json.dumps({"frames": count, "faults": faults[:10]}))


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    if command == "write":
        write()
    elif command == "check":
        check(*arguments)
    elif command == "random":
        generate(*map(int, arguments))
    else:
        judge()
