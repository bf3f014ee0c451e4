internal import API
internal import Avro
internal import JSONSchema
internal import Regex

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

    /// Where the fields stand in an event. Unmanaged, so that using it costs no reference count; `owned` keeps it alive.
    enum Form {
        case avro(Unmanaged<AvroProgram>)
        case json(Unmanaged<JSONProgram>)
    }

    /// What a point means, small enough for a glance per value.
    struct Role {
        var isKey = false
        var isSubject = false
        var isPersonal = false
        /// Its regular expressions, in the program's list of them.
        var firstPattern: Int32 = 0
        var patternCount: Int32 = 0
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
    /// The fields that are looked at: key, subject, personal and validated ones, each once.
    package let fields: [Field]
    let form: Form
    private let owned: AnyObject
    let schemaID: Int32
    let isActive: Bool
    let roles: UnsafeMutablePointer<Role>
    /// The regular expressions of all fields. Unmanaged, so that using one costs no reference count; `fields` keeps them alive.
    let patterns: UnsafeMutablePointer<Unmanaged<Pattern>>
    private let refBytes: UnsafeMutableRawBufferPointer

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
        var names: [String] = []
        for (path, _) in paths where !names.contains(path) { names.append(path) }
        let points = [StrmMeta.nonce, StrmMeta.timestamp, StrmMeta.keyLink, StrmMeta.consentLevels] + names
        switch schema.schema.language {
        case .avro(let avro):
            do throws(AvroError) {
                let program = try AvroProgram(avro, points: points)
                return .program(EventProgram(schema, contract, names, .avro(.passUnretained(program)), program))
            } catch {
                return .incompatible(field: StrmMeta.field, rule: error.description)
            }
        case .json(let json):
            let program = JSONProgram(json, points: points, extending: StrmMeta.field)
            return .program(EventProgram(schema, contract, names, .json(.passUnretained(program)), program))
        }
    }

    private init(
        _ schema: CompiledSchema, _ contract: CompiledContract, _ paths: [String], _ form: Form, _ owned: AnyObject
    ) {
        self.schema = schema
        self.contract = contract
        self.form = form
        self.owned = owned
        schemaID = schema.id
        isActive = contract.state == .active
        let levels = Dictionary(contract.personalFields.map { ($0.path, $0.level) }) { first, _ in first }
        fields = paths.map { path in
            Field(
                path: path, purposeLevel: levels[path], isKey: path == contract.keyField,
                isSubject: path == contract.dataSubjectField,
                validations: contract.validations.filter { $0.field == path })
        }
        roles = .allocate(capacity: fields.count + Int(Self.firstField))
        roles.initialize(repeating: Role(), count: fields.count + Int(Self.firstField))
        patterns = .allocate(capacity: max(1, contract.validations.count))
        var patternCount = 0
        for (index, field) in fields.enumerated() {
            roles[index + Int(Self.firstField)] = Role(
                isKey: field.isKey, isSubject: field.isSubject, isPersonal: field.purposeLevel != nil,
                firstPattern: Int32(patternCount), patternCount: Int32(field.validations.count),
                level: field.purposeLevel ?? -1)
            for validation in field.validations {
                (patterns + patternCount).initialize(to: .passUnretained(validation.pattern))
                patternCount += 1
            }
        }
        refBytes = .allocate(byteCount: contract.refText.utf8.count, alignment: 8)
        refBytes.copyBytes(from: contract.refText.utf8)
    }

    deinit {
        // They hold only numbers, bytes and unmanaged references: nothing to deinitialise.
        roles.deallocate()
        patterns.deallocate()
        refBytes.deallocate()
    }

    /// True if these are the bytes of the contract's reference.
    @inline(__always)
    func isNamed(by ref: UnsafeRawBufferPointer) -> Bool {
        let count = ref.count
        guard count == refBytes.count, count >= 8, let one = ref.baseAddress, let other = refBytes.baseAddress else {
            return count == refBytes.count && ref.elementsEqual(refBytes)
        }
        var difference: UInt64 = 0
        var index = 0
        while index &+ 8 <= count {
            difference |=
                one.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                ^ other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        // The last eight bytes once more, overlapping, in place of a loop over the rest.
        difference |=
            one.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
            ^ other.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        return difference == 0
    }
}
