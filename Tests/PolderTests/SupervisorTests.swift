import Glibc
import JSON
import Polder
import Synchronization
import System
import TestKit
import Testing
import Wire

/// A folder with small programs in place of the services, and what a supervisor told about them.
private final class Rig: Sendable {
    let folder: TemporaryFolder
    let supervisor: Supervisor
    private let told = Mutex((lines: [String](), published: [[RuntimeProcess]](), ended: [String]()))

    var lines: [String] { told.withLock { $0.lines } }
    var published: [[RuntimeProcess]] { told.withLock { $0.published } }
    var ended: [String] { told.withLock { $0.ended } }

    init(probe: @escaping @Sendable (String) async -> Bool = { _ in true }) throws {
        folder = try TemporaryFolder()
        // Runs until the lifeline's end, as every service does.
        try folder.write("patient", text: "#!/bin/sh\necho started $WORD\nexec cat <&3\n", mode: 0o755)
        try folder.write("hasty", text: "#!/bin/sh\nprintf 'no line end'; exit 3\n", mode: 0o755)
        try folder.write("deaf", text: "#!/bin/sh\ntrap '' TERM\necho deaf\ncat <&3; sleep 1\n", mode: 0o755)
        let box = Box()
        supervisor = try Supervisor(
            binaries: folder.path,
            events: Supervisor.Events(
                line: { name, line in box.rig?.line("\(name): \(String(decoding: line, as: UTF8.self))") },
                publish: { box.rig?.publish($0) }, ended: { name, how in box.rig?.end("\(name) \(how)") }),
            probe: probe)
        box.set(self)
    }

    private func line(_ text: String) { told.withLock { $0.lines.append(text) } }
    private func publish(_ list: [RuntimeProcess]) { told.withLock { $0.published.append(list) } }
    private func end(_ text: String) { told.withLock { $0.ended.append(text) } }

    func spec(_ name: String, _ binary: String, word: String = "") -> ProcessSpec {
        var spec = ProcessSpec(name: name, binary: binary)
        spec.environment = ["PATH": "/usr/bin:/bin", "WORD": word]
        spec.adminURL = "https://localhost:1"
        return spec
    }

    private final class Box: Sendable {
        private struct Weak { weak var rig: Rig? }
        private let held = Mutex(Weak())
        var rig: Rig? { held.withLock { $0.rig } }
        func set(_ rig: Rig) { held.withLock { $0.rig = rig } }
    }
}

@Suite struct SupervisorTests {
    @Test func `processes are started, read, started again when killed, and stopped`() async throws {
        let rig = try Rig()
        await rig.supervisor.apply(
            group: "plane", [rig.spec("one", "patient", word: "now"), rig.spec("two", "patient")])
        try await eventually("both are ready") { rig.published.count == 1 }
        let first = try #require(rig.published[0][0].pid)
        #expect(rig.published[0].map(\.status) == [.ready, .ready])
        try await eventually("the line is read") { rig.lines.contains("one: started now") }
        #expect(await rig.supervisor.logs(of: "one", last: 5) == ["started now"])

        kill(first, SIGKILL)
        try await eventually("it is back") { rig.published.count == 2 }
        #expect(rig.ended == ["one was ended by signal 9"])
        #expect(rig.published[1][0].pid != first)
        #expect(rig.published[1][0].restarts == 1)
        #expect(rig.published[1][1].pid == rig.published[0][1].pid)

        await rig.supervisor.stop()
        await rig.supervisor.finished()
        #expect(await rig.supervisor.list().isEmpty)
        #expect(rig.published[1].allSatisfy { $0.pid.map { kill($0, 0) } == -1 })
    }

    @Test func `a process that ends at once is tried again and again, its last words are kept`() async throws {
        let rig = try Rig()
        await rig.supervisor.apply(group: "plane", [rig.spec("one", "hasty"), rig.spec("two", "missing")])
        try await eventually("it has ended several times") { rig.ended.count { $0 == "one ended with code 3" } >= 2 }
        #expect(rig.lines.contains("one: no line end"))
        #expect(rig.ended.contains { $0.hasPrefix("two could not be started") })
        #expect(await rig.supervisor.list().contains { $0.restarts > 0 })
        await rig.supervisor.stop()
        await rig.supervisor.finished()
    }

    @Test func `nothing is published before the probe says ready`() async throws {
        let isOpen = Atomic<Bool>(false)
        let rig = try Rig(probe: { _ in isOpen.load(ordering: .relaxed) })
        await rig.supervisor.apply(group: "plane", [rig.spec("one", "patient")])
        try await eventually("it runs") { !rig.lines.isEmpty }
        #expect(await rig.supervisor.list().map(\.status) == [.starting])
        #expect(rig.published.isEmpty)
        isOpen.store(true, ordering: .relaxed)
        try await eventually("it is ready") { rig.published.count == 1 }
        await rig.supervisor.stop()
        await rig.supervisor.finished()
    }

    @Test func `a second request to stop ends a process that does not listen`() async throws {
        let rig = try Rig()
        await rig.supervisor.apply(group: "plane", [rig.spec("one", "deaf")])
        try await eventually("it runs") { rig.lines == ["one: deaf"] }
        await rig.supervisor.stop()
        await rig.supervisor.stop()
        await rig.supervisor.finished()
    }

    @Test func `when the supervisor is killed, no process is left`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let rig = try Rig()
            await rig.supervisor.apply(group: "plane", (0..<4).map { rig.spec("p\($0)", "patient") })
            try await eventually("all are ready") { rig.published.count == 1 }
            let pids = rig.published[0].compactMap(\.pid).map { "\($0)\n" }.joined()
            try File.writeAtomically("\(path)/pids", Array(pids.utf8))
            kill(getpid(), SIGKILL)
            try await Task.sleep(for: .seconds(60))
        }
        let pids = try folder.readText("pids").split(separator: "\n").compactMap { Int32($0) }
        #expect(pids.count == 4)
        try await eventually("all have gone") { pids.allSatisfy { kill($0, 0) == -1 } }
    }
}

/// The runtime socket, judged by curl.
@Suite struct RuntimeSocketTests {
    private struct Answer {
        let status: String
        let body: String
    }

    private func ask(_ socket: String, _ path: String, _ arguments: String...) async throws -> Answer {
        let result = try await runTool(
            "curl",
            ["--silent", "--max-time", "60", "--unix-socket", socket, "--write-out", "\n%{http_code}"] + arguments
                + ["http://localhost\(path)"])
        var lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let status = lines.removeLast()
        return Answer(status: status, body: lines.joined(separator: "\n"))
    }

    @Test func `groups are declared, listed and read over the socket`() async throws {
        let rig = try Rig()
        let socket = rig.folder.file("runtime.sock")
        try await rig.supervisor.serve(at: socket, plane: { nil })
        #expect(try rig.folder.mode(of: "runtime.sock") == 0o600)
        await rig.supervisor.apply(group: "plane", [rig.spec("core", "patient")])

        let wanted =
            #"{"processes":[{"name":"job","binary":"patient","environment":{"PATH":"/usr/bin:/bin","WORD":"hello"}}]}"#
        #expect(try await ask(socket, "/v1/groups/guest/processes", "-X", "PUT", "-d", wanted).status == "204")
        try await eventually("the job runs") { rig.lines.contains("job: started hello") }
        let list = try JSONValue.parse(try await ask(socket, "/v1/processes").body)["processes"]
        #expect(list?.array?.compactMap { $0["name"]?.string } == ["core", "job"])
        #expect(list?[1]?["group"] == "guest")
        #expect(try await ask(socket, "/v1/processes/job/logs?last=1").body == "started hello\n")

        #expect(
            try await ask(socket, "/v1/groups/guest/processes", "-X", "PUT", "-d", #"{"processes":[]}"#).status == "204"
        )
        try await eventually("the job has gone") { await rig.supervisor.list().map(\.name) == ["core"] }
        await rig.supervisor.stop()
        await rig.supervisor.finished()
    }

    @Test func `a name that another group has is a conflict, and nothing is changed`() async throws {
        let rig = try Rig()
        let socket = rig.folder.file("runtime.sock")
        try await rig.supervisor.serve(at: socket, plane: { nil })
        await rig.supervisor.apply(group: "plane", [rig.spec("core", "patient")])
        let wanted = #"{"processes":[{"name":"job","binary":"patient"},{"name":"core","binary":"patient"}]}"#
        let answer = try await ask(socket, "/v1/groups/guest/processes", "-X", "PUT", "-d", wanted)
        #expect(answer.status == "409")
        #expect(answer.body == "another group has these processes: core\n")
        #expect(await rig.supervisor.list().map(\.name) == ["core"])
        await rig.supervisor.stop()
        await rig.supervisor.finished()
    }

    @Test(arguments: ["", "A", "a/b", "a b", "-a", ".a", "a\\n", "ä", String(repeating: "a", count: 64)])
    func `a process with another kind of name is refused with the rule`(_ name: String) async throws {
        let rig = try Rig()
        let socket = rig.folder.file("runtime.sock")
        try await rig.supervisor.serve(at: socket, plane: { nil })
        let wanted = "{\"processes\":[{\"name\":\"\(name)\",\"binary\":\"patient\"}]}"
        let answer = try await ask(socket, "/v1/groups/guest/processes", "-X", "PUT", "-d", wanted)
        #expect(answer.status == "400")
        #expect(answer.body == "the name of a process must be [a-z0-9][a-z0-9.-]{0,62}\n")
        #expect(await rig.supervisor.list().isEmpty)
        await rig.supervisor.stop()
        await rig.supervisor.finished()
    }

    @Test func `what is not allowed is refused`() async throws {
        let rig = try Rig()
        let socket = rig.folder.file("runtime.sock")
        try await rig.supervisor.serve(at: socket, plane: { nil })
        let outside = #"{"processes":[{"name":"job","binary":"../../bin/sh"}]}"#
        #expect(try await ask(socket, "/v1/groups/guest/processes", "-X", "PUT", "-d", outside).status == "400")
        #expect(try await ask(socket, "/v1/groups/guest/processes", "-X", "PUT", "-d", "nonsense").status == "400")
        #expect(
            try await ask(socket, "/v1/groups/plane/processes", "-X", "PUT", "-d", #"{"processes":[]}"#).status == "403"
        )
        #expect(try await ask(socket, "/v1/processes", "-X", "DELETE").status == "405")
        #expect(try await ask(socket, "/v1/processes/nobody/logs").status == "404")
        #expect(try await ask(socket, "/v1/plane").status == "503")
        #expect(try await ask(socket, "/elsewhere").status == "404")
        await rig.supervisor.stop()
        await rig.supervisor.finished()
    }
}
