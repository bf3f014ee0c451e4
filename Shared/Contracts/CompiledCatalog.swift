package import API
internal import Avro
internal import Bytes
internal import GRPC
internal import JSONSchema
internal import Regex
internal import Synchronization
package import Wire

/// One version of a plane's contracts and schemas, compiled: what the gateway looks things up in.
///
/// Look-ups take the raw bytes of a reference, as they stand in a header or an event, and allocate nothing. Programs for pairs
/// of schema and contract are compiled when they are first asked for and shared by all loops.
///
/// - Isolation: immutable but for the programs, which a lock guards; loops keep the programs that they use.
package final class CompiledCatalog: Sendable {
    /// A schema as configuration knows it.
    package struct SchemaEntry: Sendable {
        /// What senders name in `Strm-Schema-Ref`.
        package let ref: ContractRef
        /// The number in event records.
        package let id: Int32
        /// The Avro schema or JSON Schema as JSON text.
        package let definition: String

        /// A schema and its number.
        package init(ref: ContractRef, id: Int32, definition: String) {
            self.ref = ref
            self.id = id
            self.definition = definition
        }
    }

    /// All schemas, in the order given.
    package let schemas: [CompiledSchema]
    /// All contracts, in the order given.
    package let contracts: [CompiledContract]
    private let schemaNames: NameTable
    private let contractNames: NameTable
    private let programs = Mutex<[ProgramKey: ProgramEntry]>([:])

    /// Compiles contracts and schemas.
    ///
    /// - Parameters:
    ///   - contracts: All contracts, whatever their state.
    ///   - schemas: The schemas that senders may name, with their numbers.
    /// - Throws: `invalidContract` for what configuration should have refused; `outOfMemory`.
    package init(
        contracts: [DataContractSpec], schemas: [SchemaEntry]
    ) throws(ContractsError) {
        var compiledSchemas: [CompiledSchema] = []
        for entry in schemas {
            compiledSchemas.append(
                try CompiledSchema(ref: entry.ref, id: entry.id, definition: entry.definition))
        }
        var compiledContracts: [CompiledContract] = []
        for spec in contracts {
            compiledContracts.append(
                try CompiledContract(spec))
        }
        self.schemas = compiledSchemas
        self.contracts = compiledContracts
        schemaNames = NameTable(compiledSchemas.map(\.refText))
        contractNames = NameTable(compiledContracts.map(\.refText))
    }

    /// The schema that a reference names, or nil.
    package func schema(_ ref: UnsafeRawBufferPointer) -> CompiledSchema? {
        schemaNames.index(of: ref).map { schemas[$0] }
    }

    /// The contract that a reference names, or nil.
    package func contract(_ ref: UnsafeRawBufferPointer) -> CompiledContract? {
        contractNames.index(of: ref).map { contracts[$0] }
    }

    /// The program for events of a schema under a contract, or the first reason why they do not fit together.
    func program(_ schema: CompiledSchema, _ contract: CompiledContract) -> ProgramEntry {
        let key = ProgramKey(schema: ObjectIdentifier(schema), contract: ObjectIdentifier(contract))
        if let entry = programs.withLock({ $0[key] }) { return entry }
        // Compiled outside the lock; when two loops do it at once, the first one's result stays.
        let compiled = ProgramEntry(schema, contract)
        return programs.withLock { programs in
            let entry = programs[key] ?? compiled
            programs[key] = entry
            return entry
        }
    }
}

private struct ProgramKey: Hashable {
    let schema: ObjectIdentifier
    let contract: ObjectIdentifier
}

/// What a pair of schema and contract gives. It keeps the pair alive, so that their identity is not used again.
struct ProgramEntry: Sendable {
    enum Outcome: Sendable {
        case program(EventProgram)
        case incompatible(field: String, rule: String)
    }

    let schema: CompiledSchema
    let contract: CompiledContract
    let outcome: Outcome

    init(_ schema: CompiledSchema, _ contract: CompiledContract) {
        self.schema = schema
        self.contract = contract
        outcome = EventProgram.compile(schema, contract)
    }
}

/// A schema, ready for reading events.
package final class CompiledSchema: @unchecked Sendable {
    // `@unchecked`: nothing is written after `init`.

    /// What senders name it by.
    package let ref: ContractRef
    /// The same as text.
    package let refText: String
    /// The number in event records.
    package let id: Int32
    /// The parsed schema.
    package let schema: EventSchema
    let reading: Reading
    private let owned: AnyObject

    /// How events are read before their contract is known. Unmanaged, so that using it costs no reference count; `owned` keeps it
    /// alive.
    enum Reading {
        case avro(Unmanaged<AvroReading>)
        case json(Unmanaged<JSONReading>)
    }

    /// Compiles a schema; also for one that stands in no catalog any more, but in old records.
    ///
    /// - Throws: `invalidContract` when the text is no schema or has no conforming `strmMeta`.
    package init(ref: ContractRef, id: Int32, definition: String) throws(ContractsError) {
        func invalid(_ rule: String) -> ContractsError {
            .invalidContract(ref, [SpecProblem(DocumentPath([.member("schema")]), rule)])
        }
        do throws(EventSchemaFault) { schema = try EventSchema.parse(definition) } catch {
            throw invalid("is refused: \(error)")
        }
        if let problem = StrmMeta.problems(in: schema).first { throw invalid(problem) }
        switch schema.language {
        case .avro(let avro):
            do throws(AvroError) {
                let made = try AvroReading(avro)
                (reading, owned) = (.avro(.passUnretained(made)), made)
            } catch {
                throw invalid("is refused: \(error)")
            }
        case .json(let json):
            let made = JSONReading(json)
            (reading, owned) = (.json(.passUnretained(made)), made)
        }
        self.ref = ref
        refText = ref.description
        self.id = id
    }
}

/// Reading events of an Avro schema.
final class AvroReading: Sendable {
    /// For events that come as JSON.
    let shape: AvroShape
    /// Reads up to the contract reference, which decides what to do with the rest.
    let refProgram: AvroProgram
    /// Checks everything and notes nothing, for events whose contract is not known.
    let plainProgram: AvroProgram
    /// True if an event begins with the length of its contract reference, so that `{` cannot be its first byte.
    let beginsWithRef: Bool

    init(_ schema: AvroSchema) throws(AvroError) {
        shape = AvroShape(schema)
        plainProgram = try AvroProgram(schema)
        refProgram = try AvroProgram(schema, upTo: StrmMeta.contractRef)
        beginsWithRef = Self.beginsWithRef(schema)
    }

    private static func beginsWithRef(_ schema: AvroSchema) -> Bool {
        guard case .record(let event) = schema, let first = event.fields.first, first.name == StrmMeta.field,
            case .record(let meta) = first.schema
        else { return false }
        return meta.fields.first?.name == "eventContractRef"
    }
}

/// Reading events of a JSON Schema.
final class JSONReading: Sendable {
    /// Judges the events.
    let schema: JSONSchema
    /// Notes the contract reference.
    let refProgram: JSONProgram

    init(_ schema: JSONSchema) {
        self.schema = schema
        refProgram = JSONProgram(schema, points: [StrmMeta.contractRef])
    }
}

/// A contract, ready for judging events.
package final class CompiledContract: Sendable {
    /// A regular expression that a field must satisfy.
    struct Validation: Sendable {
        let field: String
        let pattern: Pattern
    }

    /// Which contract.
    package let ref: ContractRef
    /// The same as text.
    package let refText: String
    /// Where it stands in its life; only an active contract accepts new events.
    package let state: DataContractSpec.State
    /// Path of the field whose value decides which key seals an event.
    package let keyField: String
    /// Path of the field that names the person, or nil.
    package let dataSubjectField: String?
    /// The personal fields with their purpose levels.
    package let personalFields: [(path: String, level: Int32)]
    let validations: [Validation]

    init(_ spec: DataContractSpec) throws(ContractsError) {
        ref = spec.ref.contractRef
        refText = ref.description
        state = spec.state
        keyField = spec.keyField
        dataSubjectField = spec.dataSubjectField.isEmpty ? nil : spec.dataSubjectField
        personalFields = spec.personalFields
        var validations: [Validation] = []
        for (index, validation) in spec.validations.enumerated() {
            do throws(RegexError) {
                validations.append(Validation(field: validation.field, pattern: try Pattern(validation.value)))
            } catch {
                let path = DocumentPath([.member("validations"), .index(index), .member("value")])
                throw .invalidContract(ref, [SpecProblem(path, "is refused: \(error)")])
            }
        }
        self.validations = validations
    }
}
