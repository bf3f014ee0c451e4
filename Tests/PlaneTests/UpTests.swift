import Glibc
import JSON
import System
import TestKit
import Testing

/// `polder up` from outside: what it starts, tells, refuses and leaves behind.
@Suite(.serialized) struct UpTests {
    @Test func `a plane starts, tells what it is, refuses a second one, and stops without a trace`() async throws {
        let plane = try await Plane()
        let ready = try plane.ready()
        #expect(ready.document["version"]?.int64 == 1)
        #expect(ready.document["dir"]?.string == plane.directory)
        #expect(try plane.folder.mode(of: "ready.json") == 0o600)
        #expect(
            ready.document["streams"]?.array?.compactMap { $0["name"]?.string } == [
                "demo", "demo-0", "demo-0-1", "demo-0-1-2-3", "demo-M0-1",
            ])
        let masked = try #require(ready.stream("demo-M0-1"))
        #expect(masked["derivedFrom"] == "demo")
        #expect(masked["purposes"] == [0, 1])
        #expect(ready.stream("demo")?["derivedFrom"] == .null)
        for name in ["events", "eventsPlain", "webSocket", "webSocketPlain", "auth", "authPlain", "api", "apiPlain"] {
            #expect(!ready.url(name).isEmpty)
        }
        let services = ["control-plane", "event-gateway", "web-socket", "streams-agent", "esr-proxy", "decrypter"]
        for service in services {
            #expect(ready.pids(service).count == 1)
            let url = try #require(ready.document["admin"]?[service]?[0]?.string)
            let answer = try await runTool(
                "curl",
                [
                    "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--cacert",
                    ready.document["caFile"]?.string ?? "", "\(url)/readyz",
                ])
            #expect(answer.output == "200", "\(service)")
        }

        let second = try await plane.polder("up", "--ports", "auto", mayFail: true)
        #expect(second.status == 5)
        #expect(second.errors.contains("runs on \(plane.directory) already"))

        let status = try await plane.polder("status", "-o", "json")
        let document = try JSONValue.parse(status.outputBytes)
        #expect(document["ready"] == true)
        #expect(document["processes"]?.array?.count == 6)
        #expect(!status.output.contains(ready.stream("demo")?["clientSecret"]?.string ?? "?"))

        let processes = try await runTool(
            "curl",
            ["--silent", "--unix-socket", "\(plane.directory)/run/runtime.sock", "http://localhost/v1/processes"])
        #expect(try JSONValue.parse(processes.outputBytes)["processes"]?.array?.count == 6)

        let began = MonotonicTime.now()
        #expect(try await plane.stop() == 0)
        #expect(MonotonicTime.now() - began < .seconds(10))
        #expect(!plane.folder.has("ready.json"))
        #expect(!plane.folder.has("state/run/plane.json"))
        #expect(!plane.folder.has("state/run/runtime.sock"))
        for service in services { #expect(ready.pids(service).allSatisfy { kill($0, 0) == -1 }) }

        // A first start looks like one: names stand in line, and nothing is said to stay that was never there.
        let columns = Set(plane.logs.split(separator: "\n").compactMap { $0.firstIndex(of: "|")?.utf16Offset(in: $0) })
        #expect(columns.count == 1, "\(plane.logs)")
        #expect(!plane.logs.contains("the last ones stay in use"))
        #expect(try await plane.polder("status", mayFail: true).status == 3)
    }

    @Test
    func `the ready file names the admin, and the public tool's way to log in works with the password in its file`()
        async throws
    {
        let plane = try await Plane()
        let ready = try plane.ready()
        let admin = try #require(ready.document["adminUser"])
        let email = try #require(admin["email"]?.string)
        let file = try #require(admin["passwordFile"]?.string)
        #expect(email == "admin@polder.local")
        #expect(file == plane.directory + "/secrets/admin-password")
        #expect(try plane.folder.mode(of: "state/secrets/admin-password") == 0o600)
        let password = try plane.folder.readText("state/secrets/admin-password").trimmed
        let story = try await runTool(
            Strangers.python,
            [
                "\(Strangers.packageRoot)/Tests/Strangers/login.py", "cli", ready.url("authPlain"),
                ready.document["caFile"]?.string ?? "", ready.url("auth") + "/auth/realms/users", email, password,
            ], deadline: .seconds(300))
        #expect(story.output.hasSuffix("fine\n"), "\(story.errors)")
        #expect(!plane.logs.contains(password))
        try await plane.stop()
    }

    @Test func `a script can wait for a plane that somebody else starts`() async throws {
        let folder = try TemporaryFolder()
        let dir = folder.file("state")
        let nobody = try await runTool(
            Plane.binary("polder"), ["status", "--dir", dir, "--wait", "100ms"], mayFail: true)
        #expect(nobody.status == 3)
        let waiting = try RunningTool(Plane.binary("polder"), ["status", "--dir", dir, "--wait", "60s", "-o", "json"])
        let plane = try RunningTool(Plane.binary("polder"), ["up", "--dir", dir, "--ports", "auto"])
        let result = try await waiting.waitForEnd()
        #expect(result.status == 0)
        #expect(try JSONValue.parse(result.outputBytes)["ready"] == true)
        plane.terminate()
        #expect(try await plane.waitForEnd().status == 0)
    }

    @Test func `a killed process comes back, and the ready file tells`() async throws {
        let plane = try await Plane()
        let before = try plane.ready().pids("event-gateway")
        kill(before[0], SIGKILL)
        try await eventually("the ready file names the new process", within: .seconds(60)) {
            let now = try plane.ready().pids("event-gateway")
            return now.count == 1 && now != before
        }
        #expect(try await plane.stop() == 0)
    }

    @Test func `when the supervisor is killed, nothing is left running, and the next one starts`() async throws {
        let plane = try await Plane()
        let ready = try plane.ready()
        let services = ["control-plane", "event-gateway", "web-socket", "streams-agent", "esr-proxy", "decrypter"]
        let pids = services.flatMap { ready.pids($0) }
        #expect(pids.count == 6)
        plane.killSupervisor()
        try await eventually("all have gone", within: .seconds(60)) { pids.allSatisfy { kill($0, 0) == -1 } }
        #expect(try await plane.polder("status", mayFail: true).status == 3)
        // The stale ready file goes with the next start; secrets and ids stay.
        let again = try RunningTool(
            try Plane.binary("polder"),
            ["up", "--dir", plane.directory, "--ports", "auto", "--ready-file", plane.readyFile])
        try await eventually("the new plane is ready", within: .seconds(60)) {
            do {
                return try plane.ready().pids("event-gateway") != ready.pids("event-gateway")
            } catch {
                return false  // it is missing between the start and readiness
            }
        }
        #expect(try plane.ready().stream("demo") == ready.stream("demo"))
        again.terminate()
        #expect(try await again.waitForEnd(within: .seconds(60)).status == 0)
    }

    @Test func `the demo prints lines without blanks at their end, and no two empty ones`() async throws {
        let output = try await runTool(Plane.binary("polder"), ["demo", "--seconds", "1"]).output
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        #expect(lines.last == "✓ stopped  the plane and its temporary folder are gone")
        #expect(!lines.contains { $0.hasSuffix(" ") })
        #expect(!zip(lines, lines.dropFirst()).contains { $0.isEmpty && $1.isEmpty }, "\(output)")
    }

    @Test func `a lost key-encryption key is asked for, and a lost plane starts again when it is back`() async throws {
        let plane = try await Plane()
        _ = try await plane.polder("send", "demo", "--count", "3", "--rate", "0")
        let beyond = try await plane.polder("read", "demo", "--from", "100000")
        #expect(beyond.errors == "polder: demo has no record 100000 yet: the next one will be 3\n")
        #expect(beyond.output.isEmpty)
        #expect(try await plane.stop() == 0)
        let kek = try plane.folder.read("state/secrets/kek")
        plane.folder.remove("state/secrets/kek")
        let refused = try await plane.polder("up", "--ports", "auto", mayFail: true)
        #expect(refused.status == 78)
        #expect(refused.errors.contains("secrets/kek: missing; restore it from a backup"))
        #expect(!plane.folder.has("state/secrets/kek"))
        let export = try await plane.polder("keys", "export", "demo", "--yes", mayFail: true)
        #expect(export.errors.contains("secrets/kek: missing; restore it from a backup"))
        try plane.folder.write("state/secrets/kek", kek)
        #expect(try await plane.polder("keys", "export", "demo", "--yes").output.contains("encryptionKey"))
    }

    @Test func `a new source stream with a derived one gets its decrypter while the plane runs`() async throws {
        let folder = try TemporaryFolder()
        func stream(_ name: String) -> String {
            """
            kind: Stream
            spec: {ref: {name: \(name)}}
            ---
            kind: Stream
            spec: {linkedStream: \(name), consentLevels: [0]}

            """
        }
        try folder.write("one.yaml", text: stream("first"))
        let plane = try await Plane(configuration: folder.path)
        #expect(try plane.ready().pids("decrypter").count == 1)
        try folder.write("two.yaml", text: stream("second"))
        try await eventually("a second decrypter is told", within: .seconds(60)) {
            try plane.ready().pids("decrypter").count == 2 && plane.ready().stream("second-0") != nil
        }
        folder.remove("two.yaml")
        try await eventually("it is gone again", within: .seconds(60)) {
            try plane.ready().pids("decrypter").count == 1 && plane.ready().stream("second") == nil
        }
        try folder.write("two.yaml", text: "kind: Strem\n")
        try await eventually("the refusal is told", within: .seconds(60)) {
            plane.logs.contains("two.yaml:1: kind Strem is unknown")
        }
        #expect(try plane.ready().pids("decrypter").count == 1)
        #expect(try await plane.stop() == 0)
    }

    @Test func `a derived stream that is linked to another source gets all of that one`() async throws {
        func folder(_ folder: TemporaryFolder, linkedTo source: String) throws {
            try folder.write(
                "plane.yaml",
                text: """
                    kind: Stream
                    spec: {ref: {name: first}}
                    ---
                    kind: Stream
                    spec: {ref: {name: second}}
                    ---
                    kind: Stream
                    spec: {ref: {name: view}, linkedStream: \(source), consentLevels: [0]}

                    """)
        }
        let configuration = try TemporaryFolder()
        try folder(configuration, linkedTo: "first")
        let plane = try await Plane(configuration: configuration.path)
        func send(_ count: Int, to stream: String) async throws {
            _ = try await plane.polder(
                "send", stream, "--rate", "0", "--count", "\(count)", "--purposes", "0", "--quiet")
        }
        func view() async throws -> Int {
            try await plane.polder("read", "view", "-o", "raw").output.split(separator: "\n").count
        }
        try await send(20, to: "first")
        try await send(15, to: "second")
        try await eventually("the first source is copied") { try await view() == 20 }
        try folder(configuration, linkedTo: "second")
        try await eventually("the second source is copied, all of it") { try await view() == 35 }
        try await send(5, to: "second")
        try await eventually("and followed") { try await view() == 40 }
        try await send(7, to: "first")
        try folder(configuration, linkedTo: "first")
        try await eventually("the first source goes on where it was") { try await view() == 47 }
        #expect(try await plane.stop() == 0)
    }

    @Test func `a folder with mistakes is told whole, and nothing is started`() async throws {
        let folder = try TemporaryFolder()
        try folder.write("a.yaml", text: "kind: Stream\nspec: {ref: {name: abc}}\n")
        try folder.write("b.yaml", text: "kind: Stream\nspec: {linkedStream: nobody, consentLevels: [1]}\n")
        let result = try await runTool(
            Plane.binary("polder"),
            ["up", "--dir", folder.file("state"), "--config", folder.path, "--ports", "auto"], mayFail: true)
        #expect(result.status == 78)
        #expect(result.errors.contains("a.yaml:2: ref.name must have 4 to 100 characters"))
        #expect(result.errors.contains("b.yaml:2: linkedStream names nobody, which does not exist"))
    }
}
