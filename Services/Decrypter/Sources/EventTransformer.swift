// One event, from the source stream's record to the derived stream's:
//
//   record ► schema id ► walk (contract? consents?) ► passes? ► key ► open the permitted fields ► mask ► splice ► record
//
// The order matters: consent is decided before any key is looked for, everything is opened before anything is written,
// and a field that does not open drops the event. Nothing here logs, stores or allocates per event.

import Avro
package import Bytes
package import Contracts
package import EventLog
import JSONSchema
package import KeyVault
import Privacy
package import Wire

/// Something that an event needs and that is not known (yet).
package enum Missing: Sendable, Equatable {
    /// The key of this link.
    case key(KeyLink)
    /// The schema of this number.
    case schema(Int32)
    /// A contract that the plane does not have.
    case contract
}

/// What became of an event, as counted in `strm_decrypter_events_total`.
package enum EventResult: Int, Sendable, CaseIterable {
    /// Written to the derived stream.
    case written
    /// The event's consents do not cover what the stream asks for.
    case noConsent
    /// Its key did not turn up in time.
    case unknownKey
    /// Its schema did not turn up in time.
    case unknownSchema
    /// Its contract did not turn up in time.
    case unknownContract
    /// A field that should open is not genuine.
    case undecryptable
    /// The record, its header or its datum is not what a gateway writes.
    case malformed
    /// The contract asks for masks that the event's schema cannot have.
    case unusableContract
    /// The source no longer has it: its retention is over.
    case lost
    /// The source has it and cannot read it any more.
    case damaged

    /// The value of the metric's label `result`.
    package var label: String {
        switch self {
        case .written: "written"
        case .noConsent: "no_consent"
        case .unknownKey: "unknown_key"
        case .unknownSchema: "unknown_schema"
        case .unknownContract: "unknown_contract"
        case .undecryptable: "undecryptable"
        case .malformed: "malformed"
        case .unusableContract: "unusable_contract"
        case .lost: "lost"
        case .damaged: "damaged"
        }
    }
}

/// Turns events of the source stream into those of one derived stream.
///
/// - Isolation: belongs to the derived stream's thread.
package final class EventTransformer {
    /// What to do with an event.
    package enum Verdict: Equatable {
        /// Append `output`.
        case write
        /// Leave it out, and count why.
        case drop(EventResult)
        /// Ask again when this is known.
        case wait(Missing)
    }

    /// The derived record's value after `.write`, until the next call.
    package private(set) var output = OutputBuffer(capacity: 4096)

    private let rules: DerivationRules
    private let ciphers: LinkCache
    private let mask: Mask
    private let avro = AvroWalker()
    private let json = JSONWalker()
    private let workspace = FieldWorkspace()
    private let maskText = UnsafeMutableRawBufferPointer.allocate(byteCount: Mask.maximumTextCount, alignment: 8)
    private var fields = UnsafeMutableBufferPointer<FieldToOpen>.allocate(capacity: 64)
    private var schemas: [Int32: KnownSchema] = [:]
    private var plans: [FieldPlan] = []
    private var unusable: Set<PlanName> = []
    private var latest: FieldPlan?

    private struct KnownSchema {
        let schema: EventSchema
        /// Notes the contract reference alone.
        let contract: WalkProgram
    }

    private struct PlanName: Hashable {
        var schemaID: Int32
        var contract: String
    }

    /// A transformer by these rules. `ciphers` may outlive it, so that a change of rules keeps keys warm.
    package init(rules: DerivationRules, ciphers: LinkCache) {
        self.rules = rules
        self.ciphers = ciphers
        mask = rules.mask
    }

    deinit {
        maskText.deallocate()
        fields.deallocate()
    }

    /// Makes a schema known.
    /// - Throws: When it is too large to compile.
    package func learn(_ schema: EventSchema, id: Int32) throws(EventSchemaFault) {
        schemas[id] = KnownSchema(
            schema: schema, contract: try WalkProgram(schema, points: [FieldPlan.contractPath]))
    }

    /// Decides about one event and, if it passes, makes the derived record's value in `output`.
    package func transform(_ record: RecordView) -> Verdict {
        let value = record.value
        guard value.count >= EventRecord.headerLength, value[0] == 0 else { return .drop(.malformed) }
        let id = Int32(bitPattern: UInt32(bigEndian: value.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
        let datum = UnsafeRawBufferPointer(rebasing: value[EventRecord.headerLength...])

        // Most events are like the one before: try its plan first.
        if let plan = latest, plan.schemaID == id, let verdict = apply(plan, record, datum) { return verdict }
        switch plan(id, datum) {
        case .found(let plan):
            latest = plan
            return apply(plan, record, datum) ?? .drop(.malformed)
        case .verdict(let verdict): return verdict
        }
    }

    // MARK: Which plan

    private enum PlanSearch {
        case found(FieldPlan)
        case verdict(Verdict)
    }

    /// The slow path: another schema or contract than the event before.
    private func plan(_ id: Int32, _ datum: UnsafeRawBufferPointer) -> PlanSearch {
        guard let known = schemas[id] else { return .verdict(.wait(.schema(id))) }
        guard let name = contract(in: datum, known.contract) else { return .verdict(.drop(.malformed)) }
        for plan in plans where plan.schemaID == id && isText(name, plan.contract) { return .found(plan) }
        let contract = String(decoding: name, as: UTF8.self)
        guard rules.contracts[contract] != nil else { return .verdict(.wait(.contract)) }
        let planName = PlanName(schemaID: id, contract: contract)
        if unusable.contains(planName) { return .verdict(.drop(.unusableContract)) }
        guard let made = FieldPlan(schemaID: id, schema: known.schema, contract: contract, rules: rules) else {
            unusable.insert(planName)
            return .verdict(.drop(.unusableContract))
        }
        plans.append(made)
        return .found(made)
    }

    /// The contract that an event names; nil when the bytes are no event of the schema.
    private func contract(in datum: UnsafeRawBufferPointer, _ program: WalkProgram) -> UnsafeRawBufferPointer? {
        switch program {
        case .avro(let program):
            guard avro.walk(program, datum) else { return nil }
            return text(at: FieldPlan.contractPoint, in: WalkedAvro(walker: avro, program: program, datum: datum))
        case .json(let program):
            guard json.read(datum), json.note(program) else { return nil }
            return text(at: FieldPlan.contractPoint, in: WalkedJSON(json))
        }
    }

    private func text(at point: Int32, in event: some WalkedEvent) -> UnsafeRawBufferPointer? {
        for index in 0..<event.count where event.point(index) == point { return event.text(index) }
        return nil
    }

    private func isText(_ found: UnsafeRawBufferPointer, _ text: [UInt8]) -> Bool {
        guard found.count == text.count else { return false }
        return text.withUnsafeBytes { text in
            for index in 0..<found.count where found[index] != text[index] { return false }
            return true
        }
    }

    // MARK: What to do

    /// Nil when the event names another contract than the plan is for.
    private func apply(_ plan: FieldPlan, _ record: RecordView, _ datum: UnsafeRawBufferPointer) -> Verdict? {
        switch plan.program {
        case .avro(let program):
            guard avro.walk(program, datum) else { return .drop(.malformed) }
            return apply(plan, record, WalkedAvro(walker: avro, program: program, datum: datum))
        case .json(let program):
            guard json.read(datum), json.note(program) else { return .drop(.malformed) }
            return apply(plan, record, WalkedJSON(json))
        }
    }

    private func apply(_ plan: FieldPlan, _ record: RecordView, _ event: some WalkedEvent) -> Verdict? {
        guard let name = text(at: FieldPlan.contractPoint, in: event), isText(name, plan.contract) else { return nil }
        var tally = ConsentRule.Tally()
        for index in 0..<event.count where event.point(index) == FieldPlan.consentPoint {
            event.forEachLevel(index) { rules.consent.note($0, in: &tally) }
        }
        guard rules.consent.admits(tally) else { return .drop(.noConsent) }

        if plan.opensAny {
            let wanted = collectFields(plan, event)
            if wanted > 0 {
                guard let cipher = ciphers.find(record.key) else {
                    guard let link = KeyLink(record.key) else { return .drop(.malformed) }
                    return .wait(.key(link))
                }
                let opened = UnsafeMutableBufferPointer(rebasing: fields[0..<wanted])
                // All or nothing: one field that is not genuine, and none of the event is shown.
                guard cipher.open(opened, using: workspace) else { return .drop(.undecryptable) }
            }
        }
        splice(plan, record.value, event)
        return .write
    }

    /// Lists the texts to open, in the order of the bytes.
    private func collectFields(_ plan: FieldPlan, _ event: some WalkedEvent) -> Int {
        if fields.count < event.count {
            fields.deallocate()
            fields = .allocate(capacity: event.count * 2)
        }
        var wanted = 0
        for index in 0..<event.count {
            let point = event.point(index)
            guard point > FieldPlan.consentPoint, plan.actions[Int(point)].contains(.open),
                let text = event.text(index)
            else { continue }
            (fields.baseAddress! + wanted).initialize(to: FieldToOpen(text: text))
            wanted &+= 1
        }
        return wanted
    }

    private func splice(_ plan: FieldPlan, _ value: UnsafeRawBufferPointer, _ event: some WalkedEvent) {
        output.removeAll()
        output.append(UnsafeRawBufferPointer(rebasing: value[..<EventRecord.headerLength]))
        var next = 0
        let opened = fields
        let maskText = maskText
        let mask = mask
        event.splice(into: &output) { index in
            let point = event.point(index)
            guard point > FieldPlan.consentPoint, var text = event.text(index) else { return nil }
            let action = plan.actions[Int(point)]
            if action.contains(.open) {
                text = opened[next].plain
                next &+= 1
            }
            guard action.contains(.mask) else { return text }
            // Spliced in before the next mark is asked for, so one place for the text is enough.
            let count = mask.write(text, into: maskText)
            return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(maskText)[0..<count])
        }
    }
}
