package import Net
internal import Synchronization
internal import System

/// What became of a change in the plane's configuration.
package enum PlaneUpdate: Sendable {
    /// The new configuration, in force from now on.
    case changed(PlaneSnapshot)
    /// What was read holds mistakes; what was in force stays. All of them, by file and line.
    case refused([PlaneProblem])
    /// The state folder has no room for what is new (a stream's identity, a schema), so the new configuration is not in force.
    /// It is tried again every five seconds.
    case notKept(PlaneConfigError)
    /// The configuration is in force, but not its copy for a start without the folder; that is tried again every five seconds.
    case copyNotKept(PlaneConfigError)
    /// The copy could not be read at start, and has been made anew: the control plane said what is in force.
    case copyMadeAnew(PlaneConfigError)
    /// The control plane does not answer; what was in force stays. Told once, until it answers again.
    case notReached(PlaneConfigError)
}

/// The plane's configuration for one component: read where it is described, kept for a start without that, and watched.
///
/// - What holds mistakes is refused as a whole: the configuration in force stays, with its last good copy on disk.
/// - A folder is read before the copy, because it is there at once. A control plane is not: where there is a copy, the component
///   starts from it, and asks afterwards.
///
/// Safe from any thread.
package final class PlaneConfigSource: Sendable {
    private struct State {
        var snapshot: PlaneSnapshot
        var confirmed: MonotonicTime?  // when the origin last said what is in force
        var isAccepted: Bool  // what the origin said last is in force
        var isCopyMissing: Bool
        var isOutOfReach = false
    }

    /// What is wrong with the origin, when the last good copy is in force in place of it; empty when it was good at start.
    package let problemsAtStart: [PlaneProblem]

    private let origin: any PlaneOrigin
    private let loader: PlaneLoader
    private let lastGood: LastGood
    private let copyErrorAtStart: PlaneConfigError?
    private let damageAtStart: PlaneConfigError?
    private let costAtStart: Duration
    private let state: Mutex<State>
    private let thread = Mutex<SystemThread?>(nil)

    /// Reads a plane folder, or falls back to the last good copy when the folder holds mistakes or is not there, or when the
    /// state folder has no room for what is new in it.
    ///
    /// - Parameters:
    ///   - folder: The plane folder.
    ///   - state: The state folder, with identities, schema ids and last good copies.
    ///   - component: Which copy is this component's own: `event-gateway`, or `decrypter-<stream>`.
    /// - Throws: `.invalid` when the folder holds mistakes and there is no copy; `.state` or `.corruptState`.
    package convenience init(folder: String, state: String, component: String) throws(PlaneConfigError) {
        try self.init(FolderOrigin(folder: folder), state: state, component: component)
    }

    /// Starts from the last good copy. Without one, or with one that is damaged, it waits for a control plane's first answer: a minute,
    /// then it gives up.
    ///
    /// - Parameters:
    ///   - controlPlane: Its address, for messages.
    ///   - channel: Its calls carry the installation's token. It must not need the calling thread.
    ///   - seal: Of a component that masks: it gets mask seeds, and keeps them sealed. Nil for the others.
    ///   - state: The state folder, with schema ids and last good copies.
    ///   - component: Which copy is this component's own.
    /// - Throws: `.unreachable`, or `.invalid` when what the control plane says holds mistakes, and there is no copy;
    ///   `.state` or `.corruptState`.
    package convenience init(
        controlPlane: String, channel: GRPCChannel, seal: SeedSeal?, state: String, component: String
    ) throws(PlaneConfigError) {
        try self.init(
            ControlPlaneOrigin(place: controlPlane, channel: channel, wantsMaskSeeds: seal != nil), state: state,
            component: component, seal: seal)
    }

    init(
        _ origin: any PlaneOrigin, state: String, component: String, seal: SeedSeal? = nil
    ) throws(PlaneConfigError) {
        let before = SystemThread.processorTime()
        self.origin = origin
        loader = try PlaneLoader(state: state)
        lastGood = LastGood(state: state, component: component, seal: seal)
        var start: PlaneSnapshot?
        var damage: PlaneConfigError?
        if origin.isSlow {
            do {
                start = try Self.copy(lastGood, loader)
            } catch {
                switch error {
                // Nobody knows what stood there. The control plane does; while it is away, nothing is better than a guess.
                case .corruptState, .invalid: damage = error
                case .state, .badSecretFile, .unreachable: throw error
                }
            }
        }
        var problems: [PlaneProblem] = []
        var copyError: PlaneConfigError?
        var confirmed: MonotonicTime?
        if start == nil {
            do {
                let documents = try Self.firstReading(of: origin)
                start = try loader.snapshot(of: documents, folder: origin.place)
                confirmed = MonotonicTime.now()
                do { try lastGood.save(documents, folder: origin.place) } catch { copyError = error }
            } catch {
                switch error {
                case .invalid(let found): problems = found
                case .state, .unreachable:
                    problems = [PlaneProblem(file: "", line: 0, reason: error.description)]
                    origin.readAgain()
                case .corruptState, .badSecretFile: throw error
                }
                start = try Self.copy(lastGood, loader)
                if start == nil { throw error }
            }
        }
        guard let snapshot = start else { throw .unreachable(origin.place) }
        costAtStart = SystemThread.processorTime() - before
        problemsAtStart = problems
        copyErrorAtStart = copyError
        damageAtStart = copyError == nil ? damage : nil
        self.state = Mutex(
            State(
                snapshot: snapshot, confirmed: confirmed, isAccepted: confirmed != nil, isCopyMissing: copyError != nil)
        )
    }

    /// Components and their control plane may start side by side.
    private static func firstReading(of origin: any PlaneOrigin) throws(PlaneConfigError) -> [PlaneDocument] {
        let end = MonotonicTime.now() + .seconds(60)
        while true {
            do {
                if let documents = try origin.read() { return documents }
                origin.readAgain()
            } catch {
                guard case .unreachable = error, origin.isSlow, origin.awaitNews(until: end, unchanged: {}) == .news
                else { throw error }
            }
        }
    }

    private static func copy(_ lastGood: LastGood, _ loader: PlaneLoader) throws(PlaneConfigError) -> PlaneSnapshot? {
        guard let copy = try lastGood.load() else { return nil }
        return try loader.snapshot(of: copy.documents, folder: copy.folder)
    }

    /// Where the configuration comes from: the folder, as an absolute path, or the control plane's address.
    package var place: String { origin.place }

    /// The configuration in force.
    package var current: PlaneSnapshot { state.withLock { $0.snapshot } }

    /// How long ago the folder or the control plane last said what is in force; nil when that was before this start.
    package var age: Duration? {
        state.withLock { $0.confirmed }.map { MonotonicTime.now() - $0 }
    }

    /// Starts watching on a thread of its own. Call it once.
    ///
    /// - Parameter onUpdate: Called on that thread, which may block, after `current` has changed; one call at a time.
    /// - Throws: `.state` when the thread cannot be started.
    package func watch(_ onUpdate: @escaping @Sendable (PlaneUpdate) -> Void) throws(PlaneConfigError) {
        let started = try onState { () throws(SystemError) in
            try SystemThread.start("plane-config") { self.run(onUpdate) }
        }
        thread.withLock { $0 = started }
    }

    /// Stops watching and waits until the thread has ended. Never call it from `onUpdate`.
    package func stop() {
        origin.stop()
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    private func run(_ onUpdate: @Sendable (PlaneUpdate) -> Void) {
        var copy = WaitingCopy(cost: costAtStart)
        // A full disk may have room again, although nothing that was read will tell.
        var retryAt: MonotonicTime?
        if let copyErrorAtStart {
            retryAt = MonotonicTime.now() + Self.retryInterval
            onUpdate(.copyNotKept(copyErrorAtStart))
        }
        if let damageAtStart { onUpdate(.copyMadeAnew(damageAtStart)) }
        while let reason = origin.awaitNews(until: [retryAt, copy.due].compactMap(\.self).min(), unchanged: confirm) {
            let isForCopy = reason == .timeIsUp && retryAt.map { $0 > .now() } ?? true
            if !isForCopy {
                if reason == .timeIsUp { origin.readAgain() }
                retryAt = nil
                for update in read(&copy) {
                    if case .notKept = update { retryAt = MonotonicTime.now() + Self.retryInterval }
                    onUpdate(update)
                }
            }
            // Of a control plane's changes the next wait begins with the confirmation, which is not held up either.
            // Changes without end must not keep it from the disk, though.
            if let due = copy.due, due <= .now(),
                !origin.isSlow || reason == .timeIsUp || due + Self.longestStorm <= .now()
            {
                keep(&copy, onUpdate)
            }
            if state.withLock({ $0.isCopyMissing }) { retryAt = retryAt ?? .now() + Self.retryInterval }
        }
        if copy.due != nil { keep(&copy, onUpdate) }
    }

    private static let retryInterval: Duration = .seconds(5)
    private static let longestStorm: Duration = .seconds(5)

    /// What is in force, until its copy is kept. Copying a large plane takes a while, and a machine may have many components: each
    /// spends a fiftieth of a processor on it at most, and not when all others do.
    private struct WaitingCopy {
        private static let longestDelay: Duration = .seconds(30)

        /// Processor time that the copy before took.
        var cost: Duration
        private(set) var documents: [PlaneDocument]?
        /// When to keep it; nil when there is none.
        private(set) var due: MonotonicTime?

        init(cost: Duration) { self.cost = cost }

        mutating func hold(_ documents: [PlaneDocument]) {
            self.documents = documents
            due = due ?? .now() + min(cost * 100, Self.longestDelay) * Double.random(in: 0.5...1)
        }

        mutating func take() -> [PlaneDocument]? {
            defer { (documents, due) = (nil, nil) }
            return documents
        }
    }

    /// Nothing when what was read says what is in force already.
    private func read(_ copy: inout WaitingCopy) -> [PlaneUpdate] {
        do {
            let documents = try origin.read()
            state.withLock { $0.isOutOfReach = false }
            guard let documents else {
                confirm()
                return []
            }
            let snapshot = try loader.snapshot(of: documents, folder: origin.place)
            let isNew = state.withLock { state in
                defer { (state.snapshot, state.isAccepted) = (snapshot, true) }
                return state.snapshot.version != snapshot.version
            }
            confirm()
            if isNew || state.withLock({ $0.isCopyMissing }) { copy.hold(documents) }
            return isNew ? [.changed(snapshot)] : []
        } catch {
            switch error {
            case .invalid(let problems):
                state.withLock { $0.isAccepted = false }
                return [.refused(problems)]
            case .state, .corruptState, .badSecretFile:
                state.withLock { $0.isAccepted = false }
                return [.notKept(error)]
            case .unreachable:
                let isFirst = state.withLock { state in
                    defer { state.isOutOfReach = true }
                    return !state.isOutOfReach
                }
                return isFirst ? [.notReached(error)] : []
            }
        }
    }

    /// What is in force is what the origin says now.
    private func confirm() {
        state.withLock { if $0.isAccepted { $0.confirmed = MonotonicTime.now() } }
    }

    /// Tells of the first failure only, until a copy was kept again.
    private func keep(_ copy: inout WaitingCopy, _ onUpdate: (PlaneUpdate) -> Void) {
        guard let documents = copy.take() else { return }
        let before = SystemThread.processorTime()
        do {
            try lastGood.save(documents, folder: origin.place)
            state.withLock { $0.isCopyMissing = false }
        } catch {
            let isFirst = state.withLock { state in
                defer { state.isCopyMissing = true }
                return !state.isCopyMissing
            }
            if isFirst { onUpdate(.copyNotKept(error)) }
        }
        copy.cost = SystemThread.processorTime() - before
    }
}

extension PlaneSnapshot {
    /// The configuration that a component last accepted, without looking at its folder; nothing when it never had one.
    ///
    /// - Throws: `.state`, `.corruptState`, or `.invalid` when this version finds mistakes that an older one accepted.
    package static func lastGood(state: String, component: String) throws(PlaneConfigError) -> PlaneSnapshot? {
        guard let copy = try LastGood(state: state, component: component).load() else { return nil }
        return try PlaneLoader(state: state).snapshot(of: copy.documents, folder: copy.folder)
    }
}
