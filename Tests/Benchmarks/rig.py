"""What the benchmarks and the attacks share: a plane of their own, and what the kernel says about its processes."""

import json, os, re, signal, socket, subprocess, sys, time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
SCHEMA_REF = "strmprivacy/example/1.5.0"
SERVER_CORE, LOAD_CORE = "0", str(min(1, (os.cpu_count() or 1) - 1))
# Where the binaries are; the tests say it, because theirs may be a debug build.
BIN = Path(os.environ.get("POLDER_BINARIES", ROOT / ".build" / "release"))


def say(text):
    print(text, file=sys.stderr, flush=True)


def stop_with(text):
    say(f"{Path(sys.argv[0]).name}: {text}")
    sys.exit(1)


def cpu_seconds(pid):
    """utime + stime of all threads, also of those that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def status_kib(pid, name):
    return int(re.search(rf"^{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M).group(1))


def on_core(core, command):
    return ([] if core is None else ["taskset", "-c", core]) + [str(part) for part in command]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(what, seconds, condition):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    stop_with(f"{what}: not within {seconds} s")


class Plane:
    """A plane of its own: `polder up`, on core 1 when `core` says so; `settings` go to its services."""

    def __init__(self, folder, documents, core=None, settings={}, stream="bench"):
        self.dir = folder / "state"
        self.ready = folder / "ready.json"
        plane = folder / "plane"
        plane.mkdir(parents=True, exist_ok=True)
        (plane / "bench.yaml").write_text(documents)
        self.log = open(folder / "plane.log", "ab")
        command = [BIN / "polder", "up", "--dir", self.dir, "--config", plane, "--ports", "auto",
                   "--ready-file", self.ready]
        self.process = subprocess.Popen(
            on_core(core, command), stdout=self.log, stderr=self.log, env=dict(os.environ, **settings))

        def is_ready():
            if self.process.poll() is not None:
                stop_with(f"polder up ended with {self.process.returncode}; see {self.log.name}")
            return self.ready.exists()

        try:
            wait_until("polder up", 60, is_ready)
        except SystemExit:
            self.process.kill()  # its children see that and leave
            raise
        self.facts = json.loads(self.ready.read_text())
        self.url = self.facts["urls"]["events"]
        self.ca = self.facts["caFile"]
        self.token_file = folder / "token"
        self.token = self.new_token(stream)
        self.token_file.write_text(self.token)

    def new_token(self, stream):
        return subprocess.run([BIN / "polder", "token", stream, "--dir", self.dir],
                              check=True, capture_output=True, text=True).stdout.strip()

    def pid(self, service):
        return self.facts["pids"][service][0]

    def pin(self, service, core):
        subprocess.run(["taskset", "-a", "-p", "-c", core, str(self.pid(service))], check=True, capture_output=True)

    def topic(self, name):
        return next(stream["topic"] for stream in self.facts["streams"] if stream["name"] == name)

    def database(self, name):
        return f"file:{self.dir}/topics/{self.topic(name)}/log.db?mode=ro"

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            stop_with("polder up did not stop within 20 s")


def machine():
    name = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                 if line.startswith("model name")), "unknown")
    return f"{name}, {os.cpu_count()} cores, Linux {os.uname().release}"


def commit():
    run = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return run.stdout.strip() or "unknown"


def compare(results, rows):
    """Prints the table; answers whether every threshold is met."""
    limits = json.loads((ROOT / "Tests" / "Benchmarks" / "thresholds.json").read_text())["limits"]
    print(f"\n  {machine()}\n")
    for row in rows:
        print("  {:<46} {:>14}  {:<20} {}".format(*row))
    print("\n  {:<30} {:>12} {:>12}".format("figure", "measured", "threshold"))
    all_met = True
    for name, limit in limits.items():
        if name not in results:
            continue
        low, high = limit.get("at_least"), limit.get("at_most")
        met = (low is None or results[name] >= low) and (high is None or results[name] <= high)
        all_met &= met
        bound = f"≥ {low}" if low is not None else f"≤ {high}"
        print("  {:<30} {:>12} {:>12}  {}".format(name, results[name], bound, "" if met else "MISSED"))
    return all_met
