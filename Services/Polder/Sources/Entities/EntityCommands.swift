internal import JSON

/// The commands of every kind of entity: `list streams`, `get stream`, `create stream`, `delete stream`, …
enum EntityCommands {
    /// All of them, made from the kinds.
    static let all: [CommandShape] = EntityKind.all.flatMap { kind in
        [list(kind), get(kind), create(kind), delete(kind)].compactMap(\.self)
    }

    private static func otherNames(_ verb: String, _ words: [String]) -> [String] { words.map { "\(verb) \($0)" } }

    private static func list(_ kind: EntityKind) -> CommandShape? {
        guard let lister = kind.list else { return nil }
        return CommandShape(
            name: "list \(kind.plural)", otherNames: otherNames("list", [kind.name] + kind.otherNames), group: .list,
            summary: "Lists \(kind.about)s."
        ) { arguments in
            let options = SessionOptions(reading: &arguments)
            let format = arguments.formatOption()
            let filters = lister.options(&arguments)
            let parent = lister.parent.map { arguments.argument($0, "Whose.", from: .names(.entity($0))) } ?? ""
            return { context throws(PolderError) in
                let api = try await APISession.open(options, context)
                context.console.print(
                    kind.printed(try await lister.run(api, parent, filters), isList: true), as: format)
            }
        }
    }

    private static func get(_ kind: EntityKind) -> CommandShape? {
        guard let get = kind.get else { return nil }
        return CommandShape(
            name: "get \(kind.name)", otherNames: otherNames("get", [kind.plural] + kind.otherNames), group: .get,
            summary: "Shows \(kind.about).", details: "-o json and -o yaml show everything; the table shows the most."
        ) { arguments in
            let options = SessionOptions(reading: &arguments)
            let format = arguments.formatOption()
            let name = arguments.argument(kind.name, "Its name, or its id.", from: .names(.entity(kind.name)))
            return { context throws(PolderError) in
                let api = try await APISession.open(options, context)
                context.console.print(kind.printed([try await get(api, name)], isList: false), as: format)
            }
        }
    }

    private static func create(_ kind: EntityKind) -> CommandShape? {
        guard let maker = kind.create else { return nil }
        return CommandShape(
            name: "create \(kind.name)", otherNames: otherNames("create", [kind.plural] + kind.otherNames),
            group: .create, summary: "Makes \(kind.about).", details: maker.details
        ) { arguments in
            let options = SessionOptions(reading: &arguments)
            let format = arguments.formatOption()
            let make = maker.read(&arguments)
            return { context throws(PolderError) in
                let api = try await APISession.open(options, context)
                context.console.print(kind.printed([try await make(api)], isList: false), as: format)
            }
        }
    }

    private static func delete(_ kind: EntityKind) -> CommandShape? {
        guard let deleter = kind.delete else { return nil }
        return CommandShape(
            name: "delete \(kind.name)", otherNames: otherNames("delete", [kind.plural] + kind.otherNames),
            group: .delete, summary: "Deletes \(kind.about)."
        ) { arguments in
            let options = SessionOptions(reading: &arguments)
            let isRecursive =
                deleter.isRecursive
                ? arguments.flag("--recursive", short: "-r", "What depends on it, too; asks before.") : false
            let isConfirmed = arguments.flag("--yes", short: "-y", "Does not ask.")
            let names = arguments.arguments(kind.name, "Which.", from: .names(.entity(kind.name)))
            return { context throws(PolderError) in
                if isRecursive, !isConfirmed { try confirm(kind, names, context.console) }
                let api = try await APISession.open(options, context)
                for name in names {
                    try await deleter.run(api, name, isRecursive)
                    context.console.print("\(kind.name) \(name) deleted")
                }
            }
        }
    }

    private static func confirm(_ kind: EntityKind, _ names: [String], _ console: Console) throws(PolderError) {
        let what = "\(kind.name) \(names.joined(separator: ", ")) and everything that depends on it"
        guard console.isInputTerminal else { throw .refused("this deletes \(what); say --yes") }
        guard let answer = console.ask("This deletes \(what). Go on? [y/N] "),
            ["y", "yes"].contains(answer.lowercased())
        else { throw .refused("nothing was deleted") }
    }
}

extension ArgumentReader {
    /// A list of purposes or other numbers: `0,1`.
    mutating func levels(_ name: String, short: String, _ about: String) -> [JSONValue]? {
        guard let text: String = optionIfPresent(name, short: short, "N,N", about) else { return nil }
        let levels = text.split(separator: ",").map { Int32($0) }
        guard levels.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else {
            refuse("\(name) must be numbers such as 0,1, not \(text)")
            return nil
        }
        return levels.compactMap { $0.map { JSONValue($0) } }
    }
}

/// A file that describes one entity: its members, or a document of `apply` with `kind` and `spec`. YAML or JSON; `-` is the input.
enum SpecFile {
    static func read(_ path: String) throws(PolderError) -> JSONObject {
        let documents = try EntityFile.documents(of: path)
        guard documents.count == 1, let object = documents[0].value.object else {
            throw .refused("\(path) must hold one entity")
        }
        return object["spec"]?.object ?? object
    }
}
