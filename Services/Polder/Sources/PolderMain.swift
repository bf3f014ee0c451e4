internal import System

/// The program.
package enum PolderMain {
    /// Its commands, in the order of the help text.
    package static let commands: [CommandShape] =
        [
            CommandShape(UpCommand.self), CommandShape(StatusCommand.self), CommandShape(DemoCommand.self),
            CommandShape(SendCommand.self), CommandShape(ListenCommand.self), CommandShape(ReadCommand.self),
            CommandShape(TokenCommand.self), CommandShape(KeysExportCommand.self),
            CommandShape(LoginCommand.self), CommandShape(LogoutCommand.self), CommandShape(WhoamiCommand.self),
            CommandShape(ApplyCommand.self), CommandShape(MonitorCommand.self), CommandShape(LogsCommand.self),
            CommandShape(UsageCommand.self, otherNames: ["get usage"]), CommandShape(MembersCommand.self),
            CommandShape(RolesCommand.self), CommandShape(InviteCommand.self, otherNames: ["invite users"]),
            CommandShape(PolicyTestCommand.self), CommandShape(AuditVerifyCommand.self),
        ] + EntityCommands.all + StateCommands.all + [
            CommandShape(ContextListCommand.self, group: .context),
            CommandShape(ContextShowCommand.self, group: .context),
            CommandShape(ContextUseCommand.self, group: .context),
            CommandShape(ContextSetCommand.self, group: .context),
            CommandShape(ContextRemoveCommand.self, group: .context),
        ] + CompletionCommands.all

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
