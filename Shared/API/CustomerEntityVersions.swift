// `strmprivacy.api.customer_entity_versions.v1`

package import GRPC

/// Which images the agents start.
package enum CustomerEntityVersionsService: RPCService {
    package static let serviceName = "strmprivacy.api.customer_entity_versions.v1.CustomerEntityVersionsService"

    /// The image of a batch exporter.
    package static let getBatchExporterImage: UnaryMethod<GetBatchExporterImageRequest, GetBatchExporterImageResponse> =
        unary("GetBatchExporterImage")
    /// The image of a Kafka exporter.
    package static let getKafkaExporterImage: UnaryMethod<GetKafkaExporterImageRequest, GetKafkaExporterImageResponse> =
        unary("GetKafkaExporterImage")
    /// The image of a decrypter.
    package static let getDecrypterImage: UnaryMethod<GetDecrypterImageRequest, GetDecrypterImageResponse> = unary(
        "GetDecrypterImage")
    /// The image of a batch job.
    package static let getBatchJobRunnerImage:
        UnaryMethod<GetBatchJobRunnerImageRequest, GetBatchJobRunnerImageResponse> = unary("GetBatchJobRunnerImage")

    package static let methods = [
        getBatchExporterImage.shape, getKafkaExporterImage.shape, getDecrypterImage.shape, getBatchJobRunnerImage.shape,
    ]
}

/// `GetBatchExporterImageRequest`.
package struct GetBatchExporterImageRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.customer_entity_versions.v1.GetBatchExporterImageRequest"

    /// Which kind of installation.
    @Open package var installationType: InstallationType

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.enumeration(1, "installationType", &$installationType, required: true)
    }
}

/// `GetBatchExporterImageResponse`.
package struct GetBatchExporterImageResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.customer_entity_versions.v1.GetBatchExporterImageResponse"

    /// The image, without registry and tag.
    package var image = ""
    /// Deprecated.
    package var awsMarketplaceImage = ""
    /// The image's tag.
    package var imageTag = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "image", &image)
        fields.text(2, "awsMarketplaceImage", &awsMarketplaceImage)
        fields.text(3, "imageTag", &imageTag)
    }
}

/// `GetKafkaExporterImageResponse`.
package struct GetKafkaExporterImageResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.customer_entity_versions.v1.GetKafkaExporterImageResponse"

    /// The image, without registry and tag.
    package var image = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "image", &image)
    }
}

/// `GetDecrypterImageRequest`.
package struct GetDecrypterImageRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.customer_entity_versions.v1.GetDecrypterImageRequest"

    /// Which kind of installation.
    @Open package var installationType: InstallationType

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.enumeration(1, "installationType", &$installationType, required: true)
    }
}

/// `GetDecrypterImageResponse`.
package struct GetDecrypterImageResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.customer_entity_versions.v1.GetDecrypterImageResponse"

    /// The image, without registry and tag.
    package var image = ""
    /// Deprecated.
    package var awsMarketplaceImage = ""
    /// The image's tag.
    package var imageTag = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "image", &image)
        fields.text(2, "awsMarketplaceImage", &awsMarketplaceImage)
        fields.text(3, "imageTag", &imageTag)
    }
}

/// `GetBatchJobRunnerImageRequest`.
package struct GetBatchJobRunnerImageRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.customer_entity_versions.v1.GetBatchJobRunnerImageRequest"

    /// Which kind of installation.
    @Open package var installationType: InstallationType

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.enumeration(1, "installationType", &$installationType, required: true)
    }
}

/// `GetBatchJobRunnerImageResponse`.
package struct GetBatchJobRunnerImageResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.customer_entity_versions.v1.GetBatchJobRunnerImageResponse"

    /// The image, without registry and tag.
    package var image = ""
    /// Deprecated.
    package var awsMarketplaceImage = ""
    /// The image's tag.
    package var imageTag = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "image", &image)
        fields.text(2, "awsMarketplaceImage", &awsMarketplaceImage)
        fields.text(3, "imageTag", &imageTag)
    }
}

/// `GetKafkaExporterImageRequest`.
package struct GetKafkaExporterImageRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.customer_entity_versions.v1.GetKafkaExporterImageRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
