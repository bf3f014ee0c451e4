import SQLite
import System
import Wire

/// Moves what is committed from the topics' WALs into their databases, in slices that are small enough for no commit to wait
/// long behind one at the disk.
///
/// ```
///   commit ► WAL ──every slice──► passive: moves, syncs, holds nobody up
///                ──over the limit─► passive until nothing is left, then the next commit starts the WAL over by itself;
///                                   if commits are always faster, `restart` holds them up for the last few pages
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
    }

    private static let connectionLimit = 8
    /// How long committers wait at most when a reader stands in the way of a restart; then the WAL grows on.
    private static let restartPatience: Duration = .milliseconds(200)
    private static let passivesBeforeRestart = 4

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

    mutating func checkpoint(_ topic: TopicName) {
        let files = TopicFiles(root, topic)
        do throws(SQLiteError) {
            guard var connection = try take(files) else { return }
            try checkpoint(&connection)
            connection.database.releaseFileCache(keeping: kernelCache)
            if connections.count >= Self.connectionLimit { connections.removeFirst() }
            connections.append(connection)
        } catch {
            // The WAL is as good a place as the database. The next request tries again, with a fresh connection; a sick disk
            // shows at the commits.
        }
    }

    private func checkpoint(_ connection: inout Connection) throws(SQLiteError) {
        var result = try connection.database.checkpoint(.passive)
        guard result.walPages >= connection.restartAt else {
            if result.walPages < walLimit { connection.restartAt = walLimit }
            return
        }
        var attempts = 1
        while result.movedPages < result.walPages, attempts < Self.passivesBeforeRestart {
            result = try connection.database.checkpoint(.passive)
            attempts += 1
        }
        connection.restartAt = walLimit
        if result.movedPages == result.walPages { return }
        do throws(SQLiteError) {
            try connection.database.checkpoint(.restart)
        } catch {
            guard case .busy = error else { throw error }
            connection.restartAt = result.walPages + walLimit
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
