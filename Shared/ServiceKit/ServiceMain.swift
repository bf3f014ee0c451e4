import Config
import Crypto
import EventLoop
import Observe
import Synchronization
import System
import Time

/// The life of a service process, the same for all of them:
///
///     settings (bad: exit 78) ► logger ► admin port (alive, not ready) ► build ► run ► ready when the last latch is released
///     SIGTERM ► not ready ► drain, at most SHUTDOWN_GRACE ► exit 0       a second SIGTERM: exit at once
///     a part that ends by itself: exit 70                                the parent is gone: as SIGTERM, at most 2 s
package enum ServiceMain {
    /// Runs a service until the process ends.
    ///
    /// - Parameters:
    ///   - name: The binary's name; its upper-case form begins the names of its settings.
    ///   - build: Opens listeners and starts parts. What it throws is logged and ends the process: with 78 when it is a
    ///     `ConfigurationRefused`, otherwise with 70.
    ///
    /// Synchronous, although everything in it is not: with an asynchronous `main` libdispatch would take over the main thread
    /// and wait there with all signals unblocked (`dispatch_main`), so that a SIGTERM ended the process at once.
    package static func run<SpecificConfig: ServiceConfig, Built: Service>(
        _ name: String, _: SpecificConfig.Type,
        build: @escaping @Sendable (SpecificConfig, Kit) async throws -> Built
    ) -> Never {
        let launch = Launch<SpecificConfig>(
            name: name, arguments: Array(CommandLine.arguments.dropFirst()), environment: ThisProcess.environment(),
            declareMetrics: Built.declareMetrics)
        switch launch {
        case .print(let text): leave(with: 0, text, to: 1)
        case .refuse(let text, let code): leave(with: code, text, to: 2)
        case .start(let common, let config):
            do {
                try start(name, common, config, build)
            } catch {
                // Nothing runs yet that could log: no descriptor, no thread.
                leave(with: LifecycleState.ExitCode.crashed, "\(name): \(error)\n", to: 2)
            }
        }
    }

    /// Before the first key is read. Going on without is right: swap is the owner's own disk, and many machines have none.
    private static func prepareKeyMemory(_ logger: Logger) {
        switch KeyMemory.prepare() {
        case .locked: break
        case .notLocked:
            logger.warning(
                "keys cannot be locked in memory and may reach swap: raise the limit on locked memory (RLIMIT_MEMLOCK)",
                ["bytes": .int(KeyMemory.size)])
        case .unavailable: logger.warning("OpenSSL has no locked memory for keys: they may reach swap")
        }
    }

    private static func start<SpecificConfig: ServiceConfig, Built: Service>(
        _ name: String, _ common: CommonConfig, _ config: SpecificConfig,
        _ build: @escaping @Sendable (SpecificConfig, Kit) async throws -> Built
    ) throws -> Never {
        // First of all: a signal is blocked only in threads that start afterwards.
        let signals = try SignalDescriptor([.terminate, .interrupt])
        try ThisProcess.forbidCoreDumps()
        try ThisProcess.raiseDescriptorLimit()
        ThisProcess.returnLargeBlocks()
        let clock = SystemClock()
        let startedAt = clock.now()
        let sink = try StandardErrorSink()
        let format = common.logFormat ?? (Terminal.isTerminal(2) ? .text : .json)
        let logger = Logger(
            service: name, sink: sink, clock: clock, format: format, threshold: common.logLevel)
        prepareKeyMemory(logger)

        let kit = Kit(
            name: name, logger: logger, metrics: MetricRegistry(), clock: clock,
            loop: try EventLoop(name: "kit"), tls: common.tls, shutdownGrace: common.grace)
        StandardMetrics.register(
            kit.metrics, service: name, startedAt: startedAt, readiness: kit.readiness,
            droppedLines: { sink.droppedCount.load(ordering: .relaxed) })
        kit.admin.addStandardRoutes(kit.readiness, kit.metrics)

        let conductor = Conductor(grace: common.grace, kit: kit) { code in
            sink.flush()
            // Not `exit`: loops and threads still run, and destructors under them would race.
            ThisProcess.exit(code)
        }
        SignalWatch.start(signals, on: kit.loop) { conductor.report(.stopRequested) }
        Lifeline.start(ThisProcess.environment(), on: kit.loop) { conductor.report(.lifelineEnded) }

        let whole = Task { await live(kit, common, config, startedAt, conductor, build) }
        // The conductor ends the process; until then the main thread owns the task and does nothing else.
        while true { _ = Monitor(whole).wait { _ -> Never? in nil } }
    }

    private static func live<SpecificConfig: ServiceConfig, Built: Service>(
        _ kit: Kit, _ common: CommonConfig, _ config: SpecificConfig, _ startedAt: Timestamp, _ conductor: Conductor,
        _ build: @Sendable (SpecificConfig, Kit) async throws -> Built
    ) async {
        let building = kit.readiness.latch("start")
        do {
            let admin = try await AdminListener.start(
                kit, listen: common.adminListen, clientCA: common.adminClientCA)
            conductor.adminStarted(admin.server)
            let service = try await build(config, kit)
            building.release()
            conductor.built(service)
            kit.logger.info(
                "service started",
                [
                    "version": .string(PolderVersion.text), "pid": .int(Int(ThisProcess.id)),
                    "adminPort": .int(Int(admin.port)), "startTime": .duration(kit.clock.now() - startedAt),
                ])
            try await service.run()
            conductor.report(.partEnded("it returned by itself"))
        } catch let refused as ConfigurationRefused {
            for problem in refused.problems { kit.logger.error("configuration refused", ["problem": .string(problem)]) }
            conductor.report(.configurationRefused)
        } catch {
            conductor.report(.partEnded("\(error)"))
        }
    }

    private static func leave(with code: Int32, _ text: String, to descriptor: Int32) -> Never {
        do throws(SystemError) {
            try FileDescriptor.writeAll(raw: descriptor, Array(text.utf8))
        } catch {
            // Nobody reads; the code still tells.
        }
        ThisProcess.exit(code)
    }
}
