import API
import Crypto
import PlaneConfig
import Synchronization
import System
import TestKit
import Testing
import Wire

@Suite struct ControlPlaneOriginTests {
    private let ids = [
        "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222",
        "33333333-3333-4333-8333-333333333333",
    ]
    private let project = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
    private let other = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"

    @Test func `a change that the control plane hints at is in force at once, with the ids it gave`() async throws {
        let folder = try TemporaryFolder()
        let plane = try await FakeControlPlane([planeStream("first", id: ids[0], project: project)])
        let source = try await plane.source(state: folder.path)
        try source.watch { _ in }
        #expect(source.current.streams.map(\.id) == [ids[0]])
        #expect(source.current.streams.map(\.topic.description) == ["stream-\(ids[0])"])

        plane.describe([
            planeStream("first", id: ids[0], project: project),
            planeStream("first-1", id: ids[1], project: project, from: "first"),
            planeStream("first", id: ids[2], project: other),
        ])
        // The next question without a hint would come in twelve seconds at the earliest.
        try await eventually("the hint is followed") { source.current.streams.count == 3 }
        #expect(source.current.stream(clientID: "stream-22222222")?.derivedFrom == "first")
        let (one, namesake) = (source.current.stream(called: ids[0]), source.current.stream(called: ids[2]))
        #expect(source.current.derivedStreams(of: try #require(one)).map(\.id) == [ids[1]])
        #expect(source.current.derivedStreams(of: try #require(namesake)).isEmpty)
        #expect(source.current.stream(called: ids[2])?.projectID == other)
        source.stop()
        await plane.stop()
    }

    @Test func `what is in force is confirmed, each version once`() async throws {
        let folder = try TemporaryFolder()
        let plane = try await FakeControlPlane([planeStream("first", id: ids[0], project: project)])
        let source = try await plane.source(state: folder.path)
        let inForce = Mutex<[Int]>([])
        try source.watch { update in
            guard case .changed(let snapshot) = update else { return }
            // Not before the component has dealt with it.
            inForce.withLock { $0.append(plane.confirmed.count * 10 + snapshot.streams.count) }
        }
        try await eventually("the first version is confirmed") { plane.confirmed == ["1"] }
        plane.describe([
            planeStream("first", id: ids[0], project: project), planeStream("second", id: ids[1], project: project),
        ])
        try await eventually("the second version is confirmed") { plane.confirmed == ["1", "2"] }
        #expect(inForce.withLock { $0 } == [12])
        source.stop()
        await plane.stop()
    }

    @Test func `a component starts from its copy while the control plane is away, and catches up later`() async throws {
        let folder = try TemporaryFolder()
        let plane = try await FakeControlPlane([planeStream("kept", id: ids[0], project: project)])
        let first = try await plane.source(state: folder.path)
        #expect(first.age != nil)
        first.stop()
        await plane.goAway()

        let second = try await plane.source(state: folder.path)
        #expect(second.current.streams.map(\.name) == ["kept"])
        #expect(second.age == nil)
        let told = Mutex<[String]>([])
        try second.watch { update in
            if case .notReached(let error) = update { told.withLock { $0.append("\(error)") } }
        }
        try await eventually("it is told that nobody answers") { !told.withLock { $0.isEmpty } }
        plane.describe([
            planeStream("kept", id: ids[0], project: project), planeStream("newer", id: ids[1], project: project),
        ])
        try await plane.comeBack()
        try await eventually("it catches up") { second.current.streams.count == 2 && second.age != nil }
        #expect(told.withLock { $0.count } == 1)
        second.stop()
        await plane.stop()
    }

    @Test func `what the control plane says wrongly is refused, and the good plane stays, also on disk`() async throws {
        let folder = try TemporaryFolder()
        let plane = try await FakeControlPlane([planeStream("good", id: ids[0], project: project)])
        let source = try await plane.source(state: folder.path)
        let refused = Mutex<[PlaneProblem]>([])
        try source.watch { update in
            if case .refused(let problems) = update { refused.withLock { $0 = problems } }
        }
        plane.describe([planeStream("orphan", id: ids[1], project: project, from: "nobody")])
        try await eventually("it is refused") { !refused.withLock { $0.isEmpty } }
        #expect(
            refused.withLock { $0.map(\.description) } == [
                "Stream orphan: linkedStream names nobody, which does not exist"
            ])
        #expect(source.current.streams.map(\.name) == ["good"])
        source.stop()
        await plane.goAway()
        let again = try await plane.source(state: folder.path)
        #expect(again.current.streams.map(\.name) == ["good"])
        again.stop()
        await plane.stop()
    }

    @Test func `a damaged copy is never in force, and is made anew when the control plane says what it should be`()
        async throws
    {
        let folder = try TemporaryFolder()
        let plane = try await FakeControlPlane([planeStream("first", id: ids[0], project: project)])
        try await plane.source(state: folder.path).stop()
        await plane.goAway()
        // One bit, which leaves a document without mistakes.
        let copy = "last-good/test/plane.json"
        try folder.write(copy, text: try folder.readText(copy).replacing("first", with: "fisst"))
        #expect(throws: PlaneConfigError.self) {
            try PlaneSnapshot.lastGood(state: folder.path, component: "test")
        }
        async let starting = plane.source(state: folder.path)
        try await plane.comeBack()
        let source = try await starting
        #expect(source.current.streams.map(\.name) == ["first"])
        #expect(try PlaneSnapshot.lastGood(state: folder.path, component: "test")?.streams.map(\.name) == ["first"])
        let told = Mutex<[String]>([])
        try source.watch { update in
            if case .copyMadeAnew(let error) = update { told.withLock { $0.append("\(error)") } }
        }
        try await eventually("it is told") { told.withLock { $0.count == 1 && $0[0].contains(copy) } }
        source.stop()
        await plane.stop()
    }

    @Test func `a copy whose mask seeds cannot be opened is not used`() async throws {
        let folder = try TemporaryFolder()
        let masks = ["strmprivacy/example/1.5.0": ["uniqueIdentifier"]]
        let streams = [
            planeStream("demo", id: ids[0], project: project),
            planeStream("demo-M1", id: ids[1], project: project, from: "demo", masking: masks, seed: "a seed"),
        ]
        let plane = try await FakeControlPlane(streams)
        func seal(_ byte: UInt8) throws -> SeedSeal {
            try SeedSeal(keyEncryptionKey: SecretBytes(copying: [UInt8](repeating: byte, count: 32)))
        }
        try await plane.source(state: folder.path, seal: try seal(7)).stop()
        let other = try await plane.source(state: folder.path, seal: try seal(8))
        #expect(other.current.stream(named: "demo-M1")?.maskSeed == "a seed")
        #expect(other.age != nil)
        other.stop()
        await plane.stop()
    }

    @Test func `mask seeds are kept sealed, and only by who masks`() async throws {
        let folder = try TemporaryFolder()
        let seed = "a seed that nobody may read"
        let streams = [
            planeStream("demo", id: ids[0], project: project),
            planeStream(
                "demo-M1", id: ids[1], project: project, from: "demo",
                masking: ["strmprivacy/example/1.5.0": ["uniqueIdentifier"]], seed: seed),
        ]
        let plane = try await FakeControlPlane(streams)
        let plain = try await plane.source(state: folder.path)
        #expect(plain.current.stream(named: "demo-M1")?.maskSeed == "")
        plain.stop()

        let key = SecretBytes(copying: [UInt8](repeating: 7, count: 32))
        let seal = try SeedSeal(keyEncryptionKey: key)
        try File.remove(folder.file("last-good/test/plane.json"))
        let masking = try await plane.source(state: folder.path, seal: seal)
        #expect(masking.current.stream(named: "demo-M1")?.maskSeed == seed)
        masking.stop()
        await plane.goAway()
        let copy = try File.read(folder.file("last-good/test/plane.json"))
        #expect(!String(decoding: copy, as: UTF8.self).contains(seed))
        let restarted = try await plane.source(state: folder.path, seal: seal)
        #expect(restarted.current.stream(named: "demo-M1")?.maskSeed == seed)
        restarted.stop()
        await plane.stop()
    }

    @Test func `of a change only the change is sent, and what is in force is the same as if all had been`() async throws
    {
        let folder = try TemporaryFolder()
        let all = (0..<100).map { number in
            planeStream("stream \(number)", id: uuid(number), project: number % 2 == 0 ? project : other)
        }
        let plane = try await FakeControlPlane(all)
        let source = try await plane.source(state: folder.path)
        let refused = Mutex(0)
        try source.watch { update in
            if case .refused = update { refused.withLock { $0 += 1 } }
        }
        #expect(plane.streamsSent == 100)
        /// Waits for it, and compares with a component that was told everything.
        func expect(_ streams: [PlaneStreamSpec], sent: Int) async throws {
            let before = plane.streamsSent
            plane.describe(streams)
            let ids = Set(streams.compactMap(\.extendedStream?.uuid))
            try await eventually("it is in force") { Set(source.current.streams.map(\.id)) == ids }
            #expect(plane.streamsSent - before == sent)
            let whole = try await plane.source(state: folder.makeFolder("\(plane.asked)"))
            #expect(whole.current.version == source.current.version)
            #expect(whole.current.streams == source.current.streams)
            whole.stop()
        }
        let derived = planeStream("late", id: ids[0], project: project, from: "stream 0")
        try await expect(all + [derived], sent: 1)
        try await expect(Array(all[..<50]), sent: 0)
        let again = (50..<53).map { planeStream("stream \($0)", id: uuid($0 + 100), project: project) }
        try await expect(again + all[..<49], sent: 3)
        // An orphan is refused; when it has gone, everything else is in force.
        plane.describe(again + all[1..<49] + [derived])
        try await eventually("it is refused") { refused.withLock { $0 } == 1 }
        try await expect(Array(all[1..<49]), sent: 0)
        // A control plane that has forgotten tells everything.
        plane.forget()
        try await expect(all, sent: 100)
        source.stop()
        await plane.goAway()
        let copy = try await plane.source(state: folder.path)
        #expect(copy.current.version == source.current.version)
        #expect(copy.current.streams == source.current.streams)
        copy.stop()
        await plane.stop()
    }
}

/// The same for the same number.
private func uuid(_ number: Int) -> String {
    let digits = String(number)
    return "00000000-0000-4000-8000-\(String(repeating: "0", count: 12 - digits.count))\(digits)"
}
