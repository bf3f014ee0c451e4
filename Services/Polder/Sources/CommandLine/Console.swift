internal import Synchronization
internal import System

/// Where a command's text goes: results to standard output, everything else to standard error. Colours only on a terminal, and
/// never with `NO_COLOR` (no-color.org).
///
/// Safe from any thread: a line is written whole.
package final class Console: Sendable {
    /// What a text means; on a terminal it shows.
    package enum Style: String, Sendable {
        case plain = ""
        case bold = "\u{1B}[1m"
        case dim = "\u{1B}[2m"
        case red = "\u{1B}[31m"
        case green = "\u{1B}[32m"
        case yellow = "\u{1B}[33m"
        case blue = "\u{1B}[34m"
        case magenta = "\u{1B}[35m"
        case cyan = "\u{1B}[36m"
    }

    /// True when results go to a terminal.
    package let isOutputTerminal: Bool
    /// True when messages go to a terminal.
    package let isErrorTerminal: Bool
    /// True when a person can be asked.
    package let isInputTerminal: Bool

    private let hasColours: Bool
    private let output: @Sendable ([UInt8]) -> Void
    private let error: @Sendable ([UInt8]) -> Void
    private let input: @Sendable () -> String?
    private let turn = Mutex(())

    /// A console that writes to these; tests hand in their own.
    package init(
        isOutputTerminal: Bool, isErrorTerminal: Bool, isInputTerminal: Bool, hasColours: Bool,
        output: @escaping @Sendable ([UInt8]) -> Void, error: @escaping @Sendable ([UInt8]) -> Void,
        input: @escaping @Sendable () -> String?
    ) {
        self.isOutputTerminal = isOutputTerminal
        self.isErrorTerminal = isErrorTerminal
        self.isInputTerminal = isInputTerminal
        self.hasColours = hasColours
        self.output = output
        self.error = error
        self.input = input
    }

    /// The process's own.
    package static func standard(environment: [String: String]) -> Console {
        Console(
            isOutputTerminal: Terminal.isTerminal(1), isErrorTerminal: Terminal.isTerminal(2),
            isInputTerminal: Terminal.isTerminal(0), hasColours: environment["NO_COLOR", default: ""].isEmpty,
            output: { writeResult($0) }, error: { writeMessage($0) }, input: { readInputLine() })
    }

    /// A console that nobody sees: completion must not write anything but its answer.
    package static let silent = Console(
        isOutputTerminal: false, isErrorTerminal: false, isInputTerminal: false, hasColours: false, output: { _ in },
        error: { _ in }, input: { nil })

    /// Columns of the terminal that messages go to; 80 without one.
    package var columns: Int { Terminal.columns(2) ?? 80 }

    /// Columns of the terminal that results go to; nil without one.
    package var outputColumns: Int? { isOutputTerminal ? Terminal.columns(1) ?? 80 : nil }

    /// Writes a line of the result.
    package func print(_ line: String) {
        turn.withLock { _ in output(Array(line.utf8) + [UInt8(ascii: "\n")]) }
    }

    /// Writes bytes of the result as they are.
    package func print(bytes: [UInt8]) {
        turn.withLock { _ in output(bytes) }
    }

    /// Writes a message for people.
    package func note(_ line: String) {
        turn.withLock { _ in error(Array(line.utf8) + [UInt8(ascii: "\n")]) }
    }

    /// Writes a message without an end of line: for progress that overwrites itself.
    package func note(unended text: String) {
        turn.withLock { _ in error(Array(text.utf8)) }
    }

    /// Asks a question; nothing when input has ended.
    package func ask(_ question: String) -> String? {
        turn.withLock { _ in
            error(Array(question.utf8))
            return input()
        }
    }

    /// `text` with its style, where results are styled.
    package func styled(_ text: String, _ style: Style) -> String {
        hasColours && isOutputTerminal ? paint(text, style) : text
    }

    /// `text` with its style, where messages are styled.
    package func styledNote(_ text: String, _ style: Style) -> String {
        hasColours && isErrorTerminal ? paint(text, style) : text
    }

    private func paint(_ text: String, _ style: Style) -> String {
        style == .plain ? text : "\(style.rawValue)\(text)\u{1B}[0m"
    }

    private static func writeMessage(_ bytes: [UInt8]) {
        do {
            try FileDescriptor.writeAll(raw: 2, bytes)
        } catch {
            // The terminal has gone, or whoever read the log: a running plane must not end for that.
        }
    }

    private static func writeResult(_ bytes: [UInt8]) {
        do {
            try FileDescriptor.writeAll(raw: 1, bytes)
        } catch {
            // Whoever read our output has gone (`polder read … | head`): there is nobody to tell, and nothing left to do.
            ThisProcess.exit(error.isBrokenPipe ? 0 : ExitCode.failure.rawValue)
        }
    }

    private static func readInputLine() -> String? { readLine() }
}
