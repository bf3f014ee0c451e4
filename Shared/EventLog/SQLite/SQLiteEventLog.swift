import Bytes
package import EventLoop
import SQLite
import System
package import Time
package import Wire

/// The embedded event log: one SQLite database per topic, one row per committed group of batches.
///
/// Group commit is natural: a topic has one committer at a time, and whatever arrived while it waited for the disk goes
/// into its next transaction. A small fixed pool of threads commits; a further thread checkpoints and deletes what is old.
package final class SQLiteEventLog: EventLog {
    /// Bounds and intervals.
    package struct Options: Sendable {
        /// Threads that commit.
        package var committers = 2
        /// Topics kept open for writing; the least recently used one is closed first.
        package var openTopics = 256
        /// Bytes that may wait per topic before appends are refused with `.overloaded`.
        package var backlogBytes = 16 << 20
        /// Bytes that one transaction may gather.
        package var mergeBytes = 4 << 20
        /// Bytes written to a WAL before it is checkpointed. Small: a commit at the disk waits for what a checkpoint put there.
        package var checkpointBytes = 1 << 20
        /// Bytes of a WAL from which it is made to start over, which may hold up writers for a millisecond or two. Its blocks
        /// are used again, because writing over them is much cheaper than making a file longer.
        package var walLimitBytes = 16 << 20
        /// Bytes at the end of a topic's file that stay in the kernel's cache, for readers that follow.
        package var kernelCacheBytes = 64 << 20
        /// How long records are kept after their commit, in every topic of the folder. Nil: this process deletes nothing.
        /// One process per folder decides; a second one with a shorter time would take records from the first.
        package var retention: Duration?
        /// Topics whose records wait for a consumer: from the first position that it stores, nothing behind its position is
        /// deleted, however old.
        package var heldFor: [TopicName: ConsumerName] = [:]
        /// How often old records are looked for.
        package var sweepInterval: Duration = .seconds(600)

        /// The defaults.
        package init() {}

        /// For a process that only reads: it commits nothing, and how long records are kept is for those who write them to say.
        package static var readOnly: Options {
            var options = Options()
            options.committers = 0
            return options
        }
    }

    private let root: String
    private let options: Options
    private let table: Monitor<TopicTable>
    private let maintenance: TopicMaintenance
    private let threads: Monitor<[SystemThread]>

    /// Opens the log in a folder, which is made when it is missing, and starts its threads.
    ///
    /// Several processes may have the same folder open; positions stay right whoever writes.
    /// - Throws: `.folder` when the folder cannot be made or a thread cannot be started.
    package init(
        folder: String, clock: any WallClock = SystemClock(), options: Options = Options()
    ) throws(EventLogError) {
        root = folder
        self.options = options
        table = Monitor(
            TopicTable(
                root: folder, backlogLimit: options.backlogBytes, mergeLimit: options.mergeBytes,
                openLimit: options.openTopics))
        maintenance = TopicMaintenance(root: folder, clock: clock, options: options) { [table] topic, cause in
            _ = table.change { $0.submit(.giveUp(cause), to: topic) }
        }
        threads = Monitor([])
        do throws(SystemError) {
            try Directory.create("\(folder)/topics", mode: 0o700)
            try Directory.sync(folder)
            var started: [SystemThread] = []
            for number in 0..<options.committers {
                let committer = Committer(table, maintenance, clock, options)
                started.append(try SystemThread.start("log-commit-\(number)") { committer.run() })
            }
            started.append(try SystemThread.start("log-maintain") { [maintenance] in maintenance.run() })
            threads.withLock { $0 = started }
        } catch {
            table.change { $0.stop() }
            maintenance.stop()
            throw .folder(error)
        }
    }

    deinit { close() }

    /// Queues the batch for its topic's committer.
    package func append(
        _ batch: consuming RecordBatch, to topic: TopicName, on loop: EventLoop, _ done: @escaping AppendCompletion
    ) {
        submit(PendingAppend(batch, [], loop, done), to: topic)
    }

    /// Queues the batch and the steps of consumers.
    package func append(
        _ batch: consuming RecordBatch, to topic: TopicName, advancing advances: [Advance], on loop: EventLoop,
        _ done: @escaping AppendCompletion
    ) {
        submit(PendingAppend(batch, advances, loop, done), to: topic)
    }

    private func submit(_ pending: PendingAppend, to topic: TopicName) {
        switch table.withLock({ $0.submit(pending, to: topic) }) {
        case .joined: break
        case .queued: table.wakeOne()
        case .refused(let refusal): pending.loop.post { pending.complete(.failure(refusal)) }
        }
    }

    /// Looks in the topic's database. Blocks on the disk.
    package func position(
        of consumer: ConsumerName, in topic: TopicName, partition: Int32
    ) throws(EventLogError) -> Position? {
        try look(at: topic) { database throws(SQLiteError) in
            try database.consumerPosition(consumer.description, partition)
        } ?? nil
    }

    /// Looks in the topic's database. Blocks on the disk.
    package func positions(in topic: TopicName) throws(EventLogError) -> [ConsumerName: Position] {
        try look(at: topic) { database throws(SQLiteError) in try database.consumerPositions() } ?? [:]
    }

    /// Looks in the topic's database. Blocks on the disk.
    package func ends(of topic: TopicName) throws(EventLogError) -> TopicEnds? {
        try look(at: topic) { database throws(SQLiteError) in
            let (earliest, next) = try database.topicEnds()
            return TopicEnds(
                earliest: Position(offset: earliest), next: Position(offset: next),
                incarnation: Hex.encode(try database.incarnation()))
        }
    }

    /// Lists the topics' folders. Blocks on the disk.
    package func topics() throws(EventLogError) -> [TopicName] {
        do throws(SystemError) {
            return try Directory.list("\(root)/topics").compactMap { TopicName($0) }
        } catch { throw .folder(error) }
    }

    /// Makes the topics' folders: the database comes with the first record, so thousands of topics cost nothing.
    package func create(_ topics: [TopicName]) throws(EventLogError) {
        do throws(SystemError) {
            for topic in topics { try Directory.create(TopicFiles(root, topic).folder, mode: 0o700) }
            try Directory.sync("\(root)/topics")
        } catch { throw .folder(error) }
    }

    /// Lets a committer delete the topic between two commits, and waits for that.
    package func delete(_ topic: TopicName) throws(EventLogError) {
        let report = Monitor<Result<Void, EventLogError>?>(nil)
        guard table.change({ $0.submit(.delete(report), to: topic) }) else { throw .closed }
        // No limit: a committer reports even when it fails.
        guard let outcome = report.wait({ $0 }) else { throw .closed }
        try outcome.get()
    }

    /// Gives a topic that is out of service because of its file another try, for whoever waits until it is mended. A failed
    /// sync is not forgiven.
    package func reopen(_ topic: TopicName) {
        if table.withLock({ $0.submit(.reopen, to: topic) }) { table.wakeOne() }
    }

    /// A reader with a connection of its own.
    package func reader(of topic: TopicName, from start: StartPosition) throws(EventLogError) -> any EventReader {
        try SQLiteEventReader(TopicFiles(root, topic), from: start)
    }

    /// Commits what is queued, checkpoints the open topics and ends the threads.
    package func close() {
        table.change { $0.stop() }
        maintenance.stop()
        let running = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in running { thread.join() }
        // All threads have ended: the stores are ours.
        for slot in table.withLock({ $0.takeAllSlots() }) {
            slot.store?.settle()
            slot.store = nil
        }
    }

    /// Deletes what is older than the retention at once, instead of at the next interval. Blocks.
    package func expire() { maintenance.sweep() }

    /// - Returns: Nil when there is no such topic.
    private func look<Result>(
        at topic: TopicName, _ body: (Database) throws(SQLiteError) -> Result
    ) throws(EventLogError) -> Result? {
        do throws(SQLiteError) {
            guard let database = try TopicFiles(root, topic).openExisting(.read) else { return nil }
            return try body(database)
        } catch { throw EventLogError(topic, error) }
    }
}

extension EventLogError {
    /// A store's failure: for this time, or for good.
    init(_ topic: TopicName, _ error: SQLiteError) {
        switch error {
        case .syncFailed, .corrupt, .foreignFile, .newerFormat: self = .unusable(topic, error)
        case .busy, .full, .readOnly, .ioError, .cannotOpen, .constraint, .outOfMemory, .misuse:
            self = .store(topic, error)
        }
    }
}
