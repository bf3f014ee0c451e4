// What the state knows of usage:
//
//   usage_counts       (project, stream, arrival) → events since the arrival before. Arrivals are nanoseconds since 1970.
//
// Streams are known by name, and are not looked up: counts may come late, and stay when a stream is gone.

extension StateSchema {
    /// The tables of this file.
    static let usage = """
        CREATE TABLE usage_counts (
            project_id TEXT NOT NULL,
            stream TEXT NOT NULL,
            arrived INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (project_id, stream, arrived)
        ) STRICT, WITHOUT ROWID;
        """
}

/// The usage of one stream.
struct UsageKey: Sendable {
    let projectID: String
    let stream: String
}

/// Events that arrived since the count before.
struct UsageCount: Sendable, Equatable {
    let arrived: Int64  // ns since 1970
    let count: Int64
}

extension StateView {
    /// Events that were counted after `start` and up to `end`.
    func usage(_ key: UsageKey, after start: Int64, upTo end: Int64) throws(CallError) -> Int64 {
        Int64(
            try count(
                """
                SELECT coalesce(sum(count), 0) FROM usage_counts WHERE project_id = ?1 AND stream = ?2 AND arrived > ?3
                    AND arrived <= ?4
                """,
                .text(key.projectID), .text(key.stream), .integer(start), .integer(end)))
    }

    /// The last count at a moment or before.
    func lastUsage(_ key: UsageKey, upTo moment: Int64) throws(CallError) -> UsageCount? {
        try first(
            """
            SELECT arrived, count FROM usage_counts WHERE project_id = ?1 AND stream = ?2 AND arrived <= ?3
                ORDER BY arrived DESC LIMIT 1
            """,
            .text(key.projectID), .text(key.stream), .integer(moment)
        ) { row throws(CallError) in UsageCount(arrived: row.integer(0), count: row.integer(1)) }
    }

    /// The first count after a moment.
    func nextUsage(_ key: UsageKey, after moment: Int64) throws(CallError) -> UsageCount? {
        try first(
            """
            SELECT arrived, count FROM usage_counts WHERE project_id = ?1 AND stream = ?2 AND arrived > ?3
                ORDER BY arrived LIMIT 1
            """,
            .text(key.projectID), .text(key.stream), .integer(moment)
        ) { row throws(CallError) in UsageCount(arrived: row.integer(0), count: row.integer(1)) }
    }
}

extension StateChange {
    /// Stores a count. The first one of an arrival stays: whoever reports again, because an answer was lost, changes nothing.
    func add(_ count: UsageCount, of key: UsageKey) throws(CallError) {
        try run(
            "INSERT OR IGNORE INTO usage_counts (project_id, stream, arrived, count) VALUES (?1, ?2, ?3, ?4)",
            .text(key.projectID), .text(key.stream), .integer(count.arrived), .integer(count.count))
    }
}
