import Glibc
import PlaneConfig
import Synchronization
import System
import TestKit
import Testing

/// Writes a small file from a child process of a test.
func writeReport(_ path: String, _ text: String) throws {
    try File.writeAtomically(path, Array(text.utf8))
}

/// Collects updates as they come.
private final class Updates: Sendable {
    private let list = Mutex<[PlaneUpdate]>([])
    func add(_ update: PlaneUpdate) { list.withLock { $0.append(update) } }
    /// The versions that came into force, in order.
    var versions: [String] {
        list.withLock { $0 }.compactMap { update in
            guard case .changed(let snapshot) = update else { return nil }
            return snapshot.version
        }
    }
    /// How often the copy could not be kept.
    var lostCopies: Int {
        list.withLock { $0 }.count { update in
            if case .copyNotKept = update { true } else { false }
        }
    }
    /// How often the state folder had no room for what is new.
    var notKept: Int {
        list.withLock { $0 }.count { update in
            if case .notKept = update { true } else { false }
        }
    }
    /// The mistakes of the last update, if it was a refusal.
    var refused: [PlaneProblem]? {
        guard case .refused(let problems) = list.withLock({ $0.last }) else { return nil }
        return problems
    }
}

@Suite struct WatchTests {
    private static func stream(_ name: String) -> String { "kind: Stream\nspec: {ref: {name: \(name)}}\n" }

    @Test func `a change takes effect, a broken one is refused, and mending it takes effect again`() async throws {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        let source = try folders.source()
        let updates = Updates()
        try source.watch { updates.add($0) }
        defer { source.stop() }
        let version = source.current.version

        try folders.write("b.yaml", Self.stream("second"))
        try await eventually("the update arrives") { source.current.streams.map(\.name) == ["first", "second"] }
        #expect(source.current.version != version)

        try folders.write("b.yaml", Self.stream("second") + "  oops: [\n")
        try await eventually("the refusal arrives") { updates.refused?.map(\.file) == ["b.yaml"] }
        #expect(source.current.streams.count == 2)

        folders.root.remove("plane/b.yaml")
        try await eventually("the update arrives") { source.current.streams.map(\.name) == ["first"] }
        #expect(source.current.version == version)
    }

    @Test func `files that are written anew with the same content change nothing`() async throws {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        let source = try folders.source()
        let updates = Updates()
        try source.watch { updates.add($0) }
        defer { source.stop() }
        let before = source.current.version
        try folders.write("a.yaml", "# a comment\n" + Self.stream("first"))
        try folders.write("b.yaml", Self.stream("marker"))
        try await eventually("the update arrives") { source.current.streams.count == 2 }
        try folders.write("a.yaml", Self.stream("first"))
        try folders.write("b.yaml", Self.stream("marker2"))
        try await eventually("the update arrives") { source.current.stream(named: "marker2") != nil }
        let versions = [before] + updates.versions
        #expect(zip(versions, versions.dropFirst()).allSatisfy { $0 != $1 }, "\(versions)")
    }

    @Test func `a component starts from its last good copy when the folder is broken, and recovers by itself`()
        async throws
    {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        let good = try folders.source().current
        try folders.write("a.yaml", "kind: [")
        let source = try folders.source()
        #expect(source.problemsAtStart.map(\.file) == ["a.yaml"])
        #expect(source.current.version == good.version)
        #expect(source.current.streams == good.streams)
        #expect(throws: PlaneConfigError.self) { try folders.source("a newcomer") }

        try source.watch { _ in }
        defer { source.stop() }
        try folders.write("a.yaml", Self.stream("mended"))
        try await eventually("the update arrives") { source.current.stream(named: "mended") != nil }
    }

    @Test func `a folder that vanishes does not harm`() throws {
        let folders = try PlaneFolders([
            "a.yaml": "kind: Stream\nsecretFile: secret\nspec: {ref: {name: first}}\n", "secret": "abcdefghijklmnop",
        ])
        let good = try folders.source().current
        folders.root.remove("plane")
        let source = try folders.source()
        #expect(source.current.streams == good.streams)
        #expect(source.problemsAtStart.count == 1)
    }

    @Test func `a bad secret file is refused while the plane runs, and taken once it is mended, alone`() async throws {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        let source = try folders.source()
        let updates = Updates()
        try source.watch { updates.add($0) }
        defer { source.stop() }
        try folders.write("secret", "short")
        try folders.write("b.yaml", "kind: Stream\nsecretFile: secret\nspec: {ref: {name: second}}\n")
        try await eventually("the refusal arrives") { updates.refused?.map(\.line) == [2] }
        #expect(source.current.streams.map(\.name) == ["first"])
        try folders.write("secret", "a-secret-of-twenty-4")
        try await eventually("the update arrives") { source.current.streams.map(\.name) == ["first", "second"] }
    }

    @Test func `an unchanged folder is read without a write`() throws {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        let good = try folders.source().current
        let names = ["state/last-good/test/plane.json", "state/ids/streams/first"]
        let before = try names.map { try File.status(folders.root.file($0)) }
        #expect(try folders.source().current.streams == good.streams)
        #expect(try names.map { try File.status(folders.root.file($0)) } == before)
    }

    @Test func `a copy that cannot be kept is told once and does not stop anything`() async throws {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        // A folder in the copy's place stands for the full disk.
        try folders.root.makeFolder("state/last-good/test/plane.json")
        let source = try folders.source()
        #expect(source.current.streams.map(\.name) == ["first"])
        let updates = Updates()
        try source.watch { updates.add($0) }
        defer { source.stop() }
        try await eventually("it is told") { updates.lostCopies == 1 }
        try folders.write("b.yaml", Self.stream("second"))
        try await eventually("the update arrives") { source.current.streams.count == 2 }
        try Directory.removeAll(folders.root.file("state/last-good/test/plane.json"))
        try await eventually("the copy is there") {
            try PlaneSnapshot.lastGood(state: folders.state, component: "test")?.streams.count == 2
        }
        #expect(updates.lostCopies == 1)
    }

    @Test func `without room for a new stream's identity the last good copy serves, until there is room`() async throws
    {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        _ = try folders.source()
        try folders.write("b.yaml", Self.stream("second"))
        // A link that leads nowhere cannot be made, and not be read: as on a full disk.
        #expect(symlink("nowhere", folders.root.file("state/ids/streams/second")) == 0)
        let source = try folders.source()
        #expect(source.current.streams.map(\.name) == ["first"])
        #expect(source.problemsAtStart.map(\.reason).allSatisfy { $0.contains("ids/streams/second") })
        #expect(source.problemsAtStart.count == 1)
        let updates = Updates()
        try source.watch { updates.add($0) }
        defer { source.stop() }
        try await eventually("it is tried again") { updates.notKept > 0 }
        folders.root.remove("state/ids/streams/second")
        try await eventually("the update arrives") { source.current.streams.count == 2 }
    }

    @Test func `a last good copy of a newer version is refused`() throws {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        _ = try folders.source()
        _ = try folders.root.write("state/last-good/test/plane.json", text: #"{"version":2}"#)
        try folders.write("a.yaml", "kind: [")
        #expect(throws: PlaneConfigError.self) { try folders.source() }
    }
}
