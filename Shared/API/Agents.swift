// `strmprivacy.api.agents.v1`

package import GRPC

/// What the agent of batch exporters has to make true.
package enum BatchExportersAgentService: RPCService {
    package static let serviceName = "strmprivacy.api.agents.v1.BatchExportersAgentService"

    /// All exporters that should run.
    package static let getDesiredBatchExporters:
        UnaryMethod<GetDesiredBatchExportersRequest, GetDesiredBatchExportersResponse> = unary(
            "GetDesiredBatchExporters")

    package static let methods = [getDesiredBatchExporters.shape]
}

/// What the agent of batch jobs has to make true.
package enum BatchJobsAgentService: RPCService {
    package static let serviceName = "strmprivacy.api.agents.v1.BatchJobsAgentService"

    /// All jobs that should run.
    package static let getDesiredBatchJobs: UnaryMethod<GetDesiredBatchJobsRequest, GetDesiredBatchJobsResponse> =
        unary("GetDesiredBatchJobs")

    package static let methods = [getDesiredBatchJobs.shape]
}

/// What the agent of data connectors has to make true.
package enum DataConnectorsAgentService: RPCService {
    package static let serviceName = "strmprivacy.api.agents.v1.DataConnectorsAgentService"

    /// All connectors that should be known.
    package static let getDesiredDataConnectors:
        UnaryMethod<GetDesiredDataConnectorsRequest, GetDesiredDataConnectorsResponse> = unary(
            "GetDesiredDataConnectors")

    package static let methods = [getDesiredDataConnectors.shape]
}

/// What the agent of streams has to make true.
package enum StreamsAgentService: RPCService {
    package static let serviceName = "strmprivacy.api.agents.v1.StreamsAgentService"

    /// All streams that should exist.
    package static let getStreams: UnaryMethod<GetStreamsRequest, GetStreamsResponse> = unary("GetStreams")

    package static let methods = [getStreams.shape]
}

/// `GetDesiredBatchExportersResponse`.
package struct GetDesiredBatchExportersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.agents.v1.GetDesiredBatchExportersResponse"

    /// The exporters.
    package var exporters: [ExtendedBatchExporter] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "exporters", &exporters)
    }
}

/// `GetDesiredBatchJobsResponse`.
package struct GetDesiredBatchJobsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.agents.v1.GetDesiredBatchJobsResponse"

    /// The jobs.
    package var extendedBatchJobs: [ExtendedBatchJob] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "extendedBatchJobs", &extendedBatchJobs)
    }
}

/// `GetDesiredDataConnectorsResponse`.
package struct GetDesiredDataConnectorsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.agents.v1.GetDesiredDataConnectorsResponse"

    /// The connectors.
    package var dataConnectors: [DataConnector] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "dataConnectors", &dataConnectors)
    }
}

/// `GetStreamsResponse`.
package struct GetStreamsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.agents.v1.GetStreamsResponse"

    /// The streams.
    package var extendedStreams: [ExtendedStream] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "extendedStreams", &extendedStreams)
    }
}

/// `GetDesiredBatchExportersRequest`.
package struct GetDesiredBatchExportersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.agents.v1.GetDesiredBatchExportersRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `GetDesiredBatchJobsRequest`.
package struct GetDesiredBatchJobsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.agents.v1.GetDesiredBatchJobsRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `GetDesiredDataConnectorsRequest`.
package struct GetDesiredDataConnectorsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.agents.v1.GetDesiredDataConnectorsRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `GetStreamsRequest`.
package struct GetStreamsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.agents.v1.GetStreamsRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
