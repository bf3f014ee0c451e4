package import Time

/// Whose plane this is: the one row of `plane`, made at the first start.
package struct PlaneRecord: Sendable, Equatable {
    /// UUID.
    package var organizationID: String
    /// What the organization is called.
    package var organization: String
    /// What the names of its contracts begin with; empty until somebody has chosen it.
    package var handle: String
    /// The project that streams of the plane folder belong to.
    package var defaultProjectID: String
    /// Grows with every change of what the plane's components run on.
    package var revision: Int64
    /// When the plane was made.
    package var created: Timestamp
}

extension StateView {
    /// Whose plane this is.
    package func plane() throws(CallError) -> PlaneRecord {
        let found = try first(
            """
            SELECT organization_id, organization, handle, default_project_id, revision, created FROM plane
            """
        ) { row throws(CallError) in
            PlaneRecord(
                organizationID: row.text(0), organization: row.text(1), handle: row.text(2),
                defaultProjectID: row.text(3), revision: row.integer(4),
                created: Timestamp(milliseconds: row.integer(5)))
        }
        guard let found else { throw .damaged("the row of the plane is missing") }
        return found
    }

    /// The key check of `bootstrap`; nil before that.
    fileprivate func keyCheck() throws(CallError) -> [UInt8]? {
        try first("SELECT key_check FROM plane") { row throws(CallError) in row.bytes(0) }
    }
}

extension StateChange {
    /// Chooses the handle.
    package func setHandle(_ handle: String) throws(CallError) {
        try run("UPDATE plane SET handle = ?1", .text(handle))
    }

    /// Makes the revision grow by one, and tells it.
    func growRevision() throws(CallError) -> Int64 {
        try run("UPDATE plane SET revision = revision + 1")
        return try view.plane().revision
    }

    /// Makes the first rows when there are none: the organization, project `default`, and the installation that the plane's own
    /// components log in with. Otherwise makes sure that the secrets of the file can be opened.
    ///
    /// - Throws: `.damaged` when the file's secrets were sealed with another key.
    func bootstrap(sealing secrets: StateSecrets) throws(CallError) {
        let check = "key check"
        if let sealed = try view.keyCheck() {
            _ = try secrets.open(sealed, for: check)
            return
        }
        let project = ProjectRecord(
            id: StateSecrets.newID(), name: "default", description: "", state: 1, created: now)
        try run(
            """
            INSERT INTO plane (one, organization_id, organization, default_project_id, key_check, created)
                VALUES (1, ?1, ?2, ?3, ?4, ?5)
            """,
            .text(StateSecrets.newID()), "default", .text(project.id), .blob(try secrets.seal(check, for: check)),
            .integer(now.milliseconds))
        try add(project)
        try addInstallation(type: 2, sealing: secrets)
    }
}
