"""Judges what a plane stored after a storm, with other people's decoders: fastavro, Google Tink and mmh3.

Usage: judge.py READY_FILE POLDER_BINARY COUNT SESSIONS UNACKNOWLEDGED_FILE [STREAM]

A storm is the events 0 ..< COUNT of a stream, `demo` unless another is named, each a function of its number (see `planned`). UNACKNOWLEDGED_FILE lists, a line each, the
numbers that got no 204: those may be stored or not; all others must be in the source log exactly once. Every derived stream must hold exactly
the stored events that its purposes allow, once each, with exactly the permitted fields in clear and the others as stored at the source.
Prints one JSON object with what was counted, and "faults": an empty list when all is well.
"""
import array, base64, io, json, subprocess, sys

import fastavro, mmh3, tink
from tink import cleartext_keyset_handle, daead

ready_file, polder, count, sessions, unacknowledged_file = sys.argv[1:6]
source = sys.argv[6] if len(sys.argv) > 6 else "demo"
count, sessions = int(count), int(sessions)
plane = json.load(open(ready_file))
unacknowledged = {int(line) for line in open(unacknowledged_file)}
faults = []

SCHEMA = fastavro.parse_schema({
    "type": "record", "name": "DemoEvent", "namespace": "io.strmprivacy.schemas.demo.v1", "fields": [
        {"name": "strmMeta", "type": {"type": "record", "name": "StrmMeta", "fields": [
            {"name": "eventContractRef", "type": "string"},
            {"name": "nonce", "type": ["null", "int"], "default": None},
            {"name": "timestamp", "type": ["null", "long"], "default": None},
            {"name": "keyLink", "type": ["null", "string"], "default": None},
            {"name": "billingId", "type": ["null", "string"], "default": None},
            {"name": "consentLevels", "type": {"type": "array", "items": "int"}}]}},
        {"name": "uniqueIdentifier", "type": ["null", "string"], "default": None},
        {"name": "consistentValue", "type": "string"},
        {"name": "someSensitiveValue", "type": ["null", "string"], "default": None},
        {"name": "notSensitiveValue", "type": ["null", "string"], "default": None}]})
PURPOSES = [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [3, 1, 0]]
LEVEL = {"uniqueIdentifier": 1, "consistentValue": 2, "someSensitiveValue": 3}
FIELDS = ["uniqueIdentifier", "consistentValue", "someSensitiveValue", "notSensitiveValue"]


def planned(number):
    """What was sent as event `number`."""
    return PURPOSES[number % len(PURPOSES)], {
        "uniqueIdentifier": None if number % 11 == 0 else f"unique-{number}",
        "consistentValue": f"session-{number % sessions}",
        "someSensitiveValue": f"sensitive-{number}",
        "notSensitiveValue": f"storm-{number}"}


def fault(text):
    if len(faults) < 20:
        faults.append(text)


def run(*arguments):
    return [polder, *arguments, "--dir", plane["dir"]]


def records(stream):
    """All stored events of a stream, decoded by fastavro from the bytes of the record."""
    reading = subprocess.Popen(run("read", stream, "--from", "earliest", "-o", "raw"), stdout=subprocess.PIPE)
    for line in reading.stdout:
        value = bytes.fromhex(line.decode().split()[-1])
        if value[0] != 0:
            fault(f"{stream}: a record value begins with {value[0]:#x}, not with the Confluent magic byte 0")
        datum = io.BytesIO(value[5:])
        yield fastavro.schemaless_reader(datum, SCHEMA)
        if datum.tell() != len(value) - 5:
            fault(f"{stream}: {len(value) - 5 - datum.tell()} bytes after the datum")
    if reading.wait() != 0:
        fault(f"{stream}: polder read ended with {reading.returncode}")


def keys():
    """Every exported key as a Tink primitive, made when first used."""
    lines = subprocess.run(run("keys", "export", source, "--yes"), check=True, capture_output=True, text=True).stdout
    import csv
    rows = list(csv.reader(io.StringIO(lines)))
    if rows[0] != ["keyLink", "encryptionKey", "policyId", "expiresAt"]:
        fault(f"keys export: header {rows[0]}")
    return {row[0]: row[1] for row in rows[1:]}


daead.register()
keysets, primitives = keys(), {}


def opened(key_link, text):
    if key_link not in primitives:
        handle = cleartext_keyset_handle.read(tink.JsonKeysetReader(keysets[key_link]))
        primitives[key_link] = handle.primitive(daead.DeterministicAead)
    return primitives[key_link].decrypt_deterministically(base64.b64decode(text, validate=True), b"").decode()


def mask(text):
    both = mmh3.hash128(b"hi-there" + text.encode(), 0, True)
    return f"{both & (2**64 - 1):x}{both >> 64:x}"


# The source: which events are stored, and what each encrypted field looks like there.
stored = bytearray(count)
seen_text = {field: array.array("q", bytes(8 * count)) for field in FIELDS}
links, meta = {}, array.array("q", bytes(8 * count))
masked_number, sampled = {}, {}
opened_count = keyless = 0
for event in records(source):
    head = event["strmMeta"]
    clear = event["notSensitiveValue"] or ""
    if not clear.startswith("storm-"):
        continue
    number = int(clear[6:])
    purposes, sent = planned(number)
    stored[number] += 1
    if head["consentLevels"] != purposes:
        fault(f"source {number}: consent levels {head['consentLevels']}")
    if head["keyLink"] not in keysets:
        keyless += 1
        fault(f"source {number}: no exported key for its key link")
        continue
    if links.setdefault(sent["consistentValue"], head["keyLink"]) != head["keyLink"]:
        fault(f"source {number}: a second key for the same person within one window")
    meta[number] = hash((head["nonce"], head["timestamp"], head["keyLink"]))
    for field in FIELDS:
        seen_text[field][number] = hash(event[field])
        if field in LEVEL and event[field] is not None:
            if event[field] == sent[field]:
                fault(f"source {number}: {field} is in clear")
            elif number % 97 == 0 or number < sessions // 10:
                opened_count += 1
                if opened(head["keyLink"], event[field]) != sent[field]:
                    fault(f"source {number}: Tink reads something else in {field}")
        elif (event[field] is None) != (sent[field] is None):
            fault(f"source {number}: {field} is null, or should be")
    if number % 97 == 0:
        sampled[number] = dict(event)
    # The masked stream shows no number: find events there by the mask of their clear field.
    masked_number[mask(clear)] = number

lost = [n for n in range(count) if stored[n] == 0 and n not in unacknowledged]
twice = [n for n in range(count) if stored[n] > 1]
if lost:
    fault(f"source: {len(lost)} acknowledged events are missing, the first is {lost[0]}")
if twice:
    fault(f"source: {len(twice)} events are stored more than once, the first is {twice[0]}")
if len(set(links.values())) != len(links):
    fault("two persons share a key")

derived_counts, derived_twice = {}, 0
for stream in plane["streams"]:
    if stream["derivedFrom"] != source:
        continue
    name, allowed = stream["name"], set(stream["purposes"])
    is_masked = name == "demo-M0-1"
    found = bytearray(count)
    for event in records(name):
        clear = event["notSensitiveValue"] or ""
        if is_masked:
            number = masked_number.get(clear)
            if number is None:
                continue
        elif clear.startswith("storm-"):
            number = int(clear[6:])
        else:
            continue
        found[number] += 1
        head = event["strmMeta"]
        if hash((head["nonce"], head["timestamp"], head["keyLink"])) != meta[number]:
            fault(f"{name} {number}: nonce, timestamp or key link changed on the way")
        _, sent = planned(number)
        for field in FIELDS:
            value = event[field]
            permitted = field not in LEVEL or LEVEL[field] in allowed
            if sent[field] is None:
                right = value is None
            elif permitted:
                right = value == (mask(sent[field]) if is_masked else sent[field])
            elif is_masked:
                # Masked without being opened: the mask of the ciphertext. Whole texts are kept of a sample only.
                right = value != sent[field] and len(value) <= 32
                if number in sampled:
                    right = value == mask(sampled[number][field])
            else:
                right = hash(value) == seen_text[field][number]
            if not right:
                fault(f"{name} {number}: {field} is not what purposes {sorted(allowed)} allow")
    expected = 0
    for number in range(count):
        wanted = stored[number] and allowed <= set(planned(number)[0])
        expected += bool(wanted)
        derived_twice += found[number] > 1
        if found[number] != (1 if wanted else 0):
            fault(f"{name}: event {number} is there {found[number]} times, expected {int(bool(wanted))}")
    derived_counts[name] = expected

print(json.dumps({
    "stored": sum(1 for n in stored if n), "acknowledged": count - len(unacknowledged), "opened": opened_count,
    "lost": len(lost), "twice": len(twice), "keyless": keyless, "keys": len(keysets), "derived": derived_counts,
    "derivedTwice": derived_twice, "faults": faults}))
