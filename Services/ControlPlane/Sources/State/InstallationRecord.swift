package import Time

/// A data plane that logs in to this control plane.
package struct InstallationRecord: Sendable, Equatable {
    /// UUID.
    package var id: String
    /// `InstallationType` as a number.
    package var type: Int32
    /// `ins-…`.
    package var clientID: String
    /// The secret, sealed.
    package var sealedSecret: [UInt8]
    /// When it was made.
    package var created: Timestamp

    private static let columns = "SELECT id, type, client_id, sealed_secret, created FROM installations"

    fileprivate static let byID = columns + " WHERE id = ?1"
    fileprivate static let byClientID = columns + " WHERE client_id = ?1"
    fileprivate static let every = columns + " ORDER BY created, id"

    fileprivate init(_ row: Row) {
        id = row.text(0)
        type = Int32(truncatingIfNeeded: row.integer(1))
        clientID = row.text(2)
        sealedSecret = row.bytes(3)
        created = Timestamp(milliseconds: row.integer(4))
    }

    /// What its secret is sealed for.
    fileprivate static func place(_ id: String) -> String { "installations/\(id)" }
}

/// What a process of an installation said about itself at one moment.
package struct ComponentStateRecord: Sendable, Equatable {
    /// `InstalledComponentType` as a number.
    package var component: Int32
    /// The process: a host's name.
    package var instance: String
    /// `InstalledComponentStateType` as a number.
    package var type: Int32
    /// For people.
    package var message: String
    /// When.
    package var at: Timestamp

    /// From its parts.
    package init(component: Int32, instance: String, type: Int32, message: String, at: Timestamp) {
        self.component = component
        self.instance = instance
        self.type = type
        self.message = message
        self.at = at
    }

    fileprivate init(_ row: Row) {
        self.init(
            component: Int32(truncatingIfNeeded: row.integer(0)), instance: row.text(1),
            type: Int32(truncatingIfNeeded: row.integer(2)), message: row.text(3),
            at: Timestamp(milliseconds: row.integer(4)))
    }

    /// How many states of one instance are kept.
    static let kept = 20

    fileprivate static let everyOf =
        """
        SELECT component, instance, type, message, at FROM component_states WHERE installation_id = ?1
            ORDER BY component, instance, number
        """
}

extension StateView {
    /// An installation by its UUID, in either case.
    package func installation(id: String) throws(CallError) -> InstallationRecord? {
        try first(InstallationRecord.byID, .text(id.lowercased())) { row throws(CallError) in InstallationRecord(row) }
    }

    /// True when there is an installation with this UUID.
    func hasInstallation(_ id: String) throws(CallError) -> Bool {
        try exists("SELECT 1 FROM installations WHERE id = ?1", .text(id))
    }

    /// An installation by its client id.
    package func installation(clientID: String) throws(CallError) -> InstallationRecord? {
        try first(InstallationRecord.byClientID, .text(clientID)) { row throws(CallError) in InstallationRecord(row) }
    }

    /// All installations, the oldest first.
    package func installations() throws(CallError) -> [InstallationRecord] {
        try all(InstallationRecord.every) { row throws(CallError) in InstallationRecord(row) }
    }

    /// SHA-256 of the secret of an installation's client, and the installation's UUID; nil when there is no such client.
    package func digest(
        ofInstallationClient clientID: String
    ) throws(CallError) -> (digest: [UInt8], installationID: String)? {
        try first("SELECT digest, id FROM installations WHERE client_id = ?1", .text(clientID)) {
            row throws(CallError) in (row.bytes(0), row.text(1))
        }
    }

    /// What the processes of an installation said, by component and instance, the oldest first.
    package func componentStates(ofInstallation id: String) throws(CallError) -> [ComponentStateRecord] {
        try all(ComponentStateRecord.everyOf, .text(id)) { row throws(CallError) in ComponentStateRecord(row) }
    }
}

extension StateChange {
    /// Adds an installation with credentials of its own.
    func addInstallation(type: Int32, sealing secrets: StateSecrets) throws(CallError) {
        let id = StateSecrets.newID()
        let secret = try StateSecrets.newSecret()
        try run(
            """
            INSERT INTO installations (id, type, client_id, digest, sealed_secret, created)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            .text(id), .integer(Int64(type)), .text(try StateSecrets.newClientID("ins-")),
            .blob(try StateSecrets.digest(secret)),
            .blob(try secrets.seal(secret, for: InstallationRecord.place(id))), .integer(now.milliseconds))
    }

    /// Notes what a process said about itself. Of each process only the last twenty states are kept; of processes that have not
    /// been heard of for a week, nothing.
    package func add(_ state: ComponentStateRecord, ofInstallation id: String) throws(CallError) {
        try run(
            """
            INSERT INTO component_states (installation_id, component, instance, type, message, at)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            .text(id), .integer(Int64(state.component)), .text(state.instance), .integer(Int64(state.type)),
            .text(state.message), .integer(state.at.milliseconds))
        try run(
            """
            DELETE FROM component_states WHERE installation_id = ?1 AND component = ?2 AND instance = ?3 AND number <= (
                SELECT number FROM component_states WHERE installation_id = ?1 AND component = ?2 AND instance = ?3
                ORDER BY number DESC LIMIT 1 OFFSET ?4)
            """,
            .text(id), .integer(Int64(state.component)), .text(state.instance),
            .integer(Int64(ComponentStateRecord.kept)))
        try run(
            """
            DELETE FROM component_states WHERE installation_id = ?1 AND component = ?2 AND instance IN (
                SELECT instance FROM component_states WHERE installation_id = ?1 AND component = ?2
                GROUP BY instance HAVING max(at) < ?3)
            """,
            .text(id), .integer(Int64(state.component)), .integer((now - .days(7)).milliseconds))
    }
}

extension StateSecrets {
    /// The secret of an installation's client.
    ///
    /// - Throws: `.damaged`.
    package func secret(of installation: InstallationRecord) throws(CallError) -> String {
        try open(installation.sealedSecret, for: InstallationRecord.place(installation.id))
    }
}
