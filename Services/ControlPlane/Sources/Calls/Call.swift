import API
import GRPC
import PlaneConfig
import Wire

/// A call at work: who calls, and what the state was at one moment.
///
/// - Isolation: valid while the method runs, on its thread.
package struct Call {
    /// Who calls.
    package let principal: Principal
    /// The state; in a call that changes something, as its transaction sees it.
    package let view: StateView
    /// What the plane folder describes, which cannot be changed here.
    package let folder: FolderPlane
    /// Opens and seals the secrets of the state.
    package let secrets: StateSecrets

    /// Finds a project that the caller may look into.
    ///
    /// - Throws: `.notFound`; `.denied` when the caller is not a member.
    package func project(_ id: String) throws(CallError) -> ProjectRecord {
        guard let project = try view.project(id: id) else { throw .notFound(.project, id) }
        guard try mayLook(into: project.id) else {
            throw .denied("you are not a member of project \(project.name)")
        }
        return project
    }

    /// Whether the caller may look into a project.
    package func mayLook(into projectID: String) throws(CallError) -> Bool {
        switch principal {
        case .installation: return true
        case .user(let id, _, _):
            if principal.seesEverything { return true }
            return try view.isMember(id, ofProject: projectID)
        }
    }

    /// Finds a project in which the caller wants to make or change something.
    ///
    /// - Throws: As `project`; `.refused` when the project has been archived.
    package func openProject(_ id: String) throws(CallError) -> ProjectRecord {
        let project = try project(id)
        guard project.isOpen else { throw .refused("project \(project.name) is archived") }
        return project
    }

    /// The user that calls.
    ///
    /// - Throws: `.denied` for a data plane.
    package func user() throws(CallError) -> UserRecord {
        guard case .user(let id, let email, _) = principal else { throw .denied("this method is for people") }
        guard let user = try view.user(id: id) else { throw .notFound(.user, email) }
        return user
    }
}

// MARK: What streams refer to

extension Call {
    /// The policy of that UUID, in whatever state; nil when there is none.
    func policy(_ id: String) throws(CallError) -> PolicySpec? {
        if let policy = folder.snapshot.policies.first(where: { $0.id.lowercased() == id.lowercased() }) {
            return policy
        }
        return try view.policy(id: id)
    }

    /// The id of a policy that a stream wants to use, as it is stored; empty for the default policy.
    ///
    /// - Throws: `.notFound`; `.refused` when it is not active.
    func usablePolicy(_ id: String) throws(CallError) -> String {
        if id.isEmpty { return "" }
        guard let policy = try policy(id) else { throw .notFound(.policy, id) }
        guard policy.state == .active else {
            throw .refused("policy \(policy.name) is not active: it is \(policy.state.protoName)")
        }
        return policy.id
    }
}
