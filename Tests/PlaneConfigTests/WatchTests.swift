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

    @Test func `a last good copy of a newer version is refused`() throws {
        let folders = try PlaneFolders(["a.yaml": Self.stream("first")])
        _ = try folders.source()
        _ = try folders.root.write("state/last-good/test/plane.json", text: #"{"version":2}"#)
        try folders.write("a.yaml", "kind: [")
        #expect(throws: PlaneConfigError.self) { try folders.source() }
    }
}
