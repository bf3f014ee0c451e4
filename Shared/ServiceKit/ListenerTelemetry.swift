package import Net
import Observe
import TLS

/// What listeners have to tell, the same for all services: log lines about certificates, counters for the rest.
struct ListenerTelemetry: Sendable {
    private let logger: Logger
    private let handshakeFailures: Counter
    private let refused: Counter
    private let idleDropped: Counter
    private let acceptFailures: Counter
    private let reloads: Counter
    private let reloadsRefused: Counter
    private let ended: @Sendable (ConnectionEndReason) -> Counter

    /// - Parameter listener: Label of the metrics and field of the lines: `public`, `admin`.
    init(_ logger: Logger, _ metrics: MetricRegistry, listener: String) {
        self.logger = logger.with(["listener": .string(listener)])
        func counter(_ event: String) -> Counter {
            metrics.counters(
                "listener_events_total", "What listeners met, by event.", labels: ["listener", "event"]
            ).with(listener, event)
        }
        // Looked up when it happens: most reasons never do, and who is cut off has time.
        let endings = metrics.counters(
            "listener_connections_ended_total", "Connections that were cut off, by reason.",
            labels: ["listener", "reason"])
        ended = { endings.with(listener, $0.label) }
        handshakeFailures = counter("handshake_failed")
        refused = counter("connection_refused")
        idleDropped = counter("idle_connection_dropped")
        acceptFailures = counter("accept_failed")
        reloads = counter("certificates_reloaded")
        reloadsRefused = counter("certificates_refused")
    }

    func emit(_ event: ServerEvent) {
        switch event {
        case .certificatesReloaded:
            reloads.increment()
            logger.info("certificates read again")
        case .certificatesRefused(let error):
            reloadsRefused.increment()
            logger.error("new certificates refused, the old ones stay", ["reason": "\(error)"])
        case .handshakeFailed: handshakeFailures.increment()
        case .connectionRefused: refused.increment()
        case .idleConnectionDropped: idleDropped.increment()
        case .connectionEnded(let reason): ended(reason).increment()
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
