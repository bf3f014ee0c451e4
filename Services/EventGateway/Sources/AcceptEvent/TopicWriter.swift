package import EventLog
package import HTTP
package import Observe
package import Wire

/// Events of one topic on their way into the log: those of the batch under construction, and who waits for their commit.
///
/// ```
///   events ──► under construction ──nothing is ready, nothing on its way──► on its way ──commit──► 204 for each
///                     ▲                                                        │
///                     └────────────────── grows while a commit runs ───────────┘
/// ```
///
/// A batch is handed over when none is on its way and the loop has nothing else to do; else the events of the following ticks join
/// it. That is natural group commit: nobody waits for events that may not come, and the busier the loop and the slower the disk,
/// the larger the batches. Those whose answers leave with one commit come back together, and share the next.
///
/// - Isolation: belongs to one loop.
package final class TopicWriter {
    /// The topic.
    package let topic: TopicName
    /// Records under construction.
    package var records = RecordBatch()
    /// Who waits for them.
    package private(set) var receipt: Receipt
    /// Batches that were handed to the log and not answered yet.
    package private(set) var onTheWay = 0
    /// How fast the log answers.
    package private(set) var pace: CommitPace
    /// Whether the last batch was committed, as far as the store's health has been told.
    package var isKnownFine = false
    /// Whether the loop has this writer on its list for the end of the tick.
    package var isListed = false

    private var spare: [Receipt] = []
    /// When the last batch was answered.
    private var answered: Int64 = 0

    /// What becomes of the batch under construction.
    package enum Step {
        /// It goes to the log.
        case handOver
        /// It could go; events that are ready may still join it.
        case gather
        /// There is none, or it waits until the one on its way is answered.
        case waitForAnswer
    }

    /// Nothing under construction, nothing on its way.
    ///
    /// - Parameter patience: How long an event may have to wait for its commit.
    package init(topic: TopicName, patience: Duration) {
        self.topic = topic
        pace = CommitPace(limit: patience)
        receipt = Receipt()
    }

    /// A batch that waits longer than this for the one before is handed over anyway.
    private static let largeBatch = 512 << 10  // bytes

    /// A batch that could go gathers no longer than this, however busy the loop is.
    private static let gatheringTime: Int64 = 1_000_000  // nanoseconds

    /// What to do with the batch under construction when a tick ends.
    ///
    /// - Parameters:
    ///   - now: Nanoseconds of a clock that never goes back.
    ///   - loopIsIdle: Nothing more is ready.
    package func step(now: Int64, loopIsIdle: Bool) -> Step {
        guard let first = receipt.runs.first, !records.isEmpty else { return .waitForAnswer }
        if records.byteCount >= Self.largeBatch { return .handOver }
        guard onTheWay == 0 else { return .waitForAnswer }
        return loopIsIdle || now - max(first.arrival, answered) >= Self.gatheringTime ? .handOver : .gather
    }

    /// Whether an event that arrives now would be durable in time.
    @inline(__always)
    package func admits(now: Int64) -> Bool { pace.admits(collected: records.byteCount, now: now) }

    /// Takes the batch under construction; `receipt` gets who waits for it.
    ///
    /// - Parameter now: Nanoseconds of a clock that never goes back.
    package func takeBatch(_ receipt: inout Receipt, now: Int64) -> RecordBatch {
        onTheWay += 1
        pace.handedOver(bytes: records.byteCount, now: now)
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
        answered = now
        pace.answered(bytes: receipt.recordBytes, now: now, isCommitted: isCommitted)
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

    /// Requests to answer.
    package private(set) var streams: [StreamID] = []
    /// What to count.
    package private(set) var runs: [Run] = []
    /// Bytes of all bodies.
    package private(set) var bytes = 0
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
