import EventGateway
import EventLog
import EventLoop
import Glibc
import JSON
import Observe
import PlaneConfig
import SQLite
import Synchronization
import System
import TestKit
import Testing
import Time
import Wire

@Suite struct CountEventsTests {
    @Test func `a round writes a record for each stream that took events, and none for the others`() throws {
        let rig = try CountRig()
        try rig.append(3, to: "demo")
        try rig.append(2, to: "other")
        rig.counter.turn()
        rig.counter.turn()
        #expect(try rig.counts() == ["demo": [0..<3], "other": [0..<2]])
        try rig.append(1, to: "demo")
        rig.grown("demo")
        rig.counter.turn()
        #expect(try rig.counts() == ["demo": [0..<3, 3..<4], "other": [0..<2]])
        rig.close()
    }

    @Test func `a record has the stream's UUID as its key, and JSON that strangers read`() throws {
        let rig = try CountRig()
        try rig.append(3, to: "demo")
        rig.counter.turn()
        let record = try #require(try StoredRecord.all(of: .billing, in: rig.log).first)
        let stream = try #require(rig.plane.snapshot.stream(named: "demo"))
        #expect(record.key == stream.id)
        #expect(record.timestamp == rig.clock.now().milliseconds)
        #expect(
            try JSONValue.parse(record.value) == [
                "stream": "demo", "projectId": "", "fromOffset": 0, "toOffset": 3, "eventCount": 3,
                "eventArrivalTime": JSONValue(rig.clock.now().milliseconds),
            ])
        rig.close()
    }

    @Test func `what was committed before a start is counted at the start, once`() throws {
        let folder = try TemporaryFolder()
        var rig = try CountRig(folder)
        try rig.append(5, to: "demo")
        rig.close()
        for _ in 0..<3 {
            rig = try CountRig(folder)
            rig.counter.turn()
            #expect(try rig.counts() == ["demo": [0..<5]])
            rig.close()
        }
    }

    @Test func `events that retention has taken are counted all the same`() throws {
        let rig = try CountRig(retention: .hours(1))
        try rig.append(5, to: "demo")
        rig.clock.advance(by: .hours(3))
        rig.log.expire()
        rig.counter.turn()
        #expect(try rig.counts() == ["demo": [0..<5]])
        rig.close()
    }

    @Test func `a usage record outlives its retention until it was reported`() throws {
        let rig = try CountRig(retention: .hours(1))
        let reporter = try #require(ConsumerName(UsageRecord.reporter))
        for _ in 0..<2 {
            try rig.append(1, to: "demo")
            rig.grown("demo")
            rig.counter.turn()
        }
        try rig.advance(Advance(reporter, from: nil, to: Position(offset: 0)))
        rig.clock.advance(by: .hours(3))
        rig.log.expire()
        #expect(try rig.counts() == ["demo": [0..<1, 1..<2]])
        try rig.advance(Advance(reporter, from: Position(offset: 0), to: Position(offset: 1)))
        rig.log.expire()
        #expect(try rig.counts() == ["demo": [1..<2]])
        rig.close()
    }

    @Test func `a stream that leaves the configuration is counted to its end`() throws {
        let rig = try CountRig()
        rig.counter.turn()
        let without = try CompiledPlane(try rig.snapshot(without: "other"), after: rig.plane)
        rig.counter.planeChanged(without)
        rig.counter.turn()
        try rig.append(4, to: "other")  // was on its way
        rig.counter.turn()
        #expect(try rig.counts() == ["other": [0..<4]])
        rig.counter.planeChanged(rig.plane)
        try rig.append(1, to: "other")
        rig.grown("other")
        rig.counter.turn()
        #expect(try rig.counts() == ["other": [0..<4, 4..<5]])
        rig.close()
    }

    @Test(arguments: 0..<20)
    func `two counters, and a log that fails before or after it stored: every event once`(seed: UInt64) throws {
        let rig = try CountRig(flaky: seed)
        let second = CountEvents(
            rig.plane, log: rig.flaky ?? rig.log, on: rig.loop, clock: rig.clock, telemetry: rig.telemetry)
        var chance = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let name = ["demo", "other", "slow"].randomElement(using: &chance) ?? "demo"
            try rig.append(Int.random(in: 1...4, using: &chance), to: name)
            rig.grown(name)
            // Each counter has processes of its own in mind, so a mark for one is none for the other.
            if Bool.random(using: &chance) { rig.counter.turn() }
            if Bool.random(using: &chance) {
                rig.grown(name)
                second.turn()
            }
        }
        let last = CountEvents(rig.plane, log: rig.log, on: rig.loop, clock: rig.clock, telemetry: rig.telemetry)
        for name in ["demo", "other", "slow"] { rig.grown(name) }
        last.turn()
        try rig.expectExact()
        rig.close()
    }

    @Test(arguments: 0..<6)
    func `power cuts at random moments: every event once, and no count ahead of the log`(seed: UInt64) throws {
        let folder = try TemporaryFolder()
        let disk = FaultyDisk(under: folder.path, remembersUnsynced: true)
        var chance = SeededGenerator(seed: 0xB111 + seed)
        for life in 0..<15 {
            let rig = try CountRig(folder)
            try rig.expectSound("seed \(seed), life \(life)")
            let cutAfter = Int.random(in: 0...40, using: &chance)
            let steps = Monitor(0)
            let isOver = Atomic<Bool>(false)
            try withThread("appends") { () -> Void in
                for number in 0..<80 where !isOver.load(ordering: .relaxed) {
                    let name = ["demo", "other", "slow"][number % 3]
                    // Fails from the cut on.
                    do { try rig.append(1 + number % 3, to: name) } catch { continue }
                    rig.grown(name)
                    steps.change { $0 += 1 }
                }
            } while: {
                while (steps.wait(upTo: .milliseconds(1)) { $0 >= cutAfter ? true : nil }) == nil { rig.counter.turn() }
                disk.cutPower()
                isOver.store(true, ordering: .relaxed)
                rig.counter.turn()
            }
            rig.close()
            try disk.restorePower(&chance)
        }
        let rig = try CountRig(folder)
        rig.counter.turn()
        try rig.expectExact()
        rig.close()
    }

    @Test func `a gateway that is killed at random moments: every event once`() async throws {
        let folder = try TemporaryFolder()
        for round in 0..<5 {
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = folder.path as String, delay = 30 + 45 * round as Int] in
                try countUntilKilled(path, delay)
            }
        }
        let rig = try CountRig(folder)
        rig.counter.turn()
        try rig.expectExact()
        #expect(try rig.counts().values.joined().count > 20, "the processes got something done")
        rig.close()
    }

    @Test func `events that come over the network are counted, the last ones while the gateway stops`() async throws {
        let rig = try await GatewayRig(["EVENT_GATEWAY_COUNT_INTERVAL": "100ms"])
        for _ in 0..<3 { #expect(try await rig.send(DemoEvent().avro).status == 204) }
        try await eventually("they are counted") { rig.metrics.contains("event_gateway_events_counted_total 3") }
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        await rig.close()
        let log = try SQLiteEventLog(folder: rig.state)
        let counts = try UsageRecord.all(in: log).map(\.eventCount)
        #expect(counts.reduce(0, +) == 4, "\(counts)")
        log.close()
    }
}

/// Appends and counts as fast as it can until a thread kills the process.
private func countUntilKilled(_ path: String, _ delay: Int) throws {
    let rig = try CountRig(TemporaryFolder(ofParent: path))
    try SystemThread.start("killer") {
        usleep(UInt32(delay) * 1000)
        kill(getpid(), SIGKILL)
    }.detach()
    try SystemThread.start("appends") {
        var number = 0
        while true {
            let name = ["demo", "other", "slow"][number % 3]
            number += 1
            do { try rig.append(1 + number % 3, to: name) } catch { continue }
            rig.grown(name)
        }
    }.detach()
    while true { rig.counter.turn() }
}

/// Runs `work` on a thread of its own beside `meanwhile`, and waits for it.
private func withThread(
    _ name: String, _ work: @escaping @Sendable () -> Void, while meanwhile: () throws -> Void
) throws {
    let thread = try SystemThread.start(name, work)
    defer { thread.join() }
    try meanwhile()
}

/// A log in a folder, the streams of the test plane, and a counter; events are appended without a gateway.
private final class CountRig: Sendable {
    let folder: TemporaryFolder
    let clock = ManualClock()
    let loop: EventLoop
    let log: SQLiteEventLog
    let flaky: (any EventLog)?
    let plane: CompiledPlane
    let telemetry: EventGatewayTelemetry
    let counter: CountEvents

    init(_ folder: TemporaryFolder? = nil, retention: Duration? = nil, flaky seed: UInt64? = nil) throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        let source = try PlaneConfigSource(
            folder: try PlaneFolder.write(into: folder), state: try folder.makeFolder("state"), component: "test")
        plane = try CompiledPlane(source.current, after: nil)
        var options = SQLiteEventLog.Options()
        options.retention = retention
        options.heldFor = CountEvents.held
        log = try SQLiteEventLog(folder: folder.file("state"), clock: clock, options: options)
        loop = try EventLoop(name: "count")
        telemetry = EventGatewayTelemetry(
            registry: MetricRegistry(), logger: Logger(service: "event-gateway", sink: NullLogSink(), clock: clock))
        flaky = seed.map { [log] in FlakyLog(log, seed: $0) }
        counter = CountEvents(plane, log: flaky ?? log, on: loop, clock: clock, telemetry: telemetry)
    }

    func close() {
        log.close()
        loop.stop()
        loop.join()
    }

    /// What a loop says after a commit.
    func grown(_ stream: String) {
        plane.snapshot.stream(named: stream).flatMap { plane.growth(of: $0.id) }?.mark()
    }

    func append(_ count: Int, to stream: String) throws {
        let topic = try #require(plane.snapshot.stream(named: stream)).topic
        var batch = RecordBatch()
        for _ in 0..<count {
            Array("event".utf8).withUnsafeBytes { batch.append(key: $0, value: $0, timestamp: 1) }
        }
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        log.append(batch, to: topic, on: loop) { result in outcome.change { $0 = result } }
        try finish(outcome)
    }

    func advance(_ step: Advance) throws {
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        log.append(RecordBatch(), to: .billing, advancing: [step], on: loop) { result in
            outcome.change { $0 = result }
        }
        try finish(outcome)
    }

    private func finish(_ outcome: Monitor<Result<Position, EventLogError>?>) throws {
        guard let result = outcome.wait(upTo: .seconds(60), { $0 }) else {
            throw TestKitError.deadlinePassed("an append")
        }
        _ = try result.get()
    }

    /// The configuration without one of its streams.
    func snapshot(without name: String) throws -> PlaneSnapshot {
        let other = try TemporaryFolder()
        try other.makeFolder("plane")
        let documents = PlaneFolder.streams.split(separator: "---\n").filter { !$0.contains("name: \(name)}") }
        try other.write("plane/streams.yaml", text: documents.joined(separator: "---\n"))
        return try PlaneConfigSource(
            folder: other.file("plane"), state: folder.file("state"), component: "without"
        ).current
    }

    /// The ranges counted so far, by stream.
    func counts() throws -> [String: [Range<Int64>]] {
        var counts: [String: [Range<Int64>]] = [:]
        for record in try UsageRecord.all(in: log) {
            counts[record.stream, default: []].append(record.fromOffset..<record.toOffset)
        }
        return counts
    }

    /// Ranges without gap or overlap, none ahead of the log, no arrival time twice.
    func expectSound(_ comment: Comment? = nil) throws {
        for (stream, ranges) in try counts() {
            var next: Int64 = 0
            for range in ranges {
                #expect(range.lowerBound == next, comment)
                next = range.upperBound
            }
            let topic = try #require(plane.snapshot.stream(named: stream)).topic
            #expect(next <= (try log.ends(of: topic)?.next.offset ?? 0), comment)
        }
        let records = try UsageRecord.all(in: log)
        #expect(Set(records.map { "\($0.streamID) \($0.arrivalTime)" }).count == records.count, comment)
    }

    /// Sound, and everything that is in the log is counted.
    func expectExact() throws {
        try expectSound()
        let counts = try counts()
        for stream in plane.snapshot.streams where stream.derivedFrom == nil {
            let next = try log.ends(of: stream.topic)?.next.offset ?? 0
            #expect(counts[stream.name]?.last?.upperBound ?? 0 == next, "\(stream.name)")
        }
    }
}

extension UsageRecord {
    static func all(in log: SQLiteEventLog) throws -> [UsageRecord] {
        let reader = try log.reader(of: .billing, from: .earliest)
        var records: [UsageRecord] = []
        while case .records(let batch) = try reader.next(waitUpTo: .zero) {
            try batch.forEach { _, record in records.append(try UsageRecord(key: record.key, value: record.value)) }
        }
        return records
    }
}

/// A log whose appends to topic `billing` fail now and then: before anything is stored, or after everything is.
private final class FlakyLog: EventLog {
    private let log: SQLiteEventLog
    private let generator: Mutex<SeededGenerator>

    init(_ log: SQLiteEventLog, seed: UInt64) {
        self.log = log
        generator = Mutex(SeededGenerator(seed: seed))
    }

    func append(
        _ batch: consuming RecordBatch, to topic: TopicName, advancing advances: [Advance], on loop: EventLoop,
        _ done: @escaping AppendCompletion
    ) {
        let failure = EventLogError.store(topic, .full(during: "commit"))
        switch generator.withLock({ Int.random(in: 0...3, using: &$0) }) {
        case 0:
            // An empty batch, so that `done` is called on the loop as ever; it moves nothing.
            log.append(RecordBatch(), to: topic, on: loop) { _ in done(.failure(failure)) }
        case 1: log.append(batch, to: topic, advancing: advances, on: loop) { _ in done(.failure(failure)) }
        default: log.append(batch, to: topic, advancing: advances, on: loop, done)
        }
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
