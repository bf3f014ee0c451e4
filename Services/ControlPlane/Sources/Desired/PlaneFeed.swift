import PlaneConfig
import Synchronization

/// The newest edition of the plane, for everybody who asks: made when somebody asks for the first time after a change, and kept.
/// Whoever has one of the editions before is told what has changed since: of ten thousand streams mostly one.
///
/// Safe from any thread.
package final class PlaneFeed: Sendable {
    private struct State {
        var edition: PlaneEdition?
        /// From edition to edition, the oldest first; the last one leads to the newest.
        var steps: [Step] = []
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWatcher = 0
        /// The revision that each component has taken up which watches and confirms, by its watcher; 0 before the first. One that
        /// watches again stands here twice until its old stream has ended.
        var components: [Int: (name: String, revision: Int64)] = [:]
        /// Who waits for confirmations.
        var waiting: [Int: AsyncStream<Void>.Continuation] = [:]

        func hasAll(_ revision: Int64) -> Bool { components.values.allSatisfy { $0.revision >= revision } }
    }

    private struct Step {
        let from: String  // a version
        let streams: Set<String>  // UUIDs of those that differ
    }

    /// Steps that are remembered, and streams in all of them.
    private static let stepLimit = 256
    private static let streamLimit = 20_000

    private let state = Mutex(State())
    private let revision: Atomic<Int64>
    private let planeID: String

    /// The feed of a state whose changes are told to `revisionGrew`.
    package init(planeID: String, revision: Int64) {
        self.planeID = planeID
        self.revision = Atomic(revision)
    }

    /// A feed that is told of every change of a state.
    ///
    /// - Throws: `.state` when that cannot be read.
    package static func following(_ store: StateStore) throws(CallError) -> PlaneFeed {
        let plane = try store.read { view throws(CallError) in try view.plane() }
        let feed = PlaneFeed(planeID: plane.organizationID, revision: plane.revision)
        store.onPlaneChange { revision in feed.revisionGrew(to: revision) }
        return feed
    }

    /// The state has changed. Any thread; revisions may come out of order.
    package func revisionGrew(to number: Int64) {
        revision.max(number, ordering: .relaxed)
        changed()
    }

    /// The state or the folder has changed: watchers are woken.
    package func changed() {
        let watchers = state.withLock { Array($0.watchers.values) }
        for watcher in watchers { watcher.yield() }
    }

    /// What an edition that is made now is called. The plane's id is in it: a state that is put back from a copy may have the same
    /// revision twice, another plane has another id.
    func version(_ folder: FolderPlane) -> String {
        "\(planeID.prefix(8))-\(revision.load(ordering: .relaxed))-\(folder.snapshot.version)"
    }

    /// The edition of what a call sees, made now unless it is there.
    ///
    /// - Parameter made: Told of an edition that was made now.
    func edition(
        for call: Call, made isMade: (PlaneEdition) -> Void
    ) throws(CallError) -> PlaneEdition {
        let version = "\(planeID.prefix(8))-\(try call.view.plane().revision)-\(call.folder.snapshot.version)"
        let before = state.withLock { $0.edition }
        if let before, before.version == version { return before }
        let made = try PlaneEdition(version, call)
        let changed = before.flatMap { made.streamsChanged(since: $0) }
        state.withLock { state in
            // Two may have been made side by side: then nobody knows the way from the one to the other.
            if let changed, let before, state.edition === before {
                state.steps.append(Step(from: before.version, streams: changed))
            } else {
                state.steps = []
            }
            var count = state.steps.reduce(0) { $0 + $1.streams.count }
            while state.steps.count > Self.stepLimit || count > Self.streamLimit {
                count -= state.steps.removeFirst().streams.count
            }
            state.edition = made
        }
        isMade(made)
        return made
    }

    /// `GetPlaneResponse` for somebody who has that version: what has changed, or everything when that is shorter or the version is
    /// none that is remembered.
    func answer(_ edition: PlaneEdition, since version: String) -> [UInt8] {
        let changed: Set<String>? = state.withLock { state in
            guard state.edition === edition, let first = state.steps.firstIndex(where: { $0.from == version }) else {
                return nil
            }
            return state.steps[first...].reduce(into: []) { $0.formUnion($1.streams) }
        }
        guard let changed, changed.count < edition.count else { return edition.plane }
        return edition.changes(since: version, changed)
    }

    /// Word of changes, in a stream that remembers one; ends with the task that reads it.
    ///
    /// - Parameter component: Who watches, and will confirm what it takes up; empty for somebody who will not.
    package func hints(for component: String) -> AsyncStream<Void> {
        let (hints, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            if !component.isEmpty { state.components[state.nextWatcher] = (name: component, revision: 0) }
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in self?.forget(number) }
        return hints
    }

    private func forget(_ number: Int) {
        let waiting = state.withLock { state in
            state.watchers[number] = nil
            state.components[number] = nil
            return Array(state.waiting.values)
        }
        for waiter in waiting { waiter.yield() }
    }

    // MARK: - What components have taken up

    /// A component says which version it has taken up. Of one that does not watch, or of a version of another plane, nothing is noted.
    package func confirmed(_ component: String, _ version: String) {
        let parts = version.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0] == planeID.prefix(8), let revision = Int64(parts[1]) else { return }
        let waiting = state.withLock { state -> [AsyncStream<Void>.Continuation] in
            for (number, known) in state.components where known.name == component {
                state.components[number] = (name: known.name, revision: max(known.revision, revision))
            }
            return Array(state.waiting.values)
        }
        for waiter in waiting { waiter.yield() }
    }

    /// Waits until every component that watches has taken up the plane as it is now, or until the time is over.
    package func settled(within limit: Duration) async {
        let wanted = revision.load(ordering: .relaxed)
        let (confirmations, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            guard !state.hasAll(wanted) else { return nil }
            state.nextWatcher += 1
            state.waiting[state.nextWatcher] = continuation
            return state.nextWatcher
        }
        guard let number else { return }
        defer { state.withLock { $0.waiting[number] = nil } }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in confirmations where self.state.withLock({ $0.hasAll(wanted) }) { return }
            }
            group.addTask {
                do { try await Task.sleep(for: limit) } catch { return }
            }
            await group.next()
            group.cancelAll()
        }
    }
}
