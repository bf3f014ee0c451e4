import EventLog
import EventLoop
import System
import Time
import Wire

/// What the event log costs by itself: CPU per event of a loop that hands over batches, all threads of the process counted.
///
/// A hand-over follows when the one before it has been answered, as in a gateway whose clients wait.
enum EventLogBenchmark {
    struct Result {
        var batch: Int
        var eventsPerSecond: Double
        var cpuMicrosecondsPerEvent: Double
        var commitMilliseconds: (median: Double, p99: Double)
    }

    static func run(_ folder: String, batch size: Int, seconds: Double) throws -> Result {
        let log = try SQLiteEventLog(folder: folder)
        defer { log.close() }
        let loop = try EventLoop(name: "bench")
        defer { loop.stop() }
        let state = Monitor<State>(State())
        let driver = Driver(log, loop, size, MonotonicTime.now() + .milliseconds(Int64(seconds * 1000)), state)
        let before = ResourceUsage.ofThisProcess()
        let start = MonotonicTime.now()
        // Four batches under way: one being committed, others arriving, as from several connections.
        loop.post { for _ in 0..<4 { driver.handOver() } }
        let end = state.wait { $0.running == 0 && $0.started ? $0 : nil } ?? State()
        let elapsed = Double((MonotonicTime.now() - start).nanoseconds)
        let after = ResourceUsage.ofThisProcess()
        let cpu = (after.userTime + after.systemTime - before.userTime - before.systemTime).nanoseconds
        let latencies = end.latencies.sorted()
        let events = Double(latencies.count * size)
        return Result(
            batch: size, eventsPerSecond: events / elapsed * 1e9,
            cpuMicrosecondsPerEvent: Double(cpu) / 1000 / events,
            commitMilliseconds: (
                Double(latencies[latencies.count / 2]) / 1e6, Double(latencies[latencies.count * 99 / 100]) / 1e6
            ))
    }

    struct State {
        var started = false
        var running = 0
        var latencies: [Int64] = []
    }

    /// Lives on the loop.
    final class Driver: @unchecked Sendable {
        private let log: SQLiteEventLog
        private let loop: EventLoop
        private let size: Int
        private let end: MonotonicTime
        private let state: Monitor<State>
        private let topic = TopicName("stream-bench")!
        private var value = [UInt8](repeating: 0x41, count: 360)  // a sealed sample event
        private var key = Array("1867d5ad-f1fb-4faa-af98-f863a4f9e3e4".utf8)
        private var latencies: [Int64] = []
        private var running = 0

        init(
            _ log: SQLiteEventLog, _ loop: EventLoop, _ size: Int, _ end: MonotonicTime, _ state: Monitor<State>
        ) {
            self.log = log
            self.loop = loop
            self.size = size
            self.end = end
            self.state = state
        }

        func handOver() {
            var batch = RecordBatch()
            key.withUnsafeBytes { key in
                value.withUnsafeBytes { value in
                    for _ in 0..<size { batch.append(key: key, value: value, timestamp: 1_700_000_000_000) }
                }
            }
            running += 1
            let start = MonotonicTime.now()
            log.append(batch, to: topic, on: loop) { [self] outcome in
                precondition((try? outcome.get()) != nil, "an append failed: \(outcome)")
                let now = MonotonicTime.now()
                latencies.append((now - start).nanoseconds)
                running -= 1
                if now < end { return handOver() }
                if running == 0 {
                    let latencies = latencies
                    state.change { $0 = State(started: true, running: 0, latencies: latencies) }
                }
            }
        }
    }
}
