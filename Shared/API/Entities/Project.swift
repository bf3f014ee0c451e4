package import GRPC

/// `Project`: what belongs together: streams, contracts, jobs.
package struct Project: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.Project"

    /// The UUID.
    package var id = ""
    /// 2–100 characters.
    package var name = ""
    /// For people.
    package var description = ""
    /// The organisation's UUID.
    package var organizationID = ""
    /// Where it stands in its life.
    @Open package var state: Project.State

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "id", &id)
        fields.text(2, "name", &name, [.required, .length(2...100), .name])
        fields.text(3, "description", &description, [.length(0...5000)])
        fields.text(4, "organizationId", &organizationID)
        fields.enumeration(5, "state", &$state)
    }

    /// `Project.State`.
    package enum State: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.entities.v1.Project.State"
        package static let names = ["STATE_UNSPECIFIED", "OPERATIONAL", "PENDING_DELETION", "ARCHIVED"]

        case unspecified = 0
        case operational = 1
        case pendingDeletion = 2
        case archived = 3
    }
}

/// `User`: a person who works here.
package struct User: ProtoMessage {
    package static let protoName = "strmprivacy.api.entities.v1.User"

    /// The address of e-mail.
    package var email = ""
    /// For people.
    package var firstName = ""
    /// For people.
    package var lastName = ""
    /// The roles.
    package var userRoles: [Open<UserRole>] = []
    /// The UUID of the identity provider.
    package var externalUserID = ""
    /// The organisation's UUID.
    package var organizationID = ""
    /// For people.
    package var functionTitle = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "email", &email, [.email])
        fields.text(2, "firstName", &firstName)
        fields.text(3, "lastName", &lastName)
        fields.enumerations(4, "userRoles", &userRoles)
        fields.text(5, "externalUserId", &externalUserID, [.uuid])
        fields.text(6, "organizationId", &organizationID, [.uuid])
        fields.text(7, "functionTitle", &functionTitle)
    }
}

/// `UserRole`: what a user may do.
package enum UserRole: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.UserRole"
    package static let names = ["USER_ROLE_UNSPECIFIED", "ADMIN", "PROJECT_ADMIN", "APPROVER", "MEMBER"]

    case unspecified = 0
    case admin = 1
    case projectAdmin = 2
    case approver = 3
    case member = 4
}

/// `SubscriptionPlan`: what was bought.
package enum SubscriptionPlan: Int32, ProtoEnum {
    package static let protoName = "strmprivacy.api.entities.v1.SubscriptionPlan"
    package static let names = [
        "SUBSCRIPTION_PLAN_UNSPECIFIED", "FREE", "BUSINESS", "SELF_HOSTED", "AWS_MARKETPLACE_PAYG",
        "AWS_MARKETPLACE_BYOL",
    ]

    case unspecified = 0
    case free = 1
    case business = 2
    case selfHosted = 3
    case awsMarketplacePayg = 4
    case awsMarketplaceByol = 5
}
