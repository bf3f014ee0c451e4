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
        file = arguments.optionIfPresent("--file", short: "-f", "PATH", "Events to send, one JSON text per line.")
        schema = arguments.optionIfPresent("--schema", "REF", "Schema of the file's events [their own contract].")
        rate = arguments.optionIfPresent(
            "--rate", "N", "Events per second; 0 is as fast as it goes [1, with --file 0].")
        count = arguments.optionIfPresent("--count", "N", "Ends after N events [no end, or the file's].")
        prefix = arguments.option("--session-prefix", "TEXT", default: "session", "Beginning of every consistentValue.")
        range = arguments.option("--session-range", "N", default: 1000, "How many different consistentValues.")
        purposes = arguments.option(
            "--purposes", "LISTS", default: "\"\",0,0/1,0/1/2,0/1/2/3", "The consents that events are given, by chance."
        )
        quiet = arguments.flag("--quiet", short: "-q", "No progress.")
        stream = arguments.argument("stream", "The source stream's name.")
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        if let mistake = mistake() { throw .usage(command: SendCommand.name, [mistake]) }
        let plane = try PlaneClient(dir, environment: context.environment)
        let document = try await plane.document()
        let stream = try PlaneClient.stream(stream, in: document)
        if let origin = stream.derivedFrom {
            throw .refused("\(stream.name) is derived from \(origin); events are sent to \(origin)")
        }
        let source = try events(context)
        let limit = min(count ?? .max, source.count ?? .max)
        let sender = try EventSender(
            plane, document, stream, source,
            SendingState(limit: limit, rate: rate ?? (file == nil ? 1 : 0), start: .now()),
            token: try await plane.token(for: stream, document))
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
        if state.rejected > 0 { throw .refused("\(state.rejected) events were rejected") }
    }

    private func mistake() -> String? {
        if let rate, !(0...1_000_000).contains(rate) { return "--rate must be from 0 to 1000000" }
        if let count, count < 0 { return "--count must not be negative" }
        if range < 1 { return "--session-range must be at least 1" }
        return nil
    }

    private func events(_ context: CommandContext) throws(PolderError) -> EventSource {
        if let file { return try .file(file, schema: schema) }
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
