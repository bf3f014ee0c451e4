/// What may stand at the cursor of a command line.
package enum CompletionAnswer: Sendable, Equatable {
    /// A word and what it means.
    package struct Candidate: Sendable, Equatable {
        /// What is put in.
        package let word: String
        /// What a shell shows beside it; may be empty.
        package let about: String

        /// A word and what it means.
        package init(_ word: String, _ about: String = "") {
            self.word = word
            self.about = about
        }
    }

    /// One of these.
    case words([Candidate])
    /// A path: shells know how.
    case files
    /// A path of a folder.
    case folders
    /// A name that begins with `start` and only the plane knows.
    case names(NameKind, start: String)

    /// The hidden command that the scripts of the shells ask.
    static let command = "__complete"

    /// What the scripts read: a line that says what follows, then a line for each word, behind a tab what it means.
    package var text: String {
        switch self {
        case .words(let candidates):
            (["words"] + candidates.map { $0.about.isEmpty ? $0.word : "\($0.word)\t\($0.about)" })
                .joined(separator: "\n")
        case .files: "files"
        case .folders: "folders"
        case .names: "words"
        }
    }
}

/// Completes command lines from the declarations of the commands. Pure: what only the plane knows is named, not asked for.
package struct Completer: Sendable {
    private let commands: [CommandShape]

    /// A completer of these commands.
    package init(_ commands: [CommandShape]) { self.commands = commands }

    /// What may stand in place of the last of `words`: those behind the program's name, up to the cursor.
    package func answer(to words: [String]) -> CompletionAnswer {
        let current = words.last ?? ""
        let before = Array(words.dropLast())
        for length in [3, 2, 1] where before.count >= length {
            let name = before[..<length].joined(separator: " ")
            guard let command = commands.first(where: { $0.name == name || $0.otherNames.contains(name) }) else {
                continue
            }
            return answer(in: command, behind: Array(before[length...]), current)
        }
        return commandWords(behind: before, current)
    }

    private func commandWords(behind words: [String], _ current: String) -> CompletionAnswer {
        guard words.count < 3 else { return .words([]) }
        var found: [CompletionAnswer.Candidate] = []
        for command in commands {
            let parts = command.name.split(separator: " ").map(String.init)
            guard parts.count > words.count, Array(parts[..<words.count]) == words else { continue }
            let word = parts[words.count]
            guard word.hasPrefix(current), !found.contains(where: { $0.word == word }) else { continue }
            let isLast = parts.count == words.count + 1
            found.append(.init(word, isLast ? command.summary : command.group?.summary ?? ""))
        }
        return .words(found)
    }

    private func answer(
        in command: CommandShape, behind words: [String], _ current: String
    ) -> CompletionAnswer {
        var reader = ArgumentReader([])
        _ = command.read(&reader)
        let options = reader.options
        func option(_ word: String) -> ArgumentReader.Declaration? {
            options.first { $0.names.contains(word) }
        }
        var positional = 0
        var given: Set<String> = []
        var waiting: ArgumentReader.Declaration?
        var isBehindDashes = false
        for word in words {
            if waiting != nil {
                waiting = nil
            } else if isBehindDashes {
                positional += 1
            } else if word == "--" {
                isBehindDashes = true
            } else if word.hasPrefix("-"), word != "-" {
                let name = word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? word
                guard let option = option(name) else { continue }
                given.formUnion(option.names)
                if option.placeholder != nil, !word.contains("=") { waiting = option }
            } else {
                positional += 1
            }
        }
        if let waiting { return answer(from: waiting.values, current, prefix: "") }
        if !isBehindDashes, current.hasPrefix("-") {
            if let equals = current.firstIndex(of: "=") {
                guard let option = option(String(current[..<equals])) else { return .words([]) }
                return answer(
                    from: option.values, String(current[current.index(after: equals)...]),
                    prefix: String(current[...equals]))
            }
            let open = options.filter { $0.repeats || given.isDisjoint(with: $0.names) }
            return .words(
                open.map { .init($0.names[0], $0.about) }.filter { $0.word.hasPrefix(current) }
                    + (("--help").hasPrefix(current) ? [.init("--help", "What the command does.")] : []))
        }
        guard let last = reader.arguments.last else { return .words([]) }
        if positional < reader.arguments.count {
            return answer(from: reader.arguments[positional].values, current, prefix: "")
        }
        return last.repeats ? answer(from: last.values, current, prefix: "") : .words([])
    }

    private func answer(
        from values: ArgumentReader.ValueSource, _ current: String, prefix: String
    ) -> CompletionAnswer {
        switch values {
        case .anything: .words([])
        case .words(let words): .words(words.filter { $0.hasPrefix(current) }.map { .init(prefix + $0) })
        case .file: .files
        case .folder: .folders
        // Behind `--option=` names are not completed: shells differ too much in what they then replace.
        case .names(let kind): prefix.isEmpty ? .names(kind, start: current) : .words([])
        }
    }
}
