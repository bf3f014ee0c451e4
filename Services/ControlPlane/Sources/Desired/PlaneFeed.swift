import PlaneConfig
import Synchronization

/// The newest edition of the plane, for everybody who asks: made when somebody asks for the first time after a change, and kept.
///
/// Safe from any thread.
package final class PlaneFeed: Sendable {
    private struct State {
        var edition: PlaneEdition?
        var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextWatcher = 0
        /// The revision that each component has taken up which watches and confirms; 0 before the first.
        var components: [String: Int64] = [:]
        /// Who waits for confirmations.
        var waiting: [Int: AsyncStream<Void>.Continuation] = [:]

        func hasAll(_ revision: Int64) -> Bool { components.values.allSatisfy { $0 >= revision } }
    }

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

    /// The edition of that version, if it has been made.
    func edition(_ version: String) -> PlaneEdition? {
        state.withLock { $0.edition?.version == version ? $0.edition : nil }
    }

    /// The edition of what a call sees, made now unless it is there.
    ///
    /// - Parameter made: Told of an edition that was made now.
    func edition(
        for call: Call, made isMade: (PlaneEdition) -> Void
    ) throws(CallError) -> PlaneEdition {
        let version = "\(planeID.prefix(8))-\(try call.view.plane().revision)-\(call.folder.snapshot.version)"
        if let known = edition(version) { return known }
        let made = try PlaneEdition(version, call)
        state.withLock { $0.edition = made }
        isMade(made)
        return made
    }

    /// Word of changes, in a stream that remembers one; ends with the task that reads it.
    ///
    /// - Parameter component: Who watches, and will confirm what it takes up; empty for somebody who will not.
    package func hints(for component: String) -> AsyncStream<Void> {
        let (hints, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = continuation
            if !component.isEmpty { state.components[component] = 0 }
            return state.nextWatcher
        }
        continuation.onTermination = { [weak self] _ in self?.forget(number, component) }
        return hints
    }

    private func forget(_ number: Int, _ component: String) {
        let waiting = state.withLock { state in
            state.watchers[number] = nil
            state.components[component] = nil
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
            guard let known = state.components[component] else { return [] }
            state.components[component] = max(known, revision)
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
