// `strmprivacy.internal_api.schemas.v1`

package import GRPC

extension InternalAPI {
    /// Texts of schemas.
    package enum InternalSchemasService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.schemas.v1.InternalSchemasService"

        /// The text of a schema. Deprecated.
        package static let getSchemaDefinition: UnaryMethod<GetSchemaDefinitionRequest, GetSchemaDefinitionResponse> =
            unary("GetSchemaDefinition")

        package static let methods = [getSchemaDefinition.shape]
    }

    /// `GetSchemaDefinitionRequest`. Deprecated.
    package struct GetSchemaDefinitionRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.schemas.v1.GetSchemaDefinitionRequest"

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

    /// `GetSchemaDefinitionResponse`. Deprecated.
    package struct GetSchemaDefinitionResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.schemas.v1.GetSchemaDefinitionResponse"

        /// The schema as text.
        package var definition = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "definition", &definition)
        }
    }
}
