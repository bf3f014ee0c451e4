internal import EventLoop
internal import System

extension Supervisor {
    /// Serves the runtime socket, and stops everything on the first stop signal; on a second one at once.
    ///
    /// - Throws: `.call` when the socket cannot be made.
    func serve(
        _ routes: RuntimeRoutes, at path: String, signals: StopSignals, stopping: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        // The loop keeps both as long as they are registered.
        _ = try RuntimeListener(path: path, loop: loop, routes: routes)
        try loop.register(signals.raw, .read, signals)
        signals.arrived = { [weak self] in
            stopping()
            self?.assumeIsolated { $0.stop() }
        }
    }

    /// Does something now and then, until the supervisor goes.
    func repeatEvery(_ interval: Duration, _ work: @escaping @Sendable () -> Void) {
        loop.schedule(after: interval) { [weak self] in
            work()
            self?.assumeIsolated { $0.repeatEvery(interval, work) }
        }
    }
}

/// The signals that end a plane. Made early in the command, used on the supervisor's loop only from then on.
final class StopSignals: ReadyHandler, @unchecked Sendable {  // handed over before it is used, then one thread's own
    private let signals: SignalDescriptor
    fileprivate var arrived: () -> Void = {}

    init() throws(SystemError) {
        signals = try SignalDescriptor([.terminate, .interrupt, .hangUp])
    }

    var raw: Int32 { signals.raw }

    func ready(_ events: ReadyEvents) {
        while signals.next() != nil { arrived() }
    }
}
