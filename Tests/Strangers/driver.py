"""The public Python driver, unchanged, against a running plane.

Usage: driver.py READY_FILE COUNT
Authenticates and sends COUNT events for each serialization type that the driver has for an Avro schema, over TLS and over plain HTTP.
Prints one JSON object: {"<scheme>/<type>": {"<status>": count}}.
"""
import asyncio, collections, json, logging, os, sys

plane = json.load(open(sys.argv[1]))
count = int(sys.argv[2])
# The driver verifies certificates like any client: aiohttp reads one variable, requests the other.
os.environ["SSL_CERT_FILE"] = os.environ["REQUESTS_CA_BUNDLE"] = plane["caFile"]

from strmprivacy.driver import ClientConfig, SerializationType, StrmPrivacyClient  # noqa: E402
from strmprivacy_io_strmprivacy_schemas_demo_v1.io.strmprivacy.schemas.demo.v1 import DemoEvent, StrmMeta  # noqa: E402


def event(number, label):
    made = DemoEvent()
    made.strmMeta = StrmMeta()
    made.strmMeta.eventContractRef = "strmprivacy/example/1.3.0"
    made.strmMeta.consentLevels = [0, 1, 2, 3][: number % 5]
    made.uniqueIdentifier = f"driver-{label}-{number}"
    made.consistentValue = f"driver-session-{number % 7}"
    made.someSensitiveValue = None if number % 3 == 0 else f"sensitive é€ {number}"
    made.notSensitiveValue = f"not-sensitive-{number}"
    return made


def split(url):
    scheme, rest = url.split("://", 1)
    host, slash, path = rest.partition("/")
    return scheme, host, slash + path


async def send_all():
    stream = next(s for s in plane["streams"] if s["name"] == "demo")
    outcome = {}
    for events, auth in (("events", "auth"), ("eventsPlain", "authPlain")):
        scheme, host, path = split(plane["urls"][events])
        auth_scheme, auth_host, _ = split(plane["urls"][auth])
        config = ClientConfig(
            logging.ERROR, gateway_protocol=scheme, gateway_host=host, gateway_endpoint=path,
            auth_protocol=auth_scheme, auth_host=auth_host)
        client = StrmPrivacyClient(stream["clientId"], stream["clientSecret"], config)
        await client.start_timers()
        for kind in (SerializationType.AVRO_BINARY, SerializationType.AVRO_JSON):
            statuses = collections.Counter()
            for number in range(count):
                statuses[str(await client.send(event(number, f"{scheme}-{kind.name}"), kind))] += 1
            outcome[f"{scheme}/{kind.name}"] = statuses
        await client._sender_service.close()
    return outcome


loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
print(json.dumps(loop.run_until_complete(send_all())), flush=True)
os._exit(0)  # the driver's refresh timer never ends by itself
