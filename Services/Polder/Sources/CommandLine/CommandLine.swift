internal import Config

/// The whole command line: finds the command, answers `--help` and `--version`, turns errors into messages and codes.
package struct PolderCommandLine: Sendable {
    private let commands: [CommandShape]
    private let version: String

    /// A command line of these commands.
    package init(_ commands: [CommandShape], version: String) {
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
        if arguments[0] == CompletionAnswer.command {
            console.print(await completion(of: Array(arguments.dropFirst()), context).text)
            return .success
        }
        guard let (command, rest) = find(arguments) else { return unknown(arguments, console) }
        if rest.contains("--help") || rest.contains("-h") {
            console.print(help(of: command))
            return .success
        }
        var reader = ArgumentReader(rest)
        let run = command.read(&reader)
        reader.finish()
        do throws(PolderError) {
            guard reader.mistakes.isEmpty else { throw PolderError.usage(command: command.name, reader.mistakes) }
            try await run(context)
            return .success
        } catch {
            report(error, console)
            return error.exitCode
        }
    }

    /// What may stand at the cursor: the last of `words`, which may be empty.
    private func completion(of words: [String], _ context: CommandContext) async -> CompletionAnswer {
        let words = words.first == "--" ? Array(words.dropFirst()) : words
        let answer = Completer(commands).answer(to: words)
        guard case .names(let kind, let start) = answer else { return answer }
        return .words(await kind.known(words, context).filter { $0.word.hasPrefix(start) })
    }

    private func report(_ error: PolderError, _ console: Console) {
        for line in error.lines { console.note("\(console.styledNote("polder:", .red)) \(line)") }
    }

    /// The command, by its name or another one that it goes by, in either order of two words, and what follows it.
    private func find(_ arguments: [String]) -> (CommandShape, [String])? {
        for length in [3, 2, 1] where arguments.count >= length {
            let words = arguments[..<length]
            var names = [words.joined(separator: " ")]
            if length == 2 { names.append(words.reversed().joined(separator: " ")) }
            for name in names {
                if let command = commands.first(where: { $0.name == name || $0.otherNames.contains(name) }) {
                    return (command, Array(arguments[length...]))
                }
            }
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
            guard let (command, rest) = find(Array(arguments[index...])) else { continue }
            return ": " + (["polder", command.name] + rest + arguments[..<index]).joined(separator: " ")
        }
        return ""
    }

    private func overview() -> String {
        var lines = [
            "polder \(version): a private data plane on one machine", "", "usage: polder <command> [options]", "",
            "commands:",
        ]
        lines += table(overviewRows)
        lines += ["", "polder <command> --help tells more.", "", "exit codes:"]
        lines += table(ExitCode.allCases.map { (String($0.rawValue), $0.meaning) })
        return lines.joined(separator: "\n")
    }

    /// A line for each command; those of one group share one.
    private var overviewRows: [(String, String)] {
        var rows: [(String, String)] = []
        for command in commands {
            guard let group = command.group else {
                rows.append((command.name, command.summary))
                continue
            }
            let name = "\(group.rawValue) …"
            if !rows.contains(where: { $0.0 == name }) { rows.append((name, group.summary)) }
        }
        return rows
    }

    /// What `polder <command> --help` prints, made from the declarations.
    package func help(of command: CommandShape) -> String {
        var reader = ArgumentReader([])
        _ = command.read(&reader)
        let arguments = reader.arguments.map { " \($0.left)" }.joined()
        var lines = [
            "polder \(command.name): \(command.summary)", "", "usage: polder \(command.name) [options]\(arguments)",
        ]
        if !command.otherNames.isEmpty { lines.append("also:  polder \(command.otherNames.joined(separator: ", "))") }
        if !command.details.isEmpty { lines += ["", command.details] }
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
