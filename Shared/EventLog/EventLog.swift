package import EventLoop
package import Wire

/// Where records are kept, in order, until their time is over.
///
/// A topic is a sequence of records; a record's place in it is a `Position`. Engines differ in where the bytes lie
/// (embedded: SQLite; distributed: Kafka), never in the bytes.
///
/// - Isolation: every method may be called from any thread. `append` never blocks; the others may, so they do not belong
///   on an event loop.
package protocol EventLog: AnyObject, Sendable {
    /// Appends the batch as one unit; a missing topic is made.
    ///
    /// - Parameters:
    ///   - batch: Taken over. Its records get consecutive positions, in order.
    ///   - loop: Where `done` is called, once, never before this call returns.
    ///   - done: Told the position of the first record, after the disk confirmed the batch; or why not. After a failure
    ///     no reader of this process has seen the batch, but after a power cut it may be there: a retry may duplicate it.
    func append(
        _ batch: consuming RecordBatch, to topic: TopicName, on loop: EventLoop, _ done: @escaping AppendCompletion)

    /// Appends the batch and moves positions of consumers in one transaction: either all of it is stored or nothing.
    ///
    /// The batch may be empty; then only the positions move. This is what makes copying from one topic to another
    /// exactly-once: a copier that comes back asks `position(of:in:)` and goes on from there.
    /// - Parameter advances: All are refused with `.notAdvanced` unless for each of them the stored position is exactly `from`
    ///   and `to` is behind it; so a repeated call, or a second copier, changes nothing. No consumer twice.
    func append(
        _ batch: consuming RecordBatch, to topic: TopicName, advancing advances: [Advance], on loop: EventLoop,
        _ done: @escaping AppendCompletion)

    /// The stored position of a consumer: the next record that it wants; nil when it never advanced.
    ///
    /// - Parameters:
    ///   - topic: The topic whose store holds the position: the one that was appended to with `advancing`.
    ///   - partition: Which partition of the topic that is consumed; 0 on the embedded engine.
    func position(
        of consumer: ConsumerName, in topic: TopicName, partition: Int32
    ) throws(EventLogError) -> Position?

    /// The stored position of every consumer in partition 0; nothing when there is no such topic.
    func positions(in topic: TopicName) throws(EventLogError) -> [ConsumerName: Position]

    /// The first position kept and the one that the next record will get; nil when there is no such topic, or nothing was
    /// ever appended to it.
    func ends(of topic: TopicName) throws(EventLogError) -> TopicEnds?

    /// The topics that exist, sorted.
    func topics() throws(EventLogError) -> [TopicName]

    /// Makes the topics that are missing, empty. `append` makes its topic too; this is for whoever wants to see that it is there.
    func create(_ topics: [TopicName]) throws(EventLogError)

    /// Removes the topic with all its records and consumer positions. Fine when there is none.
    func delete(_ topic: TopicName) throws(EventLogError)

    /// A reader for the calling thread. The topic need not exist yet.
    func reader(of topic: TopicName, from start: StartPosition) throws(EventLogError) -> any EventReader

    /// Commits what is queued, then stops; appends are refused with `.closed` from now on. Blocks.
    func close()
}

extension EventLog {
    /// The stored position of a consumer in partition 0.
    package func position(of consumer: ConsumerName, in topic: TopicName) throws(EventLogError) -> Position? {
        try position(of: consumer, in: topic, partition: 0)
    }
}

/// Called once, on the loop that was named. Success is the position of the batch's first record.
package typealias AppendCompletion = (Result<Position, EventLogError>) -> Void

/// A place in a topic. The order of positions means something only within one partition.
package struct Position: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Which part of the topic; always 0 on the embedded engine.
    package var partition: Int32
    /// Records before this one since the topic was made.
    package var offset: Int64

    /// A place in partition 0 unless told otherwise.
    package init(partition: Int32 = 0, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }

    /// Orders by partition, then by offset.
    package static func < (left: Position, right: Position) -> Bool {
        (left.partition, left.offset) < (right.partition, right.offset)
    }

    /// `partition:offset`.
    package var description: String { "\(partition):\(offset)" }
}

/// What a topic holds: positions from `earliest` up to, not including, `next`.
package struct TopicEnds: Sendable, Equatable {
    /// The oldest record kept.
    package var earliest: Position
    /// What the next record will get.
    package var next: Position
    /// Which topic of that name: another one after it was deleted and made again, when positions start over. Thirty-two
    /// hexadecimal digits.
    package var incarnation: String

    /// A topic that holds `earliest..<next`.
    package init(earliest: Position, next: Position, incarnation: String) {
        self.earliest = earliest
        self.next = next
        self.incarnation = incarnation
    }
}

/// Names whoever reads a topic and keeps its position: 1 to 512 bytes of text.
package struct ConsumerName: Sendable, Hashable, CustomStringConvertible {
    /// The name.
    package let description: String

    /// A consumer's name; nil when the text is empty or longer than 512 bytes.
    package init?(_ text: String) {
        guard !text.isEmpty, text.utf8.count <= 512 else { return nil }
        description = text
    }

    /// A name that is known to be one: a constant, or made of one.
    package init(trusted text: String) {
        precondition(!text.isEmpty && text.utf8.count <= 512, "a consumer's name has 1 to 512 bytes")
        description = text
    }
}

/// A step of a consumer: it has dealt with everything from `from` up to, not including, `to`.
package struct Advance: Sendable, Equatable {
    /// Who advances.
    package var consumer: ConsumerName
    /// The position that must be stored now; nil when none may be.
    package var from: Position?
    /// The position to store: the next record that the consumer wants.
    package var to: Position

    /// A step of `consumer` from one position to a later one of the same partition.
    package init(_ consumer: ConsumerName, from: Position?, to: Position) {
        self.consumer = consumer
        self.from = from
        self.to = to
    }
}

/// Where a reader begins.
package enum StartPosition: Sendable, Equatable {
    /// With the oldest record kept.
    case earliest
    /// With the first record that is appended after the reader was made.
    case latest
    /// With this offset of partition 0.
    case offset(Int64)
    /// With the first batch committed at or after this moment, in milliseconds since the epoch.
    case timestamp(Int64)
}
