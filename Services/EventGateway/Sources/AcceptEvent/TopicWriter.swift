package import EventLog
package import HTTP
package import Observe
package import Wire

/// Events of one topic on their way into the log: those of the batch under construction, and who waits for their commit.
///
/// ```
///   events ──► under construction ──tick end, nothing on its way──► on its way ──commit──► 204 for each
///                     ▲                                                 │
///                     └────────────── grows while a commit runs ────────┘
/// ```
///
/// A batch is handed over at the end of a tick when none is on its way; else the events of the following ticks join the next
/// one. That is natural group commit: the slower the disk, the larger the batches. A fast disk would make many small commits of a
/// heavy load, each of which costs a tenth of a millisecond of CPU; so large batches, and those of a busy loop, keep a pace.
///
/// - Isolation: belongs to one loop.
package final class TopicWriter {
    /// The topic.
    package let topic: TopicName
    /// Records under construction.
    @exclusivity(unchecked) package var records = RecordBatch()  // as the loop's own: see `IngestLoop`
    /// Who waits for them.
    package private(set) var receipt: Receipt
    /// Batches that were handed to the log and not answered yet.
    package private(set) var onTheWay = 0
    /// How fast the log answers.
    package private(set) var commitPace: CommitPace
    /// Tells the counter that the topic has grown.
    package let growth: TopicGrowth
    /// Whether the last batch was committed, as far as the store's health has been told.
    package var isKnownFine = false
    /// Whether the loop has this writer on its list for the end of the tick.
    package var isListed = false

    private var spare: [Receipt] = []
    /// When a batch was handed over last, and how many events it had.
    private var lastHandOver: Int64 = 0
    private var lastCount = 0

    /// Nothing under construction, nothing on its way.
    ///
    /// - Parameters:
    ///   - growth: Told of every commit.
    ///   - patience: How long an event may have to wait for its commit.
    package init(topic: TopicName, growth: TopicGrowth, patience: Duration) {
        self.topic = topic
        self.growth = growth
        commitPace = CommitPace(limit: patience)
        receipt = Receipt()
    }

    /// A batch that waits longer than this for the one before is handed over anyway.
    private static let largeBatch = 512 << 10  // bytes

    /// Under load a batch is handed over no sooner than this after the one before.
    private static let pace: Int64 = 1_000_000  // nanoseconds
    /// So many events in a batch, or in the one before, are a load.
    private static let load = 64

    /// Whether many events come.
    package var isLoaded: Bool { records.count >= Self.load || lastCount >= Self.load }

    /// In how many nanoseconds the batch under construction should be handed to the log, unless one is on its way; 0 is now.
    ///
    /// - Parameter isBusy: The loop has more to read.
    package func timeUntilDue(now: Int64, isBusy: Bool) -> Int64 {
        if records.byteCount >= Self.largeBatch { return 0 }
        if onTheWay > 0 || records.isEmpty { return .max }
        return isBusy || isLoaded ? max(0, lastHandOver + Self.pace - now) : 0
    }

    /// Whether an event that arrives now would be durable in time.
    @inline(__always)
    package func admits(now: Int64) -> Bool { commitPace.admits(collected: records.byteCount, now: now) }

    /// Takes the batch under construction; `receipt` gets who waits for it.
    ///
    /// - Parameter now: Nanoseconds of a clock that never goes back.
    package func takeBatch(_ receipt: inout Receipt, now: Int64) -> RecordBatch {
        onTheWay += 1
        lastHandOver = now
        lastCount = records.count
        commitPace.handedOver(bytes: records.byteCount, now: now)
        self.receipt.recordBytes = records.byteCount
        receipt = self.receipt
        self.receipt = spare.popLast() ?? Receipt()
        let size = records.byteCount
        let batch = records.takeAll()
        records.reserve(size)
        return batch
    }

    /// A batch was answered; its receipt is used again.
    package func batchAnswered(_ receipt: Receipt, now: Int64, isCommitted: Bool) {
        onTheWay -= 1
        commitPace.answered(bytes: receipt.recordBytes, now: now, isCommitted: isCommitted)
        receipt.clear()
        spare.append(receipt)
    }
}

/// Who waits for a batch, and what to count when it is answered.
package final class Receipt {
    /// Events that arrived in one tick with one schema: counted together.
    package struct Run {
        /// The counters.
        package let meter: SchemaMeter
        /// When they arrived, nanoseconds of the monotonic clock.
        package let arrival: Int64
        /// How many.
        package var count: Int
        /// Bytes of their bodies.
        package var bytes: Int
    }

    // Unchecked, as the loop's own: see `IngestLoop`.

    /// Requests to answer.
    @exclusivity(unchecked) package private(set) var streams: [StreamID] = []
    /// What to count.
    @exclusivity(unchecked) package private(set) var runs: [Run] = []
    /// Bytes of all bodies.
    @exclusivity(unchecked) package private(set) var bytes = 0
    /// Bytes of the batch.
    fileprivate var recordBytes = 0

    /// Empty.
    package init() {}

    /// Adds an event.
    package func add(_ stream: StreamID, meter: SchemaMeter, arrival: Int64, bytes size: Int) {
        streams.append(stream)
        bytes += size
        if let last = runs.indices.last, runs[last].meter === meter, runs[last].arrival == arrival {
            runs[last].count += 1
            runs[last].bytes += size
        } else {
            runs.append(Run(meter: meter, arrival: arrival, count: 1, bytes: size))
        }
    }

    /// Forgets everything but the memory.
    package func clear() {
        streams.removeAll(keepingCapacity: true)
        runs.removeAll(keepingCapacity: true)
        bytes = 0
    }
}

/// The counters of one schema in one topic, resolved once.
package final class SchemaMeter {
    /// The schema ref, as metrics show it.
    package let schema: String
    /// Accepted events.
    package let accepted: Counter
    /// Their bytes.
    package let bytes: Counter

    /// Counters that belong together.
    package init(schema: String, accepted: Counter, bytes: Counter) {
        self.schema = schema
        self.accepted = accepted
        self.bytes = bytes
    }
}
