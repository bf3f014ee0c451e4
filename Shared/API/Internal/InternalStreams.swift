// `strmprivacy.internal_api.streams.v1`

package import GRPC

extension InternalAPI {
    /// Streams for components.
    package enum InternalStreamsService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.streams.v1.InternalStreamsService"

        /// The streams of some clients. Deprecated.
        package static let getStreamsByClientIds:
            UnaryMethod<GetStreamsByClientIdsRequest, GetStreamsByClientIdsResponse> = unary("GetStreamsByClientIds")
        /// Some streams. Deprecated.
        package static let getStreamsByStreamRefs:
            UnaryMethod<GetStreamsByStreamRefsRequest, GetStreamsByStreamRefsResponse> = unary("GetStreamsByStreamRefs")
        /// Opens or closes a stream. Deprecated.
        package static let updateStreamEnabled: UnaryMethod<UpdateStreamEnabledRequest, UpdateStreamEnabledResponse> =
            unary("UpdateStreamEnabled")

        package static let methods = [
            getStreamsByClientIds.shape, getStreamsByStreamRefs.shape, updateStreamEnabled.shape,
        ]
    }

    /// `GetStreamsByClientIdsRequest`. Deprecated.
    package struct GetStreamsByClientIdsRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.streams.v1.GetStreamsByClientIdsRequest"

        /// Clients of the streams.
        package var clientIDs: [String] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.texts(1, "clientIds", &clientIDs)
        }
    }

    /// `GetStreamsByClientIdsResponse`. Deprecated.
    package struct GetStreamsByClientIdsResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.streams.v1.GetStreamsByClientIdsResponse"

        /// The streams.
        package var extendedStreams: [InternalAPI.ExtendedStream] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "extendedStreams", &extendedStreams)
        }
    }

    /// `GetStreamsByStreamRefsRequest`.
    package struct GetStreamsByStreamRefsRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.streams.v1.GetStreamsByStreamRefsRequest"

        /// Which ones.
        package var refs: [StreamRef] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "refs", &refs)
        }
    }

    /// `GetStreamsByStreamRefsResponse`.
    package struct GetStreamsByStreamRefsResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.streams.v1.GetStreamsByStreamRefsResponse"

        /// The streams.
        package var extendedStreams: [InternalAPI.ExtendedStream] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "extendedStreams", &extendedStreams)
        }
    }

    /// `UpdateStreamEnabledRequest`.
    package struct UpdateStreamEnabledRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.streams.v1.UpdateStreamEnabledRequest"

        /// Which one.
        package var ref: StreamRef?
        /// False refuses new events.
        package var enabled = false

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "ref", &ref)
            fields.flag(2, "enabled", &enabled)
        }
    }

    /// `UpdateStreamEnabledResponse`.
    package struct UpdateStreamEnabledResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.streams.v1.UpdateStreamEnabledResponse"

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {}
    }
}
