package import JSON
package import Time

/// One change: who did what to which entity, and what it looked like before and afterwards.
package struct AuditEntry: Sendable, Equatable {
    /// Its place in the trail; grows.
    package var number: Int64
    /// When.
    package var at: Timestamp
    /// Who.
    package var actor: Actor
    /// The method that was called.
    package var method: String
    /// What kind of entity.
    package var kind: EntityKind
    /// The project that it belongs to; empty for what belongs to none.
    package var projectID: String
    /// Its name, or its id where it has no name.
    package var reference: String
    /// The proto-JSON form, without secrets; empty when it was made.
    package var before: String
    /// The proto-JSON form, without secrets; empty when it was deleted.
    package var after: String
}

/// Which entries of the trail are asked for: those that fit everything that is given.
package struct AuditFilter: Sendable {
    /// The kind of entity.
    package var kind: EntityKind?
    /// The entity.
    package var reference = ""
    /// The project.
    package var projectID = ""
    /// Only entries before this one.
    package var before: Int64 = .max

    /// Everything.
    package init() {}
}

extension StateView {
    /// Entries of the trail, the newest first.
    package func auditEntries(_ filter: AuditFilter, limit: Int) throws(CallError) -> [AuditEntry] {
        try all(
            """
            SELECT number, at, actor_kind, actor_id, actor_name, method, kind, project_id, reference, before, after
                FROM audit WHERE number < ?1 AND (?2 = '' OR kind = ?2) AND (?3 = '' OR reference = ?3)
                AND (?4 = '' OR project_id = ?4) ORDER BY number DESC LIMIT ?5
            """,
            .integer(filter.before), .text(filter.kind?.rawValue ?? ""), .text(filter.reference),
            .text(filter.projectID),
            .integer(Int64(limit))
        ) { row throws(CallError) in
            guard let actorKind = Actor.Kind(rawValue: row.text(2)), let kind = EntityKind(rawValue: row.text(6)) else {
                throw .damaged("an entry of the audit trail is of an unknown kind")
            }
            return AuditEntry(
                number: row.integer(0), at: Timestamp(milliseconds: row.integer(1)),
                actor: Actor(kind: actorKind, id: row.text(3), name: row.text(4)), method: row.text(5), kind: kind,
                projectID: row.text(7), reference: row.text(8), before: row.text(9), after: row.text(10))
        }
    }
}

extension StateChange {
    /// Writes down a change of an entity. Part of the transaction: a change without an entry, or an entry without its change,
    /// cannot be.
    ///
    /// - Parameters:
    ///   - before: The entity's proto-JSON, without secrets; nil when it is new.
    ///   - after: The same afterwards; nil when it is gone.
    package func audit(
        _ kind: EntityKind, _ reference: String, projectID: String = "", before: JSONValue?, after: JSONValue?
    ) throws(CallError) {
        try run(
            """
            INSERT INTO audit (at, actor_kind, actor_id, actor_name, method, kind, project_id, reference, before, after)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
            """,
            .integer(now.milliseconds), .text(actor.kind.rawValue), .text(actor.id), .text(actor.name), .text(method),
            .text(kind.rawValue), .text(projectID), .text(reference), Self.text(before), Self.text(after))
    }

    private static func text(_ entity: JSONValue?) -> SQLValue {
        entity.map { .text(String(decoding: $0.bytes(), as: UTF8.self)) } ?? .null
    }
}
