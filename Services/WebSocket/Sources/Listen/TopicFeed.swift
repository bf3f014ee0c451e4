internal import EventLog
internal import EventLoop
internal import PlaneConfig
import Synchronization
internal import System
internal import Wire

/// One topic, read from its newest record on by a thread of its own, for all listeners of that topic.
///
///     log ─► thread: read, decode ─► at most `backlog` batches under way ─► loop: every listener's queue
///
/// A thread that finds the loop busy waits; the log keeps what it has not read. It never waits for a listener.
///
/// - Isolation: the loop, except `read`, which runs on the feed's thread.
final class TopicFeed: @unchecked Sendable {  // the thread touches constants and `flow`, the loop the rest
    private static let backlog = 4

    let topic: TopicName
    private let log: any EventLog
    private let schemas: SchemaStore
    private let loop: EventLoop
    private let telemetry: WebSocketTelemetry

    private struct Flow {
        var underWay = 0
        var isStopped = false
        var hasEnded = false
    }
    private let flow = Monitor(Flow())
    private let thread = Mutex<SystemThread?>(nil)

    /// Nil until the reader stands at the topic's end.
    private var isReady = false
    private var waiting: [(Bool) -> Void] = []
    private(set) var listeners: [ObjectIdentifier: Listener] = [:]
    /// Those who have been promised a place and are not listening yet.
    private var expected = 0
    private let whenUnused: (TopicFeed) -> Void

    init(
        _ topic: TopicName, log: any EventLog, schemas: SchemaStore, loop: EventLoop, telemetry: WebSocketTelemetry,
        whenUnused: @escaping (TopicFeed) -> Void
    ) {
        self.topic = topic
        self.log = log
        self.schemas = schemas
        self.loop = loop
        self.telemetry = telemetry
        self.whenUnused = whenUnused
    }

    /// Starts the thread.
    func start() throws(SystemError) {
        let started = try SystemThread.start("feed") { [self] in
            read()
            flow.change { $0.hasEnded = true }
        }
        thread.withLock { $0 = started }
    }

    // MARK: On loop

    /// Calls back when every record that is appended from now on will be shown; false when the topic cannot be read. The
    /// caller then either adds a listener or says `leave(nil)`.
    func join(_ ready: @escaping (Bool) -> Void) {
        expected += 1
        if isReady { ready(true) } else { waiting.append(ready) }
    }

    /// A promised place is taken.
    func add(_ listener: Listener) {
        expected -= 1
        listeners[ObjectIdentifier(listener)] = listener
    }

    /// A listener has gone, or (nil) a promised place is not taken.
    func leave(_ listener: Listener?) {
        if let listener {
            guard listeners.removeValue(forKey: ObjectIdentifier(listener)) != nil else { return }
        } else {
            expected -= 1
        }
        if listeners.isEmpty, expected == 0 { whenUnused(self) }
    }

    private func ready(_ success: Bool) {
        isReady = success
        let waiting = self.waiting
        self.waiting = []
        for done in waiting { done(success) }
    }

    private func deliver(_ texts: [[UInt8]]) {
        for listener in listeners.values { for text in texts { listener.offer(text) } }
        flow.change { $0.underWay -= 1 }
    }

    /// Tells the thread to end; does not wait for it.
    func stop() { flow.change { $0.isStopped = true } }

    /// True when the thread has nothing more to do.
    var hasEnded: Bool { flow.withLock { $0.hasEnded } }

    /// Waits until the thread has ended. Blocks, for half a second at most, unless ``hasEnded``.
    func waitForEnd() {
        let running = thread.withLock { thread in
            let taken = thread
            thread = nil
            return taken
        }
        running?.join()
    }

    // MARK: The thread

    private func read() {
        let reader: any EventReader
        do throws(EventLogError) {
            reader = try log.reader(of: topic, from: .latest)
        } catch {
            telemetry.emit(.readFailed(topic, reason: "\(error)"))
            return loop.post { [self] in ready(false) }
        }
        loop.post { [self] in ready(true) }
        var text = EventText { [schemas, telemetry, topic] id in
            do throws(PlaneConfigError) {
                return try schemas.definition(of: id)
            } catch {
                telemetry.emit(.readFailed(topic, reason: "\(error)"))
                return nil
            }
        }
        while !flow.withLock({ $0.isStopped }) {
            do throws(EventLogError) {
                switch try reader.next(maxRecords: 256, maxBytes: 256 << 10, waitUpTo: .milliseconds(500)) {
                case .records(let batch): show(batch, &text)
                case .nothing: break
                case .jumped(let from, let to, let reason):
                    if reason == .damage { telemetry.emit(.passedDamage(topic, from.offset..<to.offset)) }
                }
            } catch {
                telemetry.emit(.readFailed(topic, reason: "\(error)"))
                // Ends early when the feed is stopped.
                _ = flow.wait(upTo: .seconds(1)) { $0.isStopped ? true : nil }
            }
        }
    }

    private func show(_ batch: ReadBatch, _ text: inout EventText) {
        var texts: [[UInt8]] = []
        texts.reserveCapacity(batch.count)
        var skipped: [WebSocketTelemetry.Skip: Int] = [:]
        batch.forEach { _, record in
            switch text.text(of: record.value) {
            case .success(let line): texts.append(line)
            case .failure(let failure): skipped[failure.reason, default: 0] += 1
            }
        }
        for (reason, count) in skipped { telemetry.emit(.skipped(reason, topic, count: count)) }
        guard !texts.isEmpty else { return }
        let goesOn = flow.wait { flow in
            if flow.isStopped { return false }
            guard flow.underWay < Self.backlog else { return nil }
            flow.underWay += 1
            return true
        }
        guard goesOn == true else { return }
        loop.post { [self, texts] in deliver(texts) }
    }
}
