internal import Bytes
internal import Config
internal import Contracts
internal import EventLog
internal import JSON
internal import PlaneConfig
internal import Time
internal import Wire

/// `polder read <stream>`: the records of a stream, straight from the event log.
struct ReadCommand: Command {
    /// How a record is printed.
    enum Format: String, CaseIterable, Sendable {
        case text
        case json
        case raw
    }

    /// Where reading begins.
    enum Start: SettingValue, Equatable {
        case earliest
        case latest
        case offset(Int64)

        static var settingKind: String { "earliest, latest or an offset" }

        init?(settingText: String) {
            switch settingText {
            case "earliest": self = .earliest
            case "latest": self = .latest
            default:
                guard let offset = Int64(settingText), offset >= 0 else { return nil }
                self = .offset(offset)
            }
        }

        var settingText: String {
            switch self {
            case .earliest: "earliest"
            case .latest: "latest"
            case .offset(let offset): String(offset)
            }
        }
    }

    static let name = "read"
    static let summary = "Prints the records of a stream, straight from the event log."
    static let details = """
        Ends at what is the end when it starts, unless --follow. Needs no running plane.
          -o json  one line per record: {"offset", "timestamp", "key", "event"}; event is plain JSON with bare nulls
          -o raw   one line per record: its value in hexadecimal: 00, four bytes of schema id, the event
        """

    let dir: String?
    let start: Start
    let count: Int?
    let follow: Bool
    let format: Format
    let stream: String

    init(reading arguments: inout ArgumentReader) {
        dir = arguments.dirOption()
        start = arguments.option("--from", "earliest|latest|OFFSET", default: Start.earliest, "Where to begin.")
        count = arguments.numberIfPresent("--count", "N", in: 0...Int.max, "Ends after N records.")
        follow = arguments.flag("--follow", "Goes on with what is appended, until Ctrl-C.")
        format = arguments.choice("--output", short: "-o", default: .text, "How records are printed.")
        stream = arguments.argument("stream", "The stream's name.", from: .names(.stream))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let (plane, found) = try await LocalPlane.finding(stream, dir, context)
        let topic = found.topic
        do {
            let log = try SQLiteEventLog(folder: plane.state.path, options: .readOnly)
            defer { log.close() }
            let ends = try log.ends(of: topic)
            if case .offset(let offset) = start, offset > ends?.next.offset ?? 0 {
                context.console.note(
                    "polder: \(stream) has no record \(offset) yet: the next one will be \(ends?.next.offset ?? 0)")
            }
            let end = follow ? nil : ends?.next
            if !follow, end == nil { return }
            let reader = try log.reader(of: topic, from: position)
            let printer = RecordPrinter(format, try SchemaStore(state: plane.state.path), context.console)
            try read(reader, until: end, printer)
        } catch let error as PolderError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
    }

    private var position: StartPosition {
        switch start {
        case .earliest: .earliest
        case .latest: .latest
        case .offset(let offset): .offset(offset)
        }
    }

    private func read(_ reader: any EventReader, until end: Position?, _ printer: RecordPrinter) throws {
        var left = count ?? Int.max
        while left > 0 {
            if let end, reader.position >= end { return }
            switch try reader.next(waitUpTo: follow ? .seconds(1) : .zero) {
            case .nothing:
                if !follow { return }
            case .jumped(let from, let to, let reason):
                printer.note("records \(from.offset) to \(to.offset - 1) cannot be read: \(reason)")
            case .records(let batch):
                var lines: [UInt8] = []
                try batch.forEach { offset, record in
                    guard left > 0, end.map({ offset < $0.offset }) ?? true else { return }
                    left -= 1
                    lines += try printer.line(offset, record)
                }
                printer.print(lines)
            }
        }
    }
}

/// Prints records. Schemas are looked up once.
private final class RecordPrinter {
    private let format: ReadCommand.Format
    private let store: SchemaStore
    private let console: Console
    private var schemas: [Int32: EventSchema] = [:]

    init(_ format: ReadCommand.Format, _ store: SchemaStore, _ console: Console) {
        self.format = format
        self.store = store
        self.console = console
    }

    func print(_ lines: [UInt8]) { console.print(bytes: lines) }

    func note(_ text: String) { console.note("polder: \(text)") }

    func line(_ offset: Int64, _ record: RecordView) throws -> [UInt8] {
        switch format {
        case .raw:
            return Array(Hex.encode(Array(record.value)).utf8) + [UInt8(ascii: "\n")]
        case .json:
            var writer = JSONWriter(.compact)
            writer.beginObject()
            writer.name("offset")
            writer.integer(offset)
            writer.name("timestamp")
            writer.integer(record.timestamp)
            writer.name("key")
            writer.string(utf8: record.key)
            writer.name("event")
            try schema(of: record).write(event(of: record), to: &writer)
            writer.endObject()
            return writer.bytes + [UInt8(ascii: "\n")]
        case .text:
            var event = JSONWriter(.javaRecord)
            try schema(of: record).write(self.event(of: record), to: &event)
            let time = Timestamp(milliseconds: record.timestamp).text
            let head = console.styled("\(offset)  \(time)  \(String(decoding: record.key, as: UTF8.self))", .dim)
            return Array("\(head)  \(String(decoding: event.bytes, as: UTF8.self))\n".utf8)
        }
    }

    private func event(of record: RecordView) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: record.value[EventRecord.headerLength...])
    }

    private func schema(of record: RecordView) throws -> EventSchema {
        let id = try EventRecord.schemaID(of: record.value)
        if let schema = schemas[id] { return schema }
        guard let definition = try store.definition(of: id) else {
            throw PolderError.failed("the log names schema \(id), which the state folder does not have")
        }
        let schema = try EventSchema.parse(definition)
        schemas[id] = schema
        return schema
    }
}
