internal import System

/// Prints what the processes write, each line with its process's name in front, on a thread of its own: a terminal that does
/// not read must not stop the supervisor. When it falls behind, lines are dropped, and their number is printed.
final class LogPrinter: Sendable {
    private struct Queue {
        var lines: [(process: String, line: [UInt8])] = []
        var dropped = 0
        var isEnding = false
        var width = 13
    }

    private static let limit = 10_000  // lines
    private static let colours: [Console.Style] = [.cyan, .green, .yellow, .magenta, .blue]

    private let queue = Monitor(Queue())
    private let console: Console
    private let thread: SystemThread

    init(_ console: Console) throws(SystemError) {
        self.console = console
        let (queue, console) = (queue, console)
        thread = try SystemThread.start("log-printer") { LogPrinter.run(queue, console) }
    }

    func add(_ process: String, _ line: [UInt8]) {
        queue.change { queue in
            if queue.lines.count >= LogPrinter.limit { queue.dropped += 1 } else { queue.lines.append((process, line)) }
        }
    }

    /// From now on every name has as many columns as the longest of these, so that lines stand in line from the first on.
    func align(to names: [String]) {
        queue.change { queue in
            queue.width = min(32, names.reduce(queue.width) { max($0, $1.utf8.count) })
        }
    }

    /// A line of the supervisor's own.
    func add(_ text: String) { add("polder", Array(text.utf8)) }

    /// Prints what is left, for two seconds at most.
    func finish() {
        queue.change { $0.isEnding = true }
        _ = queue.wait(upTo: .seconds(2)) { $0.lines.isEmpty ? true : nil }
    }

    private static func run(_ queue: Monitor<Queue>, _ console: Console) {
        while true {
            let batch = queue.wait { queue -> (lines: [(process: String, line: [UInt8])], dropped: Int, width: Int)? in
                if queue.lines.isEmpty, queue.dropped == 0 { return queue.isEnding ? ([], 0, 0) : nil }
                return (queue.lines, queue.dropped, queue.width)
            }
            guard let batch, !batch.lines.isEmpty || batch.dropped > 0 else { return }
            for (process, line) in batch.lines {
                let name = process + String(repeating: " ", count: max(0, batch.width - process.utf8.count))
                let style = colours[process.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % colours.count]
                console.note("\(console.styledNote("\(name) |", style)) \(String(decoding: line, as: UTF8.self))")
            }
            if batch.dropped > 0 { console.note("polder: \(batch.dropped) log lines dropped") }
            queue.change { queue in
                queue.lines.removeFirst(batch.lines.count)
                queue.dropped -= batch.dropped
            }
        }
    }
}
