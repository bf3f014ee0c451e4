private import CLinux
internal import Glibc
import Time

/// Waits for one file to be written to: a blocking thread's way to follow what another process appends.
///
/// - Isolation: one thread at a time.
package struct FileWatch: ~Copyable, Sendable {
    private let file: FileDescriptor
    private var watched: Int32 = -1

    /// Starts without a file.
    ///
    /// - Throws: `.call` when the user has too many inotify instances (`fs.inotify.max_user_instances`).
    package init() throws(SystemError) {
        file = FileDescriptor(
            owning: try systemCall("inotify_init1") { inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)) })
    }

    /// Watches the file that has this name now, and no other any more.
    ///
    /// - Returns: False when there is none, or the user has too many watches.
    package mutating func watch(_ path: String) -> Bool {
        if watched >= 0 { inotify_rm_watch(file.raw, watched) }
        watched = inotify_add_watch(file.raw, path, UInt32(IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF))
        return watched >= 0
    }

    /// Forgets what has happened so far.
    package func discardEvents() {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
            while case .done = FileDescriptor.read(raw: file.raw, into: buffer) {}
        }
    }

    /// Waits until something happens to the file.
    ///
    /// - Returns: False when nothing did within `limit`.
    package func wait(_ limit: Duration) -> Bool {
        var entry = pollfd(fd: file.raw, events: Int16(POLLIN), revents: 0)
        let milliseconds = max(1, (limit.nanoseconds + 999_999) / 1_000_000)
        // EINTR counts as nothing: the caller looks again anyway.
        return poll(&entry, 1, Int32(clamping: milliseconds)) > 0
    }
}

extension SystemThread {
    /// Stops the calling thread for a while. Never on an event loop.
    package static func sleep(_ time: Duration) {
        let nanoseconds = max(0, time.nanoseconds)
        let whole = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        withUnsafeTemporaryAllocation(of: timespec.self, capacity: 1) { left in
            guard let left = left.baseAddress else { return }
            left.initialize(to: whole)
            while nanosleep(left, left) != 0 {}  // EINTR: the rest is in `left`
        }
    }
}

extension FileDescriptor {
    /// Opens a file for `overwrite`; made when it is missing.
    ///
    /// - Throws: `.call` when it cannot be opened.
    package static func openForOverwriting(_ path: String, mode: UInt32) throws(SystemError) -> FileDescriptor {
        FileDescriptor(owning: try systemCall("open", path) { open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode) })
    }

    /// Writes over the beginning of a file.
    @discardableResult
    package static func overwrite(raw: Int32, _ bytes: UnsafeRawBufferPointer) -> CallOutcome {
        nonBlockingCall("pwrite") { pwrite(raw, bytes.baseAddress, bytes.count, 0) }
    }
}
