import SQLite
import System
import Wire

/// Reads one topic from its database, while others write to it, in this process or another.
///
/// It looks, and when there is nothing it waits for the topic's `tail` file to be written to (inotify), with a fallback
/// interval. A missing topic is looked for every 50 ms.
final class SQLiteEventReader: EventReader {
    private let files: TopicFiles
    private let start: StartPosition
    private let watch: TailWatch
    private var offset: Int64 = 0
    private var opened: OpenTopic?
    /// The incarnation that `offset` is about; nil before the topic was first seen.
    private var incarnation: [UInt8]?

    var position: Position { Position(offset: offset) }

    /// The topic as it was when its file was opened.
    private struct OpenTopic {
        let database: Database
        let rows: Statement
        let file: FileStatus?
    }

    init(_ files: TopicFiles, from start: StartPosition) throws(EventLogError) {
        self.files = files
        self.start = start
        watch = TailWatch(files.tail)
        if case .offset(let offset) = start { self.offset = offset }
        do throws(SQLiteError) {
            _ = try open()
        } catch { throw EventLogError(files.topic, error) }
        // "Latest" of a topic that is not there yet: all of it will be new.
        if opened == nil, start == .latest { incarnation = [] }
    }

    func next(maxRecords: Int, maxBytes: Int, waitUpTo: Duration) throws(EventLogError) -> ReadOutcome {
        let deadline = MonotonicTime.now() + waitUpTo
        while true {
            watch.rearm()  // before looking: what is committed from here on ends the wait below
            if let outcome = try look(maxRecords, maxBytes) { return outcome }
            let left = deadline - MonotonicTime.now()
            if left <= .zero { return .nothing }
            if !watch.wait(min(left, opened == nil ? .milliseconds(50) : .milliseconds(250))) { closeIfReplaced() }
        }
    }

    // MARK: Looking

    private func look(_ maxRecords: Int, _ maxBytes: Int) throws(EventLogError) -> ReadOutcome? {
        do throws(SQLiteError) {
            if let jump = try open() { return jump }
            guard let opened else { return nil }
            defer { opened.rows.clear() }  // ends the read transaction
            return try read(opened, maxRecords, maxBytes)
        } catch {
            if case .misuse = error, closeIfRetired() { return nil }
            if case .corrupt = error, let jump = skipDamage() { return jump }
            opened = nil  // a fresh connection next time
            throw EventLogError(files.topic, error)
        }
    }

    /// Gathers whole rows until a limit, the end, or something odd.
    private func read(
        _ opened: OpenTopic, _ maxRecords: Int, _ maxBytes: Int
    ) throws(SQLiteError) -> ReadOutcome? {
        let rows = opened.rows
        try rows.bind(offset, at: 1)
        var bytes = RecordBatch()
        var segments: [ReadBatch.Segment] = []
        var next = offset
        var lastEnd: Int64?
        while true {
            do throws(SQLiteError) {
                guard try rows.step() else { break }
            } catch {
                if segments.isEmpty { throw error }
                break  // what was read so far is good; the next call meets the error again
            }
            let first = rows.int64(0)
            let count = rows.int64(1)
            let end = first + count
            lastEnd = end
            if end <= next { continue }  // the row before the position
            if first > next {
                if segments.isEmpty { return jump(to: first, .retention) }
                break
            }
            let body = rows.blob(4)
            let checksum = batchChecksum(body, firstOffset: first, count: count, created: rows.int64(2))
            guard checksum == rows.int64(3) else {
                if segments.isEmpty { return jump(to: end, .damage) }
                break
            }
            segments.append(.init(firstOffset: first, bytes: bytes.byteCount..<bytes.byteCount + body.count))
            bytes.append(packed: body, count: Int(count))
            next = end
            if next - offset >= maxRecords || bytes.byteCount >= maxBytes { break }
        }
        rows.reset()
        if segments.isEmpty { return try lookAtEnd(opened.database, lastEnd) }
        let from = position
        offset = next
        return .records(ReadBatch(owning: bytes.takeAll(), segments: segments, first: from, next: position))
    }

    /// Nothing to read: is that because the position is at the end?
    private func lookAtEnd(_ database: Database, _ lastEnd: Int64?) throws(SQLiteError) -> ReadOutcome? {
        let end: Int64
        if let lastEnd { end = lastEnd } else { end = try database.topicEnds().next }
        if offset == end { return nil }
        return jump(to: end, offset < end ? .retention : .beyondEnd)
    }

    private func jump(to target: Int64, _ reason: JumpReason) -> ReadOutcome {
        let from = position
        offset = target
        return .jumped(from: from, to: position, reason)
    }

    /// A page cannot be read. Goes on with the next batch that can be found.
    private func skipDamage() -> ReadOutcome? {
        guard let opened else { return nil }
        do throws(SQLiteError) {
            let next = try opened.database.cached(
                "SELECT first_offset FROM batch WHERE first_offset > ? ORDER BY first_offset LIMIT 1")
            try next.bind(offset, at: 1)
            guard try next.step() else { return nil }
            let target = next.int64(0)
            next.reset()
            return jump(to: target, .damage)
        } catch { return nil }  // the tree itself is damaged: the caller reports the first error
    }

    // MARK: Opening

    /// Opens the topic if it is there and not open.
    ///
    /// - Returns: A jump when it is another topic than before under the same name.
    private func open() throws(SQLiteError) -> ReadOutcome? {
        if opened != nil { return nil }
        watch.begin()
        let status = files.databaseStatus
        guard let database = try files.openExisting(.read) else { return nil }
        let rows = try database.prepare(
            """
            SELECT first_offset, count, created_ms, checksum, body FROM batch
            WHERE first_offset >= coalesce((SELECT max(first_offset) FROM batch WHERE first_offset <= ?1), ?1)
            ORDER BY first_offset
            """)
        let identity = try database.prepare("SELECT incarnation FROM topic")
        guard try identity.step() else { return nil }
        let found = identity.bytes(0)
        identity.reset()
        let known = incarnation
        let ends = try database.topicEnds()
        let startOffset = known == nil ? try resolve(start, database, ends) : offset
        opened = OpenTopic(database: database, rows: rows, file: status)
        incarnation = found
        guard let known, known != found else {
            offset = startOffset
            return nil
        }
        if known.isEmpty {  // "latest" of a topic that was not there
            offset = 0
            return nil
        }
        return jump(to: ends.earliest, .restarted)
    }

    private func resolve(
        _ start: StartPosition, _ database: Database, _ ends: (earliest: Int64, next: Int64)
    ) throws(SQLiteError) -> Int64 {
        switch start {
        case .earliest: return ends.earliest
        case .latest: return ends.next
        case .offset(let offset): return offset
        case .timestamp(let moment):
            // Commit times never go down with the offset, so halving finds the place without an index.
            let probe = try database.prepare(
                """
                SELECT first_offset, count, created_ms FROM batch WHERE first_offset >= ?
                ORDER BY first_offset LIMIT 1
                """)
            var low = ends.earliest
            var high = ends.next
            while low < high {
                let middle = low + (high - low) / 2
                try probe.bind(middle, at: 1)
                guard try probe.step(), probe.int64(2) < moment else {
                    probe.reset()
                    high = middle
                    continue
                }
                low = probe.int64(0) + probe.int64(1)
                probe.reset()
            }
            return low
        }
    }

    private func closeIfRetired() -> Bool {
        do throws(SQLiteError) {
            guard let opened, try opened.database.isRetired() else { return false }
        } catch { return false }
        opened = nil
        return true
    }

    /// Somebody removed the folder by hand: the open file has no name any more.
    private func closeIfReplaced() {
        guard let opened, opened.file?.inode != files.databaseStatus?.inode else { return }
        self.opened = nil
    }
}
