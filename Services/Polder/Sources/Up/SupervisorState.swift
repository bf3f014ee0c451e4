package import System
package import Wire

/// What to do next with the processes of a plane. Pure: no process, no clock, no descriptor.
///
///               apply                  started                 becameReady
///     (wanted) ───────► due(at) ──────────────► starting ─────────────────► ready
///                          ▲   exited, with back-off │      exited            │
///                          └────────────────────────┴────────────────────────┤
///                                        apply without it, or changed; stop   ▼
///                                                            stopping(kill at) ──exited──► gone, or due again
package struct SupervisorState {
    /// What the shell has to do, in order.
    package enum Action: Equatable, Sendable {
        /// Start the process, then report `started` or `startFailed`.
        case start(ProcessSpec)
        /// Ask it to end (SIGTERM).
        case terminate(String)
        /// End it (SIGKILL).
        case kill(String)
        /// Everything wanted is ready, and something has changed since the last time: write the ready file.
        case publish
        /// Stopping is complete: nothing runs any more.
        case finished
    }

    /// Where one process stands.
    package enum Phase: Equatable, Sendable {
        case due(MonotonicTime)
        case starting(pid: Int32, since: MonotonicTime)
        case ready(pid: Int32, since: MonotonicTime)
        case stopping(pid: Int32, killAt: MonotonicTime)
    }

    /// One process, as seen from outside.
    package struct Process: Equatable, Sendable {
        /// Who wants it: `plane`, or the owner named on the runtime socket.
        package var group: String
        /// What is wanted.
        package var spec: ProcessSpec
        /// Where it stands.
        package var phase: Phase
        /// How often it was started again after it had ended by itself.
        package var restarts = 0
        /// Starts that failed, or ended soon, in a row: decides the back-off.
        package var failures = 0
        /// False when it is only still there because it has not ended yet.
        package var isWanted = true
    }

    /// A process that stays up this long has recovered: its back-off begins anew.
    package static let steadyAfter = Duration.seconds(10)
    /// The first back-off; it doubles up to `longestBackOff`. Without jitter: nobody else restarts at the same time.
    package static let firstBackOff = Duration.milliseconds(100)
    /// The longest pause between two starts.
    package static let longestBackOff = Duration.seconds(10)
    /// How long a process may take to end after it was asked to; then it is killed.
    package static let grace = Duration.seconds(8)

    /// All processes, in the order in which they were first wanted.
    package private(set) var processes: [Process] = []
    private var isStopping = false
    private var mustPublish = false

    /// Nothing is wanted yet.
    package init() {}

    /// The process of that name.
    package subscript(_ name: String) -> Process? { processes.first { $0.spec.name == name } }

    /// When `timeReached` must be called next; nothing when only events matter.
    package var nextWake: MonotonicTime? {
        processes.compactMap { process in
            switch process.phase {
            case .due(let moment): isStopping ? nil : moment
            case .stopping(_, let killAt): killAt
            case .starting, .ready: nil
            }
        }.min()
    }

    /// True when every wanted process is ready, and no other is left.
    package var isReady: Bool {
        !isStopping
            && processes.allSatisfy { process in
                if case .ready = process.phase { return process.isWanted }
                return false
            }
    }

    /// The names of these processes that belong to another group, in order.
    package func names(of specs: [ProcessSpec], takenFrom group: String) -> [String] {
        specs.map(\.name).filter { name in self[name].map { $0.group != group } ?? false }.sorted()
    }

    /// Declares everything that one group wants; what it wanted before and does not any more is stopped. Names that belong to
    /// another group are left out.
    package mutating func apply(group: String, _ specs: [ProcessSpec], now: MonotonicTime) -> [Action] {
        guard !isStopping else { return [] }
        var actions: [Action] = []
        for index in processes.indices.reversed() where processes[index].group == group {
            guard !specs.contains(where: { $0.name == processes[index].spec.name }) else { continue }
            processes[index].isWanted = false
            mustPublish = true
            actions += stop(at: index, now: now)
        }
        for spec in specs {
            guard let index = processes.firstIndex(where: { $0.spec.name == spec.name }) else {
                processes.append(Process(group: group, spec: spec, phase: .due(now)))
                mustPublish = true
                continue
            }
            guard processes[index].group == group else { continue }
            let isChanged = !processes[index].spec.runs(like: spec) || !processes[index].isWanted
            processes[index].spec = spec
            processes[index].isWanted = true
            guard isChanged else { continue }
            mustPublish = true
            processes[index].failures = 0
            switch processes[index].phase {
            case .due: processes[index].phase = .due(now)
            case .starting, .ready: actions += stop(at: index, now: now)
            case .stopping: break
            }
        }
        return actions + timeReached(now: now)
    }

    /// The streams have changed, although perhaps no process: the ready file is out of date.
    package mutating func planeChanged() -> [Action] {
        mustPublish = true
        return publishIfReady()
    }

    /// A start succeeded.
    package mutating func started(_ name: String, pid: Int32, now: MonotonicTime) -> [Action] {
        guard let index = index(of: name) else { return [] }
        processes[index].phase = .starting(pid: pid, since: now)
        mustPublish = true
        // It was taken back, or everything was stopped, while it started.
        if isStopping || !processes[index].isWanted { return stop(at: index, now: now) }
        if !processes[index].spec.hasAdmin { return becameReady(name, pid: pid, now: now) }
        return []
    }

    /// A start failed: the binary is missing, or the machine has no room.
    package mutating func startFailed(_ name: String, now: MonotonicTime) -> [Action] {
        guard let index = index(of: name) else { return [] }
        return ended(at: index, now: now, wasSteady: false)
    }

    /// The process answers that it is ready. An answer that belongs to an earlier process of that name is ignored.
    package mutating func becameReady(_ name: String, pid: Int32, now: MonotonicTime) -> [Action] {
        guard let index = index(of: name), case .starting(pid, _) = processes[index].phase else { return [] }
        processes[index].phase = .ready(pid: pid, since: now)
        return publishIfReady()
    }

    /// The process has ended, for whatever reason.
    package mutating func exited(_ name: String, pid: Int32, now: MonotonicTime) -> [Action] {
        guard let index = index(of: name) else { return [] }
        switch processes[index].phase {
        case .starting(pid, _):
            processes[index].restarts += 1
            return ended(at: index, now: now, wasSteady: false)
        case .ready(pid, let since):
            processes[index].restarts += 1
            return ended(at: index, now: now, wasSteady: now - since >= Self.steadyAfter)
        case .stopping(pid, _):
            guard processes[index].isWanted, !isStopping else {
                processes.remove(at: index)
                return afterRemoval()
            }
            processes[index].phase = .due(now)
            return timeReached(now: now)
        case .due, .starting, .ready, .stopping:
            return []
        }
    }

    /// A moment that `nextWake` named has come.
    package mutating func timeReached(now: MonotonicTime) -> [Action] {
        var actions: [Action] = []
        for index in processes.indices {
            switch processes[index].phase {
            case .due(let moment):
                guard !isStopping, moment <= now else { continue }
                // Until the start is reported, no second one: the phase looks far ahead.
                processes[index].phase = .due(now + .seconds(60))
                actions.append(.start(processes[index].spec))
            case .stopping(let pid, let killAt):
                guard killAt <= now else { continue }
                processes[index].phase = .stopping(pid: pid, killAt: now + .seconds(1))
                actions.append(.kill(processes[index].spec.name))
            case .starting, .ready:
                continue
            }
        }
        return actions
    }

    /// Ends everything. A second call ends it at once.
    package mutating func stop(now: MonotonicTime) -> [Action] {
        if isStopping {
            return processes.map { .kill($0.spec.name) }
        }
        isStopping = true
        var actions: [Action] = []
        for index in processes.indices.reversed() { actions += stop(at: index, now: now) }
        if processes.isEmpty, !actions.contains(.finished) { actions.append(.finished) }
        return actions
    }

    // MARK: -

    private func index(of name: String) -> Int? { processes.firstIndex { $0.spec.name == name } }

    private mutating func stop(at index: Int, now: MonotonicTime) -> [Action] {
        switch processes[index].phase {
        case .due:
            guard isStopping || !processes[index].isWanted else { return [] }
            processes.remove(at: index)
            return afterRemoval()
        case .starting(let pid, _), .ready(let pid, _):
            processes[index].phase = .stopping(pid: pid, killAt: now + Self.grace)
            return [.terminate(processes[index].spec.name)]
        case .stopping:
            return []
        }
    }

    private mutating func ended(at index: Int, now: MonotonicTime, wasSteady: Bool) -> [Action] {
        guard !isStopping, processes[index].isWanted else {
            processes.remove(at: index)
            return afterRemoval()
        }
        processes[index].failures = wasSteady ? 1 : processes[index].failures + 1
        let doublings = min(processes[index].failures - 1, 10)
        let pause = min(Self.firstBackOff * (1 << doublings), Self.longestBackOff)
        processes[index].phase = .due(now + pause)
        return []
    }

    private mutating func afterRemoval() -> [Action] {
        if isStopping { return processes.isEmpty ? [.finished] : [] }
        return publishIfReady()
    }

    private mutating func publishIfReady() -> [Action] {
        guard mustPublish, isReady else { return [] }
        mustPublish = false
        return [.publish]
    }
}
