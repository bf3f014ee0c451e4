import API
import GRPC

extension MethodTable {
    /// `OrganizationsService`
    mutating func addOrganizations() {
        read(OrganizationsService.getUser, .people(.view)) { call, request throws(CallError) in
            guard let user = try call.view.user(email: request.email) else { throw .notFound(.user, request.email) }
            var response = GetUserResponse()
            response.user = user.message(try call.view.plane().organizationID)
            return response
        }
        list(OrganizationsService.listOrganizationMembers, .people(.view)) { call, _ throws(CallError) in
            let organization = try call.view.plane().organizationID
            var response = ListOrganizationMembersResponse()
            response.organizationMembers = try call.view.users().map { $0.message(organization) }
            return response
        }
        change(OrganizationsService.updateUserRoles, .people(.manageOrganization)) {
            call, change, request throws(CallError) in
            let roles = Roles(request.userRoles)
            let organization = try call.view.plane().organizationID
            for email in request.emails {
                guard var user = try call.view.user(email: email) else { throw .notFound(.user, email) }
                let before = user.message(organization).json
                user.roles = roles
                try change.update(user)
                try change.audit(.user, user.email, before: before, after: user.message(organization).json)
            }
            guard try call.view.adminCount() > 0 else {
                throw .refused("nobody would be admin any more: make somebody else admin first")
            }
            return UpdateUserRolesResponse()
        }
        addInvites()
    }

    private mutating func addInvites() {
        change(OrganizationsService.inviteUsers, .people(.manageOrganization)) {
            call, change, request throws(CallError) in
            try refuseOrganization(request.organizationID)
            var response = InviteUsersResponse()
            for invite in request.userInvites {
                if let problem = try call.problem(inviting: invite) {
                    var issue = InviteUsersResponse.UserInviteIssue()
                    issue.invite = invite
                    issue.message = problem
                    response.issues.append(issue)
                    continue
                }
                let record = InviteRecord(
                    email: invite.email, role: invite.userRole.rawValue, state: UserInvite.State.pending.rawValue,
                    invited: change.now)
                try change.put(record)
                try change.audit(.invite, invite.email, before: nil, after: record.message.json)
                response.inviteCount += 1
            }
            return response
        }
        list(OrganizationsService.listUserInvites, .people(.manageOrganization)) { call, request throws(CallError) in
            try refuseOrganization(request.organizationID)
            var response = ListUserInvitesResponse()
            response.userInvites = try call.view.invites().map(\.message)
            return response
        }
    }
}

/// The organization follows from the token; callers must not name one.
private func refuseOrganization(_ id: String) throws(CallError) {
    if !id.isEmpty { throw .invalid(field: "organizationId", rule: "must be empty: it follows from the token") }
}

extension Call {
    /// Why somebody cannot be invited; nil when they can.
    fileprivate func problem(inviting invite: UserInvite) throws(CallError) -> String? {
        if try view.user(email: invite.email) != nil { return "is a member already" }
        if try view.invite(email: invite.email)?.isOpen == true { return "has been invited already" }
        return nil
    }
}

extension InviteRecord {
    fileprivate var message: UserInvite {
        var invite = UserInvite()
        invite.email = email
        invite.userRole = UserRole(rawValue: role) ?? .unspecified
        invite.state = UserInvite.State(rawValue: state) ?? .unspecified
        return invite
    }
}

extension UserRecord {
    /// The message.
    func message(_ organizationID: String) -> User {
        var user = User()
        user.email = email
        user.firstName = firstName
        user.lastName = lastName
        user.functionTitle = functionTitle
        user.userRoles = roles.messages
        user.externalUserID = id
        user.organizationID = organizationID
        return user
    }
}

extension Roles {
    /// From the message's list; empty means member.
    init(_ roles: [Open<UserRole>]) {
        let named = roles.reduce(into: Roles()) { all, role in
            if role.wrappedValue != .unspecified { all.insert(Roles(rawValue: 1 << Int64(role.number))) }
        }
        self = named.isEmpty ? .member : named
    }

    /// The message's list.
    var messages: [Open<UserRole>] {
        UserRole.allCases.filter { $0 != .unspecified && contains(Roles(rawValue: 1 << Int64($0.rawValue))) }
            .map { Open(wrappedValue: $0) }
    }
}
