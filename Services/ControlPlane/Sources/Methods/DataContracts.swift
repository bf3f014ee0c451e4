import API
import Contracts
import GRPC
import PlaneConfig
import Wire

extension MethodTable {
    /// `DataContractsService`
    ///
    /// - Parameter schemas: The numbers of schemas in event records.
    mutating func addDataContracts(_ schemas: SchemaStore) {
        list(DataContractsService.listDataContracts, .everybody(.view)) { call, request throws(CallError) in
            let filter = ContractFilter(request)
            var response = ListDataContractsResponse()
            // At the Tab key the public command line names no project.
            let seen =
                try request.projectID.isEmpty ? call.contractsSeen() : call.contracts(seenFrom: request.projectID)
            for contract in seen where filter.fits(contract) {
                var item = ListDataContractsResponse.DataContractAndChecksum()
                item.dataContract = contract
                item.checksum = contract.checksum
                response.dataContracts.append(contract)
                response.dataContractsAndChecksums.append(item)
            }
            return response
        }
        read(DataContractsService.getDataContract, .everybody(.view)) { call, request throws(CallError) in
            let contract = try call.contract(request.id, request.ref)
            var response = GetDataContractResponse()
            response.dataContract = contract
            response.checksum = contract.checksum
            return response
        }
        change(DataContractsService.createDataContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            let contract = try call.create(request.dataContract, inProject: request.projectID, change)
            var response = CreateDataContractResponse()
            response.dataContract = contract
            response.checksum = contract.checksum
            return response
        }
        change(DataContractsService.updateDataContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            let contract = try call.update(request, change)
            var response = UpdateDataContractResponse()
            response.dataContract = contract
            response.checksum = contract.checksum
            return response
        }
        addContractSteps()
        addContractSchemas(schemas)
    }

    private mutating func addContractSteps() {
        change(DataContractsService.reviewDataContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            let approver = request.approverExternalUserID
            if !approver.isEmpty, try call.view.user(id: approver.lowercased()) == nil {
                throw .notFound(.user, approver)
            }
            try call.take(.review, request.id, request.dataContractRef, change)
            return ReviewDataContractResponse()
        }
        change(DataContractsService.approveDataContract, .people(.reviewContracts)) {
            call, change, request throws(CallError) in
            try call.take(.approve, request.id, request.dataContractRef, change)
            return ApproveDataContractResponse()
        }
        change(DataContractsService.activateDataContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            try call.take(.activate, request.id, request.dataContractRef, change)
            return ActivateDataContractResponse()
        }
        change(DataContractsService.archiveDataContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            try call.take(.archive, request.id, request.dataContractRef, change)
            return ArchiveDataContractResponse()
        }
        change(DataContractsService.deleteDataContract, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            try call.delete(request, change)
            return DeleteDataContractResponse()
        }
    }

    private mutating func addContractSchemas(_ schemas: SchemaStore) {
        read(DataContractsService.getDataContractSchemaCode, .people(.view)) { call, request throws(CallError) in
            let contract = try call.contract(request.id, request.dataContractRef)
            let code = SchemaCode(contract.schema, language: request.language)
            var response = GetDataContractSchemaCodeResponse()
            response.filename = code.filename
            response.data = code.zip
            response.dataSize = Int64(code.zip.count)
            return response
        }
        list(DataContractsService.getDataContractSchemaDefinition, .everybody(.view)) {
            _, request throws(CallError) in
            var response = GetDataContractSchemaDefinitionResponse()
            response.definition = try schemas.definition(numbered: request.confluentID)
            return response
        }
        list(DataContractsService.validateDataContractsMaskedFields, .people(.view)) {
            call, request throws(CallError) in
            var response = ValidateDataContractsMaskedFieldsResponse()
            response.errors = try call.mistakes(in: request.maskedFields)
            return response
        }
        read(DataContractsService.simpleSchemaDryRun, .people(.view)) { _, request throws(CallError) in
            let asked = request.simpleSchemaDefinition
            var problems: [SpecProblem] = []
            // The namespace follows from the contract's reference, which is not known yet.
            _ = SimpleSchemaAvro.definition(of: asked, for: ContractRef(), problems: &problems)
            try CallError.refuse(problems, in: "simple_schema_definition")
            var response = SimpleSchemaDryRunResponse()
            response.simpleSchemaDefinition = SimpleSchemaAvro.named(asked, for: ContractRef())
            response.simpleSchemaDefinition?.namespace = asked.namespace
            return response
        }
    }
}

// MARK: - Finding

/// What a list of contracts is narrowed down to: everything that is given must fit.
struct ContractFilter {
    /// Part of the reference or of the title, whatever the case.
    var text = ""
    var handle = ""
    var name = ""
    var visibility = FilterPublicPrivate.unspecified
    /// A label without a value stands for all of its key.
    var labels: [Label] = []
    var domains: [String] = []
    var industries: [String] = []

    init() {}

    init(_ request: ListDataContractsRequest) {
        text = request.filter
        handle = request.handle
        name = request.name
        visibility = request.publicPrivate
        labels = request.labels
        domains = request.domains
        industries = request.industries
    }

    func fits(_ contract: DataContractSpec) -> Bool {
        let isVisible =
            switch visibility {
            case .unspecified: true
            case .onlyPublic: contract.isPublic
            case .onlyPrivate: !contract.isPublic
            }
        guard isVisible, handle.isEmpty || contract.ref.handle == handle, name.isEmpty || contract.ref.name == name
        else {
            return false
        }
        let metadata = contract.metadata ?? DataContractMetadata()
        let hasLabels = labels.allSatisfy { wanted in
            metadata.labels.contains { $0.key == wanted.key && (wanted.value.isEmpty || $0.value == wanted.value) }
        }
        return hasLabels && domains.allSatisfy(metadata.domains.contains)
            && industries.allSatisfy(metadata.industries.contains)
            && (text.isEmpty || holdsText("\(contract.ref.contractRef) \(metadata.title)"))
    }

    private func holdsText(_ candidate: String) -> Bool { candidate.lowercased().contains(text.lowercased()) }
}

extension Call {
    /// The contracts that can be used in a project: public ones, wherever they belong, and the project's own.
    func contracts(seenFrom projectID: String) throws(CallError) -> [DataContractSpec] {
        let project = try project(projectID)
        let home = try view.plane().defaultProjectID
        var seen: [DataContractSpec] = []
        for contract in folder.snapshot.contracts {
            let shown = try contract.shown(inProject: home)
            if shown.isPublic || shown.projectID == project.id { seen.append(shown) }
        }
        for contract in try view.contracts() where contract.isPublic || contract.projectID == project.id {
            seen.append(contract)
        }
        return seen
    }

    /// The contracts that the caller may see in any project.
    func contractsSeen() throws(CallError) -> [DataContractSpec] {
        let home = try view.plane().defaultProjectID
        var all: [DataContractSpec] = []
        for contract in folder.snapshot.contracts { all.append(try contract.shown(inProject: home)) }
        all += try view.contracts()
        var seen: [DataContractSpec] = []
        for contract in all where try maySee(contract) { seen.append(contract) }
        return seen
    }

    /// The contract that an id names, or else a reference, if the caller may see it.
    ///
    /// - Throws: `.invalid` when both are empty; `.notFound`, also for a contract of a project that is closed to the caller.
    func contract(_ id: String, _ ref: DataContractRef?) throws(CallError) -> DataContractSpec {
        let wanted = ref?.contractRef ?? ContractRef()
        if id.isEmpty, wanted == ContractRef() { throw .invalid(field: "id", rule: "must be set, or the reference") }
        let found = id.isEmpty ? try contract(wanted) : try contract(id: id)
        guard let found, try maySee(found) else {
            throw .notFound(.dataContract, id.isEmpty ? wanted.description : id)
        }
        return found
    }

    /// Whether the caller may look at a contract.
    func maySee(_ contract: DataContractSpec) throws(CallError) -> Bool {
        if contract.isPublic { return true }
        return try mayLook(into: contract.projectID)
    }

    /// The contract of that reference, in whatever state and of whatever project; nil when there is none.
    func contract(_ ref: ContractRef) throws(CallError) -> DataContractSpec? {
        if let contract = folder.snapshot.contracts.first(where: { $0.ref.contractRef == ref }) {
            return try contract.shown(inProject: try view.plane().defaultProjectID)
        }
        return try view.contract(ref)
    }

    private func contract(id: String) throws(CallError) -> DataContractSpec? {
        if let contract = try view.contract(id: id) { return contract }
        let home = try view.plane().defaultProjectID
        for contract in folder.snapshot.contracts {
            let shown = try contract.shown(inProject: home)
            if shown.id == id.lowercased() { return shown }
        }
        return nil
    }

    /// A contract that can be changed.
    ///
    /// - Throws: As `contract`; `.refused` for one of the plane folder or of every plane.
    private func storedContract(_ id: String, _ ref: DataContractRef?) throws(CallError) -> DataContractSpec {
        let contract = try contract(id, ref)
        guard try view.contract(id: contract.id) != nil else {
            throw .refused(
                "data contract \(contract.ref.contractRef) is built in or of the plane folder: change it there")
        }
        _ = try openProject(contract.projectID)
        return contract
    }

    /// What is wrong with a choice of masked fields, by contract.
    func mistakes(
        in masked: MaskedFields
    ) throws(CallError) -> [ValidateDataContractsMaskedFieldsResponse.Error] {
        var errors: [ValidateDataContractsMaskedFieldsResponse.Error] = []
        for (text, list) in masked.fieldPatterns.sorted(by: { $0.key < $1.key }) {
            var error = ValidateDataContractsMaskedFieldsResponse.Error()
            guard let ref = ContractRef(text) else {
                error.message = "\(text) must be a contract reference: handle/name/1.0.0"
                errors.append(error)
                continue
            }
            error.dataContractRef = DataContractRef(ref)
            guard let spec = try contract(ref), try maySee(spec),
                let checked = CheckedContract.check(spec).contract
            else {
                error.message = "data contract \(text) does not exist"
                errors.append(error)
                continue
            }
            error.id = spec.id
            for path in list.fieldPatterns {
                guard let problem = checked.problem(maskingField: path) else { continue }
                var field = ValidateDataContractsMaskedFieldsResponse.Error.FieldError()
                field.fieldPattern = path
                field.message = problem
                error.errors.append(field)
            }
            guard !error.errors.isEmpty else { continue }
            error.message = "\(error.errors.count) of \(list.fieldPatterns.count) fields cannot be masked"
            errors.append(error)
        }
        return errors
    }
}

extension DataContractRef {
    init(_ ref: ContractRef) {
        self.init()
        handle = ref.handle
        name = ref.name
        version = ref.version
    }
}

extension SchemaStore {
    /// The schema of a number in event records.
    func definition(numbered id: Int32) throws(CallError) -> String {
        let definition: String?
        do throws(PlaneConfigError) {
            definition = try self.definition(of: id)
        } catch {
            throw .damaged("schema \(id): \(error)")
        }
        guard let definition else { throw .notFound(.schema, "of number \(id)") }
        return definition
    }

    /// The number of a schema.
    func number(of definition: String) throws(CallError) -> Int32 {
        do throws(PlaneConfigError) {
            return try id(of: definition)
        } catch {
            throw .damaged("the number of a schema: \(error)")
        }
    }
}

extension CallError {
    /// Throws when there are problems: INVALID_ARGUMENT with all of them.
    ///
    /// - Parameter field: Where the message stands that they were found in.
    static func refuse(_ problems: [SpecProblem], in field: String) throws(CallError) {
        guard let first = problems.first else { return }
        let more = problems.dropFirst().map { "; \(field).\($0)" }.joined()
        throw .invalid(field: first.path.steps.isEmpty ? field : "\(field).\(first.path)", rule: first.rule + more)
    }
}

// MARK: - Changing

extension Call {
    /// How many contracts a plane may have, apart from those of its folder.
    private static let contractLimit = 10_000

    /// Makes a contract, as a draft.
    func create(
        _ asked: DataContractSpec, inProject projectID: String, _ change: StateChange
    ) throws(CallError) -> DataContractSpec {
        let project = try openProject(projectID)
        let ref = asked.ref.contractRef
        guard try contract(ref) == nil else { throw .alreadyExists(.dataContract, ref.description) }
        guard try view.contractCount() < Self.contractLimit else {
            throw .exhausted("there are \(Self.contractLimit) data contracts already")
        }
        var contract = asked
        contract.id = StateSecrets.newID()
        contract.projectID = project.id
        contract.state = .draft
        contract.creatorExternalUserID = try user().id
        contract.metadata = asked.metadata ?? DataContractMetadata()
        contract.metadata?.createTime = ProtoTimestamp(change.now)
        contract.complete(with: try checked(contract))
        try change.add(contract)
        try change.audit(.dataContract, ref.description, projectID: project.id, before: nil, after: contract.json)
        return contract
    }

    /// Changes what the mask of a request names.
    func update(
        _ request: UpdateDataContractRequest, _ change: StateChange
    ) throws(CallError) -> DataContractSpec {
        let asked = request.dataContract
        let before = try storedContract(asked.id, asked.ref)
        let ref = before.ref.contractRef
        guard asked.ref.contractRef == ref else {
            throw .invalid(field: "data_contract.ref", rule: "is \(ref) and cannot be changed")
        }
        guard request.checksum == before.checksum else { throw .stale(.dataContract, ref.description) }
        let paths = request.updateMask?.paths ?? []
        var after = before
        for path in paths.isEmpty ? Self.editablePaths : paths { try Self.copy(path, of: asked, to: &after) }
        switch ContractEditing(before.state) {
        case .everything: break
        case .metadata:
            var rest = after
            rest.metadata = before.metadata
            guard rest == before else {
                throw .refused("data contract \(ref) is \(before.state.protoName): only its metadata can be changed")
            }
        case .nothing:
            throw .refused("data contract \(ref) is \(before.state.protoName) and cannot be changed")
        }
        after.metadata?.createTime = before.metadata?.createTime
        after.complete(with: try checked(after))
        try change.update(after)
        if after.state == .active { change.planeChanged() }
        try change.audit(
            .dataContract, ref.description, projectID: after.projectID, before: before.json, after: after.json)
        return after
    }

    private static let editablePaths = [
        "is_public", "key_field", "pii_fields", "validations", "metadata", "schema", "data_subject_field",
        "field_metadata",
    ]

    /// Copies one field of a contract, or of its metadata.
    private static func copy(
        _ path: String, of asked: DataContractSpec, to contract: inout DataContractSpec
    ) throws(CallError) {
        let given = asked.metadata ?? DataContractMetadata()
        var metadata = contract.metadata ?? DataContractMetadata()
        switch path {
        case "is_public": contract.isPublic = asked.isPublic
        case "key_field": contract.keyField = asked.keyField
        case "pii_fields": contract.piiFields = asked.piiFields
        case "validations": contract.validations = asked.validations
        case "schema": contract.schema = asked.schema
        case "data_subject_field": contract.dataSubjectField = asked.dataSubjectField
        case "field_metadata": contract.fieldMetadata = asked.fieldMetadata
        case "metadata": metadata = given
        case "metadata.title": metadata.title = given.title
        case "metadata.description": metadata.description = given.description
        case "metadata.labels": metadata.labels = given.labels
        case "metadata.domains": metadata.domains = given.domains
        case "metadata.industries": metadata.industries = given.industries
        case _:
            let names = editablePaths.joined(separator: ", ")
            throw .invalid(field: "update_mask", rule: "names \(path); it may name \(names), or a field of metadata")
        }
        contract.metadata = metadata
    }

    /// Checks a contract as the gateway will, and its schema against those of the same reference.
    private func checked(_ contract: DataContractSpec) throws(CallError) -> CheckedContract {
        let (checked, problems) = CheckedContract.check(contract)
        guard let checked else {
            try CallError.refuse(problems, in: "data_contract")
            throw .damaged("a data contract was refused without a reason")
        }
        let schema = contract.schema.ref.contractRef
        var others = try view.contracts(ofSchema: schema).filter { $0.id != contract.id }
        for contract in folder.snapshot.contracts where contract.schema.ref.contractRef == schema {
            others.append(try contract.shown(inProject: ""))
        }
        // Senders name the schema alone: one reference, one definition.
        if let other = others.first(where: { $0.schema.definition != checked.definition }) {
            throw .refused("schema \(schema) has another definition in data contract \(other.ref.contractRef)")
        }
        return checked
    }

    /// Takes a contract a step on its way.
    func take(
        _ step: ContractStep, _ id: String, _ ref: DataContractRef?, _ change: StateChange
    ) throws(CallError) {
        let before = try storedContract(id, ref)
        guard let state = step.leads(from: before.state) else {
            throw .refused(
                "to \(step.rawValue) data contract \(before.ref.contractRef) is not possible: it is \(before.state.protoName)"
            )
        }
        var after = before
        after.state = state
        after.completeSchema()
        try change.update(after)
        switch step {
        case .activate, .archive: change.planeChanged()
        case .review, .approve: break
        }
        try change.audit(
            .dataContract, after.ref.contractRef.description, projectID: after.projectID, before: before.json,
            after: after.json)
    }

    /// Removes a contract that no event has met.
    func delete(_ request: DeleteDataContractRequest, _ change: StateChange) throws(CallError) {
        let contract = try storedContract(request.id, request.dataContractRef)
        let ref = contract.ref.contractRef.description
        guard contract.projectID == request.projectID.lowercased() else {
            throw .invalid(field: "project_id", rule: "is not the project of data contract \(ref)")
        }
        guard contract.state.allowsDeleting else {
            throw .refused(
                "data contract \(ref) is \(contract.state.protoName): only a draft or one in review can be deleted")
        }
        var users: [String] = []
        for stream in try view.streams() where stream.sealedMaskSeed != nil {
            if try stream.spec().maskedFields?.fieldPatterns[ref] != nil { users.append("stream \(stream.name)") }
        }
        users += try view.resources(using: Use(contract.ref.contractRef)).map(\.title)
        if !users.isEmpty { throw .refused("data contract \(ref) is used by \(users.joined(separator: ", "))") }
        try change.removeContract(contract.id)
        try change.audit(.dataContract, ref, projectID: contract.projectID, before: contract.json, after: nil)
    }
}
