import EventLoop
import SQLite
import System
import Time
import Wire

/// One thread of the pool: takes a topic, commits what waits for it, tells the loops, takes the next.
final class Committer: Sendable {
    private let table: Monitor<TopicTable>
    private let maintenance: TopicMaintenance
    private let clock: any WallClock
    private let options: SQLiteEventLog.Options

    init(
        _ table: Monitor<TopicTable>, _ maintenance: TopicMaintenance, _ clock: any WallClock,
        _ options: SQLiteEventLog.Options
    ) {
        self.table = table
        self.maintenance = maintenance
        self.clock = clock
        self.options = options
    }

    /// Works until the log is closed and nothing waits.
    func run() {
        var joined = RecordBatch()
        while let work = table.wait({ $0.takeWork() }) {
            switch work {
            case .commit(let slot, let group): commit(group, slot, &joined)
            case .order(let slot, .close):
                slot.store?.settle()
                slot.store = nil
                giveBack(slot, committed: 0)
            case .order(let slot, .delete(let report)):
                let outcome = delete(slot)
                giveBack(slot, committed: 0)
                report.change { $0 = outcome }
            case .order(let slot, .reopen):
                reopen(slot)
                giveBack(slot, committed: 0)
            case .order(let slot, .giveUp(let cause)):
                giveUp(slot, cause)
                giveBack(slot, committed: 0)
            case .stop: return
            }
        }
    }

    /// Takes the topic out of service until the log is opened anew.
    private func giveUp(_ slot: TopicSlot, _ cause: SQLiteError) {
        // Not even `settle`: after a failed sync every further write could make it worse.
        slot.poison = cause
        slot.store = nil
    }

    private func reopen(_ slot: TopicSlot) {
        switch slot.poison {
        // What the disk holds is unknown until the process starts anew.
        case nil, .syncFailed: break
        case .busy, .full, .readOnly, .corrupt, .ioError, .cannotOpen, .constraint, .outOfMemory, .foreignFile,
            .newerFormat, .misuse:
            slot.poison = nil
        }
    }

    private func giveBack(_ slot: TopicSlot, committed: Int) {
        let isOpen = slot.store != nil
        let isUsable = slot.poison == nil
        let isMoreToDo = table.withLock {
            $0.giveBack(slot, committed: committed, isOpen: isOpen, isUsable: isUsable)
        }
        if isMoreToDo { table.wakeOne() }
    }

    private func commit(_ group: [PendingAppend], _ slot: TopicSlot, _ joined: inout RecordBatch) {
        var results: [Result<Position, EventLogError>]
        do throws(EventLogError) {
            results = try write(group, slot, &joined)
            if let store = slot.store {
                store.announce()
                if store.uncheckpointed > options.checkpointBytes {
                    store.checkpointRequested()
                    maintenance.checkpoint(slot.files.topic)
                }
            }
        } catch {
            results = Array(repeating: .failure(error), count: group.count)
        }
        let weight = group.reduce(0) { $0 + $1.weight }
        tell(group, results)
        giveBack(slot, committed: weight)
    }

    private func write(
        _ group: [PendingAppend], _ slot: TopicSlot, _ joined: inout RecordBatch
    ) throws(EventLogError) -> [Result<Position, EventLogError>] {
        if let poison = slot.poison { throw .unusable(slot.files.topic, poison) }
        var mayReopen = true
        while true {
            do throws(EventLogError) {
                let store = try open(slot)
                do throws(SQLiteError) {
                    return try store.commit(group, now: clock.now(), joining: &joined)
                } catch { throw EventLogError(slot.files.topic, error) }
            } catch {
                switch error {
                case .store(_, .misuse) where mayReopen && slot.store?.isRetired() == true:
                    mayReopen = false  // deleted by another process: what comes now belongs to a new topic
                    slot.store = nil
                    continue
                case .unusable(_, let cause): giveUp(slot, cause)
                case .store(_, .ioError), .store(_, .cannotOpen), .store(_, .readOnly), .store(_, .misuse):
                    slot.store = nil  // a fresh connection next time
                case .store, .overloaded, .folder, .notAdvanced, .closed: break
                }
                throw error
            }
        }
    }

    private func open(_ slot: TopicSlot) throws(EventLogError) -> TopicStore {
        if let store = slot.store { return store }
        let store = try TopicStore(slot.files)
        slot.store = store
        return store
    }

    /// Tells the outcome, with one post per loop.
    private func tell(_ group: [PendingAppend], _ results: [Result<Position, EventLogError>]) {
        guard let first = group.first else { return }
        if group.allSatisfy({ $0.loop === first.loop }) {
            first.loop.post { for (pending, result) in zip(group, results) { pending.complete(result) } }
            return
        }
        var told = Set<ObjectIdentifier>()
        for pending in group where told.insert(ObjectIdentifier(pending.loop)).inserted {
            let loop = pending.loop
            loop.post {
                for (pending, result) in zip(group, results) where pending.loop === loop { pending.complete(result) }
            }
        }
    }

    private func delete(_ slot: TopicSlot) -> Result<Void, EventLogError> {
        slot.store = nil
        let files = slot.files
        maintenance.forget(files.topic)
        do throws(EventLogError) {
            do throws(SQLiteError) {
                if let database = try files.openExisting(.write) { try database.retire() }
            } catch {
                switch error {
                case .corrupt, .foreignFile, .newerFormat, .syncFailed: break  // it goes all the same
                case .busy, .full, .readOnly, .ioError, .cannotOpen, .constraint, .outOfMemory, .misuse:
                    throw EventLogError(files.topic, error)
                }
            }
            do throws(SystemError) {
                guard try File.status(files.folder) != nil else { return .success(()) }
                let grave = "\(files.root)/deleted/\(files.topic)-\(UInt64.random(in: 0 ... .max))"
                try Directory.create("\(files.root)/deleted", mode: 0o700)
                try File.rename(files.folder, to: grave)
                try Directory.sync(files.parent)
                try Directory.removeAll(grave)
            } catch { throw .folder(error) }
            slot.poison = nil
            return .success(())
        } catch { return .failure(error) }
    }
}
