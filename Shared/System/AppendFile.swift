internal import Glibc

/// A file that only grows: what was written is never touched again. Every call may block on the disk.
package struct AppendFile: ~Copyable, Sendable {
    /// Where it is.
    package let path: String
    private let file: FileDescriptor
    /// Its length in bytes.
    package private(set) var size: Int

    /// Opens a file for appending; makes it, for its owner only, when it is missing. A symbolic link is refused.
    ///
    /// - Throws: `.call`.
    package init(_ path: String) throws(SystemError) {
        let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW
        let opened = FileDescriptor(owning: try systemCall("open", path) { open(path, flags, 0o600) })
        var info = stat()
        try systemCall("fstat", path) { fstat(opened.raw, &info) }
        size = Int(info.st_size)
        file = opened
        self.path = path
    }

    /// Writes behind the end. After a throw a part may be there.
    ///
    /// - Throws: `.call`, when the disk is full for instance.
    package mutating func append(_ bytes: [UInt8]) throws(SystemError) {
        try FileDescriptor.writeAll(raw: file.raw, bytes, path)
        size += bytes.count
    }

    /// Returns when everything that was appended survives a power cut.
    ///
    /// - Throws: `.call`. What was appended since the last success may be lost then, whatever a later call says.
    package func sync() throws(SystemError) {
        try systemCall("fdatasync", path) { fdatasync(file.raw) }
    }
}
