internal import EventLog
internal import EventLoop
internal import Net
package import Observe
package import ServiceKit

/// The usage reporter: tells the control plane how many events each stream took.
package final class ESRProxy: Service {
    private let log: SQLiteEventLog
    private let loop: EventLoop
    private let link: ControlPlaneLink
    private let report: ReportUsage

    /// Registers every metric.
    package static func declareMetrics(_ metrics: MetricRegistry, _ logger: Logger) {
        _ = ESRProxyTelemetry(registry: metrics, logger: logger)
    }

    /// Opens the log and begins to report. The control plane need not be there.
    ///
    /// - Throws: What the part says that could not be opened.
    package init(_ config: ESRProxyConfig, _ kit: Kit) async throws {
        let telemetry = ESRProxyTelemetry(registry: kit.metrics, logger: kit.logger)
        link = try ControlPlaneLink(config.controlPlane, kit)
        var options = SQLiteEventLog.Options()
        options.committers = 1
        log = try SQLiteEventLog(folder: config.stateFolder, clock: kit.clock, options: options)
        loop = try EventLoop(name: "positions")
        var limits = ReportUsage.Limits()
        limits.calls = config.calls
        limits.longestPause = config.longestPause
        report = ReportUsage(
            limits, channel: link.channel, folderProject: { [link] in link.folderProjectID() }, log: log, on: loop,
            clock: kit.clock, telemetry: telemetry)
        try report.start()
    }

    /// Ends after the calls that are under way.
    package func drain() async {
        await onOwnThread("drain") { [report, log, loop] in
            report.stop()
            log.close()
            loop.stop()
        }
        link.channel.shutDown()
    }
}
