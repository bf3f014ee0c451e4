// `strmprivacy.internal_api.event_contracts.v1`

package import GRPC

extension InternalAPI {
    /// Contracts with their schemas.
    package enum InternalEventContractsService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.event_contracts.v1.InternalEventContractsService"

        /// A contract and its schema. Deprecated.
        package static let getEventContractAndSchema:
            UnaryMethod<GetEventContractAndSchemaRequest, GetEventContractAndSchemaResponse> = unary(
                "GetEventContractAndSchema")

        package static let methods = [getEventContractAndSchema.shape]
    }

    /// `GetEventContractAndSchemaRequest`. Deprecated.
    package struct GetEventContractAndSchemaRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.event_contracts.v1.GetEventContractAndSchemaRequest"

        /// Which one.
        package var ref: EventContractRef?

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "ref", &ref)
        }
    }

    /// `GetEventContractAndSchemaResponse`. Deprecated.
    package struct GetEventContractAndSchemaResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.event_contracts.v1.GetEventContractAndSchemaResponse"

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
}
