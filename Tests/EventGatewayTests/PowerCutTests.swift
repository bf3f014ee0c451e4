import Crypto
import EventLog
import EventLoop
import KeyVault
import Privacy
import System
import TestKit
import Testing
import Time
import Wire

/// Log and vault together, as the gateway uses them, on a disk whose power is cut.
@Suite struct PowerCutTests {
    /// Several lives of one folder; each ends with a cut at a random moment.
    @Test(arguments: 0..<8)
    func `what was acknowledged before a power cut is there, with its key, once and in order`(seed: UInt64) async throws
    {
        let folder = try TemporaryFolder()
        let disk = FaultyDisk(under: folder.path, remembersUnsynced: true)
        var chance = SeededGenerator(seed: 0xC07 + seed)
        var book = Book()
        for life in 0..<26 {
            do {
                let plane = try SmallPlane(folder, life: life)
                try plane.check(&book)
                plane.load(until: Int.random(in: 0...60, using: &chance)) { disk.cutPower() }
                plane.close()
                book.acknowledged += plane.acknowledged
            } catch {
                Issue.record("seed \(seed), life \(life): \(error)")
                return
            }
            try disk.restorePower(&chance)
        }
        let plane = try SmallPlane(folder, life: 26)
        try plane.check(&book)
        plane.close()
        #expect(book.acknowledged.count > 100, "something was promised")
    }
}

/// What was promised so far, over all lives.
private struct Book {
    var acknowledged: [Promise] = []
}

/// One event that was answered with success.
private struct Promise: Sendable {
    var topic: Int
    var offset: Int64
    var text: String
}

/// Producers of a few topics, each event under the key of its person.
private final class SmallPlane: @unchecked Sendable {  // `reader` is used by the test alone
    private static let topics = (0..<5).compactMap { TopicName("stream-cut-\($0)") }

    private let log: SQLiteEventLog
    private let vault: SQLiteKeyVault
    private let reader: SQLiteKeyReader
    private let loop: EventLoop
    private let life: Int
    private let clock = ManualClock()

    private struct Progress {
        var acknowledged: [Promise] = []
        var answers = 0
        var isOver = false
    }
    private let progress = Monitor(Progress())

    init(_ folder: TemporaryFolder, life: Int) throws {
        self.life = life
        var options = SQLiteEventLog.Options()
        // Small, so that cuts meet checkpoints and restarts of the WAL.
        options.checkpointBytes = 32 << 10
        options.walLimitBytes = 64 << 10
        log = try SQLiteEventLog(folder: folder.path, clock: clock, options: options)
        let kek = folder.file("kek")
        vault = try SQLiteKeyVault(
            path: folder.file("keys/keys.db"), kek: try SecretFile.load(kek, creating: true),
            hash: try PersonHash(owning: try SecretFile.load(folder.file("hash"), creating: true)))
        reader = try SQLiteKeyReader(
            path: folder.file("keys/keys.db"), kek: try SecretFile.load(kek, creating: false))
        loop = try EventLoop(name: "cut")
    }

    var acknowledged: [Promise] { progress.withLock { $0.acknowledged } }

    func close() {
        progress.change { $0.isOver = true }
        log.close()
        vault.close()
        loop.stop()
        loop.join()
    }

    /// Six producers send one event after the other; `cut` is called when so many were answered.
    func load(until count: Int, _ cut: () -> Void) {
        for producer in 0..<6 { loop.post { [self] in send(producer, 0) } }
        _ = progress.wait(upTo: .seconds(60)) { $0.answers >= count ? true : nil }
        cut()
    }

    /// On the loop: key first, then the event, as the gateway does.
    private func send(_ producer: Int, _ number: Int) {
        if progress.withLock({ $0.isOver }) || number > 200 { return }
        let topic = (producer + number) % Self.topics.count
        // Every other event is of somebody new.
        let person = number.isMultiple(of: 2) ? "person-\(producer)" : "person-\(life)-\(producer)-\(number)"
        let request = KeyRequest(stream: "cut-\(topic)", keyField: PlainBytes(Array(person.utf8)))
        vault.resolve([request], now: clock.now(), on: loop) { [self] outcomes in
            guard case .key(let key, _) = outcomes[0] else { return answered(nil, producer, number) }
            let text = "\(life)-\(producer)-\(number) " + String(repeating: "e", count: 50 + number % 7 * 900)
            var batch = RecordBatch()
            Array(key.link.description.utf8).withUnsafeBytes { link in
                Array(text.utf8).withUnsafeBytes { batch.append(key: link, value: $0, timestamp: 1) }
            }
            log.append(batch, to: Self.topics[topic], on: loop) { [self] outcome in
                let position: Position?
                if case .success(let found) = outcome { position = found } else { position = nil }
                answered(position.map { Promise(topic: topic, offset: $0.offset, text: text) }, producer, number)
            }
        }
    }

    private func answered(_ promise: Promise?, _ producer: Int, _ number: Int) {
        progress.change { progress in
            progress.answers += 1
            if let promise { progress.acknowledged.append(promise) }
        }
        if promise != nil { send(producer, number + 1) }
    }

    /// Everything that was promised is where it was promised, once; every record has its key; nothing is damaged.
    func check(_ book: inout Book) throws {
        for (number, topic) in Self.topics.enumerated() {
            let promised = book.acknowledged.filter { $0.topic == number }
            var texts: [String] = []
            var links: Set<String> = []
            let records = try log.reader(of: topic, from: .earliest)
            reading: while true {
                switch try records.next(waitUpTo: .zero) {
                case .nothing: break reading
                case .jumped(let from, let to, let reason):
                    Issue.record("life \(life): \(from) to \(to) \(reason)")
                case .records(let batch):
                    batch.forEach { offset, record in
                        #expect(offset == Int64(texts.count))
                        texts.append(String(decoding: record.value, as: UTF8.self))
                        links.insert(String(decoding: record.key, as: UTF8.self))
                    }
                }
            }
            #expect(Set(texts).count == texts.count, "life \(life): nothing is there twice")
            for promise in promised {
                let found = promise.offset < texts.count ? texts[Int(promise.offset)] : "nothing"
                #expect(found == promise.text, "life \(life): \(topic) at \(promise.offset)")
            }
            for link in links {
                let known = try reader.key(for: try #require(KeyLink(link)))
                #expect(known != nil, "life \(life): a record of \(topic) has no key")
            }
        }
    }
}
