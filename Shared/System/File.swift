internal import Glibc

/// What the kernel knows about a path. Two equal values mean: not replaced and not written to in between.
package struct FileStatus: Sendable, Equatable {
    /// Length in bytes.
    package var size: Int
    /// Last change of the content, nanoseconds since the Unix epoch.
    package var modified: Int64
    /// The file's number on its device: another file under the same name has another.
    package var inode: UInt64
    /// The device it is on.
    package var device: UInt64
    /// Permission bits, such as 0o600.
    package var mode: UInt32
    /// True for a directory.
    package var isDirectory: Bool
}

/// Whole files. Every call may block on the disk, so none belongs on an event loop after start.
package enum File {
    /// Reads a file whole. Never waits for somebody to write: a FIFO, a device or a socket is refused.
    ///
    /// - Parameter limit: The most bytes that the caller is prepared to hold.
    /// - Throws: `.call` when it cannot be opened or read, `.notAFile`, `.tooLong` above the limit.
    package static func read(_ path: String, limit: Int = 64 << 20) throws(SystemError) -> [UInt8] {
        // Without O_NONBLOCK, opening a FIFO waits for its writer: for ever, perhaps.
        let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
        let raw: Int32
        do {
            raw = try systemCall("open", path) { open(path, flags) }
        } catch {
            // What the kernel says about a socket, and about a device without a driver.
            if error.code == ENXIO { throw .notAFile(path: path, found: "a socket or a device") }
            throw error
        }
        let file = FileDescriptor(owning: raw)
        var info = stat()
        try systemCall("fstat", path) { fstat(file.raw, &info) }
        switch info.st_mode & S_IFMT {
        case S_IFREG: return try readToEnd(raw: file.raw, path, limit: limit)
        case S_IFDIR: throw .notAFile(path: path, found: "a folder")
        case S_IFIFO: throw .notAFile(path: path, found: "a FIFO")
        default: throw .notAFile(path: path, found: "a device")
        }
    }

    /// Reads what a person named on the command line: a file, or a pipe such as the shell's `<(…)`, whose writer it waits for.
    ///
    /// - Throws: `.call` when it cannot be opened or read, `.tooLong` above the limit.
    package static func readWaiting(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let file = FileDescriptor(owning: try systemCall("open", path) { open(path, O_RDONLY | O_CLOEXEC) })
        return try readToEnd(raw: file.raw, path, limit: limit)
    }

    /// Reads a blocking descriptor until its end.
    ///
    /// - Throws: `.call` when a read fails, `.tooLong` above the limit.
    package static func readToEnd(raw: Int32, _ name: String, limit: Int) throws(SystemError) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = try systemCall("read", name) {
                chunk.withUnsafeMutableBytes { Glibc.read(raw, $0.baseAddress, $0.count) }
            }
            if count == 0 { return bytes }
            if bytes.count + count > limit { throw .tooLong(path: name, limit: limit) }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    /// Replaces a file so that a reader, or the machine after a power cut, finds the old content or the new, never a mix.
    ///
    /// The bytes go to a temporary name in the same directory, are synced, and take the place of the old file; then the
    /// directory is synced. The file has `mode` from its first byte on, whatever the umask says.
    ///
    /// - Throws: `.call`; the old file is then untouched and the temporary one gone.
    package static func writeAtomically(_ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644) throws(SystemError) {
        let temporary = try writeTemporary(beside: path, bytes, mode: mode)
        do {
            try systemCall("rename", path) { Glibc.rename(temporary, path) }
        } catch {
            unlink(temporary)
            throw error
        }
        try Directory.sync(parent(of: path))
    }

    /// Creates a file with this content, unless one is there already. Safe when several processes try at once: exactly one
    /// succeeds, and nobody ever sees a half-written file.
    ///
    /// - Returns: False when the file existed; its content is then left alone.
    /// - Throws: `.call` for every other trouble.
    package static func createExclusively(
        _ path: String, _ bytes: [UInt8], mode: UInt32 = 0o644
    ) throws(SystemError) -> Bool {
        let temporary = try writeTemporary(beside: path, bytes, mode: mode)
        defer { unlink(temporary) }
        do {
            // link, not rename: it refuses a name that is taken.
            try systemCall("link", path) { link(temporary, path) }
        } catch {
            if error.isAlreadyThere { return false }
            throw error
        }
        try Directory.sync(parent(of: path))
        return true
    }

    /// Looks at a path, following symbolic links. Nil when nothing is there.
    ///
    /// - Throws: `.call` when the kernel cannot tell, for instance for lack of rights.
    package static func status(_ path: String) throws(SystemError) -> FileStatus? {
        var info = stat()
        do {
            try systemCall("stat", path) { stat(path, &info) }
        } catch {
            if error.isNotFound || error.code == ENOTDIR { return nil }
            throw error
        }
        return FileStatus(
            size: Int(info.st_size),
            modified: Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec),
            inode: UInt64(info.st_ino), device: UInt64(info.st_dev), mode: UInt32(info.st_mode) & 0o7777,
            isDirectory: info.st_mode & S_IFMT == S_IFDIR)
    }

    /// Sets the permission bits of a path.
    ///
    /// - Throws: `.call` when it is missing or not ours.
    package static func setMode(_ path: String, _ mode: UInt32) throws(SystemError) {
        try systemCall("chmod", path) { chmod(path, mode) }
    }

    /// Removes a file.
    ///
    /// - Returns: False when it was not there.
    /// - Throws: `.call` for every other trouble.
    @discardableResult
    package static func remove(_ path: String) throws(SystemError) -> Bool {
        do {
            try systemCall("unlink", path) { unlink(path) }
            return true
        } catch {
            if error.isNotFound { return false }
            throw error
        }
    }

    /// Gives a file another name on the same file system, replacing what has that name.
    ///
    /// - Throws: `.call` when the source is missing or the target is on another device.
    package static func rename(_ path: String, to newPath: String) throws(SystemError) {
        try systemCall("rename", path) { Glibc.rename(path, newPath) }
    }

    /// The directory part of a path: `.` when there is none.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func writeTemporary(beside path: String, _ bytes: [UInt8], mode: UInt32) throws(SystemError)
        -> String
    {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max)).tmp"
        let file = FileDescriptor(
            owning: try systemCall("open", temporary) {
                open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            })
        do {
            try systemCall("fchmod", temporary) { fchmod(file.raw, mode) }
            try FileDescriptor.writeAll(raw: file.raw, bytes, path)
            try systemCall("fsync", temporary) { fsync(file.raw) }
        } catch {
            unlink(temporary)
            throw error
        }
        return temporary
    }
}
