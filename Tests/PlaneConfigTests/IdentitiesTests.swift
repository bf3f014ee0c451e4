import PlaneConfig
import TestKit
import Testing
import Wire

@Suite struct IdentitiesTests {
    private static let demo = ["s.yaml": "kind: Stream\nspec: {ref: {name: demo}}\n"]

    @Test func `ids, client ids and secrets are made once and kept`() throws {
        let folders = try PlaneFolders(Self.demo)
        let first = try #require(try folders.source().current.stream(named: "demo"))
        #expect(first.topic.description == "stream-\(first.id)")
        #expect(first.clientID.wholeMatch(of: /stream-[a-z0-9]{30}/) != nil)
        let identities = try Identities(state: folders.state)
        let secret = try identities.clientSecret(of: first)
        #expect(secret.wholeMatch(of: /[A-Za-z0-9]{30}/) != nil)
        #expect(try folders.root.mode(of: "state/secrets/clients/demo") == 0o600)

        let second = try #require(try folders.source("another").current.stream(named: "demo"))
        #expect(second == first)
        #expect(try Identities(state: folders.state).clientSecret(of: second) == secret)
    }

    @Test func `any stream name makes a safe file name`() throws {
        let names = ["../../etc", "a b/c", "Ünïcode-stream", ".hidden", String(repeating: "x", count: 100), "~abc"]
        let text = names.map { "kind: Stream\nspec: {ref: {name: \"\($0)\"}}\n" }.joined(separator: "---\n")
        let folders = try PlaneFolders(["s.yaml": text])
        let snapshot = try folders.source().current
        #expect(Set(snapshot.streams.map(\.id)).count == names.count)
        let files = try folders.root.names(in: "state/ids/streams")
        #expect(files.count == names.count)
        #expect(files.allSatisfy { $0.wholeMatch(of: /~[0-9a-f]{64}|x{100}/) != nil })
    }

    @Test func `a secret file and a client id of one's own are taken`() throws {
        let folders = try PlaneFolders([
            "s.yaml": "kind: Stream\nclientId: my-client\nsecretFile: secret.txt\nspec: {ref: {name: demo}}\n",
            "secret.txt": "correct-horse-battery\n",
        ])
        let stream = try #require(try folders.source().current.stream(clientID: "my-client"))
        let identities = try Identities(state: folders.state)
        #expect(try identities.clientSecret(of: stream) == "correct-horse-battery")
        try folders.write("secret.txt", "short")
        #expect(throws: PlaneConfigError.self) { try identities.clientSecret(of: stream) }
        folders.root.remove("plane/secret.txt")
        #expect(throws: PlaneConfigError.self) { try identities.clientSecret(of: stream) }
    }

    @Test func `a mask without a seed gets one, and keeps it`() throws {
        let folders = try PlaneFolders([
            "s.yaml": """
            kind: Stream
            spec: {ref: {name: demo}}
            ---
            kind: Stream
            spec:
              linkedStream: demo
              consentLevels: [1]
              maskedFields: {fieldPatterns: {strmprivacy/example/1.3.0: {fieldPatterns: [uniqueIdentifier]}}}
            """
        ])
        let seed = try #require(try folders.source().current.stream(named: "demo-M1")?.maskSeed)
        #expect(seed.count == 30)
        #expect(try folders.source("x").current.stream(named: "demo-M1")?.maskSeed == seed)
        #expect(try folders.root.mode(of: "state/ids/mask-seeds/demo-M1") == 0o600)
    }

    @Test func `a damaged identity is told, not replaced`() throws {
        let folders = try PlaneFolders(Self.demo)
        _ = try folders.source()
        _ = try folders.root.write("state/ids/streams/demo", text: #"{"version":2}"#)
        #expect(throws: PlaneConfigError.self) { try folders.source() }
        #expect(try folders.root.readText("state/ids/streams/demo") == #"{"version":2}"#)
    }

    @Test func `processes that start together agree on every identity`() async throws {
        let names = (0..<40).map { "stream-number-\($0)" }
        let text = names.map { "kind: Stream\nspec: {ref: {name: \($0)}}\n" }.joined(separator: "---\n")
        let folders = try PlaneFolders(["s.yaml": text])
        try await withThrowingTaskGroup { group in
            for number in 0..<4 {
                let (plane, state) = (folders.plane, folders.state)
                group.addTask {
                    await #expect(processExitsWith: .success) {
                        [plane = plane as String, state = state as String, number = number as Int] in
                        let source = try PlaneConfigSource(folder: plane, state: state, component: "racer-\(number)")
                        let identities = try Identities(state: state)
                        var lines = ""
                        for stream in source.current.streams {
                            lines += "\(stream.name) \(stream.id) \(stream.clientID) "
                            lines += "\(try identities.clientSecret(of: stream))\n"
                        }
                        try writeReport("\(state)/report-\(number)", lines)
                    }
                }
            }
            try await group.waitForAll()
        }
        let reports = try (0..<4).map { try folders.root.readText("state/report-\($0)") }
        #expect(reports[0].split(separator: "\n").count == names.count)
        #expect(Set(reports).count == 1)
    }

    /// Files were called `.avsc` when all schemas were Avro.
    @Test(arguments: ["json", "avsc"])
    func `schema ids come from the content, and a taken one is passed over`(kind: String) throws {
        let folders = try PlaneFolders()
        let store = try SchemaStore(state: folders.state)
        let id = try store.id(of: #""string""#)
        #expect(id > 0)
        #expect(try store.id(of: #""string""#) == id)
        #expect(try store.definition(of: id) == #""string""#)
        #expect(try store.definition(of: id == 5 ? 6 : 5) == nil)

        // Another text sits on the number that belongs to this one.
        let other = try PlaneFolders()
        let probing = try SchemaStore(state: other.state)
        _ = try other.root.write("state/schemas/\(id).\(kind)", text: #""int""#)
        #expect(try probing.id(of: #""string""#) == (id == .max ? 1 : id + 1))
        #expect(try probing.definition(of: id) == #""int""#)
    }
}
