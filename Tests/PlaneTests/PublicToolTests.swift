import JSON
import TestKit
import Testing

/// The public command-line tool, played by `Tests/Strangers/cli.py` against a whole plane: every command with the calls that it makes,
/// and what it reads of the answers. `Services/ControlPlane/COMMANDS.md` is the list.
@Suite struct PublicToolTests {
    @Test func `the public tool logs in with a browser and without, stays logged in, and finds its project`()
        async throws
    {
        try await play("login")
    }

    @Test func `the public tool manages projects, people and installations`() async throws { try await play("people") }

    @Test func `the public tool makes, shows, watches and deletes streams`() async throws { try await play("streams") }

    @Test func `the public tool takes contracts through their states, and gets their schemas`() async throws {
        try await play("contracts")
    }

    @Test func `the public tool manages policies and purposes`() async throws { try await play("policies") }

    @Test func `the public tool manages connectors, batch exporters and batch jobs`() async throws {
        try await play("batch")
    }

    @Test func `the public tool manages what goes to Kafka`() async throws { try await play("kafka") }

    @Test func `the public tool simulates events and listens right after a stream was made`() async throws {
        try await play("events")
    }

    @Test func `the public tool finds people by their keys, and has what is noted of them deleted`() async throws {
        try await play("subjects")
    }

    @Test func `the table names every command that is played, with its story, and no other`() async throws {
        let table = String(
            decoding: try readFile("\(Strangers.packageRoot)/Services/ControlPlane/COMMANDS.md"), as: UTF8.self)
        let commands = try #require(table.split(separator: "\n## ").first { $0.hasPrefix("Commands") })
        var named: [String: String] = [:]
        for row in commands.split(separator: "\n") where row.hasPrefix("| `") {
            let cells = row.split(separator: "|").map { String($0).trimmed }
            // `create stream`, `list streams` → what stands between the quotes
            for (index, command) in cells[0].split(separator: "`").enumerated() where index.isMultiple(of: 2) {
                named[String(command)] = String(try #require(cells.last).dropFirst().dropLast())
            }
        }
        let script = "\(Strangers.packageRoot)/Tests/Strangers/cli.py"
        let stories = try JSONValue.parse(try await runTool(Strangers.python, [script, "commands"]).outputBytes)
        var played: [String: String] = [:]
        for story in stories.object?.members ?? [] {
            for command in story.value.array ?? [] { played[command.string ?? ""] = story.name }
        }
        #expect(named == played)
        #expect(played.count > 70)
    }

    private func play(_ story: String) async throws {
        let plane = try await Plane()
        defer { plane.killSupervisor() }
        let result = try await runTool(
            Strangers.python,
            ["\(Strangers.packageRoot)/Tests/Strangers/cli.py", story, plane.readyFile, plane.folder.file("strm")],
            deadline: .seconds(400))
        #expect(result.output == "fine\n")
        #expect(try await plane.stop() == 0)
    }
}
