// `strmprivacy.api.organizations.v1`

package import GRPC

/// The users of the organisation.
package enum OrganizationsService: RPCService {
    package static let serviceName = "strmprivacy.api.organizations.v1.OrganizationsService"

    /// Invites people by e-mail.
    package static let inviteUsers: UnaryMethod<InviteUsersRequest, InviteUsersResponse> = unary("InviteUsers")
    /// Who was invited.
    package static let listUserInvites: UnaryMethod<ListUserInvitesRequest, ListUserInvitesResponse> = unary(
        "ListUserInvites")
    /// Gives each of some users these roles.
    package static let updateUserRoles: UnaryMethod<UpdateUserRolesRequest, UpdateUserRolesResponse> = unary(
        "UpdateUserRoles")
    /// One user.
    package static let getUser: UnaryMethod<GetUserRequest, GetUserResponse> = unary("GetUser")
    /// Everybody.
    package static let listOrganizationMembers:
        UnaryMethod<ListOrganizationMembersRequest, ListOrganizationMembersResponse> = unary("ListOrganizationMembers")

    package static let methods = [
        inviteUsers.shape, listUserInvites.shape, updateUserRoles.shape, getUser.shape, listOrganizationMembers.shape,
    ]
}

/// `InviteUsersRequest`.
package struct InviteUsersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.InviteUsersRequest"

    /// The invitations.
    package var userInvites: [UserInvite] = []
    /// The organisation's UUID.
    package var organizationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "userInvites", &userInvites, count: 1...500)
        fields.text(2, "organizationId", &organizationID, [.uuid])
    }
}

/// `ListUserInvitesRequest`.
package struct ListUserInvitesRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.ListUserInvitesRequest"

    /// The organisation's UUID.
    package var organizationID = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "organizationId", &organizationID, [.uuid])
    }
}

/// `ListUserInvitesResponse`.
package struct ListUserInvitesResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.ListUserInvitesResponse"

    /// The invitations.
    package var userInvites: [UserInvite] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "userInvites", &userInvites)
    }
}

/// `UserInvite`.
package struct UserInvite: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.UserInvite"

    /// The address of e-mail.
    package var email = ""
    /// The role that the user will have.
    @Open package var userRole: UserRole
    /// How far it is.
    @Open package var state: UserInvite.State

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "email", &email, [.required, .email])
        fields.enumeration(2, "userRole", &$userRole)
        fields.enumeration(3, "state", &$state)
    }

    /// `UserInvite.State`.
    package enum State: Int32, ProtoEnum {
        package static let protoName = "strmprivacy.api.organizations.v1.UserInvite.State"
        package static let names = ["STATE_UNSPECIFIED", "PENDING", "NOTIFIED", "COMPLETED", "EXPIRED"]

        case unspecified = 0
        case pending = 1
        case notified = 2
        case completed = 3
        case expired = 4
    }
}

/// `InviteUsersResponse`.
package struct InviteUsersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.InviteUsersResponse"

    /// How many were sent.
    package var inviteCount: Int64 = 0
    /// What went wrong.
    package var issues: [InviteUsersResponse.UserInviteIssue] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.int64(1, "inviteCount", &inviteCount)
        fields.messages(2, "issues", &issues)
    }

    /// `InviteUsersResponse.UserInviteIssue`.
    package struct UserInviteIssue: ProtoMessage {
        package static let protoName = "strmprivacy.api.organizations.v1.InviteUsersResponse.UserInviteIssue"

        /// The invitation.
        @Required package var invite: UserInvite
        /// What happened, for people.
        package var message = ""

        package init() {}

        package mutating func visit(_ fields: inout ProtoFields) {
            fields.message(1, "invite", &$invite)
            fields.text(2, "message", &message)
        }
    }
}

/// `UpdateUserRolesRequest`.
package struct UpdateUserRolesRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.UpdateUserRolesRequest"

    /// Addresses of e-mail.
    package var emails: [String] = []
    /// The roles.
    package var userRoles: [Open<UserRole>] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.texts(1, "emails", &emails, count: 1 ... .max, each: [.required, .email])
        fields.enumerations(2, "userRoles", &userRoles)
    }
}

/// `ListOrganizationMembersResponse`.
package struct ListOrganizationMembersResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.ListOrganizationMembersResponse"

    /// The members.
    package var organizationMembers: [User] = []

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.messages(1, "organizationMembers", &organizationMembers)
    }
}

/// `GetUserRequest`.
package struct GetUserRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.GetUserRequest"

    /// The address of e-mail.
    package var email = ""

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.text(1, "email", &email, [.required, .email])
    }
}

/// `GetUserResponse`.
package struct GetUserResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.GetUserResponse"

    /// The user.
    package var user: User?

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {
        fields.message(1, "user", &user)
    }
}

/// `UpdateUserRolesResponse`.
package struct UpdateUserRolesResponse: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.UpdateUserRolesResponse"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}

/// `ListOrganizationMembersRequest`.
package struct ListOrganizationMembersRequest: ProtoMessage {
    package static let protoName = "strmprivacy.api.organizations.v1.ListOrganizationMembersRequest"

    package init() {}

    package mutating func visit(_ fields: inout ProtoFields) {}
}
