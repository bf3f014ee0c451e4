import SQLite
package import Time

/// A project: what streams, contracts and jobs belong to.
package struct ProjectRecord: Sendable, Equatable {
    /// UUID.
    package var id: String
    /// Unique in the plane.
    package var name: String
    /// For people.
    package var description: String
    /// `Project.State` as a number.
    package var state: Int32
    /// When it was made.
    package var created: Timestamp
    /// False when nothing can be made in it any more.
    package var isOpen: Bool { state == 1 }

    /// From its parts.
    package init(id: String, name: String, description: String, state: Int32, created: Timestamp) {
        self.id = id
        self.name = name
        self.description = description
        self.state = state
        self.created = created
    }

    private static let columns = "SELECT id, name, description, state, created FROM projects"

    fileprivate static let byID = columns + " WHERE id = ?1"
    fileprivate static let byName = columns + " WHERE name = ?1"
    fileprivate static let every = columns + " ORDER BY created, id"
    fileprivate static let ofMember =
        columns + " WHERE id IN (SELECT project_id FROM project_members WHERE user_id = ?1) ORDER BY created, id"

    fileprivate init(_ row: Row) {
        self.init(
            id: row.text(0), name: row.text(1), description: row.text(2),
            state: Int32(truncatingIfNeeded: row.integer(3)),
            created: Timestamp(milliseconds: row.integer(4)))
    }
}

extension StateView {
    /// A project by its UUID, in either case.
    package func project(id: String) throws(CallError) -> ProjectRecord? {
        try first(ProjectRecord.byID, .text(id.lowercased())) { row throws(CallError) in ProjectRecord(row) }
    }

    /// A project by its name.
    package func project(named name: String) throws(CallError) -> ProjectRecord? {
        try first(ProjectRecord.byName, .text(name)) { row throws(CallError) in ProjectRecord(row) }
    }

    /// All projects, the oldest first; or those that a user is a member of.
    package func projects(ofMember userID: String? = nil) throws(CallError) -> [ProjectRecord] {
        guard let userID else { return try all(ProjectRecord.every) { row throws(CallError) in ProjectRecord(row) } }
        return try all(ProjectRecord.ofMember, .text(userID)) { row throws(CallError) in ProjectRecord(row) }
    }

    /// True when the user is a member of the project.
    package func isMember(_ userID: String, ofProject projectID: String) throws(CallError) -> Bool {
        try exists(
            "SELECT 1 FROM project_members WHERE project_id = ?1 AND user_id = ?2", .text(projectID), .text(userID))
    }
}

extension StateChange {
    /// Adds a project.
    package func add(_ project: ProjectRecord) throws(CallError) {
        try run(
            "INSERT INTO projects (id, name, description, state, created) VALUES (?1, ?2, ?3, ?4, ?5)",
            .text(project.id), .text(project.name), .text(project.description), .integer(Int64(project.state)),
            .integer(project.created.milliseconds))
    }

    /// Gives a project another state.
    package func setState(_ state: Int32, ofProject id: String) throws(CallError) {
        try run("UPDATE projects SET state = ?2 WHERE id = ?1", .text(id), .integer(Int64(state)))
    }

    /// Removes a project and its memberships.
    ///
    /// - Throws: `.refused` while something else belongs to it.
    package func removeProject(_ project: ProjectRecord) throws(CallError) {
        do throws(CallError) {
            try run("DELETE FROM projects WHERE id = ?1", .text(project.id))
        } catch {
            guard case .state(.constraint) = error else { throw error }
            throw .refused("project \(project.name) is not empty")
        }
    }

    /// Makes a user a member of a project. Nothing happens when the user is one.
    package func addMember(_ userID: String, toProject projectID: String) throws(CallError) {
        try run(
            "INSERT OR IGNORE INTO project_members (project_id, user_id) VALUES (?1, ?2)", .text(projectID),
            .text(userID))
    }

    /// Ends a membership. Nothing happens when there is none.
    package func removeMember(_ userID: String, fromProject projectID: String) throws(CallError) {
        try run(
            "DELETE FROM project_members WHERE project_id = ?1 AND user_id = ?2", .text(projectID), .text(userID))
    }
}
