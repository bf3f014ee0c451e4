// `strmprivacy.internal_api.quotas.v1`

package import GRPC

extension InternalAPI {
    /// What an organisation may use.
    package enum InternalQuotasService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.quotas.v1.InternalQuotasService"

        /// What a project may use.
        package static let getQuotas: UnaryMethod<GetQuotasRequest, GetQuotasResponse> = unary("GetQuotas")

        package static let methods = [getQuotas.shape]
    }

    /// `GetQuotasRequest`.
    package struct GetQuotasRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.quotas.v1.GetQuotasRequest"

        /// Deprecated.
        package var legacyBillingID = ""
        /// The project's UUID.
        package var projectID = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "legacyBillingId", &legacyBillingID)
            fields.text(2, "projectId", &projectID)
        }
    }

    /// `GetQuotasResponse`.
    package struct GetQuotasResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.quotas.v1.GetQuotasResponse"

        /// How many streams there may be.
        package var maxStreams: Int32 = 0
        /// 0 means no limit.
        package var maxEventsPerMonth: Int64 = 0
        /// 0 means no limit.
        package var maxEventsPerSec: Int64 = 0
        /// Whether a stream may have a stream of its keys.
        package var encryptionKeyStreamsAllowed = false

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.int32(1, "maxStreams", &maxStreams)
            fields.int64(2, "maxEventsPerMonth", &maxEventsPerMonth)
            fields.int64(3, "maxEventsPerSec", &maxEventsPerSec)
            fields.flag(4, "encryptionKeyStreamsAllowed", &encryptionKeyStreamsAllowed)
        }
    }
}
