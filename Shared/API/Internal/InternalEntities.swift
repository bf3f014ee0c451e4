// `strmprivacy.internal_api.entities.v1`

package import GRPC

extension InternalAPI {
    /// `ExtendedStream`: a stream, and what only the plane knows of it. Deprecated.
    package struct ExtendedStream: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.entities.v1.ExtendedStream"

        /// The stream.
        package var stream: StreamSpec?
        /// Output only: where its records are.
        package var topic = ""
        /// The UUID.
        package var uuid = ""
        /// Whether its keys are a stream too.
        package var keyStream = false

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "stream", &stream)
            fields.text(2, "topic", &topic)
            fields.text(3, "uuid", &uuid)
            fields.flag(4, "keyStream", &keyStream)
        }
    }

    /// `ExtendedStreamGroup`: a source stream and its derived streams. Deprecated.
    package struct ExtendedStreamGroup: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.entities.v1.ExtendedStreamGroup"

        /// The source.
        package var sourceStream: ExtendedStream?
        /// The streams that are derived from it.
        package var derivedStreams: [ExtendedStream] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "sourceStream", &sourceStream)
            fields.messages(2, "derivedStreams", &derivedStreams)
        }
    }

    /// `ExtendedBatchExporter`: an exporter, and what only the plane knows of it. Deprecated.
    package struct ExtendedBatchExporter: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.entities.v1.ExtendedBatchExporter"

        /// The UUID.
        package var uuid = ""
        /// Output only: where its records are.
        package var topic = ""
        /// The exporter.
        package var exporter: BatchExporter?

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "uuid", &uuid)
            fields.text(2, "topic", &topic)
            fields.message(3, "exporter", &exporter)
        }
    }

    /// `ExtendedSink`. Deprecated.
    package struct ExtendedSink: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.entities.v1.ExtendedSink"

        /// The UUID.
        package var uuid = ""
        /// Where it writes.
        package var sink: Sink?

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "uuid", &uuid)
            fields.message(2, "sink", &sink)
        }
    }

    /// `ExtendedBatchExporterAndSink`. Deprecated.
    package struct ExtendedBatchExporterAndSink: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.entities.v1.ExtendedBatchExporterAndSink"

        /// The exporter.
        package var extendedExporter: ExtendedBatchExporter?
        /// Where it writes.
        package var extendedSink: ExtendedSink?

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "extendedExporter", &extendedExporter)
            fields.message(2, "extendedSink", &extendedSink)
        }
    }

    /// `KubernetesDeployment`. Deprecated.
    package struct KubernetesDeployment: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.entities.v1.KubernetesDeployment"

        /// The image, without registry and tag.
        package var image = ""
        /// The deployment.
        package var name = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "image", &image)
            fields.text(2, "name", &name)
        }
    }

    /// `ExtendedBatchJob`: a job of either kind. Deprecated.
    package struct ExtendedBatchJob: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.entities.v1.ExtendedBatchJob"

        /// The job, if it encrypts; deprecated for `job`.
        package var batchJob: BatchJob?

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "batchJob", &batchJob)
        }
    }
}
