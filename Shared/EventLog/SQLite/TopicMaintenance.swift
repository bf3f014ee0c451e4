import SQLite
import System
import Time
import Wire

/// What topics need besides commits: checkpoints and the end of old records. On a thread and connections of its own, so
/// that it meets the committers only at SQLite's locks, and briefly.
final class TopicMaintenance: Sendable {
    private struct State {
        var jobs: [Job] = []
        var nextSweep: MonotonicTime
        var isStopping = false
    }

    private enum Job: Equatable {
        case checkpoint(TopicName)
        case forget(TopicName)
        case sweep
        case rest
        case stop
    }

    /// Rows deleted in one transaction: few, because committers wait for it.
    private static let rowsPerStep = 8
    /// Connections for checkpoints are closed when none was wanted for this long.
    private static let connectionRest: Duration = .seconds(1)

    private let root: String
    private let clock: any WallClock
    private let options: SQLiteEventLog.Options
    private let state: Monitor<State>
    private let giveUp: @Sendable (TopicName, SQLiteError) -> Void

    /// - Parameter giveUp: Told when the disk did not confirm what was written here: the topic may not be written to again.
    init(
        root: String, clock: any WallClock, options: SQLiteEventLog.Options,
        giveUp: @escaping @Sendable (TopicName, SQLiteError) -> Void
    ) {
        self.giveUp = giveUp
        self.root = root
        self.clock = clock
        self.options = options
        state = Monitor(State(nextSweep: MonotonicTime.now() + .seconds(5)))
    }

    func checkpoint(_ topic: TopicName) { queue(.checkpoint(topic)) }

    /// The topic is being deleted: lets its files go.
    func forget(_ topic: TopicName) { queue(.forget(topic)) }

    private func queue(_ job: Job) {
        state.change { state in
            if !state.jobs.contains(job) { state.jobs.append(job) }
        }
    }

    func stop() { state.change { $0.isStopping = true } }

    func run() {
        var checkpointer = Checkpointer(root: root, options: options)
        while true {
            switch nextJob(mayRest: !checkpointer.isResting) {
            case .checkpoint(let topic):
                do throws(SQLiteError) {
                    try checkpointer.checkpoint(topic)
                } catch {
                    // Otherwise the WAL is as good a place as the database, and the next request tries again; a sick disk
                    // shows at the commits.
                    if case .syncFailed = error { giveUp(topic, error) }
                }
            case .forget(let topic): checkpointer.forget(topic)
            case .sweep:
                sweep()
                state.withLock { $0.nextSweep = MonotonicTime.now() + options.sweepInterval }
            case .rest: checkpointer.rest()
            case .stop: return
            }
        }
    }

    private func nextJob(mayRest: Bool) -> Job {
        let untilSweep = max(.zero, state.withLock { $0.nextSweep } - MonotonicTime.now())
        let pause = mayRest ? min(untilSweep, Self.connectionRest) : untilSweep
        let job = state.wait(upTo: pause) { state -> Job? in
            if state.isStopping { return .stop }
            return state.jobs.isEmpty ? nil : state.jobs.removeFirst()
        }
        return job ?? (pause < untilSweep ? .rest : .sweep)
    }

    /// Deletes what is older than the retention, in every topic of the folder, whoever wrote it.
    func sweep() {
        guard let retention = options.retention else { return }
        let cutoff = clock.now() - retention
        do throws(SystemError) {
            for name in try Directory.list("\(root)/topics") {
                if state.withLock({ $0.isStopping }) { return }
                if let topic = TopicName(name) { sweep(TopicFiles(root, topic), before: cutoff) }
            }
        } catch {
            // The folder has gone or may not be read: appends report that, there is nothing to delete.
        }
    }

    private func sweep(_ files: TopicFiles, before cutoff: Timestamp) {
        do throws(SQLiteError) {
            guard let probe = try files.openExisting(.read) else { return }
            let oldest = try probe.integer("SELECT created_ms FROM batch ORDER BY first_offset LIMIT 1")
            guard let oldest, oldest < cutoff.milliseconds else { return }
            guard let database = try files.openExisting(.write) else { return }
            // What retention removes must be gone from the free pages too.
            try database.execute("PRAGMA secure_delete = ON")
            while try deleteSome(database, before: cutoff, heldFor: options.heldFor[files.topic]) {}
            try database.checkpoint(.passive)
        } catch {
            // Otherwise busy or sick: the next sweep tries again.
            if case .syncFailed = error { giveUp(files.topic, error) }
        }
    }

    /// - Returns: Whether there may be more.
    private func deleteSome(
        _ database: Database, before cutoff: Timestamp, heldFor consumer: ConsumerName?
    ) throws(SQLiteError) -> Bool {
        try database.transaction { () throws(SQLiteError) -> Bool in
            // Inside the transaction: the consumer may begin while we look.
            var limit = Int64.max
            if let consumer { limit = try database.consumerPosition(consumer.description, 0)?.offset ?? .max }
            let old = try database.cached(
                "SELECT first_offset + count, created_ms FROM batch ORDER BY first_offset LIMIT ?")
            try old.bind(Int64(Self.rowsPerStep), at: 1)
            var floor: Int64?
            var rows = 0
            while try old.step() {
                if old.int64(1) >= cutoff.milliseconds || old.int64(0) > limit { break }
                floor = old.int64(0)
                rows += 1
            }
            old.reset()
            guard let floor else { return false }
            let delete = try database.cached("DELETE FROM batch WHERE first_offset < ?")
            try delete.bind(floor, at: 1)
            try delete.run()
            let remember = try database.cached("UPDATE topic SET floor = ?")
            try remember.bind(floor, at: 1)
            try remember.run()
            return rows == Self.rowsPerStep
        }
    }
}
