// What the state knows of connectors, exporters, jobs and Kafka: one table for all of them, because they differ in their messages
// only, and one for what each cannot be without.
//
//   projects ── resources ── resource_uses (with resource): (kind, reference) of what it uses
//
// A reference is text, because streams and contracts of the plane folder can be used too, which have no row. Uses are kept true by
// the use cases: whatever is about to go looks here first, in the same transaction.

package import Time
import Wire

extension StateSchema {
    /// The tables of this file.
    static let resources = """
        CREATE TABLE resources (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            project_id TEXT NOT NULL REFERENCES projects,
            name TEXT NOT NULL,
            body BLOB NOT NULL,
            sealed_secret BLOB,
            created INTEGER NOT NULL,
            UNIQUE (kind, project_id, name)
        ) STRICT;
        CREATE INDEX resources_of_projects ON resources (project_id);
        CREATE TABLE resource_uses (
            resource INTEGER NOT NULL REFERENCES resources ON DELETE CASCADE,
            kind TEXT NOT NULL,
            reference TEXT NOT NULL,
            PRIMARY KEY (kind, reference, resource)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX uses_of_resources ON resource_uses (resource);
        """
}

/// A connector, an exporter, a job, or something of Kafka.
package struct ResourceRecord: Sendable, Equatable {
    /// The row.
    package var number: Int64
    /// UUID.
    package var id: String
    /// What it is.
    package var kind: EntityKind
    /// The project's UUID.
    package var projectID: String
    /// Unique among its kind in the project.
    package var name: String
    /// Its message, without secrets.
    package var body: [UInt8]
    /// The secrets of its message, sealed; nil when there are none.
    package var sealedSecret: [UInt8]?
    /// When it was made.
    package var created: Timestamp

    /// A new one, without a row yet.
    init(_ kind: EntityKind, id: String, projectID: String, name: String, body: [UInt8], created: Timestamp) {
        number = 0
        self.id = id
        self.kind = kind
        self.projectID = projectID
        self.name = name
        self.body = body
        self.created = created
    }

    private static let columns =
        "SELECT number, id, kind, project_id, name, body, sealed_secret, created FROM resources"

    fileprivate static let byName = columns + " WHERE kind = ?1 AND project_id = ?2 AND name = ?3"
    fileprivate static let every = columns + " WHERE kind = ?1 ORDER BY number"
    fileprivate static let ofProject = columns + " WHERE kind = ?1 AND project_id = ?2 ORDER BY number"
    fileprivate static let using =
        columns
        + " WHERE number IN (SELECT resource FROM resource_uses WHERE kind = ?1 AND reference = ?2) ORDER BY number"

    fileprivate init(_ row: Row) throws(CallError) {
        guard let kind = EntityKind(rawValue: row.text(2)) else { throw .damaged("a resource is of an unknown kind") }
        number = row.integer(0)
        id = row.text(1)
        self.kind = kind
        projectID = row.text(3)
        name = row.text(4)
        body = row.bytes(5)
        sealedSecret = row.optionalBytes(6)
        created = Timestamp(milliseconds: row.integer(7))
    }

    /// What its secrets are sealed for.
    fileprivate var place: String { "resources/\(id)" }

    /// How those who use it refer to it.
    var use: Use { Use(kind, name, inProject: projectID) }

    /// `batch exporter clicks-hourly`
    var title: String { "\(kind.rawValue) \(name)" }
}

/// What a resource cannot be without.
struct Use: Hashable, Sendable {
    let kind: EntityKind
    let reference: String

    /// Something that has a name in a project: a stream, a connector, a cluster.
    init(_ kind: EntityKind, _ name: String, inProject projectID: String) {
        self.kind = kind
        reference = "\(projectID)/\(name)"
    }

    /// A contract.
    init(_ contract: ContractRef) {
        kind = .dataContract
        reference = contract.description
    }

    /// A policy.
    init(policy id: String) {
        kind = .policy
        reference = id
    }
}

extension StateView {
    /// A resource by its name.
    func resource(
        _ kind: EntityKind, _ name: String, inProject projectID: String
    ) throws(CallError) -> ResourceRecord? {
        try first(ResourceRecord.byName, .text(kind.rawValue), .text(projectID), .text(name)) {
            row throws(CallError) in try ResourceRecord(row)
        }
    }

    /// The resources of a kind, of one project or of all, in the order in which they were made.
    func resources(_ kind: EntityKind, ofProject projectID: String? = nil) throws(CallError) -> [ResourceRecord] {
        guard let projectID else {
            return try all(ResourceRecord.every, .text(kind.rawValue)) { row throws(CallError) in
                try ResourceRecord(row)
            }
        }
        return try all(ResourceRecord.ofProject, .text(kind.rawValue), .text(projectID)) { row throws(CallError) in
            try ResourceRecord(row)
        }
    }

    /// The resources that cannot be without something.
    func resources(using use: Use) throws(CallError) -> [ResourceRecord] {
        try all(ResourceRecord.using, .text(use.kind.rawValue), .text(use.reference)) { row throws(CallError) in
            try ResourceRecord(row)
        }
    }

    /// How many resources there are.
    func resourceCount() throws(CallError) -> Int { try count("SELECT count(*) FROM resources") }

    /// How many resources a project has.
    func resourceCount(ofProject id: String) throws(CallError) -> Int {
        try count("SELECT count(*) FROM resources WHERE project_id = ?1", .text(id))
    }
}

extension StateChange {
    /// Adds a resource.
    ///
    /// - Parameter uses: What it cannot be without.
    /// - Returns: The same, with its row.
    @discardableResult
    func add(_ resource: ResourceRecord, uses: Set<Use>) throws(CallError) -> ResourceRecord {
        try run(
            """
            INSERT INTO resources (id, kind, project_id, name, body, sealed_secret, created)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
            """,
            .text(resource.id), .text(resource.kind.rawValue), .text(resource.projectID), .text(resource.name),
            .blob(resource.body), resource.sealedSecret.map { .blob($0) } ?? .null,
            .integer(resource.created.milliseconds))
        guard let stored = try view.resource(resource.kind, resource.name, inProject: resource.projectID) else {
            throw .damaged("a resource that was just written is missing")
        }
        for use in uses {
            try run(
                "INSERT INTO resource_uses (resource, kind, reference) VALUES (?1, ?2, ?3)", .integer(stored.number),
                .text(use.kind.rawValue), .text(use.reference))
        }
        return stored
    }

    /// Replaces the message of a resource.
    func setBody(_ body: [UInt8], of resource: ResourceRecord) throws(CallError) {
        try run("UPDATE resources SET body = ?2 WHERE number = ?1", .integer(resource.number), .blob(body))
    }

    /// Removes a resource. What uses it must be gone.
    func remove(_ resource: ResourceRecord) throws(CallError) {
        try run("DELETE FROM resources WHERE number = ?1", .integer(resource.number))
    }
}

extension StateSecrets {
    /// Seals the secrets of a resource.
    func seal(_ secret: String, for resource: ResourceRecord) throws(CallError) -> [UInt8] {
        try seal(secret, for: resource.place)
    }

    /// The secrets of a resource; nil when it has none.
    func secret(of resource: ResourceRecord) throws(CallError) -> String? {
        guard let sealed = resource.sealedSecret else { return nil }
        return try open(sealed, for: resource.place)
    }
}
