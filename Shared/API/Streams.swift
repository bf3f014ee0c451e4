// `strmprivacy.api.streams.v1`

package import GRPC

/// Streams of a project.
package enum StreamsService: RPCService {
    package static let serviceName = "strmprivacy.api.streams.v1.StreamsService"

    /// All streams that the caller may see.
    package static let listStreams: UnaryMethod<ListStreamsRequest, ListStreamsResponse> = unary("ListStreams")
    /// The streams of some clients.
    package static let listExtendedStreams: UnaryMethod<ListExtendedStreamsRequest, ListExtendedStreamsResponse> =
        unary("ListExtendedStreams")
    /// One stream.
    package static let getStream: UnaryMethod<GetStreamRequest, GetStreamResponse> = unary("GetStream")
    /// Removes a stream.
    package static let deleteStream: UnaryMethod<DeleteStreamRequest, DeleteStreamResponse> = unary("DeleteStream")
    /// Makes a stream.
    package static let createStream: UnaryMethod<CreateStreamRequest, CreateStreamResponse> = unary("CreateStream")

    package static let methods = [
        listStreams.shape, listExtendedStreams.shape, getStream.shape, deleteStream.shape, createStream.shape,
    ]
}

/// `ListStreamsRequest`.
package struct ListStreamsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.ListStreamsRequest"

    /// Deprecated.
    package var billingID = ""
    /// Also what belongs to it.
    package var recursive = false
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.flag(2, "recursive", &recursive)
        fields.text(3, "projectId", &projectID, [.required, .uuid])
    }
}

/// `ListStreamsResponse`.
package struct ListStreamsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.ListStreamsResponse"

    /// The streams.
    package var streams: [StreamTree] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "streams", &streams)
    }
}

/// `ListExtendedStreamsRequest`.
package struct ListExtendedStreamsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.ListExtendedStreamsRequest"

    /// The clients whose streams are wanted.
    package var clientIDs: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "clientIds", &clientIDs, count: 1 ... .max)
    }
}

/// `ListExtendedStreamsResponse`.
package struct ListExtendedStreamsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.ListExtendedStreamsResponse"

    /// The streams.
    package var extendedStreams: [ExtendedStream] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "extendedStreams", &extendedStreams)
    }
}

/// `DeleteStreamRequest`.
package struct DeleteStreamRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.DeleteStreamRequest"

    /// Which one.
    @Required package var ref: StreamRef
    /// Remove what depends on it too.
    package var recursive = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.flag(2, "recursive", &recursive)
    }
}

/// `CreateStreamRequest`.
package struct CreateStreamRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.CreateStreamRequest"

    /// The stream.
    @Required package var stream: StreamSpec

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "stream", &$stream)
    }
}

/// `CreateStreamResponse`.
package struct CreateStreamResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.CreateStreamResponse"

    /// The stream.
    package var stream: StreamSpec?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "stream", &stream)
    }
}

/// `GetStreamRequest`.
package struct GetStreamRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.GetStreamRequest"

    /// Which one.
    @Required package var ref: StreamRef
    /// Also what belongs to it.
    package var recursive = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &$ref)
        fields.flag(2, "recursive", &recursive)
    }
}

/// `GetStreamResponse`.
package struct GetStreamResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.GetStreamResponse"

    /// The stream, and what belongs to it.
    package var streamTree: StreamTree?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "streamTree", &streamTree)
    }
}

/// `DeleteStreamResponse`.
package struct DeleteStreamResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.streams.v1.DeleteStreamResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
