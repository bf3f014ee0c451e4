import API
import Contracts
import GRPC
import PlaneConfig
import Wire

extension MethodTable {
    /// `SchemasService` and `EventContractsService`: older views of data contracts. An event contract is made of a schema that is
    /// known, and goes the way of the data contract that it is; a schema has no life of its own.
    mutating func addOlderTwins(_ schemas: SchemaStore) {
        addSchemas(schemas)
        addEventContracts(schemas)
    }

    private mutating func addSchemas(_ schemas: SchemaStore) {
        list(SchemasService.listSchemas, .everybody(.view)) { call, request throws(CallError) in
            let filter = ContractFilter(request)
            var response = ListSchemasResponse()
            var seen: Set<ContractRef> = []
            for contract in try call.contractsSeen() where filter.fits(contract) {
                let ref = contract.schema.ref
                let isWanted = request.schemaType == .unspecified || ref.schemaType == request.schemaType
                if isWanted, seen.insert(ref.contractRef).inserted { response.schemas.append(contract.schema) }
            }
            return response
        }
        list(SchemasService.getSchema, .everybody(.view)) { call, request throws(CallError) in
            let contract = try call.contract(ofSchema: request.ref)
            var response = GetSchemaResponse()
            response.schema = contract.schema
            response.confluentID = try schemas.number(of: contract.schema.definition)
            response.checksum = contract.checksum
            return response
        }
        list(SchemasService.getSchemaCode, .people(.view)) { call, request throws(CallError) in
            let languages = ["java", "typescript", "python", "rust"]
            guard languages.contains(request.language) else {
                throw .invalid(field: "language", rule: "must be one of \(languages.joined(separator: ", "))")
            }
            let code = SchemaCode(try call.contract(ofSchema: request.ref).schema, language: request.language)
            var response = GetSchemaCodeResponse()
            response.filename = code.filename
            response.data = code.zip
            response.dataSize = Int64(code.zip.count)
            return response
        }
        list(SchemasService.getSchemaDefinition, .everybody(.view)) { _, request throws(CallError) in
            var response = GetSchemaDefinitionResponse()
            response.definition = try schemas.definition(numbered: request.confluentID)
            return response
        }
        let refusal = CallError.refused("a schema is part of its data contract: change it with DataContractsService")
        read(SchemasService.createSchema, .people(.createContracts)) { _, _ throws(CallError) in throw refusal }
        read(SchemasService.updateSchema, .people(.createContracts)) { _, _ throws(CallError) in throw refusal }
        read(SchemasService.activateSchema, .people(.createContracts)) { _, _ throws(CallError) in throw refusal }
        read(SchemasService.archiveSchema, .people(.createContracts)) { _, _ throws(CallError) in throw refusal }
        read(SchemasService.deleteSchema, .people(.deleteResources)) { _, _ throws(CallError) in throw refusal }
    }

    private mutating func addEventContracts(_ schemas: SchemaStore) {
        list(EventContractsService.listEventContracts, .everybody(.view)) { call, request throws(CallError) in
            let filter = ContractFilter(request)
            let schema = request.schemaRef?.contractRef
            var response = ListEventContractsResponse()
            for contract in try call.contractsSeen() where filter.fits(contract) {
                if let schema, contract.schema.ref.contractRef != schema { continue }
                response.eventContracts.append(EventContract(contract))
            }
            return response
        }
        list(EventContractsService.getEventContract, .everybody(.view)) { call, request throws(CallError) in
            let contract = try call.contract("", request.ref.map(DataContractRef.init))
            var response = GetEventContractResponse()
            response.eventContract = EventContract(contract)
            response.checksum = contract.checksum
            return response
        }
        list(EventContractsService.getEventContractAndSchema, .everybody(.view)) { call, request throws(CallError) in
            let contract = try call.contract("", request.ref.map(DataContractRef.init))
            var response = GetEventContractAndSchemaResponse()
            response.eventContract = EventContract(contract)
            response.schema = contract.schema
            response.confluentID = try schemas.number(of: contract.schema.definition)
            return response
        }
        addEventContractChanges()
        list(EventContractsService.validateMaskedFields, .people(.view)) { call, request throws(CallError) in
            var response = ValidateMaskedFieldsResponse()
            response.errors = try call.mistakes(in: request.maskedFields ?? MaskedFields()).map(
                ValidateMaskedFieldsResponse.Error.init)
            return response
        }
    }
}

extension MethodTable {
    private mutating func addEventContractChanges() {
        change(EventContractsService.createEventContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            let asked = try call.dataContract(request.eventContract)
            let contract = try call.create(asked, inProject: request.projectID, change)
            var response = CreateEventContractResponse()
            response.eventContract = EventContract(contract)
            response.checksum = contract.checksum
            return response
        }
        change(EventContractsService.updateEventContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            let contract = try call.update(request, change)
            var response = UpdateEventContractResponse()
            response.eventContract = EventContract(contract)
            response.checksum = contract.checksum
            return response
        }
        change(EventContractsService.activateEventContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            try call.take(.activate, request.eventContractRef, inProject: request.projectID, change)
            return ActivateEventContractResponse()
        }
        change(EventContractsService.archiveEventContract, .people(.createContracts)) {
            call, change, request throws(CallError) in
            try call.take(.archive, request.eventContractRef, inProject: request.projectID, change)
            return ArchiveEventContractResponse()
        }
        change(EventContractsService.deleteEventContract, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            var twin = DeleteDataContractRequest()
            twin.dataContractRef = request.eventContractRef.map(DataContractRef.init)
            twin.projectID = request.projectID
            try call.delete(twin, change)
            return DeleteEventContractResponse()
        }
    }
}

// MARK: - Changing event contracts

extension Call {
    /// An event contract as the data contract that it is, with the schema that it names.
    fileprivate func dataContract(_ event: EventContract?) throws(CallError) -> DataContractSpec {
        guard let event else { throw .invalid(field: "event_contract", rule: "must be set") }
        guard let ref = event.ref else { throw .invalid(field: "event_contract.ref", rule: "must be set") }
        let schema = try contract(ofSchema: event.schemaRef).schema
        var contract = DataContractSpec()
        contract.ref = DataContractRef(ref)
        contract.schema = schema
        contract.isPublic = event.isPublic
        contract.keyField = event.keyField
        contract.piiFields = event.piiFields
        contract.validations = event.validations
        contract.dataSubjectField = event.dataSubjectField
        if let given = event.metadata {
            var metadata = DataContractMetadata()
            metadata.title = given.title
            metadata.description = given.description
            metadata.labels = given.labels
            metadata.domains = given.domains
            metadata.industries = given.industries
            contract.metadata = metadata
        }
        return contract
    }

    fileprivate func update(
        _ request: UpdateEventContractRequest, _ change: StateChange
    ) throws(CallError) -> DataContractSpec {
        let paths = request.updateMask?.paths ?? []
        guard !paths.isEmpty else { throw .invalid(field: "update_mask", rule: "must name the fields to change") }
        var asked = request.eventContract ?? EventContract()
        let known = try contract("", asked.ref.map(DataContractRef.init))
        try check(known, isOf: request.projectID)
        if asked.schemaRef == nil { asked.schemaRef = known.schema.ref }
        if paths.contains("pii_fields"), !known.fieldMetadata.isEmpty {
            throw .refused("personal fields of this contract stand in field_metadata: use DataContractsService")
        }
        var twin = UpdateDataContractRequest()
        twin.dataContract = try dataContract(asked)
        twin.checksum = request.checksum
        var mask = FieldMask()
        mask.paths = paths.map { $0 == "schema_ref" ? "schema" : $0 }
        twin.updateMask = mask
        return try update(twin, change)
    }

    fileprivate func take(
        _ step: ContractStep, _ ref: EventContractRef?, inProject projectID: String, _ change: StateChange
    ) throws(CallError) {
        let ref = ref.map(DataContractRef.init)
        try check(try contract("", ref), isOf: projectID)
        try take(step, "", ref, change)
    }

    private func check(_ contract: DataContractSpec, isOf projectID: String) throws(CallError) {
        guard contract.projectID == projectID.lowercased() else {
            throw .invalid(field: "project_id", rule: "is not the project of \(contract.ref.contractRef)")
        }
    }
}

extension Call {
    /// A contract that has the schema of that reference.
    fileprivate func contract(ofSchema ref: SchemaRef?) throws(CallError) -> DataContractSpec {
        guard let ref else { throw .invalid(field: "ref", rule: "must be set") }
        let found = try contractsSeen().first { $0.schema.ref.contractRef == ref.contractRef }
        guard let found else { throw .notFound(.schema, ref.contractRef.description) }
        return found
    }
}

extension ContractFilter {
    fileprivate init(_ request: ListSchemasRequest) {
        self.init()
        text = request.filter
        handle = request.handle
        name = request.name
        visibility = request.publicPrivate
        labels = request.labels
        domains = request.domains
        industries = request.industries
    }

    fileprivate init(_ request: ListEventContractsRequest) {
        self.init()
        text = request.filter
        handle = request.handle
        name = request.name
        visibility = request.publicPrivate
        labels = request.labels
        domains = request.domains
        industries = request.industries
    }
}

extension DataContractRef {
    fileprivate init(_ ref: EventContractRef) {
        self.init(ContractRef(handle: ref.handle, name: ref.name, version: ref.version))
    }
}

extension EventContractRef {
    init(_ ref: ContractRef) {
        self.init()
        handle = ref.handle
        name = ref.name
        version = ref.version
    }

    var contractRef: ContractRef { ContractRef(handle: handle, name: name, version: version) }
}

extension EventContract {
    /// A data contract as the older service shows it.
    fileprivate init(_ contract: DataContractSpec) {
        self.init()
        ref = EventContractRef(contract.ref.contractRef)
        state = contract.state.ofEventContract
        schemaRef = contract.schema.ref
        isPublic = contract.isPublic
        keyField = contract.keyField
        for field in contract.personalFields { piiFields[field.path] = field.level }
        validations = contract.validations
        id = contract.id
        dataSubjectField = contract.dataSubjectField
        guard let given = contract.metadata else { return }
        var shown = EventContractMetadata()
        shown.title = given.title
        shown.description = given.description
        shown.createTime = given.createTime
        shown.labels = given.labels
        shown.domains = given.domains
        shown.industries = given.industries
        metadata = shown
    }
}

extension ValidateMaskedFieldsResponse.Error {
    fileprivate init(_ error: ValidateDataContractsMaskedFieldsResponse.Error) {
        self.init()
        eventContractRef = error.dataContractRef.map { EventContractRef($0.contractRef) }
        message = error.message
        errors = error.errors.map { field in
            var shown = FieldError()
            shown.fieldPattern = field.fieldPattern
            shown.fieldType = field.fieldType
            shown.message = field.message
            return shown
        }
    }
}
