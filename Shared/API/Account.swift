// `strmprivacy.api.account.v1`

package import GRPC

/// The caller and the organisation.
package enum AccountService: RPCService {
    package static let serviceName = "strmprivacy.api.account.v1.AccountService"

    /// Who the caller is, and what is allowed.
    package static let getAccountDetails: UnaryMethod<GetAccountDetailsRequest, GetAccountDetailsResponse> = unary(
        "GetAccountDetails")
    /// An old name of the account.
    package static let getLegacyBillingId: UnaryMethod<GetLegacyBillingIdRequest, GetLegacyBillingIdResponse> = unary(
        "GetLegacyBillingId")
    /// Gives the organisation its short name.
    package static let createAccountHandle: UnaryMethod<CreateAccountHandleRequest, CreateAccountHandleResponse> =
        unary("CreateAccountHandle")
    /// Begins to buy a plan.
    package static let initializeCheckout: UnaryMethod<InitializeCheckoutRequest, InitializeCheckoutResponse> = unary(
        "InitializeCheckout")
    /// How far buying is.
    package static let getCheckoutStatus: UnaryMethod<GetCheckoutStatusRequest, GetCheckoutStatusResponse> = unary(
        "GetCheckoutStatus")
    /// Opens the portal of the payment provider.
    package static let initializeCustomerPortal:
        UnaryMethod<InitializeCustomerPortalRequest, InitializeCustomerPortalResponse> = unary(
            "InitializeCustomerPortal")
    /// Ends buying without a plan.
    package static let setCheckoutCancelled: UnaryMethod<SetCheckoutCancelledRequest, SetCheckoutCancelledResponse> =
        unary("SetCheckoutCancelled")
    /// Notes that the caller was shown around.
    package static let updateOnboarding: UnaryMethod<UpdateOnboardingRequest, UpdateOnboardingResponse> = unary(
        "UpdateOnboarding")

    package static let methods = [
        getAccountDetails.shape, getLegacyBillingId.shape, createAccountHandle.shape, initializeCheckout.shape,
        getCheckoutStatus.shape, initializeCustomerPortal.shape, setCheckoutCancelled.shape, updateOnboarding.shape,
    ]
}

/// `GetAccountDetailsRequest`.
package struct GetAccountDetailsRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.GetAccountDetailsRequest"

    /// Deprecated.
    package var billingID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
    }
}

/// `GetAccountDetailsResponse`.
package struct GetAccountDetailsResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.GetAccountDetailsResponse"

    /// Deprecated.
    package var billingID = ""
    /// How many source streams there may be.
    package var maxInputStreams: Int32 = 0
    /// The organisation's short name.
    package var handle = ""
    /// What was bought.
    package var subscription = ""
    /// The organisation's name.
    package var organization = ""
    /// The organisation's UUID.
    package var organizationID = ""
    /// The caller's UUID here.
    package var internalUserID = ""
    /// Whether the caller was shown around.
    package var isOnboardingDone = false
    /// The roles.
    package var userRoles: [Open<UserRole>] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
        fields.int32(2, "maxInputStreams", &maxInputStreams)
        fields.text(3, "handle", &handle)
        fields.text(4, "subscription", &subscription)
        fields.text(5, "organization", &organization)
        fields.text(6, "organizationId", &organizationID)
        fields.text(7, "internalUserId", &internalUserID)
        fields.flag(8, "isOnboardingDone", &isOnboardingDone)
        fields.enumerations(9, "userRoles", &userRoles)
    }
}

/// `GetLegacyBillingIdResponse`. Deprecated.
package struct GetLegacyBillingIdResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.GetLegacyBillingIdResponse"

    /// Deprecated.
    package var billingID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID)
    }
}

/// `CreateAccountHandleRequest`.
package struct CreateAccountHandleRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.CreateAccountHandleRequest"

    /// Deprecated.
    package var billingID = ""
    /// The organisation's short name.
    package var handle = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "billingId", &billingID, [.empty])
        fields.text(2, "handle", &handle, [.required, .length(4...100), .handle, .without("strm")])
    }
}

/// `CreateAccountHandleResponse`.
package struct CreateAccountHandleResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.CreateAccountHandleResponse"

    /// The organisation's short name.
    package var handle = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "handle", &handle)
    }
}

/// `InitializeCheckoutRequest`.
package struct InitializeCheckoutRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.InitializeCheckoutRequest"

    /// The plan to buy.
    package var planID = ""
    /// Deprecated; must be empty.
    package var userID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "planId", &planID, [.required, .oneOf(["ENTERPRISE", "BUSINESS", "SELF_HOSTED", "FREE"])])
        fields.text(2, "userId", &userID, [.empty])
    }
}

/// `InitializeCheckoutResponse`.
package struct InitializeCheckoutResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.InitializeCheckoutResponse"

    /// Where the checkout goes on.
    package var checkoutURI = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "checkoutUri", &checkoutURI)
    }
}

/// `GetCheckoutStatusRequest`.
package struct GetCheckoutStatusRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.GetCheckoutStatusRequest"

    /// Deprecated; must be empty.
    package var userID = ""
    /// A checkout that was begun.
    package var checkoutSessionID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "userId", &userID, [.empty])
        fields.text(2, "checkoutSessionId", &checkoutSessionID)
    }
}

/// `GetCheckoutStatusResponse`.
package struct GetCheckoutStatusResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.GetCheckoutStatusResponse"

    /// How far it is.
    package var status = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "status", &status)
    }
}

/// `SetCheckoutCancelledRequest`.
package struct SetCheckoutCancelledRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.SetCheckoutCancelledRequest"

    /// Deprecated; must be empty.
    package var userID = ""
    /// A checkout that was begun.
    package var checkoutSessionID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "userId", &userID, [.empty])
        fields.text(2, "checkoutSessionId", &checkoutSessionID)
    }
}

/// `InitializeCustomerPortalRequest`.
package struct InitializeCustomerPortalRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.InitializeCustomerPortalRequest"

    /// Deprecated; must be empty.
    package var userID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "userId", &userID, [.empty])
    }
}

/// `InitializeCustomerPortalResponse`.
package struct InitializeCustomerPortalResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.InitializeCustomerPortalResponse"

    /// Where the portal is.
    package var customerPortalURI = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "customerPortalUri", &customerPortalURI)
    }
}

/// `UpdateOnboardingRequest`.
package struct UpdateOnboardingRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.UpdateOnboardingRequest"

    /// Whether the caller was shown around.
    package var isOnboardingDone = false

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.flag(1, "isOnboardingDone", &isOnboardingDone)
    }
}

/// `GetLegacyBillingIdRequest`. Deprecated.
package struct GetLegacyBillingIdRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.GetLegacyBillingIdRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `SetCheckoutCancelledResponse`.
package struct SetCheckoutCancelledResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.SetCheckoutCancelledResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `UpdateOnboardingResponse`.
package struct UpdateOnboardingResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.account.v1.UpdateOnboardingResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
