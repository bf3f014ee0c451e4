import EventLoop
import SQLite
import Synchronization
import System
package import Time

/// The control plane's state: one SQLite file, one writer, as many readers as there are threads that read.
///
/// Reading takes microseconds and may be done on a loop. Writing waits for the disk: `write` does it on a thread of its own.
///
/// Safe from any thread.
package final class StateStore: Sendable {
    /// The path of the file in a state folder.
    package static func path(_ state: String) -> String { "\(state)/control/state.db" }

    /// What is sealed and opened of the secrets in the file.
    package let secrets: StateSecrets
    private let path: String
    private let clock: any WallClock
    private let writer: Monitor<Connection>
    private let readers = Monitor<[Connection]>([])
    private let thread: BlockingThread
    private let listeners = Mutex<[@Sendable (Int64) -> Void]>([])

    /// Opens the file, makes it and its first rows when it is not there.
    ///
    /// Blocks on the disk.
    ///
    /// - Parameter state: The plane's state folder.
    /// - Throws: `.state` when the file cannot be used or is newer than this program; `.damaged` when it belongs to another
    ///   key-encryption key; `SystemError` when the folder or the thread cannot be made.
    package init(state: String, secrets: StateSecrets, clock: any WallClock) throws {
        path = Self.path(state)
        self.secrets = secrets
        self.clock = clock
        try Directory.create("\(state)/control", mode: 0o700)
        let database: Database
        do throws(SQLiteError) {
            database = try Database(path, Self.writing)
            try database.migrate(to: StateSchema.format)
        } catch {
            throw CallError.state(error)
        }
        writer = Monitor(Connection(database))
        thread = try BlockingThread(name: "state")
        try writeBlocking(by: .system, "bootstrap") { change throws(CallError) in
            try change.bootstrap(sealing: secrets)
        }
    }

    private static var writing: Database.Options {
        var options = Database.Options(.create)
        options.cacheSize = 16 << 20
        options.secureDelete = true
        return options
    }

    /// Finishes what was begun. Nothing is written afterwards.
    package func close() { thread.stop() }

    // MARK: Reading

    /// Lets `body` look at the state of one moment. Touches the disk only where the page cache has not what is asked for.
    ///
    /// - Throws: What `body` throws; `.state` when the file cannot be read.
    package func read<Result>(
        _ body: (StateView) throws(CallError) -> Result
    ) throws(CallError) -> Result {
        let reader = try takeReader()
        defer { readers.withLock { $0.append(reader) } }
        let database = reader.database
        do throws(SQLiteError) { try database.cached("BEGIN").run() } catch { throw .state(error) }
        defer { database.rollBack() }
        return try body(StateView(database: database))
    }

    private func takeReader() throws(CallError) -> Connection {
        if let known = readers.withLock({ $0.popLast() }) { return known }
        var options = Database.Options(.read)
        options.cacheSize = 16 << 20
        do throws(SQLiteError) { return Connection(try Database(path, options)) } catch { throw .state(error) }
    }

    // MARK: Writing

    /// Lets `body` change the state in one transaction, on the thread of this store.
    ///
    /// - Returns: After the disk has confirmed it.
    /// - Throws: What `body` throws: nothing is changed then. `.state` when it could not be stored; after `.syncFailed` nothing is
    ///   written any more before the next start.
    package func write<Result: Sendable>(
        by actor: Actor, _ method: String,
        _ body: @escaping @Sendable (StateChange) throws(CallError) -> Result
    ) async throws(CallError) -> Result {
        let outcome: Swift.Result<Result, CallError> = await withCheckedContinuation { continuation in
            let isTaken = thread.run { [self] in
                do throws(CallError) {
                    continuation.resume(returning: .success(try writeBlocking(by: actor, method, body)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            if !isTaken { continuation.resume(returning: .failure(.stopping)) }
        }
        return try outcome.get()
    }

    /// As `write`, on the caller's thread, which waits for the disk: never on a loop.
    @discardableResult
    package func writeBlocking<Result>(
        by actor: Actor, _ method: String, _ body: (StateChange) throws(CallError) -> Result
    ) throws(CallError) -> Result {
        let (result, revision) = try writer.withLock { writer throws(CallError) -> (Result, Int64?) in
            if let poison = writer.poison { throw .state(poison) }
            let database = writer.database
            let change = StateChange(StateView(database: database), actor: actor, method: method, now: clock.now())
            try stored { () throws(SQLiteError) in try database.begin() }
            do throws(CallError) {
                let result = try body(change)
                let revision = change.isPlaneChanged ? try change.growRevision() : nil
                try stored { () throws(SQLiteError) in try database.commit() }
                return (result, revision)
            } catch {
                database.rollBack()
                // What the disk holds is unknown from now on, until the file is opened again.
                if case .state(.syncFailed(let action)) = error { writer.poison = .syncFailed(during: action) }
                throw error
            }
        }
        if let revision {
            for listener in listeners.withLock({ $0 }) { listener(revision) }
        }
        return result
    }

    private func stored(_ body: () throws(SQLiteError) -> Void) throws(CallError) {
        do throws(SQLiteError) { try body() } catch { throw .state(error) }
    }

    // MARK: Watching

    /// Calls `listener` with the new revision after each change of what the plane runs on: on the thread that wrote, which must
    /// not be held up, and never twice for one revision. Revisions may arrive out of order.
    package func onPlaneChange(_ listener: @escaping @Sendable (_ revision: Int64) -> Void) {
        listeners.withLock { $0.append(listener) }
    }
}

/// A connection that goes from thread to thread.
// Unchecked: used by whoever took it out of its `Monitor`, and by nobody else.
private final class Connection: @unchecked Sendable {
    let database: Database
    /// Why nothing may be written any more.
    var poison: SQLiteError?

    init(_ database: Database) { self.database = database }
}
