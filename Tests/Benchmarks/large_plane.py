"""A whole plane of ten thousand streams: how long it takes to come up, what it costs at rest, and how soon a change is felt."""

import json, os, subprocess, sys, time
from pathlib import Path

import steady
from rig import BIN, Plane, cpu_seconds, say, status_kib, stop_with, wait_until

DOCUMENTS = "kind: Stream\nspec:\n  ref: {name: bench}\n"


class Crowd:
    """Another process that sends events at a steady rate, with the tokens of many streams in turn."""

    def __init__(self, plane, folder, tokens, event, rate):
        (folder / "crowd").write_text("\n".join(tokens))
        (folder / "event").write_bytes(event)
        self.process = subprocess.Popen(
            [sys.executable, steady.__file__, plane.url, plane.ca, folder / "crowd", folder / "event", str(rate)],
            stdout=subprocess.PIPE, text=True)

    def stop(self):
        """What became of its events; ends the benchmark when one was not taken."""
        self.process.terminate()
        report = json.loads(self.process.communicate(timeout=60)[0])
        if report["refused"] or report["sent"] == 0:
            stop_with(f"events were refused: {report}")
        return report


class LargePlane:
    """`polder up` on the state of a control plane that has many streams, some of them with a derived stream.

    `taking` has what the streams log in with that take events."""

    def __init__(self, folder, log_in, streams, derived, taking):
        self.folder, self.streams, self.derived, self.taking = folder, streams, derived, taking
        self.event = subprocess.run([BIN / "bench", "event", "7"], check=True, capture_output=True).stdout
        self.ready = folder / "ready.json"
        self.began, self.since = time.monotonic(), int(time.time())
        self.plane = Plane(folder, DOCUMENTS)
        self.api = log_in(self.plane)
        self.project = self.api("ProjectsService/ListProjects").projects[0].id

    def token(self, credentials):
        answer = subprocess.run(
            ["curl", "--silent", "--fail", "--cacert", self.plane.ca, "--data", "grant_type=client_credentials", "--user",
             f"{credentials.client_id}:{credentials.client_secret}",
             f"{self.plane.facts['urls']['auth']}/auth/realms/streams/protocol/openid-connect/token"],
            check=True, capture_output=True).stdout
        return json.loads(answer)["access_token"]

    def crowd(self):
        """Each of the streams that take events takes one a second from now on."""
        return Crowd(self.plane, self.folder, [self.token(credentials) for credentials in self.taking], self.event, len(self.taking))

    def wait_until_whole(self):
        """Waits for every topic and every decrypter, and until the control plane knows all of them as healthy."""
        topics = self.folder / "state" / "topics"
        wanted = self.streams + self.derived

        def is_there():
            if len(os.listdir(topics)) < wanted:
                return False
            return len(json.loads(self.ready.read_text())["pids"].get("decrypter", [])) == self.derived

        def is_told():
            time.sleep(0.2)
            states = self.api("MonitoringService/GetLatestEntityStates", ref={"type": "STREAM", "project_id": self.project}).state
            healthy = [state for state in states if state.status == 1 and state.state_time.seconds >= self.since]
            return len(healthy) >= wanted + self.derived

        wait_until("every topic and decrypter", 300, is_there)
        wait_until("every state", 300, is_told)

    def pid(self, service):
        return json.loads(self.ready.read_text())["pids"][service][0]


def measure_reconcile(large, results, rows):
    """From nothing to everything healthy."""
    large.wait_until_whole()
    results["reconcile_s"] = round(time.monotonic() - large.began, 1)
    rows.append((f"{large.streams} streams, from nothing to healthy", f"{results['reconcile_s']} s", "", ""))


def measure_rest(large, results, rows, seconds):
    """What the agent does while nothing changes and events flow."""
    crowd = large.crowd()
    time.sleep(20)  # until the first events have been dealt with
    agent = large.pid("streams-agent")
    before = cpu_seconds(agent)
    time.sleep(seconds)
    results["reconcile_idle_percent"] = round(100 * (cpu_seconds(agent) - before) / seconds, 2)
    crowd.stop()
    for service in ("control-plane", "streams-agent", "event-gateway", "web-socket", "decrypter"):
        rows.append((f"resident memory of {service}", f"{status_kib(large.pid(service), 'VmRSS') / 1024:.0f} MB", "", ""))


def measure_changes(large, changes, results, rows):
    """Streams are made one after the other, and deleted again, while others take events: how long until the gateway knows."""
    crowd = large.crowd()
    producer = steady.Producer(large.plane.url, large.plane.ca, large.event)
    made, felt = [], {"change": [], "removal": []}

    def until(wanted, token, begin):
        end = begin + 60
        while (producer.send(token) == 204) != wanted:
            if time.monotonic() > end:
                stop_with("a change was not felt within a minute")
            time.sleep(0.002)
        return (time.monotonic() - begin) * 1000

    gateway, before = large.pid("event-gateway"), {}
    for pid in {pid for pids in json.loads(large.ready.read_text())["pids"].values() for pid in pids}:
        before[pid] = cpu_seconds(pid)
    for number in range(changes):
        name = {"name": f"late {number}", "project_id": large.project}
        made_now = large.api("StreamsService/CreateStream", stream={"ref": name}).stream
        begin = time.monotonic()
        token = large.token(made_now.credentials[0])
        felt["change"].append(until(True, token, begin))
        made.append((name, token))
    for name, token in made:
        large.api("StreamsService/DeleteStream", ref=name)
        felt["removal"].append(until(False, token, time.monotonic()))
    cpu = {pid: (cpu_seconds(pid) - start) * 1000 / changes / 2 for pid, start in before.items()}
    report = crowd.stop()
    for what, times in felt.items():
        times.sort()
        for name, value in [("p50", times[len(times) // 2]), ("p99", times[len(times) * 99 // 100]), ("max", times[-1])]:
            results[f"{what}_{name}_ms"] = round(value, 1)
        rows.append((f"{what} of a stream to its effect", f"p50 {results[f'{what}_p50_ms']} ms", f"p99 {results[f'{what}_p99_ms']} ms",
                     f"max {results[f'{what}_max_ms']} ms"))
    rows.append(("CPU of a change, whole plane", f"{sum(cpu.values()):.0f} ms", f"gateway {cpu[gateway]:.0f} ms", ""))
    for service in ("control-plane", "streams-agent", "web-socket", "decrypter"):
        rows.append((f"  {service}", f"{cpu[large.pid(service)]:.0f} ms", "", ""))
    rows.append(("events meanwhile", f"{report['sent']} taken", f"p99 {report['p99_ms']} ms", f"max {report['max_ms']} ms"))


def measure_large_plane(large, changes, results, rows, seconds=60):
    try:
        say("bench: from nothing")
        measure_reconcile(large, results, rows)
        say("bench: at rest")
        measure_rest(large, results, rows, seconds)
        say(f"bench: {changes} streams come and go")
        measure_changes(large, changes, results, rows)
    finally:
        large.plane.stop()
