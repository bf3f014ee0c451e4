internal import EventLog
internal import PlaneConfig
internal import Reconcile
internal import Synchronization
internal import System
internal import Time
internal import Wire

/// The agent's loop, on a thread of its own: compares what the plane wants with what is there, takes the steps between them, tells
/// how everything is doing, and waits.
///
/// ```
///   plane (wanted) ──► PlaneResources ──► Reconciler ──steps──► topics' folder, runtime's socket
///                                          ▲   │ states
///   topics, processes (actual) ────────────┘   └──► reporter
/// ```
///
/// It starts no process and holds none: the runtime does. When the agent dies nothing changes, and its successor compares again.
final class ReconcilePlane: Sendable {
    private struct Orders {
        var plane: PlaneSnapshot
        var mustLook = true
        var mustStop = false
    }

    /// What the thread remembers from round to round.
    private struct Memory {
        var reconciler: Reconciler
        /// What the reconciler was told last.
        var adopted: (version: String, settings: [String: String])?
        /// The ledger has changed since it was kept.
        var isLedgerDirty = false
        /// Processes, as they were seen last; nil before the runtime has answered once.
        var processes: [RuntimeProcess]?
        var logs: [String: (restarts: Int, lines: [String])] = [:]
        var random = SystemRandomNumberGenerator()
    }

    /// While something is on its way it is looked at this often.
    private static let shortPause: Duration = .milliseconds(500)
    /// After a round nothing is looked at for twice the time that it took, and for this at most: of a large plane each takes a while,
    /// and a burst of changes is one round.
    private static let longestRest: Duration = .seconds(1)
    /// The longest pause after rounds that failed.
    private static let longestPause: Duration = .minutes(5)

    private let config: StreamsAgentConfig
    private let log: any EventLog
    private let runtime: RuntimeClient
    private let clock: any WallClock
    private let telemetry: StreamsAgentTelemetry
    private let onStates: @Sendable (ReportedStates) -> Void
    private let onSettled: @Sendable () -> Void
    private let orders: Monitor<Orders>
    private let thread = Monitor<SystemThread?>(nil)

    /// - Parameters:
    ///   - onStates: Told after each round how everything is doing; on the thread.
    ///   - onSettled: Told after each round in which nothing failed; on the thread.
    init(
        _ plane: PlaneSnapshot, _ config: StreamsAgentConfig, log: any EventLog, runtime: RuntimeClient,
        clock: any WallClock, telemetry: StreamsAgentTelemetry, onStates: @escaping @Sendable (ReportedStates) -> Void,
        onSettled: @escaping @Sendable () -> Void
    ) {
        orders = Monitor(Orders(plane: plane))
        self.config = config
        self.log = log
        self.runtime = runtime
        self.clock = clock
        self.telemetry = telemetry
        self.onStates = onStates
        self.onSettled = onSettled
    }

    /// Begins with a round.
    ///
    /// - Throws: `.ledger` when what may be deleted cannot be read; a system error without room for a thread.
    func start() throws {
        let ledger = try LedgerFile(state: config.stateFolder).load()
        let rules = ReconcileRules(
            kinds: PlaneResources.kinds, deletionGrace: config.deletionGrace, deletionLimit: config.deletionLimit)
        let reconciler = Reconciler(rules: rules, ledger: ledger)
        let started = try SystemThread.start("reconcile") { [self] in run(Memory(reconciler: reconciler)) }
        thread.withLock { $0 = started }
    }

    /// Something else is wanted.
    func planeChanged(_ plane: PlaneSnapshot) {
        orders.change { orders in
            orders.plane = plane
            orders.mustLook = true
        }
    }

    /// Ends after the round that is under way, and waits for that.
    func stop() {
        orders.change { $0.mustStop = true }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    // MARK: On the thread

    private func run(_ memory: Memory) {
        var memory = memory
        var failures = 0
        while let plane = takePlane() {
            var pause = config.interval * Double.random(in: 0.8...1.2, using: &memory.random)
            let began = MonotonicTime.now()
            do throws(StreamsAgentError) {
                let isMoving = try round(plane, &memory)
                failures = 0
                telemetry.roundEnded(nil)
                onSettled()
                if isMoving { pause = min(pause, Self.shortPause) }
            } catch {
                failures += 1
                telemetry.roundEnded(error)
                // From a second to five minutes; a change of the plane is tried at once all the same.
                pause =
                    min(.seconds(1) * (1 << min(failures - 1, 9)), Self.longestPause)
                    * Double.random(in: 0.8...1.2, using: &memory.random)
            }
            let rest = min((MonotonicTime.now() - began) * 2, Self.longestRest)
            _ = orders.wait(upTo: rest) { orders in orders.mustStop ? true : nil }
            _ = orders.wait(upTo: pause) { orders in orders.mustLook || orders.mustStop ? true : nil }
        }
    }

    private func takePlane() -> PlaneSnapshot? {
        orders.withLock { orders in
            orders.mustLook = false
            return orders.mustStop ? nil : orders.plane
        }
    }

    /// - Returns: Whether something is on its way that will soon be another.
    private func round(_ plane: PlaneSnapshot, _ memory: inout Memory) throws(StreamsAgentError) -> Bool {
        try adopt(plane, &memory)
        var failure: StreamsAgentError?
        do throws(StreamsAgentError) {
            memory.processes = try runtime.processes()
        } catch {
            failure = error  // topics do not need the runtime
        }
        let actual = try observe(&memory)
        let plan = memory.reconciler.plan(actual, now: clock.now())
        failure = take(plan.steps, mayDeclare: failure == nil, &memory) ?? failure
        if memory.isLedgerDirty { try keepLedger(&memory) }
        if memory.processes != nil {
            let after = plan.steps.isEmpty ? actual : try observe(&memory)
            onStates(
                ReportedStates(
                    states: memory.reconciler.states(after, plan),
                    annotations: memory.reconciler.ledger.entries.mapValues(\.annotations)))
        }
        if let failure { throw failure }
        return !plan.steps.isEmpty || actual.values.contains { $0.health.isMoving }
    }

    private func adopt(_ plane: PlaneSnapshot, _ memory: inout Memory) throws(StreamsAgentError) {
        let settings = try readSettings()
        if let adopted = memory.adopted, adopted == (plane.version, settings) { return }
        let resources: [Resource]
        do {
            resources = try PlaneResources.of(
                plane, decrypterSettings: settings, known: memory.reconciler.desired ?? [:])
        } catch {
            throw .ledger("\(error)")
        }
        if memory.reconciler.adopt(resources, now: clock.now()) { memory.isLedgerDirty = true }
        // Before any step: what is made must not be forgotten.
        if memory.isLedgerDirty { try keepLedger(&memory) }
        memory.adopted = (plane.version, settings)
    }

    private func readSettings() throws(StreamsAgentError) -> [String: String] {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.read(config.decrypterSettings)
        } catch {
            throw .decrypterSettings("\(error)")
        }
        return try SettingsFile.parse(String(decoding: bytes, as: UTF8.self))
    }

    private func keepLedger(_ memory: inout Memory) throws(StreamsAgentError) {
        try LedgerFile(state: config.stateFolder).save(memory.reconciler.ledger)
        memory.isLedgerDirty = false
    }

    /// Everything that is there.
    private func observe(_ memory: inout Memory) throws(StreamsAgentError) -> [ResourceID: ObservedResource] {
        var actual: [ResourceID: ObservedResource] = [:]
        do throws(EventLogError) {
            for topic in try log.topics() {
                actual[ResourceID(PlaneResources.topic, topic.description)] = ObservedResource(
                    hash: nil, health: .healthy)
            }
        } catch {
            throw .log(error)
        }
        for process in memory.processes ?? [] {
            actual[ResourceID(PlaneResources.deployment, process.name)] = ObservedResource(
                hash: process.annotations[Resource.hashAnnotation], health: health(of: process, &memory))
        }
        return actual
    }

    private func health(of process: RuntimeProcess, _ memory: inout Memory) -> ObservedResource.Health {
        switch process.status {
        case .ready:
            memory.logs[process.name] = nil
            return .healthy
        case .stopping: return .starting("the process is being replaced")
        case .waiting, .starting:
            guard process.restarts > 0 else { return .starting("the process starts") }
            if memory.logs[process.name]?.restarts != process.restarts {
                memory.logs[process.name] = (process.restarts, runtime.logs(of: process.name))
            }
            return .restarting(
                "the process has ended and is started again", logs: memory.logs[process.name]?.lines ?? [])
        }
    }

    // MARK: Steps

    /// - Returns: What failed, if anything did; the reconciler knows which steps.
    private func take(
        _ steps: [Step], mayDeclare: Bool, _ memory: inout Memory
    ) -> StreamsAgentError? {
        var failure: StreamsAgentError?
        let creations = steps.filter { $0.id.kind == PlaneResources.topic && !$0.isDeletion }
        if !creations.isEmpty {
            failure = attempt(creations, &memory) { () throws(EventLogError) in
                try log.create(creations.compactMap { TopicName($0.id.name) })
            }
        }
        if mayDeclare { failure = declare(steps, &memory) ?? failure }
        for step in steps where step.id.kind == PlaneResources.topic && step.isDeletion {
            guard let topic = TopicName(step.id.name) else { continue }
            failure = attempt([step], &memory) { () throws(EventLogError) in try log.delete(topic) } ?? failure
        }
        return failure
    }

    private func attempt(
        _ steps: [Step], _ memory: inout Memory, _ body: () throws(EventLogError) -> Void
    ) -> StreamsAgentError? {
        do throws(EventLogError) {
            try body()
            settle(steps, nil, &memory)
            return nil
        } catch {
            settle(steps, .log(error), &memory)
            return .log(error)
        }
    }

    /// The runtime takes all processes of the agent at once.
    private func declare(_ steps: [Step], _ memory: inout Memory) -> StreamsAgentError? {
        let steps = steps.filter { $0.id.kind == PlaneResources.deployment }
        let wanted = memory.reconciler.desired?.values.filter { $0.id.kind == PlaneResources.deployment } ?? []
        let names = Set(wanted.map(\.id.name))
        // One that nobody remembers goes as well: everything in our group is ours.
        let isOrphaned = memory.processes?.contains { !names.contains($0.name) && $0.status != .stopping } ?? false
        guard !steps.isEmpty || isOrphaned else { return nil }
        do throws(StreamsAgentError) {
            try runtime.declare(wanted.map(\.process).sorted { $0.name < $1.name })
            memory.processes = try runtime.processes()
            settle(steps, nil, &memory)
            return nil
        } catch {
            settle(steps, error, &memory)
            return error
        }
    }

    private func settle(_ steps: [Step], _ error: StreamsAgentError?, _ memory: inout Memory) {
        for step in steps {
            telemetry.stepTaken(step, error)
            if let error {
                memory.reconciler.failed(step, "\(error)", now: clock.now(), using: &memory.random)
            } else if memory.reconciler.done(step) {
                memory.isLedgerDirty = true
            }
        }
    }
}

/// How everything is doing, and for whom it is there.
struct ReportedStates: Sendable {
    /// By resource.
    let states: [ResourceID: ResourceState]
    /// Of resources that are there or were until this round.
    let annotations: [ResourceID: [String: String]]
}

extension ObservedResource.Health {
    fileprivate var isMoving: Bool {
        switch self {
        case .healthy: false
        case .starting, .restarting: true
        }
    }
}

extension Step {
    /// Whether it removes something.
    var isDeletion: Bool {
        switch self {
        case .create, .update: false
        case .delete: true
        }
    }
}
