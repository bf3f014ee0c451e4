// Copies the source stream into one derived stream, exactly once.
//
//   stored position P ─► read from P ─► transform until the end or until something is missing at Q
//                    ◄─ one transaction in the derived topic's database: records and "P ► Q" ─┘
//
// The position lives beside the records that it stands for. Whatever happens (a crash, a failed commit whose outcome is
// unknown), the next attempt asks the derived topic where it stands and goes on from there.

import Bytes
import Contracts
package import EventLog
package import EventLoop
package import KeyVault
package import PlaneConfig
import Privacy
import System
package import Time
package import Wire

/// Knows the schemas of records.
package protocol SchemaSource: Sendable {
    /// The schema (JSON text) of a record's schema id; nil when there is none (yet). Blocks.
    func definition(of id: Int32) throws(PlaneConfigError) -> String?
}

extension SchemaStore: SchemaSource {}

/// How many events met which end.
package struct EventTally: Equatable {
    private var counts = [Int](repeating: 0, count: EventResult.allCases.count)

    /// Nothing counted.
    package init() {}

    /// The count of one result.
    package subscript(_ result: EventResult) -> Int {
        get { counts[result.rawValue] }
        set { counts[result.rawValue] = newValue }
    }
}

/// One derived stream's way through the source stream, a step at a time.
///
/// - Isolation: belongs to one thread; its methods block.
package final class DerivedStreamCopier {
    /// What a step did.
    package enum Step: Equatable {
        /// Dealt with records; these are the counts, already durable.
        case advanced(EventTally)
        /// Went past records that cannot be read: these offsets, and their count, already durable.
        case passedDamage(Range<Int64>, EventTally)
        /// There was nothing new.
        case idle
        /// The next event lacks something that may still come.
        case waiting(Missing)
    }

    /// Bounds of one step.
    package struct Limits: Sendable {
        /// Records read at once; whole committed batches, so it may be more.
        package var records = 4096
        /// Bytes read at once.
        package var bytes = 1 << 20
        /// Keys looked up at once.
        package var keys = 256
        /// The most ciphers kept.
        package var cachedKeys = 16_384

        /// Defaults.
        package init() {}
    }

    /// The consumer whose position in the source the derived topic stores. It names the source: a derived stream that is
    /// linked to another one later begins there at the earliest record, and goes on where it was when it comes back.
    package static func consumer(of source: TopicName) -> ConsumerName {
        guard let name = ConsumerName("decrypter/\(source)") else {
            preconditionFailure("a topic's name leaves room for the prefix")
        }
        return name
    }

    private static let commitDeadline: Duration = .seconds(60)

    private let source: TopicName
    private let consumer: ConsumerName
    private let log: any EventLog
    private let keys: any KeyReader
    private let schemas: any SchemaSource
    private let loop: EventLoop
    private let clock: any WallClock
    private let limits: Limits
    private let ciphers: LinkCache

    private var rules: DerivationRules
    private var transformer: EventTransformer
    private var learned: Set<Int32> = []
    private var patience = Patience()

    private var reader: (any EventReader)?
    /// What the derived topic stores; nil before its first record.
    private var stored: Position?
    /// Records read and not all dealt with.
    private var batch: ReadBatch?

    /// A copier from `source` into the derived stream of `rules`.
    package init(
        source: TopicName, rules: DerivationRules, log: any EventLog, keys: any KeyReader,
        schemas: any SchemaSource, loop: EventLoop, clock: any WallClock, limits: Limits = Limits()
    ) {
        self.source = source
        consumer = Self.consumer(of: source)
        self.rules = rules
        self.log = log
        self.keys = keys
        self.schemas = schemas
        self.loop = loop
        self.clock = clock
        self.limits = limits
        ciphers = LinkCache(capacity: max(limits.cachedKeys, limits.keys * 4))
        transformer = EventTransformer(rules: rules, ciphers: ciphers)
    }

    /// Goes on by other rules from the next event on. What is written stays as it is.
    package func adopt(_ rules: DerivationRules) {
        precondition(rules.target == self.rules.target, "a derived stream keeps its topic")
        self.rules = rules
        transformer = EventTransformer(rules: rules, ciphers: ciphers)
        learned = []
    }

    /// How many records of the source are not dealt with.
    package func lag() throws(DecrypterError) -> Int {
        guard let ends = try onLog({ () throws(EventLogError) in try log.ends(of: source) }) else { return 0 }
        return Int(max(0, ends.next.offset - max(stored?.offset ?? 0, ends.earliest.offset)))
    }

    /// Reads, transforms and commits once.
    ///
    /// - Parameters:
    ///   - waitUpTo: How long to wait for records when there are none.
    ///   - newRules: Asked once, when the records are there: a change that was made while nothing came must count for
    ///     what comes next. Nil when nothing changed.
    /// - Throws: After a throw the next step starts from the stored position.
    package func step(
        waitUpTo: Duration = .zero, newRules: () -> DerivationRules? = { nil }
    ) throws(DecrypterError) -> Step {
        do throws(DecrypterError) {
            return try attempt(waitUpTo, newRules)
        } catch {
            reader = nil
            batch = nil
            throw error
        }
    }

    private func attempt(_ waitUpTo: Duration, _ newRules: () -> DerivationRules?) throws(DecrypterError) -> Step {
        let reader = try openReader()
        if batch == nil {
            switch try onLog({ () throws(EventLogError) in
                try reader.next(maxRecords: limits.records, maxBytes: limits.bytes, waitUpTo: waitUpTo)
            }) {
            case .nothing: return .idle
            case .records(let read): batch = read
            case .jumped(let from, let to, let reason): return try jumped(from, to, reason)
            }
        }
        guard let batch else { return .idle }
        if let rules = newRules() { adopt(rules) }
        return try copy(batch)
    }

    private func openReader() throws(DecrypterError) -> any EventReader {
        if let reader { return reader }
        let opened = try onLog { () throws(EventLogError) -> any EventReader in
            stored = try log.position(of: consumer, in: rules.target)
            return try log.reader(of: source, from: stored.map { .offset($0.offset) } ?? .earliest)
        }
        reader = opened
        return opened
    }

    /// Events that the source lost are counted, never passed over in silence.
    private func jumped(_ from: Position, _ to: Position, _ reason: JumpReason) throws(DecrypterError) -> Step {
        switch reason {
        case .retention:
            var tally = EventTally()
            // Before the first record nothing is missed: a new derived stream starts at what there is.
            if stored != nil { tally[.lost] = Int(to.offset - from.offset) }
            try commit(RecordBatch(), to: to)
            return .advanced(tally)
        case .damage:
            var tally = EventTally()
            tally[.damaged] = Int(to.offset - from.offset)
            try commit(RecordBatch(), to: to)
            return .passedDamage(from.offset..<to.offset, tally)
        case .restarted, .beyondEnd: throw .sourceReset(source)
        }
    }

    // MARK: Copying

    private struct Stop: Error {
        var offset: Int64
        var missing: Missing
    }

    private func copy(_ batch: ReadBatch) throws(DecrypterError) -> Step {
        let start = max(stored?.offset ?? batch.first.offset, batch.first.offset)
        var resume = start
        var output = RecordBatch()
        output.reserve(min(limits.bytes, batch.count * 512))
        var tally = EventTally()
        while true {
            let stop = transform(batch, from: resume, into: &output, &tally)
            guard let stop else {
                try commit(output.takeAll(), to: batch.next)
                self.batch = nil
                return .advanced(tally)
            }
            resume = stop.offset
            if try fetch(stop.missing, batch, from: stop.offset) { continue }
            let gaveUp = try patience.givesUp(offset: stop.offset, now: clock.now()) { () throws(DecrypterError) in
                try onLog { () throws(EventLogError) in try log.ends(of: source)?.next.offset ?? batch.next.offset }
            }
            if gaveUp {
                tally[stop.missing.result] += 1
                resume = stop.offset + 1
                continue
            }
            // What is done so far does not have to wait.
            guard stop.offset > start else { return .waiting(stop.missing) }
            try commit(output.takeAll(), to: Position(partition: batch.first.partition, offset: stop.offset))
            return .advanced(tally)
        }
    }

    /// Transforms the records from `resume` on; stops at the first one that lacks something.
    private func transform(
        _ batch: ReadBatch, from resume: Int64, into output: inout RecordBatch, _ tally: inout EventTally
    ) -> Stop? {
        do throws(Stop) {
            try batch.forEach { (offset, record) throws(Stop) in
                guard offset >= resume else { return }
                switch transformer.transform(record) {
                case .write:
                    output.append(key: record.key, value: transformer.output.bytes, timestamp: record.timestamp)
                    tally[.written] &+= 1
                case .drop(let result): tally[result] &+= 1
                case .wait(let missing): throw Stop(offset: offset, missing: missing)
                }
            }
            return nil
        } catch {
            return error
        }
    }

    /// Looks for what is missing, and on that occasion for what the following events will need.
    ///
    /// - Returns: Whether it was found.
    private func fetch(_ missing: Missing, _ batch: ReadBatch, from offset: Int64) throws(DecrypterError) -> Bool {
        switch missing {
        case .contract: return false
        case .schema(let id):
            guard !learned.contains(id) else { return false }
            let text: String?
            do throws(PlaneConfigError) { text = try schemas.definition(of: id) } catch { throw .schemas(error) }
            guard let text else { return false }
            do throws(EventSchemaFault) {
                try transformer.learn(EventSchema.parse(text), id: id)
            } catch {
                throw .unusableSchema(id)
            }
            learned.insert(id)
            return true
        case .key(let link):
            var links = [link]
            var seen: Set<KeyLink> = [link]
            batch.forEach { position, record in
                guard position > offset, links.count < limits.keys, let other = KeyLink(record.key),
                    seen.insert(other).inserted, ciphers.find(record.key) == nil
                else { return }
                links.append(other)
            }
            let found: [StoredKey?]
            do throws(KeyVaultError) { found = try keys.keys(for: links) } catch { throw .keys(error) }
            for case let key? in found {
                do throws(KeyVaultError) { try ciphers.insert(key) } catch { throw .keys(error) }
            }
            return found[0] != nil
        }
    }

    // MARK: The log

    private func commit(_ records: consuming RecordBatch, to position: Position) throws(DecrypterError) {
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        log.append(
            records, to: rules.target, advancing: [Advance(consumer, from: stored, to: position)], on: loop
        ) { result in outcome.change { $0 = result } }
        guard let result = outcome.wait(upTo: Self.commitDeadline, { $0 }) else {
            throw .commitTimedOut(rules.target)
        }
        _ = try onLog { () throws(EventLogError) in try result.get() }
        stored = position
    }

    private func onLog<Result>(_ body: () throws(EventLogError) -> Result) throws(DecrypterError) -> Result {
        do throws(EventLogError) { return try body() } catch { throw .log(error) }
    }
}

extension Missing {
    /// What an event that lacks this in the end is counted as.
    fileprivate var result: EventResult {
        switch self {
        case .key: .unknownKey
        case .schema: .unknownSchema
        case .contract: .unknownContract
        }
    }
}

extension LinkCache {
    fileprivate func insert(_ key: StoredKey) throws(KeyVaultError) {
        let text = UnsafeMutableRawBufferPointer.allocate(byteCount: KeyLink.textLength, alignment: 8)
        defer { text.deallocate() }
        key.link.write(into: text)
        do throws(PrivacyError) {
            try insert(UnsafeRawBufferPointer(text), key)
        } catch {
            throw .privacy(error)
        }
    }
}
