import API
import Avro
import Bytes
import Contracts
import Crypto
import Decrypter
import EventLog
import EventLoop
import JSON
import KeyVault
import PlaneConfig
import Privacy
import Synchronization
import System
import TestKit
import Testing
import Time
import Wire

/// A source stream with events sealed by a real vault, and what is needed to derive streams from it.
final class DecrypterRig: @unchecked Sendable {
    // Unchecked: `encoder` is used only on the test's own task.
    let folder: TemporaryFolder
    let loop: EventLoop
    let clock = ManualClock()
    let log: SQLiteEventLog
    let vault: SQLiteKeyVault
    let schemas = KnownSchemas()
    let source = TopicName("stream-source")!
    let target = TopicName("stream-derived")!
    private var encoder = AvroJSONEncoder()

    static let contract = "strmprivacy/example/1.3.0"
    static let meta = """
        {"name":"strmMeta","type":{"type":"record","name":"StrmMeta","fields":[
        {"name":"eventContractRef","type":"string"},{"name":"nonce","type":["null","int"],"default":null},
        {"name":"timestamp","type":["null","long"],"default":null},
        {"name":"keyLink","type":["null","string"],"default":null},
        {"name":"billingId","type":["null","string"],"default":null},
        {"name":"consentLevels","type":{"type":"array","items":"int"}}]}}
        """
    /// The public example: four texts, one of them required.
    static let demoSchema = """
        {"type":"record","name":"DemoEvent","namespace":"io.strmprivacy.schemas.demo.v1","fields":[\(meta),
        {"name":"uniqueIdentifier","type":["null","string"],"default":null},
        {"name":"consistentValue","type":"string"},
        {"name":"someSensitiveValue","type":["null","string"],"default":null},
        {"name":"notSensitiveValue","type":["null","string"],"default":null}]}
        """
    static let demoFields: [String: Int32] = ["uniqueIdentifier": 1, "consistentValue": 2, "someSensitiveValue": 3]

    init() throws {
        folder = try TemporaryFolder()
        loop = try EventLoop(name: "test")
        var options = SQLiteEventLog.Options()
        options.retention = .days(7)
        log = try SQLiteEventLog(folder: folder.path, clock: clock, options: options)
        let hash = try PersonHash(owning: SecretFile.load(folder.file("hash.key"), creating: true))
        vault = try SQLiteKeyVault(
            path: folder.file("keys/keys.db"), kek: SecretFile.load(folder.file("kek"), creating: true), hash: hash)
        schemas.add(1, Self.demoSchema)
    }

    deinit {
        vault.close()
        log.close()
        loop.stop()
    }

    func keys() throws -> SQLiteKeyReader {
        try SQLiteKeyReader(
            path: folder.file("keys/keys.db"), kek: SecretFile.load(folder.file("kek"), creating: false))
    }

    func key(_ person: String) async throws -> StoredKey {
        let outcome = await withCheckedContinuation { continuation in
            vault.resolve(
                [KeyRequest(stream: "source", keyField: PlainBytes(Array(person.utf8)))], now: clock.now(), on: loop
            ) { continuation.resume(returning: $0) }
        }
        switch outcome[0] {
        case .key(let key, _): return key
        case .failed(let error): throw error
        }
    }

    func rules(
        _ levels: [Int32], _ type: ConsentLevelType = .granular, masked: [String] = [], seed: String = "hi-there",
        fields: [String: Int32] = demoFields, target: TopicName? = nil
    ) throws -> DerivationRules {
        try DerivationRules(
            stream: "derived", target: target ?? self.target, consent: ConsentRule(type: type, levels: levels),
            seed: seed, contracts: [Self.contract: .init(personal: fields, masked: masked)])
    }

    func copier(
        _ rules: DerivationRules, log: (any EventLog)? = nil,
        _ change: (inout DerivedStreamCopier.Limits) -> Void = { _ in }
    ) throws -> DerivedStreamCopier {
        var limits = DerivedStreamCopier.Limits()
        change(&limits)
        return DerivedStreamCopier(
            source: source, rules: rules, log: log ?? self.log, keys: try keys(), schemas: schemas, loop: loop,
            clock: clock, limits: limits)
    }

    // MARK: Events

    /// A record of the source stream.
    struct Record {
        var key: [UInt8]
        var value: [UInt8]
    }

    /// An event whose members are given as JSON (the metadata is added), of schema `id`, with record key `link`.
    func record(_ json: String, consents: [Int32], link: KeyLink, schemaID: Int32 = 1, contract: String = contract)
        throws -> Record
    {
        let text = """
            {"strmMeta":{"eventContractRef":"\(contract)","nonce":-5,"timestamp":1700000000000,
            "keyLink":"\(link)","consentLevels":\(consents)}\(json.isEmpty ? "" : ",")\(json)}
            """
        let definition = try #require(schemas.text(schemaID))
        var event = Array(text.utf8)
        if case .avro(let schema) = try EventSchema.parse(definition).language {
            var datum = OutputBuffer()
            try event.withUnsafeBytes { try encoder.encode($0, AvroShape(schema), into: &datum) }
            event = datum.copyBytes()
        }
        return Record(key: Array(link.description.utf8), value: EventRecord.header(schemaID: schemaID) + event)
    }

    /// An event of the public example, sealed.
    func demo(
        _ key: StoredKey, unique: String? = nil, consistent: String, sensitive: String? = nil, plain: String? = nil,
        consents: [Int32]
    ) throws -> Record {
        let cipher = try FieldCipher(key: key.key, link: key.link)
        let sealed = { (text: String?) in text.map { "\"\(cipher.seal($0))\"" } ?? "null" }
        return try record(
            """
            "uniqueIdentifier":\(sealed(unique)),"consistentValue":\(sealed(consistent)),
            "someSensitiveValue":\(sealed(sensitive)),"notSensitiveValue":\(plain.map { "\"\($0)\"" } ?? "null")
            """, consents: consents, link: key.link)
    }

    func append(_ records: [Record], to topic: TopicName? = nil) throws {
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        var batch = RecordBatch()
        for (number, record) in records.enumerated() {
            record.key.withUnsafeBytes { key in
                record.value.withUnsafeBytes {
                    batch.append(key: key, value: $0, timestamp: 1_700_000_000_000 + Int64(number))
                }
            }
        }
        log.append(batch, to: topic ?? source, on: loop) { result in outcome.change { $0 = result } }
        _ = try #require(outcome.wait(upTo: .seconds(60), { $0 })).get()
    }

    /// What a topic holds, as record values.
    func records(_ topic: TopicName? = nil) throws -> [Record] {
        let reader = try log.reader(of: topic ?? target, from: .earliest)
        var records: [Record] = []
        while case .records(let batch) = try reader.next(waitUpTo: .zero) {
            batch.forEach { _, record in records.append(Record(key: Array(record.key), value: Array(record.value))) }
        }
        return records
    }

    /// What a topic holds, as plain JSON.
    func events(_ topic: TopicName? = nil) throws -> [JSONValue] {
        try records(topic).map { record in
            let id = try record.value.withUnsafeBytes { try EventRecord.schemaID(of: $0) }
            let schema = try EventSchema.parse(try #require(schemas.text(id)))
            var writer = JSONWriter()
            try Array(record.value[EventRecord.headerLength...]).withUnsafeBytes { try schema.write($0, to: &writer) }
            return try JSONValue.parse(writer.bytes)
        }
    }
}

/// Schemas by id; more may become known while a test runs.
final class KnownSchemas: SchemaSource {
    private let known = Mutex<[Int32: String]>([:])

    func add(_ id: Int32, _ text: String) { known.withLock { $0[id] = text } }

    func text(_ id: Int32) -> String? { known.withLock { $0[id] } }

    func definition(of id: Int32) throws(PlaneConfigError) -> String? { text(id) }
}

extension DerivedStreamCopier {
    /// Steps until nothing more happens.
    @discardableResult
    func run() throws -> EventTally {
        var total = EventTally()
        while case .advanced(let tally) = try step() { total.add(tally) }
        return total
    }
}

extension EventTally {
    mutating func add(_ other: EventTally) {
        for result in EventResult.allCases { self[result] += other[result] }
    }

    /// The counts that are not zero.
    var counts: [EventResult: Int] {
        Dictionary(uniqueKeysWithValues: EventResult.allCases.filter { self[$0] > 0 }.map { ($0, self[$0]) })
    }
}
