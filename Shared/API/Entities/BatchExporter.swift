package import GRPC

/// `BatchExporter`: copies a stream into files.
package struct BatchExporter: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.BatchExporter"

    /// Which one.
    @Required package var ref: BatchExporterRef
    /// What is exported.
    package var streamOrKeyStreamRef: StreamOrKeyStreamRef?
    /// How often a file is written: 30 s to an hour, in whole seconds.
    package var interval: ProtoDuration?
    /// Deprecated; must be empty.
    package var sinkName = ""
    /// A folder in the bucket; empty for the top.
    package var pathPrefix = ""
    /// Begin with the oldest event, not with the next one.
    package var includeExistingEvents = false
    /// Where it lies.
    @Required package var dataConnectorRef: DataConnectorRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.oneof("stream_or_key_stream_ref", &streamOrKeyStreamRef, required: true)
        fields.duration(4, "interval", &interval, in: 30...3600)
        fields.text(5, "sinkName", &sinkName, [.empty])
        fields.text(
            6, "pathPrefix", &pathPrefix,
            [.length(0...900), .noTrailingSlash, .without(".well-known/acme-challenge"), .noneOf([".", ".."])])
        fields.flag(7, "includeExistingEvents", &includeExistingEvents)
        fields.message(8, "dataConnectorRef", &$dataConnectorRef)
    }

    /// The members of `stream_or_key_stream_ref`.
    package enum StreamOrKeyStreamRef: ProtoOneof {
        /// Which stream.
        case streamRef(StreamRef)
        /// The key stream to export.
        case keyStreamRef(KeyStreamRef)

        package static func visit(_ members: inout OneofMembers<StreamOrKeyStreamRef>) {
            members.message(2, "streamRef", StreamOrKeyStreamRef.streamRef) {
                if case .streamRef(let value) = $0 { value } else { nil }
            }
            members.message(3, "keyStreamRef", StreamOrKeyStreamRef.keyStreamRef) {
                if case .keyStreamRef(let value) = $0 { value } else { nil }
            }
        }
    }
}

/// `BatchExporterRef`.
package struct BatchExporterRef: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.BatchExporterRef"

    /// Deprecated.
    package var billingID = ""
    /// The name; empty makes one of connector and stream.
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

/// `ExtendedBatchExporter`: an exporter, and what only the plane knows of it.
package struct ExtendedBatchExporter: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.ExtendedBatchExporter"

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

/// `Sink`: where exporters wrote before there were connectors; nothing of it is used. Deprecated.
package struct Sink: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Sink"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
