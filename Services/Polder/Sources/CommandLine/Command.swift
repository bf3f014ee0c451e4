/// One thing that `polder` can do. Reading its arguments declares them.
package protocol Command: Sendable {
    /// One or two words: `up`, `keys export`.
    static var name: String { get }
    /// One line for the list of commands.
    static var summary: String { get }
    /// What `--help` says beyond summary and options; may be empty.
    static var details: String { get }
    /// Reads and declares every option and argument.
    init(reading arguments: inout ArgumentReader)
    /// Does it.
    ///
    /// - Throws: what the caller is told; its kind decides the exit code.
    func run(_ context: CommandContext) async throws(PolderError)
}

/// What a command may use of the world.
package struct CommandContext: Sendable {
    /// Where text goes.
    package let console: Console
    /// The process environment.
    package let environment: [String: String]

    /// A context of these parts.
    package init(console: Console, environment: [String: String]) {
        self.console = console
        self.environment = environment
    }
}

/// The exit codes of `polder`, the same for every command.
package enum ExitCode: Int32, CaseIterable, Sendable {
    case success = 0
    case failure = 1
    case usage = 2
    case notRunning = 3
    case notFound = 4
    case refused = 5
    case configuration = 78
    case interrupted = 130

    /// What the code means.
    package var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "something failed; the message says what"
        case .usage: "the arguments are wrong"
        case .notRunning: "no plane runs on this folder, or none was ever there"
        case .notFound: "no stream of that name"
        case .refused: "the plane refused, or a confirmation is missing"
        case .configuration: "the plane folder or the state folder holds mistakes"
        case .interrupted: "stopped by Ctrl-C"
        }
    }
}
