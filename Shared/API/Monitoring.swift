// `strmprivacy.api.monitoring.v1`

package import GRPC

/// How entities are.
package enum MonitoringService: RPCService {
    package static let serviceName = "strmprivacy.api.monitoring.v1.MonitoringService"

    /// The state of what was asked for, then every change.
    package static let getEntityState: ServerStreamMethod<GetEntityStateRequest, GetEntityStateResponse> = serverStream(
        "GetEntityState")
    /// The last state of what was asked for.
    package static let getLatestEntityStates: UnaryMethod<GetLatestEntityStatesRequest, GetLatestEntityStatesResponse> =
        unary("GetLatestEntityStates")
    /// Notes states as they change.
    package static let updateEntityStates: ClientStreamMethod<UpdateEntityStatesRequest, UpdateEntityStatesResponse> =
        clientStream("UpdateEntityStates")

    package static let methods = [getEntityState.shape, getLatestEntityStates.shape, updateEntityStates.shape]
}

/// `GetEntityStateRequest`.
package struct GetEntityStateRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.monitoring.v1.GetEntityStateRequest"

    /// Which one.
    package var ref: EntityState.Ref?
    /// Only this status.
    @Open package var status: EntityState.Status
    /// Which fields of a state are wanted; none means all.
    package var projectionMask: FieldMask?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &ref)
        fields.enumeration(2, "status", &$status)
        fields.message(3, "projectionMask", &projectionMask)
    }
}

/// `GetEntityStateResponse`.
package struct GetEntityStateResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.monitoring.v1.GetEntityStateResponse"

    /// One state.
    package var state: EntityState?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "state", &state)
    }
}

/// `GetLatestEntityStatesRequest`.
package struct GetLatestEntityStatesRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.monitoring.v1.GetLatestEntityStatesRequest"

    /// Which one.
    package var ref: EntityState.Ref?
    /// Only this status.
    @Open package var status: EntityState.Status
    /// Which fields of a state are wanted; none means all.
    package var projectionMask: FieldMask?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &ref)
        fields.enumeration(2, "status", &$status)
        fields.message(3, "projectionMask", &projectionMask)
    }
}

/// `GetLatestEntityStatesResponse`.
package struct GetLatestEntityStatesResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.monitoring.v1.GetLatestEntityStatesResponse"

    /// The last state of each.
    package var state: [EntityState] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "state", &state)
    }
}

/// `UpdateEntityStatesRequest`.
package struct UpdateEntityStatesRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.monitoring.v1.UpdateEntityStatesRequest"

    /// What has changed.
    package var states: [EntityState] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "states", &states)
    }
}

/// `EntityState`.
package struct EntityState: ProtoMessage {
    package static let protoName = "strmprivacy.api.monitoring.v1.EntityState"

    /// Since when.
    package var stateTime: ProtoTimestamp?
    /// Which one.
    package var ref: EntityState.Ref?
    /// How it is.
    @Open package var status: EntityState.Status
    /// What happened, for people.
    package var message = ""
    /// Lines that it printed last.
    package var logs: [String] = []
    /// Which part of the entity it is about.
    @Open package var resourceType: EntityState.ResourceType

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "stateTime", &stateTime)
        fields.message(2, "ref", &ref)
        fields.enumeration(3, "status", &$status)
        fields.text(4, "message", &message)
        fields.texts(5, "logs", &logs)
        fields.enumeration(6, "resourceType", &$resourceType)
    }

    /// `EntityState.Ref`.
    package struct Ref: ProtoMessage {
        package static let protoName = "strmprivacy.api.monitoring.v1.EntityState.Ref"

        /// Which kind of entity.
        @Open package var type: EntityState.EntityType
        /// The project's UUID.
        package var projectID = ""
        /// The entity's name.
        package var name = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.enumeration(1, "type", &$type)
            fields.text(2, "projectId", &projectID)
            fields.text(3, "name", &name)
        }
    }

    /// `EntityState.Status`.
    package enum Status: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.monitoring.v1.EntityState.Status"
        package static let names = [
            "STATUS_UNSPECIFIED", "HEALTHY", "REMOVED", "PENDING", "TERMINATING", "UNHEALTHY", "RESTARTING",
        ]

        case unspecified = 0
        case healthy = 1
        case removed = 2
        case pending = 3
        case terminating = 4
        case unhealthy = 5
        case restarting = 6
    }

    /// `EntityState.EntityType`.
    package enum EntityType: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.monitoring.v1.EntityState.EntityType"
        package static let names = [
            "ENTITY_TYPE_UNSPECIFIED", "BATCH_JOB", "STREAM", "BATCH_EXPORTER", "DATA_CONNECTOR", "KAFKA_EXPORTER",
        ]

        case unspecified = 0
        case batchJob = 1
        case stream = 2
        case batchExporter = 3
        case dataConnector = 4
        case kafkaExporter = 5
    }

    /// `EntityState.ResourceType`.
    package enum ResourceType: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.monitoring.v1.EntityState.ResourceType"
        package static let names = [
            "RESOURCE_TYPE_UNSPECIFIED", "BATCH_JOB_JOB", "BATCH_JOB_SECRET", "BATCH_JOB_CONFIG_MAP", "STREAM_TOPIC",
            "STREAM_ENCRYPTION_KEYS_TOPIC", "STREAM_DECRYPTER_DEPLOYMENT", "STREAM_DECRYPTER_CONFIG_MAP",
            "BATCH_EXPORTER_DEPLOYMENT", "BATCH_EXPORTER_SECRET", "DATA_CONNECTOR_SECRET", "KAFKA_EXPORTER_DEPLOYMENT",
        ]

        case unspecified = 0
        case batchJobJob = 100
        case batchJobSecret = 101
        case batchJobConfigMap = 102
        case streamTopic = 120
        case streamEncryptionKeysTopic = 121
        case streamDecrypterDeployment = 122
        case streamDecrypterConfigMap = 123
        case batchExporterDeployment = 140
        case batchExporterSecret = 141
        case dataConnectorSecret = 150
        case kafkaExporterDeployment = 160
    }
}

/// `UpdateEntityStatesResponse`.
package struct UpdateEntityStatesResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.monitoring.v1.UpdateEntityStatesResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
