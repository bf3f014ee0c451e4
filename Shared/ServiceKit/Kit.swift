package import EventLoop
package import Observe
import Synchronization
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

    /// Parts of a kit. `ServiceMain` makes one from the settings; tests make their own.
    package init(
        name: String, logger: Logger, metrics: MetricRegistry, clock: any WallClock, loop: EventLoop, tls: TLSFiles
    ) {
        self.name = name
        self.logger = logger
        self.metrics = metrics
        self.clock = clock
        self.loop = loop
        self.tls = tls
        readiness = Readiness()
        admin = AdminRoutes()
    }
}

/// Where the service's own certificate is. The files are read again when they change.
package struct TLSFiles: Sendable, Equatable {
    /// PEM, the leaf first.
    package let certificateFile: String
    /// PEM.
    package let keyFile: String

    /// Paths of the two files.
    package init(certificateFile: String, keyFile: String) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
    }
}
