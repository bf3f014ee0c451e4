private import CLinux
internal import Glibc

/// What this process has used up so far.
package struct ResourceUsage: Sendable {
    /// CPU time in user mode.
    package var userTime: Duration
    /// CPU time in the kernel.
    package var systemTime: Duration

    /// Reads the counters of this process.
    package static func ofThisProcess() -> ResourceUsage { read(__rusage_who_t(RUSAGE_SELF.rawValue)) }

    /// Reads the counters of the calling thread alone.
    package static func ofThisThread() -> ResourceUsage {
        read(__rusage_who_t(1))  // RUSAGE_THREAD, which the C library shows to GNU sources only
    }

    private static func read(_ who: __rusage_who_t) -> ResourceUsage {
        var usage = rusage()
        getrusage(who, &usage)
        return ResourceUsage(
            userTime: .seconds(usage.ru_utime.tv_sec) + .microseconds(usage.ru_utime.tv_usec),
            systemTime: .seconds(usage.ru_stime.tv_sec) + .microseconds(usage.ru_stime.tv_usec))
    }

    /// The resident size now, in bytes, from `/proc/self/statm`.
    ///
    /// - Throws: `.call` when `/proc` is not mounted.
    package static func residentBytes() throws(SystemError) -> Int {
        let fields = try File.read("/proc/self/statm", limit: 4096).split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return 0 }
        return pages * Int(getpagesize())
    }
}

/// This process and what the kernel lets others see of it.
package enum ThisProcess {
    /// The kernel's number for it.
    package static var id: Int32 { getpid() }

    /// Keeps personal data out of core dumps, and out of reach of debuggers of the same user.
    ///
    /// - Throws: `.call` when the kernel refuses.
    package static func forbidCoreDumps() throws(SystemError) {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        try systemCall("setrlimit") { setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) }
        try systemCall("prctl") { clinux_set_dumpable(0) }
    }

    /// Raises the limit on open descriptors to what the machine allows this user, and answers that number.
    ///
    /// - Throws: `.call` when the kernel refuses.
    @discardableResult
    package static func raiseDescriptorLimit() throws(SystemError) -> Int {
        var limit = rlimit()
        try systemCall("getrlimit") { getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        limit.rlim_cur = limit.rlim_max
        try systemCall("setrlimit") { setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
        return Int(clamping: limit.rlim_cur)
    }

    /// A copy of the environment. Only a service's start reads it; settings travel as values from there.
    package static func environment() -> [String: String] {
        var result: [String: String] = [:]
        var entry = Glibc.environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if let equals = line.firstIndex(of: "=") {
                result[String(line[..<equals])] = String(line[line.index(after: equals)...])
            }
            entry += 1
        }
        return result
    }

    /// Gives memory that is free, but was not returned by the allocator, back to the kernel. Takes milliseconds after a burst.
    package static func giveMemoryBack() { _ = malloc_trim(0) }

    /// Has the allocator return large blocks to the kernel as soon as they are freed, and keep a few megabytes for small ones. By
    /// default it begins to keep large ones too (up to 32 MiB each) once one has been freed; and with a fixed idea of what is
    /// large it would return every 128 KiB, only to ask for them again with the next batch.
    package static func returnLargeBlocks() {
        _ = mallopt(M_MMAP_THRESHOLD, 1 << 20)
        _ = mallopt(M_TRIM_THRESHOLD, 4 << 20)
    }

    /// Ends the process at once, without running anything else.
    package static func exit(_ code: Int32) -> Never { _exit(code) }
}

/// What is known about a terminal behind a descriptor.
package enum Terminal {
    /// True when a descriptor is a terminal: somebody may be watching.
    package static func isTerminal(_ raw: Int32) -> Bool { isatty(raw) == 1 }

    /// The width in columns, or nil when the descriptor is no terminal or does not know.
    package static func columns(_ raw: Int32) -> Int? {
        var size = winsize()
        guard ioctl(raw, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
