// `strmprivacy.api.usage.v1`

package import GRPC

/// Counts of events.
package enum UsageService: RPCService {
    package static let serviceName = "strmprivacy.api.usage.v1.UsageService"

    /// How many events a stream took, window by window.
    package static let getStreamEventUsage: UnaryMethod<GetStreamEventUsageRequest, GetStreamEventUsageResponse> =
        unary("GetStreamEventUsage")
    /// Adds a count; the same count again changes nothing.
    package static let storeUsageEvent: UnaryMethod<StoreUsageEventRequest, StoreUsageEventResponse> = unary(
        "StoreUsageEvent")

    package static let methods = [getStreamEventUsage.shape, storeUsageEvent.shape]
}

/// `GetStreamEventUsageRequest`.
package struct GetStreamEventUsageRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.usage.v1.GetStreamEventUsageRequest"

    /// Which one.
    package var ref: StreamRef?
    /// Included.
    package var startTime: ProtoTimestamp?
    /// Not included.
    package var endTime: ProtoTimestamp?
    /// The length of a window: at least a minute.
    package var interval: ProtoDuration?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &ref)
        fields.message(2, "startTime", &startTime)
        fields.message(3, "endTime", &endTime)
        fields.duration(4, "interval", &interval, in: 60 ... .max)
    }
}

/// `GetStreamEventUsageResponse`.
package struct GetStreamEventUsageResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.usage.v1.GetStreamEventUsageResponse"

    /// Which one.
    package var ref: StreamRef?
    /// One count after the other.
    package var windows: [WindowedEventCount] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "ref", &ref)
        fields.messages(2, "windows", &windows)
    }
}

/// `StoreUsageEventRequest`.
package struct StoreUsageEventRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.usage.v1.StoreUsageEventRequest"

    /// Deprecated.
    package var billingID = ""
    /// The stream's name.
    package var stream = ""
    /// How many events.
    package var eventCount: Int32 = 0
    /// When the counted events had arrived.
    package var eventArrivalTime: ProtoTimestamp?
    /// The project's UUID.
    package var projectID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "stream", &stream, [.required, .length(4...100), .name])
        fields.int32(3, "eventCount", &eventCount, in: 0 ... .max)
        fields.message(4, "eventArrivalTime", &eventArrivalTime)
        fields.text(5, "projectId", &projectID, [.required, .uuid])
    }
}

/// `StoreUsageEventResponse`.
package struct StoreUsageEventResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.usage.v1.StoreUsageEventResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
