private import CLinux
internal import Time
internal import Glibc

/// How a process ended.
package enum ExitStatus: Sendable, Equatable {
    /// It returned this code.
    case exited(Int32)
    /// A signal ended it.
    case signalled(Int32)

    /// True for exit code 0.
    package var isSuccess: Bool { self == .exited(0) }
}

/// A child process: started here, watched through a descriptor, waited for exactly once.
///
/// Isolation: one owner at a time. When the value goes while the child runs, the child is killed and reaped, so that
/// nothing is orphaned by a forgotten variable.
package struct ChildProcess: ~Copyable, Sendable {
    /// Where one of the child's standard descriptors comes from or goes to.
    package enum Stream: Sendable {
        /// The same as this process has.
        case inherit
        /// Nothing: `/dev/null`.
        case null
        /// A descriptor that the caller owns and may close after the start.
        case descriptor(Int32)
    }

    /// What to start, and how.
    package struct Command: Sendable {
        /// Path of the executable; not searched for.
        package var executable: String
        /// Arguments after the program's name.
        package var arguments: [String]
        /// The child's whole environment. Secrets belong in files instead.
        package var environment: [String: String]
        /// Where the child starts, or nil for the directory of this process.
        package var workingDirectory: String?
        /// Descriptors beyond the standard three: the child's number and the number here, moved in this order. All others
        /// are closed.
        package var inherited: [(child: Int32, here: Int32)] = []
        /// Standard input.
        package var input: Stream = .null
        /// Standard output.
        package var output: Stream = .inherit
        /// Standard error.
        package var error: Stream = .inherit
        /// Puts the child in a process group of its own, so that Ctrl-C in the terminal reaches only this process.
        package var ownGroup = true

        /// A command with the environment of this process when none is given.
        package init(_ executable: String, _ arguments: [String] = [], environment: [String: String]? = nil) {
            self.executable = executable
            self.arguments = arguments
            self.environment = environment ?? ThisProcess.environment()
        }
    }

    /// The kernel's number. The child is a zombie until it is waited for, so the number is not given to another process.
    package let id: Int32
    private let handle: FileDescriptor
    private var status: ExitStatus?

    /// Starts a child with default signal handling.
    ///
    /// - Throws: `.call` when the executable is missing or the machine has no room.
    package init(_ command: Command) throws(SystemError) {
        let pid = try Self.spawn(command)
        let pidDescriptor: Int32
        do {
            pidDescriptor = try systemCall("pidfd_open") { pidfd_open(pid, UInt32(bitPattern: O_NONBLOCK)) }
        } catch {
            Glibc.kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw error
        }
        id = pid
        handle = FileDescriptor(owning: pidDescriptor)
        status = nil
    }

    private static func spawn(_ command: Command) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (child, stream) in [(Int32(0), command.input), (1, command.output), (2, command.error)] {
            switch stream {
            case .inherit: break
            case .null:
                posix_spawn_file_actions_addopen(&actions, child, "/dev/null", child == 0 ? O_RDONLY : O_WRONLY, 0)
            case .descriptor(let here): posix_spawn_file_actions_adddup2(&actions, here, child)
            }
        }
        for (child, here) in command.inherited { posix_spawn_file_actions_adddup2(&actions, here, child) }
        // Ours are close-on-exec, but a library, or whoever started us, may have left others open.
        let wanted = command.inherited.map(\.child)
        let end = max(3, (wanted.max() ?? 2) + 1)
        for raw in 3..<end where !wanted.contains(raw) { posix_spawn_file_actions_addclose(&actions, raw) }
        posix_spawn_file_actions_addclosefrom_np(&actions, end)
        if let directory = command.workingDirectory { posix_spawn_file_actions_addchdir_np(&actions, directory) }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        if command.ownGroup { flags |= POSIX_SPAWN_SETPGROUP }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)

        var arguments = CStringArray([command.executable] + command.arguments)
        var environment = CStringArray(command.environment.map { "\($0.key)=\($0.value)" })
        var pid: pid_t = 0
        let code = posix_spawn(
            &pid, command.executable, &actions, &attributes, arguments.pointers(), environment.pointers())
        guard code == 0 else { throw .call("posix_spawn", errno: code, subject: command.executable) }
        return pid
    }

    deinit {
        guard status == nil else { return }
        Glibc.kill(id, SIGKILL)
        waitpid(id, nil, 0)
    }

    /// Becomes readable when the child has ended; then `poll` answers.
    package var exitDescriptor: Int32 { handle.raw }

    /// How the child ended, or nil while it runs. Does not wait.
    package mutating func poll() -> ExitStatus? { reap(WNOHANG) }

    /// Waits until the child ends, for as long as that takes.
    package mutating func wait() -> ExitStatus {
        while true {
            if let status = reap(0) { return status }
        }
    }

    /// Waits until the child ends, or the time is over: then nil.
    package mutating func wait(upTo limit: Duration) -> ExitStatus? {
        let deadline = MonotonicTime.now() + limit
        while true {
            if let status = reap(WNOHANG) { return status }
            let left = (deadline - .now()).nanoseconds
            if left <= 0 { return nil }
            var entry = pollfd(fd: handle.raw, events: Int16(POLLIN), revents: 0)
            Glibc.poll(&entry, 1, Int32(clamping: left / 1_000_000 + 1))
        }
    }

    /// Sends a signal to the child. Nothing happens when it has ended.
    package func send(_ signal: Signal) {
        if status == nil { Glibc.kill(id, signal.rawValue) }
    }

    private mutating func reap(_ options: Int32) -> ExitStatus? {
        if let status { return status }
        var raw: Int32 = 0
        guard waitpid(id, &raw, options) == id else { return nil }
        // The macros WIFEXITED and friends are not imported: low seven bits 0 means a return, and the code is above them.
        status = raw & 0x7f == 0 ? .exited((raw >> 8) & 0xff) : .signalled(raw & 0x7f)
        return status
    }
}

/// A null-terminated array of C strings, as `execve` takes it.
private struct CStringArray: ~Copyable {
    private var strings: UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>

    init(_ texts: [String]) {
        strings = .allocate(capacity: texts.count + 1)
        strings.initialize(repeating: nil)
        for (index, text) in texts.enumerated() { strings[index] = strdup(text) }
    }

    deinit {
        for string in strings { free(string) }
        strings.deallocate()
    }

    mutating func pointers() -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> { strings.baseAddress! }
}
