import EventGateway
import EventLog
import HTTP
import Observe
import Testing
import Wire

@Suite struct TopicWriterTests {
    private let writer: TopicWriter
    private let meter: SchemaMeter

    init() throws {
        writer = TopicWriter(topic: try #require(TopicName("stream-1")), patience: .seconds(1))
        let counters = MetricRegistry().counters("c_total", "", labels: ["n"])
        meter = SchemaMeter(schema: "a/b/1.0.0", accepted: counters.with("1"), bytes: counters.with("2"))
    }

    private func add(_ number: UInt32, arrival: Int64 = 1, value: Int = 10) {
        let value = [UInt8](repeating: 7, count: value)
        value.withUnsafeBytes { writer.records.append(key: $0, value: $0, timestamp: 0) }
        writer.receipt.add(
            StreamID(slot: 0, generation: 0, number: number), meter: meter, arrival: arrival, bytes: 10)
    }

    @Test func `a batch is due when none is on its way, and grows while one is`() {
        #expect(writer.step(now: 1, loopIsIdle: true) == .waitForAnswer)
        add(1)
        #expect(writer.step(now: 1, loopIsIdle: true) == .handOver)
        var receipt = Receipt()
        #expect(writer.takeBatch(&receipt, now: 0).count == 1)
        #expect(receipt.streams.map(\.number) == [1])
        add(2)
        add(3)
        #expect(writer.step(now: 1, loopIsIdle: true) == .waitForAnswer)
        writer.batchAnswered(receipt, now: 1, isCommitted: true)
        #expect(writer.step(now: 1, loopIsIdle: true) == .handOver)
        var next = Receipt()
        #expect(writer.takeBatch(&next, now: 0).count == 2)
        #expect(next.streams.map(\.number) == [2, 3])
    }

    @Test func `a large batch does not wait for the one before`() {
        add(1)
        var receipt = Receipt()
        _ = writer.takeBatch(&receipt, now: 0)
        add(2, value: 300 << 10)
        #expect(writer.step(now: 1, loopIsIdle: false) == .handOver)
    }

    @Test func `a busy loop gathers, but not for long`() {
        add(1, arrival: 1)
        #expect(writer.step(now: 1, loopIsIdle: false) == .gather)
        #expect(writer.step(now: 1_000_000, loopIsIdle: false) == .gather)
        #expect(writer.step(now: 1_000_001, loopIsIdle: false) == .handOver)
        var receipt = Receipt()
        _ = writer.takeBatch(&receipt, now: 1_000_001)
        // What came while a commit ran gathers with those who are answered now, and come back.
        add(2, arrival: 1_000_002)
        writer.batchAnswered(receipt, now: 5_000_000, isCommitted: true)
        #expect(writer.step(now: 5_999_999, loopIsIdle: false) == .gather)
        #expect(writer.step(now: 6_000_000, loopIsIdle: false) == .handOver)
    }

    @Test func `events of one tick and schema are counted together`() {
        add(1)
        add(2)
        add(3, arrival: 2)
        #expect(writer.receipt.runs.map(\.count) == [2, 1])
        #expect(writer.receipt.runs.map(\.bytes) == [20, 10])
        #expect(writer.receipt.bytes == 30)
    }

    @Test func `a receipt that was answered is used again, empty`() {
        add(1)
        var receipt = Receipt()
        _ = writer.takeBatch(&receipt, now: 0)
        writer.batchAnswered(receipt, now: 1, isCommitted: true)
        add(2)
        var next = Receipt()
        _ = writer.takeBatch(&next, now: 0)
        #expect(next !== receipt)
        #expect(writer.receipt === receipt)
        #expect(writer.receipt.streams.isEmpty && writer.receipt.runs.isEmpty && writer.receipt.bytes == 0)
    }
}
