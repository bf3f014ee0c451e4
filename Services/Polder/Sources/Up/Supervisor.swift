internal import EventLoop
internal import Synchronization
package import System
package import Wire

/// Owns the processes of a plane: starts them, watches them, starts them again, ends them. The only place that does.
///
/// What to do is decided by `SupervisorState`; this actor does it. It lives on a loop of its own.
///
/// Every child holds the reading end of one pipe, whose writing end only this process has: when this process ends, however it
/// ends, the children see the pipe's end and leave.
package actor Supervisor: Runtime {
    /// What a supervisor tells its owner. Called on the loop; must not block for long.
    package struct Events: Sendable {
        /// A process wrote a line, without its end.
        package var line: @Sendable (_ process: String, _ line: [UInt8]) -> Void
        /// Everything wanted is ready and something has changed.
        package var publish: @Sendable ([RuntimeProcess]) -> Void
        /// A process ended by itself, or could not be started: why, for people.
        package var ended: @Sendable (_ process: String, _ how: String) -> Void

        /// Events that go to these.
        package init(
            line: @escaping @Sendable (String, [UInt8]) -> Void,
            publish: @escaping @Sendable ([RuntimeProcess]) -> Void,
            ended: @escaping @Sendable (String, String) -> Void
        ) {
            self.line = line
            self.publish = publish
            self.ended = ended
        }
    }

    /// The supervisor's executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    nonisolated let loop: EventLoop
    private let binaries: String
    private let probe: @Sendable (_ adminURL: String) async -> Bool
    private let events: Events
    private let lifeline: (reader: Int32, writer: Int32)
    private var state = SupervisorState()
    private var children: [String: RunningChild] = [:]
    private var tails: [String: LogTail] = [:]
    private var adminURLs: [String: String] = [:]  // of processes whose port was chosen here
    private var probes: [String: Task<Void, Never>] = [:]
    private var timer: TimerID?
    private var isFinished = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// A supervisor without processes.
    ///
    /// - Parameters:
    ///   - binaries: The folder with the programs.
    ///   - probe: Asks an admin listener whether its process is ready; it has a deadline of its own.
    /// - Throws: `.call` when the process has no descriptor or thread left.
    package init(
        binaries: String, events: Events, probe: @escaping @Sendable (_ adminURL: String) async -> Bool
    ) throws(SystemError) {
        self.binaries = binaries
        self.events = events
        self.probe = probe
        lifeline = try FileDescriptor.pipe().take()
        loop = try EventLoop(name: "supervisor")
    }

    deinit {
        FileDescriptor.close(raw: lifeline.reader)
        FileDescriptor.close(raw: lifeline.writer)
        loop.stop()
    }

    // MARK: - Runtime

    /// Declares everything that one group wants, unless another group has a name of it.
    @discardableResult
    package func apply(group: String, _ specs: [ProcessSpec]) -> [String] {
        let taken = state.names(of: specs, takenFrom: group)
        guard taken.isEmpty else { return taken }
        perform(state.apply(group: group, specs, now: .now()))
        return []
    }

    /// Every process.
    package func list() -> [RuntimeProcess] {
        state.processes.map { process in
            let status: RuntimeProcess.Status
            var number: Int32?
            switch process.phase {
            case .due: status = .waiting
            case .starting(let pid, _): (status, number) = (.starting, pid)
            case .ready(let pid, _): (status, number) = (.ready, pid)
            case .stopping(let pid, _): (status, number) = (.stopping, pid)
            }
            return RuntimeProcess(
                name: process.spec.name, group: process.group, binary: process.spec.binary, status: status,
                pid: number, restarts: process.restarts,
                adminURL: adminURLs[process.spec.name] ?? process.spec.adminURL,
                labels: process.spec.labels, annotations: process.spec.annotations)
        }
    }

    /// The last lines that a process wrote.
    package func logs(of name: String, last count: Int) -> [String]? {
        tails[name]?.last(count).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: - For the owner

    /// Brings the plane's own processes in line with a configuration that has changed.
    ///
    /// - Parameter wanted: What is wanted by now. It is asked here, on the loop, so that of two changes the later one stays.
    func follow(_ wanted: @Sendable () throws(SystemError) -> [ProcessSpec]) throws(SystemError) {
        perform(state.apply(group: "plane", try wanted(), now: .now()))
        // The streams have changed, although perhaps no process.
        perform(state.planeChanged())
    }

    /// Asks every process to end; a second call ends them at once.
    package func stop() {
        perform(state.stop(now: .now()))
    }

    /// Returns when `stop` is complete: no process is left.
    package func finished() async {
        if isFinished { return }
        await withCheckedContinuation { waiting.append($0) }
    }

    // MARK: - Doing

    private func perform(_ actions: [SupervisorState.Action]) {
        for action in actions {
            switch action {
            case .start(let spec): start(spec)
            case .terminate(let name): children[name]?.send(.terminate)
            case .kill(let name): children[name]?.send(.kill)
            case .publish: events.publish(list())
            case .finished:
                isFinished = true
                for continuation in waiting { continuation.resume() }
                waiting = []
            }
        }
        armTimer()
    }

    private func armTimer() {
        if let timer { loop.cancel(timer) }
        timer = nil
        guard let next = state.nextWake else { return }
        timer = loop.schedule(after: max(.zero, next - .now())) { [weak self] in
            self?.assumeIsolated { supervisor in
                supervisor.timer = nil
                supervisor.perform(supervisor.state.timeReached(now: .now()))
            }
        }
    }

    private func start(_ wanted: ProcessSpec) {
        var spec = wanted
        do {
            adminURLs[spec.name] = nil
            if !spec.adminSetting.isEmpty {
                let port = try Ports.freePorts(1)[0]
                spec.environment[spec.adminSetting] = "127.0.0.1:\(port)"
                spec.adminURL = "https://localhost:\(port)"
                adminURLs[spec.name] = spec.adminURL
            }
            let (spec, name) = (spec, spec.name)
            let child = try RunningChild(
                spec, binaries: binaries, lifeline: lifeline.reader, loop: loop,
                output: { [weak self] bytes in self?.assumeIsolated { $0.output(bytes, of: name) } },
                ended: { [weak self] pid, status in
                    self?.assumeIsolated { $0.childEnded(name, pid: pid, status) }
                })
            children[spec.name] = child
            if tails[spec.name] == nil { tails[spec.name] = LogTail() }
            perform(state.started(spec.name, pid: child.pid, now: .now()))
            watchReadiness(of: spec, pid: child.pid)
        } catch {
            events.ended(spec.name, "could not be started: \(error)")
            perform(state.startFailed(spec.name, now: .now()))
        }
    }

    private func output(_ bytes: [UInt8], of name: String) {
        for line in tails[name]?.append(bytes) ?? [] { events.line(name, line) }
    }

    private func childEnded(_ name: String, pid: Int32, _ status: ExitStatus) {
        for line in tails[name]?.finish() ?? [] { events.line(name, line) }
        children[name] = nil
        probes.removeValue(forKey: name)?.cancel()
        let wasStopping: Bool
        if let phase = state[name]?.phase, case .stopping = phase { wasStopping = true } else { wasStopping = false }
        if !wasStopping {
            switch status {
            case .exited(let code): events.ended(name, "ended with code \(code)")
            case .signalled(let signal): events.ended(name, "was ended by signal \(signal)")
            }
        }
        perform(state.exited(name, pid: pid, now: .now()))
        if state[name] == nil {
            tails[name] = nil
            adminURLs[name] = nil
        }
    }

    /// Asks until it is ready, or ends. The task is owned by `probes` and cancelled when the process ends.
    private func watchReadiness(of spec: ProcessSpec, pid: Int32) {
        guard !spec.adminURL.isEmpty, children[spec.name] != nil else { return }
        probes[spec.name]?.cancel()
        probes[spec.name] = Task { [weak self, probe] in
            while !Task.isCancelled {
                if await probe(spec.adminURL) {
                    await self?.answeredReady(spec.name, pid: pid)
                    return
                }
                do { try await Task.sleep(for: .milliseconds(50)) } catch { return }
            }
        }
    }

    private func answeredReady(_ name: String, pid: Int32) {
        probes[name] = nil
        perform(state.becameReady(name, pid: pid, now: .now()))
    }
}
