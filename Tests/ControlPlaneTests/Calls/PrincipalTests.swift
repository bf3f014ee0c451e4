import ControlPlane
import Testing

@Suite struct PrincipalTests {
    /// The table of roles: admin, project_admin, approver, member.
    @Test(arguments: [
        (Permission.manageOrganization, "x---"), (.manageProjects, "xx--"), (.createResources, "xx-x"),
        (.deleteResources, "xx--"), (.view, "xxxx"), (.createContracts, "xxxx"), (.reviewContracts, "x-x-"),
    ])
    func `each role may do what the table says`(_ permission: Permission, _ expected: String) {
        let roles: [Roles] = [.admin, .projectAdmin, .approver, .member]
        #expect(roles.map { $0.may(permission) ? "x" : "-" }.joined() == expected)
        #expect(!Roles().may(permission))
    }

    @Test func `two roles may do what either may`() {
        let both: Roles = [.approver, .member]
        #expect(both.may(.createResources))
        #expect(both.may(.reviewContracts))
        #expect(!both.may(.deleteResources))
    }

    @Test func `a method is for people, for data planes, or for both, and says whom it wants`() throws {
        let member = Principal.user(id: "u", email: "m@example.com", roles: .member)
        let plane = Principal.installation(id: "i")
        try Access.people(.view).admit(member)
        try Access.dataPlanes.admit(plane)
        try Access.everybody(.view).admit(member)
        try Access.everybody(.view).admit(plane)
        #expect(throws: CallError.denied("this method is for data planes")) { try Access.dataPlanes.admit(member) }
        #expect(throws: CallError.denied("this method is not for data planes")) {
            try Access.people(.view).admit(plane)
        }
        #expect(throws: CallError.denied("to delete resources needs one of the roles admin, project_admin")) {
            try Access.people(.deleteResources).admit(member)
        }
    }
}
