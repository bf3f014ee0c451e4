import API
import Contracts
import GRPC
import PlaneConfig
import Wire

extension MethodTable {
    /// `SchemasService` and `EventContractsService`: older views of data contracts, for looking only. What changes something is
    /// UNIMPLEMENTED: `DataContractsService` does that.
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
        list(EventContractsService.validateMaskedFields, .people(.view)) { call, request throws(CallError) in
            var response = ValidateMaskedFieldsResponse()
            response.errors = try call.mistakes(in: request.maskedFields ?? MaskedFields()).map(
                ValidateMaskedFieldsResponse.Error.init)
            return response
        }
    }
}

extension Call {
    /// The contracts that the caller may see in any project.
    fileprivate func contractsSeen() throws(CallError) -> [DataContractSpec] {
        let home = try view.plane().defaultProjectID
        var all: [DataContractSpec] = []
        for contract in folder.snapshot.contracts { all.append(try contract.shown(inProject: home)) }
        all += try view.contracts()
        var seen: [DataContractSpec] = []
        for contract in all where try maySee(contract) { seen.append(contract) }
        return seen
    }

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
