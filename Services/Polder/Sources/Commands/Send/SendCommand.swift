internal import HTTP
internal import JSON
internal import PlaneConfig
internal import System
internal import Wire

/// `polder send <stream>`: the simulator, or the events of a file.
struct SendCommand: Command {
    static let name = "send"
    static let summary = "Sends events to a source stream: invented ones, or those of a file."
    static let details = """
        Without --file it sends events of strmprivacy/example/1.5.0 with random values, as the public simulator does.
        A file holds one JSON event per line.
        """

    let dir: String?
    let output: OutputFormat
    let file: String?
    let schema: String?
    let rate: Int?
    let count: Int?
    let prefix: String
    let range: Int
    let purposes: String
    let quiet: Bool
    let stream: String

    init(reading arguments: inout ArgumentReader) {
        dir = arguments.dirOption()
        output = arguments.outputOption()
        file = arguments.optionIfPresent(
            "--file", short: "-f", "PATH", "Events to send, one JSON text per line.", from: .file)
        schema = arguments.optionIfPresent("--schema", "REF", "Schema of the file's events [their own contract].")
        rate = arguments.numberIfPresent(
            "--rate", "N", in: 0...1_000_000, "Events per second; 0 is as fast as it goes [1, with --file 0].")
        count = arguments.numberIfPresent(
            "--count", "N", in: 0...Int.max, "Ends after N events [no end, or the file's].")
        let prefix: String? = arguments.optionIfPresent(
            "--session-prefix", "TEXT", "Beginning of every consistentValue [session].")
        let range = arguments.numberIfPresent(
            "--session-range", "N", in: 1...Int.max, "How many different consistentValues [1000].")
        let purposes: String? = arguments.optionIfPresent(
            "--purposes", "LISTS", "The consents that events are given, by chance [\(Simulator.purposes)].")
        if file == nil, schema != nil { arguments.refuse("--schema is for the events of --file, which is missing") }
        if file != nil {
            for (name, isGiven) in [
                ("--session-prefix", prefix != nil), ("--session-range", range != nil), ("--purposes", purposes != nil),
            ] where isGiven {
                arguments.refuse("\(name) is for invented events, not for those of --file")
            }
        }
        self.prefix = prefix ?? "session"
        self.range = range ?? 1000
        self.purposes = purposes ?? Simulator.purposes
        quiet = arguments.flag("--quiet", short: "-q", "No progress.")
        stream = arguments.argument("stream", "The source stream's name.", from: .names(.stream))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        // Before anybody is asked: a broken file needs no plane to be told.
        let lines = try file.map { path throws(PolderError) in try EventSource.file(path, schema: schema) }
        let plane = try PlaneClient(dir, environment: context.environment)
        let document = try await plane.document()
        let (stream, isOfAPI) = try await plane.stream(stream, in: document, context)
        if let origin = stream.derivedFrom {
            throw .refused("\(stream.name) is derived from \(origin); events are sent to \(origin)")
        }
        let source: EventSource
        if let lines { source = lines } else { source = try simulator(context) }
        let limit = min(count ?? .max, source.count ?? .max)
        let sender = try EventSender(
            plane, document, stream, source,
            SendingState(limit: limit, rate: rate ?? (file == nil ? 1 : 0), start: .now()),
            token: try await plane.token(for: stream, document), mayBeNew: isOfAPI)
        let began = MonotonicTime.now()
        let console = context.console
        let showing =
            quiet || !console.isErrorTerminal ? nil : Task { await sender.showProgress(on: console, since: began) }
        defer { showing?.cancel() }
        try await sender.sendAll()
        showing?.cancel()
        await showing?.value
        let state = sender.outcome
        report(state, took: .now() - began, console)
        if state.rejected == 1 { throw .refused("1 event was rejected") }
        if state.rejected > 1 { throw .refused("\(state.rejected) events were rejected") }
    }

    private func simulator(_ context: CommandContext) throws(PolderError) -> EventSource {
        let local = try LocalPlane(dir, environment: context.environment)
        guard let schema = local.snapshot.schemas.first(where: { $0.ref.description == Simulator.contract }) else {
            throw .failed("the plane does not know \(Simulator.contract)")
        }
        return .simulator(
            try Simulator(definition: schema.definition, prefix: prefix, range: range, purposes: purposes))
    }

    private func report(_ state: SendingState, took elapsed: Duration, _ console: Console) {
        let seconds = elapsed / .seconds(1)
        for reason in state.reasons { console.note("rejected: \(reason)") }
        switch output {
        case .text:
            console.print(
                "\(state.accepted) accepted, \(state.rejected) rejected in \((seconds * 10).rounded() / 10) s")
        case .json:
            let result: JSONValue = [
                "accepted": JSONValue(state.accepted), "rejected": JSONValue(state.rejected),
                "reasons": .array(state.reasons.map { .string($0) }),
                "seconds": JSONNumber(seconds).map { .number($0) } ?? .null,
            ]
            console.print(result.text())
        }
    }
}
