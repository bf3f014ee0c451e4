internal import API
internal import JSON

/// Entities that report what they do.
enum WatchedKind: String, CaseIterable, Sendable {
    case stream
    case batchExporter = "batch-exporter"
    case batchJob = "batch-job"
    case dataConnector = "data-connector"
    case kafkaExporter = "kafka-exporter"

    /// The name of the interface definition.
    var type: JSONValue {
        switch self {
        case .stream: "STREAM"
        case .batchExporter: "BATCH_EXPORTER"
        case .batchJob: "BATCH_JOB"
        case .dataConnector: "DATA_CONNECTOR"
        case .kafkaExporter: "KAFKA_EXPORTER"
        }
    }

    /// The states of entities of a kind, perhaps of one of them.
    static func request(
        _ kind: WatchedKind?, _ name: String?, _ mask: String, _ api: APISession
    ) async throws(PolderError) -> JSONValue {
        var ref: JSONObject = ["projectId": .string(try await api.projectID())]
        if let kind { ref["type"] = kind.type }
        if let name { ref["name"] = .string(name) }
        return ["ref": .object(ref), "projectionMask": .string(mask)]
    }
}

extension ArgumentReader {
    fileprivate mutating func watchedKind(orAll: Bool) -> WatchedKind? {
        let words = WatchedKind.allCases.map(\.rawValue)
        let word = argument("kind", (words + (orAll ? ["all"] : [])).joined(separator: ", "), from: .words(words))
        let kind = WatchedKind(rawValue: word)
        if kind == nil, !word.isEmpty, !(orAll && word == "all") {
            refuse("<kind> must be one of \(words.joined(separator: ", ")), not \(word)")
        }
        return kind
    }
}

/// `polder monitor stream demo`: how entities are doing.
struct MonitorCommand: Command {
    static let name = "monitor"
    static let summary = "Shows how streams, exporters and jobs are doing."
    static let details = """
        polder monitor all               everything of the project
        polder monitor stream demo -f    one stream, and every change from now on, until Ctrl-C
        """

    let options: SessionOptions
    let format: ResultFormat
    let isFollowing: Bool
    let kind: WatchedKind?
    let name: String?

    init(reading arguments: inout ArgumentReader) {
        options = SessionOptions(reading: &arguments)
        format = arguments.formatOption()
        isFollowing = arguments.flag("--follow", short: "-f", "Goes on with every change.")
        kind = arguments.watchedKind(orAll: true)
        name = arguments.argumentIfPresent("name", "Which one [all].", from: .names(.entity("stream")))
    }

    private static let columns = [
        EntityKind.Column("Time", "stateTime"), EntityKind.Column("Entity", "ref.name"),
        EntityKind.Column("Status") { state in
            let status = EntityKind.text(state["status"])
            return status.isEmpty ? "unknown" : status
        },
        EntityKind.Column("Part", "resourceType"), EntityKind.Column("Message", "message"),
    ]

    func run(_ context: CommandContext) async throws(PolderError) {
        let api = try await APISession.open(options, context)
        let request = try await WatchedKind.request(kind, name, "stateTime,ref,status,message,resourceType", api)
        let console = context.console
        guard isFollowing else {
            let states = try await api.call(MonitoringService.getLatestEntityStates, request)["state"]?.array ?? []
            return console.print(Self.printed(states), as: format)
        }
        if format == .table || format == .csv { console.print(Self.printed([]), as: format) }
        try await api.follow(MonitoringService.getEntityState, request) { answer in
            let state = answer["state"] ?? .null
            switch format {
            case .json: console.print(state.text())
            case .yaml: console.print(PrintedResult(titles: [], rows: [], value: [state]), as: .yaml)
            case .table, .csv, .plain:
                console.print(
                    Self.columns.map { $0.text(state) }.filter { !$0.isEmpty }.joined(
                        separator: format == .csv ? "," : "  "))
            }
        }
    }

    private static func printed(_ states: [JSONValue]) -> PrintedResult {
        PrintedResult(
            titles: columns.map(\.title), rows: states.map { state in columns.map { $0.text(state) } },
            value: .array(states))
    }
}

/// `polder logs stream demo`: what the processes of an entity said last.
struct LogsCommand: Command {
    static let name = "logs"
    static let summary = "Shows what the processes of a stream, exporter or job said last, when they are not well."
    static let details = ""

    let options: SessionOptions
    let isFollowing: Bool
    let kind: WatchedKind?
    let name: String

    init(reading arguments: inout ArgumentReader) {
        options = SessionOptions(reading: &arguments)
        isFollowing = arguments.flag("--follow", short: "-f", "Goes on with what they say, until Ctrl-C.")
        kind = arguments.watchedKind(orAll: false)
        name = arguments.argument("name", "Which one.", from: .names(.entity("stream")))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let api = try await APISession.open(options, context)
        let request = try await WatchedKind.request(kind, name, "logs", api)
        let console = context.console
        if isFollowing {
            return try await api.follow(MonitoringService.getEntityState, request) { answer in
                Self.show(answer["state"] ?? .null, console)
            }
        }
        let states = try await api.call(MonitoringService.getLatestEntityStates, request)["state"]?.array ?? []
        for state in states { Self.show(state, console) }
    }

    private static func show(_ state: JSONValue, _ console: Console) {
        for line in state["logs"]?.array ?? [] { console.print(TextTable.visible(EntityKind.text(line))) }
    }
}
