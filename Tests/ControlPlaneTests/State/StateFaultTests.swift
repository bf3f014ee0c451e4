import ControlPlane
import Faults
import SQLite
import TestKit
import Testing
import Time

/// What becomes of the state on a disk that is full, or fails.
@Suite(.serialized) struct StateFaultTests {
    private let state: TestState
    private let store: StateStore
    private let project: String
    private let disk: FaultyDisk

    init() throws {
        state = try TestState()
        disk = FaultyDisk(under: state.folder.path)  // sees files that are opened from now on
        store = try state.open()
        project = try store.read { view throws(CallError) in try view.plane() }.defaultProjectID
    }

    private func add(_ name: String, to store: StateStore? = nil) throws(CallError) {
        let (state, project) = (state, project)
        try (store ?? self.store).writeBlocking(by: .system, "test") { change throws(CallError) in
            var stream = state.stream(name, in: project)
            try change.add(&stream)
        }
    }

    private func names(_ store: StateStore? = nil) throws -> [String] {
        try (store ?? self.store).read { view throws(CallError) in try view.streams() }.map(\.name)
    }

    @Test func `a full disk refuses a change whole, and takes it when there is room again`() throws {
        try add("before")
        disk.set { $0.room = 0 }
        do {
            try add("while")
            Issue.record("was written")
        } catch CallError.state(let error) {
            #expect(error.blame == .upstream)
        }
        #expect(try names() == ["before"])
        disk.set { $0.room = nil }
        try add("after")
        #expect(try names() == ["before", "after"])
    }

    @Test func `after a sync that failed nothing is written before the next start`() throws {
        try add("before")
        disk.set { $0.failingSyncs = 1 }
        for name in ["first", "second"] {
            do {
                try add(name)
                Issue.record("was written")
            } catch CallError.state(let error) {
                guard case .syncFailed = error else {
                    Issue.record("\(error)")
                    continue
                }
            }
        }
        let again = try state.open()
        try add("after", to: again)
        #expect(Set(try names(again)).isSuperset(of: ["before", "after"]))
        #expect(!(try names(again)).contains("second"))
    }
}
