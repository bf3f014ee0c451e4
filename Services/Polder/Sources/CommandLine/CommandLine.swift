internal import Config

/// The whole command line: finds the command, answers `--help` and `--version`, turns errors into messages and codes.
package struct PolderCommandLine: Sendable {
    private let commands: [any Command.Type]
    private let version: String

    /// A command line of these commands.
    package init(_ commands: [any Command.Type], version: String) {
        self.commands = commands
        self.version = version
    }

    /// Runs what `arguments` (without the program's name) ask for.
    package func run(_ arguments: [String], _ context: CommandContext) async -> ExitCode {
        let console = context.console
        if arguments.isEmpty || arguments == ["help"] || arguments == ["--help"] || arguments == ["-h"] {
            console.print(overview())
            return arguments.isEmpty ? .usage : .success
        }
        if arguments == ["--version"] {
            console.print("polder \(version)")
            return .success
        }
        if arguments[0] == "help" { return await run(Array(arguments.dropFirst()) + ["--help"], context) }
        guard let (type, rest) = find(arguments) else { return unknown(arguments, console) }
        if rest.contains("--help") || rest.contains("-h") {
            console.print(help(of: type))
            return .success
        }
        var reader = ArgumentReader(rest)
        let command = type.init(reading: &reader)
        reader.finish()
        do throws(PolderError) {
            guard reader.mistakes.isEmpty else { throw PolderError.usage(command: type.name, reader.mistakes) }
            try await command.run(context)
            return .success
        } catch {
            report(error, console)
            return error.exitCode
        }
    }

    private func report(_ error: PolderError, _ console: Console) {
        for line in error.lines { console.note("\(console.styledNote("polder:", .red)) \(line)") }
    }

    private func find(_ arguments: [String]) -> (any Command.Type, [String])? {
        for length in [2, 1] where arguments.count >= length {
            let name = arguments[..<length].joined(separator: " ")
            if let type = commands.first(where: { $0.name == name }) { return (type, Array(arguments[length...])) }
        }
        return nil
    }

    /// No command has this name: shows those of its group, or says which was probably meant.
    private func unknown(_ arguments: [String], _ console: Console) -> ExitCode {
        let word = arguments[0]
        let group = commands.filter { $0.name.hasPrefix("\(word) ") }
        if !group.isEmpty, arguments.dropFirst().allSatisfy({ ["--help", "-h"].contains($0) }) {
            console.print(
                (["usage: polder \(word) <command> [options]", ""] + table(group.map { ($0.name, $0.summary) }))
                    .joined(separator: "\n"))
            return arguments.count > 1 ? .success : .usage
        }
        let pair = arguments.prefix(2).joined(separator: " ")
        let mistake: String
        if word.hasPrefix("-") {
            mistake = "\(word) stands before the command; options come after it" + afterCommand(arguments)
        } else if let meant = Spelling.nearest(to: pair, in: commands.map { $0.name }.filter { $0.contains(" ") }) {
            mistake = "unknown command \(pair); did you mean \(meant)?"
        } else if let meant = Spelling.nearest(to: word, in: commands.map { $0.name }.filter { !$0.contains(" ") }) {
            mistake = "unknown command \(word); did you mean \(meant)?"
        } else {
            mistake = "unknown command \(group.isEmpty ? word : pair)"
        }
        report(.usage(command: group.isEmpty ? "" : word, [mistake]), console)
        return .usage
    }

    /// `: polder status --dir /x` when a command follows the options.
    private func afterCommand(_ arguments: [String]) -> String {
        for index in arguments.indices {
            guard let (type, rest) = find(Array(arguments[index...])) else { continue }
            return ": " + (["polder", type.name] + rest + arguments[..<index]).joined(separator: " ")
        }
        return ""
    }

    private func overview() -> String {
        var lines = [
            "polder \(version): a private data plane on one machine", "", "usage: polder <command> [options]", "",
            "commands:",
        ]
        lines += table(commands.map { ($0.name, $0.summary) })
        lines += ["", "polder <command> --help tells more.", "", "exit codes:"]
        lines += table(ExitCode.allCases.map { (String($0.rawValue), $0.meaning) })
        return lines.joined(separator: "\n")
    }

    /// What `polder <command> --help` prints, made from the declarations.
    package func help(of type: any Command.Type) -> String {
        var reader = ArgumentReader([])
        _ = type.init(reading: &reader)
        let arguments = reader.arguments.map { " \($0.left)" }.joined()
        var lines = ["polder \(type.name): \(type.summary)", "", "usage: polder \(type.name) [options]\(arguments)"]
        if !type.details.isEmpty { lines += ["", type.details] }
        if !reader.arguments.isEmpty {
            lines += ["", "arguments:"] + table(reader.arguments.map { ($0.left, $0.about) })
        }
        lines += ["", "options:"] + table(reader.options.map { ($0.left, $0.about) } + [("--help", "This text.")])
        return lines.joined(separator: "\n")
    }

    private func table(_ rows: [(String, String)]) -> [String] {
        let width = min(28, rows.map(\.0.count).max() ?? 0)
        return rows.map { left, right in
            let space = String(repeating: " ", count: max(0, width - left.count))
            return left.count > width
                ? "  \(left)\n\(String(repeating: " ", count: width + 4))\(right)" : "  \(left)\(space)  \(right)"
        }
    }
}
