// `strmprivacy.api.data_connectors.v1`

package import GRPC

/// Places where data lies.
package enum DataConnectorsService: RPCService {
    package static let serviceName = "strmprivacy.api.data_connectors.v1.DataConnectorsService"

    /// All data connectors that the caller may see.
    package static let listDataConnectors: UnaryMethod<ListDataConnectorsRequest, ListDataConnectorsResponse> = unary(
        "ListDataConnectors")
    /// One data connector.
    package static let getDataConnector: UnaryMethod<GetDataConnectorRequest, GetDataConnectorResponse> = unary(
        "GetDataConnector")
    /// Removes a data connector.
    package static let deleteDataConnector: UnaryMethod<DeleteDataConnectorRequest, DeleteDataConnectorResponse> =
        unary("DeleteDataConnector")
    /// Makes a data connector.
    package static let createDataConnector: UnaryMethod<CreateDataConnectorRequest, CreateDataConnectorResponse> =
        unary("CreateDataConnector")

    package static let methods = [
        listDataConnectors.shape, getDataConnector.shape, deleteDataConnector.shape, createDataConnector.shape,
    ]
}

/// `ListDataConnectorsRequest`.
package struct ListDataConnectorsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_connectors.v1.ListDataConnectorsRequest"

    /// Deprecated.
    package var billingID = ""
    /// Show what depends on them.
    package var recursive = false
    /// Also the secrets.
    package var includeCredentials = false
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.flag(2, "recursive", &recursive)
        fields.flag(3, "includeCredentials", &includeCredentials)
        fields.text(4, "projectId", &projectID, [.required, .uuid])
    }
}

/// `ListDataConnectorsResponse`.
package struct ListDataConnectorsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_connectors.v1.ListDataConnectorsResponse"

    /// The connectors.
    package var dataConnectors: [DataConnector] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "dataConnectors", &dataConnectors)
    }
}

/// `DeleteDataConnectorRequest`.
package struct DeleteDataConnectorRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_connectors.v1.DeleteDataConnectorRequest"

    /// Which one.
    @Required package var ref: DataConnectorRef
    /// Remove what depends on it too.
    package var recursive = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.flag(2, "recursive", &recursive)
    }
}

/// `CreateDataConnectorRequest`.
package struct CreateDataConnectorRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_connectors.v1.CreateDataConnectorRequest"

    /// The connector.
    @Required package var dataConnector: DataConnector

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "dataConnector", &$dataConnector)
    }
}

/// `CreateDataConnectorResponse`.
package struct CreateDataConnectorResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_connectors.v1.CreateDataConnectorResponse"

    /// The connector.
    package var dataConnector: DataConnector?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "dataConnector", &dataConnector)
    }
}

/// `GetDataConnectorRequest`.
package struct GetDataConnectorRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_connectors.v1.GetDataConnectorRequest"

    /// Which one.
    @Required package var ref: DataConnectorRef
    /// Show what depends on it.
    package var recursive = false
    /// Also the secrets.
    package var includeCredentials = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.flag(2, "recursive", &recursive)
        fields.flag(3, "includeCredentials", &includeCredentials)
    }
}

/// `GetDataConnectorResponse`.
package struct GetDataConnectorResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_connectors.v1.GetDataConnectorResponse"

    /// The connector.
    package var dataConnector: DataConnector?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "dataConnector", &dataConnector)
    }
}

/// `DeleteDataConnectorResponse`.
package struct DeleteDataConnectorResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.data_connectors.v1.DeleteDataConnectorResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
