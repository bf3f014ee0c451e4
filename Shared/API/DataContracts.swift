// `strmprivacy.api.data_contracts.v1`

package import GRPC

/// Contracts, and their way from draft to archive.
package enum DataContractsService: RPCService {
    package static let serviceName = "strmprivacy.api.data_contracts.v1.DataContractsService"

    /// All data contracts that the caller may see.
    package static let listDataContracts: UnaryMethod<ListDataContractsRequest, ListDataContractsResponse> = unary(
        "ListDataContracts")
    /// One data contract.
    package static let getDataContract: UnaryMethod<GetDataContractRequest, GetDataContractResponse> = unary(
        "GetDataContract")
    /// Makes a data contract.
    package static let createDataContract: UnaryMethod<CreateDataContractRequest, CreateDataContractResponse> = unary(
        "CreateDataContract")
    /// Changes a draft, or the metadata of any contract.
    package static let updateDataContract: UnaryMethod<UpdateDataContractRequest, UpdateDataContractResponse> = unary(
        "UpdateDataContract")
    /// Asks for approval.
    package static let reviewDataContract: UnaryMethod<ReviewDataContractRequest, ReviewDataContractResponse> = unary(
        "ReviewDataContract")
    /// Lets events in.
    package static let activateDataContract: UnaryMethod<ActivateDataContractRequest, ActivateDataContractResponse> =
        unary("ActivateDataContract")
    /// Removes a data contract.
    package static let deleteDataContract: UnaryMethod<DeleteDataContractRequest, DeleteDataContractResponse> = unary(
        "DeleteDataContract")
    /// Lets no more events in.
    package static let archiveDataContract: UnaryMethod<ArchiveDataContractRequest, ArchiveDataContractResponse> =
        unary("ArchiveDataContract")
    /// Approves after review.
    package static let approveDataContract: UnaryMethod<ApproveDataContractRequest, ApproveDataContractResponse> =
        unary("ApproveDataContract")
    /// The schema as a package of a programming language.
    package static let getDataContractSchemaCode:
        UnaryMethod<GetDataContractSchemaCodeRequest, GetDataContractSchemaCodeResponse> = unary(
            "GetDataContractSchemaCode")
    /// The text of a schema.
    package static let getDataContractSchemaDefinition:
        UnaryMethod<GetDataContractSchemaDefinitionRequest, GetDataContractSchemaDefinitionResponse> = unary(
            "GetDataContractSchemaDefinition")
    /// What is wrong with a choice of masked fields.
    package static let validateDataContractsMaskedFields:
        UnaryMethod<ValidateDataContractsMaskedFieldsRequest, ValidateDataContractsMaskedFieldsResponse> = unary(
            "ValidateDataContractsMaskedFields")
    /// The Avro names that a simple schema gets.
    package static let simpleSchemaDryRun: UnaryMethod<SimpleSchemaDryRunRequest, SimpleSchemaDryRunResponse> = unary(
        "SimpleSchemaDryRun")

    package static let methods = [
        listDataContracts.shape, getDataContract.shape, createDataContract.shape, updateDataContract.shape,
        reviewDataContract.shape, activateDataContract.shape, deleteDataContract.shape, archiveDataContract.shape,
        approveDataContract.shape, getDataContractSchemaCode.shape, getDataContractSchemaDefinition.shape,
        validateDataContractsMaskedFields.shape, simpleSchemaDryRun.shape,
    ]
}

/// `ListDataContractsRequest`.
package struct ListDataContractsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ListDataContractsRequest"

    /// Deprecated.
    package var billingID = ""
    /// A text that names hold.
    package var filter = ""
    /// The organisation's short name.
    package var handle = ""
    /// The contract's name.
    package var name = ""
    /// Whose entities are wanted.
    @Open package var publicPrivate: FilterPublicPrivate
    /// Free labels.
    package var labels: [Label] = []
    /// Free words.
    package var domains: [String] = []
    /// Free words.
    package var industries: [String] = []
    /// The project's UUID; empty for all that the caller may look into.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "filter", &filter)
        fields.text(3, "handle", &handle)
        fields.text(4, "name", &name)
        fields.enumeration(5, "publicPrivate", &$publicPrivate)
        fields.messages(7, "labels", &labels)
        fields.texts(8, "domains", &domains)
        fields.texts(9, "industries", &industries)
        fields.text(10, "projectId", &projectID, [.uuid])
    }
}

/// `ListDataContractsResponse`.
package struct ListDataContractsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ListDataContractsResponse"

    /// The contracts; deprecated for the list with checksums, but still read.
    package var dataContracts: [DataContractSpec] = []
    /// The contracts.
    package var dataContractsAndChecksums: [ListDataContractsResponse.DataContractAndChecksum] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "dataContracts", &dataContracts)
        fields.messages(2, "dataContractsAndChecksums", &dataContractsAndChecksums)
    }

    /// `ListDataContractsResponse.DataContractAndChecksum`.
    package struct DataContractAndChecksum: ProtoMessage {
        package static let protoName =
            "strmprivacy.api.data_contracts.v1.ListDataContractsResponse.DataContractAndChecksum"

        /// The contract.
        package var dataContract: DataContractSpec?
        /// Changes whenever the entity does; an update must name the last one.
        package var checksum = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "dataContract", &dataContract)
            fields.text(2, "checksum", &checksum)
        }
    }
}

/// `GetDataContractRequest`.
package struct GetDataContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.GetDataContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which contract, when `id` is empty.
    package var ref: DataContractRef?
    /// The UUID; wins over `ref`.
    package var id = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.message(2, "ref", &ref)
        fields.text(3, "id", &id)
    }
}

/// `GetDataContractResponse`.
package struct GetDataContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.GetDataContractResponse"

    /// The contract.
    package var dataContract: DataContractSpec?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "dataContract", &dataContract)
        fields.text(2, "checksum", &checksum)
    }
}

/// `CreateDataContractRequest`.
package struct CreateDataContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.CreateDataContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// The contract.
    @Required package var dataContract: DataContractSpec
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.message(2, "dataContract", &$dataContract)
        fields.text(3, "projectId", &projectID, [.required, .uuid])
    }
}

/// `CreateDataContractResponse`.
package struct CreateDataContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.CreateDataContractResponse"

    /// The contract.
    package var dataContract: DataContractSpec?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "dataContract", &dataContract)
        fields.text(2, "checksum", &checksum)
    }
}

/// `UpdateDataContractRequest`.
package struct UpdateDataContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.UpdateDataContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// The contract.
    @Required package var dataContract: DataContractSpec
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""
    /// Which fields change.
    package var updateMask: FieldMask?
    /// Which page of the console asks; it does not matter here.
    @Open package var consoleWizardStep: UpdateDataContractRequest.ConsoleWizardStep

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.message(2, "dataContract", &$dataContract)
        fields.text(3, "checksum", &checksum, [.required])
        fields.message(4, "updateMask", &updateMask)
        fields.enumeration(5, "consoleWizardStep", &$consoleWizardStep)
    }

    /// `UpdateDataContractRequest.ConsoleWizardStep`.
    package enum ConsoleWizardStep: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.data_contracts.v1.UpdateDataContractRequest.ConsoleWizardStep"
        package static let names = ["CONSOLE_WIZARD_STEP_UNSPECIFIED", "SCHEMA", "EVENT_CONTRACT", "DATA_CONTRACT"]

        case unspecified = 0
        case schema = 1
        case eventContract = 2
        case dataContract = 3
    }
}

/// `UpdateDataContractResponse`.
package struct UpdateDataContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.UpdateDataContractResponse"

    /// The contract.
    package var dataContract: DataContractSpec?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "dataContract", &dataContract)
        fields.text(2, "checksum", &checksum)
    }
}

/// `ReviewDataContractRequest`.
package struct ReviewDataContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ReviewDataContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// The UUID.
    package var id = ""
    /// Which contract, when `id` is empty.
    package var dataContractRef: DataContractRef?
    /// Whom to ask for approval: a UUID; empty asks nobody.
    package var approverExternalUserID = ""
    /// Whether to write to who reviews it.
    package var notifyReviewer = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "id", &id)
        fields.message(3, "dataContractRef", &dataContractRef)
        fields.text(4, "approverExternalUserId", &approverExternalUserID, [.uuid])
        fields.flag(5, "notifyReviewer", &notifyReviewer)
    }
}

/// `ApproveDataContractRequest`.
package struct ApproveDataContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ApproveDataContractRequest"

    /// The UUID.
    package var id = ""
    /// Which contract, when `id` is empty.
    package var dataContractRef: DataContractRef?
    /// Whether to write to who made it.
    package var notifyCreator = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id)
        fields.message(2, "dataContractRef", &dataContractRef)
        fields.flag(3, "notifyCreator", &notifyCreator)
    }
}

/// `ActivateDataContractRequest`.
package struct ActivateDataContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ActivateDataContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// The UUID.
    package var id = ""
    /// Which contract, when `id` is empty.
    package var dataContractRef: DataContractRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "id", &id)
        fields.message(3, "dataContractRef", &dataContractRef)
    }
}

/// `DeleteDataContractRequest`.
package struct DeleteDataContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.DeleteDataContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// The UUID.
    package var id = ""
    /// The project's UUID.
    package var projectID = ""
    /// Which contract, when `id` is empty.
    package var dataContractRef: DataContractRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "id", &id)
        fields.text(3, "projectId", &projectID, [.required, .uuid])
        fields.message(4, "dataContractRef", &dataContractRef)
    }
}

/// `ArchiveDataContractRequest`.
package struct ArchiveDataContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ArchiveDataContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// The UUID.
    package var id = ""
    /// Which contract, when `id` is empty.
    package var dataContractRef: DataContractRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "id", &id)
        fields.message(3, "dataContractRef", &dataContractRef)
    }
}

/// `ValidateDataContractsMaskedFieldsRequest`.
package struct ValidateDataContractsMaskedFieldsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ValidateDataContractsMaskedFieldsRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which fields show a hash in place of their value.
    @Required package var maskedFields: MaskedFields

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.message(2, "maskedFields", &$maskedFields)
    }
}

/// `ValidateDataContractsMaskedFieldsResponse`.
package struct ValidateDataContractsMaskedFieldsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ValidateDataContractsMaskedFieldsResponse"

    /// What is wrong.
    package var errors: [ValidateDataContractsMaskedFieldsResponse.Error] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "errors", &errors)
    }

    /// `ValidateDataContractsMaskedFieldsResponse.Error`.
    package struct Error: ProtoMessage {
        package static let protoName =
            "strmprivacy.api.data_contracts.v1.ValidateDataContractsMaskedFieldsResponse.Error"

        /// The UUID.
        package var id = ""
        /// Which contract, when `id` is empty.
        package var dataContractRef: DataContractRef?
        /// What happened, for people.
        package var message = ""
        /// What is wrong.
        package var errors: [ValidateDataContractsMaskedFieldsResponse.Error.FieldError] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "id", &id)
            fields.message(2, "dataContractRef", &dataContractRef)
            fields.text(3, "message", &message)
            fields.messages(4, "errors", &errors)
        }

        /// `ValidateDataContractsMaskedFieldsResponse.Error.FieldError`.
        package struct FieldError: ProtoMessage {
            package static let protoName =
                "strmprivacy.api.data_contracts.v1.ValidateDataContractsMaskedFieldsResponse.Error.FieldError"

            /// The path that was masked.
            package var fieldPattern = ""
            /// The type of the field.
            package var fieldType = ""
            /// What happened, for people.
            package var message = ""

            package init() {}

            package mutating func visit(_ fields: inout ProtoFields) {
                fields.text(1, "fieldPattern", &fieldPattern)
                fields.text(2, "fieldType", &fieldType)
                fields.text(3, "message", &message)
            }
        }
    }
}

/// `GetDataContractSchemaCodeRequest`.
package struct GetDataContractSchemaCodeRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.GetDataContractSchemaCodeRequest"

    /// Deprecated.
    package var billingID = ""
    /// The UUID.
    package var id = ""
    /// The programming language.
    package var language = ""
    /// Which contract, when `id` is empty.
    package var dataContractRef: DataContractRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "id", &id)
        fields.text(3, "language", &language, [.required, .oneOf(["java", "typescript", "python", "rust"])])
        fields.message(4, "dataContractRef", &dataContractRef)
    }
}

/// `GetDataContractSchemaCodeResponse`.
package struct GetDataContractSchemaCodeResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.GetDataContractSchemaCodeResponse"

    /// What to call the file.
    package var filename = ""
    /// Bytes of `data`.
    package var dataSize: Int64 = 0
    /// The file.
    package var data: [UInt8] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "filename", &filename)
        fields.int64(2, "dataSize", &dataSize)
        fields.bytes(3, "data", &data)
    }
}

/// `GetDataContractSchemaDefinitionRequest`.
package struct GetDataContractSchemaDefinitionRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.GetDataContractSchemaDefinitionRequest"

    /// The number of the schema in a schema registry.
    package var confluentID: Int32 = 0
    /// Which cluster.
    package var clusterRef: KafkaClusterRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int32(1, "confluentId", &confluentID)
        fields.message(2, "clusterRef", &clusterRef)
    }
}

/// `GetDataContractSchemaDefinitionResponse`.
package struct GetDataContractSchemaDefinitionResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.GetDataContractSchemaDefinitionResponse"

    /// The schema as text.
    package var definition = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "definition", &definition)
    }
}

/// `SimpleSchemaDryRunRequest`.
package struct SimpleSchemaDryRunRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.SimpleSchemaDryRunRequest"

    /// The schema; the answer has every Avro name filled in.
    @Required package var simpleSchemaDefinition: SimpleSchema

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "simpleSchemaDefinition", &$simpleSchemaDefinition)
    }
}

/// `SimpleSchemaDryRunResponse`.
package struct SimpleSchemaDryRunResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.SimpleSchemaDryRunResponse"

    /// The schema; the answer has every Avro name filled in.
    package var simpleSchemaDefinition: SimpleSchema?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "simpleSchemaDefinition", &simpleSchemaDefinition)
    }
}

/// `ReviewDataContractResponse`.
package struct ReviewDataContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ReviewDataContractResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `ApproveDataContractResponse`.
package struct ApproveDataContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ApproveDataContractResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `ActivateDataContractResponse`.
package struct ActivateDataContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ActivateDataContractResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `DeleteDataContractResponse`.
package struct DeleteDataContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.DeleteDataContractResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `ArchiveDataContractResponse`.
package struct ArchiveDataContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_contracts.v1.ArchiveDataContractResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
