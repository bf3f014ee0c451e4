import Net
package import Observe
package import PlaneConfig
import Synchronization
import Time

/// The plane's configuration, as a service follows it: what is in force, and what is told of its changes.
package final class FollowedPlane: Sendable {
    private let source: PlaneConfigSource
    private let link: ControlPlaneLink?
    private let telemetry: PlaneTelemetry

    /// Reads the configuration, or starts from the last good copy.
    ///
    /// - Parameters:
    ///   - component: Which copy is this service's own; the service's name, if it runs once in a plane.
    ///   - seal: Of a service that masks: see `PlaneConfigSource`.
    /// - Throws: `ConfigurationRefused` with every mistake when there is no last good copy; otherwise `PlaneConfigError`, and
    ///   what the link to the control plane says.
    package init(
        _ config: PlaneSourceConfig, state: String, component: String, seal: SeedSeal? = nil, _ kit: Kit
    ) async throws {
        switch config {
        case .folder(let folder):
            link = nil
            source = try await Self.open { () throws(PlaneConfigError) in
                try PlaneConfigSource(folder: folder, state: state, component: component)
            }
        case .controlPlane(let config):
            let link = try ControlPlaneLink(config, kit)
            self.link = link
            source = try await Self.open { () throws(PlaneConfigError) in
                try PlaneConfigSource(
                    controlPlane: link.address, channel: link.channel, seal: seal, state: state, component: component)
            }
        }
        telemetry = PlaneTelemetry(kit.logger, kit.metrics, service: kit.name)
        telemetry.reportAge { [source] in source.age }
        telemetry.started(source)
    }

    /// On a thread of its own: a control plane's first answer needs the loop.
    private static func open(
        _ make: @escaping @Sendable () throws(PlaneConfigError) -> PlaneConfigSource
    ) async throws -> PlaneConfigSource {
        let made = Mutex<Result<PlaneConfigSource, PlaneConfigError>?>(nil)
        await onOwnThread("plane-config") {
            let result = Result { () throws(PlaneConfigError) in try make() }
            made.withLock { $0 = result }
        }
        guard let result = made.withLock({ $0 }) else { preconditionFailure("the thread has ended") }
        switch result {
        case .success(let source): return source
        case .failure(.invalid(let problems)): throw ConfigurationRefused(problems.map(\.description))
        case .failure(let error): throw error
        }
    }

    /// The configuration in force.
    package var current: PlaneSnapshot { source.current }

    /// Follows changes from now on. Call it once.
    ///
    /// - Parameter onChange: Puts a change in force; what it throws is told as a refusal. Called on a thread that may block, one
    ///   call at a time.
    /// - Throws: When there is no room for that thread.
    package func watch(_ onChange: @escaping @Sendable (PlaneSnapshot) throws -> Void) throws(PlaneConfigError) {
        try source.watch { [telemetry] update in
            guard case .changed(let snapshot) = update else { return telemetry.kept(because: update) }
            do {
                try onChange(snapshot)
                telemetry.changed(to: snapshot)
            } catch {
                telemetry.refused(["\(error)"])
            }
        }
    }

    /// Follows no more. Waits for the thread: never call it from `onChange`.
    package func stop() {
        source.stop()
        link?.channel.shutDown()
    }
}

/// Log lines and metrics about the plane's configuration.
package final class PlaneTelemetry: Sendable {
    private let logger: Logger
    private let metrics: MetricRegistry
    private let updates: CounterFamily
    private let ageName: String

    /// - Parameter service: `event-gateway`; begins the metrics' names.
    package init(_ logger: Logger, _ metrics: MetricRegistry, service: String) {
        self.logger = logger
        self.metrics = metrics
        let prefix = service.replacing("-", with: "_")
        updates = metrics.counters(
            "\(prefix)_plane_updates_total",
            "Changes of the plane's configuration: `applied`, `refused`, `unreachable`.", labels: ["result"])
        ageName = "\(prefix)_plane_age_seconds"
    }

    /// - Parameter age: Since what is in force was last confirmed; nil when that was before this start.
    package func reportAge(_ age: @escaping @Sendable () -> Duration?) {
        metrics.reading(
            gauge: ageName,
            "Seconds since the folder or control plane last said that the configuration in force is right; NaN before the first time."
        ) { age()?.inSeconds ?? .nan }
    }

    fileprivate func started(_ source: PlaneConfigSource) {
        if !source.problemsAtStart.isEmpty {
            updates.with("refused").increment()
            logger.error(
                "the plane's folder is broken; its last good copy is in force",
                ["problems": .list(source.problemsAtStart.map(\.description))])
        }
        changed(to: source.current)
    }

    fileprivate func changed(to plane: PlaneSnapshot) {
        updates.with("applied").increment()
        logger.info(
            "the plane's configuration is in force",
            [
                "version": .string(plane.version), "streams": .int(plane.streams.count),
                "contracts": .int(plane.contracts.count),
            ])
    }

    fileprivate func refused(_ reasons: [String]) {
        updates.with("refused").increment()
        logger.error(
            "a change of the plane's configuration was refused; the one before stays in force",
            ["problems": .list(Array(reasons.prefix(Self.problemLimit)))])
    }
    private static let problemLimit = 20

    /// What was in force stays.
    fileprivate func kept(because update: PlaneUpdate) {
        switch update {
        case .changed: break
        case .refused(let problems): refused(problems.map(\.description))
        case .notKept(let error): refused(["\(error)"])
        case .copyNotKept(let error):
            logger.warning("no copy of the plane's configuration could be kept", ["reason": .string("\(error)")])
        case .copyMadeAnew(let error):
            logger.warning("the copy of the plane's configuration was made anew", ["reason": .string("\(error)")])
        case .notReached(let error):
            updates.with("unreachable").increment()
            logger.warning("the plane's configuration stays as it is", ["reason": .string("\(error)")])
        }
    }
}
