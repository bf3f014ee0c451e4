// `strmprivacy.internal_api.installations.v1`

package import GRPC

extension InternalAPI {
    /// Moving between installations.
    package enum InternalInstallationsService: RPCService {
        package static let serviceName = "strmprivacy.internal_api.installations.v1.InternalInstallationsService"

        /// Moves what an account has to another installation.
        package static let transferResources: UnaryMethod<TransferResourcesRequest, TransferResourcesResponse> = unary(
            "TransferResources")

        package static let methods = [transferResources.shape]
    }

    /// `TransferResourcesRequest`.
    package struct TransferResourcesRequest: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.installations.v1.TransferResourcesRequest"

        /// Whose resources move.
        package var currentBillingAccountID = ""
        /// Where they go: a UUID.
        package var desiredInstallationID = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.text(1, "currentBillingAccountId", &currentBillingAccountID)
            fields.text(2, "desiredInstallationId", &desiredInstallationID)
        }
    }

    /// `TransferResourcesResponse`.
    package struct TransferResourcesResponse: ProtoMessage {
        package static let protoName = "strmprivacy.internal_api.installations.v1.TransferResourcesResponse"

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {}
    }
}
