internal import API
package import EventLog
package import EventLoop
internal import GRPC
package import Net
package import System
package import Time
internal import Wire

/// Reads topic `billing` and reports every record, in order, some at the same time.
///
/// ```
///   position ─► records ─► StoreUsageEvent for each ─► all taken? ─► position behind them, durable ─► …
///                              ▲         │ no
///                              └─ pause ─┘
/// ```
///
/// The position moves only behind what the control plane has confirmed, so no count is lost. A count that was confirmed and whose
/// position was not stored is reported again, with the same arrival time: the control plane keeps one count for each stream and
/// arrival time. So each is there once, whichever side is killed when.
package final class ReportUsage: Sendable {
    /// How much at a time, and how patient.
    package struct Limits: Sendable {
        /// Calls at a time.
        package var calls = 16
        /// The first pause while the control plane takes no counts; doubled each time.
        package var firstPause: Duration = .seconds(1)
        /// The longest pause.
        package var longestPause: Duration = .minutes(1)

        /// The defaults.
        package init() {}
    }

    /// The reporter's position in topic `billing`; retention keeps what is behind it.
    static let consumer = ConsumerName(trusted: UsageRecord.reporter)

    private static let recordsPerRound = 256
    private static let look: Duration = .seconds(1)
    private static let commitDeadline: Duration = .seconds(60)
    private static let callDeadline: Duration = .seconds(10)

    private struct Orders {
        var mustStop = false
    }

    /// A record that is not reported yet.
    private struct Pending: Sendable {
        let record: UsageRecord
        let project: String
    }

    /// What calls ended with, by the place of their record; nil is OK.
    private struct Answers {
        var outcomes: [Int: GRPCStatus?] = [:]
        var isComplete = false
    }

    private let limits: Limits
    private let channel: GRPCChannel
    private let folderProject: @Sendable () -> String?
    private let log: any EventLog
    private let loop: EventLoop
    private let clock: any WallClock
    private let telemetry: ESRProxyTelemetry
    private let orders = Monitor(Orders())
    private let thread = Monitor<SystemThread?>(nil)

    /// - Parameters:
    ///   - channel: To the control plane.
    ///   - folderProject: The project of streams that a plane folder describes: the control plane keeps them in one of its own.
    ///   - loop: Where the log reports commits.
    package init(
        _ limits: Limits, channel: GRPCChannel, folderProject: @escaping @Sendable () -> String?, log: any EventLog,
        on loop: EventLoop, clock: any WallClock, telemetry: ESRProxyTelemetry
    ) {
        self.limits = limits
        self.channel = channel
        self.folderProject = folderProject
        self.log = log
        self.loop = loop
        self.clock = clock
        self.telemetry = telemetry
    }

    /// Begins.
    ///
    /// - Throws: When there is no room for a thread.
    package func start() throws(SystemError) {
        let started = try SystemThread.start("report-usage") { [self] in run() }
        thread.withLock { $0 = started }
    }

    /// Ends after the calls that are under way, and waits for that.
    package func stop() {
        orders.change { $0.mustStop = true }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    // MARK: On the thread

    private var mustStop: Bool { orders.withLock { $0.mustStop } }

    private func run() {
        var pause = limits.firstPause
        while !mustStop {
            do throws(ESRProxyError) {
                try follow { pause = limits.firstPause }
            } catch {
                telemetry.stands(error)
                _ = orders.wait(upTo: pause * Double.random(in: 0.8...1.2)) { $0.mustStop ? true : nil }
                pause = min(pause * 2, limits.longestPause)
            }
        }
    }

    /// Reports until it is stopped or fails.
    ///
    /// - Parameter advanced: Called whenever something was reported.
    private func follow(_ advanced: () -> Void) throws(ESRProxyError) {
        var position = try begin()
        let reader = try onLog { () throws(EventLogError) in
            try log.reader(of: .billing, from: .offset(position.offset))
        }
        while !mustStop {
            let outcome = try onLog { () throws(EventLogError) in
                try reader.next(maxRecords: Self.recordsPerRound, maxBytes: 1 << 20, waitUpTo: Self.look)
            }
            switch outcome {
            case .nothing:
                telemetry.behind(records: 0, seconds: 0)
            case .jumped(let from, let to, let reason):
                telemetry.jumped(from: from, to: to, reason)
                // Made anew, the topic has no position of ours; behind its end there is nothing to wait for.
                if reason == .restarted || reason == .beyondEnd { return }
            case .records(let batch):
                guard try report(batch) else { return }
                try advance(from: position, to: batch.next)
                position = batch.next
                advanced()
                telemetry.stands(nil)
            }
        }
    }

    /// The stored position. The first time one is stored, so that retention waits for us from then on.
    private func begin() throws(ESRProxyError) -> Position {
        try onLog { () throws(EventLogError) in try log.create([.billing]) }
        if let stored = try onLog({ () throws(EventLogError) in try log.position(of: Self.consumer, in: .billing) }) {
            return stored
        }
        let ends = try onLog { () throws(EventLogError) in try log.ends(of: .billing) }
        let first = ends?.earliest ?? Position(offset: 0)
        try advance(from: nil, to: first)
        return first
    }

    private func advance(from stored: Position?, to position: Position) throws(ESRProxyError) {
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        log.append(
            RecordBatch(), to: .billing, advancing: [Advance(Self.consumer, from: stored, to: position)], on: loop
        ) { result in outcome.change { $0 = result } }
        guard let result = outcome.wait(upTo: Self.commitDeadline, { $0 }) else { throw .positionUnknown }
        _ = try onLog { () throws(EventLogError) in try result.get() }
    }

    private func onLog<Result>(_ body: () throws(EventLogError) -> Result) throws(ESRProxyError) -> Result {
        do throws(EventLogError) { return try body() } catch { throw .log(error) }
    }

    // MARK: Calls

    /// Reports all records of a batch, again and again until every one is taken or refused.
    ///
    /// - Returns: False when we were stopped before that.
    private func report(_ batch: ReadBatch) throws(ESRProxyError) -> Bool {
        var pending: [Pending] = []
        batch.forEach { offset, record in
            do throws(WireError) {
                let usage = try UsageRecord(key: record.key, value: record.value)
                let project = usage.projectID.isEmpty ? folderProject() ?? "" : usage.projectID
                pending.append(Pending(record: usage, project: project))
            } catch {
                telemetry.unreadable(at: offset, error)
            }
        }
        try tellLag(batch, pending)
        var pause = limits.firstPause
        while !pending.isEmpty, !mustStop {
            let (left, failure) = call(pending)
            // Something was taken: the way is open.
            if left.count < pending.count { pause = limits.firstPause }
            pending = left
            guard let failure else { continue }
            telemetry.stands(.notTaken(failure))
            try tellLag(batch, pending)
            _ = orders.wait(upTo: pause * Double.random(in: 0.8...1.2)) { $0.mustStop ? true : nil }
            pause = min(pause * 2, limits.longestPause)
        }
        return pending.isEmpty
    }

    private func tellLag(_ batch: ReadBatch, _ pending: [Pending]) throws(ESRProxyError) {
        guard let oldest = pending.first else { return }
        let next = try onLog { () throws(EventLogError) in try log.ends(of: .billing) }?.next.offset ?? 0
        telemetry.behind(
            records: next - batch.next.offset + Int64(pending.count),
            seconds: max(0, (clock.now() - oldest.record.arrivalTime).components.seconds))
    }

    /// One call for each record, a few at a time.
    ///
    /// - Returns: The records that were not taken, in order, and why the first of them was not.
    private func call(_ pending: [Pending]) -> (left: [Pending], failure: GRPCStatus?) {
        let answers = Monitor(Answers())
        let (channel, calls) = (channel, limits.calls)
        let task = Task.detached {
            await withTaskGroup(of: (Int, GRPCStatus?).self) { group in
                var next = 0
                var mayGoOn = true
                while true {
                    while mayGoOn, next < pending.count, next < answers.withLock({ $0.outcomes.count }) + calls {
                        let (number, one) = (next, pending[next])
                        group.addTask {
                            do throws(GRPCStatus) {
                                _ = try await channel.call(
                                    UsageService.storeUsageEvent, StoreUsageEventRequest(one.record, one.project),
                                    deadline: Self.callDeadline)
                                return (number, nil)
                            } catch {
                                return (number, error)
                            }
                        }
                        next += 1
                    }
                    guard let (number, status) = await group.next() else { break }
                    // After a failure that is not the count's own, no more calls: they would fail as well.
                    if Verdict(status?.code) == .waits { mayGoOn = false }
                    answers.withLock { $0.outcomes[number] = .some(status) }
                }
            }
            answers.change { $0.isComplete = true }
        }
        // Calls have deadlines of their own.
        let all = answers.wait { $0.isComplete ? $0.outcomes : nil } ?? [:]
        task.cancel()
        var left: [Pending] = []
        var failure: GRPCStatus?
        for (number, one) in pending.enumerated() {
            guard let status = all[number] else {
                left.append(one)
                continue
            }
            if let status { telemetry.failed(status) }
            switch Verdict(status?.code) {
            case .stored: telemetry.reported(one.record)
            case .refused: if let status { telemetry.refused(one.record, project: one.project, status) }
            case .waits:
                failure = failure ?? status
                left.append(one)
            }
        }
        return (left, failure)
    }
}

extension StoreUsageEventRequest {
    fileprivate init(_ record: UsageRecord, _ project: String) {
        self.init()
        stream = record.stream
        eventCount = Int32(truncatingIfNeeded: record.eventCount)  // a record has at most so many
        eventArrivalTime = ProtoTimestamp(record.arrivalTime)
        projectID = project
    }
}
