import EventLog
import EventLoop
import Faults
import SQLite
import System
import TestKit
import Testing
import Time
import Wire

/// The log on a disk that misbehaves.
@Suite struct FaultTests {
    let rig: LogRig
    let disk: FaultyDisk

    init() throws {
        rig = try LogRig()
        disk = FaultyDisk(under: rig.folder.path)
    }

    private let kilobytes = String(repeating: "x", count: 100_000)

    private func failure(_ log: SQLiteEventLog, to topic: TopicName? = nil) -> EventLogError? {
        do {
            try rig.append([kilobytes], to: topic ?? rig.topic, log)
            return nil
        } catch { return error as? EventLogError }
    }

    private func offsets(_ log: SQLiteEventLog, _ count: Int) throws -> [Int64] {
        try rig.read(try log.reader(of: rig.topic, from: .earliest), count).map(\.offset)
    }

    @Test func `a full disk refuses batches, and the topic goes on by itself when there is room`() throws {
        let log = try rig.open()
        try rig.append(["first"], to: rig.topic, log)
        disk.set { $0.room = 250_000 }
        var stored: Int64 = 1
        var refusals = 0
        for _ in 0..<20 {
            switch failure(log) {
            case nil: stored += 1
            case .store(_, .full)?: refusals += 1
            case let other: Issue.record("\(String(describing: other))")
            }
        }
        #expect(refusals > 10)
        disk.set { $0.room = nil }
        #expect(try rig.append(["last"], to: rig.topic, log) == Position(offset: stored))
        #expect(try offsets(log, Int(stored) + 1) == Array(0...stored))
    }

    @Test func `a disk that may only be read refuses batches, and the topic goes on by itself when it may be written`()
        throws
    {
        let log = try rig.open()
        try rig.append(["first"], to: rig.topic, log)
        disk.set { $0.isReadOnly = true }
        for _ in 0..<5 {
            let error = try #require(failure(log))
            #expect(error.retry == .afterBackoff && error.blame == .upstream, "\(error)")
        }
        #expect(try offsets(log, 1) == [0], "reading goes on")
        disk.set { $0.isReadOnly = false }
        #expect(try rig.append(["last"], to: rig.topic, log) == Position(offset: 1))
        #expect(try offsets(log, 2) == [0, 1])
    }

    @Test func `torn writes fail their batches and nothing else`() throws {
        let log = try rig.open()
        try rig.append(["first"], to: rig.topic, log)
        var stored: Int64 = 1
        for _ in 0..<10 {
            disk.set { $0.tornWrites = 1 }
            if let error = failure(log) { #expect(error.retry == .afterBackoff) } else { stored += 1 }
            #expect(try rig.append([kilobytes], to: rig.topic, log) == Position(offset: stored))
            stored += 1
        }
        #expect(try offsets(log, Int(stored)) == Array(0..<stored))
    }

    @Test func `one failed sync is the end for its topic until the log is opened anew, and for no other`() throws {
        let log = try rig.open()
        let other = try #require(TopicName("stream-other"))
        try rig.append(["first"], to: rig.topic, log)
        try rig.append(["first"], to: other, log)
        disk.set { $0.failingSyncs = 1 }
        for _ in 0..<3 {
            guard case .unusable(rig.topic, .syncFailed)? = failure(log) else {
                Issue.record("a disk that once did not confirm is not asked again")
                return
            }
        }
        let syncs = disk.syncs
        #expect(failure(log) != nil)
        #expect(disk.syncs == syncs, "not even the file is touched")
        #expect(failure(log, to: other) == nil)
        log.close()
        let reopened = try rig.open()
        let next = try rig.append(["next"], to: rig.topic, reopened)
        // The batch whose sync failed was not acknowledged: it may be there or not.
        #expect(try offsets(reopened, Int(next.offset) + 1) == Array(0...next.offset))
    }

    @Test func `a checkpoint whose sync fails ends its topic too`() throws {
        var options = SQLiteEventLog.Options()
        options.checkpointBytes = 64 << 10
        let log = try rig.open(options)
        try rig.append(["first"], to: rig.topic, log)
        disk.set {
            $0.failingSyncs = 1
            $0.failingSyncSuffix = "log.db"
        }
        var met: EventLogError?
        let deadline = MonotonicTime.now() + .seconds(60)
        while met == nil, MonotonicTime.now() < deadline { met = failure(log) }
        guard case .unusable(_, .syncFailed)? = met else {
            Issue.record("\(String(describing: met))")
            return
        }
    }

    @Test func `slow syncs cost time, not memory: what is too much is refused, what was taken is stored`() throws {
        var options = SQLiteEventLog.Options()
        options.backlogBytes = 1 << 20
        let log = try rig.open(options)
        try rig.append(["first"], to: rig.topic, log)
        disk.set { $0.syncDelay = .milliseconds(50) }
        let outcomes = Monitor<(stored: Int, refused: Int, other: Int)>((0, 0, 0))
        let sent = 100
        rig.loop.post { [rig, kilobytes] in
            for _ in 0..<sent {
                log.append(rig.batch([kilobytes]), to: rig.topic, on: rig.loop) { outcome in
                    outcomes.change { outcomes in
                        switch outcome {
                        case .success: outcomes.stored += 1
                        case .failure(.overloaded): outcomes.refused += 1
                        case .failure: outcomes.other += 1
                        }
                    }
                }
            }
        }
        let all = outcomes.wait(upTo: .seconds(120)) { $0.stored + $0.refused + $0.other == sent ? $0 : nil }
        let (stored, refused, other) = try #require(all)
        // Two copies of the value in a record's key and value; ten megabytes were offered.
        #expect(stored >= 4 && stored <= 40 && refused == sent - stored && other == 0)
        #expect(try offsets(log, stored + 1) == Array(0...Int64(stored)))
    }

    @Test func `whatever byte comes back changed, a record is read as it was written or reported as damaged`() throws {
        let log = try rig.open()
        var values: [String] = []
        var chance = SeededGenerator(seed: 20)
        for number in 0..<120 {
            let size = Int.random(in: 10...30_000, using: &chance)
            let value = "\(number) " + String(repeating: "v", count: size)
            values.append(value)
            try rig.append([value], to: rig.topic, log)
        }
        log.close()  // checkpoints: from here on everything is in the database file
        let size = Int64(try #require(try File.status(rig.databasePath(rig.topic))).size)
        let reading = try rig.open()
        var damaged = 0
        var unreadable = 0
        for _ in 0..<300 {
            let start = Int64.random(in: 16384..<size, using: &chance)
            let length: Int64 = [1, 8, 4096].randomElement(using: &chance)!
            disk.set { $0.flipped = ("log.db", start..<start + length) }
            var reader: (any EventReader)?
            var next: Int64 = 0
            loop: while next < Int64(values.count) {
                let outcome: ReadOutcome
                do {
                    reader = try reader ?? reading.reader(of: rig.topic, from: .earliest)
                    outcome = try reader!.next(waitUpTo: .zero)
                } catch {
                    unreadable += 1
                    break
                }
                switch outcome {
                case .records(let batch):
                    for record in rig.stored(batch) {
                        #expect(record.offset == next && record.value == values[Int(next)])
                        next += 1
                    }
                case .jumped(let from, let to, let reason):
                    #expect(
                        from.offset == next && to > from && reason == .damage, "at \(start): \(from) \(to) \(reason)")
                    damaged += Int(to.offset - from.offset)
                    next = to.offset
                case .nothing:
                    // The newest batch is damaged beyond recognition, or there was none of it.
                    #expect(next >= 119)
                    break loop
                }
            }
            disk.set { $0.flipped = nil }
        }
        #expect(damaged > 100, "the bytes that changed were read")
        #expect(unreadable < 30, "only the inner pages of the tree have no way around them")
    }
}
