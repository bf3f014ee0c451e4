internal import API
internal import Contracts
internal import EventLog
internal import HTTP
internal import JSON
internal import PlaneConfig
internal import System
internal import Time
internal import Wire

/// Drives the demo's plane as any client would, and prints the story.
struct DemoTeller: Sendable {
    private let folder: String
    private let seconds: Int
    private let context: CommandContext
    private let began = MonotonicTime.now()

    /// Where the plane says that it is ready.
    var readyFile: String { "\(folder)/ready.json" }

    init(folder: String, seconds: Int, context: CommandContext) {
        self.folder = folder
        self.seconds = seconds
        self.context = context
    }

    private var console: Console { context.console }
    private var story: DemoStory {
        let console = console
        return DemoStory(columns: console.isOutputTerminal ? console.columns : 80) { console.styled($0, $1) }
    }

    /// Tells everything, then stops the plane. Answers what went wrong, if anything.
    func tell() async -> PolderError? {
        var failure: PolderError?
        do throws(PolderError) {
            try await tellAll()
        } catch {
            if error != .interrupted { failure = error }
        }
        ThisProcess.raise(.terminate)
        return failure
    }

    private func tellAll() async throws(PolderError) {
        show(story.title("Polder", aside: "a private data plane on one machine"))
        try await untilReady()
        let plane = try PlaneClient(folder, environment: context.environment)
        let document = try await plane.document()
        let milliseconds = Int((MonotonicTime.now() - began) / .milliseconds(1))
        show([
            story.done(
                "a plane is up", "control plane, event gateway, web-socket, agent, decrypter; \(milliseconds) ms")
        ])
        let source = try PlaneClient.stream("demo", in: document)
        let token = try await plane.token(for: source, document)
        try await tellOneEvent(plane, document, token)
        try await tellRefusal(plane, document, token)
        try await tellNewStream(plane, document)
        try await tellCounters(plane, document, source, token)
    }

    // MARK: One event

    private static let fields = [
        (name: "uniqueIdentifier", value: "unique-5", rule: "personal, purpose 1"),
        (name: "consistentValue", value: "session-273", rule: "personal, purpose 2; names the person"),
        (name: "someSensitiveValue", value: "sensitive-0", rule: "personal, purpose 3"),
        (name: "notSensitiveValue", value: "not-sensitive-6", rule: "not personal"),
    ]
    private static let columns = [
        (title: "sent", stream: nil, about: "in clear"),
        (title: "demo", stream: "demo", about: "encrypted"),
        (title: "demo-0-1", stream: "demo-0-1", about: "purposes 0,1"),
        (title: "demo-M0-1", stream: "demo-M0-1", about: "masked"),
    ]

    private func tellOneEvent(
        _ plane: PlaneClient, _ document: ReadyDocument, _ token: String
    ) async throws(PolderError) {
        let answer = try await post(event(consistentValue: Self.fields[1].value), plane, document, token)
        guard answer.status == .noContent else {
            throw .failed("the plane answered \(answer.status) \(text(of: answer))")
        }
        var shown: [[String?]] = Self.fields.map { [$0.value] }
        for column in Self.columns {
            guard let stream = column.stream else { continue }
            let event = try await firstEvent(of: try PlaneClient.stream(stream, in: document))
            for (index, field) in Self.fields.enumerated() { shown[index].append(event[field.name]?.string) }
        }
        let fields = Self.fields.enumerated().map { index, field in
            DemoStory.Field(name: field.name, rule: field.rule, sent: field.value, shown: shown[index])
        }
        show(story.step(1, "A producer sends an event of one person"))
        show(story.producer(fields, consent: [0, 1], status: 204))
        show(story.step(2, "The same event in four places"))
        show(story.sideBySide(columns: Self.columns.map { ($0.title, $0.about) }, fields))
        show([
            "", "   demo-0-1-2-3 does not have it: this person did not agree to purposes 2 and 3.",
        ])
    }

    private func tellRefusal(
        _ plane: PlaneClient, _ document: ReadyDocument, _ token: String
    ) async throws(PolderError) {
        let answer = try await post(event(consistentValue: ""), plane, document, token)
        show(story.step(3, "An event that breaks a rule of its contract is refused, with the reason"))
        show(
            story.refusal(
                "consistentValue is empty, so nobody's key could encrypt it", status: Int(answer.status.code),
                reason: text(of: answer)))
    }

    // MARK: A stream of the API

    private func tellNewStream(_ plane: PlaneClient, _ document: ReadyDocument) async throws(PolderError) {
        // The demo's login goes with its folder.
        let own = CommandContext(
            console: .silent,
            environment: context.environment.merging(["POLDER_CONFIG": "\(folder)/config.yaml"]) { _, new in new })
        let api = try await APISession.open(SessionOptions(local: folder), own)
        let start = MonotonicTime.now()
        let spec: JSONValue = ["ref": try await api.reference("orders")]
        _ = try await api.call(StreamsService.createStream, ["stream": spec])
        let (stream, _) = try await plane.stream("orders", in: document, own)
        let token = try await plane.token(for: stream, document)
        while true {
            let refusal: PolderError
            do throws(PolderError) {
                let answer = try await post(event(consistentValue: Self.fields[1].value), plane, document, token)
                if answer.status == .noContent { break }
                refusal = .failed("the new stream's event was answered \(answer.status) \(text(of: answer))")
            } catch {
                refusal = error  // a gateway hangs up on who is refused again and again
            }
            guard MonotonicTime.now() - start < .seconds(20) else { throw refusal }
            do { try await Task.sleep(for: .milliseconds(50)) } catch { throw .interrupted }
        }
        let milliseconds = Int((MonotonicTime.now() - start) / .milliseconds(1))
        show(story.step(4, "polder create stream orders"))
        show(["   made with the API; its first event was taken \(milliseconds) ms later"])
    }

    private func event(consistentValue: String) -> JSONValue {
        var event: JSONObject = [
            "strmMeta": ["eventContractRef": .string(Simulator.contract), "consentLevels": [0, 1]]
        ]
        for field in Self.fields { event[field.name] = .string(field.value) }
        event["consistentValue"] = .string(consistentValue)
        return .object(event)
    }

    private func post(
        _ event: JSONValue, _ plane: PlaneClient, _ document: ReadyDocument, _ token: String
    ) async throws(PolderError) -> Response {
        guard let url = URLParts(document.urls["events"] ?? "") else {
            throw .failed("the plane does not say where events go")
        }
        var request = Request(.post, url.target, body: event.bytes())
        request.headers.add("authorization", "Bearer \(token)")
        request.headers.add("strm-schema-ref", Simulator.contract)
        return try await plane.send(request, to: url)
    }

    /// The first record of a stream, waited for.
    private func firstEvent(of stream: ReadyDocument.Stream) async throws(PolderError) -> JSONValue {
        let deadline = MonotonicTime.now() + .seconds(20)
        do {
            let log = try SQLiteEventLog(folder: folder, options: .readOnly)
            defer { log.close() }
            let schemas = try SchemaStore(state: folder)
            let reader = try log.reader(of: try topic(of: stream), from: .earliest)
            while MonotonicTime.now() < deadline {
                var event: JSONValue?
                if case .records(let batch) = try reader.next(waitUpTo: .zero) {
                    try batch.forEach { _, record in
                        guard event == nil,
                            let definition = try schemas.definition(
                                of: try EventRecord.schemaID(of: record.value))
                        else { return }
                        let datum = UnsafeRawBufferPointer(rebasing: record.value[EventRecord.headerLength...])
                        var writer = JSONWriter(.compact)
                        try EventSchema.parse(definition).write(datum, to: &writer)
                        event = try JSONValue.parse(writer.bytes)
                    }
                }
                if let event { return event }
                try await Task.sleep(for: .milliseconds(10))
            }
        } catch is CancellationError {
            throw .interrupted
        } catch {
            throw .failed("\(error)")
        }
        throw .failed("nothing has arrived in \(stream.name)")
    }

    // MARK: Live counters

    private func tellCounters(
        _ plane: PlaneClient, _ document: ReadyDocument, _ source: ReadyDocument.Stream, _ token: String
    ) async throws(PolderError) {
        show(story.step(5, "Now 100 events a second, of a thousand people" + (seconds > 0 ? "" : "; Ctrl-C ends it")))
        let local = try LocalPlane(folder, environment: context.environment)
        guard let schema = local.snapshot.schemas.first(where: { $0.ref.description == Simulator.contract }) else {
            throw .failed("the plane does not know \(Simulator.contract)")
        }
        let simulator = try Simulator(
            definition: schema.definition, prefix: "session", range: 1000, purposes: Simulator.purposes)
        let sender = try EventSender(
            plane, document, source, .simulator(simulator), SendingState(limit: .max, rate: 100, start: .now()),
            token: token)
        let sending = Task { () -> PolderError? in
            do throws(PolderError) { try await sender.sendAll() } catch { return error }
            return nil
        }
        defer { sending.cancel() }
        let log: SQLiteEventLog
        do {
            log = try SQLiteEventLog(folder: folder, options: .readOnly)
        } catch {
            throw .failed("\(error)")
        }
        defer { log.close() }
        let start = MonotonicTime.now()
        var nextLine = Duration.seconds(5)
        while true {
            let elapsed = MonotonicTime.now() - start
            let isLast = seconds > 0 && MonotonicTime.now() - began >= .seconds(seconds)
            let line = story.counters(
                sent: sender.outcome.accepted, streams: try counts(log, document), seconds: Int(elapsed / .seconds(1)))
            if console.isOutputTerminal {
                console.print(bytes: Array("\r\u{1B}[K\(line)".utf8))
            } else if elapsed >= nextLine || isLast {
                console.print(line)
                nextLine += .seconds(5)
            }
            if isLast || Task.isCancelled { break }
            do {
                try await Task.sleep(for: .milliseconds(200))
            } catch {
                break  // Ctrl-C
            }
        }
        // On a terminal, the line of counters has not ended.
        if console.isOutputTerminal { show([""]) }
        show(["", story.done("stopped", "the plane and its temporary folder are gone")])
    }

    private func counts(
        _ log: SQLiteEventLog, _ document: ReadyDocument
    ) throws(PolderError) -> [(name: String, events: Int)] {
        do {
            return try document.streams.map { stream in
                let ends = try log.ends(of: try topic(of: stream))
                return (stream.name, Int(ends?.next.offset ?? 0))
            }
        } catch {
            throw .failed("\(error)")
        }
    }

    private func topic(of stream: ReadyDocument.Stream) throws(PolderError) -> TopicName {
        guard let topic = TopicName(stream.topic) else { throw .failed("\(stream.topic) is no topic name") }
        return topic
    }

    private func untilReady() async throws(PolderError) {
        let deadline = MonotonicTime.now() + .seconds(60)
        do {
            while try File.status(readyFile) == nil {
                guard MonotonicTime.now() < deadline else { throw PolderError.failed("the plane did not become ready") }
                try await Task.sleep(for: .milliseconds(10))
            }
        } catch is CancellationError {
            throw .interrupted
        } catch let error as PolderError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
    }

    private func show(_ lines: [String]) {
        for line in lines { console.print(line) }
    }

    private func text(of answer: Response) -> String {
        String(decoding: answer.body.prefix(500), as: UTF8.self).filter { !$0.isNewline }
    }
}
