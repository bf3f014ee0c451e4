"""Calls on a control plane, by stubs that grpcio-tools makes of the definitions in `protos`.

    admin = Api("localhost:50051", token)
    admin("StreamsService/GetStream", ref={"name": "demo", "project_id": project}, recursive=True).stream_tree.stream
    refused("NOT_FOUND", admin, "StreamsService/GetStream", ref={"name": "nobody", "project_id": project})

Fields are given as proto-JSON, in either spelling. A service goes by its short name; internal ones by `internal.Name`.
"""
import hashlib, importlib, os, pathlib, shutil, sys, tempfile

import grpc
from google.protobuf import json_format
from grpc_tools import protoc
import grpc_tools

root = pathlib.Path(__file__).parent / "protos"
FILES = sorted(path for path in root.rglob("*.proto"))
OPTIONS = [
    ("grpc.max_receive_message_length", 256 << 20), ("grpc.max_send_message_length", 256 << 20),
    # Who is killed is soon back.
    ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 500)]


def stubs():
    """The folder of the stubs; made once for these definitions and this version of the tools."""
    digest = hashlib.sha256(grpc.__version__.encode())
    for path in FILES:
        digest.update(path.read_bytes())
    folder = pathlib.Path(tempfile.gettempdir()) / f"polder-stubs-{os.getuid()}-{digest.hexdigest()[:16]}"
    if not folder.exists():
        draft = tempfile.mkdtemp(dir=folder.parent)
        builtin = pathlib.Path(grpc_tools.__file__).parent / "_proto"
        names = [str(path.relative_to(root)) for path in FILES]
        if protoc.main(["protoc", f"-I{root}", f"-I{builtin}", f"--python_out={draft}", f"--grpc_python_out={draft}", *names]):
            sys.exit("protoc refused the definitions")
        try:
            os.rename(draft, folder)
        except OSError:  # somebody else was quicker
            shutil.rmtree(draft)
    return folder


sys.path.insert(0, str(stubs()))
services = {}
for file in FILES:
    module = ".".join(file.relative_to(root).with_suffix("").parts) + "_pb2"
    messages = importlib.import_module(module)
    for name, service in messages.DESCRIPTOR.services_by_name.items():
        short = f"internal.{name}" if "internal_api" in service.full_name else name
        assert short not in services, short
        services[short] = (service, getattr(importlib.import_module(module + "_grpc"), name + "Stub"))


class Api:
    """Calls with one token, over one connection."""

    def __init__(self, target, token=None, ca=None, metadata=()):
        self.channel = grpc.insecure_channel(target, OPTIONS) if ca is None else grpc.secure_channel(
            target, grpc.ssl_channel_credentials(ca), OPTIONS)
        self.metadata = list(metadata) + ([("authorization", f"Bearer {token}")] if token else [])

    def begin(self, method, fields):
        name, method = method.split("/")
        service, stub = services[name]
        kind = service.methods_by_name[method].input_type._concrete_class
        return getattr(stub(self.channel), method), json_format.ParseDict(fields, kind())

    def __call__(self, method, **fields):
        call, request = self.begin(method, fields)
        return call(request, metadata=self.metadata, timeout=60)

    def stream(self, method, **fields):
        """A call whose answers are many: iterate over it, and cancel it."""
        call, request = self.begin(method, fields)
        return call(request, metadata=self.metadata, timeout=60)

    def send(self, method, requests):
        """A call whose requests are many."""
        name, short = method.split("/")
        kind = services[name][0].methods_by_name[short].input_type._concrete_class
        return getattr(services[name][1](self.channel), short)(
            (json_format.ParseDict(fields, kind()) for fields in requests), metadata=self.metadata, timeout=60)


def refused(code, api, method, **fields):
    """The details with which a call is refused, which it must be, with this status."""
    try:
        answer = api(method, **fields)
    except grpc.RpcError as error:
        assert error.code().name == code, f"{method} {fields}: {error.code().name} {error.details()}, expected {code}"
        return error.details()
    raise AssertionError(f"{method} {fields} was answered: {answer}")
