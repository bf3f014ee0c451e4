import Config
import Decrypter
import EventLog
import EventLoop
import JSON
import KeyVault
import Observe
import PlaneConfig
import Privacy
import ServiceKit
import System
import TestKit
import TLS
import Testing
import Time
import Wire

/// The whole service, on a plane folder that changes while it runs.
@Suite struct DecrypterServiceTests {
    static let contract = """
        kind: DataContract
        spec:
          ref: {handle: testhandle, name: people, version: 1.0.0}
          keyField: id
          piiFields: {id: 1, mail: 2}
          schema:
            definition: '\(schema)'
        """
    static let schema = """
        {"type":"record","name":"Person","fields":[\(DecrypterRig.meta),
        {"name":"id","type":"string"},{"name":"mail","type":["null","string"],"default":null}]}
        """.split(separator: "\n").joined()

    static func stream(_ name: String, _ levels: String? = nil, more: String = "") -> String {
        let derived = levels.map { "  linkedStream: people\n  consentLevels: \($0)\n" } ?? ""
        return "kind: Stream\nspec:\n  ref: {name: \(name)}\n\(derived)\(more)"
    }

    /// A plane folder, a state folder, and the log and vault that a gateway would use on it.
    final class Site: Sendable {
        let rig: DecrypterRig
        let plane: String
        let state: String

        init() throws {
            rig = try DecrypterRig()
            plane = try rig.folder.makeFolder("plane")
            state = rig.folder.path
            try rig.folder.makeFolder("secrets")
            try rig.folder.write("secrets/kek", try rig.folder.read("kek"))
            try rig.folder.write("plane/contract.yaml", text: contract)
            try rig.folder.write("plane/people.yaml", text: stream("people"))
        }

        func source() throws -> PlaneSnapshot {
            try PlaneConfigSource(folder: plane, state: state, component: "test").current
        }

        func start() async throws -> (Decrypter, MetricRegistry) {
            let (service, kit) = try await startWithKit()
            return (service, kit.metrics)
        }

        func startWithKit() async throws -> (Decrypter, Kit) {
            var env = EnvReader([
                "DECRYPTER_STREAM": "people", "DECRYPTER_PLANE_FOLDER": plane, "DECRYPTER_STATE_FOLDER": state,
            ])
            let config = DecrypterConfig(reading: &env)
            let clock = SystemClock()
            let metrics = MetricRegistry()
            let kit = Kit(
                name: "decrypter",
                logger: Logger(service: "decrypter", sink: NullLogSink(), clock: clock, format: .text),
                metrics: metrics, clock: clock, loop: rig.loop, tls: TLSFiles(certificate: nil, key: nil))
            return (try await Decrypter(config, kit), kit)
        }

        /// Appends an event of each person to the source stream.
        func send(_ people: [String], consents: [Int32] = [1, 2]) async throws {
            let snapshot = try source()
            let topic = try #require(snapshot.stream(named: "people")).topic
            let schema = try #require(snapshot.schemas.first { $0.ref.handle == "testhandle" })
            rig.schemas.add(schema.id, schema.definition)
            var records: [DecrypterRig.Record] = []
            for person in people {
                let key = try await rig.key(person)
                let cipher = try FieldCipher(key: key.key, link: key.link)
                records.append(
                    try rig.record(
                        "\"id\":\"\(cipher.seal(person))\",\"mail\":\"\(cipher.seal(person + "@example.org"))\"",
                        consents: consents, link: key.link, schemaID: schema.id, contract: "testhandle/people/1.0.0"))
            }
            try rig.append(records, to: topic)
        }

        /// Waits until a derived stream holds `count` events and answers a member of each.
        func wait(for stream: String, _ member: String, count: Int) async throws -> [String] {
            let deadline = MonotonicTime.now() + .seconds(60)
            while true {
                if let topic = try source().stream(named: stream)?.topic {
                    let events = try rig.events(topic)
                    if events.count >= count { return events.map { $0[member]?.string ?? "?" } }
                }
                guard MonotonicTime.now() < deadline else {
                    throw TestKitError.deadlinePassed("\(count) events in \(stream)")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test func `derived streams are served, also those that appear and change while it runs`() async throws {
        let site = try Site()
        try site.rig.folder.write("plane/p1.yaml", text: Self.stream("people-1", "[1]"))
        try await site.send(["ann", "bob"])
        let (service, metrics) = try await site.start()
        #expect(try await site.wait(for: "people-1", "id", count: 2) == ["ann", "bob"])

        // A new derived stream begins with the earliest event.
        try site.rig.folder.write("plane/p2.yaml", text: Self.stream("people-1-2", "[1, 2]"))
        #expect(
            try await site.wait(for: "people-1-2", "mail", count: 2) == ["ann@example.org", "bob@example.org"])

        // A mask counts from the next event on. The stream beside it tells when the change has been taken up: both are
        // in one folder, which is read as a whole.
        try site.rig.folder.write(
            "plane/p2.yaml",
            text: Self.stream(
                "people-1-2", "[1, 2]",
                more:
                    "  maskedFields: {seed: hi-there, fieldPatterns: {testhandle/people/1.0.0: {fieldPatterns: [id]}}}\n"
            ))
        try site.rig.folder.write("plane/p3.yaml", text: Self.stream("people-2", "[2]"))
        _ = try await site.wait(for: "people-2", "id", count: 2)
        try await site.send(["cid"])
        let mask = Mask(seed: "hi-there").text(of: "cid")
        #expect(try await site.wait(for: "people-1-2", "id", count: 3) == ["ann", "bob", mask])
        #expect(try await site.wait(for: "people-1", "id", count: 3) == ["ann", "bob", "cid"])
        await service.drain()
        let text = metrics.exposition()
        #expect(text.contains(#"strm_decrypter_events_total{stream="people-1",result="written"} 3"#))
        #expect(text.contains(#"strm_decrypter_lag_events{stream="people-1"} 0"#))
    }

    @Test func `a damaged derived topic stands still alone, is named, and goes on when it is mended`() async throws {
        let site = try Site()
        try site.rig.folder.write("plane/p1.yaml", text: Self.stream("people-1", "[1]"))
        try site.rig.folder.write("plane/p2.yaml", text: Self.stream("people-2", "[2]"))
        try await site.send(["ann"])
        let (first, _) = try await site.start()
        for stream in ["people-1", "people-2"] { _ = try await site.wait(for: stream, "id", count: 1) }
        await first.drain()
        let damaged = try #require(try site.source().stream(named: "people-1")).topic
        let path = "topics/\(damaged)/log.db"
        let good = try site.rig.folder.read(path)
        try site.rig.folder.write(path, [UInt8](repeating: 0, count: 100) + good.dropFirst(100))

        try await site.send(["bob"])
        let (second, kit) = try await site.startWithKit()
        let run = Task { try await second.run() }
        _ = try await site.wait(for: "people-2", "mail", count: 2)
        try await eventually("it is told") {
            kit.metrics.exposition().contains(#"strm_decrypter_standing_still{stream="people-1"} 1"#)
        }
        #expect(kit.readiness.isReady)
        #expect(kit.readiness.remarks.count == 1)
        #expect(kit.readiness.remarks.allSatisfy { $0.hasPrefix("derived stream people-1 stands still: topic") })
        #expect(kit.metrics.exposition().contains(#"strm_decrypter_standing_still{stream="people-2"} 0"#))

        try site.rig.folder.write(path, good)
        #expect(try await site.wait(for: "people-1", "id", count: 2) == ["ann", "bob"])
        try await eventually("it is told") { kit.readiness.remarks.isEmpty }
        run.cancel()
        try await run.value
        await second.drain()
    }

    @Test func `after a stop and a start it goes on where it was`() async throws {
        let site = try Site()
        try site.rig.folder.write("plane/p1.yaml", text: Self.stream("people-1", "[1]"))
        try await site.send(["ann"])
        let (first, _) = try await site.start()
        _ = try await site.wait(for: "people-1", "id", count: 1)
        await first.drain()
        try await site.send(["bob"])
        let (second, _) = try await site.start()
        #expect(try await site.wait(for: "people-1", "id", count: 2) == ["ann", "bob"])
        await second.drain()
        #expect(try site.rig.records(try #require(site.source().stream(named: "people-1")).topic).count == 2)
    }

    @Test func `a plane folder with mistakes and no last good copy is refused with all of them`() async throws {
        let site = try Site()
        try site.rig.folder.write("plane/bad.yaml", text: "kind: Stream\nspec:\n  ref: {name: x}\n  nonsense: 1\n")
        let error = await #expect(throws: ConfigurationRefused.self) { _ = try await site.start() }
        #expect((error?.problems.count ?? 0) >= 2)
    }

    @Test func `a wrong key-encryption key is told at the start`() async throws {
        let site = try Site()
        try site.rig.folder.write("secrets/kek", [1, 2, 3])
        let error = await #expect(throws: ConfigurationRefused.self) { _ = try await site.start() }
        #expect(error?.problems.first?.contains("secrets/kek: must hold exactly 32 bytes") == true)
    }
}
