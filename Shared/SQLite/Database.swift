private import CSQLite
private import Glibc

/// One connection to one database file, in WAL mode.
///
/// - Isolation: one connection per thread. The type is not `Sendable`: make it on the thread that uses it. SQLite runs
///   without its own mutexes, so nothing would catch a second thread.
package final class Database {
    /// How a database is opened.
    package struct Options: Sendable {
        /// What may be done with the file.
        package enum Access: Sendable {
            /// Only reads. SQLite still needs a writable folder for its shared-memory file.
            case read
            /// Reads and writes; the file must exist.
            case write
            /// Reads and writes; a missing file is made, readable by its owner only.
            case create
        }

        /// What may be done with the file.
        package var access: Access
        /// How long a locked database is waited for.
        package var busyTimeout: Duration = .seconds(5)
        /// Bytes of a page. Counts only when the file is made.
        package var pageSize: Int = 4096
        /// Upper bound, in bytes, of this connection's page cache.
        package var cacheSize: Int = 2 << 20
        /// After how many WAL pages a commit also checkpoints; 0 leaves that to `checkpoint`.
        package var autoCheckpointPages: Int = 1000
        /// Whether the last connection to close checkpoints and removes the WAL.
        package var checkpointOnClose: Bool = true
        /// Whether deleted rows are overwritten with zeros.
        package var secureDelete: Bool = false

        /// Defaults for this kind of access.
        package init(_ access: Access) { self.access = access }
    }

    /// How much of the WAL is moved into the database file.
    package enum CheckpointMode: Sendable {
        /// What is possible without waiting for anybody.
        case passive
        /// Everything; the next writer starts the WAL over. Waits for writers and readers up to the busy timeout.
        case restart
        /// As `restart`, and the WAL file is cut to zero bytes.
        case truncate
    }

    /// What a checkpoint left behind.
    package struct CheckpointResult: Sendable, Equatable {
        /// Pages in the WAL.
        package let walPages: Int
        /// How many of them are in the database file now.
        package let movedPages: Int
    }

    /// Where the file is.
    package let path: String
    private let connection: Connection
    private var cache: [String: Statement] = [:]
    private var fileCache = FileCache()

    /// Opens the file and sets `journal_mode=WAL`, `synchronous=FULL`, `foreign_keys=ON`.
    ///
    /// - Throws: `.cannotOpen` when the file is missing (unless `.create`) or not accessible; `.corrupt` when it is no
    ///   database; `.busy` when another process kept it locked.
    package init(_ path: String, _ options: Options) throws(SQLiteError) {
        self.path = path
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        switch options.access {
        case .read: flags |= SQLITE_OPEN_READONLY
        case .write: flags |= SQLITE_OPEN_READWRITE
        case .create:
            flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
            makePrivateFile(path)
        }
        connection = try Connection(path: path, flags: flags, patience: options.busyTimeout)
        // A misspelt column must be an error, not a text; a crafted schema must not run anything.
        setFlag(SQLITE_DBCONFIG_DQS_DML, false)
        setFlag(SQLITE_DBCONFIG_DQS_DDL, false)
        setFlag(SQLITE_DBCONFIG_DEFENSIVE, true)
        setFlag(SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)
        setFlag(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !options.checkpointOnClose)
        let cacheSize = "PRAGMA cache_size = -\(max(1, options.cacheSize / 1024))"
        do throws(SQLiteError) {
            try execute(cacheSize)
        } catch {
            guard case .readOnly = error, options.access == .read else { throw error }
            try finishRollback(path, patience: options.busyTimeout)
            try execute(cacheSize)
        }
        if options.access != .read {
            if options.access == .create { try execute("PRAGMA page_size = \(options.pageSize)") }
            try enterWALMode(patience: options.busyTimeout)
            try execute("PRAGMA synchronous = FULL")
            try execute("PRAGMA foreign_keys = ON")
            try execute("PRAGMA wal_autocheckpoint = \(options.autoCheckpointPages)")
            if options.secureDelete { try execute("PRAGMA secure_delete = ON") }
        }
    }

    // MARK: Statements

    /// Runs one or more statements without parameters; rows are passed over.
    package func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(connection.handle, sql, nil, nil, nil)
        try connection.check(code, String(sql.prefix(48)))
    }

    /// Compiles a statement for the caller to keep.
    package func prepare(_ sql: String) throws(SQLiteError) -> Statement { try Statement(connection, sql) }

    /// The compiled statement for this text, reset and without parameters; kept for the next call.
    ///
    /// Two users of the same text at the same time would disturb each other: nested use wants `prepare`.
    package func cached(_ sql: String) throws(SQLiteError) -> Statement {
        if let known = cache[sql] {
            known.clear()
            return known
        }
        let made = try prepare(sql)
        cache[sql] = made
        return made
    }

    /// The first column of the first row as an integer; nil when there is no row or it is `NULL`.
    package func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try cached(sql)
        guard try statement.step() else { return nil }
        defer { statement.reset() }
        return statement.isNull(0) ? nil : statement.int64(0)
    }

    /// Rows changed by the last `INSERT`, `UPDATE` or `DELETE`.
    package var changes: Int { Int(sqlite3_changes64(connection.handle)) }

    // MARK: Transactions

    /// Runs `body` in one immediate transaction: it holds the write lock from its first line.
    ///
    /// - Throws: What `body` or the commit throws; nothing of it is stored then.
    package func transaction<R>(_ body: () throws(SQLiteError) -> R) throws(SQLiteError) -> R {
        try begin()
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    /// Starts an immediate transaction. - Throws: `.busy` when another connection writes for too long.
    package func begin() throws(SQLiteError) { try cached("BEGIN IMMEDIATE").run() }

    /// Makes the transaction durable: returns after the disk confirmed it. After a throw, call `rollBack`.
    package func commit() throws(SQLiteError) { try cached("COMMIT").run() }

    /// Undoes the transaction, if one is open.
    package func rollBack() {
        guard sqlite3_get_autocommit(connection.handle) == 0 else { return }  // SQLite already did (disk full)
        sqlite3_exec(connection.handle, "ROLLBACK", nil, nil, nil)
    }

    // MARK: Checkpoints

    /// Moves pages from the WAL to the database file.
    ///
    /// - Throws: `.busy` when readers or writers stood in the way of `restart` or `truncate`.
    @discardableResult
    package func checkpoint(_ mode: CheckpointMode) throws(SQLiteError) -> CheckpointResult {
        var pages: Int32 = 0
        var moved: Int32 = 0
        let how =
            switch mode {
            case .passive: SQLITE_CHECKPOINT_PASSIVE
            case .restart: SQLITE_CHECKPOINT_RESTART
            case .truncate: SQLITE_CHECKPOINT_TRUNCATE
            }
        try connection.check(sqlite3_wal_checkpoint_v2(connection.handle, nil, how, &pages, &moved), "checkpoint")
        return CheckpointResult(walPages: Int(pages), movedPages: Int(moved))
    }

    /// Lets the kernel forget all but the file's last bytes, as far as they were added while this connection is open. For
    /// files that grow at their end, after a checkpoint.
    package func releaseFileCache(keeping bytes: Int) { fileCache.release(path, keeping: bytes) }

    // MARK: Opening

    private func setFlag(_ flag: Int32, _ on: Bool) {
        polder_sqlite3_db_config_flag(connection.handle, flag, on ? 1 : 0)
    }

    /// Switching a new file to WAL needs it exclusively, and SQLite does not wait for that: two processes that start
    /// together would fail each other.
    private func enterWALMode(patience: Duration) throws(SQLiteError) {
        let deadline = ContinuousClock.now + patience
        while true {
            do throws(SQLiteError) {
                let statement = try prepare("PRAGMA journal_mode = WAL")
                _ = try statement.step()
                let mode = statement.text(0)
                statement.reset()
                if mode == "wal" { return }
                throw .readOnly(during: "journal_mode=WAL")
            } catch {
                guard case .busy = error, ContinuousClock.now < deadline else { throw error }
                usleep(2000)
            }
        }
    }
}

/// Takes back what a writer left half done when it died before the file was in WAL mode: a reader is not allowed to.
private func finishRollback(_ path: String, patience: Duration) throws(SQLiteError) {
    let writer = try Connection(
        path: path, flags: SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, patience: patience)
    let look = "SELECT count(*) FROM sqlite_schema"
    try writer.check(sqlite3_exec(writer.handle, look, nil, nil, nil), look)
}

/// Makes the file with mode 0600, so that neither it nor its WAL (which copies the mode) is readable by others.
///
/// The descriptor that made it is closed before the name exists: closing any descriptor of a file drops all POSIX locks
/// this process holds on it, also those of another connection.
private func makePrivateFile(_ path: String) {
    guard access(path, F_OK) != 0 else { return }
    let draft = "\(path).new-\(getpid())-\(UInt64.random(in: 0 ... .max))"
    let descriptor = open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }  // `sqlite3_open_v2` meets the same obstacle and reports it
    close(descriptor)
    link(draft, path)
    unlink(draft)
}
