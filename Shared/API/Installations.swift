// `strmprivacy.api.installations.v1`

package import GRPC

/// Planes.
package enum InstallationsService: RPCService {
    package static let serviceName = "strmprivacy.api.installations.v1.InstallationsService"

    /// One installation.
    package static let getInstallation: UnaryMethod<GetInstallationRequest, GetInstallationResponse> = unary(
        "GetInstallation")
    /// All installations that the caller may see.
    package static let listInstallations: UnaryMethod<ListInstallationsRequest, ListInstallationsResponse> = unary(
        "ListInstallations")
    /// Where a project runs. Deprecated.
    package static let getProjectInstallation:
        UnaryMethod<GetProjectInstallationRequest, GetProjectInstallationResponse> = unary("GetProjectInstallation")
    /// What runs in an installation. Deprecated.
    package static let listInstallationProjects:
        UnaryMethod<ListInstallationProjectsRequest, ListInstallationProjectsResponse> = unary(
            "ListInstallationProjects")

    package static let methods = [
        getInstallation.shape, listInstallations.shape, getProjectInstallation.shape, listInstallationProjects.shape,
    ]
}

/// What runs in a plane.
package enum InstalledComponentsService: RPCService {
    package static let serviceName = "strmprivacy.api.installations.v1.InstalledComponentsService"

    /// Notes how a process is.
    package static let updateInstalledComponentState:
        UnaryMethod<UpdateInstalledComponentStateRequest, UpdateInstalledComponentStateResponse> = unary(
            "UpdateInstalledComponentState")
    /// One installed component.
    package static let getInstalledComponent: UnaryMethod<GetInstalledComponentRequest, GetInstalledComponentResponse> =
        unary("GetInstalledComponent")
    /// All installed components that the caller may see.
    package static let listInstalledComponents:
        UnaryMethod<ListInstalledComponentsRequest, ListInstalledComponentsResponse> = unary("ListInstalledComponents")
    /// How each process is now.
    package static let listInstalledComponentsCurrentStates:
        UnaryMethod<ListInstalledComponentsCurrentStatesRequest, ListInstalledComponentsCurrentStatesResponse> = unary(
            "ListInstalledComponentsCurrentStates")

    package static let methods = [
        updateInstalledComponentState.shape, getInstalledComponent.shape, listInstalledComponents.shape,
        listInstalledComponentsCurrentStates.shape,
    ]
}

/// `Installation`.
package struct Installation: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.Installation"

    /// The UUID.
    package var id = ""
    /// Which kind of installation.
    @Open package var installationType: InstallationType
    /// The account that pays: a UUID.
    package var billingAccountID = ""
    /// What its agents authenticate with.
    package var installationCredentials: InstallationCredentials?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id, [.required, .uuid])
        fields.enumeration(2, "installationType", &$installationType)
        fields.text(3, "billingAccountId", &billingAccountID, [.required, .uuid])
        fields.message(4, "installationCredentials", &installationCredentials)
    }
}

/// `InstallationCredentials`.
package struct InstallationCredentials: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.InstallationCredentials"

    /// Who authenticates.
    package var clientID = ""
    /// Secret.
    package var clientSecret = ""
    /// Opens the registry. Secret.
    package var imagePullSecret = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "clientId", &clientID)
        fields.text(2, "clientSecret", &clientSecret)
        fields.text(3, "imagePullSecret", &imagePullSecret)
    }
}

/// `InstalledComponent`.
package struct InstalledComponent: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.InstalledComponent"

    /// Which component.
    @Open package var componentType: InstalledComponentType
    /// Its processes.
    package var instances: [InstalledComponentInstance] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.enumeration(1, "componentType", &$componentType, required: true)
        fields.messages(2, "instances", &instances)
    }
}

/// `InstalledComponentInstance`.
package struct InstalledComponentInstance: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.InstalledComponentInstance"

    /// The name of its host; in Kubernetes of its pod.
    package var id = ""
    /// Its states, oldest first.
    package var states: [InstalledComponentState] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id, [.required, .length(3 ... .max)])
        fields.messages(2, "states", &states)
    }
}

/// `InstalledComponentsCurrentState`.
package struct InstalledComponentsCurrentState: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.InstalledComponentsCurrentState"

    /// Which component.
    @Open package var componentType: InstalledComponentType
    /// Its processes.
    package var instances: [InstalledComponentInstanceCurrentState] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.enumeration(1, "componentType", &$componentType, required: true)
        fields.messages(2, "instances", &instances)
    }
}

/// `InstalledComponentInstanceCurrentState`.
package struct InstalledComponentInstanceCurrentState: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.InstalledComponentInstanceCurrentState"

    /// The name of its host; in Kubernetes of its pod.
    package var id = ""
    /// Its state now.
    package var state: InstalledComponentState?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id, [.required, .length(4 ... .max)])
        fields.message(2, "state", &state)
    }
}

/// `InstalledComponentState`.
package struct InstalledComponentState: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.InstalledComponentState"

    /// Since when.
    package var stateTime: ProtoTimestamp?
    /// The state.
    @Open package var stateType: InstalledComponentStateType
    /// What happened, for people.
    package var message = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "stateTime", &stateTime)
        fields.enumeration(2, "stateType", &$stateType, required: true)
        fields.text(3, "message", &message, [.length(4 ... .max)])
    }
}

/// `GetInstallationRequest`.
package struct GetInstallationRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.GetInstallationRequest"

    /// The installation's UUID.
    package var installationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "installationId", &installationID, [.required, .uuid])
    }
}

/// `GetInstallationResponse`.
package struct GetInstallationResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.GetInstallationResponse"

    /// The installation.
    package var installation: Installation?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "installation", &installation)
    }
}

/// `ListInstallationsResponse`.
package struct ListInstallationsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.ListInstallationsResponse"

    /// The installations.
    package var installations: [Installation] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "installations", &installations)
    }
}

/// `GetProjectInstallationRequest`. Deprecated.
package struct GetProjectInstallationRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.GetProjectInstallationRequest"

    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "projectId", &projectID)
    }
}

/// `GetProjectInstallationResponse`. Deprecated.
package struct GetProjectInstallationResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.GetProjectInstallationResponse"

    /// The installation's UUID.
    package var installationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "installationId", &installationID)
    }
}

/// `ListInstallationProjectsRequest`. Deprecated.
package struct ListInstallationProjectsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.ListInstallationProjectsRequest"

    /// The installation's UUID.
    package var installationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "installationId", &installationID)
    }
}

/// `ListInstallationProjectsResponse`. Deprecated.
package struct ListInstallationProjectsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.ListInstallationProjectsResponse"

    /// The projects' UUIDs.
    package var projectIDs: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "projectIds", &projectIDs)
    }
}

/// `UpdateInstalledComponentStateRequest`.
package struct UpdateInstalledComponentStateRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.UpdateInstalledComponentStateRequest"

    /// Which component.
    @Open package var componentType: InstalledComponentType
    /// Which of the processes: the name of its host.
    package var instanceID = ""
    /// The new state.
    @Required package var installedComponentState: InstalledComponentState
    /// The installation's UUID.
    package var installationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.enumeration(1, "componentType", &$componentType, required: true)
        fields.text(2, "instanceId", &instanceID, [.required, .length(4 ... .max)])
        fields.message(3, "installedComponentState", &$installedComponentState)
        fields.text(4, "installationId", &installationID, [.required, .uuid])
    }
}

/// `GetInstalledComponentRequest`.
package struct GetInstalledComponentRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.GetInstalledComponentRequest"

    /// The installation's UUID.
    package var installationID = ""
    /// Which component.
    @Open package var installedComponentType: InstalledComponentType

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "installationId", &installationID, [.required, .uuid])
        fields.enumeration(2, "installedComponentType", &$installedComponentType, required: true)
    }
}

/// `GetInstalledComponentResponse`.
package struct GetInstalledComponentResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.GetInstalledComponentResponse"

    /// The component.
    package var installedComponent: InstalledComponent?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "installedComponent", &installedComponent)
    }
}

/// `ListInstalledComponentsRequest`.
package struct ListInstalledComponentsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.ListInstalledComponentsRequest"

    /// The installation's UUID.
    package var installationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "installationId", &installationID, [.required, .uuid])
    }
}

/// `ListInstalledComponentsResponse`.
package struct ListInstalledComponentsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.ListInstalledComponentsResponse"

    /// The components.
    package var installedComponents: [InstalledComponent] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "installedComponents", &installedComponents)
    }
}

/// `ListInstalledComponentsCurrentStatesRequest`.
package struct ListInstalledComponentsCurrentStatesRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.ListInstalledComponentsCurrentStatesRequest"

    /// The installation's UUID.
    package var installationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "installationId", &installationID, [.required, .uuid])
    }
}

/// `ListInstalledComponentsCurrentStatesResponse`.
package struct ListInstalledComponentsCurrentStatesResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.ListInstalledComponentsCurrentStatesResponse"

    /// The components.
    package var installedComponents: [InstalledComponentsCurrentState] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "installedComponents", &installedComponents)
    }
}

/// `ListInstallationsRequest`.
package struct ListInstallationsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.ListInstallationsRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `UpdateInstalledComponentStateResponse`.
package struct UpdateInstalledComponentStateResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.installations.v1.UpdateInstalledComponentStateResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `InstallationType`: who runs the installation.
package enum InstallationType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.installations.v1.InstallationType"
    package static let names = [
        "INSTALLATION_TYPE_UNSPECIFIED", "SAAS", "SELF_HOSTED", "AWS_MARKETPLACE", "AWS_MARKETPLACE_PAYG",
    ]

    case unspecified = 0
    case saas = 1
    case selfHosted = 2
    case awsMarketplace = 3
    case awsMarketplacePayg = 4
}

/// `InstalledComponentType`: the components of a plane.
package enum InstalledComponentType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.installations.v1.InstalledComponentType"
    package static let names = [
        "INSTALLED_COMPONENT_TYPE_UNSPECIFIED", "BATCH_JOBS_AGENT", "BATCH_EXPORTERS_AGENT", "KAFKA_EXPORTERS_AGENT",
        "STREAMS_AGENT", "EVENT_GATEWAY", "WEB_SOCKET", "DATA_CONNECTORS_AGENT", "CONFLUENT_SCHEMA_PROXY",
    ]

    case unspecified = 0
    case batchJobsAgent = 1
    case batchExportersAgent = 2
    case kafkaExportersAgent = 3
    case streamsAgent = 4
    case eventGateway = 5
    case webSocket = 6
    case dataConnectorsAgent = 7
    case confluentSchemaProxy = 8
}

/// `InstalledComponentStateType`: the states of a component.
package enum InstalledComponentStateType: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.installations.v1.InstalledComponentStateType"
    package static let names = [
        "INSTALLED_COMPONENT_STATE_TYPE_UNSPECIFIED", "PROVISIONED", "RUNNING", "ERROR", "SHUTTING_DOWN",
    ]

    case unspecified = 0
    case provisioned = 1
    case running = 2
    case error = 3
    case shuttingDown = 4
}
