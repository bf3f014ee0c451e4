"""A producer that sends an event at a time, at a steady rate, until SIGTERM. Prints what became of its events: one line of JSON.

  steady.py URL CA TOKENS EVENT RATE        TOKENS: a file with access tokens, used in turn; EVENT: a file with the body
"""
import http.client, json, pathlib, signal, ssl, sys, time, urllib.parse

SCHEMA_REF = "strmprivacy/example/1.5.0"


class Producer:
    """Sends events over one connection, and opens another when the gateway has closed it."""

    def __init__(self, url, ca, event):
        self.url, self.event = urllib.parse.urlsplit(url), event
        self.context = ssl.create_default_context(cafile=ca)
        self.connection = None

    def send(self, token):
        """The status of the answer; 0 when the connection was closed."""
        if self.connection is None:
            self.connection = http.client.HTTPSConnection(self.url.hostname, self.url.port, context=self.context, timeout=60)
        try:
            self.connection.request("POST", self.url.path, self.event, {
                "authorization": f"Bearer {token}", "strm-schema-ref": SCHEMA_REF})
            answer = self.connection.getresponse()
            answer.read()
            return answer.status
        except (OSError, http.client.HTTPException):
            self.connection.close()
            self.connection = None
            return 0


def main(url, ca, tokens, event, rate):
    producer, tokens = Producer(url, ca, pathlib.Path(event).read_bytes()), pathlib.Path(tokens).read_text().split()
    times, refused, running = [], [], [True]
    signal.signal(signal.SIGTERM, lambda *_: running.clear())
    begin = time.monotonic()
    while running:
        due = begin + len(times) / float(rate)
        pause = due - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        status = producer.send(tokens[len(times) % len(tokens)])
        times.append(time.monotonic() - due)
        if status != 204:
            refused.append(status)
    times.sort()
    print(json.dumps({
        "sent": len(times), "refused": refused[:20], "p99_ms": round(times[len(times) * 99 // 100] * 1000, 1),
        "max_ms": round(times[-1] * 1000, 1)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
