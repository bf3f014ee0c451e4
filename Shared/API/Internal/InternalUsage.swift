// `strmprivacy.internal_api.usage.v1`

package import GRPC

extension InternalAPI {
    /// Counts for accounting.
    package enum InternalUsageService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.usage.v1.InternalUsageService"

        /// How many events each project took.
        package static let getEventUsage: UnaryMethod<GetEventUsageRequest, GetEventUsageResponse> = unary(
            "GetEventUsage")

        package static let methods = [getEventUsage.shape]
    }

    /// `GetEventUsageRequest`.
    package struct GetEventUsageRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.usage.v1.GetEventUsageRequest"

        /// Included.
        @Required package var startTime: ProtoTimestamp
        /// Not included.
        @Required package var endTime: ProtoTimestamp

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "startTime", &$startTime)
            fields.message(2, "endTime", &$endTime)
        }
    }

    /// `GetEventUsageResponse`.
    package struct GetEventUsageResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.usage.v1.GetEventUsageResponse"

        /// The counts.
        package var usageRecord: [EventUsage] = []

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.messages(1, "usageRecord", &usageRecord)
        }
    }

    /// `EventUsage`.
    package struct EventUsage: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.usage.v1.EventUsage"

        /// Deprecated.
        package var billingID = ""
        /// How many events.
        package var eventCount: Int64 = 0
        /// The project's UUID.
        package var projectID = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "billingId", &billingID)
            fields.int64(2, "eventCount", &eventCount)
            fields.text(3, "projectId", &projectID)
        }
    }
}
