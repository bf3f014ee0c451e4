import ControlPlane
import Bytes
import Crypto
import HTTP
import JSON
import SQLite
import Synchronization
import TestKit
import Testing
import Time

/// A state in a folder of its own.
struct TestState {
    let folder: TemporaryFolder
    let clock = ManualClock()
    let key: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        key = Array(0..<32)
    }

    func open(key: [UInt8]? = nil) throws -> StateStore {
        let secrets = try StateSecrets(keyEncryptionKey: SecretBytes(copying: key ?? self.key))
        return try StateStore(state: folder.path, secrets: secrets, clock: clock)
    }

    func credentials(_ clientID: String, _ secret: String) throws -> TokenRequest.Credentials {
        let body = "grant_type=client_credentials&client_id=\(clientID)&client_secret=\(secret)"
        return try TokenRequest(Request(.post, "/", body: Array(body.utf8))).credentials
    }

    func stream(_ name: String, in projectID: String, source: Int64? = nil) -> StreamRecord {
        var generator = SystemRandomNumberGenerator()
        return StreamRecord(
            number: 0, id: UUIDv4(using: &generator).description, projectID: projectID, name: name, source: source,
            policyID: nil, body: [], created: clock.now())
    }
}

@Suite struct StateStoreTests {
    @Test func `the first start makes an organization, project default and one installation, the next ones keep them`()
        throws
    {
        let state = try TestState()
        let first = try state.open()
        let plane = try first.read { view throws(CallError) in try view.plane() }
        let installations = try first.read { view throws(CallError) in try view.installations() }
        #expect(try first.read { view throws(CallError) in try view.projects() }.map(\.name) == ["default"])
        #expect(plane.defaultProjectID.count == 36)
        #expect(installations.count == 1)
        #expect(installations[0].clientID.hasPrefix("ins-"))
        #expect(try first.secrets.secret(of: installations[0]).utf8.count == 30)
        first.close()
        let second = try state.open()
        #expect(try second.read { view throws(CallError) in try view.plane() } == plane)
        #expect(try second.read { view throws(CallError) in try view.installations() } == installations)
        #expect(try state.folder.mode(of: "control/state.db") == 0o600)
    }

    @Test func `a state that was sealed with another key is refused, and unharmed`() throws {
        let state = try TestState()
        try state.open().close()
        #expect(throws: CallError.self) { try state.open(key: [UInt8](repeating: 9, count: 32)) }
        _ = try state.open()
    }

    @Test func `a file of a newer program is refused`() throws {
        let state = try TestState()
        try state.open().close()
        let path = StateStore.path(state.folder.path)
        try Database(path, .init(.write)).execute("PRAGMA user_version = 1000")
        do {
            _ = try state.open()
            Issue.record("was opened")
        } catch CallError.state(.newerFormat(_, let found, _)) {
            #expect(found == 1000)
        }
    }

    @Test func `a use case that throws leaves nothing behind, not even in the audit trail`() throws {
        let state = try TestState()
        let store = try state.open()
        #expect(throws: CallError.refused("changed my mind")) {
            try store.writeBlocking(by: .system, "test") { change throws(CallError) in
                try change.add(ProjectRecord(id: "p", name: "p", description: "", state: 1, created: change.now))
                try change.audit(.project, "p", before: nil, after: [:])
                change.planeChanged()
                throw CallError.refused("changed my mind")
            }
        }
        #expect(try store.read { view throws(CallError) in try view.project(id: "p") } == nil)
        #expect(try store.read { view throws(CallError) in try view.auditEntries(AuditFilter(), limit: 9) }.isEmpty)
        #expect(try store.read { view throws(CallError) in try view.plane() }.revision == 1)
    }

    @Test func `the revision grows with what the plane runs on, and listeners are told`() throws {
        let state = try TestState()
        let store = try state.open()
        let told = Mutex<[Int64]>([])
        store.onPlaneChange { revision in told.withLock { $0.append(revision) } }
        let project = try store.read { view throws(CallError) in try view.plane() }.defaultProjectID
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in try change.setHandle("webshop") }
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            var stream = state.stream("demo", in: project)
            try change.add(&stream)
            _ = try change.addCredential(ofStream: stream.number, sealing: store.secrets)
        }
        #expect(told.withLock { $0 } == [2])
        #expect(try store.read { view throws(CallError) in try view.plane() }.revision == 2)
    }

    @Test func `a stream from which another is derived cannot go, and its credentials go with it`() throws {
        let state = try TestState()
        let store = try state.open()
        let project = try store.read { view throws(CallError) in try view.plane() }.defaultProjectID
        let (source, derived, clientID) = try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            var source = state.stream("demo", in: project)
            try change.add(&source)
            let credential = try change.addCredential(ofStream: source.number, sealing: store.secrets)
            var derived = state.stream("demo-0", in: project, source: source.number)
            try change.add(&derived)
            return (source.number, derived.number, credential.clientID)
        }
        #expect(throws: CallError.self) {
            try store.writeBlocking(by: .system, "test") { change throws(CallError) in
                try change.removeStream(number: source)
            }
        }
        #expect(throws: CallError.self) {
            try store.writeBlocking(by: .system, "test") { change throws(CallError) in
                let all = try change.view.projects()
                try change.removeProject(all[0])
            }
        }
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            try change.removeStream(number: derived)
            try change.removeStream(number: source)
        }
        #expect(try store.read { view throws(CallError) in try view.credential(clientID: clientID) } == nil)
    }

    @Test func `the secret of one client does not open as that of another`() throws {
        let state = try TestState()
        let store = try state.open()
        let project = try store.read { view throws(CallError) in try view.plane() }.defaultProjectID
        let (first, second) = try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            var stream = state.stream("demo", in: project)
            try change.add(&stream)
            return (
                try change.addCredential(ofStream: stream.number, sealing: store.secrets),
                try change.addCredential(ofStream: stream.number, sealing: store.secrets)
            )
        }
        let stored = try store.read { view throws(CallError) in
            (try view.credential(clientID: first.clientID), try view.credential(clientID: second.clientID))
        }
        #expect(try store.secrets.secret(of: #require(stored.0)) == first.secret)
        var swapped = try #require(stored.0)
        swapped.sealedSecret = try #require(stored.1).sealedSecret
        #expect(throws: CallError.self) { try store.secrets.secret(of: swapped) }
        let file = try state.folder.read("control/state.db") + (try state.folder.read("control/state.db-wal"))
        let needle = Array(first.secret.utf8)
        #expect(!file.indices.contains { file[$0...].starts(with: needle) })
    }

    @Test func `the audit trail is listed by kind, entity and project, newest first, page by page`() throws {
        let state = try TestState()
        let store = try state.open()
        let actor = Actor(kind: .user, id: "u", name: "a@example.com")
        for number in 0..<5 {
            try store.writeBlocking(by: actor, "S/M") { change throws(CallError) in
                try change.audit(.stream, "s\(number)", projectID: "p", before: nil, after: ["n": JSONValue(number)])
                try change.audit(.project, "p", projectID: "p", before: ["n": JSONValue(number)], after: nil)
            }
        }
        var filter = AuditFilter()
        filter.kind = .stream
        let page = try store.read { view throws(CallError) in try view.auditEntries(filter, limit: 2) }
        #expect(page.map(\.reference) == ["s4", "s3"])
        #expect(page[0].actor == actor)
        #expect(page[0].method == "S/M")
        #expect(page[0].after == #"{"n":4}"#)
        #expect(page[0].before == "")
        filter.before = page[1].number
        let rest = try store.read { view throws(CallError) in try view.auditEntries(filter, limit: 9) }
        #expect(rest.map(\.reference) == ["s2", "s1", "s0"])
        var one = AuditFilter()
        one.reference = "s1"
        #expect(try store.read { view throws(CallError) in try view.auditEntries(one, limit: 9) }.count == 1)
    }

    @Test func `of each process twenty states are kept, and of one that is gone for a week none`() throws {
        let state = try TestState()
        let store = try state.open()
        let id = try store.read { view throws(CallError) in try view.installations() }[0].id
        func report(_ instance: String, _ number: Int) throws {
            try store.writeBlocking(by: .system, "test") { change throws(CallError) in
                try change.add(
                    ComponentStateRecord(
                        component: 4, instance: instance, type: 2, message: "state \(number)", at: change.now),
                    ofInstallation: id)
            }
        }
        try report("gone", 0)
        state.clock.advance(by: .days(8))
        for number in 0..<30 { try report("here", number) }
        let states = try store.read { view throws(CallError) in try view.componentStates(ofInstallation: id) }
        #expect(states.map(\.message) == (10..<30).map { "state \($0)" })
    }

    @Test func `many readers see whole transactions while one writes`() async throws {
        let state = try TestState()
        let store = try state.open()
        let project = try store.read { view throws(CallError) in try view.plane() }.defaultProjectID
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    for _ in 0..<200 {
                        let (streams, clients) = try store.read { view throws(CallError) in
                            (try view.streamCount(), try view.clientIDs().count)
                        }
                        #expect(streams == clients)
                    }
                }
            }
            group.addTask {
                for number in 0..<50 {
                    try await store.write(by: .system, "test") { change throws(CallError) in
                        var stream = state.stream("stream \(number)", in: project)
                        try change.add(&stream)
                        _ = try change.addCredential(ofStream: stream.number, sealing: store.secrets)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a client of the state logs in from the moment it was made, and no longer when it is gone`() throws {
        let state = try TestState()
        let store = try state.open()
        let registry = try ClientRegistry.streams(store)
        let project = try store.read { view throws(CallError) in try view.plane() }.defaultProjectID
        let made = try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            var stream = state.stream("demo", in: project)
            try change.add(&stream)
            return try change.addCredential(ofStream: stream.number, sealing: store.secrets)
        }
        let right = try state.credentials(made.clientID, made.secret)
        let wrong = try state.credentials(made.clientID, made.secret + "x")
        #expect(try registry.authenticate(right)?.id == made.clientID)
        #expect(try registry.authenticate(wrong) == nil)
        try store.writeBlocking(by: .system, "test") { change throws(CallError) in
            try change.removeCredential(clientID: made.clientID)
        }
        #expect(try registry.authenticate(right) == nil)
    }
}
