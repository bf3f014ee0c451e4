import Faults
import Glibc
import System
import TestKit
import Testing
import Time

@Suite struct FileTests {
    @Test func `an atomic write replaces the content, keeps the mode and leaves nothing behind`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("secret")
        try File.writeAtomically(path, Array("one".utf8), mode: 0o600)
        try File.writeAtomically(path, Array("two".utf8), mode: 0o600)
        #expect(try File.read(path) == Array("two".utf8))
        #expect(try folder.mode(of: "secret") == 0o600)
        #expect(try Directory.list(folder.path) == ["secret"])
    }

    @Test func `exactly one of many creators wins, and all read the winner's bytes`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("id")
        let wins = await withTaskGroup(of: Int.self) { group in
            for number in 0..<16 {
                group.addTask {
                    do {
                        return try File.createExclusively(path, [UInt8(number)]) ? 1 : 0
                    } catch {
                        Issue.record(error)
                        return 0
                    }
                }
            }
            return await group.reduce(0, +)
        }
        #expect(wins == 1)
        #expect(try File.read(path).count == 1)
        #expect(try Directory.list(folder.path) == ["id"])
    }

    @Test func `a missing file is told apart from other trouble`() throws {
        let folder = try TemporaryFolder()
        #expect(try File.status(folder.file("none")) == nil)
        #expect(try !File.remove(folder.file("none")))
        let error = #expect(throws: SystemError.self) { try File.read(folder.file("none")) }
        #expect(error?.isNotFound == true)
        #expect(error?.description.contains("No such file") == true)
    }

    @Test(.timeLimit(.minutes(1)))
    func `what is no file is refused at once, and said to be what it is`() throws {
        let folder = try TemporaryFolder()
        #expect(mkfifo(folder.file("fifo"), 0o600) == 0)
        let listener = try Socket.listen(on: try SocketAddress(unixPath: folder.file("socket")))
        for (path, found) in [
            (folder.file("fifo"), "a FIFO"), (folder.file("socket"), "a socket or a device"), (folder.path, "a folder"),
            ("/dev/zero", "a device"),
        ] {
            #expect(throws: SystemError.notAFile(path: path, found: found)) { try File.read(path) }
        }
        #expect(SystemError.notAFile(path: "/x", found: "a FIFO").description == "/x: a FIFO, not a file")
        withExtendedLifetime(listener) {}
    }

    @Test func `a file above the reader's limit is refused`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("long", [UInt8](repeating: 7, count: 1001))
        #expect(throws: SystemError.tooLong(path: path, limit: 1000)) { try File.read(path, limit: 1000) }
        #expect(try File.read(path, limit: 1001).count == 1001)
    }

    @Test func `a lock is exclusive until it goes`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("lock")
        do {
            let lock = try FileLock(path)
            #expect(throws: SystemError.locked(path: path)) { _ = try FileLock(path) }
            _ = consume lock
        }
        _ = try FileLock(path)
    }

    @Test func `directories are made with their parents and removed with their content`() throws {
        let folder = try TemporaryFolder()
        try Directory.create(folder.file("a/b/c"))
        try Directory.create(folder.file("a/b/c"))
        try File.writeAtomically(folder.file("a/b/c/file"), [1])
        try Directory.removeAll(folder.file("a"))
        try Directory.removeAll(folder.file("a"))
        #expect(try Directory.list(folder.path) == [])
    }

    @Test func `a replaced file has another status`() throws {
        let folder = try TemporaryFolder()
        let path = folder.file("f")
        try File.writeAtomically(path, [1])
        let before = try File.status(path)
        #expect(try File.status(path) == before)
        try File.writeAtomically(path, [2])
        #expect(try File.status(path) != before)
    }
}

@Suite struct ChildProcessTests {
    @Test func `exit codes and signals are told apart`() throws {
        var ends = try ChildProcess(.init("/bin/sh", ["-c", "exit 7"]))
        #expect(ends.wait() == .exited(7))
        #expect(ends.poll() == .exited(7))
        var killed = try ChildProcess(.init("/bin/sleep", ["100"]))
        #expect(killed.poll() == nil)
        killed.send(.terminate)
        #expect(killed.wait(upTo: .seconds(60)) == .signalled(15))
    }

    @Test func `a child gets its environment, its directory and nothing that was not named`() throws {
        let folder = try TemporaryFolder()
        let (reader, writer) = try FileDescriptor.pipe().take()
        var command = ChildProcess.Command(
            "/bin/sh", ["-c", "echo $NAME; pwd; ls /proc/self/fd | wc -l"], environment: ["NAME": "polder"])
        command.environment["PATH"] = "/usr/bin:/bin"
        command.workingDirectory = folder.path
        command.output = .descriptor(writer)
        var child = try ChildProcess(command)
        FileDescriptor.close(raw: writer)
        let output = String(decoding: try File.readToEnd(raw: reader, "pipe", limit: 4096), as: UTF8.self)
        FileDescriptor.close(raw: reader)
        #expect(child.wait() == .exited(0))
        // 0, 1, 2 and the directory that ls itself has open.
        #expect(output.split(separator: "\n") == ["polder", Substring(folder.path), "4"])
    }

    @Test func `a child sees its lifeline end when the parent lets go`() throws {
        let (reader, writer) = try FileDescriptor.pipe().take()
        var command = ChildProcess.Command("/bin/sh", ["-c", "cat <&5; exit 3"])
        command.inherited = [(child: 5, here: reader)]
        var child = try ChildProcess(command)
        FileDescriptor.close(raw: reader)
        #expect(child.poll() == nil)
        FileDescriptor.close(raw: writer)
        #expect(child.wait(upTo: .seconds(60)) == .exited(3))
    }

    @Test func `a forgotten child is killed and reaped`() throws {
        let id: Int32
        do {
            let child = try ChildProcess(.init("/bin/sleep", ["100"]))
            id = child.id
        }
        #expect(try File.status("/proc/\(id)") == nil)
    }

    @Test func `a missing executable is an error of the start`() {
        let error = #expect(throws: SystemError.self) { _ = try ChildProcess(.init("/no/such/program")) }
        #expect(error?.isNotFound == true)
    }
}

@Suite struct SocketTests {
    @Test(arguments: [("127.0.0.1", "127.0.0.1:80"), ("::1", "[::1]:80"), ("0.0.0.0", "0.0.0.0:80")])
    func `addresses read and print`(_ ip: String, _ text: String) throws {
        let address = try SocketAddress(ip: ip, port: 80)
        #expect(address.description == text)
        #expect(address.host == ip)
        #expect(address.isLoopback == (ip != "0.0.0.0"))
    }

    @Test(arguments: ["", "localhost", "1.2.3", "1.2.3.4.5", "::1::2", "127.0.0.1 "])
    func `what is no address is refused`(_ text: String) {
        #expect(throws: SystemError.badAddress(text)) { try SocketAddress(ip: text, port: 1) }
    }

    @Test func `two sockets share a port only when both ask for it`() throws {
        let first = try Socket.listen(on: SocketAddress(ip: "127.0.0.1", port: 0), reusePort: true)
        let address = try #require(try Socket.localAddress(raw: first.raw))
        let second = try Socket.listen(on: address, reusePort: true)
        let error = #expect(throws: SystemError.self) { _ = try Socket.listen(on: address) }
        #expect(error?.isAddressInUse == true)
        _ = consume second
        _ = consume first
    }

    @Test func `localhost resolves, an invalid name does not`() throws {
        #expect(try SocketAddress.resolve(host: "localhost", port: 8443).contains { $0.isLoopback && $0.port == 8443 })
        let error = #expect(throws: SystemError.self) { try SocketAddress.resolve(host: "no-such.invalid", port: 1) }
        #expect(error?.blame == .upstream)
    }
}

@Suite struct SystemCallTests {
    @Test func `random bytes differ and fill the buffer`() {
        #expect(randomBytes(32) != randomBytes(32))
        #expect(randomBytes(100_000).count == 100_000)
        #expect(randomBytes(0).isEmpty)
    }

    @Test func `the monotonic clock does not go back, and the wall clock is in this century`() {
        let first = MonotonicTime.now()
        #expect(MonotonicTime.now() >= first)
        #expect((first + .seconds(1)) - first == .seconds(1))
        #expect(SystemClock().now() > Timestamp(seconds: 1_600_000_000))
    }

    @Test func `usage counts memory and time`() throws {
        #expect(ResourceUsage.ofThisProcess().userTime > .zero)
        #expect(try ResourceUsage.residentBytes() > 1 << 20)
    }

    @Test func `a monitor wakes its waiter, and a limit ends the wait`() throws {
        let monitor = Monitor(0)
        #expect(monitor.wait(upTo: .milliseconds(1)) { $0 > 0 ? $0 : nil } == nil)
        let thread = try SystemThread.start("changer") { monitor.change { $0 = 5 } }
        #expect(monitor.wait(upTo: .seconds(60)) { $0 > 0 ? $0 : nil } == 5)
        thread.join()
    }

    @Test func `a signal to the process arrives as a value, whichever thread takes it`() async {
        await #expect(processExitsWith: .exitCode(42)) {
            let signals = try SignalDescriptor([.terminate])
            kill(getpid(), SIGTERM)
            while true {
                if let signal = signals.next() { ThisProcess.exit(signal == .terminate ? 42 : 1) }
            }
        }
    }

    @Test func `core dumps are off after forbidding them`() async {
        await #expect(processExitsWith: .exitCode(42)) {
            try ThisProcess.forbidCoreDumps()
            let limits = String(decoding: try File.read("/proc/self/limits"), as: UTF8.self)
            let line = limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") }
            let numbers = line?.split(separator: " ").filter { $0 == "0" }.count
            ThisProcess.exit(numbers == 2 ? 42 : 1)
        }
    }
}
