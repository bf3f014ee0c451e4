"""protoc and Python's protobuf as judges of our messages; the definitions are those in `protos`.

Usage: messages.py shape                 what the definitions say, a line for each thing
       messages.py random COUNT SEED     COUNT random messages of every kind: name, binary form, the same with fields that nobody
                                         knows, JSON form
       messages.py judge                 reads `name, their binary form, our binary form, our JSON form`; prints what is wrong, or
                                         the message encoded once more
Lines are separated by tabs; binary forms are Base64.
"""
import base64, pathlib, random, sys, tempfile

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.descriptor import FieldDescriptor as Field
from grpc_tools import protoc
import grpc_tools

root = pathlib.Path(__file__).parent / "protos"


def definitions():
    files = sorted(str(path.relative_to(root)) for path in root.rglob("*.proto"))
    builtin = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    with tempfile.NamedTemporaryFile() as out:
        if protoc.main(["protoc", f"-I{root}", f"-I{builtin}", "--include_imports", f"--descriptor_set_out={out.name}", *files]):
            sys.exit("protoc refused the definitions")
        return descriptor_pb2.FileDescriptorSet.FromString(out.read())


files = definitions()
pool = descriptor_pool.DescriptorPool()
for file in files.file:
    pool.Add(file)
ours = [file for file in files.file if file.package.startswith(("strmprivacy.", "polder."))]


def kinds():
    """The full names of all messages, entries of maps left out."""
    def below(prefix, message):
        name = f"{prefix}.{message.name}"
        if not message.options.map_entry:
            yield name
        for inner in message.nested_type:
            yield from below(name, inner)
    for file in ours:
        for message in file.message_type:
            yield from below(file.package, message)


def blank(name):
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(name))()


# --- shape

SCALARS = {Field.TYPE_STRING: "text", Field.TYPE_BYTES: "bytes", Field.TYPE_BOOL: "flag", Field.TYPE_INT32: "int32",
           Field.TYPE_INT64: "int64"}


def kind(field):
    if field.type == Field.TYPE_MESSAGE:
        return field.message_type.full_name
    return field.enum_type.full_name if field.type == Field.TYPE_ENUM else SCALARS[field.type]


def shape():
    for name in kinds():
        print("message", name)
        for field in pool.FindMessageTypeByName(name).fields:
            is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
            if is_map:
                assert field.message_type.fields_by_name["key"].type == Field.TYPE_STRING
            of = field.message_type.fields_by_name["value"] if is_map else field
            label = "map" if is_map else "repeated" if field.is_repeated else "singular"
            oneof = field.containing_oneof.name if field.containing_oneof else "-"
            print("field", name, field.number, field.name, field.json_name, kind(of), label, oneof)

    def enums(prefix, holder):
        for enum in holder.enum_type:
            print("enum", f"{prefix}.{enum.name}", *(f"{value.name}={value.number}" for value in enum.value))
        for message in getattr(holder, "nested_type", getattr(holder, "message_type", [])):
            enums(f"{prefix}.{message.name}", message)
    for file in ours:
        enums(file.package, file)
        for service in file.service:
            for method in service.method:
                print("method", f"/{file.package}.{service.name}/{method.name}", method.input_type[1:], method.output_type[1:],
                      "stream" if method.client_streaming else "one", "stream" if method.server_streaming else "one")


# --- random messages

LETTERS = "aZ09 _-/\\\"\u00e9\u20ac\U0001f6b2\u0301\t"
NAMES = ["name", "legal_grounds", "ref.project_id", "a_b_c"]


def text(dice):
    return "".join(dice.choice(LETTERS) for _ in range(dice.choice([0, 1, 5, 200])))


def integer(dice, bits):
    edge = 1 << (bits - 1)
    return dice.choice([0, 1, -1, 127, 128, edge - 1, -edge, dice.randrange(-edge, edge)])


def value(dice, field, depth):
    if field.type == Field.TYPE_STRING:
        return text(dice)
    if field.type == Field.TYPE_BYTES:
        return dice.randbytes(dice.choice([0, 1, 2, 3, 100]))
    if field.type == Field.TYPE_BOOL:
        return dice.random() < 0.5
    if field.type == Field.TYPE_ENUM:
        return dice.choice([one.number for one in field.enum_type.values] + [77])
    return integer(dice, 32 if field.type == Field.TYPE_INT32 else 64)


def fill(dice, message, depth):
    name = message.DESCRIPTOR.full_name
    if name == "google.protobuf.Timestamp":
        message.seconds = dice.choice([0, 1, 253402300799, -62135596800, dice.randrange(-62135596800, 253402300800)])
        message.nanos = dice.choice([0, 1, 5000, 250000000, 999999999])
    elif name == "google.protobuf.Duration":
        sign = dice.choice([1, -1])
        message.seconds = sign * dice.choice([0, 1, 60, 315576000000])
        message.nanos = sign * dice.choice([0, 1, 5000, 250000000, 999999999])
    elif name == "google.protobuf.FieldMask":
        message.paths.extend(dice.sample(NAMES, dice.randrange(len(NAMES))))
    else:
        for field in message.DESCRIPTOR.fields:
            if dice.random() < 0.3:
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                of = field.message_type.fields_by_name["value"]
                for _ in range(dice.randrange(3)):
                    if of.message_type is not None:
                        fill(dice, getattr(message, field.name)[text(dice)], depth + 1)
                    else:
                        getattr(message, field.name)[text(dice)] = value(dice, of, depth)
            elif field.is_repeated:
                for _ in range(dice.randrange(4 if depth < 3 else 1)):
                    if field.message_type is not None:
                        fill(dice, getattr(message, field.name).add(), depth + 1)
                    else:
                        getattr(message, field.name).append(value(dice, field, depth))
            elif field.message_type is not None:
                if depth < 4:
                    getattr(message, field.name).SetInParent()
                    fill(dice, getattr(message, field.name), depth + 1)
            else:
                setattr(message, field.name, value(dice, field, depth))


def noise(dice):
    """Fields that no definition has, of every form."""
    fields = [b"\xf8\x7f" + bytes([dice.randrange(128)]), b"\xf9\x7f" + dice.randbytes(8), b"\xfa\x7f\x03abc", b"\xfd\x7f" + dice.randbytes(4),
              b"\xfb\x7f\xf8\x7f\x01\xfc\x7f"]
    return b"".join(dice.choices(fields, k=3))


def randoms(count, seed):
    dice = random.Random(seed)
    for name in kinds():
        for _ in range(count):
            message = blank(name)
            fill(dice, message, 0)
            binary = message.SerializeToString()
            noisy = noise(dice) + binary + noise(dice)
            shown = json_format.MessageToJson(message, indent=None, ensure_ascii=False, descriptor_pool=pool)
            print(name, base64.b64encode(binary).decode(), base64.b64encode(noisy).decode(), shown, sep="\t")


# --- judging

def judge():
    for line in sys.stdin:
        name, theirs, ours, shown = line.rstrip("\n").split("\t")
        wanted, found, read = blank(name), blank(name), blank(name)
        wanted.ParseFromString(base64.b64decode(theirs))
        found.ParseFromString(base64.b64decode(ours))
        json_format.Parse(shown, read, descriptor_pool=pool)
        if found != wanted:
            print("wrong", name, "binary", json_format.MessageToJson(wanted, indent=None, descriptor_pool=pool), sep="\t")
        elif read != wanted:
            print("wrong", name, "JSON", json_format.MessageToJson(wanted, indent=None, descriptor_pool=pool), sep="\t")
        else:
            print("same", name, base64.b64encode(found.SerializeToString()).decode(), sep="\t")


if sys.argv[1] == "shape":
    shape()
elif sys.argv[1] == "random":
    randoms(int(sys.argv[2]), int(sys.argv[3]))
else:
    judge()
