internal import Glibc

/// Directories. Every call may block on the disk.
package enum Directory {
    /// Makes a directory and the missing ones above it. Fine when it exists; its mode is then left alone.
    ///
    /// - Throws: `.call`, also when a file has that name.
    package static func create(_ path: String, mode: UInt32 = 0o755) throws(SystemError) {
        if let status = try File.status(path) {
            if status.isDirectory { return }
            throw .call("mkdir", errno: ENOTDIR, subject: path)
        }
        let above = File.parent(of: path)
        if above != path, above != "." { try create(above, mode: mode) }
        do {
            try systemCall("mkdir", path) { mkdir(path, mode) }
        } catch {
            if !error.isAlreadyThere { throw error }
        }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    ///
    /// - Throws: `.call` when it cannot be read.
    package static func list(_ path: String) throws(SystemError) -> [String] {
        guard let stream = opendir(path) else {
            try systemCall("opendir", path) { Int32(-1) }
            return []
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes a directory and everything in it. Symbolic links are removed, not followed. Fine when it is not there.
    ///
    /// - Throws: `.call` when something in it cannot be removed.
    package static func removeAll(_ path: String) throws(SystemError) {
        var info = stat()
        do {
            try systemCall("lstat", path) { lstat(path, &info) }
        } catch {
            if error.isNotFound { return }
            throw error
        }
        guard info.st_mode & S_IFMT == S_IFDIR else {
            try File.remove(path)
            return
        }
        for name in try list(path) {
            try removeAll("\(path)/\(name)")
        }
        try systemCall("rmdir", path) { rmdir(path) }
    }

    /// Makes a new directory with a random suffix, for its owner only.
    ///
    /// - Throws: `.call` when the place is not writable.
    package static func createTemporary(prefix: String = "/tmp/polder-") throws(SystemError) -> String {
        var template = Array("\(prefix)XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { mkdtemp($0.baseAddress!) }
        if made == nil { try systemCall("mkdtemp", prefix) { Int32(-1) } }
        return template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// Makes created, renamed and removed names in a directory survive a power cut.
    ///
    /// - Throws: `.call` when it cannot be opened or synced.
    package static func sync(_ path: String) throws(SystemError) {
        let directory = FileDescriptor(
            owning: try systemCall("open", path) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) })
        try systemCall("fsync", path) { fsync(directory.raw) }
    }

    /// The directory that relative paths start from.
    ///
    /// - Throws: `.call` when it has been removed.
    package static func current() throws(SystemError) -> String {
        guard let text = getcwd(nil, 0) else {
            try systemCall("getcwd") { Int32(-1) }
            return "."
        }
        defer { free(text) }
        return String(cString: text)
    }

    /// The path of the running executable, links resolved.
    ///
    /// - Throws: `.call` when `/proc` is not mounted.
    package static func executablePath() throws(SystemError) -> String {
        var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = try systemCall("readlink", "/proc/self/exe") {
            buffer.withUnsafeMutableBytes {
                readlink("/proc/self/exe", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
        }
        return String(decoding: buffer[..<count], as: UTF8.self)
    }
}

/// Holds an advisory lock (`flock`) on a path until it goes. The kernel releases it when the process dies, however it dies.
package struct FileLock: ~Copyable, Sendable {
    private let file: FileDescriptor

    /// Takes the lock, or refuses at once. The file is created when missing, and stays: removing it would race.
    ///
    /// - Throws: `.locked` when another process holds it; `.call` when the file cannot be opened.
    package init(_ path: String) throws(SystemError) {
        let opened = FileDescriptor(
            owning: try systemCall("open", path) { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600) })
        do {
            try systemCall("flock", path) { flock(opened.raw, LOCK_EX | LOCK_NB) }
        } catch {
            if error.code == EWOULDBLOCK { throw .locked(path: path) }
            throw error
        }
        file = opened
    }
}
