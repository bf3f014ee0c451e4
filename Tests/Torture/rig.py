"""What the scripts of this folder share: a plane of their own with processes that can be killed, its clients, its judges, a report."""

import base64, http.client, json, os, re, shutil, signal, socket, sqlite3, ssl, subprocess, sys, threading, time, urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / ".build" / "torture"
STRANGERS = ROOT / "Tests" / "Strangers"
VENV = Path(os.environ.get("POLDER_STRANGERS", ROOT / ".build" / "strangers"))
NAME = Path(sys.argv[0]).name
TOO_LONG = 300  # seconds; only a plane that is broken needs as many


def with_strangers():
    """Goes on under the interpreter that has grpcio and the other strangers."""
    if Path(sys.prefix).resolve() != VENV.resolve():
        python = VENV / "bin" / "python"
        os.execv(python, [python, *sys.argv])
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        os.environ.pop(name, None)  # the plane's certificates are its own
    sys.path.insert(0, str(STRANGERS))


def say(text):
    print(f"{NAME}: {text}", file=sys.stderr, flush=True)


def stop_with(text):
    say(text)
    sys.exit(1)


def seconds(text):
    match = re.fullmatch(r"(\d+)(s|m|h)?", text)
    if not match:
        raise ValueError("a time like 60s, 10m or 2h")
    return int(match[1]) * {"s": 1, "m": 60, "h": 3600, None: 1}[match[2]]


def wait_until(what, limit, condition):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    stop_with(f"{what}: not within {limit} s")


def is_alive(pid):
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def settings_of(pid):
    """The environment that a process was started with; nothing when it has gone."""
    try:
        parts = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return {}
    return dict(part.decode(errors="replace").split("=", 1) for part in parts if b"=" in part)


class UnixConnection(http.client.HTTPConnection):
    """HTTP over the socket of the runtime."""

    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Plane:
    """`polder up` in a folder; started again after each time that it was killed."""

    def __init__(self, binaries, folder, settings={}):
        self.binaries, self.polder, self.folder = binaries, binaries / "polder", folder
        self.state, self.ready_file = folder / "state", folder / "ready.json"
        self.log, self.settings, self.arguments = folder / "plane.log", settings, []
        self.start()

    def start(self):
        self.ready_file.unlink(missing_ok=True)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [self.polder, "up", "--dir", self.state, "--ports", "auto", "--ready-file", self.ready_file, *self.arguments],
                stdout=log, stderr=log, env=dict(os.environ, **self.settings))
        wait_until("polder up", TOO_LONG, lambda: self.ready() or self.process.poll() is not None)
        if self.process.poll() is not None:
            stop_with(f"polder up ended with {self.process.returncode}; see {self.log}")

    def ready(self):
        """The ready document; None while a process is missing."""
        try:
            return json.loads(self.ready_file.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def ready_or_wait(self):
        return wait_until("the plane is whole", TOO_LONG, self.ready)

    # Processes

    def processes(self):
        """What the supervisor says of its processes; nothing while it does not answer."""
        connection = UnixConnection(self.state / "run" / "runtime.sock")
        try:
            connection.request("GET", "/v1/processes")
            return json.loads(connection.getresponse().read())["processes"]
        except (OSError, http.client.HTTPException, json.JSONDecodeError):
            return []
        finally:
            connection.close()

    def running(self, victim):
        """A process of that program, or of that name."""
        return next((process for process in self.processes() if victim in (process["name"], process["binary"])
                     and process.get("pid") and is_alive(process["pid"])), None)

    def kill(self, victim, how=signal.SIGKILL):
        """Sends a signal to one that runs; `supervisor` is `polder up` itself, which takes everything down."""
        if victim != "supervisor":
            os.kill(wait_until(f"{victim} runs", TOO_LONG, lambda: self.running(victim))["pid"], how)
            return
        children = [process["pid"] for process in self.processes() if process.get("pid")]
        self.process.send_signal(how)
        self.process.wait()
        wait_until("the processes of a dead supervisor end", TOO_LONG, lambda: not any(map(is_alive, children)))
        self.start()

    def is_whole(self, but=()):
        """Whether every process is ready."""
        processes = self.processes()
        return bool(processes) and all(process["status"] == "ready" for process in processes if process["name"] not in but)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    # Metrics

    def metrics(self, url):
        """The text of an admin listener; nothing while it does not answer."""
        context = ssl.create_default_context(cafile=self.state / "tls" / "ca.pem")
        try:
            return urllib.request.urlopen(f"{url}/metrics", context=context, timeout=10).read().decode()
        except (OSError, http.client.HTTPException):
            return ""

    def readings(self, metric, binary=None):
        """The values of a metric of all processes that run: a list for each process's name, empty while it does not answer."""
        return {process["name"]: [float(value) for value in
                                  re.findall(rf"^{metric} (\S+)$", self.metrics(process["adminUrl"]), re.M)]
                for process in self.processes() if binary in (None, process["binary"])}

    def wait_for_quiet(self):
        """Until the decrypters have nothing to do."""
        calm = 0
        end = time.monotonic() + 3 * TOO_LONG
        while calm < 3:
            if time.monotonic() > end:
                stop_with("the decrypters do not come to rest")
            time.sleep(0.3)
            lags = self.readings(r"strm_decrypter_lag_events\{.*\}", "decrypter").values()
            calm = calm + 1 if lags and all(lag and not any(lag) for lag in lags) else 0

    # Clients

    def token(self, stream):
        return subprocess.run([self.polder, "token", stream, "--dir", self.state], check=True, capture_output=True,
                              text=True).stdout.strip()

    def log_in(self):
        """A token of the admin."""
        import login
        document = self.ready_or_wait()
        site, user = document["urls"]["authPlain"], document["adminUser"]
        tool = login.Tool(site, document["caFile"])
        password = Path(user["passwordFile"]).read_text().strip()
        code = tool.log_in(login.Browser(site, document["caFile"]), user["email"], password)["code"]
        return login.tokens(tool.exchange(code))["access_token"]

    def api(self, token):
        import api
        return api.Api(self.ready_or_wait()["urls"]["apiPlain"].removeprefix("http://"), token)


class Events:
    """A producer of one stream: sends again until it gets a 204, and knows how often it did."""

    def __init__(self, plane, token):
        self.url, self.token, self.accepted, self.unsure = plane.ready_or_wait()["urls"]["events"], token, 0, 0
        self.context = ssl.create_default_context(cafile=plane.state / "tls" / "ca.pem")

    def send(self, number=0, limit=TOO_LONG):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            request = urllib.request.Request(self.url, datum(number), {
                "authorization": f"Bearer {self.token}", "strm-schema-ref": CONTRACT, "content-type": "application/octet-stream"})
            try:
                if urllib.request.urlopen(request, context=self.context, timeout=30).status == 204:
                    self.accepted += 1
                    return
            except urllib.error.HTTPError as error:
                last = f"{error.code} {error.read().decode(errors='replace')}"
                error.close()
            except (OSError, http.client.HTTPException) as error:
                last = str(error)
                if not isinstance(getattr(error, "reason", error), ConnectionRefusedError):
                    self.unsure += 1  # it may have arrived
            time.sleep(0.05)
        stop_with(f"an event is not accepted within {limit} s: {last}")


CONTRACT = "strmprivacy/example/1.5.0"


def datum(number):
    """An event of that contract with purposes 0 to 3, in Avro."""
    def text(value):
        return bytes([len(value.encode()) << 1]) + value.encode()
    return (text(CONTRACT) + bytes(4) + bytes([8, 0, 2, 4, 6, 0]) + b"\2" + text(f"unique-{number}") +
            text(f"session-{number}") + b"\2" + text(f"sensitive-{number}") + b"\2" + text(f"probe-{number}"))


class Storm:
    """`bench storm`: numbered events into one stream, at a steady rate, until it is ended."""

    def __init__(self, plane, stream, token, rate, people, limit):
        self.plane, self.stream, self.people = plane, stream, people
        self.missing, self.end_file = plane.folder / f"{stream}.unacknowledged", plane.folder / f"{stream}.end"
        document, target = plane.ready_or_wait(), plane.folder / f"{stream}.target"
        target.write_text(f"{document['urls']['events']}\n{token}\n")
        self.process = subprocess.Popen(
            [plane.binaries / "bench", "storm", "--target", target, "--ca", document["caFile"], "--count", str(rate * limit),
             "--rate", str(rate), "--people", str(people), "--connections", "2", "--streams", "32",
             "--unacknowledged", self.missing, "--until", self.end_file],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def finish(self):
        """Ends it, and answers what it says."""
        if self.process.poll() is not None:
            stop_with(f"the storm into {self.stream} ended too early: {self.process.communicate()[1]}")
        self.end_file.touch()
        output, errors = self.process.communicate(timeout=TOO_LONG)
        if self.process.returncode != 0:
            stop_with(f"the storm into {self.stream} failed: {errors}")
        sent = json.loads(output)
        sent["complaint"] = errors.strip() if sent["refused"] else ""
        return sent

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()


def judge(plane, count, people, unacknowledged, stream="demo", streams=None):
    """What other people's decoders say of the events 0 ..< count of a stream and of what was derived from it.

    `streams` takes the place of those in the ready file: name, derivedFrom, purposes.
    """
    facts = plane.ready_file
    if streams is not None:
        facts = plane.folder / f"{stream}.facts"
        facts.write_text(json.dumps({"dir": str(plane.state), "streams": streams}))
    run = subprocess.run(
        [VENV / "bin" / "python", STRANGERS / "judge.py", facts, plane.polder, str(count), str(people), unacknowledged, stream],
        capture_output=True, text=True)
    if run.returncode != 0:
        stop_with(f"the judge failed: {run.stderr}")
    return json.loads(run.stdout)


def rows(database, query, *values):
    """What a database of the plane says; opened for reading only."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


def stored(plane, topic):
    """How many events a topic holds; none before it is there."""
    database = plane.state / "topics" / topic / "log.db"
    if not database.exists() or not rows(database, "SELECT name FROM sqlite_master WHERE name = 'batch'"):
        return 0
    return rows(database, "SELECT coalesce(sum(count), 0) FROM batch")[0][0]


def usage(plane):
    """The counts that the control plane has stored: events by stream."""
    return dict(rows(plane.state / "control" / "state.db", "SELECT stream, sum(count) FROM usage_counts GROUP BY stream"))


def new_folder():
    """A folder for one run."""
    OUT.mkdir(parents=True, exist_ok=True)
    folder = OUT / f"{NAME}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def verdict(report, faults):
    """Writes and prints the report; ends with 0 when all is well."""
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    whole = {"commit": commit.stdout.strip() or "unknown", **report, "faults": faults}
    (OUT / f"{NAME}.json").write_text(json.dumps(whole, indent=2) + "\n")
    print(json.dumps(whole))
    say("all is well" if not faults else f"{len(faults)} faults: {faults[:20]}")
    sys.exit(1 if faults else 0)
