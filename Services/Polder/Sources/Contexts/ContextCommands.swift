internal import JSON

/// `polder context list`: every context.
struct ContextListCommand: Command {
    static let name = "context list"
    static let summary = "Lists the contexts; a star marks the current one."
    static let details = ""

    let format: ResultFormat

    init(reading arguments: inout ArgumentReader) { format = arguments.formatOption() }

    func run(_ context: CommandContext) async throws(PolderError) {
        let file = try ContextFile(environment: context.environment)
        let all = file.all
        context.console.print(
            PrintedResult(
                titles: ["Context", "Current", "API", "Project"],
                rows: all.map { entry in
                    let isLocal = entry.name == PlaneContext.local
                    return [
                        entry.name, entry.name == file.current ? "*" : "",
                        entry.api ?? (isLocal ? "the plane of `polder up`" : "-"), entry.project ?? "-",
                    ]
                },
                value: .array(all.map(\.json))), as: format)
    }
}

/// `polder context show [name]`: one context.
struct ContextShowCommand: Command {
    static let name = "context show"
    static let summary = "Shows a context: where its API is, and where its people log in."
    static let details = ""

    let format: ResultFormat
    let wanted: String?

    init(reading arguments: inout ArgumentReader) {
        format = arguments.formatOption()
        wanted = arguments.argumentIfPresent("context", "Its name [the current one].", from: .names(.context))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let file = try ContextFile(environment: context.environment)
        let entry = try file.context(wanted, environment: context.environment)
        var rows = (entry.json.object?.members ?? []).map { [$0.name, $0.value.string ?? ""] }
        if entry.name == PlaneContext.local { rows.append(["api", "the plane of `polder up`"]) }
        context.console.print(PrintedResult(titles: ["Member", "Value"], rows: rows, value: entry.json), as: format)
    }
}

/// `polder context use <name>`: makes it the current one.
struct ContextUseCommand: Command {
    static let name = "context use"
    static let summary = "Makes a context the one that commands use."
    static let details = "For one command, say --context NAME; for one shell, export POLDER_CONTEXT=NAME."

    let wanted: String

    init(reading arguments: inout ArgumentReader) {
        wanted = arguments.argument("context", "Its name; local is the plane of `polder up`.", from: .names(.context))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        var file = try ContextFile(environment: context.environment)
        _ = try file.context(wanted, environment: context.environment)
        file.use(wanted)
        try file.write()
        context.console.note("polder: commands now use the context \(wanted)")
    }
}

/// `polder context set <name>`: makes or changes one.
struct ContextSetCommand: Command {
    static let name = "context set"
    static let summary = "Makes a context, or changes what is given of it."
    static let details = "The first context that is made becomes the current one."

    let api: String?
    let auth: String?
    let caFile: String?
    let project: String?
    let wanted: String

    init(reading arguments: inout ArgumentReader) {
        api = arguments.optionIfPresent("--api", "URL", "Where the gRPC API is: https://host:port.")
        auth = arguments.optionIfPresent("--auth", "URL", "Where people log in: https://host:port.")
        caFile = arguments.optionIfPresent(
            "--ca", "FILE", "The authority that signed its certificates, as PEM [those that this machine trusts].",
            from: .file)
        project = arguments.optionIfPresent(
            "--project", short: "-p", "NAME", "The project that commands mean when they name none.",
            from: .names(.entity("project")))
        wanted = arguments.argument("context", "Its name.", from: .names(.context))
        if !wanted.isEmpty, !PlaneContext.isName(wanted) {
            arguments.refuse("a context's name has letters, digits and . _ -, not \(wanted)")
        }
        if wanted == PlaneContext.local, api != nil || auth != nil || caFile != nil {
            arguments.refuse("the context local finds its plane by itself; only --project can be set")
        }
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        var file = try ContextFile(environment: context.environment)
        let isFirst = file.contexts.isEmpty && wanted != PlaneContext.local
        let isNew = !file.all.contains { $0.name == wanted }
        var entry = isNew ? PlaneContext(name: wanted) : try file.context(wanted, environment: context.environment)
        if let api { entry.api = try PlaneContext.address(api) }
        if let auth { entry.auth = try PlaneContext.address(auth) }
        if let caFile { entry.caFile = try StateFolder.absolute(caFile) }
        if let project { entry.project = project }
        if wanted != PlaneContext.local, entry.api == nil || entry.auth == nil {
            throw .usage(command: Self.name, ["a new context needs --api and --auth"])
        }
        file.set(entry)
        if isFirst { file.use(wanted) }
        try file.write()
        if isNew, wanted != PlaneContext.local {
            context.console.note("polder: log in with: polder login --context \(wanted)")
        }
    }
}

/// `polder context remove <name>`.
struct ContextRemoveCommand: Command {
    static let name = "context remove"
    static let summary = "Forgets a context and its login."
    static let details = ""

    let wanted: String

    init(reading arguments: inout ArgumentReader) {
        wanted = arguments.argument("context", "Its name.", from: .names(.context))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        var file = try ContextFile(environment: context.environment)
        _ = try file.context(wanted, environment: context.environment)
        file.remove(wanted)
        try file.write()
        try TokenStore(folder: file.tokenFolder).forget(wanted)
    }
}
