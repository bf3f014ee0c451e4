import EventLog
import EventLoop
import SQLite
import System
import TestKit
import Time
import Wire

/// A record that was read, as values.
struct StoredRecord: Equatable {
    var offset: Int64
    var timestamp: Int64
    var key: String
    var value: String
}

/// A folder, a loop and a log for one test.
final class LogRig: @unchecked Sendable {  // `log` changes only on the test's own thread
    let folder: TemporaryFolder
    let loop: EventLoop
    let clock = ManualClock()
    let topic = TopicName("stream-test")!
    private(set) var log: SQLiteEventLog?

    init() throws {
        folder = try TemporaryFolder()
        loop = try EventLoop(name: "test")
    }

    deinit {
        log?.close()
        loop.stop()
    }

    func open(_ options: SQLiteEventLog.Options = .init()) throws -> SQLiteEventLog {
        let log = try SQLiteEventLog(folder: folder.path, clock: clock, options: options)
        self.log = log
        return log
    }

    func databasePath(_ topic: TopicName) -> String { "\(folder.path)/topics/\(topic)/log.db" }

    /// Records with these values; the n-th has timestamp 1000 + n.
    func batch(_ values: [String]) -> RecordBatch {
        var batch = RecordBatch()
        for (number, value) in values.enumerated() {
            Array("key-\(value)".utf8).withUnsafeBytes { key in
                Array(value.utf8).withUnsafeBytes { bytes in
                    batch.append(key: key, value: bytes, timestamp: 1000 + Int64(number))
                }
            }
        }
        return batch
    }

    /// Appends and waits for the outcome.
    @discardableResult
    func append(
        _ values: [String], to topic: TopicName, _ log: SQLiteEventLog, _ advance: Advance? = nil
    ) throws -> Position {
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        loop.post { [self] in
            let tell: AppendCompletion = { result in outcome.change { $0 = result } }
            if let advance {
                log.append(batch(values), to: topic, advancing: [advance], on: loop, tell)
            } else {
                log.append(batch(values), to: topic, on: loop, tell)
            }
        }
        guard let result = outcome.wait(upTo: .seconds(60), { $0 }) else {
            throw TestKitError.deadlinePassed("an append to \(topic)")
        }
        return try result.get()
    }

    /// The offsets that the topic holds; nil when there is no such topic.
    func ends(_ log: SQLiteEventLog) throws -> Range<Int64>? {
        try log.ends(of: topic).map { $0.earliest.offset..<$0.next.offset }
    }

    /// Appends batches of one record, `0`, `1`, …, all at once. Gathers the positions.
    func appendMany(_ count: Int, to topic: TopicName, _ log: SQLiteEventLog) -> Monitor<[Position]> {
        let positions = Monitor<[Position]>([])
        loop.post { [self] in
            for number in 0..<count {
                log.append(batch(["\(number)"]), to: topic, on: loop) { outcome in
                    if case .success(let position) = outcome { positions.change { $0.append(position) } }
                }
            }
        }
        return positions
    }

    /// Reads until there are `count` records. Jumps are an error.
    func read(_ reader: any EventReader, _ count: Int) throws -> [StoredRecord] {
        var records: [StoredRecord] = []
        let deadline = MonotonicTime.now() + .seconds(60)
        while records.count < count {
            guard MonotonicTime.now() < deadline else { throw TestKitError.deadlinePassed("\(count) records") }
            switch try reader.next(waitUpTo: .seconds(1)) {
            case .records(let batch): records += stored(batch)
            case .nothing: continue
            case .jumped(let from, let to, let reason): throw UnexpectedJump(from: from, to: to, reason: reason)
            }
        }
        return records
    }

    func stored(_ batch: ReadBatch) -> [StoredRecord] {
        var records: [StoredRecord] = []
        batch.forEach { offset, record in
            records.append(
                StoredRecord(
                    offset: offset, timestamp: record.timestamp, key: String(decoding: record.key, as: UTF8.self),
                    value: String(decoding: record.value, as: UTF8.self)))
        }
        return records
    }
}

struct UnexpectedJump: Error {
    var from: Position
    var to: Position
    var reason: JumpReason
}
