/// Reads one topic in order.
///
/// Pull, on a thread that may block; between calls it holds no lock and no transaction, so a slow reader disturbs nobody.
/// - Isolation: belongs to the thread that made it.
package protocol EventReader: AnyObject {
    /// The next record that will be read.
    var position: Position { get }

    /// The next records, or what happened instead.
    ///
    /// Whole committed batches are returned, so `maxRecords` and `maxBytes` are where it stops adding further ones.
    /// - Parameter waitUpTo: How long to wait when there is nothing; zero looks once.
    /// - Throws: `.store`, `.unusable` when the store cannot be read; calling again tries again.
    func next(maxRecords: Int, maxBytes: Int, waitUpTo: Duration) throws(EventLogError) -> ReadOutcome
}

extension EventReader {
    /// The next records: up to about 1024, or 1 MiB.
    package func next(waitUpTo: Duration) throws(EventLogError) -> ReadOutcome {
        try next(maxRecords: 1024, maxBytes: 1 << 20, waitUpTo: waitUpTo)
    }
}

/// What a reader met.
package enum ReadOutcome {
    /// Records; the reader's position is behind them now.
    case records(ReadBatch)
    /// Nothing new (or no such topic) within the time.
    case nothing
    /// The records from `from` up to `to` will not be read; the reader stands at `to` and goes on from there.
    case jumped(from: Position, to: Position, JumpReason)
}

/// Why a reader could not go on where it stood.
package enum JumpReason: Sendable, Equatable {
    /// The records were older than the retention allows and are gone.
    case retention
    /// The stored bytes are not what was written: a checksum or a page is wrong.
    case damage
    /// The topic was deleted and made again; reading starts at its beginning.
    case restarted
    /// The position lies behind the topic's end; reading goes on at the end.
    case beyondEnd
}

/// Records that were read: a copy of their own, free of the store.
package final class ReadBatch: Sendable {
    /// Which part of the buffer holds the records of one committed batch.
    @usableFromInline
    struct Segment: Sendable {
        @usableFromInline var firstOffset: Int64
        @usableFromInline var bytes: Range<Int>
    }

    @usableFromInline let bytes: RecordBatch
    @usableFromInline let segments: [Segment]
    /// The position of the first record.
    package let first: Position
    /// The position behind the last record: where a consumer that has dealt with this batch goes on.
    package let next: Position

    /// How many records.
    package var count: Int { Int(next.offset - first.offset) }

    init(owning bytes: consuming RecordBatch, segments: [Segment], first: Position, next: Position) {
        self.bytes = bytes
        self.segments = segments
        self.first = first
        self.next = next
    }

    /// Calls `body` with each record and its offset, in order. The views are valid inside the call.
    @inlinable
    package func forEach<Failure: Error>(_ body: (Int64, RecordView) throws(Failure) -> Void) throws(Failure) {
        for segment in segments {
            var cursor = RecordCursor(
                bytes.slice(segment.bytes))
            var offset = segment.firstOffset
            while let record = cursor.next() {
                // A reader that began in the middle of a committed batch gets the rest of it.
                if offset >= first.offset { try body(offset, record) }
                offset += 1
            }
        }
    }
}
