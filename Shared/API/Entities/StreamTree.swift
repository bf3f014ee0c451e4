package import GRPC

/// `ExtendedStream`: a stream, and what only the plane knows of it.
package struct ExtendedStream: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ExtendedStream"

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

/// `ExtendedStreamGroup`: a source stream and its derived streams.
package struct ExtendedStreamGroup: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ExtendedStreamGroup"

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

/// `StreamTree`: a stream and what belongs to it.
package struct StreamTree: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.StreamTree"

    /// The stream.
    package var stream: StreamSpec?
    /// The stream of its keys, if it has one.
    package var keyStream: KeyStream?
    /// The streams that are derived from it.
    package var derived: [StreamSpec] = []
    /// The exporters.
    package var batchExporters: [BatchExporter] = []
    /// The exporters to Kafka.
    package var kafkaExporters: [KafkaExporter] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "stream", &stream)
        fields.message(2, "keyStream", &keyStream)
        fields.messages(3, "derived", &derived)
        fields.messages(4, "batchExporters", &batchExporters)
        fields.messages(5, "kafkaExporters", &kafkaExporters)
    }
}

/// `KeyStream`: the stream of a stream's keys.
package struct KeyStream: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KeyStream"

    /// Which one.
    package var ref: KeyStreamRef?
    /// Deprecated.
    package var status = ""
    /// Output only.
    package var kafkaTopic = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &ref)
        fields.text(2, "status", &status)
        fields.text(3, "kafkaTopic", &kafkaTopic)
    }
}

/// `KeyStreamRef`.
package struct KeyStreamRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.KeyStreamRef"

    /// Deprecated.
    package var billingID = ""
    /// The name of the stream.
    package var name = ""
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "name", &name, [.length(4...100), .name])
        fields.text(3, "projectId", &projectID, [.required, .uuid])
    }
}

/// `WindowedEventCount`: how many events came in a span of time.
package struct WindowedEventCount: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.WindowedEventCount"

    /// Included.
    package var startTime: ProtoTimestamp?
    /// Not included.
    package var endTime: ProtoTimestamp?
    /// How many events.
    package var eventCount: Int64 = 0

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "startTime", &startTime)
        fields.message(2, "endTime", &endTime)
        fields.int64(3, "eventCount", &eventCount)
    }
}
