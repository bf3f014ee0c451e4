// `strmprivacy.api.event_contracts.v1`

package import GRPC

/// Contracts of before they held their schema.
package enum EventContractsService: RPCService {
    package static let serviceName = "strmprivacy.api.event_contracts.v1.EventContractsService"

    /// All event contracts that the caller may see.
    package static let listEventContracts: UnaryMethod<ListEventContractsRequest, ListEventContractsResponse> = unary(
        "ListEventContracts")
    /// One event contract.
    package static let getEventContract: UnaryMethod<GetEventContractRequest, GetEventContractResponse> = unary(
        "GetEventContract")
    /// Makes an event contract.
    package static let createEventContract: UnaryMethod<CreateEventContractRequest, CreateEventContractResponse> =
        unary("CreateEventContract")
    /// Changes a draft.
    package static let updateEventContract: UnaryMethod<UpdateEventContractRequest, UpdateEventContractResponse> =
        unary("UpdateEventContract")
    /// Lets events in.
    package static let activateEventContract: UnaryMethod<ActivateEventContractRequest, ActivateEventContractResponse> =
        unary("ActivateEventContract")
    /// Removes an event contract.
    package static let deleteEventContract: UnaryMethod<DeleteEventContractRequest, DeleteEventContractResponse> =
        unary("DeleteEventContract")
    /// Lets no more events in.
    package static let archiveEventContract: UnaryMethod<ArchiveEventContractRequest, ArchiveEventContractResponse> =
        unary("ArchiveEventContract")
    /// What is wrong with a choice of masked fields.
    package static let validateMaskedFields: UnaryMethod<ValidateMaskedFieldsRequest, ValidateMaskedFieldsResponse> =
        unary("ValidateMaskedFields")
    /// A contract and its schema.
    package static let getEventContractAndSchema:
        UnaryMethod<GetEventContractAndSchemaRequest, GetEventContractAndSchemaResponse> = unary(
            "GetEventContractAndSchema")

    package static let methods = [
        listEventContracts.shape, getEventContract.shape, createEventContract.shape, updateEventContract.shape,
        activateEventContract.shape, deleteEventContract.shape, archiveEventContract.shape, validateMaskedFields.shape,
        getEventContractAndSchema.shape,
    ]
}

/// `ListEventContractsRequest`.
package struct ListEventContractsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.ListEventContractsRequest"

    /// Deprecated.
    package var billingID = ""
    /// A text that names hold.
    package var filter = ""
    /// The organisation's short name.
    package var handle = ""
    /// The name.
    package var name = ""
    /// Whose entities are wanted.
    @Open package var publicPrivate: FilterPublicPrivate
    /// Which schema.
    package var schemaRef: SchemaRef?
    /// Free labels.
    package var labels: [Label] = []
    /// Free words.
    package var domains: [String] = []
    /// Free words.
    package var industries: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.text(2, "filter", &filter)
        fields.text(3, "handle", &handle)
        fields.text(4, "name", &name)
        fields.enumeration(5, "publicPrivate", &$publicPrivate)
        fields.message(6, "schemaRef", &schemaRef)
        fields.messages(7, "labels", &labels)
        fields.texts(8, "domains", &domains)
        fields.texts(9, "industries", &industries)
    }
}

/// `ListEventContractsResponse`.
package struct ListEventContractsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.ListEventContractsResponse"

    /// The contracts.
    package var eventContracts: [EventContract] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "eventContracts", &eventContracts)
    }
}

/// `GetEventContractRequest`.
package struct GetEventContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.GetEventContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which one.
    package var ref: EventContractRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "ref", &ref)
    }
}

/// `GetEventContractResponse`.
package struct GetEventContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.GetEventContractResponse"

    /// The contract.
    package var eventContract: EventContract?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "eventContract", &eventContract)
        fields.text(2, "checksum", &checksum)
    }
}

/// `CreateEventContractRequest`.
package struct CreateEventContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.CreateEventContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// The contract.
    package var eventContract: EventContract?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "eventContract", &eventContract)
        fields.text(3, "projectId", &projectID)
    }
}

/// `CreateEventContractResponse`.
package struct CreateEventContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.CreateEventContractResponse"

    /// The contract.
    package var eventContract: EventContract?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "eventContract", &eventContract)
        fields.text(2, "checksum", &checksum)
    }
}

/// `UpdateEventContractRequest`.
package struct UpdateEventContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.UpdateEventContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// The contract.
    package var eventContract: EventContract?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""
    /// Which fields change.
    package var updateMask: FieldMask?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "eventContract", &eventContract)
        fields.text(3, "checksum", &checksum)
        fields.message(4, "updateMask", &updateMask)
        fields.text(5, "projectId", &projectID)
    }
}

/// `UpdateEventContractResponse`.
package struct UpdateEventContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.UpdateEventContractResponse"

    /// The contract.
    package var eventContract: EventContract?
    /// Changes whenever the entity does; an update must name the last one.
    package var checksum = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "eventContract", &eventContract)
        fields.text(2, "checksum", &checksum)
    }
}

/// `ActivateEventContractRequest`.
package struct ActivateEventContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.ActivateEventContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which contract.
    package var eventContractRef: EventContractRef?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "eventContractRef", &eventContractRef)
        fields.text(3, "projectId", &projectID)
    }
}

/// `DeleteEventContractRequest`.
package struct DeleteEventContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.DeleteEventContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which contract.
    package var eventContractRef: EventContractRef?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "eventContractRef", &eventContractRef)
        fields.text(3, "projectId", &projectID)
    }
}

/// `ArchiveEventContractRequest`.
package struct ArchiveEventContractRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.ArchiveEventContractRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which contract.
    package var eventContractRef: EventContractRef?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "eventContractRef", &eventContractRef)
        fields.text(3, "projectId", &projectID)
    }
}

/// `ValidateMaskedFieldsRequest`.
package struct ValidateMaskedFieldsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.ValidateMaskedFieldsRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which fields show a hash in place of their value.
    package var maskedFields: MaskedFields?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.message(2, "maskedFields", &maskedFields)
        fields.text(3, "projectId", &projectID)
    }
}

/// `ValidateMaskedFieldsResponse`.
package struct ValidateMaskedFieldsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.ValidateMaskedFieldsResponse"

    /// What is wrong.
    package var errors: [ValidateMaskedFieldsResponse.Error] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "errors", &errors)
    }

    /// `ValidateMaskedFieldsResponse.Error`.
    package struct Error: ProtoMessage {
        package static let protoName = "strmprivacy.api.event_contracts.v1.ValidateMaskedFieldsResponse.Error"

        /// Which contract.
        package var eventContractRef: EventContractRef?
        /// What happened, for people.
        package var message = ""
        /// What is wrong.
        package var errors: [ValidateMaskedFieldsResponse.Error.FieldError] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "eventContractRef", &eventContractRef)
            fields.text(2, "message", &message)
            fields.messages(3, "errors", &errors)
        }

        /// `ValidateMaskedFieldsResponse.Error.FieldError`.
        package struct FieldError: ProtoMessage {
            package static let protoName =
                "strmprivacy.api.event_contracts.v1.ValidateMaskedFieldsResponse.Error.FieldError"

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

/// `GetEventContractAndSchemaRequest`.
package struct GetEventContractAndSchemaRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.GetEventContractAndSchemaRequest"

    /// Which one.
    package var ref: EventContractRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &ref)
    }
}

/// `GetEventContractAndSchemaResponse`.
package struct GetEventContractAndSchemaResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.GetEventContractAndSchemaResponse"

    /// The contract.
    package var eventContract: EventContract?
    /// The schema.
    package var schema: SchemaSpec?
    /// The number of the schema in a schema registry.
    package var confluentID: Int32 = 0

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "eventContract", &eventContract)
        fields.message(2, "schema", &schema)
        fields.int32(3, "confluentId", &confluentID)
    }
}

/// `ActivateEventContractResponse`.
package struct ActivateEventContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.ActivateEventContractResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `DeleteEventContractResponse`.
package struct DeleteEventContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.DeleteEventContractResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `ArchiveEventContractResponse`.
package struct ArchiveEventContractResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.event_contracts.v1.ArchiveEventContractResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
