internal import Avro
internal import Bytes

/// What turning JSON into datums needs, and keeps between events.
final class AvroWorkspace {
    var encoder = AvroJSONEncoder()
    var encoded = OutputBuffer(capacity: 4096)
}

private struct AvroValues: NotedValues {
    let marks: UnsafeBufferPointer<AvroMark>
    let datum: UnsafeRawBufferPointer
    /// Unmanaged, as reference counts are what an event can do without: the workspace keeps it.
    let walker: Unmanaged<AvroWalker>

    var count: Int { marks.count }

    @inline(__always)
    func point(_ index: Int) -> Int32 { marks[index].point }

    @inline(__always)
    func text(_ index: Int) -> UnsafeRawBufferPointer? {
        let mark = marks[index]
        guard mark.text >= 0 else { return nil }
        return UnsafeRawBufferPointer(rebasing: datum[Int(mark.text)..<Int(mark.end)])
    }

    @inline(__always)
    func forEachLevel(_ index: Int, _ body: (Int32) -> Void) -> Bool {
        walker._withUnsafeGuaranteedRef { $0.forEachInt(of: marks[index], in: datum, body) }
        return true
    }
}

extension IncomingEvent {
    func readAvro(
        _ body: UnsafeRawBufferPointer, _ form: BodyForm, _ schema: CompiledSchema, _ reading: AvroReading
    ) -> EventRefusal? {
        switch form {
        case .avro:
            return readDatum(body, schema, reading)
        case .json:
            return readAvroJSON(body, schema, reading)
        case .unstated:
            guard Self.looksLikeJSON(body) else { return readDatum(body, schema, reading) }
            // As a datum that begins with the reference, `{` would be a negative length.
            if reading.beginsWithRef { return readAvroJSON(body, schema, reading) }
            return walker.walk(reading.plainProgram, body)
                ? readDatum(body, schema, reading) : readAvroJSON(body, schema, reading)
        }
    }

    private static func looksLikeJSON(_ body: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < body.count {
            switch body[index] {
            case 0x20, 0x09, 0x0A, 0x0D: index &+= 1
            case let byte: return byte == UInt8(ascii: "{")
            }
        }
        return false
    }

    private func readAvroJSON(
        _ body: UnsafeRawBufferPointer, _ schema: CompiledSchema, _ reading: AvroReading
    ) -> EventRefusal? {
        avro.encoded.removeAll()
        do throws(AvroError) {
            try avro.encoder.encode(body, reading.shape, into: &avro.encoded)
        } catch {
            return .undecodable(schema: schema.refText, .avro(error))
        }
        return readDatum(avro.encoded.bytes, schema, reading)
    }

    private func readDatum(
        _ datum: UnsafeRawBufferPointer, _ schema: CompiledSchema, _ reading: AvroReading
    ) -> EventRefusal? {
        guard walker.walk(reading.refProgram, datum), let mark = walker.marks.first else {
            return .undecodable(schema: schema.refText, .avro(walker.error))
        }
        let ref = UnsafeRawBufferPointer(rebasing: datum[Int(mark.text)..<Int(mark.end)])
        // Most events of a connection are alike: compare with the last one before looking anything up.
        if let last = state.pointee.last,
            last._withUnsafeGuaranteedRef({ $0.schema === schema && $0.isNamed(by: ref) })
        {
            return last._withUnsafeGuaranteedRef { judge(datum, $0, checksRules: true) }
        }
        switch findProgram(schema, ref) {
        case .found(let program): return judge(datum, program, checksRules: true)
        case .refused(let refusal):
            // Bytes that are no event are called so, whatever their beginning seems to name.
            guard walker.walk(reading.plainProgram, datum) else {
                return .undecodable(schema: schema.refText, .avro(walker.error))
            }
            return refusal
        }
    }

    /// Walks the datum and takes its parts; with `checksRules` also holds it against the contract.
    func judge(_ datum: UnsafeRawBufferPointer, _ program: EventProgram, checksRules: Bool) -> EventRefusal? {
        guard case .avro(let form) = program.form else { preconditionFailure("an Avro schema has Avro programs") }
        guard form._withUnsafeGuaranteedRef({ walker.walk($0, datum) }) else {
            return .undecodable(schema: program.schema.refText, .avro(walker.error))
        }
        let values = AvroValues(marks: walker.marks, datum: datum, walker: .passUnretained(walker))
        return take(values, datum, program, checksRules: checksRules)
    }

    func writeAvro(
        _ program: EventProgram, _ form: AvroProgram, _ gateway: GatewayValues, into output: inout OutputBuffer,
        _ sealedCount: (Int) -> Int
    ) {
        let roles = program.roles
        walker.splice(state.pointee.datum, form, into: &output) { _, mark in
            switch mark.point {
            case EventProgram.noncePoint: return .optionalNumber(Int64(gateway.nonce))
            case EventProgram.timestampPoint: return .optionalNumber(gateway.timestamp)
            case EventProgram.keyLinkPoint: return .text(gateway.keyLink)
            case EventProgram.consentPoint: return .keep
            case _:
                guard roles[Int(mark.point)].isPersonal, mark.text >= 0 else { return .keep }
                return .room(sealedCount(Int(mark.end &- mark.text)))
            }
        }
        setPlaces(in: &output, sealedCount) { walker.place(of: $0) }
    }
}
