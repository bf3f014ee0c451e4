internal import System

/// Prints what the processes write, each line with its process's name in front, on a thread of its own: a terminal that does
/// not read must not stop the supervisor. When it falls behind, lines are dropped, and their number is printed.
final class LogPrinter: Sendable {
    private struct Queue {
        var lines: [(process: String, line: [UInt8])] = []
        var dropped = 0
        var isEnding = false
    }

    private static let limit = 10_000  // lines
    /// Columns of a name: enough for the beginning of a UUID behind `decrypter-`.
    private static let width = 19
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

    /// A line of the supervisor's own.
    func add(_ text: String) { add("polder", Array(text.utf8)) }

    /// Prints what is left, for two seconds at most.
    func finish() {
        queue.change { $0.isEnding = true }
        _ = queue.wait(upTo: .seconds(2)) { $0.lines.isEmpty ? true : nil }
    }

    /// The name, cut or filled up to the width, so that all lines stand in line.
    private static func shown(_ process: String) -> String {
        guard process.utf8.count > width else {
            return process + String(repeating: " ", count: width - process.utf8.count)
        }
        return process.prefix(width - 1) + "…"
    }

    private static func run(_ queue: Monitor<Queue>, _ console: Console) {
        while true {
            let batch = queue.wait { queue -> (lines: [(process: String, line: [UInt8])], dropped: Int)? in
                if queue.lines.isEmpty, queue.dropped == 0 { return queue.isEnding ? ([], 0) : nil }
                return (queue.lines, queue.dropped)
            }
            guard let batch, !batch.lines.isEmpty || batch.dropped > 0 else { return }
            for (process, line) in batch.lines {
                let name = shown(process)
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
