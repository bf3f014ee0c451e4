private import CLinux
internal import Glibc

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
/// Make one early in `main`: a signal is blocked only in threads that start afterwards.
package struct SignalDescriptor: ~Copyable, Sendable {
    private let file: FileDescriptor

    /// Blocks these signals and collects them. `SIGPIPE` is ignored from here on as well: a write tells instead.
    ///
    /// - Throws: `.call` when the process has no descriptor left.
    package init(_ signals: [Signal]) throws(SystemError) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal.rawValue) }
        let code = pthread_sigmask(SIG_BLOCK, &set, nil)
        precondition(code == 0, "pthread_sigmask takes any valid set")
        ThisProcess.ignoreBrokenPipes()
        file = FileDescriptor(
            owning: try systemCall("signalfd") { signalfd(-1, &set, Int32(SFD_CLOEXEC) | Int32(SFD_NONBLOCK)) })
    }

    /// Becomes readable when a signal has arrived.
    package var raw: Int32 { file.raw }

    /// The next signal that has arrived, or nil.
    package func next() -> Signal? {
        var info = signalfd_siginfo()
        let outcome = withUnsafeMutableBytes(of: &info) { FileDescriptor.read(raw: file.raw, into: $0) }
        return switch outcome {
        case .done: Signal(rawValue: Int32(bitPattern: info.ssi_signo))
        case .wouldBlock, .failed: nil
        }
    }
}

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
