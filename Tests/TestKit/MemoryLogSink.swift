import Observe
import Synchronization

/// Keeps log lines, so that a test can look at what was said, and at what was not.
package final class MemoryLogSink: LogSink {
    private let kept = Mutex<[String]>([])

    /// A sink without lines.
    package init() {}

    /// Keeps the line.
    package func write(_ line: [UInt8]) { kept.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }

    /// All lines until now, each with its line feed.
    package var lines: [String] { kept.withLock { $0 } }

    /// All lines joined.
    package var text: String { lines.joined() }
}
