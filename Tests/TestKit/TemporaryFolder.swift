import Glibc

/// What the test rig itself could not do.
package enum TestKitError: Error {
    /// A system call failed: its name, the path or program, and errno as text.
    case system(call: String, subject: String, reason: String)
    /// A tool ended with another status than 0: the command, the status and what it wrote to standard error.
    case toolFailed(command: String, status: Int32, errors: String)
    /// Something did not happen before its deadline.
    case deadlinePassed(String)
    /// A stranger (a Python environment or a program) that the tests need is not installed.
    case strangerMissing(String)
}

/// A folder of its own for one test, removed with everything in it when the last reference goes.
package final class TemporaryFolder: Sendable {
    /// Absolute path, without a slash at the end.
    package let path: String
    private let isOwner: Bool

    /// Makes the folder below `$TMPDIR` or `/tmp`, for its owner only.
    ///
    /// - Throws: `TestKitError.system`.
    package init() throws {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/polder-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw systemFailure("mkdtemp", base) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        isOwner = true
    }

    /// A folder of the process that started this one; it stays when this goes.
    package init(ofParent path: String) {
        self.path = path
        isOwner = false
    }

    deinit { if isOwner { removeTree(path) } }

    /// The path of an entry in the folder.
    package func file(_ name: String) -> String { path + "/" + name }

    /// Makes a folder inside, with its parents, and tells its path.
    ///
    /// - Throws: `TestKitError.system`.
    @discardableResult
    package func makeFolder(_ name: String) throws -> String {
        var current = path
        for part in name.split(separator: "/") {
            current += "/" + part
            guard mkdir(current, 0o700) == 0 || errno == EEXIST else { throw systemFailure("mkdir", current) }
        }
        return current
    }

    /// Writes a file (replacing it in place) and tells its path. Parents must exist.
    ///
    /// - Throws: `TestKitError.system`.
    @discardableResult
    package func write(_ name: String, _ bytes: [UInt8], mode: UInt32 = 0o600) throws -> String {
        let path = file(name)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw systemFailure("open", path) }
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            guard count > 0 else { throw systemFailure("write", path) }
            written += count
        }
        return path
    }

    /// Writes a text file and tells its path.
    ///
    /// - Throws: `TestKitError.system`.
    @discardableResult
    package func write(_ name: String, text: String, mode: UInt32 = 0o600) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    /// Reads a whole file of the folder.
    ///
    /// - Throws: `TestKitError.system`.
    package func read(_ name: String) throws -> [UInt8] { try readFile(file(name)) }

    /// Reads a whole text file of the folder.
    ///
    /// - Throws: `TestKitError.system`.
    package func readText(_ name: String) throws -> String { String(decoding: try read(name), as: UTF8.self) }

    /// Whether an entry of that name exists.
    package func has(_ name: String) -> Bool { access(file(name), F_OK) == 0 }

    /// The names in the folder, or in a folder inside it, sorted.
    ///
    /// - Throws: `TestKitError.system`.
    package func names(in folder: String = "") throws -> [String] {
        guard let names = entries(of: folder.isEmpty ? path : file(folder)) else {
            throw systemFailure("opendir", folder)
        }
        return names.sorted()
    }

    /// The permission bits of an entry, for example `0o600`.
    ///
    /// - Throws: `TestKitError.system`.
    package func mode(of name: String) throws -> UInt32 {
        var status = stat()
        guard lstat(file(name), &status) == 0 else { throw systemFailure("lstat", name) }
        return UInt32(status.st_mode & 0o7777)
    }

    /// Removes a file or a whole tree inside the folder.
    package func remove(_ name: String) { removeTree(file(name)) }
}

/// Reads a whole file, wherever it is.
///
/// - Throws: `TestKitError.system`.
package func readFile(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw systemFailure("open", path) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = Glibc.read(descriptor, &piece, piece.count)
        guard count >= 0 else { throw systemFailure("read", path) }
        if count == 0 { return bytes }
        bytes += piece[..<count]
    }
}

/// The failure of the system call that just failed.
func systemFailure(_ call: String, _ subject: String) -> TestKitError {
    .system(call: call, subject: subject, reason: String(cString: strerror(errno)))
}

private func entries(of folder: String) -> [String]? {
    guard let directory = opendir(folder) else { return nil }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

private func removeTree(_ path: String) {
    if unlink(path) == 0 { return }
    for name in entries(of: path) ?? [] { removeTree(path + "/" + name) }
    rmdir(path)
}
