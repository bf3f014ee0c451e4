internal import Avro

/// How events of one schema are read under one contract: which values are noted and what each of them is for.
///
/// - Isolation: immutable, shared by all loops.
package final class EventProgram: @unchecked Sendable {
    // `@unchecked`: the role memory is written in `init` only.

    /// One field of the contract.
    package struct Field: Sendable {
        /// Path of the field.
        package let path: String
        /// The purpose that may read it; nil when it is not personal.
        package let purposeLevel: Int32?
        let isKey: Bool
        let isSubject: Bool
        let validations: [CompiledContract.Validation]
    }

    /// What a point means, small enough for a glance per value.
    struct Role {
        var isKey = false
        var isSubject = false
        var isPersonal = false
        var isValidated = false
        /// Personal or masked: a reader of stored events wants it.
        var isOpenedOrMasked = false
        var level: Int32 = -1
    }

    /// The members of `strmMeta` come first, then the fields.
    static let noncePoint: Int32 = 0
    static let timestampPoint: Int32 = 1
    static let keyLinkPoint: Int32 = 2
    static let consentPoint: Int32 = 3
    static let firstField: Int32 = 4

    /// The events' schema.
    package let schema: CompiledSchema
    /// The contract that the events name.
    package let contract: CompiledContract
    /// The fields that are looked at: key, subject, personal, validated and masked ones, each once.
    package let fields: [Field]
    let avro: AvroProgram
    let roles: UnsafeMutablePointer<Role>

    /// Compiles a pair, or says why the contract does not fit the schema.
    static func compile(_ schema: CompiledSchema, _ contract: CompiledContract) -> ProgramEntry.Outcome {
        var paths: [(path: String, wanted: ContractRules.Wanted)] = [(contract.keyField, .oneText)]
        if let subject = contract.dataSubjectField { paths.append((subject, .oneText)) }
        paths += contract.personalFields.map { ($0.path, .texts) }
        paths += contract.validations.map { ($0.field, .texts) }
        for (path, wanted) in paths {
            if let rule = ContractRules.problem(with: path, in: schema.schema, wanted) {
                return .incompatible(field: path, rule: rule)
            }
        }
        // A field that a derived stream masks, but that this schema lacks, leaves nothing to mask.
        paths += contract.maskedPaths.map { ($0, .texts) }
        var names: [String] = []
        for (path, wanted) in paths where !names.contains(path) {
            if ContractRules.problem(with: path, in: schema.schema, wanted) == nil { names.append(path) }
        }
        let points = [StrmMeta.nonce, StrmMeta.timestamp, StrmMeta.keyLink, StrmMeta.consentLevels] + names
        do throws(AvroError) {
            let avro = try AvroProgram(schema.schema, points: points)
            return .program(EventProgram(schema, contract, names, avro))
        } catch {
            return .incompatible(field: StrmMeta.field, rule: error.description)
        }
    }

    private init(_ schema: CompiledSchema, _ contract: CompiledContract, _ paths: [String], _ avro: AvroProgram) {
        self.schema = schema
        self.contract = contract
        self.avro = avro
        let levels = Dictionary(contract.personalFields.map { ($0.path, $0.level) }) { first, _ in first }
        fields = paths.map { path in
            Field(
                path: path, purposeLevel: levels[path], isKey: path == contract.keyField,
                isSubject: path == contract.dataSubjectField,
                validations: contract.validations.filter { $0.field == path })
        }
        roles = .allocate(capacity: fields.count + Int(Self.firstField))
        roles.initialize(repeating: Role(), count: fields.count + Int(Self.firstField))
        for (index, field) in fields.enumerated() {
            roles[index + Int(Self.firstField)] = Role(
                isKey: field.isKey, isSubject: field.isSubject, isPersonal: field.purposeLevel != nil,
                isValidated: !field.validations.isEmpty,
                isOpenedOrMasked: field.purposeLevel != nil || contract.maskedPaths.contains(field.path),
                level: field.purposeLevel ?? -1)
        }
    }

    deinit {
        // Roles hold only numbers: nothing to deinitialise.
        roles.deallocate()
    }
}
