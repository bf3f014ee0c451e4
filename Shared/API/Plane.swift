// `polder.plane.v1`

package import GRPC

/// What a plane runs on.
package enum PlaneService: RPCService {
    package static let serviceName = "polder.plane.v1.PlaneService"

    /// All that the components of a plane run on, or what has changed of it, or nothing when the caller has it already.
    package static let getPlane: UnaryMethod<GetPlaneRequest, GetPlaneResponse> = unary("GetPlane")
    /// The version now, and again whenever it changes.
    package static let watchPlane: ServerStreamMethod<WatchPlaneRequest, WatchPlaneResponse> = serverStream(
        "WatchPlane")
    /// Says that a component has taken up a version.
    package static let confirmPlane: UnaryMethod<ConfirmPlaneRequest, ConfirmPlaneResponse> = unary("ConfirmPlane")

    package static let methods = [getPlane.shape, watchPlane.shape, confirmPlane.shape]
}

/// `GetPlaneRequest`.
package struct GetPlaneRequest: ProtoMessage {
    package static let protoName = "polder.plane.v1.GetPlaneRequest"

    /// The version that the caller has; when it is still the current one, the answer holds nothing else.
    package var knownVersion = ""
    /// Whether what has changed since that version will do.
    package var changesSuffice = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "knownVersion", &knownVersion)
        fields.flag(2, "changesSuffice", &changesSuffice)
    }
}

/// `GetPlaneResponse`.
package struct GetPlaneResponse: ProtoMessage {
    package static let protoName = "polder.plane.v1.GetPlaneResponse"

    /// Changes whenever the plane does.
    package var version = ""
    /// Every stream; of changes those that are new or not what they were.
    package var streams: [PlaneStreamSpec] = []
    /// Every contract that a stream may use; none in changes, which are never of contracts or policies.
    package var contracts: [DataContractSpec] = []
    /// Every policy; none in changes.
    package var policies: [PolicySpec] = []
    /// When set, the answer holds what has changed since that version, which the caller has; otherwise it holds everything.
    package var changedSince = ""
    /// Of changes the UUIDs of streams that are gone.
    package var goneStreams: [String] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "version", &version)
        fields.messages(2, "streams", &streams)
        fields.messages(3, "contracts", &contracts)
        fields.messages(4, "policies", &policies)
        fields.text(5, "changedSince", &changedSince)
        fields.texts(6, "goneStreams", &goneStreams)
    }
}

/// `PlaneStream`: a stream as the components of a plane need it.
package struct PlaneStreamSpec: ProtoMessage {
    package static let protoName = "polder.plane.v1.PlaneStream"

    /// The stream and its topic; without credentials.
    package var extendedStream: ExtendedStream?
    /// Whose tokens may send to it or read from it.
    package var clientIDs: [String] = []
    /// Put in front of each value before it is hashed. Secret.
    package var maskSeed = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "extendedStream", &extendedStream)
        fields.texts(2, "clientIds", &clientIDs)
        fields.text(3, "maskSeed", &maskSeed)
    }
}

/// `WatchPlaneRequest`.
package struct WatchPlaneRequest: ProtoMessage {
    package static let protoName = "polder.plane.v1.WatchPlaneRequest"

    /// Who watches, and will confirm what it takes up: a text of the component's own choice. Empty: it will not.
    package var component = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "component", &component, [.length(0...100)])
    }
}

/// `WatchPlaneResponse`.
package struct WatchPlaneResponse: ProtoMessage {
    package static let protoName = "polder.plane.v1.WatchPlaneResponse"

    /// The version that can be got now.
    package var version = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "version", &version)
    }
}

/// `ConfirmPlaneRequest`.
package struct ConfirmPlaneRequest: ProtoMessage {
    package static let protoName = "polder.plane.v1.ConfirmPlaneRequest"

    /// Who: as in `WatchPlaneRequest`.
    package var component = ""
    /// The version that it has dealt with.
    package var version = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "component", &component, [.required, .length(1...100)])
        fields.text(2, "version", &version, [.required])
    }
}

/// `ConfirmPlaneResponse`.
package struct ConfirmPlaneResponse: ProtoMessage {
    package static let protoName = "polder.plane.v1.ConfirmPlaneResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
