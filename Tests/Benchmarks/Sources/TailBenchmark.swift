import EventLog
import EventLoop
import System
import TestKit
import Time
import Wire

/// A reader that follows a topic: how long after the commit it has a record, and what it costs when nothing comes.
enum TailBenchmark {
    struct Result {
        /// Percent of one core that a waiting reader uses.
        var idlePercent: Double
        /// Milliseconds from the commit's confirmation to the reader, 99 of 100 records.
        var p99: Double
        /// The same, half of the records.
        var median: Double
    }

    static func run(idleSeconds: Double, commits: Int) throws -> Result {
        let folder = try TemporaryFolder()
        let log = try SQLiteEventLog(folder: folder.path)
        defer { log.close() }
        let loop = try EventLoop(name: "bench")
        defer { loop.stop() }
        guard let topic = TopicName("stream-tail") else { preconditionFailure("a topic name") }
        let seen = Monitor<[MonotonicTime]>([])
        let reader = try SystemThread.start("reader") {
            do {
                let reader = try log.reader(of: topic, from: .earliest)
                while true {
                    if case .records(let batch) = try reader.next(waitUpTo: .seconds(1)) {
                        let now = MonotonicTime.now()
                        let count = seen.change { seen -> Int in
                            for _ in 0..<batch.count { seen.append(now) }
                            return seen.count
                        }
                        if count > commits { return }
                    }
                }
            } catch { preconditionFailure("the reader failed: \(error)") }
        }
        let committed = Monitor<[MonotonicTime]>([])
        func append() {
            loop.post {
                var batch = RecordBatch()
                [UInt8](repeating: 1, count: 300).withUnsafeBytes {
                    batch.append(key: $0, value: $0, timestamp: 1)
                }
                log.append(batch, to: topic, on: loop) { _ in
                    let now = MonotonicTime.now()
                    committed.change { $0.append(now) }
                }
            }
        }
        append()
        _ = seen.wait(upTo: .seconds(60)) { $0.isEmpty ? nil : true }

        let before = ResourceUsage.ofThisProcess()
        SystemThread.sleep(.milliseconds(Int64(idleSeconds * 1000)))
        let after = ResourceUsage.ofThisProcess()
        let cpu = (after.userTime + after.systemTime - before.userTime - before.systemTime).nanoseconds

        for number in 1...commits {
            append()
            _ = committed.wait(upTo: .seconds(60)) { $0.count > number ? true : nil }
            SystemThread.sleep(.milliseconds(Int64(number % 5)))
        }
        reader.join()
        let delays = zip(committed.withLock { $0 }, seen.withLock { $0 }).dropFirst()
            .map { Double(max(0, ($1 - $0).nanoseconds)) / 1e6 }.sorted()
        return Result(
            idlePercent: Double(cpu) / (idleSeconds * 1e9) * 100, p99: delays[delays.count * 99 / 100],
            median: delays[delays.count / 2])
    }
}
