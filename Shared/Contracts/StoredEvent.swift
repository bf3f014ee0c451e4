internal import Avro
package import Bytes
internal import Wire

/// A value of a stored event that may be opened or masked.
package struct StoredValue {
    /// The text as it is stored: sealed if the field is personal.
    package let text: UnsafeRawBufferPointer
    /// The purpose that may read it, or -1 when it is not personal and stands in the clear.
    package let level: Int32
    /// Index of its field in the program's fields.
    package let field: Int32

    /// True if the text is sealed.
    package var isPersonal: Bool { level >= 0 }
}

/// Reads records of the log and writes them again with some values replaced: for the decrypter.
///
/// ```swift
/// try event.read(record)
/// guard rule.admits(event.consentLevels) else { drop }
/// event.write(into: &output) { index in replacement of event.values[index], or nil to leave it }
/// ```
/// Views point into the record: they are valid until it goes or the next read.
///
/// - Isolation: one per thread. Nothing is allocated per event once it has grown.
package final class StoredEvent {
    /// The catalog that schemas and contracts are looked up in. Setting it takes effect with the next read.
    package var catalog: CompiledCatalog {
        didSet { lastProgram = nil }
    }

    /// How the event is read: schema, contract and fields.
    package private(set) var program: EventProgram?
    /// Name of the key that sealed it; nil when the record has none.
    package private(set) var keyLink: UnsafeRawBufferPointer?
    private var record = UnsafeRawBufferPointer(start: nil, count: 0)
    private var datum = UnsafeRawBufferPointer(start: nil, count: 0)

    private let walker = AvroWalker()
    private var valueMemory = UnsafeMutableBufferPointer<StoredValue>.allocate(capacity: 16)
    private var valueCount = 0
    private var consentMemory = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 16)
    private var consentCount = 0
    private var lastProgram: EventProgram?

    /// A workspace for one thread.
    package init(catalog: CompiledCatalog) {
        self.catalog = catalog
    }

    deinit {
        // Both hold only numbers and addresses: nothing to deinitialise.
        valueMemory.deallocate()
        consentMemory.deallocate()
    }

    /// The personal and the masked values in the order of the bytes; nulls are not among them.
    package var values: UnsafeBufferPointer<StoredValue> {
        UnsafeBufferPointer(rebasing: valueMemory[..<valueCount])
    }

    /// What the person agreed to.
    package var consentLevels: UnsafeBufferPointer<Int32> {
        UnsafeBufferPointer(rebasing: consentMemory[..<consentCount])
    }

    /// Reads a record's value: header and datum.
    ///
    /// - Parameter schema: The schema, if it is not in the catalog.
    /// - Throws: `notFramed`, `unknownSchema`, `malformedRecord` or `unknownContract`; such a record is not to be forwarded.
    package func read(
        _ record: UnsafeRawBufferPointer, schema given: CompiledSchema? = nil
    ) throws(ContractsError) {
        let id: Int32
        do throws(WireError) { id = try EventRecord.schemaID(of: record) } catch { throw .notFramed }
        let schema: CompiledSchema
        if let last = lastProgram, last.schema.id == id {
            schema = last.schema
        } else {
            guard let found = given ?? catalog.schema(id: id) else { throw .unknownSchema(id: id) }
            schema = found
        }
        let datum = UnsafeRawBufferPointer(rebasing: record[EventRecord.headerLength...])
        let program = try program(for: datum, schema)
        guard walker.walk(program.avro, datum) else { throw .malformedRecord(walker.error) }
        self.program = program
        self.record = record
        self.datum = datum
        take(datum, program)
    }

    /// Writes the record that was read, with values replaced.
    ///
    /// - Parameters:
    ///   - output: The record's value is appended; what was there stays.
    ///   - replacement: Called for each of ``values`` in order, with its index; nil leaves the stored text.
    package func write(into output: inout OutputBuffer, _ replacement: (Int) -> UnsafeRawBufferPointer?) {
        guard let program else { preconditionFailure("a record is read before it is written") }
        output.append(UnsafeRawBufferPointer(rebasing: record[..<EventRecord.headerLength]))
        var next = 0
        walker.splice(datum, program.avro, into: &output) { _, mark in
            guard Self.isValue(mark, program.roles) else { return .keep }
            defer { next &+= 1 }
            return replacement(next).map { .text($0) } ?? .keep
        }
    }

    private static func isValue(_ mark: AvroMark, _ roles: UnsafeMutablePointer<EventProgram.Role>) -> Bool {
        mark.point >= EventProgram.firstField && mark.text >= 0 && roles[Int(mark.point)].isOpenedOrMasked
    }

    private func program(
        for datum: UnsafeRawBufferPointer, _ schema: CompiledSchema
    ) throws(ContractsError) -> EventProgram {
        guard walker.walk(schema.refProgram, datum), let mark = walker.marks.first else {
            throw .malformedRecord(walker.error)
        }
        let ref = UnsafeRawBufferPointer(rebasing: datum[Int(mark.text)..<Int(mark.end)])
        if let last = lastProgram, last.schema === schema, last.contract.refBytes.elementsEqual(ref) { return last }
        guard let contract = catalog.contract(ref),
            case .program(let program) = catalog.program(schema, contract).outcome
        else { throw .unknownContract }
        lastProgram = program
        return program
    }

    private func take(_ datum: UnsafeRawBufferPointer, _ program: EventProgram) {
        keyLink = nil
        valueCount = 0
        consentCount = 0
        let roles = program.roles
        for mark in walker.marks {
            if Self.isValue(mark, roles) {
                if valueCount == valueMemory.count { growValues() }
                valueMemory.initializeElement(
                    at: valueCount,
                    to: StoredValue(
                        text: UnsafeRawBufferPointer(rebasing: datum[Int(mark.text)..<Int(mark.end)]),
                        level: roles[Int(mark.point)].level, field: mark.point &- EventProgram.firstField))
                valueCount &+= 1
            } else if mark.point == EventProgram.keyLinkPoint, mark.text >= 0 {
                keyLink = UnsafeRawBufferPointer(rebasing: datum[Int(mark.text)..<Int(mark.end)])
            } else if mark.point == EventProgram.consentPoint {
                walker.forEachInt(of: mark, in: datum) { level in
                    if consentCount == consentMemory.count { growConsent() }
                    consentMemory.initializeElement(at: consentCount, to: level)
                    consentCount &+= 1
                }
            }
        }
    }

    private func growValues() {
        let larger = UnsafeMutableBufferPointer<StoredValue>.allocate(capacity: valueCount * 2)
        _ = larger.moveInitialize(fromContentsOf: valueMemory[..<valueCount])
        valueMemory.deallocate()
        valueMemory = larger
    }

    private func growConsent() {
        let larger = UnsafeMutableBufferPointer<Int32>.allocate(capacity: consentCount * 2)
        _ = larger.moveInitialize(fromContentsOf: consentMemory[..<consentCount])
        consentMemory.deallocate()
        consentMemory = larger
    }
}
