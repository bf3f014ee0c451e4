"""What a Kubernetes API server speaks on the wire: HTTP/1.1 and HTTP/2 on one TLS port, web-sockets, and SPDY/3.1 inside of web-sockets.

`serve` calls `handler(request, answer)` for each request. A handler calls `answer.start`, then `write` as often as it likes (it waits
for slow readers), and returns; or `answer.switch` for another protocol on the connection. `request.gone` is set when the client has
reset the stream or closed the connection.
"""
import asyncio, base64, collections, hashlib, os, struct, urllib.parse, zlib

import h2.config, h2.connection, h2.errors, h2.events, h2.exceptions, h2.settings

PHRASES = {101: "Switching Protocols", 200: "OK", 201: "Created", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
           405: "Method Not Allowed", 409: "Conflict", 410: "Gone", 415: "Unsupported Media Type", 422: "Unprocessable Entity",
           429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable", 504: "Gateway Timeout"}


class Gone(Exception):
    """The client is not there any more."""


class Request:
    def __init__(self, method, target, headers, body, certificate, protocol):
        self.method, self.target, self.headers, self.body, self.protocol = method, target, headers, body, protocol
        self.path, _, self.query_text = target.partition("?")
        self.query = urllib.parse.parse_qs(self.query_text, keep_blank_values=True)
        self.common_name = None
        for part in (certificate or {}).get("subject", ()):
            for key, value in part:
                if key == "commonName":
                    self.common_name = value
        self.gone = asyncio.Event()

    def get(self, name, default=None):
        return self.query.get(name, [default])[0]

    def flag(self, name):
        return self.get(name) in ("1", "true", "True", "")


# HTTP/1.1

class Source:
    """A reader that can be asked whether the other side is still there, without losing what it says."""

    def __init__(self, reader):
        self.reader, self.held = reader, b""

    async def some(self):
        if self.held:
            held, self.held = self.held, b""
            return held
        return await self.reader.read(65536)

    async def until(self, mark):
        while mark not in self.held:
            piece = await self.reader.read(65536)
            if not piece:
                raise Gone
            self.held += piece
        head, _, self.held = self.held.partition(mark)
        return head

    async def exactly(self, count):
        while len(self.held) < count:
            piece = await self.reader.read(65536)
            if not piece:
                raise Gone
            self.held += piece
        taken, self.held = self.held[:count], self.held[count:]
        return taken

    async def watch(self, gone):
        piece = await self.reader.read(65536)
        if piece:
            self.held += piece
        else:
            gone.set()


class Answer1:
    def __init__(self, request, source, writer):
        self.request, self.source, self.writer = request, source, writer
        self.started = self.switched = False
        self.chunked = False
        self.watch = asyncio.ensure_future(source.watch(request.gone))

    async def stop_watching(self):
        self.watch.cancel()
        await asyncio.gather(self.watch, return_exceptions=True)

    async def start(self, status, headers, length=None):
        self.started, self.status = True, status
        self.chunked = length is None
        framing = {"transfer-encoding": "chunked"} if self.chunked else {"content-length": str(length)}
        await self._head(status, {**headers, **framing})

    async def _head(self, status, headers):
        lines = [f"HTTP/1.1 {status} {PHRASES.get(status, 'Status')}"] + [f"{k}: {v}" for k, v in headers.items()]
        await self._send(("\r\n".join(lines) + "\r\n\r\n").encode())

    async def write(self, data):
        if data and self.request.method != "HEAD":
            await self._send(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)

    async def _send(self, data):
        if self.request.gone.is_set():
            raise Gone
        self.writer.write(data)
        try:
            await self.writer.drain()
        except (ConnectionError, OSError):
            self.request.gone.set()
            raise Gone from None

    async def end(self):
        if self.chunked:
            await self._send(b"0\r\n\r\n")

    async def switch(self, headers):
        """101: answers the source and the writer of what follows."""
        self.switched, self.started, self.status = True, True, 101
        await self.stop_watching()
        await self._head(101, {**headers, "connection": "Upgrade"})
        return self.source, self.writer

    def cut(self):
        self.writer.transport.abort()


async def serve_http1(handler, reader, writer):
    source = Source(reader)
    certificate = writer.get_extra_info("peercert")
    while True:
        head = (await source.until(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")
        method, target, _ = line.split(" ")
        headers = {}
        for field in fields:
            name, _, value = field.partition(":")
            name = name.strip().lower()
            headers[name] = headers[name] + ", " + value.strip() if name in headers else value.strip()
        body = b""
        if headers.get("transfer-encoding", "").lower() == "chunked":
            while size := int((await source.until(b"\r\n")).split(b";")[0], 16):
                body += await source.exactly(size)
                await source.exactly(2)
            await source.until(b"\r\n")
        else:
            body = await source.exactly(int(headers.get("content-length", 0)))
        request = Request(method, target, headers, body, certificate, "HTTP/1.1")
        answer = Answer1(request, source, writer)
        try:
            await handler(request, answer)
            if answer.switched:
                return
            await answer.end()
        finally:
            await answer.stop_watching()
        if request.gone.is_set() or headers.get("connection", "").lower() == "close":
            return


# HTTP/2

class Answer2:
    def __init__(self, connection, request, number):
        self.connection, self.request, self.number = connection, request, number
        self.started = self.switched = False
        self.window = asyncio.Event()

    async def start(self, status, headers, length=None):
        self.started, self.status = True, status
        if length is not None:
            headers = {**headers, "content-length": str(length)}
        self._check()
        self.connection.h2.send_headers(self.number, [(":status", str(status))] + [(k.lower(), v) for k, v in headers.items()])
        await self.connection.flush()

    def _check(self):
        if self.request.gone.is_set():
            raise Gone

    async def write(self, data):
        if self.request.method == "HEAD":
            return
        data = memoryview(data)
        while data:
            self._check()
            try:
                room = min(self.connection.h2.local_flow_control_window(self.number), self.connection.h2.max_outbound_frame_size)
            except h2.exceptions.H2Error:
                raise Gone from None
            if room <= 0:
                self.window.clear()
                await first_of(self.window.wait(), self.request.gone.wait())
                continue
            self.connection.h2.send_data(self.number, bytes(data[:room]))
            data = data[room:]
            await self.connection.flush()

    async def end(self):
        self._check()
        self.connection.h2.end_stream(self.number)
        await self.connection.flush()

    async def switch(self, headers):
        raise ValueError("HTTP/2 has no upgrade")

    def cut(self):
        self.request.gone.set()
        self.connection.h2.reset_stream(self.number, h2.errors.ErrorCodes.INTERNAL_ERROR)
        asyncio.ensure_future(self.connection.flush())


class Connection2:
    def __init__(self, handler, reader, writer):
        self.handler, self.reader, self.writer = handler, reader, writer
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.streams, self.tasks = {}, {}

    async def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.writer.write(data)
        await self.writer.drain()

    async def run(self):
        self.h2.initiate_connection()
        self.h2.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 250})
        await self.flush()
        try:
            while data := await self.reader.read(65536):
                for event in self.h2.receive_data(data):
                    self.arrived(event)
                await self.flush()
        finally:
            for request, answer in self.streams.values():
                request.gone.set()
            await asyncio.gather(*self.tasks.values(), return_exceptions=True)

    def arrived(self, event):
        if isinstance(event, h2.events.RequestReceived):
            headers, pseudo = {}, {}
            for name, value in event.headers:
                if name.startswith(":"):
                    pseudo[name] = value
                else:
                    headers[name] = headers[name] + ", " + value if name in headers else value
            headers.setdefault("host", pseudo.get(":authority", ""))
            request = Request(pseudo[":method"], pseudo[":path"], headers, b"", self.writer.get_extra_info("peercert"), "HTTP/2")
            self.streams[event.stream_id] = request, Answer2(self, request, event.stream_id)
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            if event.stream_id in self.streams:
                self.streams[event.stream_id][0].body += event.data
        elif isinstance(event, h2.events.StreamEnded):
            self.tasks[event.stream_id] = asyncio.ensure_future(self.answer(event.stream_id))
        elif isinstance(event, h2.events.StreamReset):
            if event.stream_id in self.streams:
                self.streams[event.stream_id][0].gone.set()
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            for _, answer in self.streams.values():
                answer.window.set()

    async def answer(self, number):
        request, answer = self.streams[number]
        try:
            await self.handler(request, answer)
            await answer.end()
        except (Gone, ConnectionError, OSError, h2.exceptions.H2Error):
            request.gone.set()
        finally:
            self.streams.pop(number, None)
            self.tasks.pop(number, None)


async def serve(handler, host, port, context):
    async def connected(reader, writer):
        try:
            ssl = writer.get_extra_info("ssl_object")
            if ssl is not None and ssl.selected_alpn_protocol() == "h2":
                await Connection2(handler, reader, writer).run()
            else:
                await serve_http1(handler, reader, writer)
        except (Gone, ConnectionError, OSError, asyncio.IncompleteReadError, h2.exceptions.H2Error, ValueError):
            pass
        finally:
            writer.close()
    return await asyncio.start_server(connected, host, port, ssl=context)


async def first_of(*waits):
    """Waits for the first; the others are cancelled."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# Web-sockets (RFC 6455), the server's end

class WebSocket:
    def __init__(self, source, writer):
        self.source, self.writer, self.is_open = source, writer, True

    @staticmethod
    def offers(request):
        return [name.strip() for name in request.headers.get("sec-websocket-protocol", "").split(",") if name.strip()]

    @classmethod
    async def accept(cls, request, answer, protocol):
        key = request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        headers = {"upgrade": "websocket", "sec-websocket-accept": base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()}
        if protocol:
            headers["sec-websocket-protocol"] = protocol
        return cls(*await answer.switch(headers))

    async def receive(self):
        """The next message as bytes; None at the end."""
        message = b""
        while True:
            try:
                first, second = await self.source.exactly(2)
                length = second & 127
                if length == 126:
                    length, = struct.unpack(">H", await self.source.exactly(2))
                elif length == 127:
                    length, = struct.unpack(">Q", await self.source.exactly(8))
                mask = await self.source.exactly(4)
                payload = xor(await self.source.exactly(length), mask)
            except (Gone, ConnectionError, OSError):
                self.is_open = False
                return None
            code = first & 15
            if code == 8:
                await self.close()
                return None
            if code == 9:
                await self._frame(10, payload)
            elif code in (0, 1, 2):
                message += payload
                if first & 128:
                    return message

    async def send(self, data):
        await self._frame(2, data)

    async def _frame(self, code, data):
        if not self.is_open:
            raise Gone
        length = len(data)
        size = bytes([length]) if length < 126 else struct.pack(">BH", 126, length) if length < 65536 else struct.pack(">BQ", 127, length)
        self.writer.write(bytes([128 | code]) + size + data)
        try:
            await self.writer.drain()
        except (ConnectionError, OSError):
            self.is_open = False
            raise Gone from None

    async def close(self, code=1000):
        if self.is_open:
            try:
                await self._frame(8, struct.pack(">H", code))
            except Gone:
                pass
            self.is_open = False


def xor(data, mask):
    repeated = mask * (len(data) // 4 + 1)
    return (int.from_bytes(data, "big") ^ int.from_bytes(repeated[:len(data)], "big")).to_bytes(len(data), "big")


# SPDY/3.1, as much of it as kubectl's port-forward speaks inside of a web-socket (KEP-4006)

SPDY_NAMES = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow authorization "
    "cache-control connection content-base content-encoding content-language content-length content-location content-md5 content-range "
    "content-type date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified "
    "location max-forwards pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding "
    "upgrade user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive "
    "origin").replace("_", "\0").split(" ")
SPDY_DICTIONARY = b"".join(struct.pack(">I", len(n)) + n.replace("\0", " ").encode() for n in SPDY_NAMES) + (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information"
    "204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error"
    "501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, "
    "Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,"
    "publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.").encode()
SYN_STREAM, SYN_REPLY, RST_STREAM, SETTINGS, PING, GOAWAY, HEADERS, WINDOW_UPDATE = 1, 2, 3, 4, 6, 7, 8, 9
FIN = 1


class SpdyStream:
    def __init__(self, number, headers):
        self.number, self.headers = number, headers
        self.input = asyncio.Queue()  # bytes; None at the end


class Spdy:
    """The server's end. `opened(stream)` is called, as a task, for each stream that the client opens."""

    def __init__(self, socket, opened):
        self.socket, self.opened = socket, opened
        self.inflate, self.deflate = zlib.decompressobj(zdict=SPDY_DICTIONARY), zlib.compressobj(zdict=SPDY_DICTIONARY)
        self.streams, self.tasks = {}, []
        assert zlib.adler32(SPDY_DICTIONARY) == 0xE3C6A7C2

    async def run(self):
        pending = b""
        try:
            while (message := await self.socket.receive()) is not None:
                pending += message
                while len(pending) >= 8:
                    kind, size = struct.unpack(">II", pending[:8])
                    flags, size = size >> 24, size & 0xFFFFFF
                    if len(pending) < 8 + size:
                        break
                    payload, pending = pending[8:8 + size], pending[8 + size:]
                    await self.frame(kind, flags, payload)
        except Gone:
            pass
        finally:
            for stream in self.streams.values():
                stream.input.put_nowait(None)
            await asyncio.gather(*self.tasks, return_exceptions=True)

    async def frame(self, kind, flags, payload):
        if not kind >> 31:
            stream = self.streams.get(kind & 0x7FFFFFFF)
            if stream:
                if payload:
                    stream.input.put_nowait(payload)
                if flags & FIN:
                    stream.input.put_nowait(None)
            return
        kind &= 0xFFFF
        if kind == SYN_STREAM:
            number, _ = struct.unpack(">II", payload[:8])
            stream = SpdyStream(number & 0x7FFFFFFF, self.headers(payload[10:]))
            self.streams[stream.number] = stream
            if flags & FIN:
                stream.input.put_nowait(None)
            block = self.deflate.compress(struct.pack(">I", 0)) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
            await self.control(SYN_REPLY, 0, struct.pack(">I", stream.number) + block)
            self.tasks.append(asyncio.ensure_future(self.opened(self, stream)))
        elif kind == RST_STREAM:
            number, _ = struct.unpack(">II", payload)
            if stream := self.streams.pop(number, None):
                stream.input.put_nowait(None)
        elif kind == PING:
            await self.control(PING, 0, payload)
        elif kind == HEADERS:
            self.headers(payload[4:])  # keeps the decompressor in step

    def headers(self, block):
        plain = self.inflate.decompress(block)
        count, = struct.unpack(">I", plain[:4])
        at, texts = 4, []
        for _ in range(2 * count):
            length, = struct.unpack(">I", plain[at:at + 4])
            texts.append(plain[at + 4:at + 4 + length].decode())
            at += 4 + length
        return dict(zip(texts[::2], texts[1::2]))

    async def control(self, kind, flags, payload):
        await self.socket.send(struct.pack(">II", 0x80030000 | kind, flags << 24 | len(payload)) + payload)

    async def send(self, stream, data, end=False):
        for at in range(0, max(1, len(data)), 16384):
            piece = data[at:at + 16384]
            last = FIN if end and at + 16384 >= len(data) else 0
            await self.socket.send(struct.pack(">II", stream.number, last << 24 | len(piece)) + piece)
