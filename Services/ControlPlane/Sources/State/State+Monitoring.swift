// What the state knows of how things are: the newest state of each object that agents keep for an entity.
//
//   entity_states      (project, type, name, resource) → state; `number` grows with every change, so that followers find what is new

import API
import GRPC
import Time

extension StateSchema {
    /// The tables of this file.
    static let monitoring = """
        CREATE TABLE entity_states (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            project_id TEXT NOT NULL,
            type INTEGER NOT NULL,
            name TEXT NOT NULL,
            resource INTEGER NOT NULL,
            status INTEGER NOT NULL,
            at INTEGER NOT NULL,
            noted INTEGER NOT NULL,
            body BLOB NOT NULL,
            UNIQUE (project_id, type, name, resource)
        ) STRICT;
        CREATE INDEX removed_entities ON entity_states (noted) WHERE status = 2;
        """
}

/// Which states are asked for: those that fit everything that is given.
struct EntityStateFilter: Sendable {
    /// Empty for those of all projects that the caller may look into.
    var projectID = ""
    var type = EntityState.EntityType.unspecified
    var name = ""
    var status = EntityState.Status.unspecified
}

/// A state and when it was noted, in the order of changes.
struct NumberedState: Sendable {
    let number: Int64
    let state: EntityState
}

extension StateView {
    /// States that were noted after a change, in the order in which they were.
    func entityStates(
        _ filter: EntityStateFilter, after number: Int64, limit: Int
    ) throws(CallError) -> [NumberedState] {
        try all(
            """
            SELECT number, body FROM entity_states WHERE number > ?1 AND (?2 = '' OR project_id = ?2)
                AND (?3 = 0 OR type = ?3) AND (?4 = '' OR name = ?4) AND (?5 = 0 OR status = ?5)
                ORDER BY number LIMIT ?6
            """,
            .integer(number), .text(filter.projectID), .integer(Int64(filter.type.rawValue)), .text(filter.name),
            .integer(Int64(filter.status.rawValue)), .integer(Int64(limit))
        ) { row throws(CallError) in
            do throws(GRPCError) {
                return NumberedState(number: row.integer(0), state: try EntityState(protobuf: row.bytes(1)))
            } catch {
                throw .damaged("the state of an entity cannot be read")
            }
        }
    }
}

extension StateChange {
    /// Notes the state of an object, unless a newer one is known.
    ///
    /// - Parameter at: When it became so.
    func note(_ state: EntityState, of ref: EntityState.Ref, at: Timestamp) throws(CallError) {
        let isOld = try view.exists(
            """
            SELECT 1 FROM entity_states WHERE project_id = ?1 AND type = ?2 AND name = ?3 AND resource = ?4 AND at > ?5
            """,
            .text(ref.projectID), .integer(Int64(ref.type.rawValue)), .text(ref.name),
            .integer(Int64(state.resourceType.rawValue)), .integer(at.milliseconds))
        if isOld { return }
        try run(
            """
            INSERT OR REPLACE INTO entity_states (project_id, type, name, resource, status, at, noted, body)
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            .text(ref.projectID), .integer(Int64(ref.type.rawValue)), .text(ref.name),
            .integer(Int64(state.resourceType.rawValue)), .integer(Int64(state.status.rawValue)),
            .integer(at.milliseconds), .integer(now.milliseconds), .blob(state.protobuf))
    }

    /// Forgets what had been removed when it was heard of before a moment.
    func forgetEntitiesRemoved(before moment: Timestamp) throws(CallError) {
        try run("DELETE FROM entity_states WHERE status = 2 AND noted < ?1", .integer(moment.milliseconds))
    }
}
