package import EventLog
package import EventLoop
internal import PlaneConfig
internal import Synchronization
internal import System
package import Time
package import Wire

/// Counts accepted events: at regular intervals, a usage record in topic `billing` for each source stream that took some.
///
/// It looks at the log alone, never at requests: a count is the distance between two places of a topic. Where a stream's next
/// count begins is stored in topic `billing`, in the transaction of the record before (see `CountSheet`); so a process that is
/// killed at any moment has written a record and moved on, or neither, and its successor counts the rest.
///
/// - Isolation: any thread; `turn` blocks.
package final class CountEvents: Sendable {
    /// Who must have read a usage record before retention may take it.
    package static let held: [TopicName: ConsumerName] = [.billing: ConsumerName(trusted: UsageRecord.reporter)]

    /// Records in one transaction.
    private static let recordsPerCommit = 1024
    private static let commitDeadline: Duration = .seconds(60)
    /// Rounds in which a stream that has left the configuration is still looked at: its last events may be on their way.
    private static let roundsAfterLeaving = 3

    private struct Counted {
        let stream: PlaneStream
        let growth: TopicGrowth
        var roundsLeft = CountEvents.roundsAfterLeaving
    }

    private struct State {
        var streams: [Counted]
        var leaving: [Counted] = []
        /// What topic `billing` stores, as far as this process knows; nil is to be read. Whoever counts takes it out, so
        /// two rounds at a time do not share it.
        var positions: [ConsumerName: Position]?
    }

    private let state: Mutex<State>
    private let log: any EventLog
    private let loop: EventLoop
    private let clock: any WallClock
    private let telemetry: EventGatewayTelemetry

    /// Nothing is counted before the first `turn`.
    ///
    /// - Parameter loop: Where the log reports commits.
    package init(
        _ plane: CompiledPlane, log: any EventLog, on loop: EventLoop, clock: any WallClock,
        telemetry: EventGatewayTelemetry
    ) {
        state = Mutex(State(streams: Self.counted(plane)))
        self.log = log
        self.loop = loop
        self.clock = clock
        self.telemetry = telemetry
    }

    /// Other streams are served from now on.
    package func planeChanged(_ plane: CompiledPlane) {
        let streams = Self.counted(plane)
        state.withLock { state in
            state.leaving.removeAll { plane.sources[$0.stream.id] != nil }
            state.leaving += state.streams.filter { plane.sources[$0.stream.id] == nil }
            state.streams = streams
        }
    }

    private static func counted(_ plane: CompiledPlane) -> [Counted] {
        plane.snapshot.streams.compactMap { stream in
            plane.growth(of: stream.id).map { Counted(stream: stream, growth: $0) }
        }
    }

    /// One round. Blocks on the disk.
    package func turn() {
        let due = takeDue()
        guard !due.isEmpty else { return }
        do throws(EventLogError) {
            var positions = try takePositions()
            for start in stride(from: 0, to: due.count, by: Self.recordsPerCommit) {
                let sheet = fill(due[start..<min(due.count, start + Self.recordsPerCommit)], positions)
                guard !sheet.advances.isEmpty else { continue }
                try commit(sheet)
                positions = sheet.positions
            }
            state.withLock { $0.positions = positions }
        } catch {
            // Nobody knows what is stored: the next round reads it, and looks at all of these again.
            for counted in due { counted.growth.mark() }
            if error != .closed { telemetry.emit(.countingFailed(reason: "\(error)")) }
        }
    }

    private func takeDue() -> [Counted] {
        state.withLock { state in
            let due = state.streams.filter { $0.growth.take() }
            state.leaving.removeAll { $0.roundsLeft <= 0 && !$0.growth.isThere }
            for index in state.leaving.indices { state.leaving[index].roundsLeft -= 1 }
            for counted in state.leaving { _ = counted.growth.take() }
            return due + state.leaving
        }
    }

    private func takePositions() throws(EventLogError) -> [ConsumerName: Position] {
        let known = state.withLock { state in
            defer { state.positions = nil }
            return state.positions
        }
        if let known { return known }
        return try log.positions(in: .billing)
    }

    private func fill(_ due: ArraySlice<Counted>, _ positions: [ConsumerName: Position]) -> CountSheet {
        var sheet = CountSheet(after: positions, now: clock.now())
        for counted in due {
            do throws(EventLogError) {
                guard let ends = try log.ends(of: counted.stream.topic) else { continue }
                // More than one record can tell: the rest in the next round.
                if sheet.add(counted.stream, ends) { counted.growth.mark() }
            } catch {
                // One topic's trouble: the others are counted.
                counted.growth.mark()
                telemetry.emit(.countingFailed(reason: "\(error)"))
            }
        }
        return sheet
    }

    private func commit(_ sheet: CountSheet) throws(EventLogError) {
        var batch = RecordBatch()
        for record in sheet.records { record.append(to: &batch) }
        let outcome = Monitor<Result<Position, EventLogError>?>(nil)
        log.append(batch, to: .billing, advancing: sheet.advances, on: loop) { result in
            outcome.change { $0 = result }
        }
        guard let result = outcome.wait(upTo: Self.commitDeadline, { $0 }) else { throw .overloaded(.billing) }
        _ = try result.get()
        telemetry.emit(
            .counted(records: sheet.records.count, events: sheet.records.reduce(0) { $0 + $1.eventCount }))
    }
}

extension UsageRecord {
    /// Adds the record as it stands in the log.
    fileprivate func append(to batch: inout RecordBatch) {
        Array(streamID.utf8).withUnsafeBytes { key in
            value.withUnsafeBytes { batch.append(key: key, value: $0, timestamp: arrivalTime.milliseconds) }
        }
    }
}
