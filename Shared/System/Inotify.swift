private import CLinux
internal import Glibc

/// Tells when names in directories change. One descriptor for many directories; not thread-safe.
package struct Inotify: ~Copyable, Sendable {
    /// Stands for one watched directory.
    package struct WatchID: Sendable, Hashable {
        fileprivate let raw: Int32
    }

    /// Something happened in a watched directory.
    package enum Event: Sendable, Equatable {
        /// A file under `name` was written, created, removed or renamed.
        case changed(WatchID, name: String)
        /// The directory itself has gone, and its watch with it.
        case gone(WatchID)
        /// The kernel had to drop events: look at everything.
        case overflow
    }

    private let file: FileDescriptor

    /// Starts with no watches.
    ///
    /// - Throws: `.call` when the user has too many instances (`fs.inotify.max_user_instances`).
    package init() throws(SystemError) {
        file = FileDescriptor(
            owning: try systemCall("inotify_init1") { inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)) })
    }

    /// Becomes readable when there are events.
    package var raw: Int32 { file.raw }

    /// Watches one directory, not those below it.
    ///
    /// - Parameter writes: Also tell about every single write to a file in it, not only about finished ones (close).
    /// - Throws: `.call` when it is not there or the user has too many watches.
    package func watch(directory path: String, writes: Bool = false) throws(SystemError) -> WatchID {
        var mask = UInt32(IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
        mask |= UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)
        if writes { mask |= UInt32(IN_MODIFY) }
        return WatchID(
            raw: try systemCall("inotify_add_watch", path) { inotify_add_watch(file.raw, path, mask) })
    }

    /// Stops watching. Fine when the directory has gone already.
    package func unwatch(_ id: WatchID) {
        inotify_rm_watch(file.raw, id.raw)
    }

    /// Everything that has happened since the last call. Does not wait.
    ///
    /// - Throws: `.call` when the kernel refuses the read.
    package func events() throws(SystemError) -> [Event] {
        var events: [Event] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let outcome = buffer.withUnsafeMutableBytes { FileDescriptor.read(raw: file.raw, into: $0) }
            switch outcome {
            case .wouldBlock: return events
            case .failed(let code): throw .call("read", errno: code, subject: "inotify")
            case .done(let count): buffer.withUnsafeBytes { Self.parse($0[..<count], into: &events) }
            }
        }
    }

    private static func parse(_ bytes: Slice<UnsafeRawBufferPointer>, into events: inout [Event]) {
        var rest = UnsafeRawBufferPointer(rebasing: bytes)
        let headerSize = MemoryLayout<inotify_event>.size
        while rest.count >= headerSize {
            let header = rest.loadUnaligned(as: inotify_event.self)
            let nameBytes = rest[headerSize..<(headerSize + Int(header.len))].prefix { $0 != 0 }
            let id = WatchID(raw: header.wd)
            if header.mask & UInt32(IN_Q_OVERFLOW) != 0 {
                events.append(.overflow)
            } else if header.mask & UInt32(IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED | IN_UNMOUNT) != 0 {
                if events.last != .gone(id) { events.append(.gone(id)) }
            } else {
                events.append(.changed(id, name: String(decoding: nameBytes, as: UTF8.self)))
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[(headerSize + Int(header.len))...])
        }
    }
}
