internal import API
internal import GRPC
internal import Net
internal import Reconcile
internal import Synchronization
internal import System
internal import Time

/// Tells the control plane how streams and the agent itself are doing. Only changes are told, and again until they were received.
///
/// What it compares with at first is what the control plane knows: an agent that was killed may have left something there that is gone.
///
/// - Isolation: a task of its own; `statesChanged` may be called from any thread.
final class ReportStates: Sendable {
    /// States in one message.
    private static let statesPerMessage = 500
    private static let componentInterval: Duration = .seconds(60)
    private static let firstPause: Duration = .seconds(1)
    private static let longestPause: Duration = .minutes(1)
    private static let deadline: Duration = .seconds(30)

    private let channel: GRPCChannel
    private let installation: @Sendable () throws -> String
    private let clock: any WallClock
    private let telemetry: StreamsAgentTelemetry
    private let latest = Mutex<ReportedStates?>(nil)
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let tasks = Mutex<[Task<Void, Never>]>([])

    /// - Parameter installation: The UUID of this plane's installation; read again before each report.
    init(
        _ channel: GRPCChannel, installation: @escaping @Sendable () throws -> String, clock: any WallClock,
        telemetry: StreamsAgentTelemetry
    ) {
        self.channel = channel
        self.installation = installation
        self.clock = clock
        self.telemetry = telemetry
        (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    func start() {
        tasks.withLock { tasks in
            tasks = [Task { await self.followStates() }, Task { await self.followComponent() }]
        }
    }

    /// Tells that the agent goes, and ends.
    func stop() async {
        let running = tasks.withLock { tasks in
            defer { tasks = [] }
            return tasks
        }
        for task in running { task.cancel() }
        wake.finish()
        for task in running { await task.value }
        await tellComponent(.shuttingDown, deadline: .seconds(2))
    }

    /// This is how everything is doing now.
    func statesChanged(_ states: ReportedStates) {
        latest.withLock { $0 = states }
        wake.yield()
    }

    // MARK: Entities

    private func followStates() async {
        var begun: StateBook<EntityPart>?
        var pause = Self.firstPause
        for await _ in wakes {
            guard let now = latest.withLock({ $0 }) else { continue }
            do throws(GRPCStatus) {
                var book: StateBook<EntityPart>
                if let begun { book = begun } else { book = StateBook(reported: try await askWhatIsKnown()) }
                begun = book
                let changes = book.changes(EntityStates.of(now.states, annotations: now.annotations))
                guard !changes.isEmpty else { continue }
                try await tell(EntityStates.messages(changes, now: clock.now()))
                book.acknowledge(changes)
                begun = book
                telemetry.reported(changes.count)
                pause = Self.firstPause
            } catch {
                telemetry.reportFailed(error)
                guard await rest(pause) else { return }
                pause = min(pause * 2, Self.longestPause)
                wake.yield()
            }
        }
    }

    private func askWhatIsKnown() async throws(GRPCStatus) -> [EntityPart: ResourceState] {
        var request = GetLatestEntityStatesRequest()
        var ref = EntityState.Ref()
        ref.type = .stream
        request.ref = ref
        // Without logs, which may be long for many at once: whoever has some is told about again.
        var mask = FieldMask()
        mask.paths = ["ref", "status", "message", "resource_type"]
        request.projectionMask = mask
        let answer = try await channel.call(
            MonitoringService.getLatestEntityStates, request, deadline: Self.deadline)
        return EntityStates.told(answer.state)
    }

    private func tell(_ states: [EntityState]) async throws(GRPCStatus) {
        let upload = try await channel.call(MonitoringService.updateEntityStates, deadline: Self.deadline)
        for start in stride(from: 0, to: states.count, by: Self.statesPerMessage) {
            var request = UpdateEntityStatesRequest()
            request.states = Array(states[start..<min(states.count, start + Self.statesPerMessage)])
            try await upload.send(request)
        }
        _ = try await upload.finish()
    }

    // MARK: The agent itself

    private func followComponent() async {
        repeat { await tellComponent(.running, deadline: Self.deadline) } while await rest(Self.componentInterval)
    }

    private func tellComponent(_ state: InstalledComponentStateType, deadline: Duration) async {
        do {
            let request = try report(of: state)
            _ = try await channel.call(
                InstalledComponentsService.updateInstalledComponentState, request, deadline: deadline)
        } catch {
            telemetry.reportFailed(error)
        }
    }

    private func report(of state: InstalledComponentStateType) throws -> UpdateInstalledComponentStateRequest {
        var request = UpdateInstalledComponentStateRequest()
        request.componentType = .streamsAgent
        request.instanceID = "streams-agent-\(ThisProcess.id)"
        request.installedComponentState.stateTime = ProtoTimestamp(clock.now())
        request.installedComponentState.stateType = state
        request.installationID = try installation()
        return request
    }

    /// - Returns: False when the task is cancelled.
    private func rest(_ pause: Duration) async -> Bool {
        do {
            try await Task.sleep(for: pause * Double.random(in: 0.8...1.2))
            return true
        } catch {
            return false
        }
    }
}
