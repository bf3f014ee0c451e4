/// Who calls the API, as their token proved. What the caller says of itself in other metadata does not count.
package enum Principal: Sendable, Equatable {
    /// A person, with what they may do now.
    case user(id: String, email: String, roles: Roles)
    /// A data plane, by its UUID.
    case installation(id: String)

    /// What the audit trail keeps.
    package var actor: Actor {
        switch self {
        case .user(let id, let email, _): Actor(kind: .user, id: id, name: email)
        case .installation(let id): Actor(kind: .installation, id: id, name: "")
        }
    }

    /// True for people who see every project, and for data planes.
    var seesEverything: Bool {
        switch self {
        case .user(_, _, let roles): roles.may(.manageProjects)
        case .installation: true
        }
    }
}

/// What somebody may do: a row of the table of roles.
package enum Permission: String, Sendable, Hashable, CaseIterable {
    case manageOrganization = "manage the organization"
    case manageProjects = "manage projects"
    case createResources = "create resources"
    case deleteResources = "delete resources"
    case view = "view resources"
    case createContracts = "create contracts"
    case reviewContracts = "review contracts"
}

extension Roles {
    /// Whether any of these roles has the permission.
    package func may(_ permission: Permission) -> Bool { !isDisjoint(with: Self.having(permission)) }

    /// The roles that have a permission: the table.
    private static func having(_ permission: Permission) -> Roles {
        switch permission {
        case .manageOrganization: [.admin]
        case .manageProjects, .deleteResources: [.admin, .projectAdmin]
        case .createResources: [.admin, .projectAdmin, .member]
        case .view, .createContracts: [.admin, .projectAdmin, .approver, .member]
        case .reviewContracts: [.admin, .approver]
        }
    }

    /// The names of the roles that have a permission.
    static func names(having permission: Permission) -> String {
        let names: [(Roles, String)] = [
            (.admin, "admin"), (.projectAdmin, "project_admin"), (.approver, "approver"), (.member, "member"),
        ]
        return names.filter { having(permission).contains($0.0) }.map(\.1).joined(separator: ", ")
    }
}

/// Who may call a method: people with a permission, data planes, or both.
package struct Access: Sendable, Hashable {
    /// What a person needs; nil when the method is not for people.
    let people: Permission?
    /// Whether a data plane may call it.
    let dataPlanes: Bool

    /// People who have this permission.
    package static func people(_ permission: Permission) -> Access { Access(people: permission, dataPlanes: false) }
    /// People who have this permission, and data planes.
    package static func everybody(_ permission: Permission) -> Access { Access(people: permission, dataPlanes: true) }
    /// Data planes.
    package static let dataPlanes = Access(people: nil, dataPlanes: true)

    /// Lets a caller pass.
    ///
    /// - Throws: `.denied`.
    package func admit(_ principal: Principal) throws(CallError) {
        switch principal {
        case .user(_, _, let roles):
            guard let people else { throw .denied("this method is for data planes") }
            guard roles.may(people) else {
                throw .denied("to \(people.rawValue) needs one of the roles \(Roles.names(having: people))")
            }
        case .installation:
            guard dataPlanes else { throw .denied("this method is not for data planes") }
        }
    }
}
