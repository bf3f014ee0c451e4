package import GRPC

/// `KafkaCluster`: a Kafka cluster outside of the plane.
package struct KafkaCluster: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KafkaCluster"

    /// Which one.
    package var ref: KafkaClusterRef?
    /// Host and port of some brokers, joined with commas.
    package var bootstrapServers = ""
    /// How clients of the cluster say who they are.
    @Open package var authMechanism: AuthMechanism
    /// Where clients get tokens.
    package var tokenURI = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &ref)
        fields.text(2, "bootstrapServers", &bootstrapServers)
        fields.enumeration(3, "authMechanism", &$authMechanism)
        fields.text(4, "tokenUri", &tokenURI)
    }
}

/// `KafkaClusterRef`.
package struct KafkaClusterRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KafkaClusterRef"

    /// Deprecated.
    package var billingID = ""
    /// The name.
    package var name = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.text(2, "name", &name, [.required, .length(4...100), .name])
        fields.text(3, "projectId", &projectID, [.uuid])
    }
}

/// `KafkaExporter`: copies a stream into a topic of a Kafka cluster.
package struct KafkaExporter: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KafkaExporter"

    /// Which one.
    @Required package var ref: KafkaExporterRef
    /// Which stream.
    @Required package var streamRef: StreamRef
    /// Where it goes.
    package var target: KafkaExporterTarget?
    /// Its users.
    package var users: [KafkaUser] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.message(2, "streamRef", &$streamRef)
        fields.message(3, "target", &target)
        fields.messages(4, "users", &users)
    }
}

/// `KafkaExporterRef`.
package struct KafkaExporterRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KafkaExporterRef"

    /// Deprecated.
    package var billingID = ""
    /// Output only.
    package var name = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.text(2, "name", &name)
        fields.text(3, "projectId", &projectID, [.uuid])
    }
}

/// `KafkaExporterTarget`: the topic that an exporter writes to.
package struct KafkaExporterTarget: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KafkaExporterTarget"

    /// Which cluster.
    @Required package var clusterRef: KafkaClusterRef
    /// The topic; empty makes one.
    package var topic = ""
    /// Who authenticates.
    package var clientID = ""
    /// Secret.
    package var clientSecret = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "clusterRef", &$clusterRef)
        fields.text(2, "topic", &topic, [.length(0...249), .kafkaTopic])
        fields.text(3, "clientId", &clientID, [.uuid])
        fields.text(4, "clientSecret", &clientSecret, [.printableASCII])
    }
}

/// `KafkaUser`: who may read an exporter's topic.
package struct KafkaUser: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KafkaUser"

    /// Which one.
    @Required package var ref: KafkaUserRef
    /// Output only: the exporter that it reads from.
    package var kafkaExporterName = ""
    /// Output only: where its records are.
    package var topic = ""
    /// Who authenticates.
    package var clientID = ""
    /// Secret.
    package var clientSecret = ""
    /// Which cluster.
    package var clusterRef: KafkaClusterRef?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.text(3, "kafkaExporterName", &kafkaExporterName)
        fields.text(4, "topic", &topic)
        fields.text(5, "clientId", &clientID)
        fields.text(6, "clientSecret", &clientSecret)
        fields.message(7, "clusterRef", &clusterRef)
    }
}

/// `KafkaUserRef`.
package struct KafkaUserRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KafkaUserRef"

    /// Deprecated.
    package var billingID = ""
    /// Output only.
    package var name = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.text(2, "name", &name)
        fields.text(3, "projectId", &projectID)
    }
}

/// `AuthMechanism`: how clients of a Kafka cluster say who they are.
package enum AuthMechanism: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.AuthMechanism"
    package static let names = ["AUTH_MECHANISM_UNSPECIFIED", "SASL_PLAIN", "SASL_SSL"]

    case unspecified = 0
    case saslPlain = 1
    case saslSsl = 2
}
