// `strmprivacy.api.kafka_clusters.v1`

package import GRPC

/// Kafka clusters outside of the plane.
package enum KafkaClustersService: RPCService {
    package static let serviceName = "strmprivacy.api.kafka_clusters.v1.KafkaClustersService"

    /// All Kafka clusters that the caller may see.
    package static let listKafkaClusters: UnaryMethod<ListKafkaClustersRequest, ListKafkaClustersResponse> = unary(
        "ListKafkaClusters")
    /// One Kafka cluster.
    package static let getKafkaCluster: UnaryMethod<GetKafkaClusterRequest, GetKafkaClusterResponse> = unary(
        "GetKafkaCluster")
    /// Removes a Kafka cluster.
    package static let deleteKafkaCluster: UnaryMethod<DeleteKafkaClusterRequest, DeleteKafkaClusterResponse> = unary(
        "DeleteKafkaCluster")
    /// Makes a Kafka cluster.
    package static let createKafkaCluster: UnaryMethod<CreateKafkaClusterRequest, CreateKafkaClusterResponse> = unary(
        "CreateKafkaCluster")

    package static let methods = [
        listKafkaClusters.shape, getKafkaCluster.shape, deleteKafkaCluster.shape, createKafkaCluster.shape,
    ]
}

/// `ListKafkaClustersRequest`.
package struct ListKafkaClustersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_clusters.v1.ListKafkaClustersRequest"

    /// Deprecated.
    package var billingID = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "projectId", &projectID, [.uuid])
    }
}

/// `ListKafkaClustersResponse`.
package struct ListKafkaClustersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_clusters.v1.ListKafkaClustersResponse"

    /// The clusters.
    package var kafkaClusters: [KafkaCluster] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "kafkaClusters", &kafkaClusters)
    }
}

/// `DeleteKafkaClusterRequest`.
package struct DeleteKafkaClusterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_clusters.v1.DeleteKafkaClusterRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which one.
    @Required package var ref: KafkaClusterRef
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.message(2, "ref", &$ref)
        fields.text(3, "projectId", &projectID, [.uuid])
    }
}

/// `CreateKafkaClusterRequest`.
package struct CreateKafkaClusterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_clusters.v1.CreateKafkaClusterRequest"

    /// The cluster.
    package var kafkaCluster: KafkaCluster?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaCluster", &kafkaCluster)
    }
}

/// `CreateKafkaClusterResponse`.
package struct CreateKafkaClusterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_clusters.v1.CreateKafkaClusterResponse"

    /// The cluster.
    package var kafkaCluster: KafkaCluster?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaCluster", &kafkaCluster)
    }
}

/// `GetKafkaClusterRequest`.
package struct GetKafkaClusterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_clusters.v1.GetKafkaClusterRequest"

    /// Deprecated.
    package var billingID = ""
    /// Which one.
    @Required package var ref: KafkaClusterRef
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.message(2, "ref", &$ref)
        fields.text(3, "projectId", &projectID, [.uuid])
    }
}

/// `GetKafkaClusterResponse`.
package struct GetKafkaClusterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_clusters.v1.GetKafkaClusterResponse"

    /// The cluster.
    package var kafkaCluster: KafkaCluster?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaCluster", &kafkaCluster)
    }
}

/// `DeleteKafkaClusterResponse`.
package struct DeleteKafkaClusterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_clusters.v1.DeleteKafkaClusterResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
