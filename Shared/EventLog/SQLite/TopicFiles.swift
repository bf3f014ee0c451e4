import SQLite
import System
import Wire

/// Where a topic lies, and what its database looks like.
///
///     <root>/topics/<topic>/log.db      batches and consumer positions (SQLite, WAL)
///                           tail        written to after each commit; readers in other processes watch it
///     <root>/deleted/…                  topics on their way out
struct TopicFiles: Sendable {
    let root: String
    let topic: TopicName

    init(_ root: String, _ topic: TopicName) {
        self.root = root
        self.topic = topic
    }

    var parent: String { "\(root)/topics" }
    var folder: String { "\(parent)/\(topic)" }
    var database: String { "\(folder)/log.db" }
    var tail: String { "\(folder)/tail" }

    /// Bytes of a database page, in files that are made from now on.
    static let pageSize = 16 << 10

    /// Version 1. The packed form of `body` belongs to the version too.
    static let format = DatabaseFormat(
        applicationID: 0x504C_4C47,  // "PLLG"
        steps: [
            """
            CREATE TABLE batch (
                first_offset INTEGER PRIMARY KEY,
                count INTEGER NOT NULL CHECK (count > 0),
                created_ms INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                body BLOB NOT NULL);
            CREATE TABLE consumer (
                name TEXT NOT NULL,
                partition INTEGER NOT NULL,
                position INTEGER NOT NULL,
                PRIMARY KEY (name, partition)) WITHOUT ROWID;
            CREATE TABLE topic (
                id INTEGER PRIMARY KEY CHECK (id = 1),
                incarnation BLOB NOT NULL,
                floor INTEGER NOT NULL);
            INSERT INTO topic VALUES (1, randomblob(16), 0);
            """
        ])

    /// Options that every connection to a topic shares. Nobody checkpoints by chance: not on commit, not on close.
    ///
    /// On close SQLite would also remove the WAL *by its name*; after a topic was deleted and made again that name belongs
    /// to the new topic. A connection that does not checkpoint on close leaves the WAL alone.
    static func options(_ access: Database.Options.Access) -> Database.Options {
        var options = Database.Options(access)
        options.autoCheckpointPages = 0
        options.checkpointOnClose = false
        // Large pages: a batch is one large value, and each page costs two writes and a place in the WAL's index.
        options.pageSize = pageSize
        options.cacheSize = 256 << 10
        return options
    }

    /// Opens the database if there is one.
    ///
    /// - Returns: Nil when the topic does not exist, is just being made, or has just been deleted.
    func openExisting(
        _ access: Database.Options.Access, busyTimeout: Duration = .seconds(5)
    ) throws(SQLiteError) -> Database? {
        do throws(SQLiteError) {
            var options = TopicFiles.options(access)
            options.busyTimeout = busyTimeout
            let database = try Database(self.database, options)
            guard try database.isCurrent(TopicFiles.format) else { return nil }
            return try database.isRetired() ? nil : database
        } catch {
            if case .cannotOpen = error { return nil }
            throw error
        }
    }
}

extension TopicFiles {
    /// What the database's name stands for now; nil when there is none.
    var databaseStatus: FileStatus? {
        do throws(SystemError) { return try File.status(database) } catch { return nil }
    }
}

extension Database {
    /// Whether this database was deleted as a topic.
    ///
    /// The deleter renames the table first, in a transaction: every other connection, also in other processes, fails at its
    /// next statement instead of writing into the void.
    func isRetired() throws(SQLiteError) -> Bool {
        try integer("SELECT count(*) FROM sqlite_schema WHERE name = 'retired_batch'") != 0
    }

    /// Makes `isRetired` true for everybody.
    func retire() throws(SQLiteError) {
        try transaction { () throws(SQLiteError) in try execute("ALTER TABLE batch RENAME TO retired_batch") }
    }

    /// First and next offset of a topic.
    func topicEnds() throws(SQLiteError) -> (earliest: Int64, next: Int64) {
        let next = try nextOffset()
        return (min(next, try earliestOffset()), next)
    }

    /// The offset that the next record will get.
    func nextOffset() throws(SQLiteError) -> Int64 {
        let next = try integer("SELECT first_offset + count FROM batch ORDER BY first_offset DESC LIMIT 1")
        if let next { return next }
        return try floorOffset()
    }

    /// The offset of the oldest record, or where it was when it cannot be read any more.
    func earliestOffset() throws(SQLiteError) -> Int64 {
        let floor = try floorOffset()
        do throws(SQLiteError) {
            return try integer("SELECT first_offset FROM batch ORDER BY first_offset LIMIT 1") ?? floor
        } catch {
            guard case .corrupt = error else { throw error }
            return floor
        }
    }

    /// Where the topic begins as far as retention knows.
    private func floorOffset() throws(SQLiteError) -> Int64 { try integer("SELECT floor FROM topic") ?? 0 }

    /// The offset that the first record will get; nil when there are records. One statement: what it says was so at one moment.
    func floorOfEmptyTopic() throws(SQLiteError) -> Int64? {
        try integer("SELECT floor FROM topic WHERE NOT EXISTS (SELECT 1 FROM batch)")
    }

    /// Which topic of its name this is.
    func incarnation() throws(SQLiteError) -> [UInt8] {
        let select = try cached("SELECT incarnation FROM topic")
        guard try select.step() else { return [] }
        defer { select.reset() }
        return select.bytes(0)
    }

    /// The stored position of every consumer in partition 0.
    func consumerPositions() throws(SQLiteError) -> [ConsumerName: Position] {
        let select = try cached("SELECT name, position FROM consumer WHERE partition = 0")
        var positions: [ConsumerName: Position] = [:]
        while try select.step() {
            guard let name = ConsumerName(select.text(0)) else { continue }  // none was stored under such a name
            positions[name] = Position(offset: select.int64(1))
        }
        select.reset()
        return positions
    }

    /// The stored position of a consumer.
    func consumerPosition(_ name: String, _ partition: Int32) throws(SQLiteError) -> Position? {
        let select = try cached("SELECT position FROM consumer WHERE name = ? AND partition = ?")
        try select.bind(name, at: 1)
        try select.bind(Int64(partition), at: 2)
        guard try select.step() else { return nil }
        defer { select.reset() }
        return Position(partition: partition, offset: select.int64(0))
    }
}
