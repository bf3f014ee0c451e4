package import Net
import Observe
import TLS

/// What listeners have to tell, the same for all services: log lines about certificates, counters for the rest.
struct ListenerTelemetry: Sendable {
    private let logger: Logger
    private let ends: [ConnectionEndReason: Counter]
    private let acceptFailures: Counter
    private let reloads: Counter
    private let reloadsRefused: Counter

    /// - Parameter listener: Label of the metrics and field of the lines: `public`, `admin`.
    init(_ logger: Logger, _ metrics: MetricRegistry, listener: String) {
        self.logger = logger.with(["listener": .string(listener)])
        let events = metrics.counters(
            "listener_events_total", "What listeners met, by event.", labels: ["listener", "event"])
        acceptFailures = events.with(listener, "accept_failed")
        reloads = events.with(listener, "certificates_reloaded")
        reloadsRefused = events.with(listener, "certificates_refused")
        let ended = metrics.counters(
            "listener_connections_ended_total", "Connections that were refused or cut off, by reason.",
            labels: ["listener", "reason"])
        ends = Dictionary(
            uniqueKeysWithValues: ConnectionEndReason.all.map { ($0, ended.with(listener, $0.label)) })
    }

    func emit(_ event: ServerEvent) {
        switch event {
        case .certificatesReloaded:
            reloads.increment()
            logger.info("certificates read again")
        case .certificatesRefused(let error):
            reloadsRefused.increment()
            logger.error("new certificates refused, the old ones stay", ["reason": "\(error)"])
        case .connectionEnded(let reason): ends[reason]?.increment()
        case .acceptFailed(let error):
            acceptFailures.increment()
            logger.error("connections cannot be accepted", ["reason": "\(error)"])
        }
    }
}

extension Kit {
    /// Options for a server whose events are counted and logged under this name: `public`.
    package func serverOptions(_ listener: String) -> HTTPServerOptions {
        let telemetry = ListenerTelemetry(logger, metrics, listener: listener)
        var options = HTTPServerOptions()
        options.observe = { telemetry.emit($0) }
        return options
    }
}
