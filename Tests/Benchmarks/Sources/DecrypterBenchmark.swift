import API
import Bytes
import Crypto
import Decrypter
import EventLog
import EventLoop
import KeyVault
import PlaneConfig
import Privacy
import System
import TestKit
import Time
import Wire

/// What deriving a stream costs: a filled source topic is copied into a derived stream of purposes 0 and 1 that opens one
/// field, all threads of the process counted. The same as `ingest` measures on the real service, without one.
enum DecrypterBenchmark {
    struct Schemas: SchemaSource {
        func definition(of id: Int32) throws(PlaneConfigError) -> String? { SampleEvent.schema }
    }

    /// Events per CPU second.
    static func run(events: Int, people: Int) throws -> Double {
        let folder = try TemporaryFolder()
        let log = try SQLiteEventLog(folder: folder.path)
        defer { log.close() }
        let loop = try EventLoop(name: "bench")
        defer { loop.stop() }
        guard let source = TopicName("stream-bench"), let target = TopicName("stream-bench-0-1"),
            let warm = TopicName("stream-warm")
        else { preconditionFailure("constant, well-formed names") }
        let vault = try SQLiteKeyVault(
            path: folder.file("keys/keys.db"), kek: SecretFile.load(folder.file("kek"), creating: true),
            hash: PersonHash(owning: SecretFile.load(folder.file("hash"), creating: true)))
        let keys = Monitor<[StoredKey]>([])
        vault.resolve(
            (0..<people).map { KeyRequest(stream: "bench", keyField: PlainBytes(Array("\($0)".utf8))) },
            now: SystemClock().now(),
            on: loop
        ) { outcomes in
            keys.change { keys in
                keys = outcomes.compactMap { outcome in
                    if case .key(let key, _) = outcome { key } else { nil }
                }
            }
        }
        let stored = keys.wait(upTo: .seconds(60)) { $0.isEmpty ? nil : $0 } ?? []
        vault.close()
        let ciphers = try stored.map { try FieldCipher(key: $0.key, link: $0.link) }
        var sent = 0
        while sent < events {
            let batch = sealed(ciphers, sent..<min(sent + 256, events))
            sent += batch.count
            try append(batch, to: source, log, loop)
        }
        func copier(_ target: TopicName) throws -> DerivedStreamCopier {
            let rules = try DerivationRules(
                stream: "bench-0-1", target: target, consent: ConsentRule(type: .granular, levels: [0, 1]), seed: "",
                contracts: [
                    SampleEvent.contract: .init(
                        personal: ["uniqueIdentifier": 1, "consistentValue": 2, "someSensitiveValue": 3], masked: [])
                ])
            return DerivedStreamCopier(
                source: source, rules: rules, log: log,
                keys: try SQLiteKeyReader(
                    path: folder.file("keys/keys.db"), kek: SecretFile.load(folder.file("kek"), creating: false)),
                schemas: Schemas(), loop: loop, clock: SystemClock())
        }
        _ = try copier(warm).step()
        let measured = try copier(target)
        var skipped = 0
        while skipped < events / 5, case .advanced(let tally) = try measured.step() { skipped += tally[.written] }
        let before = ResourceUsage.ofThisProcess()
        var written = 0
        while case .advanced(let tally) = try measured.step() { written += tally[.written] }
        let after = ResourceUsage.ofThisProcess()
        precondition(written + skipped == events, "every event passes")
        let cpu = (after.userTime + after.systemTime - before.userTime - before.systemTime).nanoseconds
        return Double(written) / Double(cpu) * 1e9
    }

    private static func sealed(_ ciphers: [FieldCipher], _ numbers: Range<Int>) -> RecordBatch {
        var batch = RecordBatch()
        let contract = Array(SampleEvent.contract.utf8)
        for number in numbers {
            let cipher = ciphers[number % ciphers.count]
            var datum = EventRecord.header(schemaID: 1)
            func text(_ bytes: [UInt8]) {
                var length = UInt64(bytes.count) << 1
                while length >= 0x80 {
                    datum.append(UInt8(length & 0x7F) | 0x80)
                    length >>= 7
                }
                datum.append(UInt8(length))
                datum += bytes
            }
            text(contract)
            datum += [0, 0, 2]  // nonce, timestamp: null; keyLink
            text(Array(cipher.link.description.utf8))
            datum += [0, 4, 0, 2, 0]  // billingId; consents 0 and 1
            for (index, value) in ["unique", "person", "secret"].enumerated() {
                if index != 1 { datum.append(2) }
                text(Array(cipher.seal("\(value)-\(100_000_000_000_00 + number)xxx").utf8))
            }
            datum.append(2)
            text([UInt8](repeating: 0x6E, count: 100))
            datum.withUnsafeBytes { batch.append(key: cipher.linkText, value: $0, timestamp: 1_700_000_000_000) }
        }
        return batch
    }

    private static func append(
        _ batch: consuming RecordBatch, to topic: TopicName, _ log: SQLiteEventLog, _ loop: EventLoop
    ) throws {
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        log.append(batch, to: topic, on: loop) { result in outcome.change { $0 = result } }
        _ = try outcome.wait(upTo: .seconds(60)) { $0 }?.get()
    }
}
