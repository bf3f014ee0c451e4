internal import EventLoop
internal import System
internal import Wire

/// One running process, watched on a loop: what it writes, and its end.
///
/// Isolation: made, used and released on the loop only.
final class RunningChild {
    let pid: Int32
    private var process: ChildProcess
    private let watch: ChildWatch

    /// Starts it.
    ///
    /// - Parameters:
    ///   - lifeline: The pipe's reading end; the child gets it as descriptor 3.
    ///   - output: Called on the loop with what the process wrote to either output.
    ///   - ended: Called on the loop once, after the last output.
    init(
        _ spec: ProcessSpec, binaries: String, lifeline: Int32, loop: EventLoop,
        output: @escaping ([UInt8]) -> Void, ended: @escaping (Int32, ExitStatus) -> Void
    ) throws(SystemError) {
        let pipe = try FileDescriptor.pipe().take()
        var command = ChildProcess.Command(
            "\(binaries)/\(spec.binary)", spec.arguments, environment: spec.environment)
        command.environment["POLDER_LIFELINE_FD"] = "3"
        command.inherited = [(child: 3, here: lifeline)]
        command.output = .descriptor(pipe.writer)
        command.error = .descriptor(pipe.writer)
        do {
            process = try ChildProcess(command)
            FileDescriptor.close(raw: pipe.writer)
            try FileDescriptor.setNonBlocking(raw: pipe.reader)
        } catch {
            FileDescriptor.close(raw: pipe.writer)
            FileDescriptor.close(raw: pipe.reader)
            throw error
        }
        pid = process.id
        watch = ChildWatch(loop: loop, output: output, pipe: pipe.reader)
        try loop.register(pipe.reader, .read, watch)
        let exit = ExitWatch { [unowned self] in
            guard let status = process.poll() else { return }
            loop.unregister(process.exitDescriptor)
            watch.drain()
            ended(pid, status)
        }
        try loop.register(process.exitDescriptor, .read, exit)
    }

    func send(_ signal: Signal) {
        process.send(signal)
    }
}

/// Reads what a process writes, until nobody can write any more.
private final class ChildWatch: ReadyHandler {
    private let loop: EventLoop
    private let output: ([UInt8]) -> Void
    private let pipe: Int32
    private var isOpen = true

    init(loop: EventLoop, output: @escaping ([UInt8]) -> Void, pipe: Int32) {
        self.loop = loop
        self.output = output
        self.pipe = pipe
    }

    func ready(_ events: ReadyEvents) {
        // One read per round: a process that writes without end must not keep the loop from the others.
        if readOnce() == .ended { close() }
    }

    /// Takes what is still in the pipe of an ended process, and closes it; a grandchild that holds it writes to nobody.
    func drain() {
        var rounds = 0
        while rounds < 64, readOnce() == .more { rounds += 1 }
        close()
    }

    private func close() {
        guard isOpen else { return }
        isOpen = false
        loop.unregister(pipe)
        FileDescriptor.close(raw: pipe)
    }

    private enum Outcome { case more, empty, ended }

    private func readOnce() -> Outcome {
        guard isOpen else { return .ended }
        return withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 16) { buffer in
            switch FileDescriptor.read(raw: pipe, into: buffer) {
            case .done(let count):
                if count > 0 { output(Array(buffer[..<count])) }
                return count > 0 ? .more : .ended
            case .wouldBlock:
                return .empty
            case .failed:
                return .ended
            }
        }
    }
}

private final class ExitWatch: ReadyHandler {
    private let ended: () -> Void

    init(_ ended: @escaping () -> Void) { self.ended = ended }

    func ready(_ events: ReadyEvents) { ended() }
}
