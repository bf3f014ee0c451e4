import EventGateway
import EventLog
import EventLoop
import HTTP
import KeyVault
import PlaneConfig
import SQLite
import Synchronization
import TestKit
import Testing
import Time
import Wire

@Suite struct IngestLoopTests {
    @Test func `an event is answered 204 and lies in the log by then`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        #expect(try rig.stored().count == 1)
    }

    @Test func `the same event as Avro, as Avro JSON and as plain JSON is the same record but for its nonce`()
        async throws
    {
        let rig = try await IngestRig()
        defer { rig.close() }
        let bodies = [DemoEvent().avro, DemoEvent().json(wrapped: true), DemoEvent().json(wrapped: false)]
        for body in bodies { #expect(try await rig.send(body).status == 204) }
        let sizes = Set(try rig.stored().map { $0.value.count })
        #expect(try rig.stored().count == 3)
        #expect(sizes.max()! - sizes.min()! <= 4)  // a nonce takes one to five bytes
        #expect(Set(try rig.stored().map(\.key)).count == 1)
    }

    @Test func `the serialization header decides before the first byte does`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let schema = ("strm-schema-ref", "strmprivacy/example/1.5.0")
        let asJSON = [schema, ("strm-serialization-type", "application/json")]
        let asAvro = [schema, ("strm-serialization-type", "application/x-avro-binary")]
        #expect(try await rig.send(DemoEvent().avro, fields: asAvro).status == 204)
        #expect(try await rig.send(DemoEvent().avro, fields: asJSON).status == 400)
        #expect(try await rig.send(DemoEvent().json(wrapped: true), fields: asJSON).status == 204)
        #expect(try await rig.send(DemoEvent().json(wrapped: true), fields: asAvro).status == 400)
    }

    @Test func `the schema comes from the header and the rules from the event`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let event = DemoEvent(contract: "strmprivacy/example/1.3.0")
        let answer = try await rig.send(event.avro, fields: [("strm-schema-ref", "strmprivacy/demo/1.0.2")])
        #expect(answer.status == 204)
    }

    @Test func `events of one person share a key until 24 hours have passed`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        rig.clock.advance(by: .hours(24) - .milliseconds(1))
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        rig.clock.advance(by: .milliseconds(1))
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        let keys = try rig.stored().map(\.key)
        #expect(keys[0] == keys[1])
        #expect(keys[1] != keys[2])
    }

    @Test func `events of one person that race for a new key get the same one`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let answers = try await rig.sendTogether(Array(repeating: DemoEvent().avro, count: 200))
        #expect(answers.allSatisfy { $0.status == 204 })
        #expect(Set(try rig.stored().map(\.key)).count == 1)
        #expect(rig.metrics.contains(#"strm_gateway_redischannel_total{type="created"} 1"#))
    }

    @Test func `two gateways on one folder agree on the key of a person`() async throws {
        let first = try await IngestRig()
        defer { first.close() }
        let second = try await IngestRig(folder: first.folder, clock: first.clock)
        defer { second.close() }
        async let one = first.sendTogether(Array(repeating: DemoEvent().avro, count: 50))
        async let other = second.sendTogether(Array(repeating: DemoEvent().avro, count: 50))
        #expect(try await one.allSatisfy { $0.status == 204 })
        #expect(try await other.allSatisfy { $0.status == 204 })
        #expect(Set(try first.stored().map(\.key)).count == 1)
        #expect(try first.stored().count == 100)
    }

    @Test func `different people and different streams have different keys`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        #expect(try await rig.send(DemoEvent(consistent: "ann").avro).status == 204)
        #expect(try await rig.send(DemoEvent(consistent: "bob").avro).status == 204)
        #expect(try await rig.send(DemoEvent(consistent: "ann").avro, client: "client-other").status == 204)
        let keys = try rig.stored().map(\.key) + rig.stored("other").map(\.key)
        #expect(Set(keys).count == 3)
    }

    @Test func `a stream that sends faster than its limit is told when to come back`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        let answers = try await rig.sendTogether(Array(repeating: DemoEvent().avro, count: 4), client: "client-slow")
        #expect(answers.map(\.status) == [204, 204, 429, 429])
        #expect(answers[2].headers["retry-after"] == "1")
        #expect(try rig.stored("slow").count == 2)
    }

    @Test func `a log that fails makes 503, and the next event passes when it works again`() async throws {
        let log = FailingLog()
        let rig = try await IngestRig(log: log)
        defer { rig.close() }
        log.fails = true
        let answer = try await rig.send(DemoEvent().avro)
        #expect(answer.status == 503)
        #expect(answer.headers["retry-after"] == "1")
        log.fails = false
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        #expect(rig.metrics.contains("strm_gateway_topicerrors_total"))
    }

    @Test func `a vault that fails makes 503 for new people; those with a key still pass`() async throws {
        let vault = FailingVault()
        let rig = try await IngestRig(vault: vault)
        defer { rig.close() }
        vault.inner = try IngestRig.openVault(rig.state)
        #expect(try await rig.send(DemoEvent(consistent: "ann").avro).status == 204)
        vault.inner?.close()
        vault.inner = nil
        #expect(try await rig.send(DemoEvent(consistent: "ann").avro).status == 204)
        let refused = try await rig.send(DemoEvent(consistent: "bob").avro)
        #expect(refused.status == 503)
        #expect(refused.headers["retry-after"] == "1")
        #expect(!refused.body.contains("bob"))
    }

    @Test func `more in flight than the bound is refused and nothing is kept of it`() async throws {
        let rig = try await IngestRig(["EVENT_GATEWAY_IN_FLIGHT_EVENTS": "3"])
        defer { rig.close() }
        let answers = try await rig.sendTogether(Array(repeating: DemoEvent().avro, count: 5))
        #expect(answers.map(\.status) == [204, 204, 204, 503, 503])
        #expect(try rig.stored().count == 3)
        #expect(await rig.withIngest { $0.inFlight } == 0)
        #expect(try await rig.send(DemoEvent().avro).status == 204)
    }

    @Test func `metrics carry the names and labels of the stock dashboard`() async throws {
        let rig = try await IngestRig()
        defer { rig.close() }
        #expect(try await rig.send(DemoEvent().avro).status == 204)
        #expect(try await rig.send(DemoEvent(consistent: "").avro).status == 400)
        try await eventually { rig.metrics.contains("strm_gateway_inflight 0") }
        let topic = try #require(rig.plane.snapshot.stream(named: "demo")).topic
        let size = DemoEvent().avro.count
        for line in [
            #"strm_gateway_events_total{schemaid="strmprivacy/example/1.5.0",status="204"} 1"#,
            #"strm_gateway_events_total{schemaid="strmprivacy/example/1.5.0",status="400"} 1"#,
            #"strm_gateway_eventsize_total{schemaid="strmprivacy/example/1.5.0",topic="\#(topic)"} \#(size)"#,
            #"strm_gateway_timing_bucket{le="0.0001"}"#, #"strm_gateway_timing_bucket{le="0.5"}"#,
            "strm_gateway_timing_count 1", #"strm_gateway_kafkatiming_count{result="success"} 1"#,
            #"strm_encrypter_total{encrypt="true"} 1"#, #"caffeine_cache_estimated_size{cache="keys"} 1"#,
            #"caffeine_cache_miss_total{cache="keys"} 1"#, "jvm_info 1",
        ] {
            #expect(rig.metrics.contains(line), "\(line)\n\(rig.metrics)")
        }
    }
}

/// A log that keeps nothing and fails on demand.
private final class FailingLog: EventLog, Sendable {
    private let state = Atomic<Bool>(false)
    var fails: Bool {
        get { state.load(ordering: .acquiring) }
        set { state.store(newValue, ordering: .releasing) }
    }

    func append(
        _ batch: consuming RecordBatch, to topic: TopicName, on loop: EventLoop, _ done: @escaping AppendCompletion
    ) {
        let result: Result<Position, EventLogError> =
            fails ? .failure(.store(topic, .full(during: "append"))) : .success(Position(offset: 0))
        loop.schedule(after: .zero) { done(result) }
    }

    func append(
        _ batch: consuming RecordBatch, to topic: TopicName, advancing advances: [Advance], on loop: EventLoop,
        _ done: @escaping AppendCompletion
    ) { append(batch, to: topic, on: loop, done) }

    func position(
        of consumer: ConsumerName, in topic: TopicName, partition: Int32
    ) throws(EventLogError) -> Position? { nil }
    func positions(in topic: TopicName) throws(EventLogError) -> [ConsumerName: Position] { [:] }
    func ends(of topic: TopicName) throws(EventLogError) -> TopicEnds? { nil }
    func topics() throws(EventLogError) -> [TopicName] { [] }
    func create(_ topics: [TopicName]) throws(EventLogError) {}
    func delete(_ topic: TopicName) throws(EventLogError) {}
    func reader(of topic: TopicName, from start: StartPosition) throws(EventLogError) -> any EventReader {
        throw .closed
    }
    func close() {}
}

/// A vault that may be taken away.
private final class FailingVault: KeyVault, Sendable {
    private let state = Mutex<SQLiteKeyVault?>(nil)
    var inner: SQLiteKeyVault? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    func resolve(
        _ requests: [KeyRequest], now: Timestamp, on loop: EventLoop, _ done: @escaping ([KeyOutcome]) -> Void
    ) {
        if let inner { return inner.resolve(requests, now: now, on: loop, done) }
        loop.schedule(after: .zero) { done(requests.map { _ in .failed(.store(.full(during: "resolve"))) }) }
    }

    func purge(now: Timestamp) throws(KeyVaultError) -> Int { 0 }
    func close() { inner?.close() }
}
