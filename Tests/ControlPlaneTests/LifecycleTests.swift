import JSON
import TestKit
import Testing

/// The life of a process under `ServiceMain`, shown on a real one.
@Suite struct LifecycleTests {
    @Test func `the admin listener tells that it lives, is ready, and what it has counted`() async throws {
        let plane = try await RunningControlPlane.start()
        #expect(try await plane.curl([plane.adminURL + "/livez"]).status == 200)
        let ready = try await plane.curl([plane.adminURL + "/readyz"])
        #expect(ready.status == 200, "\(ready.body)")
        let client = try plane.client()
        _ = try await plane.curl([
            "-u", "\(client.id):\(client.secret)", "-d", "grant_type=client_credentials", plane.tokenURL,
        ])
        let metrics = try await plane.curl([plane.adminURL + "/metrics"])
        #expect(metrics.headers.contains("content-type: text/plain; version=0.0.4; charset=utf-8"))
        #expect(
            metrics.body.contains(#"control_plane_tokens_issued_total{realm="streams",grant="client_credentials"} 1"#))
        #expect(metrics.body.contains("control_plane_clients 2"))
        #expect(metrics.body.contains("process_resident_memory_bytes "))
        #expect(try await plane.curl([plane.adminURL + "/secrets"]).status == 404)
    }

    @Test func `with a client authority the admin listener lets only its clients in`() async throws {
        let folder = try TemporaryFolder()
        let strangers = try TestAuthority(in: folder, name: "clients")
        let files = try strangers.issue("prometheus")
        let plane = try await RunningControlPlane.start(
            in: folder, settings: ["CONTROL_PLANE_ADMIN_CLIENT_CA_FILE": strangers.caFile])
        let with = try await plane.curl(["--cert", files.certificate, "--key", files.key, plane.adminURL + "/livez"])
        #expect(with.status == 200)
        #expect(try await plane.curl([plane.adminURL + "/livez"], mayFail: true).status == 0)
    }

    @Test func `SIGTERM ends it with 0`() async throws {
        let plane = try await RunningControlPlane.start()
        plane.tool.terminate()
        let result = try await plane.tool.waitForEnd(within: .seconds(60))
        #expect(result.status == 0)
        #expect(result.errors.contains("\"stopped\""))
    }

    /// Sends half a request over the plain listener and keeps the connection open.
    private func halfARequest(to plane: RunningControlPlane) async throws -> RunningTool {
        let script = """
            import socket, sys, time
            s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
            s.sendall(b'POST /auth/realms/streams/protocol/openid-connect/token HTTP/1.1\\r\\nhost: localhost\\r\\n'
                      b'content-length: 100\\r\\n\\r\\ngrant_type=')
            print('sent', flush=True)
            time.sleep(600)
            """
        let port = String(plane.plainURL.split(separator: ":").last ?? "")
        let tool = try RunningTool(try Strangers.python, ["-c", script, port])
        try await tool.waitForText("sent")
        // An answered request on another connection: the loop has seen the half one before.
        _ = try await plane.curl([plane.plainURL + "/ready"])
        return tool
    }

    @Test func `a request that never ends delays the end only until the grace period is over`() async throws {
        let plane = try await RunningControlPlane.start(settings: ["SHUTDOWN_GRACE": "300ms"])
        let peer = try await halfARequest(to: plane)
        plane.tool.terminate()
        #expect(try await plane.tool.waitForEnd(within: .seconds(60)).status == 0)
        peer.terminate()
    }

    @Test func `a second SIGTERM ends it at once`() async throws {
        let plane = try await RunningControlPlane.start(settings: ["SHUTDOWN_GRACE": "10m"])
        let peer = try await halfARequest(to: plane)
        plane.tool.terminate()
        try await plane.tool.waitForText("\"stopping\"")
        plane.tool.terminate()
        #expect(try await plane.tool.waitForEnd(within: .seconds(60)).status == 143)
        peer.terminate()
    }

    @Test func `certificates are read again when they change`() async throws {
        let plane = try await RunningControlPlane.start()
        let host = String(plane.url.dropFirst("https://".count))
        func serial() async throws -> String {
            let shown = try await runTool("openssl", ["s_client", "-connect", host, "-servername", "localhost"])
            return try await runTool("openssl", ["x509", "-noout", "-serial"], input: shown.outputBytes).output
        }
        let before = try await serial()
        try plane.authority.issue("control-plane")
        try await eventually("another certificate") { try await serial() != before }
        #expect(plane.tool.errors.contains("certificates read again"))
    }

    @Test func `all configuration mistakes are told at once, with exit code 78, before a port opens`() async throws {
        let tool = try RunningTool(
            builtBinary("control-plane"),
            environment: [
                "CONTROL_PLANE_LISTEN": "nowhere", "CONTROL_PLANE_LISTEN_PLAIN": "0.0.0.0:8180",
                "CONTROL_PLANE_TOKEN_LIFETIME": "5m", "CONTROL_PLANE_LOOPS": "many",
            ])
        let result = try await tool.waitForEnd()
        #expect(result.status == 78)
        for name in [
            "LISTEN is", "LISTEN_PLAIN: plain text", "TOKEN_LIFETIME is 5m", "LOOPS is", "PLANE_FOLDER is not set",
            "STATE_FOLDER is not set", "TLS_CERT_FILE is not set", "TLS_KEY_FILE is not set",
        ] {
            #expect(result.errors.contains("control-plane: CONTROL_PLANE_\(name)"), "\(result.errors)")
        }
    }

    @Test func `a plane folder with mistakes is exit code 78 with every mistake, by file and line`() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority(in: folder).issue("control-plane")
        try folder.makeFolder("plane")
        try folder.write("plane/a.yaml", text: "kind: Stream\nspec:\n  ref: {name: a}\n  colour: red\n")
        try folder.write("plane/b.yaml", text: "kind: Windmill\nspec: {}\n")
        let tool = try RunningTool(
            builtBinary("control-plane"), environment: RunningControlPlane.environment(folder))
        let result = try await tool.waitForEnd()
        #expect(result.status == 78, "\(result.errors)")
        #expect(result.errors.contains("a.yaml:4"))
        #expect(result.errors.contains("b.yaml:1"))
    }

    @Test func `a port that is taken is exit code 70 and says so`() async throws {
        let first = try await RunningControlPlane.start()
        let port = first.url.split(separator: ":").last ?? ""
        let tool = try RunningTool(
            builtBinary("control-plane"),
            environment: RunningControlPlane.environment(first.folder).merging([
                "CONTROL_PLANE_LISTEN": "127.0.0.1:\(port)"
            ]) { $1 })
        let result = try await tool.waitForEnd()
        #expect(result.status == 70)
        #expect(result.errors.contains("Address already in use"))
    }

    @Test func `it ends when its supervisor is killed`() async throws {
        let folder = try TemporaryFolder()
        try TestAuthority(in: folder).issue("control-plane")
        try folder.makeFolder("plane")
        // A supervisor written by a stranger: it holds the other end of the pipe and can only be killed.
        let script = """
            import os, signal, subprocess, sys, time
            ours, theirs = os.pipe()
            env = dict(os.environ, POLDER_LIFELINE_FD=str(ours))
            child = subprocess.Popen([sys.argv[1]], env=env, pass_fds=[ours], stderr=open(sys.argv[2], 'w'))
            os.close(ours)
            print(child.pid, flush=True)
            time.sleep(600)
            """
        let supervisor = try RunningTool(
            try Strangers.python, ["-c", script, try builtBinary("control-plane"), folder.file("log")],
            environment: RunningControlPlane.environment(folder))
        try await eventually("a start") {
            guard folder.has("log") else { return false }
            return try folder.readText("log").contains("service started")
        }
        supervisor.send(signal: 9)
        try await eventually("the end of the orphan") { try folder.readText("log").contains("\"stopped\"") }
    }

    @Test func `version, help and settings are printed without any environment`() async throws {
        let binary = try builtBinary("control-plane")
        #expect(try await runTool(binary, ["--version"]).output.hasPrefix("control-plane "))
        #expect(try await runTool(binary, ["--help"]).output.contains("CONTROL_PLANE_LISTEN"))
        #expect(
            try await runTool(binary, ["--print-config"]).output.contains("| `CONTROL_PLANE_LISTEN` | `0.0.0.0:8543` |")
        )
        #expect(try await runTool(binary, ["--nonsense"], mayFail: true).status == 64)
    }
}
