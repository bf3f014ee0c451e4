import SQLite
import System
import Wire

/// Moves what is committed from the topics' WALs into their databases, in slices that are small enough for no commit to wait
/// long behind one at the disk.
///
/// ```
///   commit ► WAL ──every slice──► passive: moves, syncs, holds nobody up
///                ──over the limit─► passive twice; a commit that finds nothing left to move starts the WAL over by itself
///                ──a slice later──► `restart` holds commits up for the last few pages
/// ```
///
/// - Isolation: belongs to the maintenance thread.
struct Checkpointer {
    /// A topic that is checkpointed often. Opening a connection costs more than a slice.
    private struct Connection {
        let files: TopicFiles
        let database: Database
        let file: FileStatus
        /// Pages of the WAL from which it is made to start over.
        var restartAt: Int
        /// Whether the WAL reached that before the last slice, and no commit has started it over since.
        var isOverdue = false
    }

    private static let connectionLimit = 8
    /// How long committers wait at most when a reader stands in the way of a restart; then the WAL grows on.
    private static let restartPatience: Duration = .milliseconds(200)

    private let root: String
    private let walLimit: Int  // pages
    private let kernelCache: Int  // bytes
    private var connections: [Connection] = []  // the latest last

    init(root: String, options: SQLiteEventLog.Options) {
        self.root = root
        walLimit = max(1, options.walLimitBytes / TopicFiles.pageSize)
        kernelCache = options.kernelCacheBytes
    }

    /// Whether no file is open.
    var isResting: Bool { connections.isEmpty }

    /// Closes all connections.
    mutating func rest() { connections = [] }

    /// Closes the topic's connection.
    mutating func forget(_ topic: TopicName) { connections.removeAll { $0.files.topic == topic } }

    /// - Throws: What the store says; the next request begins with a fresh connection.
    mutating func checkpoint(_ topic: TopicName) throws(SQLiteError) {
        guard var connection = try take(TopicFiles(root, topic)) else { return }
        try checkpoint(&connection)
        connection.database.releaseFileCache(keeping: kernelCache)
        if connections.count >= Self.connectionLimit { connections.removeFirst() }
        connections.append(connection)
    }

    private func checkpoint(_ connection: inout Connection) throws(SQLiteError) {
        let pages = try connection.database.checkpoint(.passive).walPages
        guard pages >= connection.restartAt else {
            if pages < walLimit { (connection.restartAt, connection.isOverdue) = (walLimit, false) }
            return
        }
        // What came during the first one, so that little is left: for a commit that finds nothing left starts the WAL over,
        // and committers wait while `restart` moves what is left.
        try connection.database.checkpoint(.passive)
        guard connection.isOverdue else {
            connection.isOverdue = true
            return
        }
        do throws(SQLiteError) {
            try connection.database.checkpoint(.restart)
            connection.isOverdue = false
        } catch {
            guard case .busy = error else { throw error }
            connection.restartAt = pages + walLimit
        }
    }

    private mutating func take(_ files: TopicFiles) throws(SQLiteError) -> Connection? {
        guard let status = files.databaseStatus else { return nil }
        if let index = connections.firstIndex(where: { $0.files.topic == files.topic }) {
            let known = connections.remove(at: index)
            if known.file.inode == status.inode { return known }  // else: deleted and made again
        }
        guard let database = try files.openExisting(.write, busyTimeout: Self.restartPatience) else { return nil }
        return Connection(files: files, database: database, file: status, restartAt: walLimit)
    }
}
