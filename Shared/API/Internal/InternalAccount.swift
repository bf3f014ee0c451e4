// `strmprivacy.internal_api.account.v1`

package import GRPC

extension InternalAPI {
    /// Old names of accounts.
    package enum InternalAccountService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.account.v1.InternalAccountService"

        /// An old name of the account. Deprecated.
        package static let getLegacyBillingId: UnaryMethod<GetLegacyBillingIdRequest, GetLegacyBillingIdResponse> =
            unary("GetLegacyBillingId")
        /// An old name of an account. Deprecated.
        package static let getLegacyBillingIdByBillingAccountId:
            UnaryMethod<GetLegacyBillingIdByBillingAccountIdRequest, GetLegacyBillingIdByBillingAccountIdResponse> =
                unary("GetLegacyBillingIdByBillingAccountId")

        package static let methods = [getLegacyBillingId.shape, getLegacyBillingIdByBillingAccountId.shape]
    }

    /// `GetLegacyBillingIdRequest`. Deprecated.
    package struct GetLegacyBillingIdRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.account.v1.GetLegacyBillingIdRequest"

        /// The UUID of the identity provider.
        package var externalUserID = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "externalUserId", &externalUserID)
        }
    }

    /// `GetLegacyBillingIdResponse`. Deprecated.
    package struct GetLegacyBillingIdResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.account.v1.GetLegacyBillingIdResponse"

        /// Deprecated.
        package var billingID = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "billingId", &billingID)
        }
    }

    /// `GetLegacyBillingIdByBillingAccountIdRequest`. Deprecated.
    package struct GetLegacyBillingIdByBillingAccountIdRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.account.v1.GetLegacyBillingIdByBillingAccountIdRequest"

        /// The account that pays: a UUID.
        package var billingAccountID = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "billingAccountId", &billingAccountID)
        }
    }

    /// `GetLegacyBillingIdByBillingAccountIdResponse`. Deprecated.
    package struct GetLegacyBillingIdByBillingAccountIdResponse: ProtoMessage {
        package static let protoName =
            "strmprivacy.internal_api.account.v1.GetLegacyBillingIdByBillingAccountIdResponse"

        /// Deprecated.
        package var billingID = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "billingId", &billingID)
        }
    }
}
