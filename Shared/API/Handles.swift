// `strmprivacy.api.handles.v1`

package import GRPC

/// Short names of organisations.
package enum HandlesService: RPCService {
    package static let serviceName = "strmprivacy.api.handles.v1.HandlesService"

    /// Who may use an installation.
    package static let listInstallationHandles:
        UnaryMethod<ListInstallationHandlesRequest, ListInstallationHandlesResponse> = unary("ListInstallationHandles")

    package static let methods = [listInstallationHandles.shape]
}

/// `ListInstallationHandlesRequest`.
package struct ListInstallationHandlesRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.handles.v1.ListInstallationHandlesRequest"

    /// The installation's UUID.
    package var installationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "installationId", &installationID, [.required, .uuid])
    }
}

/// `ListInstallationHandlesResponse`.
package struct ListInstallationHandlesResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.handles.v1.ListInstallationHandlesResponse"

    /// The short names of the organisations that may use it.
    package var installationHandles: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "installationHandles", &installationHandles)
    }
}
