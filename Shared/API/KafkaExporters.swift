// `strmprivacy.api.kafka_exporters.v1`

package import GRPC

/// Exporters of streams into Kafka.
package enum KafkaExportersService: RPCService {
    package static let serviceName = "strmprivacy.api.kafka_exporters.v1.KafkaExportersService"

    /// All Kafka exporters that the caller may see.
    package static let listKafkaExporters: UnaryMethod<ListKafkaExportersRequest, ListKafkaExportersResponse> = unary(
        "ListKafkaExporters")
    /// One Kafka exporter.
    package static let getKafkaExporter: UnaryMethod<GetKafkaExporterRequest, GetKafkaExporterResponse> = unary(
        "GetKafkaExporter")
    /// Removes a Kafka exporter.
    package static let deleteKafkaExporter: UnaryMethod<DeleteKafkaExporterRequest, DeleteKafkaExporterResponse> =
        unary("DeleteKafkaExporter")
    /// Makes a Kafka exporter.
    package static let createKafkaExporter: UnaryMethod<CreateKafkaExporterRequest, CreateKafkaExporterResponse> =
        unary("CreateKafkaExporter")

    package static let methods = [
        listKafkaExporters.shape, getKafkaExporter.shape, deleteKafkaExporter.shape, createKafkaExporter.shape,
    ]
}

/// `ListKafkaExportersRequest`.
package struct ListKafkaExportersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_exporters.v1.ListKafkaExportersRequest"

    /// Deprecated.
    package var billingID = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "projectId", &projectID, [.required, .uuid])
    }
}

/// `ListKafkaExportersResponse`.
package struct ListKafkaExportersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_exporters.v1.ListKafkaExportersResponse"

    /// The exporters to Kafka.
    package var kafkaExporters: [KafkaExporter] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "kafkaExporters", &kafkaExporters)
    }
}

/// `DeleteKafkaExporterRequest`.
package struct DeleteKafkaExporterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_exporters.v1.DeleteKafkaExporterRequest"

    /// Which one.
    @Required package var ref: KafkaExporterRef
    /// Remove its users too.
    package var recursive = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.flag(2, "recursive", &recursive)
    }
}

/// `CreateKafkaExporterRequest`.
package struct CreateKafkaExporterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_exporters.v1.CreateKafkaExporterRequest"

    /// The exporter.
    @Required package var kafkaExporter: KafkaExporter

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaExporter", &$kafkaExporter)
    }
}

/// `CreateKafkaExporterResponse`.
package struct CreateKafkaExporterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_exporters.v1.CreateKafkaExporterResponse"

    /// The exporter.
    package var kafkaExporter: KafkaExporter?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaExporter", &kafkaExporter)
    }
}

/// `GetKafkaExporterRequest`.
package struct GetKafkaExporterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_exporters.v1.GetKafkaExporterRequest"

    /// Which one.
    @Required package var ref: KafkaExporterRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `GetKafkaExporterResponse`.
package struct GetKafkaExporterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_exporters.v1.GetKafkaExporterResponse"

    /// The exporter.
    package var kafkaExporter: KafkaExporter?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "kafkaExporter", &kafkaExporter)
    }
}

/// `DeleteKafkaExporterResponse`.
package struct DeleteKafkaExporterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.kafka_exporters.v1.DeleteKafkaExporterResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
