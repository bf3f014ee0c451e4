import EventLoop
import System

/// Reports every SIGTERM and SIGINT, on the kit's loop.
final class SignalWatch: ReadyHandler {
    private let signals: SignalDescriptor
    private let report: @Sendable () -> Void

    private init(_ signals: consuming SignalDescriptor, _ report: @escaping @Sendable () -> Void) {
        self.signals = signals
        self.report = report
    }

    /// Watches from now on; the loop keeps the watch.
    static func start(
        _ signals: consuming SignalDescriptor, on loop: EventLoop,
        _ report: @escaping @Sendable () -> Void
    ) {
        // Handed to the loop's thread, which alone uses it from then on.
        nonisolated(unsafe) let watch = SignalWatch(signals, report)
        loop.post { watch.register(on: loop) }
    }

    private func register(on loop: EventLoop) {
        do {
            try loop.register(signals.raw, .read, self)
        } catch {
            // Better no service than one that cannot be stopped.
            report()
        }
    }

    func ready(_ events: ReadyEvents) {
        while signals.next() != nil { report() }
    }
}

/// Notices that the parent is gone: it holds the other end of a pipe and never writes to it.
///
/// `POLDER_LIFELINE_FD` names our end. A parent that is killed cannot tell us, but the kernel closes its end.
final class Lifeline: ReadyHandler {
    /// The variable in the environment.
    static let variable = "POLDER_LIFELINE_FD"

    private let file: FileDescriptor
    private let loop: EventLoop
    private let report: @Sendable () -> Void

    private init(_ raw: Int32, _ loop: EventLoop, _ report: @escaping @Sendable () -> Void) {
        file = FileDescriptor(owning: raw)
        self.loop = loop
        self.report = report
    }

    /// Watches when there is a lifeline.
    static func start(
        _ environment: [String: String], on loop: EventLoop, _ report: @escaping @Sendable () -> Void
    ) {
        guard let text = environment[variable], let raw = Int32(text), raw > 2 else { return }
        // Handed to the loop's thread, which alone uses it from then on.
        nonisolated(unsafe) let lifeline = Lifeline(raw, loop, report)
        loop.post { lifeline.register() }
    }

    private func register() {
        do {
            try loop.register(file.raw, .read, self)
        } catch {
            // A number that is no pipe: better no service than one that outlives its supervisor.
            report()
        }
    }

    func ready(_ events: ReadyEvents) {
        loop.unregister(file.raw)
        report()
    }
}
