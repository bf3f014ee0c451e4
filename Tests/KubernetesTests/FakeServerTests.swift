import JSON
import Kubernetes
import System
import TestKit
import Testing

/// kubectl as the judge of the fake API server: what passes here the real client takes for a real server. Without kubectl on the machine
/// the suite is skipped, and the engine's own tests still run against the fake.
@Suite(.enabled(if: Kubectl.path != nil, "kubectl is not on this machine: the fake API server is not judged"))
struct FakeServerTests {
    @Test func `kubectl applies, reads, and learns of conflicts`() async throws {
        let rig = try await KubeRig()
        let kubectl = try Kubectl(rig.fake)
        let file = rig.folder.file("deployment.yaml")
        func write(replicas: Int) throws {
            let text = """
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: web, labels: {app: web}}
                spec:
                  replicas: \(replicas)
                  selector: {matchLabels: {app: web}}
                  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: main, image: fake}]}}
                """
            try File.writeAtomically(file, Array(text.utf8))
        }
        try write(replicas: 2)
        #expect(try await kubectl.run("apply", "-f", file).output == "deployment.apps/web created\n")
        #expect(try await kubectl.run("apply", "-f", file).output == "deployment.apps/web unchanged\n")
        try write(replicas: 3)
        #expect(try await kubectl.run("apply", "-f", file).output == "deployment.apps/web configured\n")
        #expect(try await kubectl.run("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}").output == "3")
        #expect(try await kubectl.run("get", "deploy", "-l", "app=web", "-o", "name").output == "deployment.apps/web\n")
        #expect(try await kubectl.run("get", "deploy").output.contains("web "))
        try write(replicas: 4)
        let refused = try await kubectl.run(
            "apply", "--server-side", "--field-manager=other", "-f", file, mayFail: true)
        #expect(refused.status != 0 && refused.errors.contains(".spec.replicas"))
        _ = try await kubectl.run("apply", "--server-side", "--field-manager=other", "--force-conflicts", "-f", file)
        #expect(try await kubectl.run("scale", "deploy", "web", "--replicas=5", mayFail: true).status != 127)
        _ = try await kubectl.run("delete", "deploy", "web", "--wait=false")
        #expect(try await kubectl.run("get", "deploy").errors.contains("No resources found"))
        let missing = try await kubectl.run("get", "deploy", "web", mayFail: true)
        #expect(missing.errors.contains(#"deployments.apps "web" not found"#))
    }

    @Test func `kubectl lists in chunks, and watches through labels that come and go`() async throws {
        let rig = try await KubeRig()
        let kubectl = try Kubectl(rig.fake)
        try await rig.control("objects", ["count": 1200, "namespace": "default", "size": 10])
        let names = try await kubectl.run("get", "configmaps", "-o", "name", "--chunk-size=500").output
        #expect(names.split(separator: "\n").count == 1200)
        #expect(try await rig.requests("configmaps").count == 3)
        let watch = try kubectl.start("get", "configmaps", "-l", "seen=yes", "--watch", "--output-watch-events")
        try await eventually("the watch") {
            try await rig.requests("configmaps").contains { $0["query"]?.string?.contains("watch=") ?? false }
        }
        _ = try await kubectl.run("label", "configmap", "bulk-00007", "seen=yes")
        _ = try await kubectl.run("label", "configmap", "bulk-00007", "more=yes")
        _ = try await kubectl.run("label", "configmap", "bulk-00007", "seen-")
        try await watch.waitForText("DELETED")
        let events = watch.output.split(separator: "\n").compactMap { $0.split(separator: " ").first }
        #expect(events.filter { $0 != "EVENT" } == ["ADDED", "MODIFIED", "DELETED"])
        watch.terminate()
    }

    @Test func `kubectl follows logs and runs commands over web-sockets`() async throws {
        let rig = try await KubeRig()
        let kubectl = try Kubectl(rig.fake)
        try await rig.makePod("p", ["log-rate": "200", "log-lines": "100"])
        let lines = try await kubectl.run("logs", "-f", "p").output.split(separator: "\n")
        #expect(lines.count == 100 && lines.last?.hasPrefix("line 99 ") ?? false)
        #expect(try await kubectl.run("logs", "p", "--tail=1", "--timestamps").output.contains("Z line 99 "))
        for (script, code) in [("exit 0", 0), ("exit 1", 1), ("kill -9 $$", 137)] as [(String, Int32)] {
            let result = try await kubectl.run(
                "exec", "p", "--", "sh", "-c", "echo out; echo err >&2; \(script)", mayFail: true)
            #expect(result.output == "out\n" && result.errors.hasPrefix("err\n") && result.status == code)
        }
        let piped = try await kubectl.run(
            "exec", "-i", "p", "--", "wc", "-c", input: Array(repeating: 65, count: 300_000))
        #expect(piped.output == "300000\n")
        let execs = try await rig.control("execs").array ?? []
        #expect(execs.count == 4 && execs.allSatisfy { $0["protocol"] == "v5.channel.k8s.io" })
    }

    @Test func `kubectl forwards a port, by SPDY inside of a web-socket`() async throws {
        let rig = try await KubeRig()
        let kubectl = try Kubectl(rig.fake)
        try await rig.makePod("p")
        let forward = try kubectl.start("port-forward", "--address=127.0.0.1", "p", ":8080")
        try await forward.waitForText(" -> 8080")
        let port = try #require(
            forward.output.split(separator: " ").first { $0.hasPrefix("127.0.0.1:") }?.split(separator: ":").last)
        let echoed = try await Strangers.runPython(
            """
            import socket, sys, threading
            s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            sent = bytes(range(256)) * 4000
            threading.Thread(target=lambda: (s.sendall(sent), s.shutdown(socket.SHUT_WR))).start()
            received = b""
            while piece := s.recv(65536): received += piece
            print(received == sent)
            """, [String(port)])
        #expect(echoed.output == "True\n")
        forward.terminate()
    }
}
