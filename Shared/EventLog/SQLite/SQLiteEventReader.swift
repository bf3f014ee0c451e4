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

    /// What the current row of `rows` says; valid until the next step.
    private struct Row {
        let first: Int64
        let count: Int64
        let created: Int64
        let checksum: Int64
        let body: UnsafeRawBufferPointer
        /// Damaged numbers may be anything: nothing here may overflow.
        var end: Int64 { first &+ count }

        init(_ rows: Statement) {
            first = rows.int64(0)
            count = rows.int64(1)
            created = rows.int64(2)
            checksum = rows.int64(3)
            body = rows.blob(4)
        }

        var isIntact: Bool {
            batchChecksum(body, firstOffset: first, count: count, created: created) == checksum
        }

        /// Whether so many records fit into such a body.
        var isPlausible: Bool { count > 0 && count <= body.count / PackedRecord.headerSize }
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
        var damaged: Row?
        while true {
            do throws(SQLiteError) {
                guard try rows.step() else { break }
            } catch {
                if segments.isEmpty { throw error }
                break  // what was read so far is good; the next call meets the error again
            }
            let row = Row(rows)
            lastEnd = row.end
            if row.first < offset, row.end <= offset { continue }  // the one before the position
            // Not even its offset may be trusted before this.
            guard row.isIntact else {
                if !segments.isEmpty { break }
                damaged = damaged ?? row
                continue  // how far the damage reaches, only a row behind it can tell
            }
            if damaged != nil { return jump(to: max(row.first, offset), .damage) }
            if row.first > next {
                if segments.isEmpty { return jump(to: row.first, .retention) }
                break
            }
            segments.append(.init(firstOffset: row.first, bytes: bytes.byteCount..<bytes.byteCount + row.body.count))
            bytes.append(packed: row.body, count: Int(row.count))
            next = row.end
            if next - offset >= maxRecords || bytes.byteCount >= maxBytes { break }
        }
        if let damaged {
            // The newest batch. What it says about itself is believed when it can be; else the next batch will tell.
            let isPlausible = damaged.isPlausible && damaged.first <= offset && damaged.end > offset
            return isPlausible ? jump(to: damaged.end, .damage) : nil
        }
        rows.reset()
        if segments.isEmpty { return try lookAtEnd(opened.database, lastEnd) }
        let from = position
        offset = next
        return .records(ReadBatch(owning: bytes.takeAll(), segments: segments, first: from, next: position))
    }

    /// Nothing to read: is that because the position is at the end?
    private func lookAtEnd(_ database: Database, _ lastEnd: Int64?) throws(SQLiteError) -> ReadOutcome? {
        // A first batch that was committed since the look is no gap: that commit ends the wait that follows.
        let end = if let lastEnd { lastEnd } else { try database.floorOfEmptyTopic() }
        guard let end, end != offset else { return nil }
        return jump(to: end, offset < end ? .retention : .beyondEnd)
    }

    private func jump(to target: Int64, _ reason: JumpReason) -> ReadOutcome {
        let from = position
        offset = target
        return .jumped(from: from, to: position, reason)
    }

    /// A page cannot be read. Goes on with the next batch that can be found: the pages of later batches have other parents.
    private func skipDamage() -> ReadOutcome? {
        guard let opened else { return nil }
        var unreadable = offset
        var readable: Int64?
        var target: Int64 = 0
        var step: Int64 = 1
        // Doubles until a row can be found, then halves until the first such row is known.
        while readable == nil, step < 1 << 48 {
            switch seek(offset + step, opened.database) {
            case .row(let first): (readable, target) = (offset + step, first)
            case .unreadable: (unreadable, step) = (offset + step, step * 2)
            case .end: return nil  // nothing behind it (yet): the caller reports the error
            }
        }
        guard var readable else { return nil }
        while readable - unreadable > 1 {
            let middle = unreadable + (readable - unreadable) / 2
            switch seek(middle, opened.database) {
            case .row(let first): (readable, target) = (middle, min(target, first))
            case .unreadable: unreadable = middle
            case .end: return nil
            }
        }
        return jump(to: target, .damage)
    }

    private enum Found {
        case row(Int64)
        case unreadable
        case end
    }

    /// The first batch at or behind an offset. Its body is not looked at.
    private func seek(_ offset: Int64, _ database: Database) -> Found {
        do throws(SQLiteError) {
            let next = try database.cached(
                "SELECT first_offset FROM batch WHERE first_offset >= ? ORDER BY first_offset LIMIT 1")
            try next.bind(offset, at: 1)
            guard try next.step() else { return .end }
            defer { next.reset() }
            return .row(next.int64(0))
        } catch { return .unreadable }
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
        let startOffset = known == nil ? try resolve(start, database) : offset
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
        return jump(to: try database.earliestOffset(), .restarted)
    }

    private func resolve(_ start: StartPosition, _ database: Database) throws(SQLiteError) -> Int64 {
        switch start {
        case .earliest: return try database.earliestOffset()
        case .latest: return try database.nextOffset()
        case .offset(let offset): return offset
        case .timestamp(let moment):
            // Commit times never go down with the offset, so halving finds the place without an index.
            let probe = try database.prepare(
                """
                SELECT first_offset, count, created_ms FROM batch WHERE first_offset >= ?
                ORDER BY first_offset LIMIT 1
                """)
            var (low, high) = try database.topicEnds()
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
