internal import System

/// What became of a change in the plane folder.
package enum PlaneUpdate: Sendable {
    /// The new configuration, in force from now on.
    case changed(PlaneSnapshot)
    /// The folder holds mistakes; what was in force stays. All of them, by file and line.
    case refused([PlaneProblem])
    /// The state folder could not be written, so the new configuration is not in force. It is tried again every five seconds.
    case notKept(PlaneConfigError)
}

/// The plane's configuration for one component: read from a folder, kept for a start without it, and watched.
///
/// - A folder with mistakes is refused as a whole: the configuration in force stays, with its last good copy on disk.
/// - A change is noticed by looking at the files' times and sizes every 200 ms and taken up once they have been still for
///   one round, so that an editor's half-written file is not seen. That works on every file system and with links that are
///   swapped, where change notification does not.
///
/// Safe from any thread.
package final class PlaneConfigSource: Sendable {
    private struct State {
        var snapshot: PlaneSnapshot
        var seen: [String]  // what the folder looked like when it was last read
        var isStopped = false
    }

    /// The folder, as an absolute path.
    package let folder: String
    /// Why the last good copy is in force in place of the folder; empty when the folder was good at start.
    package let problemsAtStart: [PlaneProblem]

    private let loader: PlaneLoader
    private let lastGood: LastGood
    private let state: Monitor<State>
    private let thread = Monitor<SystemThread?>(nil)

    /// Reads the folder, or falls back to the last good copy when the folder holds mistakes or is not there.
    ///
    /// - Parameters:
    ///   - folder: The plane folder.
    ///   - state: The state folder, with identities, schema ids and last good copies.
    ///   - component: Which copy is this component's own: `event-gateway`, or `decrypter-<stream>`.
    /// - Throws: `.invalid` when the folder holds mistakes and there is no copy; `.state` or `.corruptState`.
    package init(folder: String, state: String, component: String) throws(PlaneConfigError) {
        let folder = try onState { () throws(SystemError) in
            folder.hasPrefix("/") ? folder : "\(try Directory.current())/\(folder)"
        }
        self.folder = folder
        loader = try PlaneLoader(state: state)
        lastGood = LastGood(state: state, component: component)
        let seen = PlaneConfigSource.look(at: folder)
        var problems: [PlaneProblem] = []
        var snapshot: PlaneSnapshot
        do {
            let documents = try loader.documents(in: folder)
            snapshot = try loader.snapshot(of: documents, folder: folder)
            try lastGood.save(documents, folder: folder)
        } catch {
            guard case .invalid(let found) = error, let copy = try lastGood.load() else { throw error }
            problems = found
            snapshot = try loader.snapshot(of: copy.documents, folder: copy.folder)
        }
        problemsAtStart = problems
        self.state = Monitor(State(snapshot: snapshot, seen: seen))
    }

    /// The configuration in force.
    package var current: PlaneSnapshot { state.withLock { $0.snapshot } }

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
        state.change { $0.isStopped = true }
        let running = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        running?.join()
    }

    private func run(_ onUpdate: @Sendable (PlaneUpdate) -> Void) {
        var before = state.withLock { $0.seen }
        var retryAt: MonotonicTime?
        // Stopped is the only thing waited for: the limit is the interval between two looks.
        while state.wait(upTo: .milliseconds(200), { $0.isStopped ? true : nil }) == nil {
            let now = PlaneConfigSource.look(at: folder)
            let isStill = now == before
            before = now
            let isDue = retryAt.map { $0 <= MonotonicTime.now() } ?? false
            guard isStill, isDue || now != state.withLock({ $0.seen }) else { continue }
            state.withLock { $0.seen = now }
            retryAt = nil
            guard let update = reload() else { continue }
            // A full disk may have room again, although no file of the folder will tell.
            if case .notKept = update { retryAt = MonotonicTime.now() + .seconds(5) }
            onUpdate(update)
        }
    }

    /// Nothing when the files changed but what they say did not.
    private func reload() -> PlaneUpdate? {
        do {
            let documents = try loader.documents(in: folder)
            let snapshot = try loader.snapshot(of: documents, folder: folder)
            try lastGood.save(documents, folder: folder)
            let isNew = state.withLock { state in
                defer { state.snapshot = snapshot }
                return state.snapshot.version != snapshot.version
            }
            return isNew ? .changed(snapshot) : nil
        } catch {
            switch error {
            case .invalid(let problems): return .refused(problems)
            case .state, .corruptState, .badSecretFile: return .notKept(error)
            }
        }
    }

    /// A line per file: name, inode, size, time of change. A folder that cannot be read looks like its error.
    private static func look(at folder: String) -> [String] {
        do {
            var lines: [String] = []
            for file in try planeFiles(in: folder) {
                guard let status = try File.status("\(folder)/\(file)") else { continue }
                lines.append("\(file) \(status.device):\(status.inode) \(status.size) \(status.modified)")
            }
            return lines
        } catch {
            return [error.description]
        }
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
