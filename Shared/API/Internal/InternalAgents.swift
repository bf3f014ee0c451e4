// `strmprivacy.internal_api.agents.v1`

package import GRPC

extension InternalAPI {
    /// What the agent of batch exporters has to make true.
    package enum BatchExportersAgentService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.agents.v1.BatchExportersAgentService"

        /// All exporters that should run.
        package static let getDesiredBatchExporters:
            UnaryMethod<GetDesiredBatchExportersRequest, GetDesiredBatchExportersResponse> = unary(
                "GetDesiredBatchExporters")
        /// All sinks that should be known.
        package static let getDesiredSinks: UnaryMethod<GetDesiredSinksRequest, GetDesiredSinksResponse> = unary(
            "GetDesiredSinks")

        package static let methods = [getDesiredBatchExporters.shape, getDesiredSinks.shape]
    }

    /// What the agent of batch jobs has to make true.
    package enum BatchJobsAgentService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.agents.v1.BatchJobsAgentService"

        /// All jobs that should run.
        package static let getDesiredBatchJobs: UnaryMethod<GetDesiredBatchJobsRequest, GetDesiredBatchJobsResponse> =
            unary("GetDesiredBatchJobs")

        package static let methods = [getDesiredBatchJobs.shape]
    }

    /// What the agent of data connectors has to make true.
    package enum DataConnectorsAgentService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.agents.v1.DataConnectorsAgentService"

        /// All connectors that should be known.
        package static let getDesiredDataConnectors:
            UnaryMethod<GetDesiredDataConnectorsRequest, GetDesiredDataConnectorsResponse> = unary(
                "GetDesiredDataConnectors")

        package static let methods = [getDesiredDataConnectors.shape]
    }

    /// What the agent of Kafka exporters has to make true.
    package enum KafkaExportersAgentService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.agents.v1.KafkaExportersAgentService"

        /// All exporters to Kafka that should run.
        package static let getDesiredKafkaExporters:
            UnaryMethod<GetDesiredKafkaExportersRequest, GetDesiredKafkaExportersResponse> = unary(
                "GetDesiredKafkaExporters")

        package static let methods = [getDesiredKafkaExporters.shape]
    }

    /// What the agent of streams has to make true.
    package enum StreamsAgentService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.agents.v1.StreamsAgentService"

        /// All streams that should exist.
        package static let getStreams: UnaryMethod<GetStreamsRequest, GetStreamsResponse> = unary("GetStreams")

        package static let methods = [getStreams.shape]
    }

    /// `GetDesiredBatchExportersResponse`.
    package struct GetDesiredBatchExportersResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredBatchExportersResponse"

        /// Each exporter with where it writes.
        package var exporterAndSink: [InternalAPI.ExtendedBatchExporterAndSink] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "exporterAndSink", &exporterAndSink)
        }
    }

    /// `GetDesiredSinksResponse`. Deprecated.
    package struct GetDesiredSinksResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredSinksResponse"

        /// Where is written.
        package var extendedSinks: [InternalAPI.ExtendedSink] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "extendedSinks", &extendedSinks)
        }
    }

    /// `GetDesiredBatchJobsResponse`.
    package struct GetDesiredBatchJobsResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredBatchJobsResponse"

        /// The jobs.
        package var extendedBatchJobs: [InternalAPI.ExtendedBatchJob] = []
        /// Where is written.
        package var extendedSinks: [InternalAPI.ExtendedSink] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "extendedBatchJobs", &extendedBatchJobs)
            fields.messages(2, "extendedSinks", &extendedSinks)
        }
    }

    /// `GetDesiredDataConnectorsResponse`.
    package struct GetDesiredDataConnectorsResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredDataConnectorsResponse"

        /// The connectors.
        package var dataConnectors: [DataConnector] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "dataConnectors", &dataConnectors)
        }
    }

    /// `GetDesiredKafkaExportersResponse`.
    package struct GetDesiredKafkaExportersResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredKafkaExportersResponse"

        /// The exporters to Kafka.
        package var kafkaExporters: [KafkaExporter] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "kafkaExporters", &kafkaExporters)
        }
    }

    /// `GetStreamsResponse`.
    package struct GetStreamsResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetStreamsResponse"

        /// The streams.
        package var extendedStreams: [InternalAPI.ExtendedStream] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "extendedStreams", &extendedStreams)
        }
    }

    /// `GetDesiredBatchExportersRequest`.
    package struct GetDesiredBatchExportersRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredBatchExportersRequest"

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {}
    }

    /// `GetDesiredSinksRequest`. Deprecated.
    package struct GetDesiredSinksRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredSinksRequest"

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {}
    }

    /// `GetDesiredBatchJobsRequest`.
    package struct GetDesiredBatchJobsRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredBatchJobsRequest"

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {}
    }

    /// `GetDesiredDataConnectorsRequest`.
    package struct GetDesiredDataConnectorsRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredDataConnectorsRequest"

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {}
    }

    /// `GetDesiredKafkaExportersRequest`.
    package struct GetDesiredKafkaExportersRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetDesiredKafkaExportersRequest"

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {}
    }

    /// `GetStreamsRequest`.
    package struct GetStreamsRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.agents.v1.GetStreamsRequest"

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {}
    }
}
