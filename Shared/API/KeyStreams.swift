// `strmprivacy.api.key_streams.v1`

package import GRPC

/// Streams of keys.
package enum KeyStreamsService: RPCService {
    package static let serviceName = "strmprivacy.api.key_streams.v1.KeyStreamsService"

    /// All key streams that the caller may see.
    package static let listKeyStreams: UnaryMethod<ListKeyStreamsRequest, ListKeyStreamsResponse> = unary(
        "ListKeyStreams")
    /// One key stream.
    package static let getKeyStream: UnaryMethod<GetKeyStreamRequest, GetKeyStreamResponse> = unary("GetKeyStream")

    package static let methods = [listKeyStreams.shape, getKeyStream.shape]
}

/// `ListKeyStreamsRequest`.
package struct ListKeyStreamsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.key_streams.v1.ListKeyStreamsRequest"

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

/// `ListKeyStreamsResponse`.
package struct ListKeyStreamsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.key_streams.v1.ListKeyStreamsResponse"

    /// The key streams.
    package var keyStreams: [KeyStream] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "keyStreams", &keyStreams)
    }
}

/// `GetKeyStreamRequest`.
package struct GetKeyStreamRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.key_streams.v1.GetKeyStreamRequest"

    /// Which one.
    @Required package var ref: KeyStreamRef

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
    }
}

/// `GetKeyStreamResponse`.
package struct GetKeyStreamResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.key_streams.v1.GetKeyStreamResponse"

    /// The key stream.
    package var keyStream: KeyStream?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "keyStream", &keyStream)
    }
}
