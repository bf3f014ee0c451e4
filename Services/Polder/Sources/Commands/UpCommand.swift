internal import EventLoop
internal import PlaneConfig
internal import System
internal import Time

/// `polder up`: runs a whole plane on this machine until it is told to stop.
struct UpCommand: Command {
    static let name = "up"
    static let summary = "Runs a whole plane on this machine, until Ctrl-C or SIGTERM."
    static let details = """
        Makes a local certificate authority and the keys on first start, starts every service, starts again what ends, and
        stops all of it within ten seconds. Without --config it runs the demo plane, which it writes to DIR/plane.

        With --without-control-plane somebody else runs that: on the ports where this plane's own would be, or where settings
        such as EVENT_GATEWAY_CONTROL_PLANE_URL say. Once it has started, the plane runs and restarts while that is away.
        """

    let dir: String?
    let config: String?
    let ports: PortChoice
    let withoutControlPlane: Bool
    let readyFile: String?

    init(reading arguments: inout ArgumentReader) {
        dir = arguments.dirOption()
        config = arguments.optionIfPresent(
            "--config", "FOLDER", "The plane folder: streams, contracts, policies [the demo plane].", from: .folder)
        ports = arguments.choice(
            "--ports", default: .standard,
            "Well-known ports, or free ones: those of the last time if possible.")
        withoutControlPlane = arguments.flag("--without-control-plane", "Everything but the control plane.")
        readyFile = arguments.optionIfPresent(
            "--ready-file", "PATH", "Written when everything is ready: one JSON document, readable by you only.",
            from: .file)
    }

    /// The command with these options.
    init(dir: String?, config: String?, ports: PortChoice, readyFile: String?) {
        self.dir = dir
        self.config = config
        self.ports = ports
        withoutControlPlane = false
        self.readyFile = readyFile
    }

    func run(_ context: CommandContext) async throws(PolderError) {
        let console = context.console
        let state = try StateFolder.resolve(dir, environment: context.environment)
        let readyFile = try readyFile.map { path throws(PolderError) in try StateFolder.absolute(path) }
        // A setting of the services that decides about a file of ours.
        try state.prepare(provisionedKEK: context.environment["EVENT_GATEWAY_KEK_FILE"])
        if let readyFile { try checkParent(of: readyFile) }
        let lock: PlaneLock
        let signals: StopSignals
        let printer: LogPrinter
        let binaries: String
        do {
            // First of all: a signal is blocked only in threads that start afterwards.
            signals = try StopSignals()
            lock = try PlaneLock(state)
            try ThisProcess.forbidCoreDumps()
            printer = try LogPrinter(console)
            binaries = File.parent(of: try Directory.executablePath())
        } catch {
            if case .locked = error { throw .refused("a plane runs on \(state.path) already") }
            throw .failed(error.description)
        }
        // A killed supervisor leaves its ready files behind.
        for path in [state.planeFile, readyFile].compactMap(\.self) { try remove(path) }

        let folder: String
        if let config {
            folder = try StateFolder.absolute(config)
        } else {
            folder = state.demoFolder
            try DemoPlane.write(to: folder)
        }
        let run = try PlaneRun(
            state: state, planeFolder: folder, portChoice: ports, hasControlPlane: !withoutControlPlane,
            readyFile: readyFile,
            environment: context.environment, printer: printer)
        for problem in run.source.problemsAtStart { printer.add("\(folder): \(problem)") }
        if !run.source.problemsAtStart.isEmpty { printer.add("the plane folder is broken: the last good copy is used") }
        let taken = run.takenPorts
        guard taken.isEmpty else {
            throw .failed(
                "ports in use: \(taken.map { String($0) }.joined(separator: ", ")); free them or say --ports auto")
        }
        try state.renewCertificates(for: PlanePlan.services, now: SystemClock().now())
        try await supervise(run, binaries: binaries, printer: printer, signals: signals)
        run.source.stop()
        run.retract()
        try remove(state.socketPath)
        printer.finish()
        withExtendedLifetime(lock) {}
    }

    private func supervise(
        _ run: PlaneRun, binaries: String, printer: LogPrinter, signals: StopSignals
    ) async throws(PolderError) {
        let state = run.state
        do {
            let probe = try AdminProbe(caFile: state.caFile)
            let supervisor = try Supervisor(
                binaries: binaries,
                events: Supervisor.Events(
                    line: { printer.add($0, $1) }, publish: { run.publish($0) },
                    ended: { name, how in
                        printer.add("\(name) \(how)")
                        run.processEnded()
                    }), probe: { await probe.isReady($0) })
            run.use(supervisor)
            try await supervisor.serve(at: state.socketPath) { run.document }
            try await supervisor.obey(signals) { printer.add("stopping") }
            try run.source.watch { update in
                switch update {
                case .changed:
                    printer.add("the plane folder has changed")
                    // Owned by the supervisor's loop from its first step on; this thread must not wait.
                    Task.detached { await run.apply() }
                case .refused(let problems):
                    printer.add("the change in the plane folder is refused; what was in force stays")
                    for problem in problems { printer.add("\(problem)") }
                case .notKept(let error): printer.add("the change is not in force: \(error)")
                case .copyNotKept(let error): printer.add("no copy of the plane folder could be kept: \(error)")
                case .copyMadeAnew(let error): printer.add("the copy of the plane folder was made anew: \(error)")
                case .notReached(let error): printer.add("the plane stays as it is: \(error)")
                }
            }
            await supervisor.repeatEvery(.seconds(3600)) {
                do throws(PolderError) {
                    if try state.renewCertificates(for: PlanePlan.services, now: SystemClock().now()) {
                        printer.add("certificates renewed")
                    }
                } catch {
                    for line in error.lines { printer.add(line) }
                }
            }
            await supervisor.repeatEvery(.seconds(5)) { run.publishAgain() }
            await run.apply()
            await supervisor.finished()
        } catch {
            throw .failed("\(error)")
        }
    }

    /// Told now: when the plane is ready, whoever waits for the file would wait for ever.
    private func checkParent(of path: String) throws(PolderError) {
        let folder = File.parent(of: path)
        do {
            guard let status = try File.status(folder), status.isDirectory else {
                throw PolderError.usage(command: UpCommand.name, ["--ready-file: there is no folder \(folder)"])
            }
        } catch let error as PolderError {
            throw error
        } catch {
            throw .failed("\(error)")
        }
    }

    private func remove(_ path: String) throws(PolderError) {
        do {
            try File.remove(path)
        } catch {
            throw .failed(error.description)
        }
    }
}
