package import Time

/// Somebody who may log in to the control plane.
package struct UserRecord: Sendable, Equatable {
    /// UUID: the `sub` claim of the user's tokens.
    package var id: String
    /// Unique, whatever the case.
    package var email: String
    /// For people.
    package var firstName: String
    /// For people.
    package var lastName: String
    /// For people.
    package var functionTitle: String
    /// What the user may do.
    package var roles: Roles
    /// The text of a `PasswordHash`; nil when the user cannot log in with a password.
    package var password: String?
    /// Whether the console's introduction is done with.
    package var isOnboarded: Bool
    /// When the user was added.
    package var created: Timestamp

    /// A user with this address and nothing else yet.
    package init(email: String, roles: Roles, password: String?, created: Timestamp) {
        id = StateSecrets.newID()
        self.email = email
        firstName = ""
        lastName = ""
        functionTitle = ""
        self.roles = roles
        self.password = password
        isOnboarded = false
        self.created = created
    }

    private static let columns =
        "SELECT id, email, first_name, last_name, function_title, roles, password, is_onboarded, created FROM users"

    fileprivate static let byID = columns + " WHERE id = ?1"
    fileprivate static let byEmail = columns + " WHERE email = ?1"
    fileprivate static let every = columns + " ORDER BY created, id"
    fileprivate static let ofProject =
        columns + " WHERE id IN (SELECT user_id FROM project_members WHERE project_id = ?1) ORDER BY created, id"

    fileprivate init(_ row: Row) {
        id = row.text(0)
        email = row.text(1)
        firstName = row.text(2)
        lastName = row.text(3)
        functionTitle = row.text(4)
        roles = Roles(rawValue: row.integer(5))
        password = row.optionalText(6)
        isOnboarded = row.integer(7) != 0
        created = Timestamp(milliseconds: row.integer(8))
    }
}

/// The roles of a user, each a bit: 1 << its number in `UserRole`.
package struct Roles: OptionSet, Sendable, Hashable {
    /// The bits.
    package let rawValue: Int64

    /// From the bits.
    package init(rawValue: Int64) { self.rawValue = rawValue }

    /// May do everything.
    package static let admin = Roles(rawValue: 1 << 1)
    /// May manage projects and what is in them.
    package static let projectAdmin = Roles(rawValue: 1 << 2)
    /// May review contracts.
    package static let approver = Roles(rawValue: 1 << 3)
    /// May make and use what is in a project. Whoever has no other role has this one.
    package static let member = Roles(rawValue: 1 << 4)

    /// These roles; the least one when there is none.
    fileprivate var orMember: Roles { isEmpty ? .member : self }
}

/// An invitation that has been sent and not been taken up.
package struct InviteRecord: Sendable, Equatable {
    /// Whom.
    package var email: String
    /// The `UserRole` that the user will have, as a number; 0 means member.
    package var role: Int32
    /// `UserInvite.State` as a number.
    package var state: Int32
    /// When.
    package var invited: Timestamp

    /// From its parts.
    package init(email: String, role: Int32, state: Int32, invited: Timestamp) {
        self.email = email
        self.role = role
        self.state = state
        self.invited = invited
    }

    fileprivate init(_ row: Row) {
        self.init(
            email: row.text(0), role: Int32(truncatingIfNeeded: row.integer(1)),
            state: Int32(truncatingIfNeeded: row.integer(2)), invited: Timestamp(milliseconds: row.integer(3)))
    }
}

extension StateView {
    /// A user by UUID.
    package func user(id: String) throws(CallError) -> UserRecord? {
        try first(UserRecord.byID, .text(id)) { row throws(CallError) in UserRecord(row) }
    }

    /// A user by address, whatever the case.
    package func user(email: String) throws(CallError) -> UserRecord? {
        try first(UserRecord.byEmail, .text(email)) { row throws(CallError) in UserRecord(row) }
    }

    /// What a user may do, and the address; nil when there is no such user.
    func roles(ofUser id: String) throws(CallError) -> (roles: Roles, email: String)? {
        try first("SELECT roles, email FROM users WHERE id = ?1", .text(id)) { row throws(CallError) in
            (Roles(rawValue: row.integer(0)), row.text(1))
        }
    }

    /// All users, the oldest first; or the members of a project.
    package func users(ofProject projectID: String? = nil) throws(CallError) -> [UserRecord] {
        guard let projectID else { return try all(UserRecord.every) { row throws(CallError) in UserRecord(row) } }
        return try all(UserRecord.ofProject, .text(projectID)) { row throws(CallError) in UserRecord(row) }
    }

    /// How many users are admins.
    package func adminCount() throws(CallError) -> Int {
        try count("SELECT count(*) FROM users WHERE roles & ?1 != 0", .integer(Roles.admin.rawValue))
    }

    /// All invitations, the oldest first.
    package func invites() throws(CallError) -> [InviteRecord] {
        try all("SELECT email, role, state, invited FROM invites ORDER BY invited, email") { row throws(CallError) in
            InviteRecord(row)
        }
    }

    /// The invitation of an address, whatever the case.
    package func invite(email: String) throws(CallError) -> InviteRecord? {
        try first("SELECT email, role, state, invited FROM invites WHERE email = ?1", .text(email)) {
            row throws(CallError) in InviteRecord(row)
        }
    }
}

extension StateChange {
    /// Adds a user, who becomes a member of project `default`: the public command line is of no use without a project.
    ///
    /// - Throws: `.alreadyExists` when the address is taken.
    package func add(_ user: UserRecord) throws(CallError) {
        guard try view.user(email: user.email) == nil else { throw .alreadyExists(.user, user.email) }
        try run(
            """
            INSERT INTO users (id, email, first_name, last_name, function_title, roles, password, is_onboarded, created)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """,
            .text(user.id), .text(user.email), .text(user.firstName), .text(user.lastName), .text(user.functionTitle),
            .integer(user.roles.orMember.rawValue), .optional(user.password), .integer(user.isOnboarded ? 1 : 0),
            .integer(user.created.milliseconds))
        try addMember(user.id, toProject: try view.plane().defaultProjectID)
    }

    /// Replaces what is known of a user, found by UUID.
    package func update(_ user: UserRecord) throws(CallError) {
        try run(
            """
            UPDATE users SET email = ?2, first_name = ?3, last_name = ?4, function_title = ?5, roles = ?6, password = ?7,
                is_onboarded = ?8 WHERE id = ?1
            """,
            .text(user.id), .text(user.email), .text(user.firstName), .text(user.lastName), .text(user.functionTitle),
            .integer(user.roles.orMember.rawValue), .optional(user.password),
            .integer(user.isOnboarded ? 1 : 0))
    }

    /// Adds an invitation, or replaces that of the same address.
    package func put(_ invite: InviteRecord) throws(CallError) {
        try run(
            "INSERT OR REPLACE INTO invites (email, role, state, invited) VALUES (?1, ?2, ?3, ?4)", .text(invite.email),
            .integer(Int64(invite.role)), .integer(Int64(invite.state)), .integer(invite.invited.milliseconds))
    }
}
