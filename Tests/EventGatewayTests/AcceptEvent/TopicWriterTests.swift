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
        writer = TopicWriter(
            topic: try #require(TopicName("stream-1")), growth: TopicGrowth(), patience: .seconds(1))
        let counters = MetricRegistry().counters("c_total", "", labels: ["n"])
        meter = SchemaMeter(schema: "a/b/1.0.0", accepted: counters.with("1"), bytes: counters.with("2"))
    }

    private func add(_ number: UInt32, arrival: Int64 = 1, value: Int = 10) {
        let value = [UInt8](repeating: 7, count: value)
        value.withUnsafeBytes { writer.records.append(key: $0, value: $0, timestamp: 0) }
        writer.receipt.add(
            StreamID(slot: 0, generation: 0, number: number), meter: meter, arrival: arrival, bytes: 10)
    }

    private func wait(_ now: Int64, isBusy: Bool = false) -> Int64 { writer.timeUntilDue(now: now, isBusy: isBusy) }

    @Test func `a batch is due when none is on its way, and grows while one is`() {
        #expect(wait(0) == .max)
        add(1)
        #expect(wait(0) == 0)
        var receipt = Receipt()
        #expect(writer.takeBatch(&receipt, now: 0).count == 1)
        #expect(receipt.streams.map(\.number) == [1])
        add(2)
        add(3)
        #expect(wait(0) == .max)
        writer.batchAnswered(receipt, now: 1, isCommitted: true)
        #expect(wait(1) == 0)
        var next = Receipt()
        #expect(writer.takeBatch(&next, now: 0).count == 2)
        #expect(next.streams.map(\.number) == [2, 3])
    }

    @Test func `a large batch does not wait for the one before`() {
        add(1)
        var receipt = Receipt()
        _ = writer.takeBatch(&receipt, now: 0)
        add(2, value: 300 << 10)
        #expect(wait(1) == 0)
    }

    @Test(arguments: [(1, true), (64, false)])
    func `batches of a busy loop, and those of many events, are a millisecond apart`(events: Int, isBusy: Bool) {
        let start: Int64 = 1_000_000_000
        for number in 0..<events { add(UInt32(number)) }
        #expect(wait(start, isBusy: isBusy) == 0, "the first one does not wait")
        var receipt = Receipt()
        _ = writer.takeBatch(&receipt, now: start)
        add(100)
        writer.batchAnswered(receipt, now: start + 200_000, isCommitted: true)
        #expect(wait(start + 200_000, isBusy: isBusy) == 800_000)
        #expect(wait(start + 1_000_000, isBusy: isBusy) == 0)
        _ = writer.takeBatch(&receipt, now: start + 1_000_000)
        writer.batchAnswered(receipt, now: start + 1_200_000, isCommitted: true)
        add(101)
        #expect(wait(start + 1_200_000) == 0, "little comes, and there is nothing else to do")
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
