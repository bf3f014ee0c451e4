// `strmprivacy.api.batch_exporters.v1`

package import GRPC

/// Exporters of streams into files.
package enum BatchExportersService: RPCService {
    package static let serviceName = "strmprivacy.api.batch_exporters.v1.BatchExportersService"

    /// All batch exporters that the caller may see.
    package static let listBatchExporters: UnaryMethod<ListBatchExportersRequest, ListBatchExportersResponse> = unary(
        "ListBatchExporters")
    /// One batch exporter.
    package static let getBatchExporter: UnaryMethod<GetBatchExporterRequest, GetBatchExporterResponse> = unary(
        "GetBatchExporter")
    /// Removes a batch exporter.
    package static let deleteBatchExporter: UnaryMethod<DeleteBatchExporterRequest, DeleteBatchExporterResponse> =
        unary("DeleteBatchExporter")
    /// Makes a batch exporter.
    package static let createBatchExporter: UnaryMethod<CreateBatchExporterRequest, CreateBatchExporterResponse> =
        unary("CreateBatchExporter")

    package static let methods = [
        listBatchExporters.shape, getBatchExporter.shape, deleteBatchExporter.shape, createBatchExporter.shape,
    ]
}

/// `ListBatchExportersRequest`.
package struct ListBatchExportersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_exporters.v1.ListBatchExportersRequest"

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

/// `ListBatchExportersResponse`.
package struct ListBatchExportersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_exporters.v1.ListBatchExportersResponse"

    /// The exporters.
    package var batchExporters: [BatchExporter] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "batchExporters", &batchExporters)
    }
}

/// `DeleteBatchExporterRequest`.
package struct DeleteBatchExporterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_exporters.v1.DeleteBatchExporterRequest"

    /// Which one.
    @Required package var ref: BatchExporterRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `CreateBatchExporterRequest`.
package struct CreateBatchExporterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_exporters.v1.CreateBatchExporterRequest"

    /// The exporter.
    @Required package var batchExporter: BatchExporter

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "batchExporter", &$batchExporter)
    }
}

/// `CreateBatchExporterResponse`.
package struct CreateBatchExporterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_exporters.v1.CreateBatchExporterResponse"

    /// The exporter.
    package var batchExporter: BatchExporter?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "batchExporter", &batchExporter)
    }
}

/// `GetBatchExporterRequest`.
package struct GetBatchExporterRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_exporters.v1.GetBatchExporterRequest"

    /// Which one.
    @Required package var ref: BatchExporterRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `GetBatchExporterResponse`.
package struct GetBatchExporterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_exporters.v1.GetBatchExporterResponse"

    /// The exporter.
    package var batchExporter: BatchExporter?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "batchExporter", &batchExporter)
    }
}

/// `DeleteBatchExporterResponse`.
package struct DeleteBatchExporterResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.batch_exporters.v1.DeleteBatchExporterResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
