import SQLite
import System
import Wire

/// One topic of a running log: what waits for its commit, and its open store.
final class TopicSlot: @unchecked Sendable {
    // `store` and `poison` belong to the committer that took the slot (`isTaken`), one at a time; everything else is
    // touched only under the lock around the `TopicTable`.
    let files: TopicFiles
    var store: TopicStore?
    /// Why the topic is out of service until the log is opened anew.
    var poison: SQLiteError?

    fileprivate(set) var pending: [PendingAppend] = []
    fileprivate(set) var backlog = 0  // bytes, of what waits and of what is being committed
    fileprivate(set) var isTaken = false
    fileprivate(set) var isOpen = false
    fileprivate(set) var lastUse: UInt64 = 0
    fileprivate var orders: [TopicOrder] = []

    init(_ files: TopicFiles) { self.files = files }
}

/// Something to do with a topic between two commits.
enum TopicOrder: Sendable {
    /// Close its store: others need the descriptors.
    case close
    /// Close its store for good: the disk did not confirm what a checkpoint wrote.
    case giveUp(SQLiteError)
    /// Put it into service again: somebody may have mended it.
    case reopen
    /// Delete it and report.
    case delete(Monitor<Result<Void, EventLogError>?>)
}

/// Which topic's turn it is. Decides, under one lock; does nothing itself.
///
/// A slot that was taken is handed to nobody else until it is given back, so there is one committer per topic at a time.
struct TopicTable {
    /// What a committer has to do.
    enum Work {
        case commit(TopicSlot, [PendingAppend])
        case order(TopicSlot, TopicOrder)
        case stop
    }

    private let root: String
    private let backlogLimit: Int  // bytes per topic
    private let mergeLimit: Int  // bytes per commit
    private let openLimit: Int
    private var slots: [TopicName: TopicSlot] = [:]
    private var ready: [TopicSlot] = []
    private var openCount = 0
    private var uses: UInt64 = 0
    private(set) var isStopping = false

    init(root: String, backlogLimit: Int, mergeLimit: Int, openLimit: Int) {
        self.root = root
        self.backlogLimit = backlogLimit
        self.mergeLimit = mergeLimit
        self.openLimit = openLimit
    }

    /// What became of a batch that was handed in.
    enum Submission {
        /// It waits for a committer that is at work on its topic already.
        case joined
        /// It waits, and a committer has to be woken.
        case queued
        case refused(EventLogError)
    }

    /// Queues a batch.
    mutating func submit(_ pending: PendingAppend, to topic: TopicName) -> Submission {
        if isStopping { return .refused(.closed) }
        let slot = slot(for: topic)
        // A batch larger than the limit gets through when nothing else waits.
        if slot.backlog > 0, slot.backlog + pending.weight > backlogLimit { return .refused(.overloaded(topic)) }
        slot.backlog += pending.weight
        slot.pending.append(pending)
        if slot.isTaken { return .joined }
        schedule(slot)
        return .queued
    }

    /// Queues an order; it is carried out before the batches that wait.
    ///
    /// - Returns: False when the log is closing.
    mutating func submit(_ order: TopicOrder, to topic: TopicName) -> Bool {
        if isStopping { return false }
        let slot = slot(for: topic)
        slot.orders.append(order)
        schedule(slot)
        return true
    }

    /// Takes the slot that has waited longest.
    mutating func takeWork() -> Work? {
        guard !ready.isEmpty else { return isStopping ? .stop : nil }
        let slot = ready.removeFirst()
        uses += 1
        slot.lastUse = uses
        if !slot.orders.isEmpty { return .order(slot, slot.orders.removeFirst()) }
        var bytes = 0
        var count = 0
        for pending in slot.pending {
            bytes += pending.weight
            if count > 0, bytes > mergeLimit { break }
            count += 1
        }
        let group = Array(slot.pending.prefix(count))
        slot.pending.removeFirst(count)
        return .commit(slot, group)
    }

    /// Gives a slot back.
    ///
    /// - Parameters:
    ///   - committed: Bytes that no longer wait.
    ///   - isOpen: Whether its store is open now.
    ///   - isUsable: Whether it may be forgotten when it is closed.
    /// - Returns: Whether there is work for more committers than the one that calls.
    mutating func giveBack(_ slot: TopicSlot, committed: Int, isOpen: Bool, isUsable: Bool) -> Bool {
        slot.backlog -= committed
        if isOpen != slot.isOpen {
            slot.isOpen = isOpen
            openCount += isOpen ? 1 : -1
        }
        slot.isTaken = false
        if !slot.pending.isEmpty || !slot.orders.isEmpty {
            schedule(slot)
        } else if !isOpen, isUsable {
            slots[slot.files.topic] = nil  // nothing to remember
        }
        if openCount > openLimit { closeLeastRecentlyUsed() }
        return ready.count > 1
    }

    /// No more appends; what waits is still committed.
    mutating func stop() { isStopping = true }

    /// Every slot, once all committers have ended.
    mutating func takeAllSlots() -> [TopicSlot] {
        defer { slots = [:] }
        return Array(slots.values)
    }

    private mutating func slot(for topic: TopicName) -> TopicSlot {
        if let known = slots[topic] { return known }
        let made = TopicSlot(TopicFiles(root, topic))
        slots[topic] = made
        return made
    }

    private mutating func schedule(_ slot: TopicSlot) {
        guard !slot.isTaken else { return }  // whoever holds it schedules it again
        slot.isTaken = true
        ready.append(slot)
    }

    private mutating func closeLeastRecentlyUsed() {
        var oldest: TopicSlot?
        for slot in slots.values where slot.isOpen && !slot.isTaken {
            if slot.lastUse < oldest?.lastUse ?? .max { oldest = slot }
        }
        guard let oldest else { return }  // all busy: the next one to be given back brings us here again
        oldest.orders.append(.close)
        oldest.isTaken = true
        oldest.isOpen = false
        openCount -= 1
        ready.insert(oldest, at: 0)  // before further topics are opened
    }
}
