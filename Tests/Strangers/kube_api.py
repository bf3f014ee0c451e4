"""A fake Kubernetes API server for tests. kubectl is its judge (Tests/KubernetesTests): it lists, gets, applies, watches, follows logs,
execs and forwards ports against it.

Usage: kube_api.py [--tls FOLDER] [--client-ca FILE] [--port N] [--token TOKEN]...

FOLDER holds server.pem and server.key. Prints `port N end` when it listens, on 127.0.0.1. Callers show one of the tokens, or a
certificate of the client authority. Over TLS it speaks HTTP/2 and HTTP/1.1; without TLS, HTTP/1.1.

What it keeps to: resource versions (one counter, opaque to clients), optimistic locking, limit/continue over a snapshot, watches with
bookmarks, selectors, timeouts, initial events and 410 after compaction, merge/JSON/strategic patches, server-side apply with owners per
field and conflicts, uid, generation, no event for a change that changes nothing, Status errors, tables, discovery.

What it does not: admission, defaults, garbage collection, RBAC, CRDs, bodies in protobuf (`kubectl create TYPE NAME` sends some; `kubectl
apply` and `create -f` do not). Pods run at once. Annotations of a pod say what it does:
  fake/log-rate: lines a second (default 0)      fake/log-lines: most lines (default: for ever)
  fake/log-size: bytes of a line (default 32)    fake/log-start: lines written when the pod was made (default 3)
Line n of a log is `line n xxx…`, n from 0; its time is the pod's start + n / rate, so that every reader sees the same log. `exec` runs
the command for real, on this machine; `attach` gives back what it is sent; every forwarded port echoes, but 1, which refuses.

Controls, without authentication, JSON in and out:
  POST /_control/tokens    {"valid": [token, …]}                      401 for all others from now on
  POST /_control/fault     {"path": regex, "method"?, "status"?, "retryAfter"?, "reason"?, "times"?: 1, "delay"?: s, "cut"?: bytes,
                            "rate"?: bytes/s, "hang"?: true}          the next requests that match; all faults go with {"clear": true}
  POST /_control/compact   {}                                         forgets history: older watches and lists get 410
  POST /_control/bookmarks {"every": s}                               how often watches get a bookmark (default 1 s)
  POST /_control/send-bookmarks {}                                    every watch that wants them gets one now
  POST /_control/cut       {"path"?: regex}                           cuts what is under way, connections of web-sockets included
  POST /_control/objects   {"count": n, "namespace": ns, "size": b}   makes n config maps named bulk-00000 … of b bytes
  GET  /_control/requests  what came: [{id, method, path, query, protocol, user, status, ended: null | "complete" | "gone" | "cut"}, …]
  GET  /_control/execs     [{command, ended: null | exit code | "killed"}, …]
  GET  /_control/now       {"resourceVersion": …, "open": number of requests under way}
"""
import argparse, asyncio, base64, copy, datetime, fcntl, json, os, pty, re, signal, ssl, struct, sys, termios, time, uuid

import yaml

import kube_wire
from kube_wire import Gone, Spdy, WebSocket, first_of

# group, version, resource, kind, namespaced, short names
RESOURCES = [
    ("", "v1", "namespaces", "Namespace", False, ["ns"]), ("", "v1", "nodes", "Node", False, ["no"]),
    ("", "v1", "pods", "Pod", True, ["po"]), ("", "v1", "services", "Service", True, ["svc"]),
    ("", "v1", "configmaps", "ConfigMap", True, ["cm"]), ("", "v1", "secrets", "Secret", True, []),
    ("", "v1", "serviceaccounts", "ServiceAccount", True, ["sa"]), ("", "v1", "events", "Event", True, ["ev"]),
    ("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ["pvc"]),
    ("apps", "v1", "deployments", "Deployment", True, ["deploy"]), ("apps", "v1", "statefulsets", "StatefulSet", True, ["sts"]),
    ("apps", "v1", "daemonsets", "DaemonSet", True, ["ds"]), ("apps", "v1", "replicasets", "ReplicaSet", True, ["rs"]),
    ("batch", "v1", "jobs", "Job", True, []), ("batch", "v1", "cronjobs", "CronJob", True, ["cj"]),
    ("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True, ["netpol"]),
    ("networking.k8s.io", "v1", "ingresses", "Ingress", True, ["ing"]),
    ("coordination.k8s.io", "v1", "leases", "Lease", True, []),
]
BY_PATH = {(g, v, r): (g, v, r, kind, namespaced, short) for g, v, r, kind, namespaced, short in RESOURCES}
VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]


class Failure(Exception):
    """An error as the API tells it."""

    def __init__(self, code, reason, message, details=None, headers=None):
        self.code, self.headers = code, headers or {}
        self.status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason,
                       "code": code}
        if details:
            self.status["details"] = details


def expired(message="The resourceVersion for the provided watch is too old.", **metadata):
    failure = Failure(410, "Expired", message)
    failure.status["metadata"] = metadata
    return failure


def api_version(group, version):
    return f"{group}/{version}" if group else version


# Time

def moment(nanoseconds):
    """RFC 3339 with nine digits, as container runtimes write it."""
    whole = datetime.datetime.fromtimestamp(nanoseconds // 10**9, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{nanoseconds % 10**9:09d}Z"


def seconds_now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


# Selectors

def label_test(text):
    def part(term):
        term = term.strip()
        if match := re.fullmatch(r"([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)", term):
            key, word, values = match[1], match[2], {value.strip() for value in match[3].split(",")}
            return lambda labels: (labels.get(key) in values) == (word == "in")
        if match := re.fullmatch(r"([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)", term):
            key, word, value = match[1], match[2], match[3]
            return lambda labels: (labels.get(key) == value) == (word != "!=")
        if match := re.fullmatch(r"(!?)([\w./-]+)", term):
            return lambda labels: (match[2] in labels) != (match[1] == "!")
        raise Failure(400, "BadRequest", f'unable to parse requirement: "{term}"')
    parts = [part(term) for term in re.split(r",(?![^(]*\))", text)] if text else []
    return lambda obj: all(test(obj["metadata"].get("labels") or {}) for test in parts)


def field_test(text):
    terms = []
    for term in filter(None, (text or "").split(",")):
        match = re.fullmatch(r"([\w.]+)\s*(==|=|!=)\s*(.*)", term)
        if not match:
            raise Failure(400, "BadRequest", f"invalid field selector {term}")
        terms.append((match[1].split("."), match[2] != "!=", match[3]))

    def value(obj, path):
        for name in path:
            obj = obj.get(name, "") if isinstance(obj, dict) else ""
        return obj
    return lambda obj: all((value(obj, path) == wanted) == same for path, same, wanted in terms)


# Patches and owners of fields

def merge(old, patch, strategic=False):
    """RFC 7386; strategic: lists whose elements have a name are merged by it."""
    if isinstance(patch, list) and strategic and keyed(patch) and keyed(old):
        result = {element["name"]: element for element in old}
        for element in patch:
            if element.get("$patch") == "delete":
                result.pop(element["name"], None)
            else:
                result[element["name"]] = merge(result.get(element["name"], {}), element, True)
        return list(result.values())
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if strategic and name.startswith("$"):
            continue
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value, strategic)
    return result


def json_patch(document, operations):
    document = copy.deepcopy(document)
    for operation in operations:
        names = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        parent = document
        try:
            for name in names[:-1]:
                parent = parent[int(name)] if isinstance(parent, list) else parent[name]
            last, word = names[-1], operation["op"]
            if isinstance(parent, list):
                index = len(parent) if last == "-" else int(last)
                if word == "add":
                    parent.insert(index, operation["value"])
                elif word == "remove":
                    del parent[index]
                elif word == "replace":
                    parent[index] = operation["value"]
                elif parent[index] != operation["value"]:
                    raise ValueError("test failed")
            elif word in ("add", "replace"):
                if word == "replace" and last not in parent:
                    raise KeyError(last)
                parent[last] = operation["value"]
            elif word == "remove":
                del parent[last]
            elif word == "test" and parent.get(last) != operation["value"]:
                raise ValueError("test failed")
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Failure(422, "Invalid", f"the server rejected our request due to an error in our request: {error}") from None
    return document


def keyed(value):
    return isinstance(value, list) and bool(value) and all(isinstance(element, dict) and "name" in element for element in value)


UNOWNED = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace"), ("metadata", "uid"), ("metadata", "generation"),
           ("metadata", "resourceVersion"), ("metadata", "creationTimestamp"), ("metadata", "managedFields")}


def leaves(value, path=()):
    """Every field that somebody can own, with its value: {path: value}. An element of a list with names is a step `k:name`."""
    if path in UNOWNED:
        return {}
    if isinstance(value, dict) and value:
        steps = value.items()
    elif keyed(value):
        steps = [(f"k:{element['name']}", element) for element in value]
    else:
        return {path: value}
    found = {}
    for name, inner in steps:
        found.update(leaves(inner, path + (name,)))
    return found


def fields_v1(paths):
    tree = {}
    for path in sorted(paths):
        node = tree
        for step in path:
            key = f"k:{json.dumps({'name': step[2:]}, separators=(',', ':'))}" if step.startswith("k:") else f"f:{step}"
            node = node.setdefault(key, {})
    return tree


def shown(path):
    return "".join(f'[name="{step[2:]}"]' if step.startswith("k:") else f".{step}" for step in path)


def remove(document, path):
    if len(path) == 1:
        if isinstance(document, dict):
            document.pop(path[0], None)
        elif isinstance(document, list):
            document[:] = [element for element in document if element.get("name") != path[0][2:]]
        return
    if isinstance(document, list):
        inner = next((element for element in document if element.get("name") == path[0][2:]), None)
    else:
        inner = document.get(path[0]) if isinstance(document, dict) else None
    if inner is None:
        return
    remove(inner, path[1:])
    if isinstance(inner, (dict, list)) and (not inner or path[0].startswith("k:") and set(inner) <= {"name"}):
        remove(document, path[:1])


class Store:
    """Objects, their versions, and what happened to them."""

    def __init__(self):
        self.version, self.oldest = 1000, 1000
        self.objects = {}    # (group, version, resource) → {(namespace, name): object}
        self.owners = {}     # (kind's path, namespace, name) → {manager: [operation, time, paths]}
        self.history = []    # (version, kind's path, type, object, object before)
        self.snapshots = {}
        self.changed = asyncio.Condition()

    def of(self, where):
        return self.objects.setdefault(where, {})

    async def record(self, where, key, kind, obj, before):
        self.version += 1
        if kind == "DELETED":
            obj = copy.deepcopy(obj)
        obj["metadata"]["resourceVersion"] = str(self.version)
        if kind == "DELETED":
            self.of(where).pop(key, None)
            self.owners.pop((where, *key), None)
        else:
            obj["metadata"]["managedFields"] = [
                {"manager": manager, "operation": operation, "apiVersion": obj["apiVersion"], "time": at, "fieldsType": "FieldsV1",
                 "fieldsV1": fields_v1(paths)}
                for manager, (operation, at, paths) in self.owners.get((where, *key), {}).items() if paths]
            self.of(where)[key] = obj
        self.history.append((self.version, where, kind, copy.deepcopy(obj), before))
        async with self.changed:
            self.changed.notify_all()
        return obj

    def compact(self):
        self.oldest = self.version
        self.history.clear()
        self.snapshots.clear()

    def own(self, where, key, manager, operation, paths, replace=False):
        """`replace`: the paths are all that this manager owns now."""
        owners = self.owners.setdefault((where, *key), {})
        entry = owners.get(manager)
        if entry is None or entry[0] != operation:
            entry = owners[manager] = [operation, seconds_now(), set()]
        entry[1] = seconds_now()
        entry[2] = set(paths) if replace else entry[2] | set(paths)


class API:
    def __init__(self, tokens, needs_token):
        self.store = Store()
        self.tokens, self.needs_token = set(tokens), needs_token
        self.faults, self.requests, self.execs = [], [], []
        self.bookmarks_every, self.bookmark_now = 1.0, 0
        self.under_way = {}  # id → (request, answer)

    # Every request

    async def handle(self, request, answer):
        if request.path.startswith("/_control/"):
            return await self.control(request, answer)
        entry = {"id": len(self.requests), "method": request.method, "path": request.path, "query": request.query_text,
                 "protocol": request.protocol, "user": None, "status": None, "ended": None}
        self.requests.append(entry)
        self.under_way[entry["id"]] = request, answer
        try:
            fault = next((f for f in self.faults if re.search(f["path"], request.path)
                          and f.get("method", request.method) == request.method), None)
            if fault:
                fault["times"] -= 1
                if fault["times"] <= 0:
                    self.faults.remove(fault)
                answer = await self.apply_fault(fault, request, answer)
            entry["user"] = self.authenticate(request)
            await self.route(request, answer)
            entry["ended"] = "gone" if request.gone.is_set() else "complete"
        except Failure as failure:
            await self.tell(answer, failure)
            entry["ended"] = "complete"
        except (Gone, ConnectionError, OSError):
            entry["ended"] = entry["ended"] or "gone"
            raise Gone from None
        finally:
            entry["status"] = getattr(answer, "status", None)
            if entry["ended"] is None:
                entry["ended"] = "gone"
            self.under_way.pop(entry["id"], None)

    async def tell(self, answer, failure):
        if answer.started:
            return
        body = json.dumps(failure.status).encode()
        await answer.start(failure.code, {"content-type": "application/json", **failure.headers}, len(body))
        await answer.write(body)

    async def apply_fault(self, fault, request, answer):
        if "delay" in fault:
            await asyncio.sleep(fault["delay"])
        if fault.get("hang"):
            await request.gone.wait()
            raise Gone
        if "status" in fault:
            headers = {"retry-after": str(fault["retryAfter"])} if "retryAfter" in fault else {}
            reason = fault.get("reason", {429: "TooManyRequests", 500: "InternalError", 503: "ServiceUnavailable", 410: "Expired",
                                          403: "Forbidden"}.get(fault["status"], "Unknown"))
            raise Failure(fault["status"], reason, "injected", headers=headers)
        if "cut" in fault or "rate" in fault:
            return Faulty(answer, fault)
        return answer

    def authenticate(self, request):
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if token in self.tokens:
                return "token:" + token[-4:]
        elif request.common_name:
            return "cert:" + request.common_name
        elif not self.needs_token:
            return "anonymous"
        raise Failure(401, "Unauthorized", "Unauthorized")

    async def json(self, answer, value, status=200, content_type="application/json"):
        body = json.dumps(value).encode()
        await answer.start(status, {"content-type": content_type}, len(body))
        await answer.write(body)

    # Controls

    async def control(self, request, answer):
        word = request.path.removeprefix("/_control/")
        wish = json.loads(request.body or b"{}")
        result = {}
        if word == "tokens":
            self.tokens = set(wish["valid"])
        elif word == "fault":
            if wish.get("clear"):
                self.faults.clear()
            else:
                self.faults.append({"times": 1, **wish})
        elif word == "compact":
            self.store.compact()
        elif word == "bookmarks":
            self.bookmarks_every = wish["every"]
        elif word == "send-bookmarks":
            self.bookmark_now += 1
            async with self.store.changed:
                self.store.changed.notify_all()
        elif word == "cut":
            for number, (victim, its_answer) in list(self.under_way.items()):
                if re.search(wish.get("path", ""), victim.path):
                    self.requests[number]["ended"] = "cut"
                    its_answer.cut()
        elif word == "objects":
            where = ("", "v1", "configmaps")
            for n in range(wish["count"]):
                key = (wish["namespace"], f"bulk-{n:05d}")
                obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": key[1], "namespace": key[0]},
                       "data": {"payload": "x" * wish.get("size", 100)}}
                await self.create(where, key, obj, "control")
        elif word == "requests":
            result = self.requests
        elif word == "execs":
            result = self.execs
        elif word == "now":
            result = {"resourceVersion": str(self.store.version), "open": len(self.under_way)}
        else:
            return await self.json(answer, {"error": "no such control"}, 404)
        await self.json(answer, result)

    # Paths

    async def route(self, request, answer):
        parts = request.path.strip("/").split("/")
        if request.method in ("GET", "HEAD"):
            if document := self.discovery(request.path.rstrip("/") or "/"):
                return await self.json(answer, document)
            if parts[0] in ("livez", "readyz", "healthz"):
                await answer.start(200, {"content-type": "text/plain"}, 2)
                return await answer.write(b"ok")
        if parts[0] == "api" and len(parts) > 2:
            group, version, rest = "", parts[1], parts[2:]
        elif parts[0] == "apis" and len(parts) > 3:
            group, version, rest = parts[1], parts[2], parts[3:]
        else:
            raise Failure(404, "NotFound", "the server could not find the requested resource")
        namespace = ""
        if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
            namespace, rest = rest[1], rest[2:]
        resource, name, sub = rest[0], rest[1] if len(rest) > 1 else None, rest[2] if len(rest) > 2 else None
        where = (group, version, resource)
        if where not in BY_PATH or len(rest) > 3:
            raise Failure(404, "NotFound", "the server could not find the requested resource")
        if name is None:
            if request.method == "GET":
                if request.flag("watch"):
                    return await self.watch(where, namespace, request, answer)
                return await self.list(where, namespace, request, answer)
            if request.method == "POST":
                return await self.post(where, namespace, request, answer)
            if request.method == "DELETE":
                return await self.delete_all(where, namespace, request, answer)
            raise Failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
        key = (namespace, name)
        if sub in ("log", "exec", "attach", "portforward") and resource == "pods":
            pod = self.find(where, key)
            return await {"log": self.log, "exec": self.exec, "attach": self.attach, "portforward": self.port_forward}[sub](
                pod, request, answer)
        if sub not in (None, "status", "scale"):
            raise Failure(404, "NotFound", "the server could not find the requested resource")
        method = request.method
        if method == "GET":
            obj = self.find(where, key)
            if self.wants_table(request):
                return await self.json(answer, self.table(where, [obj], {"resourceVersion": obj["metadata"]["resourceVersion"]}))
            return await self.json(answer, obj)
        if method == "PUT":
            return await self.put(where, key, sub, request, answer)
        if method == "PATCH":
            return await self.patch(where, key, sub, request, answer)
        if method == "DELETE":
            return await self.delete(where, key, request, answer)
        raise Failure(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")

    def discovery(self, path):
        groups = {}
        for group, version, *_ in RESOURCES:
            groups.setdefault(group, version)

        def described(group):
            version = {"groupVersion": f"{group}/{groups[group]}", "version": groups[group]}
            return {"name": group, "versions": [version], "preferredVersion": version}
        if path == "/version":
            return {"major": "1", "minor": "32", "gitVersion": "v1.32.0-fake", "platform": "linux/amd64"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"],
                    "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}]}
        if path == "/apis":
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [described(group) for group in groups if group]}
        if path.startswith("/apis/") and path.count("/") == 2 and (group := path.split("/")[2]) in groups:
            return {"kind": "APIGroup", "apiVersion": "v1", **described(group)}
        for group, version in groups.items():
            if path == ("/apis/" + group if group else "/api") + "/" + version:
                entries = []
                for g, v, resource, kind, namespaced, short in RESOURCES:
                    if g == group:
                        common = {"kind": kind, "namespaced": namespaced, "singularName": kind.lower()}
                        entries.append({"name": resource, "verbs": VERBS, "shortNames": short, **common})
                        entries.append({"name": resource + "/status", "verbs": ["get", "patch", "update"], **common})
                        if resource == "pods":
                            entries += [{"name": "pods/log", "verbs": ["get"], **common}]
                            entries += [{"name": f"pods/{sub}", "verbs": ["create", "get"], "namespaced": True, "singularName": "",
                                         "kind": options} for sub, options in (("exec", "PodExecOptions"), ("attach", "PodAttachOptions"),
                                                                               ("portforward", "PodPortForwardOptions"))]
                return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api_version(group, version), "resources": entries}
            schema = "apis/" + group if group else "api"
            if path == f"/openapi/v3/{schema}/{version}":
                return self.openapi(group, version, f"/{schema}/{version}")
        if path == "/openapi/v3":
            names = [("apis/" + group if group else "api") + "/" + version for group, version in groups.items()]
            return {"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}?hash=1"} for name in names}}
        return None

    def openapi(self, group, version, base):
        """Enough for kubectl to see that the server validates fields itself."""
        paths = {}
        for g, v, resource, kind, namespaced, _ in RESOURCES:
            if g != group:
                continue
            operation = {"parameters": [{"name": name, "in": "query", "schema": {"type": "string"}}
                                        for name in ("fieldValidation", "fieldManager", "dryRun")],
                         "responses": {"200": {"description": "OK"}},
                         "x-kubernetes-group-version-kind": {"group": g, "version": v, "kind": kind}}
            scope = "/namespaces/{namespace}" if namespaced else ""
            paths[f"{base}{scope}/{resource}/{{name}}"] = {"patch": {**operation, "x-kubernetes-action": "patch"},
                                                           "put": {**operation, "x-kubernetes-action": "put"}}
            paths[f"{base}{scope}/{resource}"] = {"post": {**operation, "x-kubernetes-action": "post"}}
        return {"openapi": "3.0.0", "info": {"title": "fake", "version": "1"}, "paths": paths, "components": {"schemas": {}}}

    # Reading

    def find(self, where, key):
        obj = self.store.of(where).get(key)
        if obj is None:
            raise Failure(404, "NotFound", f'{where[2]}{"." + where[0] if where[0] else ""} "{key[1]}" not found',
                          {"name": key[1], "group": where[0], "kind": where[2]})
        return obj

    def selected(self, request):
        by_label, by_field = label_test(request.get("labelSelector")), field_test(request.get("fieldSelector"))
        return lambda obj: by_label(obj) and by_field(obj)

    def wants_table(self, request):
        return "as=Table" in request.headers.get("accept", "").split(",")[0]

    def table(self, where, objects, metadata):
        rows = [{"cells": [o["metadata"]["name"], o["metadata"].get("creationTimestamp", "")],
                 "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]}} for o in objects]
        columns = [{"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0},
                   {"name": "Created", "type": "string", "format": "", "description": "", "priority": 0}]
        return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": columns, "rows": rows}

    async def list(self, where, namespace, request, answer):
        store, limit, token = self.store, int(request.get("limit") or 0), request.get("continue")
        matches = self.selected(request)
        if token:
            try:
                version, after = json.loads(base64.urlsafe_b64decode(token))
            except ValueError:
                raise Failure(400, "BadRequest", "continue key is not valid") from None
            if (version, where) not in store.snapshots:
                fresh = base64.urlsafe_b64encode(json.dumps([store.version, after]).encode()).decode()
                raise expired("The provided continue parameter is too old to display a consistent list result.", **{"continue": fresh})
            everything = store.snapshots[version, where]
        else:
            version, after = store.version, None
            wanted = request.get("resourceVersion")
            if wanted and request.get("resourceVersionMatch") == "Exact" and int(wanted) < store.oldest:
                raise expired()
            everything = sorted(store.of(where).items())
        chosen = [(key, obj) for key, obj in everything
                  if (not namespace or key[0] == namespace) and matches(obj) and (after is None or list(key) > after)]
        metadata = {"resourceVersion": str(version)}
        if limit and len(chosen) > limit:
            # Objects are replaced, never changed in place: a shallow copy is a snapshot.
            store.snapshots[version, where] = everything
            metadata["continue"] = base64.urlsafe_b64encode(json.dumps([version, list(chosen[limit - 1][0])]).encode()).decode()
            metadata["remainingItemCount"] = len(chosen) - limit
            chosen = chosen[:limit]
        objects = [obj for _, obj in chosen]
        if self.wants_table(request):
            return await self.json(answer, self.table(where, objects, metadata))
        kind = BY_PATH[where][3]
        partial = "as=PartialObjectMetadataList" in request.headers.get("accept", "").split(",")[0]
        if partial:
            objects = [{"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": o["metadata"]} for o in objects]
        head = {"kind": "PartialObjectMetadataList" if partial else kind + "List",
                "apiVersion": "meta.k8s.io/v1" if partial else api_version(*where[:2]), "metadata": metadata}
        await answer.start(200, {"content-type": "application/json"})
        await answer.write(json.dumps(head)[:-1].encode() + b',"items":[')
        for at in range(0, len(objects), 50):
            text = ",".join(json.dumps({k: v for k, v in o.items() if partial or k not in ("kind", "apiVersion")})
                            for o in objects[at:at + 50])
            await answer.write(("," if at else "").encode() + text.encode())
        await answer.write(b"]}\n")

    async def watch(self, where, namespace, request, answer):
        store, matches = self.store, self.selected(request)
        bookmarks = request.flag("allowWatchBookmarks")
        wanted = request.get("resourceVersion")
        end = time.monotonic() + float(request.get("timeoutSeconds") or 1800)
        as_table = self.wants_table(request)
        first_table = True

        async def send(kind, obj):
            nonlocal first_table
            if as_table and kind not in ("ERROR",):
                obj = self.table(where, [] if kind == "BOOKMARK" else [obj], obj["metadata"])
                if not first_table:
                    obj.pop("columnDefinitions")
                first_table = False
            await answer.write(json.dumps({"type": kind, "object": obj}).encode() + b"\n")

        def bookmark(annotations=None):
            metadata = {"resourceVersion": str(seen), "creationTimestamp": None}
            if annotations:
                metadata["annotations"] = annotations
            return {"kind": BY_PATH[where][3], "apiVersion": api_version(*where[:2]), "metadata": metadata}
        visible = lambda obj: (not namespace or obj["metadata"].get("namespace") == namespace) and matches(obj)
        await answer.start(200, {"content-type": "application/json"})
        if wanted in (None, "", "0") or request.flag("sendInitialEvents"):
            seen = store.version
            for _, obj in sorted(store.of(where).items()):
                if visible(obj):
                    await send("ADDED", obj)
            if request.flag("sendInitialEvents") and bookmarks:
                await send("BOOKMARK", bookmark({"k8s.io/initial-events-end": "true"}))
        else:
            seen = int(wanted)
        next_bookmark, told = time.monotonic() + self.bookmarks_every, self.bookmark_now
        while not request.gone.is_set():
            if seen < store.oldest and seen < store.version:
                return await send("ERROR", expired().status)
            low = next((i for i in range(len(store.history) - 1, -1, -1) if store.history[i][0] <= seen), -1) + 1
            for version, place, kind, obj, before in store.history[low:]:
                seen = version
                if place != where:
                    continue
                was, now = before is not None and visible(before), kind != "DELETED" and visible(obj)
                if now:
                    await send("MODIFIED" if was else "ADDED", obj)
                elif was:
                    await send("DELETED", obj)
            clock = time.monotonic()
            if clock >= end:
                if bookmarks:
                    await send("BOOKMARK", bookmark())
                return
            if bookmarks and (clock >= next_bookmark or told != self.bookmark_now):
                await send("BOOKMARK", bookmark())
                next_bookmark, told = clock + self.bookmarks_every, self.bookmark_now
            if store.history and store.history[-1][0] > seen:
                continue

            async def changed():
                async with store.changed:
                    await store.changed.wait()
            pause = min(end, next_bookmark if bookmarks else end) - time.monotonic()
            await first_of(changed(), request.gone.wait(), asyncio.sleep(max(0, min(pause, 60))))

    # Writing

    def body(self, request):
        try:
            value = json.loads(request.body)
        except ValueError:
            try:
                value = yaml.safe_load(request.body)
            except yaml.YAMLError:
                raise Failure(400, "BadRequest", "the body of the request was in an unknown format") from None
        if not isinstance(value, (dict, list)):
            raise Failure(400, "BadRequest", "the object provided is unrecognized")
        return value

    def manager(self, request):
        return request.get("fieldManager") or request.headers.get("user-agent", "unknown").split("/")[0]

    def check(self, where, key, obj):
        group, version, _, kind, namespaced, _ = BY_PATH[where]
        problems = []
        if obj.get("kind") not in (None, kind) or obj.get("apiVersion") not in (None, api_version(group, version)):
            raise Failure(400, "BadRequest", f"{obj.get('kind')} in version \"{obj.get('apiVersion')}\" cannot be handled as a {kind}")
        metadata = obj.setdefault("metadata", {})
        if metadata.get("name") not in (None, key[1]):
            raise Failure(400, "BadRequest", f"the name of the object ({metadata['name']}) does not match the name on the URL ({key[1]})")
        if metadata.get("namespace") not in (None, key[0]):
            raise Failure(400, "BadRequest", "the namespace of the object does not match the namespace on the request")
        if not re.fullmatch(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", key[1] or ""):
            problems.append(("metadata.name", f'Invalid value: "{key[1]}": must be a lowercase RFC 1123 name'))
        if kind == "ConfigMap" and any(not isinstance(v, str) for v in (obj.get("data") or {}).values()):
            problems.append(("data", "Invalid value: must be a map of strings"))
        if kind in ("Deployment", "StatefulSet") and (obj.get("spec") or {}).get("replicas", 1) < 0:
            problems.append(("spec.replicas", "Invalid value: must be greater than or equal to 0"))
        if problems:
            raise Failure(422, "Invalid", f'{kind} "{key[1]}" is invalid: {problems[0][0]}: {problems[0][1]}',
                          {"name": key[1], "group": group, "kind": kind,
                           "causes": [{"reason": "FieldValueInvalid", "message": m, "field": f} for f, m in problems]})
        obj["kind"], obj["apiVersion"] = kind, api_version(group, version)
        metadata["name"] = key[1]
        if key[0]:
            metadata["namespace"] = key[0]
            if ("", key[0]) not in self.store.of(("", "v1", "namespaces")):
                raise Failure(404, "NotFound", f'namespaces "{key[0]}" not found', {"name": key[0], "kind": "namespaces"})

    async def post(self, where, namespace, request, answer):
        obj = self.body(request)
        metadata = obj.setdefault("metadata", {})
        if not metadata.get("name") and metadata.get("generateName"):
            metadata["name"] = metadata["generateName"] + uuid.uuid4().hex[:5]
        key = (namespace, metadata.get("name"))
        self.check(where, key, obj)
        if key in self.store.of(where):
            raise Failure(409, "AlreadyExists", f'{where[2]} "{key[1]}" already exists', {"name": key[1], "group": where[0], "kind": where[2]})
        if request.get("dryRun") == "All":
            return await self.json(answer, obj, 201)
        await self.json(answer, await self.create(where, key, obj, self.manager(request)), 201)

    async def create(self, where, key, obj, manager, operation="Update"):
        obj["metadata"].update(uid=str(uuid.uuid4()), creationTimestamp=seconds_now(), generation=1)
        obj["metadata"].pop("managedFields", None)
        self.store.own(where, key, manager, operation, leaves(obj))
        if where[2] == "pods":
            containers = obj.setdefault("spec", {}).setdefault("containers", [{"name": "main", "image": "fake"}])
            obj["metadata"].setdefault("annotations", {}).setdefault("fake/started", str(time.time_ns()))
            running = {"running": {"startedAt": seconds_now()}}
            obj["spec"].setdefault("nodeName", "fake-node")
            obj["status"] = {"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}],
                             "containerStatuses": [{"name": c["name"], "ready": True, "started": True, "restartCount": 0, "state": running,
                                                    "image": c.get("image", ""), "imageID": "", "containerID": "fake://1"}
                                                   for c in containers]}
        if where[2] == "namespaces":
            obj["status"] = {"phase": "Active"}
        return await self.store.record(where, key, "ADDED", obj, None)

    async def change(self, where, key, old, new, manager, operation="Update", paths=None):
        """Replaces an object. `paths`: all that an applier owns now."""
        for name in ("uid", "creationTimestamp", "generation", "namespace", "name"):
            if name in old["metadata"]:
                new["metadata"][name] = old["metadata"][name]
        had, has = leaves(old), leaves(new)
        altered = {path for path, value in has.items() if path not in had or had[path] != value}
        owners = self.store.owners.setdefault((where, *key), {})
        if paths is not None:
            fresh = owners.get(manager, [None, None, set()])[2] != set(paths)
            self.store.own(where, key, manager, "Apply", paths, replace=True) if fresh else None
        else:
            fresh = False
            if altered:
                self.store.own(where, key, manager, operation, altered)
        for other, entry in owners.items():
            if other != manager and altered & entry[2]:
                entry[2] -= altered
            entry[2] &= set(has)
        if had == has and not fresh:
            return old
        if old.get("spec") != new.get("spec"):
            new["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
        return await self.store.record(where, key, "MODIFIED", new, copy.deepcopy(old))

    def check_version(self, where, key, old, new):
        wanted = new["metadata"].get("resourceVersion")
        if wanted and wanted != old["metadata"]["resourceVersion"]:
            raise Failure(409, "Conflict", f'Operation cannot be fulfilled on {where[2]} "{key[1]}": the object has been modified; please '
                          "apply your changes to the latest version and try again", {"name": key[1], "group": where[0], "kind": where[2]})

    async def put(self, where, key, sub, request, answer):
        new = self.body(request)
        self.check(where, key, new)
        old = self.find(where, key)
        self.check_version(where, key, old, new)
        if sub == "status":
            new = {**copy.deepcopy(old), "status": new.get("status", {})}
        elif "status" in old:
            new["status"] = old["status"]
        if request.get("dryRun") == "All":
            return await self.json(answer, new)
        await self.json(answer, await self.change(where, key, old, new, self.manager(request)))

    async def patch(self, where, key, sub, request, answer):
        kind, wish = request.headers.get("content-type", "").split(";")[0], self.body(request)
        if kind == "application/apply-patch+yaml":
            return await self.apply(where, key, wish, request, answer)
        old = self.find(where, key)
        if kind == "application/json-patch+json":
            new = json_patch(old, wish)
        elif kind == "application/merge-patch+json":
            new = merge(old, wish)
        elif kind == "application/strategic-merge-patch+json":
            new = merge(old, wish, True)
        else:
            raise Failure(415, "UnsupportedMediaType", "the body of the request was in an unknown format - accepted media types include: "
                          "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml")
        new = copy.deepcopy(new)
        if sub == "status":
            new = {**copy.deepcopy(old), "status": new.get("status", {})}
        self.check(where, key, new)
        if isinstance(wish, dict):
            self.check_version(where, key, old, {"metadata": wish.get("metadata") or {}})
        if request.get("dryRun") == "All":
            return await self.json(answer, new)
        await self.json(answer, await self.change(where, key, old, new, self.manager(request)))

    async def apply(self, where, key, intent, request, answer):
        manager = request.get("fieldManager")
        if not manager:
            raise Failure(422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
        if not isinstance(intent, dict) or not intent.get("apiVersion") or not intent.get("kind"):
            raise Failure(400, "BadRequest", "invalid object type: apiVersion and kind are required")
        if (intent.get("metadata") or {}).get("managedFields"):
            raise Failure(400, "BadRequest", "metadata.managedFields must be nil")
        self.check(where, key, intent)
        wanted, store = leaves(intent), self.store
        if key not in store.of(where):
            if request.get("dryRun") == "All":
                return await self.json(answer, intent, 201)
            return await self.json(answer, await self.create(where, key, copy.deepcopy(intent), manager, "Apply"), 201)
        old = self.find(where, key)
        self.check_version(where, key, old, intent)
        had, owners = leaves(old), store.owners.get((where, *key), {})
        causes = []
        for other, (operation, at, paths) in owners.items():
            if other == manager and operation == "Apply":
                continue
            for path in sorted(paths & set(wanted)):
                if had.get(path) != wanted[path]:
                    causes.append({"reason": "FieldManagerConflict", "field": shown(path),
                                   "message": f'conflict with "{other}"' + (f" using {old['apiVersion']}" if operation == "Update" else "")})
        if causes and not request.flag("force"):
            raise Failure(409, "Conflict", f"Apply failed with {len(causes)} conflict{'s' if len(causes) > 1 else ''}: "
                          + "; ".join(f"{cause['message']}: {cause['field']}" for cause in causes), {"causes": causes})
        new = merge(copy.deepcopy(old), copy.deepcopy(intent), True)
        new["metadata"].pop("managedFields", None)
        mine = owners.get(manager, ["Apply", "", set()])
        if mine[0] == "Apply":
            for path in mine[2] - set(wanted):
                if not any(path in paths for other, (_, _, paths) in owners.items() if other != manager):
                    remove(new, path)
        if request.get("dryRun") == "All":
            return await self.json(answer, new)
        await self.json(answer, await self.change(where, key, old, new, manager, "Apply", set(wanted)))

    async def delete(self, where, key, request, answer):
        old = self.find(where, key)
        options = self.body(request) if request.body else {}
        conditions = options.get("preconditions") or {}
        for name in ("uid", "resourceVersion"):
            if conditions.get(name) not in (None, old["metadata"][name]):
                raise Failure(409, "Conflict", f'Operation cannot be fulfilled on {where[2]} "{key[1]}": Precondition failed: {name}')
        if request.get("dryRun") != "All":
            await self.store.record(where, key, "DELETED", old, copy.deepcopy(old))
        await self.json(answer, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": {
            "name": key[1], "group": where[0], "kind": where[2], "uid": old["metadata"]["uid"]}})

    async def delete_all(self, where, namespace, request, answer):
        matches = self.selected(request)
        chosen = [(key, obj) for key, obj in sorted(self.store.of(where).items())
                  if (not namespace or key[0] == namespace) and matches(obj)]
        for key, obj in chosen:
            await self.store.record(where, key, "DELETED", obj, copy.deepcopy(obj))
        await self.json(answer, {"kind": BY_PATH[where][3] + "List", "apiVersion": api_version(*where[:2]),
                                 "metadata": {"resourceVersion": str(self.store.version)}, "items": [obj for _, obj in chosen]})

    # Logs

    def container(self, pod, request):
        names = [c["name"] for c in pod["spec"]["containers"]]
        name = request.get("container") or (names[0] if len(names) == 1 else None)
        if name not in names:
            raise Failure(400, "BadRequest", f"container {name} is not valid for pod {pod['metadata']['name']}" if name else
                          f"a container name must be specified for pod {pod['metadata']['name']}, choose one of: {names}")
        return name

    async def log(self, pod, request, answer):
        self.container(pod, request)
        if request.flag("previous"):
            raise Failure(400, "BadRequest", f'previous terminated container "main" in pod "{pod["metadata"]["name"]}" not found')
        notes = pod["metadata"].get("annotations") or {}
        rate, size = float(notes.get("fake/log-rate", 0)), int(notes.get("fake/log-size", 32))
        begin, last = int(notes.get("fake/log-start", 3)), int(notes.get("fake/log-lines", 10**15))
        started = int(notes["fake/started"])

        def count():
            grown = int((time.time_ns() - started) * rate / 10**9) if rate else 0
            return min(begin + grown, last)

        def at(n):
            return started + n if n < begin or not rate else started + begin + int((n - begin + 1) * 10**9 / rate)
        since = 0
        if request.get("sinceTime"):
            # The API server passes whole seconds on to the kubelet.
            since = int(datetime.datetime.fromisoformat(request.get("sinceTime").replace("Z", "+00:00")).timestamp()) * 10**9
        elif request.get("sinceSeconds"):
            since = time.time_ns() - int(request.get("sinceSeconds")) * 10**9
        now, position = count(), 0
        low, high = 0, now  # the first line that is not before `since`
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if at(middle) >= since else (middle + 1, high)
        position = low
        if request.get("tailLines") is not None:
            position = max(position, now - int(request.get("tailLines")))
        left = int(request.get("limitBytes") or 10**15)
        stamps, follow = request.flag("timestamps"), request.flag("follow")
        await answer.start(200, {"content-type": "text/plain"})
        while not request.gone.is_set():
            now = count()
            while position < now and left > 0:
                piece = bytearray()
                while position < now and len(piece) < 65536:
                    text = f"line {position} ".encode()
                    text = (moment(at(position)) + " ").encode() * stamps + text + b"x" * max(0, size - len(text) - 1) + b"\n"
                    piece += text
                    position += 1
                await answer.write(bytes(piece[:left]))
                left -= len(piece)
            if not follow or left <= 0 or position >= last or (pod["metadata"]["namespace"], pod["metadata"]["name"]) not in self.store.of(
                    ("", "v1", "pods")):
                return
            await first_of(asyncio.sleep(min(0.02, 1 / rate) if rate else 0.2), request.gone.wait())

    # Exec and attach

    async def open_socket(self, request, answer, spoken):
        if request.headers.get("upgrade", "").lower() != "websocket":
            raise Failure(400, "BadRequest", "Upgrade request required")
        offers = WebSocket.offers(request)
        chosen = next((name for name in spoken if name in offers), None)
        if offers and chosen is None:
            raise Failure(400, "BadRequest", f"unable to negotiate protocol: client supports {offers}, server accepts {spoken}")
        return await WebSocket.accept(request, answer, chosen), chosen

    async def exec(self, pod, request, answer):
        container, command = self.container(pod, request), request.query.get("command", [])
        if not command:
            raise Failure(400, "BadRequest", "you must specify at least 1 command for the container")
        socket, protocol = await self.open_socket(request, answer, ["v5.channel.k8s.io", "v4.channel.k8s.io"])
        entry = {"pod": pod["metadata"]["name"], "container": container, "command": command, "protocol": protocol, "ended": None}
        self.execs.append(entry)
        tty, wants_input = request.flag("tty"), request.flag("stdin")
        leader = follower = None
        try:
            if tty:
                leader, follower = pty.openpty()
                process = await asyncio.create_subprocess_exec(*command, stdin=follower, stdout=follower, stderr=follower,
                                                               start_new_session=True)
                os.close(follower)
            else:
                process = await asyncio.create_subprocess_exec(
                    *command, stdin=asyncio.subprocess.PIPE if wants_input else asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE if request.flag("stdout") else asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.PIPE if request.flag("stderr") else asyncio.subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            entry["ended"] = "not started"
            status = Failure(500, "InternalError", f"error executing command in container: {error}").status
            await socket.send(b"\x03" + json.dumps(status).encode())
            return await socket.close()

        async def copy_out(reader, channel):
            while piece := await reader.read(32768):
                await socket.send(bytes([channel]) + piece)

        async def copy_terminal():
            loop = asyncio.get_running_loop()
            while True:
                try:
                    piece = await loop.run_in_executor(None, os.read, leader, 32768)
                except OSError:
                    return
                if not piece:
                    return
                await socket.send(b"\x01" + piece)

        async def copy_in():
            while (message := await socket.receive()) is not None:
                channel, payload = message[0], message[1:]
                if channel == 0 and tty:
                    os.write(leader, payload)
                elif channel == 0 and process.stdin:
                    process.stdin.write(payload)
                    try:
                        await process.stdin.drain()
                    except OSError:
                        pass
                elif channel == 255 and protocol.startswith("v5") and payload == b"\0" and process.stdin:
                    process.stdin.close()
                elif channel == 4 and tty:
                    size = json.loads(payload)
                    fcntl.ioctl(leader, termios.TIOCSWINSZ, struct.pack("HHHH", size["Height"], size["Width"], 0, 0))
        copies = [asyncio.ensure_future(copy_terminal())] if tty else [
            asyncio.ensure_future(copy_out(stream, channel)) for stream, channel in ((process.stdout, 1), (process.stderr, 2)) if stream]
        incoming = asyncio.ensure_future(copy_in())
        ended = asyncio.ensure_future(self.ended(process, copies))
        await asyncio.wait([incoming, ended], return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            entry["ended"] = "killed"
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            ended.cancel()
        else:
            code = process.returncode if process.returncode >= 0 else 128 - process.returncode
            entry["ended"] = code
            status = {"metadata": {}, "status": "Success"}
            if code:
                status = {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                          "message": f"command terminated with non-zero exit code: exit status {code}",
                          "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}}
            try:
                await socket.send(b"\x03" + json.dumps(status).encode())
                await socket.close()
            except Gone:
                pass
        for task in copies + [incoming]:
            task.cancel()
        await asyncio.gather(*copies, incoming, ended, return_exceptions=True)
        if leader is not None:
            os.close(leader)

    async def ended(self, process, copies):
        await process.wait()
        await asyncio.gather(*copies, return_exceptions=True)

    async def attach(self, pod, request, answer):
        self.container(pod, request)
        socket, protocol = await self.open_socket(request, answer, ["v5.channel.k8s.io", "v4.channel.k8s.io"])
        await socket.send(b"\x01attached\n")
        try:
            while (message := await socket.receive()) is not None:
                if message[0] == 0:
                    await socket.send(b"\x01" + message[1:])
                elif message[:2] == b"\xff\0":
                    await socket.send(b"\x03" + json.dumps({"metadata": {}, "status": "Success"}).encode())
                    return await socket.close()
        except Gone:
            pass

    # Port-forward

    async def port_forward(self, pod, request, answer):
        socket, protocol = await self.open_socket(request, answer, ["SPDY/3.1+portforward.k8s.io", "v4.channel.k8s.io"])
        if protocol and protocol.startswith("SPDY"):
            return await Spdy(socket, self.spdy_stream).run()
        ports = [int(port) for value in request.query.get("ports", []) for port in value.split(",")]
        try:
            for number, port in enumerate(ports):
                for channel in (2 * number, 2 * number + 1):
                    await socket.send(bytes([channel]) + struct.pack("<H", port))
                if port == 1:
                    await socket.send(bytes([2 * number + 1]) + b"error forwarding port 1 to pod: connection refused")
            while (message := await socket.receive()) is not None:
                channel = message[0]
                if channel % 2 == 0 and channel // 2 < len(ports) and ports[channel // 2] != 1:
                    await socket.send(message)
        except Gone:
            pass

    async def spdy_stream(self, spdy, stream):
        kind, port = stream.headers.get("streamtype"), stream.headers.get("port")
        try:
            if kind == "error":
                text = b"error forwarding port 1 to pod: connection refused" if port == "1" else b""
                if text:
                    await spdy.send(stream, text, end=True)
                return
            while (piece := await stream.input.get()) is not None:
                await spdy.send(stream, piece)
            # A connection ends with both of its streams, which say with the same number that they belong together.
            for other in [stream] + [other for other in spdy.streams.values() if other.headers.get("streamtype") == "error"
                                     and other.headers.get("requestid") == stream.headers.get("requestid")]:
                await spdy.send(other, b"", end=True)
        except Gone:
            pass


class Faulty:
    """An answer that is cut after some bytes, or comes slowly."""

    def __init__(self, answer, fault):
        self.answer, self.left, self.rate = answer, fault.get("cut"), fault.get("rate")

    def __getattr__(self, name):
        return getattr(self.answer, name)

    async def write(self, data):
        if self.rate:
            for at in range(0, len(data), max(1, self.rate // 20)):
                await self.answer.write(data[at:at + max(1, self.rate // 20)])
                await asyncio.sleep(0.05)
            return
        await self.answer.write(data[:self.left])
        self.left -= len(data)
        if self.left <= 0:
            self.answer.cut()
            raise Gone


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls")
    parser.add_argument("--client-ca")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", action="append", default=[])
    options = parser.parse_args()
    api = API(options.token, bool(options.token or options.client_ca))
    for namespace in ("default", "kube-system"):
        await api.create(("", "v1", "namespaces"), ("", namespace), {
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": namespace, "labels": {"kubernetes.io/metadata.name": namespace}}}, "kube-apiserver")
    await api.create(("", "v1", "nodes"), ("", "fake-node"), {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "fake-node"}}, "kubelet")
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls + "/server.pem", options.tls + "/server.key")
        context.set_alpn_protocols(["h2", "http/1.1"])
        if options.client_ca:
            context.load_verify_locations(options.client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
    server = await kube_wire.serve(api.handle, "127.0.0.1", options.port, context)
    print("port", server.sockets[0].getsockname()[1], "end", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
