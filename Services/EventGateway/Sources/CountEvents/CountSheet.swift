package import EventLog
package import PlaneConfig
package import Time
package import Wire

/// What one transaction adds to topic `billing`: usage records, and how far each stream is counted from then on. Pure.
///
/// ```
///   positions in topic `billing`        "arrival time"                   4711 ──► 4712        the records' arrival time
///                                       "counted stream-a <incarnation>"   20 ──► 120         a record 20..<120 of stream a
/// ```
///
/// Both are stored with the records or not at all, and only when nobody has moved them: the ranges of a stream follow each other
/// without gap or overlap, and no two of its records have the same arrival time, whoever writes them and whatever is killed.
package struct CountSheet {
    /// The position that is no position but the arrival time of the newest record, in milliseconds since the epoch.
    package static let arrivalTime = ConsumerName(trusted: "arrival time")
    /// The longest range that a record can tell about: what a count on the wire can hold.
    package static let longestRange = Int64(Int32.max)

    /// The stored positions when all of this is committed.
    package private(set) var positions: [ConsumerName: Position]
    /// What is to be appended.
    package private(set) var records: [UsageRecord] = []
    /// What is to be stored with it; empty when nothing was added.
    package private(set) var advances: [Advance] = []

    private let arrival: Int64  // milliseconds since the epoch

    /// An empty sheet.
    ///
    /// - Parameters:
    ///   - positions: What is stored in topic `billing`.
    ///   - now: The arrival time, unless it has been used; then the millisecond behind the one used last.
    package init(after positions: [ConsumerName: Position], now: Timestamp) {
        self.positions = positions
        let last = positions[Self.arrivalTime]?.offset
        arrival = last.map { max(now.milliseconds, $0 + 1) } ?? max(0, now.milliseconds)
    }

    /// The consumer whose position is how far a topic is counted.
    package static func counted(_ topic: TopicName, _ incarnation: String) -> ConsumerName {
        ConsumerName(trusted: "counted \(topic) \(incarnation)")
    }

    /// Adds what a stream took since it was counted; nothing when that is nothing.
    ///
    /// - Returns: Whether more is left than one record can tell.
    package mutating func add(_ stream: PlaneStream, _ ends: TopicEnds) -> Bool {
        let consumer = Self.counted(stream.topic, ends.incarnation)
        let stored = positions[consumer]
        // From the topic's first record on: what retention has taken was accepted all the same.
        let from = stored?.offset ?? 0
        let to = min(ends.next.offset, from + Self.longestRange)
        guard to > from else { return false }
        if advances.isEmpty { move(Self.arrivalTime, to: arrival) }
        move(consumer, to: to)
        records.append(
            UsageRecord(
                stream: stream.name, streamID: stream.id, projectID: stream.projectID, fromOffset: from, toOffset: to,
                arrivalTime: Timestamp(milliseconds: arrival)))
        return to < ends.next.offset
    }

    private mutating func move(_ consumer: ConsumerName, to offset: Int64) {
        advances.append(Advance(consumer, from: positions[consumer], to: Position(offset: offset)))
        positions[consumer] = Position(offset: offset)
    }
}
