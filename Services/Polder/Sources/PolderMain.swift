internal import System

/// The program.
package enum PolderMain {
    /// Its commands, in the order of the help text.
    static let commands: [any Command.Type] = [
        UpCommand.self, StatusCommand.self, SendCommand.self, ListenCommand.self, ReadCommand.self, TokenCommand.self,
        KeysExportCommand.self, DemoCommand.self,
    ]

    /// Runs the command line of this process and ends it.
    package static func run() async -> Never {
        let environment = ThisProcess.environment()
        let context = CommandContext(console: .standard(environment: environment), environment: environment)
        let code = await PolderCommandLine(commands, version: "0.1.0").run(
            Array(CommandLine.arguments.dropFirst()), context)
        // Not `exit`: loops and threads may still run, and destructors under them would race.
        ThisProcess.exit(code.rawValue)
    }
}
