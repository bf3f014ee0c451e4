internal import Avro
internal import Bytes
internal import JSON
internal import System
internal import Wire

/// One event, ready to be sent.
struct OutgoingEvent: Sendable {
    var schemaRef: String
    /// The value of `Strm-Serialization-Type`.
    var serialization: String
    var body: [UInt8]
}

/// What is sent: invented events, or the lines of a file.
enum EventSource: Sendable {
    case simulator(Simulator)
    case lines([OutgoingEvent])

    /// How many there are; nothing when they never end.
    var count: Int? {
        switch self {
        case .simulator: nil
        case .lines(let events): events.count
        }
    }

    /// The event of that number, from 0.
    func event(_ number: Int) throws(PolderError) -> OutgoingEvent {
        switch self {
        case .simulator(let simulator): try simulator.event()
        case .lines(let events): events[number]
        }
    }

    /// Reads a file of JSON lines. The schema is the one that `--schema` names, otherwise the event's own contract.
    static func file(_ path: String, schema: String?) throws(PolderError) -> EventSource {
        let bytes: [UInt8]
        do {
            bytes = try File.readWaiting(path, limit: 256 << 20)
        } catch {
            throw .failed(error.description)
        }
        var events: [OutgoingEvent] = []
        for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) {
                continue
            }
            let ref: String
            if let schema { ref = schema } else { ref = try contractRef(in: Array(line), "\(path):\(index + 1)") }
            events.append(OutgoingEvent(schemaRef: ref, serialization: "application/json", body: Array(line)))
        }
        return .lines(events)
    }

    private static func contractRef(in line: [UInt8], _ place: String) throws(PolderError) -> String {
        let event: JSONValue
        do {
            event = try JSONValue.parse(line)
        } catch {
            throw .failed("\(place):\(error.place.column): not JSON: \(error.reason)")
        }
        guard let ref = event["strmMeta"]?["eventContractRef"]?.string else {
            throw .failed("\(place): no strmMeta.eventContractRef to take the schema from; say --schema")
        }
        return ref
    }
}

/// Invents events of the example contract, as the public command-line simulator does.
struct Simulator: Sendable {
    static let contract = "strmprivacy/example/1.5.0"
    /// The consents of events unless told otherwise.
    static let purposes = "\"\",0,0/1,0/1/2,0/1/2/3"

    private let shape: AvroShape
    private let prefix: String
    private let range: Int
    private let purposes: [[Int]]

    /// - Parameter purposes: Lists of levels, one of which each event gets: `"",0,0/1`.
    init(definition: String, prefix: String, range: Int, purposes: String) throws(PolderError) {
        do {
            shape = AvroShape(try AvroSchema.parse(definition))
        } catch {
            throw .failed("the schema of \(Simulator.contract): \(error)")
        }
        self.prefix = prefix
        self.range = range
        var lists: [[Int]] = []
        for text in purposes.split(separator: ",", omittingEmptySubsequences: false) {
            let levels = text.filter { $0 != "\"" }.split(separator: "/").map { Int($0) }
            guard levels.allSatisfy({ $0 != nil && $0! >= 0 }) else {
                throw .usage(
                    command: SendCommand.name, ["--purposes must be lists such as \"\",0,0/1, not \(purposes)"])
            }
            lists.append(levels.compactMap(\.self))
        }
        self.purposes = lists
    }

    func event() throws(PolderError) -> OutgoingEvent {
        let consent = purposes.randomElement() ?? []
        let event: JSONValue = [
            "strmMeta": [
                "eventContractRef": .string(Simulator.contract), "consentLevels": .array(consent.map { JSONValue($0) }),
            ],
            "uniqueIdentifier": .string("unique-\(Int.random(in: 0..<100))"),
            "consistentValue": .string("\(prefix)-\(Int.random(in: 0..<range))"),
            "someSensitiveValue": .string("sensitive-\(Int.random(in: 0..<100))"),
            "notSensitiveValue": .string("not-sensitive-\(Int.random(in: 0..<100))"),
        ]
        var encoder = AvroJSONEncoder()
        var datum = OutputBuffer()
        var text = OutputBuffer()
        text.append(event.bytes())
        do {
            try encoder.encode(text.bytes, shape, into: &datum)
        } catch {
            throw .failed("the plane's \(Simulator.contract) is not the public one: \(error)")
        }
        return OutgoingEvent(
            schemaRef: Simulator.contract, serialization: "application/x-avro-binary", body: datum.copyBytes())
    }
}
