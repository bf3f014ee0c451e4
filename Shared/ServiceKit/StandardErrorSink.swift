import Observe
import Synchronization
import System

/// Writes log lines to standard error on a thread of its own: whoever reads them may be slow, and the loops do not wait.
///
/// The queue is bounded. When the reader is too slow, lines are dropped and counted, and a later line says how many.
final class StandardErrorSink: LogSink {
    private struct Queue {
        var lines: [[UInt8]] = []
        var dropped = 0
        var isWriting = false
    }

    private static let limit = 10_000  // lines
    private let queue = Monitor(Queue())
    /// How many lines nobody will ever read.
    let droppedCount = Atomic<Int>(0)

    init() throws(SystemError) {
        let queue = self.queue
        try SystemThread.start("log") {
            while true { Self.writeOut(queue) }
        }.detach()
    }

    func write(_ line: [UInt8]) {
        let isTaken = queue.change { queue in
            guard queue.lines.count < Self.limit else {
                queue.dropped += 1
                return false
            }
            queue.lines.append(line)
            return true
        }
        if !isTaken { droppedCount.wrappingAdd(1, ordering: .relaxed) }
    }

    /// Waits until everything is written, but not longer than the limit.
    func flush(upTo limit: Duration = .seconds(1)) {
        _ = queue.wait(upTo: limit) { $0.lines.isEmpty && !$0.isWriting ? true : nil }
    }

    private static func writeOut(_ queue: Monitor<Queue>) {
        let batch = queue.wait { queue -> [[UInt8]]? in
            guard !queue.lines.isEmpty else { return nil }
            defer {
                queue.lines = []
                queue.dropped = 0
            }
            queue.isWriting = true
            let note = queue.dropped > 0 ? [Array("… \(queue.dropped) log lines dropped\n".utf8)] : []
            return queue.lines + note
        }
        for line in batch ?? [] {
            do throws(SystemError) {
                try FileDescriptor.writeAll(raw: 2, line)
            } catch {
                // Standard error is gone: there is nobody left to tell.
                break
            }
        }
        queue.change { $0.isWriting = false }
    }
}
