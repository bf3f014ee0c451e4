import EventLog
import EventLoop
import Faults
import Foundation
import SQLite
import System
import TestKit
import Testing
import Time
import Wire

/// A process of its own appends; it is killed, or meets a full disk.
@Suite(.serialized) struct CrashTests {
    @Test func `what was acknowledged before kill -9 is there, once`() async throws {
        let folder = try TemporaryFolder()
        let topic = try #require(TopicName("stream-crash"))
        for round in 0..<4 {
            let delay = [40, 90, 160, 260][round]
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [path = folder.path as String, round = round as Int, delay = delay as Int] in
                try appendUntilKilled(path, round, delay)
            }
        }
        let acknowledged = try File.read(folder.file("acknowledged")).split(separator: UInt8(ascii: "\n"))
            .map { String(decoding: $0, as: UTF8.self) }
        let log = try SQLiteEventLog(folder: folder.path)
        let reader = try log.reader(of: topic, from: .earliest)
        var found: [String: Int] = [:]
        var expected: Int64 = 0
        while case .records(let batch) = try reader.next(waitUpTo: .zero) {
            batch.forEach { offset, record in
                #expect(offset == expected)
                expected += 1
                found[String(decoding: record.value.prefix { $0 != UInt8(ascii: " ") }, as: UTF8.self), default: 0] += 1
            }
        }
        #expect(acknowledged.count > 100, "the children got something done")
        #expect(acknowledged.filter { found[$0] == nil } == [])
        #expect(found.filter { $0.value > 1 }.isEmpty)
    }

    @Test func `a full disk fails the batch, and the topic goes on when there is room`() async throws {
        let folder = try TemporaryFolder()
        await #expect(processExitsWith: .success) { [path = folder.path as String] in
            try appendToFullDisk(path)
        }
    }
}

/// Appends batches of one to twenty records from a loop until a thread kills the process.
private func appendUntilKilled(_ path: String, _ round: Int, _ delay: Int) throws {
    let log = try SQLiteEventLog(folder: path)
    let loop = try EventLoop(name: "crash")
    let topic = TopicName("stream-crash")!
    let file = open("\(path)/acknowledged", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    let outstanding = Monitor(0)
    try SystemThread.start("killer") {
        usleep(UInt32(delay) * 1000)
        kill(getpid(), SIGKILL)
    }.detach()
    var number = 0
    while true {
        _ = outstanding.wait { $0 < 50 ? true : nil }
        var batch = RecordBatch()
        var names = ""
        for _ in 0...(number % 20) {
            let name = "\(round)-\(number)"
            number += 1
            names += name + "\n"
            let value = name + " " + String(repeating: "v", count: 300)
            Array(value.utf8).withUnsafeBytes { batch.append(key: $0, value: $0, timestamp: 1) }
        }
        outstanding.change { $0 += 1 }
        let pending = SendableBatch(batch)
        let line = names
        loop.post {
            log.append(pending.take(), to: topic, on: loop) { outcome in
                if case .success = outcome {
                    _ = line.utf8.withContiguousStorageIfAvailable { write(file, $0.baseAddress, $0.count) }
                }
                outstanding.change { $0 -= 1 }
            }
        }
    }
}

/// Carries a batch into a loop's closure.
private final class SendableBatch: @unchecked Sendable {  // filled by one thread, then emptied by one
    private var batch: RecordBatch
    init(_ batch: consuming RecordBatch) { self.batch = batch }
    func take() -> RecordBatch { batch.takeAll() }
}

/// A file-size limit stands for the full disk: it works without root, and in every container.
private func appendToFullDisk(_ path: String) throws {
    signal(SIGXFSZ, SIG_IGN)
    let log = try SQLiteEventLog(folder: path)
    let loop = try EventLoop(name: "full")
    let topic = TopicName("stream-full")!
    func append() -> Result<Position, EventLogError>? {
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        var batch = RecordBatch()
        [UInt8](repeating: 7, count: 100_000).withUnsafeBytes { batch.append(key: $0, value: $0, timestamp: 1) }
        let pending = SendableBatch(batch)
        loop.post { log.append(pending.take(), to: topic, on: loop) { result in outcome.change { $0 = result } } }
        return outcome.wait(upTo: .seconds(60)) { $0 }
    }
    #expect(append() == .success(Position(offset: 0)))
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    let unlimited = limit.rlim_cur
    limit.rlim_cur = 1_000_000
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    var stored: Int64 = 1
    while case .success = append() {
        stored += 1
        try #require(stored < 100, "the limit was never met")
    }
    guard case .failure(let error)? = append() else {
        Issue.record("no failure")
        return
    }
    #expect(error.retry == .afterBackoff)
    #expect(error.blame == .upstream)
    limit.rlim_cur = unlimited
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
    #expect(append() == .success(Position(offset: stored)))
    let reader = try log.reader(of: topic, from: .earliest)
    var count: Int64 = 0
    while case .records(let batch) = try reader.next(waitUpTo: .zero) { count += Int64(batch.count) }
    #expect(count == stored + 1)
}
