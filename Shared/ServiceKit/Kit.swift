package import EventLoop
package import Observe
import Synchronization
package import TLS
package import Time

/// What a service gets from `ServiceMain`: everything that is the same for all of them.
package final class Kit: Sendable {
    /// The binary's name: `event-gateway`.
    package let name: String
    /// Writes to standard error.
    package let logger: Logger
    /// Served by the admin listener.
    package let metrics: MetricRegistry
    /// The machine's clock.
    package let clock: any WallClock
    /// The loop of the admin listener, signals and housekeeping timers. Not for work that events wait for.
    package let loop: EventLoop
    /// What keeps `/readyz` from saying yes.
    package let readiness: Readiness
    /// Certificate and key of this service, for its public listeners too.
    package let tls: TLSFiles
    /// The admin listener's extra routes.
    package let admin: AdminRoutes
    /// How long draining may take before the process ends anyway.
    package let shutdownGrace: Duration

    /// Parts of a kit. `ServiceMain` makes one from the settings; tests make their own.
    package init(
        name: String, logger: Logger, metrics: MetricRegistry, clock: any WallClock, loop: EventLoop, tls: TLSFiles,
        shutdownGrace: Duration = .seconds(8)
    ) {
        self.name = name
        self.logger = logger
        self.metrics = metrics
        self.clock = clock
        self.loop = loop
        self.tls = tls
        self.shutdownGrace = shutdownGrace
        readiness = Readiness()
        admin = AdminRoutes()
    }
}
