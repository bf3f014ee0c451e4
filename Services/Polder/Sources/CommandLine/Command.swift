/// One thing that `polder` can do. Reading its arguments declares them.
package protocol Command: Sendable {
    /// One to three words: `up`, `keys export`, `plane policy test`.
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

/// A command as the command line knows it: what it is called, and how its arguments become something to do.
package struct CommandShape: Sendable {
    /// Commands that share their first word and a line in the overview.
    package enum Group: String, Sendable {
        case get, list, create, delete, review, approve, activate, archive, context, completion

        /// The line in the overview.
        var summary: String {
            switch self {
            case .get: "One entity: a stream, a project, a contract …"
            case .list: "All entities of a kind."
            case .create: "Makes an entity of options and files."
            case .delete: "Deletes entities."
            case .review: "Asks for the review of a contract."
            case .approve: "Approves a contract."
            case .activate: "Puts a contract or a policy in force."
            case .archive: "Takes a contract or a policy out of force."
            case .context: "Which control plane the commands talk to."
            case .completion: "Completion for bash, zsh or fish."
            }
        }
    }

    /// One to three words: `up`, `get stream`, `plane policy test`.
    package let name: String
    /// Other names that find it; the overview does not show them.
    package let otherNames: [String]
    /// Commands that the overview shows in one line with it.
    package let group: Group?
    /// One line for the list of commands.
    package let summary: String
    /// What `--help` says beyond summary and options; may be empty.
    package let details: String
    /// Reads and declares every option and argument; answers what to do.
    package let read: @Sendable (inout ArgumentReader) -> @Sendable (CommandContext) async throws(PolderError) -> Void

    /// A command that is a type.
    package init<Of: Command>(_ type: Of.Type, otherNames: [String] = [], group: Group? = nil) {
        self.init(
            name: type.name, otherNames: otherNames, group: group, summary: type.summary, details: type.details
        ) { arguments in
            let command = type.init(reading: &arguments)
            return { context throws(PolderError) in try await command.run(context) }
        }
    }

    /// A command of these parts.
    package init(
        name: String, otherNames: [String] = [], group: Group? = nil, summary: String, details: String = "",
        read: @escaping @Sendable (inout ArgumentReader) -> @Sendable (CommandContext) async throws(PolderError) -> Void
    ) {
        self.name = name
        self.otherNames = otherNames
        self.group = group
        self.summary = summary
        self.details = details
        self.read = read
    }
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
        case .notFound: "nothing of that name"
        case .refused: "the plane refused, or a confirmation is missing"
        case .configuration: "the plane folder or the state folder holds mistakes"
        case .interrupted: "stopped by Ctrl-C"
        }
    }
}
