internal import EventLoop
internal import JSON
internal import PlaneConfig
internal import Synchronization
internal import System
internal import Wire

/// One run of a plane: joins folder, ports and certificates to the supervisor, and writes the ready document.
///
/// Safe from any thread; what changes is behind one lock, which is never held while something else is called.
final class PlaneRun: Sendable {
    private struct Changing {
        var ports: Ports
        var document: ReadyDocument?
        /// What could not be written, and why.
        var unpublished: (processes: [RuntimeProcess], reason: String)?
        var supervisor: Supervisor?
    }

    let state: StateFolder
    let source: PlaneConfigSource
    private let identities: Identities
    private let portChoice: PortChoice
    /// False when somebody else runs the control plane.
    private let hasControlPlane: Bool
    private let readyFile: String?
    private let environment: [String: String]
    private let printer: LogPrinter
    private let changing: Mutex<Changing>

    init(
        state: StateFolder, planeFolder: String, portChoice: PortChoice, hasControlPlane: Bool, readyFile: String?,
        environment: [String: String], printer: LogPrinter
    ) throws(PolderError) {
        self.state = state
        self.portChoice = portChoice
        self.hasControlPlane = hasControlPlane
        self.readyFile = readyFile
        self.environment = environment
        self.printer = printer
        do {
            source = try PlaneConfigSource(folder: planeFolder, state: state.path, component: "polder")
            identities = try Identities(state: state.path)
        } catch {
            switch error {
            case .invalid(let problems): throw .configuration(problems.map { "\(planeFolder): \($0)" })
            case .state, .corruptState, .badSecretFile, .unreachable: throw .configuration([error.description])
            }
        }
        try Self.checkSecretFiles(of: source.current, identities)
        do {
            changing = Mutex(Changing(ports: try Self.choose(portChoice, state, hasControlPlane: hasControlPlane)))
        } catch {
            throw .failed(error.description)
        }
    }

    private static func choose(
        _ choice: PortChoice, _ state: StateFolder, hasControlPlane: Bool
    ) throws(SystemError) -> Ports {
        switch choice {
        case .standard: return Ports()
        case .auto:
            // The issuer's name has a port in it: with another one, tokens and copies of keys would be worth nothing.
            if let last = try state.lastPorts(), last.taken(besides: hasControlPlane ? [] : ["control-plane"]).isEmpty {
                return last
            }
            let ports = try Ports.free()
            try state.keep(ports)
            return ports
        }
    }

    /// A bad one in the folder was refused already, but the last good copy names files too, and without the secrets there is
    /// no ready document.
    private static func checkSecretFiles(
        of snapshot: PlaneSnapshot, _ identities: Identities
    ) throws(PolderError) {
        var mistakes: [String] = []
        for stream in snapshot.streams where stream.secretFile != nil {
            do throws(PlaneConfigError) {
                _ = try identities.clientSecret(of: stream)
            } catch {
                mistakes.append("stream \(stream.name): \(error)")
            }
        }
        guard mistakes.isEmpty else { throw .configuration(mistakes) }
    }

    /// The document, once the plane is ready.
    var document: ReadyDocument? { changing.withLock { $0.document } }

    /// The ports of this run.
    var ports: Ports { changing.withLock { $0.ports } }

    /// The well-known ports that somebody else holds; nothing when they were chosen free.
    var takenPorts: [UInt16] {
        portChoice == .auto ? [] : ports.taken(besides: hasControlPlane ? [] : ["control-plane"])
    }

    // MARK: - Processes

    func use(_ supervisor: Supervisor) {
        changing.withLock { $0.supervisor = supervisor }
    }

    /// The processes that the supervisor wants itself; what decrypters need is written down for the agent.
    func processes() throws(SystemError) -> [ProcessSpec] {
        let plan = plan(on: ports)
        let settings = Array(plan.decrypterSettings.utf8)
        let isThere = try File.status(state.decrypterSettingsFile) != nil
        let isCurrent = isThere ? try File.read(state.decrypterSettingsFile) == settings : false
        if !isCurrent {
            try File.writeAtomically(state.decrypterSettingsFile, settings, mode: 0o600)
        }
        return plan.processes
    }

    private func plan(on ports: Ports) -> PlanePlan {
        PlanePlan(
            state: state, planeFolder: source.place, ports: ports, environment: environment,
            hasControlPlane: hasControlPlane)
    }

    /// Brings the processes in line with the settings and ports.
    func apply() async {
        guard let supervisor = changing.withLock({ $0.supervisor }) else { return }
        do {
            try await supervisor.follow { () throws(SystemError) in try self.processes() }
        } catch {
            printer.add("the processes stay as they are: \(error)")
        }
    }

    /// A process could not start, perhaps because a port that was free when it was chosen is not any more: chooses again.
    func processEnded() {
        // Once the plane was ready, clients know its ports: they stay.
        guard portChoice == .auto, changing.withLock({ $0.document == nil }) else { return }
        Task.detached { [self] in
            guard await !portsAreOurs() else { return }
            do {
                let ports = try Ports.free()
                try state.keep(ports)
                changing.withLock { $0.ports = ports }
            } catch {
                printer.add("no free ports: \(error)")
            }
            await apply()
        }
    }

    /// False when a port of a process that does not run is held by somebody.
    private func portsAreOurs() async -> Bool {
        guard let supervisor = changing.withLock({ $0.supervisor }) else { return true }
        var running = Set(await supervisor.list().filter { $0.pid != nil }.map(\.name))
        if !hasControlPlane { running.insert("control-plane") }
        return ports.taken(besides: running).isEmpty
    }

    // MARK: - Ready document

    /// Tries again to write what could not be written: a full disk may have room again.
    func publishAgain() {
        guard let waiting = changing.withLock({ $0.unpublished }) else { return }
        publish(waiting.processes)
    }

    /// Writes the document of these processes, which are all ready.
    func publish(_ processes: [RuntimeProcess]) {
        do {
            var document = ReadyDocument(
                dir: state.path, caFile: state.caFile, urls: ReadyDocument.urls(of: ports), supervisor: ThisProcess.id)
            for process in processes {
                document.admin[process.binary, default: []].append(process.adminURL)
                if let pid = process.pid { document.pids[process.binary, default: []].append(pid) }
            }
            document.adminEmail = plan(on: ports).adminEmail
            document.adminPasswordFile =
                try File.status(state.adminPasswordFile) == nil ? nil : state.adminPasswordFile
            for stream in source.current.streams {
                document.streams.append(
                    ReadyDocument.Stream(
                        name: stream.name, id: stream.id, topic: stream.topic.description, clientID: stream.clientID,
                        clientSecret: try clientSecret(of: stream), derivedFrom: stream.derivedFrom,
                        purposes: stream.purposes.map { Int($0) }))
            }
            let bytes = document.json.bytes() + [UInt8(ascii: "\n")]
            for path in [state.planeFile] + (readyFile.map { [$0] } ?? []) {
                try File.writeAtomically(path, bytes, mode: 0o600)
            }
            let isFirst = changing.withLock { changing in
                defer { changing.document = document }
                changing.unpublished = nil
                return changing.document == nil
            }
            if isFirst {
                printer.add(
                    "ready: events go to \(document.urls["events"] ?? ""), tokens come from \(document.urls["auth"] ?? "")"
                )
            }
        } catch {
            let reason = "\(error)"
            let isNew = changing.withLock { changing in
                defer { changing.unpublished = (processes, reason) }
                return changing.unpublished?.reason != reason
            }
            if isNew { printer.add("the ready file could not be written, which is tried again: \(reason)") }
        }
    }

    /// The secret of a stream; the one of before when its file has gone bad since.
    private func clientSecret(of stream: PlaneStream) throws(PlaneConfigError) -> String {
        do throws(PlaneConfigError) {
            return try identities.clientSecret(of: stream)
        } catch {
            guard let known = document?.streams.first(where: { $0.id == stream.id }) else { throw error }
            return known.clientSecret
        }
    }

    /// Takes the document back: nobody may believe that the plane is up.
    func retract() {
        changing.withLock { changing in
            changing.document = nil
            changing.unpublished = nil
        }
        for path in [state.planeFile] + (readyFile.map { [$0] } ?? []) {
            do {
                try File.remove(path)
            } catch {
                printer.add("\(error)")
            }
        }
    }
}
