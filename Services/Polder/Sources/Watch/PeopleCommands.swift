internal import API
internal import JSON

/// `polder whoami`.
struct WhoamiCommand: Command {
    static let name = "whoami"
    static let summary = "Shows who is logged in, where, and with which roles."
    static let details = ""

    let options: SessionOptions
    let format: ResultFormat

    init(reading arguments: inout ArgumentReader) {
        options = SessionOptions(reading: &arguments)
        format = arguments.formatOption()
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let api = try await APISession.open(options, context)
        let account = try await api.call(AccountService.getAccountDetails)
        let value: JSONValue = [
            "email": .string(api.email), "context": .string(api.address.context.name),
            "organization": account["organization"] ?? "", "handle": account["handle"] ?? "",
            "roles": account["userRoles"] ?? [], "project": try await api.project()["name"] ?? "",
        ]
        let rows = (value.object?.members ?? []).map { [$0.name, EntityKind.text($0.value)] }
        context.console.print(PrintedResult(titles: ["", ""], rows: rows, value: value), as: format)
    }
}

/// `polder members`: who works on a project.
struct MembersCommand: Command {
    static let name = "members"
    static let summary = "Shows who works on a project; adds and removes people."
    static let details = "polder members -p shop --add anna@example.com --remove bert@example.com"

    let options: SessionOptions
    let format: ResultFormat
    let added: [String]
    let removed: [String]

    init(reading arguments: inout ArgumentReader) {
        options = SessionOptions(reading: &arguments)
        format = arguments.formatOption()
        added = arguments.options("--add", "EMAIL", "Somebody to add.", from: .names(.entity("user")))
        removed = arguments.options("--remove", "EMAIL", "Somebody to remove.", from: .names(.entity("user")))
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let api = try await APISession.open(options, context)
        let project = JSONValue.string(try await api.projectID())
        if !added.isEmpty {
            _ = try await api.call(
                ProjectsService.addProjectMembers,
                ["emails": .array(added.map { .string($0) }), "projectId": project])
        }
        if !removed.isEmpty {
            _ = try await api.call(
                ProjectsService.removeProjectMembers,
                ["emails": .array(removed.map { .string($0) }), "projectId": project])
        }
        let members = try await api.call(ProjectsService.listProjectMembers, ["projectId": project])
        context.console.print(
            EntityKind.user.printed(members["projectMembers"]?.array ?? [], isList: true), as: format)
    }
}

/// A role, as people say it.
enum Role: String, CaseIterable, Sendable {
    case admin
    case projectAdmin = "project-admin"
    case approver
    case member

    /// The name of the interface definition.
    var name: JSONValue {
        switch self {
        case .admin: "ADMIN"
        case .projectAdmin: "PROJECT_ADMIN"
        case .approver: "APPROVER"
        case .member: "MEMBER"
        }
    }
}

/// `polder roles`: who may do what.
struct RolesCommand: Command {
    static let name = "roles"
    static let summary = "Shows everybody's roles; gives somebody others."
    static let details = """
        polder roles anna@example.com --role approver --role member
          admin          everything
          project-admin  projects, their members, and deleting
          approver       looks at and approves contracts
          member         makes streams, contracts, …
        """

    let options: SessionOptions
    let format: ResultFormat
    let roles: [String]
    let emails: [String]

    init(reading arguments: inout ArgumentReader) {
        options = SessionOptions(reading: &arguments)
        format = arguments.formatOption()
        let words = Role.allCases.map(\.rawValue)
        roles = arguments.options("--role", "ROLE", words.joined(separator: ", "), from: .words(words))
        emails = arguments.arguments(
            "email", least: 0, "Who gets these roles, and loses others.", from: .names(.entity("user")))
        for role in roles where Role(rawValue: role) == nil {
            arguments.refuse("--role must be one of \(words.joined(separator: ", ")), not \(role)")
        }
        if emails.isEmpty != roles.isEmpty { arguments.refuse("say both who and --role, or neither") }
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let api = try await APISession.open(options, context)
        if !emails.isEmpty {
            _ = try await api.call(
                OrganizationsService.updateUserRoles,
                [
                    "emails": .array(emails.map { .string($0) }),
                    "userRoles": .array(roles.compactMap { Role(rawValue: $0)?.name }),
                ])
        }
        let answer = try await api.call(OrganizationsService.listOrganizationMembers)
        context.console.print(
            EntityKind.user.printed(answer["organizationMembers"]?.array ?? [], isList: true), as: format)
    }
}

/// `polder invite`: asks people in.
struct InviteCommand: Command {
    static let name = "invite"
    static let summary = "Invites people to the control plane."
    static let details = ""

    let options: SessionOptions
    let role: Role
    let emails: [String]

    init(reading arguments: inout ArgumentReader) {
        options = SessionOptions(reading: &arguments)
        role = arguments.choice("--role", default: .member, "What they may do.")
        emails = arguments.arguments("email", "Whom.")
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let api = try await APISession.open(options, context)
        let invites = emails.map { JSONValue.object(["email": .string($0), "userRole": role.name]) }
        let answer = try await api.call(OrganizationsService.inviteUsers, ["userInvites": .array(invites)])
        let issues = answer["issues"]?.array ?? []
        for issue in issues {
            let email = EntityKind.text(issue["invite"]?["email"])
            context.console.note("polder: \(email) was not invited: \(EntityKind.text(issue["message"]))")
        }
        context.console.print("\(emails.count - issues.count) invited")
        guard issues.isEmpty else { throw .refused("\(issues.count) of \(emails.count) were not invited") }
    }
}
