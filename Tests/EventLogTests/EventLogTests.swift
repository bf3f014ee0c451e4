import Bytes
import EventLog
import EventLoop
import Faults
import Glibc
import SQLite
import System
import TestKit
import Testing
import Time
import Wire

@Suite struct EventLogTests {
    let rig: LogRig

    init() throws { rig = try LogRig() }

    @Test func `records come back in order with their positions, keys and timestamps`() throws {
        let log = try rig.open()
        #expect(try rig.append(["a", "b"], to: rig.topic, log) == Position(offset: 0))
        #expect(try rig.append(["c"], to: rig.topic, log) == Position(offset: 2))
        let reader = try log.reader(of: rig.topic, from: .earliest)
        #expect(
            try rig.read(reader, 3) == [
                StoredRecord(offset: 0, timestamp: 1000, key: "key-a", value: "a"),
                StoredRecord(offset: 1, timestamp: 1001, key: "key-b", value: "b"),
                StoredRecord(offset: 2, timestamp: 1000, key: "key-c", value: "c"),
            ])
        #expect(reader.position == Position(offset: 3))
        #expect(try rig.ends(log) == 0..<3)
    }

    @Test func `topics that were made are there, hold nothing, take records and can be deleted`() throws {
        let log = try rig.open()
        let other = try #require(TopicName("stream-other"))
        try log.create([rig.topic, other])
        try log.create([rig.topic])
        #expect(try log.topics() == [other, rig.topic].sorted())
        #expect(try log.ends(of: rig.topic) == nil)
        try rig.append(["a"], to: rig.topic, log)
        try log.create([rig.topic])
        #expect(try rig.read(log.reader(of: rig.topic, from: .earliest), 1).map(\.value) == ["a"])
        try log.delete(other)
        #expect(try log.topics() == [rig.topic])
    }

    @Test func `batches that arrive during a commit share the next one`() throws {
        let log = try rig.open()
        let count = 500
        let done = rig.appendMany(count, to: rig.topic, log)
        let positions = try #require(done.wait(upTo: .seconds(60)) { $0.count == count ? $0 : nil })
        #expect(Set(positions) == Set((0..<count).map { Position(offset: Int64($0)) }))
        let reader = try log.reader(of: rig.topic, from: .earliest)
        let values = try rig.read(reader, count).map(\.value)
        #expect(values == (0..<count).map { "\($0)" }, "one loop's order is kept")
        log.close()
        let database = try Database(rig.databasePath(rig.topic), .init(.read))
        let rows = try #require(try database.integer("SELECT count(*) FROM batch"))
        #expect(rows < count)
    }

    @Test func `an empty batch is answered with the next position`() throws {
        let log = try rig.open()
        try rig.append(["a"], to: rig.topic, log)
        #expect(try rig.append([], to: rig.topic, log) == Position(offset: 1))
        #expect(try log.ends(of: rig.topic)?.next == Position(offset: 1))
    }

    @Test func `a log goes on where an earlier one ended`() throws {
        try rig.append(["a"], to: rig.topic, rig.open())
        rig.log?.close()
        let log = try rig.open()
        #expect(try rig.append(["b"], to: rig.topic, log) == Position(offset: 1))
        #expect(try rig.read(log.reader(of: rig.topic, from: .earliest), 2).map(\.value) == ["a", "b"])
    }

    @Test func `two logs on one folder never give a position twice`() throws {
        let first = try rig.open()
        let second = try SQLiteEventLog(folder: rig.folder.path)
        let total = 100
        let one = rig.appendMany(total, to: rig.topic, first)
        let two = rig.appendMany(total, to: rig.topic, second)
        let a = try #require(one.wait(upTo: .seconds(60)) { $0.count == total ? $0 : nil })
        let b = try #require(two.wait(upTo: .seconds(60)) { $0.count == total ? $0 : nil })
        #expect(Set(a).union(b).count == 2 * total)
        #expect(try rig.read(first.reader(of: rig.topic, from: .earliest), 2 * total).count == 2 * total)
    }

    @Test func `more than the backlog allows is refused as overloaded, and nothing is lost`() throws {
        var options = SQLiteEventLog.Options()
        options.backlogBytes = 4096
        let log = try rig.open(options)
        let count = 200
        let outcomes = Monitor<[Result<Position, EventLogError>]>([])
        rig.loop.post { [rig] in
            for number in 0..<count {
                log.append(rig.batch(["\(number)" + String(repeating: "x", count: 500)]), to: rig.topic, on: rig.loop) {
                    outcome in outcomes.change { $0.append(outcome) }
                }
            }
        }
        let all = try #require(outcomes.wait(upTo: .seconds(60)) { $0.count == count ? $0 : nil })
        let refused = all.filter { $0 == .failure(.overloaded(rig.topic)) }.count
        #expect(refused > 0)
        #expect(EventLogError.overloaded(rig.topic).retry == .afterBackoff)
        #expect(try log.ends(of: rig.topic)?.next == Position(offset: Int64(count - refused)))
    }

    @Test func `a closed log refuses, after having committed what it took`() throws {
        let log = try rig.open()
        let done = rig.appendMany(50, to: rig.topic, log)
        _ = done.wait(upTo: .seconds(60)) { $0.isEmpty ? nil : true }
        log.close()
        #expect(throws: EventLogError.closed) { try rig.append(["late"], to: rig.topic, log) }
        let committed = try #require(try SQLiteEventLog(folder: rig.folder.path).ends(of: rig.topic))
        #expect(done.withLock { Int64($0.count) } <= committed.next.offset)
    }

    @Test func `a thousand topics work with eight of them open`() throws {
        var options = SQLiteEventLog.Options()
        options.openTopics = 8
        let log = try rig.open(options)
        let names = try (0..<1000).map { try #require(TopicName("topic-\($0)")) }
        for (round, names) in [names, names.filter { $0.description.hasSuffix("0") }].enumerated() {
            let done = Monitor(0)
            let failures = Monitor<[EventLogError]>([])
            rig.loop.post { [rig] in
                for name in names {
                    log.append(rig.batch(["r\(round)"]), to: name, on: rig.loop) { outcome in
                        if case .failure(let error) = outcome { failures.change { $0.append(error) } }
                        done.change { $0 += 1 }
                    }
                }
            }
            #expect(done.wait(upTo: .seconds(120)) { $0 == names.count ? true : nil } == true)
            #expect(failures.withLock { $0 } == [])
        }
        let open = try Directory.list("/proc/self/fd").filter { descriptor in
            // Another test may close its own meanwhile: then there is no path.
            guard let path = realpath("/proc/self/fd/\(descriptor)", nil) else { return false }
            defer { free(path) }
            return String(cString: path).hasPrefix(rig.folder.path)
        }
        // Three descriptors each; a few more topics are in the hands of committers and of maintenance.
        #expect(open.count <= 3 * (8 + 8), "descriptors of closed topics are given back")
        #expect(try log.topics().count == 1000)
        for name in [names[0], names[500], names[990]] {
            #expect(try rig.read(log.reader(of: name, from: .earliest), 2).map(\.value) == ["r0", "r1"])
        }
    }

    @Test func `a newer format is refused and left alone`() throws {
        try rig.append(["a"], to: rig.topic, rig.open())
        rig.log?.close()
        let path = rig.databasePath(rig.topic)
        try Database(path, .init(.write)).execute("PRAGMA user_version = 99")
        let log = try rig.open()
        let refusal = EventLogError.unusable(rig.topic, .newerFormat(path: path, found: 99, supported: 1))
        #expect(throws: refusal) { try rig.append(["b"], to: rig.topic, log) }
        #expect(throws: refusal) { _ = try log.reader(of: rig.topic, from: .earliest) }
        #expect("\(refusal)".contains("start the version that wrote it"))
        #expect(try Database(path, .init(.read)).integer("SELECT count(*) FROM batch") == 1)
    }
}

@Suite struct EventLogAdvanceTests {
    let rig: LogRig
    let consumer = ConsumerName("decrypter")!

    init() throws { rig = try LogRig() }

    @Test func `records and the consumer's position are stored together`() throws {
        let log = try rig.open()
        #expect(try log.position(of: consumer, in: rig.topic) == nil)
        try rig.append(["a"], to: rig.topic, log, Advance(consumer, from: nil, to: Position(offset: 10)))
        #expect(try log.position(of: consumer, in: rig.topic) == Position(offset: 10))
        try rig.append([], to: rig.topic, log, Advance(consumer, from: Position(offset: 10), to: Position(offset: 25)))
        #expect(try log.position(of: consumer, in: rig.topic) == Position(offset: 25))
        #expect(try log.ends(of: rig.topic)?.next == Position(offset: 1))
    }

    @Test func `a repeated step, a step back and a step from elsewhere store nothing`() throws {
        let log = try rig.open()
        try rig.append(["a"], to: rig.topic, log, Advance(consumer, from: nil, to: Position(offset: 10)))
        let stored = Position(offset: 10)
        for (from, to) in [(nil, 10), (10, 10), (10, 5), (9, 20), (nil, 20)] as [(Int64?, Int64)] {
            let advance = Advance(consumer, from: from.map { Position(offset: $0) }, to: Position(offset: to))
            #expect(throws: EventLogError.notAdvanced(consumer, stored: stored), "\(advance)") {
                try rig.append(["again"], to: rig.topic, log, advance)
            }
        }
        #expect(try log.ends(of: rig.topic)?.next == Position(offset: 1))
        #expect(try log.position(of: consumer, in: rig.topic) == stored)
    }

    @Test func `a refused step does not disturb batches that are committed with it`() throws {
        let log = try rig.open()
        let outcomes = Monitor<[Int: Result<Position, EventLogError>]>([:])
        let step = Advance(consumer, from: nil, to: Position(offset: 7))
        rig.loop.post { [rig] in
            for number in 0..<100 {
                let record: @Sendable (Result<Position, EventLogError>) -> Void = { outcome in
                    outcomes.change { $0[number] = outcome }
                }
                if number % 2 == 0 {
                    log.append(rig.batch(["\(number)"]), to: rig.topic, advancing: [step], on: rig.loop, record)
                } else {
                    log.append(rig.batch(["\(number)"]), to: rig.topic, on: rig.loop, record)
                }
            }
        }
        let all = try #require(outcomes.wait(upTo: .seconds(60)) { $0.count == 100 ? $0 : nil })
        for number in 1..<100 {
            switch try #require(all[number]) {
            case .success: #expect(number % 2 == 1)
            case .failure(let error):
                #expect(error == .notAdvanced(consumer, stored: step.to))
                #expect(number % 2 == 0)
            }
        }
        let values = try rig.read(log.reader(of: rig.topic, from: .earliest), 51).map(\.value)
        #expect(values == ["0"] + (0..<50).map { "\($0 * 2 + 1)" })
    }

    @Test func `positions of several partitions and consumers do not mix`() throws {
        let log = try rig.open()
        let other = try #require(ConsumerName("other"))
        try rig.append([], to: rig.topic, log, Advance(consumer, from: nil, to: Position(partition: 3, offset: 8)))
        try rig.append([], to: rig.topic, log, Advance(other, from: nil, to: Position(offset: 4)))
        #expect(try log.position(of: consumer, in: rig.topic) == nil)
        #expect(try log.position(of: consumer, in: rig.topic, partition: 3) == Position(partition: 3, offset: 8))
        #expect(try log.position(of: other, in: rig.topic) == Position(offset: 4))
    }
}
