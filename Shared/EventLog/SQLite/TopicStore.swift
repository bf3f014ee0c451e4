import EventLoop
import SQLite
import System
import Time
import Wire

/// One batch that waits for its commit.
final class PendingAppend: @unchecked Sendable {
    // Made on the caller's loop and given away; then only its topic's committer touches it. `done` goes back to the loop
    // and is called, and let go, there.
    let batch: RecordBatch
    let advances: [Advance]
    let loop: EventLoop
    private var done: AppendCompletion?

    init(
        _ batch: consuming RecordBatch, _ advances: [Advance], _ loop: EventLoop, _ done: @escaping AppendCompletion
    ) {
        self.batch = batch
        self.advances = advances
        self.loop = loop
        self.done = done
    }

    /// On `loop`: tells the outcome, once, and lets the caller's closure go.
    func complete(_ result: Result<Position, EventLogError>) {
        let done = self.done
        self.done = nil
        done?(result)
    }

    /// What it counts for in the backlog; an empty batch is not free either.
    var weight: Int { batch.byteCount + 256 * max(1, advances.count) }
}

/// The writing side of one topic's database: puts a group of batches into one transaction and one row.
///
/// - Isolation: used by one committer at a time.
final class TopicStore {
    private let files: TopicFiles
    private let database: Database
    private let tail: FileDescriptor
    private let last: Statement
    private let insert: Statement
    private let advance: Statement
    /// Bytes written to the WAL since a checkpoint was last asked for, roughly.
    private(set) var uncheckpointed = 0

    /// Opens the topic, and makes it when it is missing.
    init(_ files: TopicFiles) throws(EventLogError) {
        self.files = files
        do throws(SystemError) {
            if try File.status(files.database) == nil {
                try Directory.create(files.folder, mode: 0o700)
                try Directory.sync(files.parent)  // the folder's own name must survive a power cut too
            }
            tail = try FileDescriptor.openForOverwriting(files.tail, mode: 0o600)
        } catch { throw .folder(error) }
        do throws(SQLiteError) {
            var options = TopicFiles.options(.create)
            // A large commit's pages: whatever does not fit is asked from the kernel anew for each commit.
            options.cacheSize = 1 << 20
            database = try Database(files.database, options)
            try database.migrate(to: TopicFiles.format)
            last = try database.prepare(
                "SELECT first_offset + count, created_ms FROM batch ORDER BY first_offset DESC LIMIT 1")
            insert = try database.prepare("INSERT INTO batch VALUES (?, ?, ?, ?, ?)")
            advance = try database.prepare(
                """
                INSERT INTO consumer VALUES (?, ?, ?)
                ON CONFLICT (name, partition) DO UPDATE SET position = excluded.position
                """)
        } catch { throw EventLogError(files.topic, error) }
    }

    /// Commits the group; all its records become one row.
    ///
    /// - Parameters:
    ///   - now: The wall clock. A batch is never dated before the one in front of it.
    ///   - joined: Where bodies are joined: a committer's own, so that there are few however many topics.
    /// - Returns: What became of each batch, in order. A refused advance does not disturb the others.
    /// - Throws: Then nothing of the group is stored.
    func commit(
        _ group: [PendingAppend], now: Timestamp, joining joined: inout RecordBatch
    ) throws(SQLiteError) -> [Result<Position, EventLogError>] {
        do throws(SQLiteError) {
            try database.begin()
            let results = try write(group, now, &joined)
            try database.commit()
            return results
        } catch {
            last.reset()
            insert.clear()
            database.rollBack()
            throw error
        }
    }

    private func write(
        _ group: [PendingAppend], _ now: Timestamp, _ joined: inout RecordBatch
    ) throws(SQLiteError) -> [Result<Position, EventLogError>] {
        var first: Int64
        var created = now.milliseconds
        if try last.step() {
            first = last.int64(0)
            created = max(created, last.int64(1))
            last.reset()
        } else {
            first = try database.integer("SELECT floor FROM topic") ?? 0
        }
        var results: [Result<Position, EventLogError>] = []
        results.reserveCapacity(group.count)
        var next = first
        var filled: [Int] = []
        for (index, pending) in group.enumerated() {
            if let refusal = try apply(pending.advances) {
                results.append(.failure(refusal))
                continue
            }
            results.append(.success(Position(offset: next)))
            if pending.batch.isEmpty { continue }
            next += Int64(pending.batch.count)
            filled.append(index)
        }
        if filled.isEmpty { return results }
        if filled.count == 1 {
            try group[filled[0]].batch.withBytes { body throws(SQLiteError) in
                try store(body, first, next - first, created)
            }
        } else {
            joined.removeAll()
            joined.reserve(filled.reduce(0) { $0 + group[$1].batch.byteCount })
            for index in filled { joined.append(contentsOf: group[index].batch) }
            try joined.withBytes { body throws(SQLiteError) in try store(body, first, next - first, created) }
        }
        return results
    }

    private func store(
        _ body: UnsafeRawBufferPointer, _ first: Int64, _ count: Int64, _ created: Int64
    ) throws(SQLiteError) {
        try insert.bind(first, at: 1)
        try insert.bind(count, at: 2)
        try insert.bind(created, at: 3)
        try insert.bind(batchChecksum(body, firstOffset: first, count: count, created: created), at: 4)
        try insert.bind(borrowing: body, at: 5)
        try insert.run()
        insert.clear()  // the body belongs to the caller
        uncheckpointed += body.count + TopicFiles.pageSize
    }

    /// Stores all steps or none.
    ///
    /// - Returns: Why one of them is refused, or nil when they are stored.
    private func apply(_ steps: [Advance]) throws(SQLiteError) -> EventLogError? {
        for step in steps {
            let stored = try database.consumerPosition(step.consumer.description, step.to.partition)
            let isBehind = stored.map { $0.offset < step.to.offset } ?? true
            guard stored == step.from, isBehind else { return .notAdvanced(step.consumer, stored: stored) }
        }
        for step in steps {
            try advance.bind(step.consumer.description, at: 1)
            try advance.bind(Int64(step.to.partition), at: 2)
            try advance.bind(step.to.offset, at: 3)
            try advance.run()
        }
        return nil
    }

    /// Wakes readers, in this process and in others. Only after the commit: what they look for must be visible.
    func announce() {
        // A lost wake-up costs a reader its fallback interval and nothing else, so the outcome is not looked at.
        _ = withUnsafeBytes(of: UInt64(0)) { FileDescriptor.overwrite(raw: tail.raw, $0) }
    }

    /// Starts the estimate over: somebody has been asked to checkpoint.
    func checkpointRequested() { uncheckpointed = 0 }

    /// Whether this database was deleted as a topic. A database that does not even answer that counts as there.
    func isRetired() -> Bool {
        do throws(SQLiteError) { return try database.isRetired() } catch { return false }
    }

    /// Before closing: moves the WAL into the database, so that the next start finds little to recover.
    func settle() {
        do throws(SQLiteError) {
            try database.checkpoint(.truncate)
        } catch {
            // A reader stood in the way. The WAL stays, and is complete.
        }
    }

    /// Deletes the topic as far as other connections are concerned.
    func retire() throws(SQLiteError) { try database.retire() }
}
