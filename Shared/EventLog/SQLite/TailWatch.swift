import System

/// Waits for a topic's `tail` file to be written to.
///
/// Without inotify (the user's instances or watches are used up) a wait is 10 ms long: readers poll, and are merely dearer.
final class TailWatch {
    private let path: String
    private var watch: FileWatch?
    private var isWatching = false

    init(_ path: String) {
        self.path = path
        do throws(SystemError) { watch = try FileWatch() } catch { watch = nil }
    }

    /// Watches the file that has the name now.
    func begin() { isWatching = watch?.watch(path) ?? false }

    /// Forgets what has happened so far.
    func rearm() { watch?.discardEvents() }

    /// - Returns: False when nothing happened in time.
    func wait(_ limit: Duration) -> Bool {
        guard isWatching else {
            SystemThread.sleep(min(limit, .milliseconds(10)))
            return false
        }
        return watch?.wait(limit) ?? false
    }
}
