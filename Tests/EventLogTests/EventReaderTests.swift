import EventLog
import EventLoop
import Foundation
import SQLite
import System
import TestKit
import Testing
import Time
import Wire

@Suite struct EventReaderTests {
    let rig: LogRig

    init() throws { rig = try LogRig() }

    private func values(_ outcome: ReadOutcome) -> [String] {
        if case .records(let batch) = outcome { rig.stored(batch).map(\.value) } else { [] }
    }

    private func isNothing(_ outcome: ReadOutcome) -> Bool {
        if case .nothing = outcome { true } else { false }
    }

    private func expectJump(
        _ outcome: ReadOutcome, from: Int64, to: Int64, _ reason: JumpReason,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        guard case .jumped(let start, let end, let why) = outcome else {
            Issue.record("no jump but \(outcome)", sourceLocation: sourceLocation)
            return
        }
        #expect(start.offset == from && end.offset == to && why == reason, sourceLocation: sourceLocation)
    }

    @Test func `a reader may start in the middle of a committed batch`() throws {
        let log = try rig.open()
        try rig.append(["a", "b", "c", "d"], to: rig.topic, log)
        let reader = try log.reader(of: rig.topic, from: .offset(2))
        #expect(
            try rig.read(reader, 2).map { "\($0.offset)\($0.value)" } == ["2c", "3d"])
        #expect(reader.position.offset == 4)
    }

    @Test func `latest sees only what comes after the reader was made`() throws {
        let log = try rig.open()
        try rig.append(["old"], to: rig.topic, log)
        let reader = try log.reader(of: rig.topic, from: .latest)
        let early = try log.reader(of: try #require(TopicName("later")), from: .latest)
        try rig.append(["new"], to: rig.topic, log)
        try rig.append(["first"], to: try #require(TopicName("later")), log)
        #expect(try rig.read(reader, 1).map(\.value) == ["new"])
        #expect(try rig.read(early, 1).map(\.value) == ["first"], "a topic that was not there yet is new as a whole")
    }

    @Test func `a moment finds the first batch committed at or after it`() throws {
        let log = try rig.open()
        let start = rig.clock.now().milliseconds
        for name in ["a", "b", "c", "d", "e"] {
            try rig.append([name, name], to: rig.topic, log)
            rig.clock.advance(by: .seconds(10))
        }
        for (moment, expected) in [(-1, 0), (0, 0), (1, 2), (10_000, 2), (39_999, 8), (40_000, 8), (40_001, 10)] {
            let reader = try log.reader(of: rig.topic, from: .timestamp(start + Int64(moment)))
            #expect(reader.position.offset == Int64(expected), "\(moment) ms")
        }
    }

    @Test func `limits stop a reader after whole batches`() throws {
        let log = try rig.open()
        for name in ["a", "b", "c"] { try rig.append([name, name], to: rig.topic, log) }
        let reader = try log.reader(of: rig.topic, from: .earliest)
        #expect(values(try reader.next(maxRecords: 3, maxBytes: 1 << 20, waitUpTo: .zero)) == ["a", "a", "b", "b"])
        #expect(values(try reader.next(maxRecords: 100, maxBytes: 1, waitUpTo: .zero)) == ["c", "c"])
    }

    /// The reader looks again and again, so that some of the commits come between two of its statements.
    @Test func `the first record of an empty topic is never taken for a gap, whenever it comes`() throws {
        let log = try rig.open()
        let consumer = try #require(ConsumerName("somebody"))
        for number in 0..<100 {
            let topic = try #require(TopicName("empty-\(number)"))
            // Stores a position and no record: the database is there.
            try rig.append([], to: topic, log, Advance(consumer, from: nil, to: Position(offset: 1)))
            let began = Monitor(false)
            let found = Monitor<ReadOutcome?>(nil)
            let thread = try SystemThread.start("reader") {
                do {
                    let reader = try log.reader(of: topic, from: .earliest)
                    while true {
                        let outcome = try reader.next(waitUpTo: .zero)
                        began.change { $0 = true }
                        if case .nothing = outcome { continue }
                        return found.change { $0 = outcome }
                    }
                } catch { Issue.record(error) }
            }
            #expect(began.wait(upTo: .seconds(60)) { $0 ? true : nil } == true)
            try rig.append(["first"], to: topic, log)
            let outcome = try #require(found.wait(upTo: .seconds(60)) { $0 })
            thread.join()
            #expect(values(outcome) == ["first"], "\(outcome)")
        }
    }

    @Test func `a waiting reader is woken by a commit`() throws {
        let log = try rig.open()
        try rig.append(["a"], to: rig.topic, log)
        let woken = Monitor<MonotonicTime?>(nil)
        let ready = Monitor(false)
        let topic = rig.topic
        let thread = try SystemThread.start("reader") {
            do {
                let reader = try log.reader(of: topic, from: .latest)
                ready.change { $0 = true }
                if case .records = try reader.next(waitUpTo: .seconds(30)) { woken.change { $0 = .now() } }
            } catch { Issue.record(error) }
        }
        #expect(ready.wait(upTo: .seconds(60)) { $0 ? true : nil } == true)
        try rig.append(["b"], to: rig.topic, log)
        #expect(woken.wait(upTo: .seconds(60)) { $0 } != nil)
        thread.join()
    }

    @Test func `a reader waits for a topic that does not exist, and survives its end and return`() throws {
        let log = try rig.open()
        let reader = try log.reader(of: rig.topic, from: .earliest)
        #expect(isNothing(try reader.next(waitUpTo: .zero)))
        try rig.append(["a", "b"], to: rig.topic, log)
        #expect(try rig.read(reader, 2).map(\.value) == ["a", "b"])

        try log.delete(rig.topic)
        #expect(try log.ends(of: rig.topic) == nil)
        #expect(isNothing(try reader.next(waitUpTo: .zero)))

        #expect(try rig.append(["c"], to: rig.topic, log) == Position(offset: 0))
        expectJump(try reader.next(waitUpTo: .seconds(30)), from: 2, to: 0, .restarted)
        #expect(try rig.read(reader, 1).map(\.value) == ["c"])
    }

    @Test func `a folder removed by hand is noticed too`() throws {
        let log = try rig.open()
        try rig.append(["a"], to: rig.topic, log)
        let reader = try log.reader(of: rig.topic, from: .earliest)
        #expect(try rig.read(reader, 1).map(\.value) == ["a"])
        log.close()
        try Directory.removeAll("\(rig.folder.path)/topics/\(rig.topic)")
        let second = try rig.open()
        try rig.append(["b"], to: rig.topic, second)
        expectJump(try reader.next(waitUpTo: .seconds(30)), from: 1, to: 0, .restarted)
    }

    @Test func `a topic deleted by another process starts anew for its writer`() throws {
        let writer = try rig.open()
        try rig.append(["a"], to: rig.topic, writer)
        let other = try SQLiteEventLog(folder: rig.folder.path)
        try other.delete(rig.topic)
        #expect(try rig.append(["b"], to: rig.topic, writer) == Position(offset: 0))
        #expect(try rig.read(other.reader(of: rig.topic, from: .earliest), 1).map(\.value) == ["b"])
    }

    @Test func `a position behind the end goes back to the end`() throws {
        let log = try rig.open()
        try rig.append(["a"], to: rig.topic, log)
        let reader = try log.reader(of: rig.topic, from: .offset(70))
        expectJump(try reader.next(waitUpTo: .zero), from: 70, to: 1, .beyondEnd)
    }

    @Test func `retention removes old batches, keeps positions, and readers are told`() throws {
        var options = SQLiteEventLog.Options()
        options.retention = .seconds(3600)
        let log = try rig.open(options)
        for number in 0..<20 { try rig.append(["old\(number)"], to: rig.topic, log) }
        let reader = try log.reader(of: rig.topic, from: .earliest)
        rig.clock.advance(by: .seconds(3000))
        try rig.append(["young"], to: rig.topic, log)
        rig.clock.advance(by: .seconds(1000))
        log.expire()
        #expect(try rig.ends(log) == 20..<21)
        expectJump(try reader.next(waitUpTo: .zero), from: 0, to: 20, .retention)
        #expect(try rig.read(reader, 1).map(\.value) == ["young"])

        rig.clock.advance(by: .seconds(10_000))
        log.expire()
        #expect(try rig.ends(log) == 21..<21)
        #expect(try rig.append(["next"], to: rig.topic, log) == Position(offset: 21), "an empty topic counts on")
        #expect(try rig.read(reader, 1).map(\.value) == ["next"])
    }

    @Test func `a log without a retention deletes nothing`() throws {
        let log = try rig.open()
        try rig.append(["old"], to: rig.topic, log)
        rig.clock.advance(by: .seconds(100 * 365 * 24 * 3600))
        log.expire()
        #expect(try log.ends(of: rig.topic)?.earliest == Position(offset: 0))
    }

    @Test func `expired records leave no trace in the files`() throws {
        var options = SQLiteEventLog.Options()
        options.retention = .seconds(7 * 24 * 3600)
        let log = try rig.open(options)
        let secret = "needle-" + UUID().uuidString
        try rig.append([String(repeating: secret, count: 1000)], to: rig.topic, log)
        rig.clock.advance(by: .seconds(8 * 24 * 3600))
        log.expire()
        try rig.append(["young"], to: rig.topic, log)
        log.close()
        for name in try Directory.list("\(rig.folder.path)/topics/\(rig.topic)") {
            let bytes = try File.read("\(rig.folder.path)/topics/\(rig.topic)/\(name)")
            #expect(!String(decoding: bytes, as: UTF8.self).contains(secret), "\(name)")
        }
    }

    @Test func `a damaged batch is reported with its range and stepped over`() throws {
        let log = try rig.open()
        for name in ["a", "b", "c"] {
            try rig.append([name + String(repeating: name, count: 20_000), name], to: rig.topic, log)
        }
        log.close()
        // Flip one byte in the middle of the second body, as a disk would.
        let path = rig.databasePath(rig.topic)
        var bytes = try File.read(path)
        let needle = Array(String(repeating: "b", count: 64).utf8)
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: needle) })
        bytes[place + 10] ^= 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))

        let reader = try rig.open().reader(of: rig.topic, from: .earliest)
        #expect(try rig.read(reader, 2).map { $0.value.prefix(1) } == ["a", "a"])
        expectJump(try reader.next(waitUpTo: .zero), from: 2, to: 4, .damage)
        #expect(try rig.read(reader, 2).map { $0.value.prefix(1) } == ["c", "c"])
    }

    @Test func `a page that SQLite cannot read does not end the reader`() throws {
        let log = try rig.open()
        for name in ["a", "b", "c"] { try rig.append([String(repeating: name, count: 60_000)], to: rig.topic, log) }
        log.close()
        let path = rig.databasePath(rig.topic)
        var bytes = try File.read(path)
        // The first overflow page of the second body: its first four bytes name the next page.
        let needle = Array(String(repeating: "b", count: 16000).utf8)
        let page = try #require(
            stride(from: 0, to: bytes.count, by: 16 << 10).first { bytes[($0 + 4)...].starts(with: needle) })
        bytes.replaceSubrange(page..<page + 4, with: [0x7F, 0xFF, 0xFF, 0xFF])
        try Data(bytes).write(to: URL(fileURLWithPath: path))

        let reader = try rig.open().reader(of: rig.topic, from: .earliest)
        #expect(try rig.read(reader, 1).map { $0.value.prefix(1) } == ["a"])
        expectJump(try reader.next(waitUpTo: .zero), from: 1, to: 2, .damage)
        #expect(try rig.read(reader, 1).map { $0.value.prefix(1) } == ["c"])
    }

    @Test func `several readers follow a writer, whatever they begin with`() throws {
        var options = SQLiteEventLog.Options()
        options.checkpointBytes = 64 << 10  // checkpoints and WAL restarts in between
        options.walLimitBytes = 128 << 10
        let log = try rig.open(options)
        let total = 3000
        let topic = rig.topic
        let results = Monitor<[[Int64]]>([])
        let threads = try (0..<3).map { number in
            try SystemThread.start("reader-\(number)") {
                var offsets: [Int64] = []
                do {
                    let reader = try log.reader(of: topic, from: .earliest)
                    let deadline = MonotonicTime.now() + .seconds(90)
                    while offsets.count < total, MonotonicTime.now() < deadline {
                        if case .records(let batch) = try reader.next(waitUpTo: .seconds(1)) {
                            batch.forEach { offset, record in
                                if String(decoding: record.value.prefix(8), as: UTF8.self)
                                    == String(String(offset + 10_000_000).prefix(8))
                                {
                                    offsets.append(offset)
                                }
                            }
                        }
                    }
                } catch { Issue.record(error) }
                results.change { $0.append(offsets) }
            }
        }
        let done = Monitor(0)
        for chunk in stride(from: 0, to: total, by: 100) {
            rig.loop.post { [rig] in
                for number in chunk..<chunk + 100 {
                    let value = "\(number + 10_000_000)" + String(repeating: "x", count: 300)
                    log.append(rig.batch([value]), to: topic, on: rig.loop) { _ in done.change { $0 += 1 } }
                }
            }
            #expect(done.wait(upTo: .seconds(60)) { $0 >= chunk + 100 ? true : nil } == true)
        }
        for thread in threads { thread.join() }
        let expected = (0..<Int64(total)).map { $0 }
        for offsets in results.withLock({ $0 }) { #expect(offsets == expected) }
    }

    @Test func `under steady load the WAL starts over in place, and nothing is lost`() throws {
        var options = SQLiteEventLog.Options()
        options.checkpointBytes = 64 << 10
        options.walLimitBytes = 256 << 10
        let log = try rig.open(options)
        let filler = String(repeating: "x", count: 20_000)
        for number in 0..<400 { try rig.append(["\(number) \(filler)"], to: rig.topic, log) }
        let wal = try #require(try File.status(rig.databasePath(rig.topic) + "-wal")).size
        #expect(wal < 12 << 20, "16 MB were committed")
        let reader = try log.reader(of: rig.topic, from: .earliest)
        #expect(try rig.read(reader, 400).map(\.offset) == Array(0..<400))
    }

    @Test func `a reader that keeps its transaction open holds up no commit for long`() throws {
        var options = SQLiteEventLog.Options()
        options.checkpointBytes = 64 << 10
        options.walLimitBytes = 128 << 10
        let log = try rig.open(options)
        try rig.append(["first"], to: rig.topic, log)
        let stranger = try Database(rig.databasePath(rig.topic), .init(.read))
        try stranger.execute("BEGIN")
        #expect(try stranger.integer("SELECT count(*) FROM batch") == 1)
        let filler = String(repeating: "x", count: 20_000)
        let start = MonotonicTime.now()
        for _ in 0..<200 { try rig.append([filler], to: rig.topic, log) }
        #expect(MonotonicTime.now() - start < .seconds(60), "each restart of the WAL would wait for seconds")
        #expect(try stranger.integer("SELECT count(*) FROM batch") == 1)
    }
}
