import Glibc
import Synchronization

/// What a tool that has ended left behind.
package struct ToolResult: Sendable {
    /// Exit status; 128 + the signal's number when a signal ended it, as a shell says.
    package let status: Int32
    /// All of standard output.
    package let outputBytes: [UInt8]
    /// All of standard error.
    package let errorBytes: [UInt8]
    /// Standard output as text.
    package var output: String { String(decoding: outputBytes, as: UTF8.self) }
    /// Standard error as text.
    package var errors: String { String(decoding: errorBytes, as: UTF8.self) }
}

/// Runs a tool to its end, with its input written and both outputs captured.
///
/// - Parameters:
///   - program: A path, or a name that is looked up in `PATH`.
///   - environment: Added to the environment of the tests.
///   - deadline: The tool is killed when it is still running then.
///   - mayFail: Otherwise a status that is not 0 throws.
/// - Throws: `TestKitError`.
@discardableResult
package func runTool(
    _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String] = [:],
    deadline: Duration = .seconds(120), mayFail: Bool = false
) async throws -> ToolResult {
    let tool = try RunningTool(program, arguments, input: input, environment: environment)
    let result = try await tool.waitForEnd(within: deadline)
    if !mayFail, result.status != 0 {
        let command = ([program] + arguments).joined(separator: " ")
        throw TestKitError.toolFailed(command: command, status: result.status, errors: result.errors)
    }
    return result
}

/// A tool that keeps running next to the test, a server for example. Killed when the last reference goes.
package final class RunningTool: Sendable {
    private struct State {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        var openPipes = 2
        var status: Int32?
    }

    /// Process id; also the id of its process group.
    package let pid: Int32
    private let command: String
    private let state: SharedState

    /// Its own class, so that the reading threads do not keep the tool alive.
    private final class SharedState: Sendable {
        let value = Mutex(State())
    }

    /// Starts a tool in its own process group.
    ///
    /// - Parameters:
    ///   - program: A path, or a name that is looked up in `PATH`.
    ///   - input: Written to standard input, which is then closed.
    ///   - environment: Added to the environment of the tests.
    /// - Throws: `TestKitError.system` when it cannot be started.
    package init(
        _ program: String, _ arguments: [String] = [], input: [UInt8] = [], environment: [String: String] = [:]
    ) throws {
        // Glibc's module has no pipe2: until close-on-exec is set no other tool of these tests may be started, or it would
        // hold our pipes open.
        pthread_mutex_lock(spawnLock)
        defer { pthread_mutex_unlock(spawnLock) }
        let standardInput = try Pipe()
        let standardOutput = try Pipe()
        let standardError = try Pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, standardInput.reading, 0)
        posix_spawn_file_actions_adddup2(&actions, standardOutput.writing, 1)
        posix_spawn_file_actions_adddup2(&actions, standardError.writing, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        var defaults = sigset_t()
        sigemptyset(&defaults)
        for signal in [SIGPIPE, SIGTERM, SIGINT, SIGCHLD] { sigaddset(&defaults, signal) }
        posix_spawnattr_setsigdefault(&attributes, &defaults)

        var pid: pid_t = 0
        let failure = withCStrings([program] + arguments) { words in
            withCStrings(mergedEnvironment(adding: environment)) { variables in
                posix_spawnp(&pid, program, &actions, &attributes, words, variables)
            }
        }
        standardInput.closeReading()
        standardOutput.closeWriting()
        standardError.closeWriting()
        guard failure == 0 else {
            standardInput.closeWriting()
            standardOutput.closeReading()
            standardError.closeReading()
            throw TestKitError.system(
                call: "posix_spawnp", subject: program, reason: String(cString: strerror(failure)))
        }
        let child = pid
        self.pid = child
        command = ([program] + arguments).joined(separator: " ")
        let shared = SharedState()
        state = shared
        startThread {
            signal(SIGPIPE, SIG_IGN)
            var written = 0
            while written < input.count {
                let count = input.withUnsafeBytes {
                    write(standardInput.writing, $0.baseAddress! + written, $0.count - written)
                }
                if count <= 0 { break }  // the tool does not want more input
                written += count
            }
            standardInput.closeWriting()
        }
        startThread {
            drain(standardOutput.reading) { piece in shared.value.withLock { $0.output += piece } }
            shared.value.withLock { $0.openPipes -= 1 }
        }
        startThread {
            drain(standardError.reading) { piece in shared.value.withLock { $0.errors += piece } }
            shared.value.withLock { $0.openPipes -= 1 }
        }
        startThread {
            var status: Int32 = 0
            while waitpid(child, &status, 0) < 0, errno == EINTR {}
            let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            shared.value.withLock { $0.status = code }
        }
    }

    deinit { if exitStatus == nil { kill(-pid, SIGKILL) } }

    /// The exit status, or nil while it runs.
    package var exitStatus: Int32? { state.value.withLock { $0.status } }
    /// What it has written to standard output until now.
    package var output: String { String(decoding: state.value.withLock { $0.output }, as: UTF8.self) }
    /// What it has written to standard error until now.
    package var errors: String { String(decoding: state.value.withLock { $0.errors }, as: UTF8.self) }

    /// Sends a signal to the tool (not to its group).
    package func send(signal: Int32) { if exitStatus == nil { kill(pid, signal) } }

    /// Sends SIGTERM to the tool.
    package func terminate() { send(signal: SIGTERM) }

    /// Waits until the tool has ended and both outputs are read. Kills its group at the deadline.
    ///
    /// - Throws: `TestKitError.deadlinePassed`.
    package func waitForEnd(within deadline: Duration = .seconds(60)) async throws -> ToolResult {
        do {
            try await eventually("end of \(command)", within: deadline) {
                state.value.withLock { $0.status != nil && $0.openPipes == 0 }
            }
        } catch {
            kill(-pid, SIGKILL)
            throw error
        }
        return state.value.withLock {
            ToolResult(status: $0.status ?? -1, outputBytes: $0.output, errorBytes: $0.errors)
        }
    }

    /// Waits until standard output or standard error contains `text`.
    ///
    /// - Throws: `TestKitError.deadlinePassed` at the deadline, `.toolFailed` when the tool ended without it.
    package func waitForText(_ text: String, within deadline: Duration = .seconds(60)) async throws {
        try await eventually("\"\(text)\" from \(command)", within: deadline) {
            let (found, status, errors) = state.value.withLock { state in
                let everything = String(decoding: state.output, as: UTF8.self)
                let errors = String(decoding: state.errors, as: UTF8.self)
                let ended = state.openPipes == 0 ? state.status : nil
                return (everything.contains(text) || errors.contains(text), ended, errors)
            }
            if !found, let status {
                throw TestKitError.toolFailed(command: command, status: status, errors: errors)
            }
            return found
        }
    }
}

/// Held while pipes are made and a tool is started.
private nonisolated(unsafe) let spawnLock: UnsafeMutablePointer<pthread_mutex_t> = {
    // Lives as long as the process; only its address is shared, and pthreads guards the rest.
    let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    return lock
}()

private struct Pipe {
    let reading: Int32
    let writing: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw systemFailure("pipe", "") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (reading, writing) = (ends[0], ends[1])
    }

    func closeReading() { close(reading) }
    func closeWriting() { close(writing) }
}

private func drain(_ descriptor: Int32, _ take: ([UInt8]) -> Void) {
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        if count <= 0 { break }
        take(Array(piece[..<count]))
    }
    close(descriptor)
}

private final class ThreadWork {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// A detached thread: pipes block, and blocking work does not belong on the executor's threads.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let work = Unmanaged.passRetained(ThreadWork(body))
    let failure = pthread_create(
        &thread, nil,
        { argument in
            Unmanaged<ThreadWork>.fromOpaque(argument!).takeRetainedValue().body()
            return nil
        }, work.toOpaque())
    precondition(failure == 0, "a thread can be started")
    pthread_detach(thread)
}

private func mergedEnvironment(adding extra: [String: String]) -> [String] {
    var result: [String] = []
    var entry = environ
    while let text = entry.pointee {
        let variable = String(cString: text)
        if extra[String(variable.prefix { $0 != "=" })] == nil { result.append(variable) }
        entry += 1
    }
    return result + extra.map { "\($0.key)=\($0.value)" }
}

private func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
}
