internal import Avro
package import Bytes
internal import JSONSchema
internal import Regex
internal import Wire

/// How a sender says that the body is written (`Strm-Serialization-Type`).
package enum BodyForm: Sendable {
    /// `application/x-avro-binary`: an Avro datum without any header.
    case avro
    /// `application/json`: plain JSON or the JSON encoding of Avro.
    case json
    /// The sender does not say: it is told from the first byte.
    case unstated
}

/// A personal value of an event: where it stands, and where its sealed text goes.
package struct PersonalValue {
    /// The value's UTF-8.
    package let plain: UnsafeRawBufferPointer
    /// Room for the sealed text; set by ``IncomingEvent/write(nonce:timestamp:keyLink:into:sealedCount:)``.
    package internal(set) var sealed: UnsafeMutableRawBufferPointer
    /// The purpose that may read it.
    package let level: Int32
    /// Index of its field in the program's fields.
    package let field: Int32
    let mark: Int32
}

/// Reads one event at a time: chooses the decoder, checks the body against schema and contract, finds what must be sealed,
/// and writes the record that goes into the log.
///
/// ```swift
/// if let refusal = event.read(body, .unstated, schema) { … 400, refusal.description … }
/// let key = …                                   // by event.keyValue; later? keep event.datum and event.program, then reread
/// event.write(nonce: …, timestamp: …, keyLink: cipher.linkText, into: &batch) { FieldCipher.sealedTextCount($0) }
/// for value in event.personal { seal value.plain into value.sealed }
/// ```
/// All views point into the body or into this object: they are valid until the body goes or the next read.
///
/// - Isolation: one per loop. Nothing is allocated per event once it has grown.
package final class IncomingEvent {
    /// The catalog that contracts are looked up in. Setting it takes effect with the next read.
    package var catalog: CompiledCatalog {
        didSet {
            state.pointee.last = nil
            programs.removeAll()
        }
    }

    /// How the event that was read last is read and written again.
    package internal(set) var program: EventProgram?

    // Behind a pointer, because every access to a property of a class asks the runtime whether it may.
    let state: UnsafeMutablePointer<IncomingEventState>
    let matcher: PatternMatcher
    let walker = AvroWalker()
    let avro = AvroWorkspace()
    let json = JSONWorkspace()
    /// Programs met by this loop, so that the catalog's lock is taken once for each pair.
    private var programs: [ObjectIdentifier: [ObjectIdentifier: ProgramEntry]] = [:]

    /// A workspace for one loop.
    ///
    /// - Throws: `outOfMemory`.
    package init(catalog: CompiledCatalog) throws(ContractsError) {
        self.catalog = catalog
        do throws(RegexError) { matcher = try PatternMatcher() } catch { throw .outOfMemory }
        state = .allocate(capacity: 1)
        state.initialize(to: IncomingEventState())
    }

    deinit {
        state.pointee.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// The event as it is read again: an Avro datum, or the JSON text.
    package var datum: UnsafeRawBufferPointer { state.pointee.datum }

    /// Value of the key field; not empty.
    package var keyValue: UnsafeRawBufferPointer { state.pointee.keyValue }

    /// Value of the data subject field; nil when the contract has none, or it is null or empty.
    package var subjectValue: UnsafeRawBufferPointer? { state.pointee.subjectValue }

    /// The values to be sealed, in the order of the bytes. Nulls are not among them; an empty list gives none.
    package var personal: UnsafeBufferPointer<PersonalValue> {
        UnsafeBufferPointer(start: state.pointee.personal, count: state.pointee.personalCount)
    }

    /// The consent levels, none negative.
    package var consentLevels: UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(start: state.pointee.consent, count: state.pointee.consentCount)
    }

    /// Reads a body.
    ///
    /// - Parameter schema: What `Strm-Schema-Ref` names.
    /// - Returns: nil if the event is accepted; its parts are then in this object.
    package func read(_ body: UnsafeRawBufferPointer, _ form: BodyForm, _ schema: CompiledSchema) -> EventRefusal? {
        switch schema.reading {
        case .avro(let reading): reading._withUnsafeGuaranteedRef { readAvro(body, form, schema, $0) }
        // Whatever the sender says: these events have one form.
        case .json(let reading): reading._withUnsafeGuaranteedRef { readJSON(body, schema, $0) }
        }
    }

    /// Takes up an event again that was read before and had to wait, for its key for example.
    ///
    /// - Parameters:
    ///   - datum: A copy of ``datum`` as it was then.
    ///   - program: ``program`` as it was then, of whichever catalog.
    package func reread(_ datum: UnsafeRawBufferPointer, _ program: EventProgram) {
        let refusal =
            switch program.form {
            case .avro: judge(datum, program, checksRules: false)
            case .json: rereadJSON(datum, program)
            }
        precondition(refusal == nil, "only events that were accepted are read again")
    }

    /// Writes the event's record: header and event, with the gateway's values set and room for the sealed texts.
    ///
    /// The texts are the caller's to write, into each personal value's `sealed`, before it changes `output`.
    ///
    /// - Parameters:
    ///   - nonce: Any number.
    ///   - timestamp: Milliseconds since 1970.
    ///   - keyLink: The key's name as text.
    ///   - output: The record is appended; what was there stays.
    ///   - sealedCount: The length of the sealed text of a value of so many bytes.
    package func write(
        nonce: Int32, timestamp: Int64, keyLink: UnsafeRawBufferPointer, into output: inout OutputBuffer,
        sealedCount: (Int) -> Int
    ) {
        guard let program = state.pointee.current else { preconditionFailure("an event is read before it is written") }
        program._withUnsafeGuaranteedRef { program in
            output.appendRaw(room: EventRecord.headerLength) { target in
                EventRecord.writeHeader(schemaID: program.schemaID, into: target)
                return EventRecord.headerLength
            }
            let gateway = GatewayValues(nonce: nonce, timestamp: timestamp, keyLink: keyLink)
            switch program.form {
            case .avro(let avro):
                avro._withUnsafeGuaranteedRef { writeAvro(program, $0, gateway, into: &output, sealedCount) }
            case .json: writeJSON(program, gateway, into: &output, sealedCount)
            }
        }
    }

    /// What the gateway sets in `strmMeta`, whatever the sender wrote there.
    struct GatewayValues {
        let nonce: Int32
        let timestamp: Int64
        let keyLink: UnsafeRawBufferPointer
    }

    /// Tells each personal value where its sealed text goes. `place` gives the offset in `output` of the room of a mark.
    func setPlaces(
        in output: inout OutputBuffer, _ sealedCount: (Int) -> Int, _ place: (Int) -> Int
    ) {
        guard let base = output.mutableBytes.baseAddress else { return }
        let personal = state.pointee.personal
        for index in 0..<state.pointee.personalCount {
            personal[index].sealed = UnsafeMutableRawBufferPointer(
                start: base + place(Int(personal[index].mark)), count: sealedCount(personal[index].plain.count))
        }
    }
}

/// The values that a walk over an event noted, in the order of the bytes: what the rules of a contract are about, whatever the
/// language of the schema.
protocol NotedValues {
    /// How many.
    var count: Int { get }
    /// Which point of the program a value stands at; below zero for what is of no interest to contracts.
    func point(_ index: Int) -> Int32
    /// The characters of a value that holds text, nil for null.
    func text(_ index: Int) -> UnsafeRawBufferPointer?
    /// The consent levels of the value at the consent point; false if one has no 32 bits.
    func forEachLevel(_ index: Int, _ body: (Int32) -> Void) -> Bool
}

extension IncomingEvent {
    /// The program for events of the schema that name a contract, or why there is none.
    func findProgram(_ schema: CompiledSchema, _ ref: UnsafeRawBufferPointer) -> ProgramSearch {
        guard let contract = catalog.contract(ref) else {
            return .refused(
                .unknownContract(Self.isShowable(ref) ? ContractRef(String(decoding: ref, as: UTF8.self)) : nil))
        }
        switch entry(schema, contract).outcome {
        case .program(let program):
            state.pointee.last = .passUnretained(program)
            return .found(program)
        case .incompatible(_, let rule):
            return .refused(.incompatible(contract: contract.refText, schema: schema.refText, rule: rule))
        }
    }

    enum ProgramSearch {
        case found(EventProgram)
        case refused(EventRefusal)
    }

    private func entry(_ schema: CompiledSchema, _ contract: CompiledContract) -> ProgramEntry {
        if let entry = programs[ObjectIdentifier(schema)]?[ObjectIdentifier(contract)] { return entry }
        let entry = catalog.program(schema, contract)
        programs[ObjectIdentifier(schema), default: [:]][ObjectIdentifier(contract)] = entry
        return entry
    }

    /// True for what may be a reference. Anything else could be a personal value in the wrong place.
    private static func isShowable(_ ref: UnsafeRawBufferPointer) -> Bool {
        ref.count <= 250
            && ref.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                    UInt8(ascii: "/"):
                    true
                case _: false
                }
            }
    }

    /// Takes the parts of an event that is sound; with `checksRules` also holds it against the contract.
    @inline(__always)
    func take(
        _ values: some NotedValues, _ datum: UnsafeRawBufferPointer, _ program: EventProgram, checksRules: Bool
    ) -> EventRefusal? {
        if checksRules, !program.isActive {
            return .contractNotActive(program.contract.refText, program.contract.state)
        }
        if self.program !== program { self.program = program }
        let state = self.state
        state.pointee.begin(program, datum)
        let roles = program.roles
        for index in 0..<values.count {
            let point = values.point(index)
            if point >= EventProgram.firstField {
                guard let text = values.text(index) else { continue }
                let role = roles[Int(point)]
                if role.isKey { state.pointee.keyValue = text }
                if role.isSubject, !text.isEmpty { state.pointee.subjectValue = text }
                if role.isPersonal {
                    state.pointee.note(
                        PersonalValue(
                            plain: text, sealed: UnsafeMutableRawBufferPointer(start: nil, count: 0), level: role.level,
                            field: point &- EventProgram.firstField, mark: Int32(truncatingIfNeeded: index)))
                }
                if role.patternCount > 0, checksRules {
                    for pattern in role.firstPattern..<role.firstPattern &+ role.patternCount {
                        let outcome = program.patterns[Int(pattern)]._withUnsafeGuaranteedRef {
                            matcher.find($0, in: text)
                        }
                        guard outcome == .found else {
                            return refusal(outcome, text, program, role, Int(point), Int(pattern))
                        }
                    }
                }
            } else if point == EventProgram.consentPoint {
                var lowest: Int32 = 0
                let fits = values.forEachLevel(index) { level in
                    lowest = min(lowest, level)
                    state.pointee.noteConsent(level)
                }
                guard fits else { return .consentTooLarge }
                guard lowest >= 0 else { return .negativeConsent }
            }
        }
        guard !state.pointee.keyValue.isEmpty else {
            return .emptyKeyField(field: program.contract.keyField, schema: program.schema.refText)
        }
        return nil
    }

    @inline(never)
    private func refusal(
        _ outcome: PatternMatcher.Outcome, _ text: UnsafeRawBufferPointer, _ program: EventProgram,
        _ role: EventProgram.Role, _ point: Int, _ pattern: Int
    ) -> EventRefusal {
        let field = program.fields[point - Int(EventProgram.firstField)]
        let regex = field.validations[pattern - Int(role.firstPattern)].pattern.text
        // Continuation bytes are not characters of their own.
        let length = text.count { $0 & 0xC0 != 0x80 }
        let schema = program.schema.refText
        return outcome == .notFound
            ? .ruleBroken(field: field.path, schema: schema, length: length, regex: regex)
            : .ruleTooCostly(field: field.path, schema: schema, length: length, regex: regex)
    }
}
