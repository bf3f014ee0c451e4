import API
import JSON

extension MethodTable {
    /// `AccountService`. There is nothing to pay here, and there are no billing ids.
    mutating func addAccount() {
        read(AccountService.getAccountDetails, .people(.view)) { call, _ throws(CallError) in
            let plane = try call.view.plane()
            let user = try call.user()
            var response = GetAccountDetailsResponse()
            response.maxInputStreams = Int32(Call.streamLimit)
            response.handle = plane.handle
            response.subscription = "SELF_HOSTED"
            response.organization = plane.organization
            response.organizationID = plane.organizationID
            response.internalUserID = user.id
            response.isOnboardingDone = user.isOnboarded
            response.userRoles = user.roles.messages
            return response
        }
        change(AccountService.createAccountHandle, .people(.manageOrganization)) {
            call, change, request throws(CallError) in
            let plane = try call.view.plane()
            guard plane.handle.isEmpty else {
                throw .refused("the handle is \(plane.handle) and stays: contracts are named after it")
            }
            try change.setHandle(request.handle)
            let after: JSONValue = ["handle": .string(request.handle)]
            try change.audit(.handle, request.handle, before: nil, after: after)
            var response = CreateAccountHandleResponse()
            response.handle = request.handle
            return response
        }
        change(AccountService.updateOnboarding, .people(.view)) { call, change, request throws(CallError) in
            var user = try call.user()
            let before: JSONValue = ["isOnboardingDone": .bool(user.isOnboarded)]
            user.isOnboarded = request.isOnboardingDone
            try change.update(user)
            let after: JSONValue = ["isOnboardingDone": .bool(user.isOnboarded)]
            try change.audit(.user, user.email, before: before, after: after)
            return UpdateOnboardingResponse()
        }
        read(AccountService.getLegacyBillingId, .people(.view)) { _, _ throws(CallError) in
            GetLegacyBillingIdResponse()  // empty, as requests must have it
        }
        addCheckout()
    }

    /// A request of these is right, and there is never anything that it could be about.
    private mutating func addCheckout() {
        let refusal = CallError.refused("this plane is its owner's own: there is nothing to pay, and no checkout")
        read(AccountService.initializeCheckout, .people(.manageOrganization)) { _, _ throws(CallError) in throw refusal
        }
        read(AccountService.getCheckoutStatus, .people(.manageOrganization)) { _, _ throws(CallError) in throw refusal }
        read(AccountService.setCheckoutCancelled, .people(.manageOrganization)) { _, _ throws(CallError) in
            throw refusal
        }
        read(AccountService.initializeCustomerPortal, .people(.manageOrganization)) { _, _ throws(CallError) in
            throw refusal
        }
    }
}
