"""Decodes stored event records with fastavro (or as JSON, held against their JSON Schema) and opens their sealed fields with Google Tink.

Usage: records.py SCHEMA_FILE < lines

Each line is a JSON object: `value` the record value in hex (0x00, schema id, datum), `keyset` the exported Tink keyset as text, `sealed` the
slash paths of the fields that must be ciphertext. Prints a JSON object per line: `schemaId`, `event` as stored, `opened` (path to plain text or
null; lists stay lists). Ends with an error when a byte is left over, a field is not Base64, or Tink refuses a ciphertext.
"""
import base64, io, json, sys

import fastavro, jsonschema, tink
from tink import cleartext_keyset_handle, daead

daead.register()
schema = json.load(open(sys.argv[1]))
is_avro = schema["type"] == "record"
if is_avro:
    schema = fastavro.parse_schema(schema)


def at(event, path):
    for name in path.split("/"):
        event = None if event is None else event.get(name)
    return event


def opened(primitive, value):
    if value is None:
        return None
    if isinstance(value, list):
        return [opened(primitive, item) for item in value]
    return primitive.decrypt_deterministically(base64.b64decode(value, validate=True), b"").decode()


def decoded(value):
    if not is_avro:
        event = json.loads(value)
        jsonschema.validate(event, schema)
        return event
    datum = io.BytesIO(value)
    event = fastavro.schemaless_reader(datum, schema)
    assert not datum.read(), "bytes after the datum"
    return event


for line in sys.stdin:
    record = json.loads(line)
    value = bytes.fromhex(record["value"])
    assert value[0] == 0, "the Confluent magic byte"
    event = decoded(value[5:])
    primitive = cleartext_keyset_handle.read(tink.JsonKeysetReader(record["keyset"])).primitive(daead.DeterministicAead)
    print(json.dumps({
        "schemaId": int.from_bytes(value[1:5], "big"), "event": event,
        "opened": {path: opened(primitive, at(event, path)) for path in record["sealed"]}}))
