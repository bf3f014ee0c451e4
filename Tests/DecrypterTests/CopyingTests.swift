import Decrypter
import EventLog
import EventLoop
import Faults
import JSON
import KeyVault
import Privacy
import SQLite
import Synchronization
import TestKit
import Testing
import Time
import Wire

/// How a derived stream follows its source.
@Suite struct CopyingTests {
    static func values(_ rig: DecrypterRig, _ topic: TopicName? = nil) throws -> [String] {
        try rig.events(topic).map { $0["consistentValue"]?.string ?? "?" }
    }

    /// Events `from..<to`; every third one lacks the consent.
    static func events(_ rig: DecrypterRig, _ range: Range<Int>) async throws -> [DecrypterRig.Record] {
        var records: [DecrypterRig.Record] = []
        for number in range {
            records.append(
                try rig.demo(
                    try await rig.key("person-\(number % 5)"), consistent: "value-\(number)",
                    consents: number % 3 == 0 ? [1] : [2]))
        }
        return records
    }

    static func expected(_ range: Range<Int>) -> [String] { range.filter { $0 % 3 != 0 }.map { "value-\($0)" } }

    @Test func `a new derived stream begins with the earliest record and then follows`() async throws {
        let rig = try DecrypterRig()
        try rig.append(try await Self.events(rig, 0..<10))
        let copier = try rig.copier(rig.rules([2]))
        #expect(try copier.run().counts == [.written: 6, .noConsent: 4])
        #expect(try copier.step() == .idle)
        try rig.append(try await Self.events(rig, 10..<20))
        #expect(try copier.lag() == 10)
        try copier.run()
        #expect(try copier.lag() == 0)
        #expect(try Self.values(rig) == Self.expected(0..<20))
    }

    @Test func `two derived streams advance each on its own`() async throws {
        let rig = try DecrypterRig()
        let other = TopicName("stream-other")!
        try rig.append(try await Self.events(rig, 0..<9))
        try rig.copier(rig.rules([2])).run()
        try rig.append(try await Self.events(rig, 9..<12))
        try rig.copier(rig.rules([1], target: other)).run()
        #expect(try Self.values(rig) == Self.expected(0..<9))
        #expect(try rig.records(other).count == 4)
    }

    @Test func `a restart after every step loses and repeats nothing`() async throws {
        let rig = try DecrypterRig()
        for start in stride(from: 0, to: 60, by: 6) {
            try rig.append(try await Self.events(rig, start..<(start + 6)))
        }
        var steps = 0
        while true {
            let step = try rig.copier(rig.rules([2])) { $0.records = 5 }.step()
            if step == .idle { break }
            steps += 1
        }
        #expect(steps == 10)
        #expect(try Self.values(rig) == Self.expected(0..<60))
    }

    @Test(arguments: 0..<12)
    func `commits that fail, before or after they happened, neither lose nor repeat an event`(_ seed: Int) async throws
    {
        let rig = try DecrypterRig()
        var generator = SeededGenerator(seed: UInt64(seed))
        var start = 0
        while start < 120 {
            let end = min(120, start + Int.random(in: 1...9, using: &generator))
            try rig.append(try await Self.events(rig, start..<end))
            start = end
        }
        let log = FlakyLog(rig.log, seed: UInt64(seed))
        var copier = try rig.copier(rig.rules([2]), log: log) { $0.records = 4 }
        var idle = 0
        var attempts = 0
        while idle < 3 {
            attempts += 1
            try #require(attempts < 5000)
            do {
                if try copier.step() == .idle { idle += 1 } else { idle = 0 }
            } catch {
                // A process that dies here and one that goes on must both be right.
                #expect(error.retry == .afterBackoff)
                if Bool.random(using: &generator) {
                    copier = try rig.copier(rig.rules([2]), log: log) { $0.records = 3 }
                }
            }
        }
        #expect(log.faults > 5)
        #expect(try Self.values(rig) == Self.expected(0..<120))
    }

    @Test func `a second copier of the same stream changes nothing and finds its place`() async throws {
        let rig = try DecrypterRig()
        for start in stride(from: 0, to: 30, by: 3) {
            try rig.append(try await Self.events(rig, start..<(start + 3)))
        }
        let first = try rig.copier(rig.rules([2])) { $0.records = 3 }
        let second = try rig.copier(rig.rules([2])) { $0.records = 3 }
        var refused = 0
        var idle = 0
        while idle < 2 {
            for copier in [first, second] {
                do {
                    if try copier.step() == .idle { idle += 1 }
                } catch DecrypterError.log(.notAdvanced) {
                    refused += 1
                }
            }
        }
        #expect(refused > 0)
        #expect(try Self.values(rig) == Self.expected(0..<30))
    }

    @Test func `new rules count from the next event on`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        func event(_ text: String) throws -> DecrypterRig.Record {
            try rig.demo(key, consistent: text, plain: text, consents: [1, 2])
        }
        try rig.append([try event("one")])
        let copier = try rig.copier(rig.rules([2]))
        try copier.run()
        copier.adopt(try rig.rules([2], masked: ["notSensitiveValue"]))
        try rig.append([try event("two")])
        try copier.run()
        copier.adopt(try rig.rules([1]))
        try rig.append([try event("three")])
        try copier.run()
        let events = try rig.events()
        #expect(
            events.map { $0["notSensitiveValue"]?.string } == ["one", Mask(seed: "hi-there").text(of: "two"), "three"])
        #expect(events.map { $0["consistentValue"]?.string }.prefix(2) == ["one", "two"])
        #expect(events[2]["consistentValue"]?.string?.hasPrefix("A") == true)
    }

    // MARK: What is missing

    /// A key that the vault does not know.
    static func strangersKey() throws -> (link: KeyLink, cipher: FieldCipher) {
        let link = KeyLink("00000000-0000-4000-8000-000000000001")!
        return (link, try FieldCipher(key: DataKey.random(), link: link))
    }

    static func unknown(_ rig: DecrypterRig) throws -> DecrypterRig.Record {
        let (link, cipher) = try strangersKey()
        return try rig.record("\"consistentValue\":\"\(cipher.seal("x"))\"", consents: [2], link: link)
    }

    @Test func `an event without a key holds up those behind it for 30 seconds, then it is left out and counted`()
        async throws
    {
        let rig = try DecrypterRig()
        let known = try await Self.events(rig, 1..<3)
        try rig.append([known[0], try Self.unknown(rig), known[1]])
        let copier = try rig.copier(rig.rules([2]))
        // What stands before it is delivered at once.
        guard case .advanced(let tally) = try copier.step() else {
            Issue.record("not advanced")
            return
        }
        #expect(tally.counts == [.written: 1])
        let link = try Self.strangersKey().link
        #expect(try copier.step() == .waiting(.key(link)))
        rig.clock.advance(by: .milliseconds(29_999))
        #expect(try copier.step() == .waiting(.key(link)))
        #expect(try Self.values(rig) == ["value-1"])
        rig.clock.advance(by: .milliseconds(1))
        #expect(try copier.run().counts == [.unknownKey: 1, .written: 1])
        #expect(try Self.values(rig) == ["value-1", "value-2"])
    }

    @Test func `a key that turns up in time is used`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        try rig.append([try rig.demo(key, consistent: "late", consents: [2])])
        // The row is away for a while, as if the key had been overtaken by its event.
        let database = try Database(rig.folder.file("keys/keys.db"), Database.Options(.write))
        try database.execute("CREATE TABLE hidden AS SELECT * FROM data_key; DELETE FROM data_key")
        let copier = try rig.copier(rig.rules([2]))
        #expect(try copier.step() == .waiting(.key(key.link)))
        rig.clock.advance(by: .seconds(20))
        #expect(try copier.step() == .waiting(.key(key.link)))
        try database.execute("INSERT INTO data_key SELECT * FROM hidden")
        #expect(try copier.run().counts == [.written: 1])
        #expect(try Self.values(rig) == ["late"])
    }

    @Test func `many events without keys cost one wait, not one each`() async throws {
        let rig = try DecrypterRig()
        try rig.append(try (0..<50).map { _ in try Self.unknown(rig) })
        let copier = try rig.copier(rig.rules([2]))
        _ = try copier.step()
        rig.clock.advance(by: .seconds(30))
        #expect(try copier.run().counts == [.unknownKey: 50])
        // Later ones get a wait of their own.
        try rig.append([try Self.unknown(rig)])
        #expect(try copier.step() == .waiting(.key(try Self.strangersKey().link)))
    }

    @Test func `the wait goes on after a restart and ends`() async throws {
        let rig = try DecrypterRig()
        try rig.append([try Self.unknown(rig)])
        #expect(try rig.copier(rig.rules([2])).step() == .waiting(.key(try Self.strangersKey().link)))
        let copier = try rig.copier(rig.rules([2]))
        _ = try copier.step()
        rig.clock.advance(by: .seconds(30))
        #expect(try copier.run().counts == [.unknownKey: 1])
    }

    @Test func `an event that needs no key is not held up by a missing one`() async throws {
        let rig = try DecrypterRig()
        let (link, cipher) = try Self.strangersKey()
        let record = try rig.record("\"consistentValue\":\"\(cipher.seal("x"))\"", consents: [0], link: link)
        try rig.append([record, try Self.unknown(rig)])
        // Level 0 opens none of the contract's fields; the second event lacks the consent.
        #expect(try rig.copier(rig.rules([0])).run().counts == [.written: 1, .noConsent: 1])
        #expect(try rig.records()[0].value == record.value)
    }

    @Test func `an unknown schema and an unknown contract are waited for too`() async throws {
        let rig = try DecrypterRig()
        let key = try await rig.key("ann")
        rig.schemas.add(5, DecrypterRig.demoSchema)
        let cipher = try FieldCipher(key: key.key, link: key.link)
        let body = "\"consistentValue\":\"\(cipher.seal("x"))\""
        var strange = try rig.record(body, consents: [2], link: key.link, schemaID: 5)
        strange.value.replaceSubrange(1..<5, with: [0, 0, 0, 6])
        try rig.append([strange, try rig.record(body, consents: [2], link: key.link, contract: "some/other/1.0.0")])
        let copier = try rig.copier(rig.rules([2]))
        #expect(try copier.step() == .waiting(.schema(6)))
        rig.schemas.add(6, DecrypterRig.demoSchema)
        guard case .advanced(let tally) = try copier.step() else {
            Issue.record("not advanced")
            return
        }
        #expect(tally.counts == [.written: 1])
        #expect(try copier.step() == .waiting(.contract))
        rig.clock.advance(by: .seconds(30))
        #expect(try copier.run().counts == [.unknownContract: 1])
    }

    // MARK: A source that changes under us

    @Test func `records that the retention took are counted as lost`() async throws {
        let rig = try DecrypterRig()
        try rig.append(try await Self.events(rig, 0..<4))
        let copier = try rig.copier(rig.rules([2]))
        try copier.run()
        try rig.append(try await Self.events(rig, 4..<8))
        rig.clock.advance(by: .days(8))
        try rig.append(try await Self.events(rig, 8..<10))
        rig.log.expire()
        let fresh = try rig.copier(rig.rules([2]))
        #expect(try fresh.run().counts == [.lost: 4, .written: 1, .noConsent: 1])
    }

    @Test func `damaged records are named and counted, and what comes behind them is derived`() async throws {
        let rig = try DecrypterRig()
        let events = try await Self.events(rig, 0..<10)
        for range in [0..<4, 4..<8, 8..<10] { try rig.append(Array(events[range])) }
        let file = "\(rig.folder.path)/topics/\(rig.source)/log.db"
        try Database(file, .init(.write)).execute(
            "UPDATE batch SET body = zeroblob(length(body)) WHERE first_offset = 4")
        let copier = try rig.copier(rig.rules([2]))
        var damaged: [Range<Int64>: [EventResult: Int]] = [:]
        reading: while true {
            switch try copier.step() {
            case .idle: break reading
            case .passedDamage(let offsets, let tally): damaged[offsets] = tally.counts
            case .advanced, .waiting: continue
            }
        }
        #expect(damaged == [4..<8: [.damaged: 4]])
        #expect(try Self.values(rig) == Self.expected(0..<4) + Self.expected(8..<10))
        #expect(try copier.lag() == 0)
    }

    @Test func `a source that was made anew stops the derived stream instead of mixing the two`() async throws {
        let rig = try DecrypterRig()
        try rig.append(try await Self.events(rig, 0..<4))
        try rig.copier(rig.rules([2])).run()
        try rig.log.delete(rig.source)
        try rig.append(try await Self.events(rig, 4..<6))
        let copier = try rig.copier(rig.rules([2]))
        for _ in 0..<2 {
            let error = #expect(throws: DecrypterError.self) { try copier.step() }
            guard case .sourceReset = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(try Self.values(rig) == Self.expected(0..<4))
    }

    @Test func `a source that does not exist yet is waited for`() async throws {
        let rig = try DecrypterRig()
        let copier = try rig.copier(rig.rules([2]))
        #expect(try copier.step() == .idle)
        #expect(try copier.lag() == 0)
        try rig.append(try await Self.events(rig, 0..<3))
        try copier.run()
        #expect(try Self.values(rig) == Self.expected(0..<3))
    }

    @Test func `more people than the cache holds are still all served`() async throws {
        let rig = try DecrypterRig()
        var records: [DecrypterRig.Record] = []
        for number in 0..<200 {
            records.append(
                try rig.demo(try await rig.key("person-\(number % 90)"), consistent: "v\(number)", consents: [2]))
        }
        try rig.append(records)
        let copier = try rig.copier(rig.rules([2])) {
            $0.cachedKeys = 8
            $0.keys = 4
        }
        #expect(try copier.run().counts == [.written: 200])
        #expect(try Self.values(rig) == (0..<200).map { "v\($0)" })
    }
}

/// A log whose appends fail now and then: before anything is stored, or after everything is.
final class FlakyLog: EventLog {
    private let log: SQLiteEventLog
    private let state: Mutex<(generator: SeededGenerator, faults: Int)>

    init(_ log: SQLiteEventLog, seed: UInt64) {
        self.log = log
        state = Mutex((SeededGenerator(seed: seed &+ 1000), 0))
    }

    var faults: Int { state.withLock { $0.faults } }

    func append(
        _ batch: consuming RecordBatch, to topic: TopicName, advancing advances: [Advance], on loop: EventLoop,
        _ done: @escaping AppendCompletion
    ) {
        let fate = state.withLock { state in
            let fate = Int.random(in: 0...3, using: &state.generator)
            if fate < 2 { state.faults += 1 }
            return fate
        }
        let failure = EventLogError.store(topic, .full(during: "commit"))
        let answer = Answer(done: done)
        switch fate {
        case 0: loop.post { answer.done(.failure(failure)) }
        case 1: log.append(batch, to: topic, advancing: advances, on: loop) { _ in done(.failure(failure)) }
        default: log.append(batch, to: topic, advancing: advances, on: loop, done)
        }
    }

    private struct Answer: @unchecked Sendable {
        // Unchecked: called once, on the loop.
        let done: AppendCompletion
    }

    func append(
        _ batch: consuming RecordBatch, to topic: TopicName, on loop: EventLoop, _ done: @escaping AppendCompletion
    ) { log.append(batch, to: topic, on: loop, done) }

    func position(of consumer: ConsumerName, in topic: TopicName, partition: Int32) throws(EventLogError) -> Position? {
        try log.position(of: consumer, in: topic, partition: partition)
    }

    func positions(in topic: TopicName) throws(EventLogError) -> [ConsumerName: Position] {
        try log.positions(in: topic)
    }

    func ends(of topic: TopicName) throws(EventLogError) -> TopicEnds? { try log.ends(of: topic) }

    func topics() throws(EventLogError) -> [TopicName] { try log.topics() }

    func create(_ topics: [TopicName]) throws(EventLogError) { try log.create(topics) }

    func delete(_ topic: TopicName) throws(EventLogError) { try log.delete(topic) }

    func reader(of topic: TopicName, from start: StartPosition) throws(EventLogError) -> any EventReader {
        try log.reader(of: topic, from: start)
    }

    func close() { log.close() }
}
