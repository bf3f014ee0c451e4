internal import EventLoop
package import System

extension Supervisor {
    /// Serves the runtime socket, from now on.
    ///
    /// - Parameter plane: The ready document, while the plane is ready.
    /// - Throws: `.call` when the socket cannot be made.
    package func serve(
        at path: String, plane: @escaping @Sendable () -> ReadyDocument?
    ) throws(SystemError) {
        // The loop keeps the listener for as long as it is registered.
        _ = try RuntimeListener(path: path, loop: loop, routes: RuntimeRoutes(runtime: self, plane: plane))
    }

    /// Stops everything on the first stop signal; on a second one at once.
    ///
    /// - Throws: `.call` when the loop cannot watch them.
    func obey(_ signals: StopSignals, stopping: @escaping @Sendable () -> Void) throws(SystemError) {
        signals.arrived = { [weak self] in
            stopping()
            self?.assumeIsolated { $0.stop() }
        }
        try loop.register(signals.raw, .read, signals)
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
