internal import System

/// What became of a change in the plane folder.
package enum PlaneUpdate: Sendable {
    /// The new configuration, in force from now on.
    case changed(PlaneSnapshot)
    /// The folder holds mistakes; what was in force stays. All of them, by file and line.
    case refused([PlaneProblem])
    /// The state folder has no room for what is new (a stream's identity, a schema), so the new configuration is not in force.
    /// It is tried again every five seconds.
    case notKept(PlaneConfigError)
    /// The configuration is in force, but not its copy for a start without the folder; that is tried again every five seconds.
    case copyNotKept(PlaneConfigError)
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
    /// What the files looked like when they were last read.
    private struct Seen: Equatable {
        var files: [String]
        var secrets: [String]
    }

    private struct State {
        var snapshot: PlaneSnapshot
        var seen: Seen
        var secretFiles: [String]  // that the folder named when it was last read
        var isCopyMissing: Bool
        var isStopped = false
    }

    /// The folder, as an absolute path.
    package let folder: String
    /// Why the last good copy is in force in place of the folder; empty when the folder was good at start.
    package let problemsAtStart: [PlaneProblem]

    private let loader: PlaneLoader
    private let lastGood: LastGood
    private let copyErrorAtStart: PlaneConfigError?
    private let state: Monitor<State>
    private let thread = Monitor<SystemThread?>(nil)

    /// Reads the folder, or falls back to the last good copy when the folder holds mistakes or is not there, or when the state
    /// folder has no room for what is new in it.
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
        var seen = Seen(files: PlaneConfigSource.look(at: folder), secrets: [])
        var secretFiles: [String] = []
        var problems: [PlaneProblem] = []
        var copyError: PlaneConfigError?
        var snapshot: PlaneSnapshot
        do {
            let documents = try loader.documents(in: folder, secretFiles: &secretFiles)
            snapshot = try loader.snapshot(of: documents, folder: folder)
            do { try lastGood.save(documents, folder: folder) } catch { copyError = error }
        } catch {
            switch error {
            case .invalid(let found): problems = found
            case .state:
                problems = [PlaneProblem(file: "", line: 0, reason: error.description)]
                seen.files = []  // to be read again
            case .corruptState, .badSecretFile: throw error
            }
            guard let copy = try lastGood.load() else { throw error }
            snapshot = try loader.snapshot(of: copy.documents, folder: copy.folder)
        }
        problemsAtStart = problems
        copyErrorAtStart = copyError
        seen.secrets = PlaneConfigSource.look(atFiles: secretFiles)
        self.state = Monitor(
            State(snapshot: snapshot, seen: seen, secretFiles: secretFiles, isCopyMissing: copyError != nil))
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
        if let copyErrorAtStart {
            retryAt = MonotonicTime.now() + Self.retryInterval
            onUpdate(.copyNotKept(copyErrorAtStart))
        }
        // Stopped is the only thing waited for: the limit is the interval between two looks.
        while state.wait(upTo: .milliseconds(200), { $0.isStopped ? true : nil }) == nil {
            let (seen, secretFiles) = state.withLock { ($0.seen, $0.secretFiles) }
            let now = Seen(
                files: PlaneConfigSource.look(at: folder), secrets: PlaneConfigSource.look(atFiles: secretFiles))
            let isStill = now == before
            before = now
            let isDue = retryAt.map { $0 <= MonotonicTime.now() } ?? false
            guard isStill, isDue || now != seen else { continue }
            state.withLock { $0.seen.files = now.files }
            let updates = reload()
            before = state.withLock { $0.seen }
            retryAt = nil
            // A full disk may have room again, although no file of the folder will tell.
            if state.withLock({ $0.isCopyMissing }) { retryAt = MonotonicTime.now() + Self.retryInterval }
            for update in updates {
                if case .notKept = update { retryAt = MonotonicTime.now() + Self.retryInterval }
                onUpdate(update)
            }
        }
    }

    private static let retryInterval: Duration = .seconds(5)

    /// Nothing when the files changed but what they say did not.
    private func reload() -> [PlaneUpdate] {
        var secretFiles: [String] = []
        defer {
            let secrets = PlaneConfigSource.look(atFiles: secretFiles)
            state.withLock { state in
                state.secretFiles = secretFiles
                state.seen.secrets = secrets
            }
        }
        do {
            let documents = try loader.documents(in: folder, secretFiles: &secretFiles)
            let snapshot = try loader.snapshot(of: documents, folder: folder)
            let isNew = state.withLock { state in
                defer { state.snapshot = snapshot }
                return state.snapshot.version != snapshot.version
            }
            return (isNew ? [.changed(snapshot)] : []) + keepCopy(of: documents)
        } catch {
            switch error {
            case .invalid(let problems): return [.refused(problems)]
            case .state, .corruptState, .badSecretFile: return [.notKept(error)]
            }
        }
    }

    /// Tells of the first failure only, until a copy was kept again.
    private func keepCopy(of documents: [PlaneDocument]) -> [PlaneUpdate] {
        do {
            try lastGood.save(documents, folder: folder)
            state.withLock { $0.isCopyMissing = false }
            return []
        } catch {
            let isFirst = state.withLock { state in
                defer { state.isCopyMissing = true }
                return !state.isCopyMissing
            }
            return isFirst ? [.copyNotKept(error)] : []
        }
    }

    /// A line per file: name, inode, size, time of change. A folder that cannot be read looks like its error.
    private static func look(at folder: String) -> [String] {
        var problems: [PlaneProblem] = []
        let files = planeFiles(in: folder, problems: &problems)
        return look(atFiles: files.map { "\(folder)/\($0)" }) + problems.map(\.description)
    }

    private static func look(atFiles files: [String]) -> [String] {
        files.map { file in
            do {
                guard let status = try File.status(file) else { return file }
                return "\(file) \(status.device):\(status.inode) \(status.size) \(status.modified)"
            } catch {
                return "\(file) \(error)"
            }
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
