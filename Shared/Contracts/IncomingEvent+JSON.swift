internal import Bytes
internal import JSON
internal import JSONSchema

/// What reading events of JSON Schemas needs, and keeps between events.
final class JSONWorkspace {
    let walker = JSONWalker()
    /// The members that the gateway adds to `strmMeta`.
    var members = OutputBuffer()
}

private struct JSONValues: NotedValues {
    let marks: [JSONMark]
    let walker: JSONWalker

    var count: Int { marks.count }

    func point(_ index: Int) -> Int32 { marks[index].point }

    func text(_ index: Int) -> UnsafeRawBufferPointer? { walker.characters(of: marks[index]) }

    /// A list's elements are noted one by one.
    func forEachLevel(_ index: Int, _ body: (Int32) -> Void) -> Bool {
        guard let level = walker.int32(of: marks[index]) else { return false }
        body(level)
        return true
    }
}

extension IncomingEvent {
    func readJSON(_ body: UnsafeRawBufferPointer, _ schema: CompiledSchema, _ reading: JSONReading) -> EventRefusal? {
        let walker = json.walker
        guard walker.read(body), walker.judge(reading.schema, matcher), walker.note(reading.refProgram),
            let ref = walker.marks.first.flatMap({ walker.characters(of: $0) })
        else { return .undecodable(schema: schema.refText, .json(walker.fault)) }
        if let last = state.pointee.last?.takeUnretainedValue(), last.schema === schema, last.isNamed(by: ref) {
            return judgeJSON(body, last, checksRules: true)
        }
        switch findProgram(schema, ref) {
        case .found(let program): return judgeJSON(body, program, checksRules: true)
        case .refused(let refusal): return refusal
        }
    }

    /// Reads a text again that was judged before.
    func rereadJSON(_ text: UnsafeRawBufferPointer, _ program: EventProgram) -> EventRefusal? {
        guard json.walker.read(text) else {
            return .undecodable(schema: program.schema.refText, .json(json.walker.fault))
        }
        return judgeJSON(text, program, checksRules: false)
    }

    private func judgeJSON(
        _ text: UnsafeRawBufferPointer, _ program: EventProgram, checksRules: Bool
    ) -> EventRefusal? {
        guard case .json(let form) = program.form else { preconditionFailure("a JSON Schema has JSON programs") }
        let walker = json.walker
        guard form._withUnsafeGuaranteedRef({ walker.note($0) }) else {
            return .undecodable(schema: program.schema.refText, .json(walker.fault))
        }
        return take(JSONValues(marks: walker.marks, walker: walker), text, program, checksRules: checksRules)
    }

    func writeJSON(
        _ program: EventProgram, _ gateway: GatewayValues, into output: inout OutputBuffer, _ sealedCount: (Int) -> Int
    ) {
        let walker = json.walker
        let roles = program.roles
        var members = GatewayMembers(gateway, in: &json.members)
        walker.splice(into: &output) { _, mark in
            switch mark.point {
            case EventProgram.noncePoint, EventProgram.timestampPoint, EventProgram.keyLinkPoint:
                return .verbatim(members.value(of: mark.point, in: json.members.bytes))
            case JSONMark.objectEnd:
                return .verbatim(members.missing(in: &json.members))
            case EventProgram.consentPoint:
                return .keep
            case _:
                guard roles[Int(mark.point)].isPersonal, let text = walker.characters(of: mark) else { return .keep }
                return .room(sealedCount(text.count))
            }
        }
        setPlaces(in: &output, sealedCount) { walker.place(of: $0) }
    }
}

/// `,"nonce":-5,"timestamp":1652181230883,"keyLink":"7573fc76-…"`, and which parts of it an event still lacks.
private struct GatewayMembers {
    private struct Member {
        /// Of the comma, of the value, and behind the value: offsets in the text.
        let start, value, end: Int
        var isWritten = false
    }

    /// By point: nonce, timestamp, key link.
    private var members: [Member] = []

    init(_ gateway: IncomingEvent.GatewayValues, in text: inout OutputBuffer) {
        text.removeAll()
        func append(_ name: StaticString, _ text: inout OutputBuffer, _ value: (inout OutputBuffer) -> Void) -> Member {
            let start = text.count
            text.append(name)
            let valueStart = text.count
            value(&text)
            return Member(start: start, value: valueStart, end: text.count)
        }
        members = [
            append(",\"nonce\":", &text) { $0.append(decimal: Int(gateway.nonce)) },
            append(",\"timestamp\":", &text) { $0.append(decimal: Int(gateway.timestamp)) },
            append(",\"keyLink\":", &text) { $0.append(jsonString: gateway.keyLink) },
        ]
    }

    /// The value for a member that the event has.
    mutating func value(of point: Int32, in text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        members[Int(point)].isWritten = true
        return UnsafeRawBufferPointer(rebasing: text[members[Int(point)].value..<members[Int(point)].end])
    }

    /// All members that the event does not have, each with a comma in front: `strmMeta` is never empty.
    func missing(in text: inout OutputBuffer) -> UnsafeRawBufferPointer {
        guard members.contains(where: \.isWritten) else { return text.bytes }
        let start = text.count
        text.reserve(start)
        for member in members where !member.isWritten {
            text.append(UnsafeRawBufferPointer(rebasing: text.bytes[member.start..<member.end]))
        }
        return UnsafeRawBufferPointer(rebasing: text.bytes[start...])
    }
}
