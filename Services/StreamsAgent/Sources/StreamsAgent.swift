internal import EventLog
internal import EventLoop
package import Observe
internal import PlaneConfig
package import ServiceKit
internal import Synchronization
internal import System
internal import Net
internal import Wire

/// The streams agent: makes true what the plane's streams need.
package final class StreamsAgent: Service {
    private let plane: FollowedPlane
    private let log: SQLiteEventLog
    private let loop: EventLoop
    private let runtime: RuntimeClient
    private let reconcile: ReconcilePlane
    private let link: ControlPlaneLink?
    private let report: ReportStates?

    /// Registers every metric.
    package static func declareMetrics(_ metrics: MetricRegistry, _ logger: Logger) {
        _ = StreamsAgentTelemetry(registry: metrics, logger: logger)
        PlaneTelemetry(logger, metrics, service: "streams-agent").reportAge { nil }
    }

    /// Opens everything and begins with a round.
    ///
    /// - Throws: `ConfigurationRefused` when the plane's configuration holds mistakes and there is no last good copy; what the
    ///   part says that could not be opened.
    package init(_ config: StreamsAgentConfig, _ kit: Kit) async throws {
        let telemetry = StreamsAgentTelemetry(registry: kit.metrics, logger: kit.logger)
        plane = try await FollowedPlane(config.plane, state: config.stateFolder, component: kit.name, kit)
        var options = SQLiteEventLog.Options()
        options.committers = 1  // it deletes topics; nothing is appended
        log = try SQLiteEventLog(folder: config.stateFolder, clock: kit.clock, options: options)
        try log.create([.billing])
        loop = try EventLoop(name: "runtime")
        runtime = RuntimeClient(
            socket: config.runtimeSocket ?? "\(config.stateFolder)/run/runtime.sock", on: loop)
        let isSettled = Atomic<Bool>(false)
        kit.readiness.require("the first round") { isSettled.load(ordering: .relaxed) }
        switch config.plane {
        case .folder: (link, report) = (nil, nil)  // nobody to tell
        case .controlPlane(let way):
            let link = try ControlPlaneLink(way, kit)
            self.link = link
            report = ReportStates(
                link.channel, installation: { try link.installationID() }, clock: kit.clock, telemetry: telemetry)
        }
        reconcile = ReconcilePlane(
            plane.current, config, log: log, runtime: runtime, clock: kit.clock, telemetry: telemetry,
            onStates: { [report] states in
                telemetry.statesChanged(states.states)
                report?.statesChanged(states)
            },
            onSettled: { isSettled.store(true, ordering: .relaxed) })
        try reconcile.start()
        report?.start()
        try plane.watch { [reconcile] in reconcile.planeChanged($0) }
    }

    /// Ends after the round that is under way. What runs goes on.
    package func drain() async {
        await onOwnThread("drain") { [plane, reconcile, runtime, log, loop] in
            plane.stop()
            reconcile.stop()
            runtime.shutDown()
            log.close()
            loop.stop()
        }
        await report?.stop()
        link?.channel.shutDown()
    }
}
