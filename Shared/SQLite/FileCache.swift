private import CSQLite
private import Glibc

/// Asks the kernel to drop those pages of a growing file that nobody is about to read.
///
/// A log is written once and read near its end. Left alone it fills the machine's memory with pages that have been read
/// already, pushes out those of others, and takes a fresh page of memory for each one that it writes.
struct FileCache {
    private var descriptor: Int32 = -1
    private var released: Int?  // bytes from the file's beginning

    /// Drops what lies before the last `kept` bytes and came since the last call; the first call only looks.
    mutating func release(_ path: String, keeping kept: Int) {
        var file = stat()
        guard stat(path, &file) == 0 else { return }
        let end = max(0, Int(file.st_size) - kept)
        let from = released ?? end
        guard end - from > 0 else {
            released = from
            return
        }
        // Advice only: refused or given for nothing, the file is as good as before.
        guard find(file), posix_fadvise(descriptor, from, end - from, POSIX_FADV_DONTNEED) == 0 else { return }
        released = end
    }

    /// SQLite does not show its descriptors, and a second one must never be closed (`README.md`): so one of SQLite's is looked
    /// for among those of this process. It stays open as long as this connection; its number is checked at each use.
    private mutating func find(_ wanted: stat) -> Bool {
        if isSame(descriptor, wanted) { return true }
        guard let folder = opendir("/proc/self/fd") else { return false }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            let number = withUnsafeBytes(of: entry.pointee.d_name) { name in
                name.prefix { $0 != 0 }.reduce(Int32(0)) { total, digit in
                    digit >= 0x30 && digit <= 0x39 ? total &* 10 &+ Int32(digit - 0x30) : -1
                }
            }
            guard number > 2, isSame(number, wanted) else { continue }
            descriptor = number
            return true
        }
        return false
    }

    private func isSame(_ number: Int32, _ wanted: stat) -> Bool {
        var found = stat()
        return number >= 0 && fstat(number, &found) == 0 && found.st_ino == wanted.st_ino
            && found.st_dev == wanted.st_dev
    }
}
