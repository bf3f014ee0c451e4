package import PlaneConfig

/// Keeps the registry of clients in step with the plane's configuration: a client for each stream.
package final class FollowPlane: Sendable {
    private let source: PlaneConfigSource
    private let identities: Identities
    private let registry: ClientRegistry
    private let store: StateStore
    private let telemetry: ControlPlaneTelemetry
    private let changed: @Sendable () -> Void

    /// Follows `source` once `start` is called.
    ///
    /// - Parameter changed: Called after each change, on a thread that may block.
    package init(
        source: PlaneConfigSource, identities: Identities, registry: ClientRegistry, store: StateStore,
        telemetry: ControlPlaneTelemetry, changed: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.changed = changed
        self.source = source
        self.identities = identities
        self.registry = registry
        self.telemetry = telemetry
    }

    /// Loads the clients, and again whenever the folder changes. Blocks on the disk.
    ///
    /// - Throws: `PlaneConfigError` when the folder cannot be watched.
    package func start() throws(PlaneConfigError) {
        for problem in source.problemsAtStart { telemetry.emit(.configurationRefused(problem: problem.description)) }
        load(source.current)
        try source.watch { [self] update in
            switch update {
            case .changed(let snapshot):
                load(snapshot)
                changed()
            case .refused(let problems):
                for problem in problems { telemetry.emit(.configurationRefused(problem: problem.description)) }
            case .notKept(let error): telemetry.emit(.configurationRefused(problem: error.description))
            case .copyNotKept(let error), .copyMadeAnew(let error), .notReached(let error):
                telemetry.emit(.configurationNotKept(reason: error.description))
            }
        }
    }

    /// What the folder describes now.
    package var folder: FolderPlane { FolderPlane(source.current, identities) }

    /// Reads the secrets again: a `secretFile` may have been replaced without a change in the folder. Blocks on the disk.
    package func reload() { load(source.current, quietly: true) }

    /// Follows no more.
    package func stop() { source.stop() }

    private func load(_ snapshot: PlaneSnapshot, quietly: Bool = false) {
        var clients: [SecretClient] = []
        for stream in snapshot.streams {
            do {
                let secret = try identities.clientSecret(of: stream)
                let digest = try SecretClient.digest(Array(secret.utf8))
                clients.append(SecretClient(id: stream.clientID, digest: digest))
            } catch {
                // Whoever could log in before still can; the new secret counts once it can be read.
                if let before = registry[stream.clientID] { clients.append(before) }
                if !quietly { telemetry.emit(.secretUnreadable(stream: stream.name, reason: "\(error)")) }
            }
        }
        registry.replace(clients)
        if quietly { return }
        telemetry.emit(.clientsLoaded(count: clients.count, version: snapshot.version))
        tellShadowed(snapshot)
    }

    /// Names that the API gave away before the folder took them: the API's streams keep them.
    private func tellShadowed(_ snapshot: PlaneSnapshot) {
        do throws(CallError) {
            let names = try store.read { view throws(CallError) in
                try view.streams(ofProject: view.plane().defaultProjectID).map(\.name)
            }
            for name in names where snapshot.stream(named: name) != nil { telemetry.emit(.streamShadowed(name: name)) }
        } catch {
            _ = telemetry.unexpectedID(error)
        }
    }
}
