internal import Glibc
import Synchronization

/// A signal that Polder's processes react to.
package enum Signal: Int32, Sendable, CaseIterable {
    /// Ctrl-C in the terminal.
    case interrupt = 2
    /// The polite request to stop.
    case terminate = 15
    /// The terminal went away.
    case hangUp = 1
    /// A child ended or stopped.
    case child = 17
    /// The terminal changed its size.
    case windowSize = 28
    /// The end that nobody can refuse. Can be sent, never received.
    case kill = 9
}

/// Signals as bytes on a descriptor, instead of code that runs in the middle of other code.
///
/// A handler writes the signal's number into a pipe (the self-pipe trick), so it does not matter which thread the kernel picks:
/// the main thread of a Swift program with an asynchronous `main` is not ours to block signals in. One per process at a time: a
/// newer one takes the signals over.
package struct SignalDescriptor: ~Copyable, Sendable {
    private let pipe: Pipe

    /// Collects these signals from here on. `SIGPIPE` is ignored from here on as well: a write tells instead.
    ///
    /// - Throws: `.call` when the process has no descriptor left.
    package init(_ signals: [Signal]) throws(SystemError) {
        ThisProcess.ignoreBrokenPipes()
        pipe = try Self.nonBlockingPipe()
        signalPipe.store(pipe.writer.raw, ordering: .sequentiallyConsistent)
        for signal in signals { Self.handle(signal) }
    }

    private static func nonBlockingPipe() throws(SystemError) -> Pipe {
        let pipe = try FileDescriptor.pipe()
        try FileDescriptor.setNonBlocking(raw: pipe.reader.raw)
        try FileDescriptor.setNonBlocking(raw: pipe.writer.raw)
        return pipe
    }

    private static func handle(_ signal: Signal) {
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            // Only what is allowed in a handler: an atomic load and `write`, and `errno` as it was.
            let before = errno
            var byte = UInt8(truncatingIfNeeded: number)
            // A full pipe holds enough stop requests already.
            _ = Glibc.write(signalPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
            errno = before
        }
        action.sa_flags = SA_RESTART
        let code = sigaction(signal.rawValue, &action, nil)
        precondition(code == 0, "these signals can be handled")
    }

    deinit {
        // A signal that comes later finds no pipe, and is lost: whoever wanted it has gone.
        _ = signalPipe.compareExchange(expected: pipe.writer.raw, desired: -1, ordering: .sequentiallyConsistent)
    }

    /// Becomes readable when a signal has arrived.
    package var raw: Int32 { pipe.reader.raw }

    /// The next signal that has arrived, or nil.
    package func next() -> Signal? {
        var byte: UInt8 = 0
        let outcome = withUnsafeMutableBytes(of: &byte) { FileDescriptor.read(raw: pipe.reader.raw, into: $0) }
        return switch outcome {
        case .done(let count): count == 1 ? Signal(rawValue: Int32(byte)) : nil
        case .wouldBlock, .failed: nil
        }
    }
}

/// Where the handler writes; -1 for nowhere. Touched before a handler is installed, so that it is initialised by then.
private let signalPipe = Atomic<Int32>(-1)

extension ThisProcess {
    /// Sends a signal to this process, as if somebody else had.
    package static func raise(_ signal: Signal) {
        kill(getpid(), signal.rawValue)
    }

    /// Writing to a peer that has gone answers `EPIPE` instead of ending the process.
    package static func ignoreBrokenPipes() {
        signal(SIGPIPE, SIG_IGN)
    }
}
