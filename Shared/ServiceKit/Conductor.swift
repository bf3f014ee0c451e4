import EventLoop
import Net
import Observe
import Synchronization

/// Obeys `LifecycleState`. Events come from any thread.
final class Conductor: Sendable {
    private struct Inner {
        var state: LifecycleState
        var service: (any Service)?
        var draining: Task<Void, Never>?
        var admin: HTTPServer?
    }

    private let kit: Kit
    private let inner: Mutex<Inner>
    private let exit: @Sendable (Int32) -> Void

    /// - Parameter exit: Ends the process; in a test, notes the code.
    init(grace: Duration, kit: Kit, exit: @escaping @Sendable (Int32) -> Void) {
        self.kit = kit
        self.exit = exit
        inner = Mutex(Inner(state: LifecycleState(grace: grace)))
    }

    /// Keeps the admin listener for as long as the process lives: it tells about draining too.
    func adminStarted(_ server: HTTPServer) { inner.withLock { $0.admin = server } }

    /// The service is there and can be drained.
    func built(_ service: any Service) {
        inner.withLock { $0.service = service }
        report(.built)
    }

    /// Something happened.
    func report(_ event: LifecycleState.Event) {
        let (action, service) = inner.withLock { ($0.state.handle(event), $0.service) }
        switch action {
        case .none: break
        case .drain(let grace):
            kit.logger.info("stopping", ["grace": .duration(grace)])
            kit.readiness.drain()
            kit.loop.post { [self] in kit.loop.schedule(after: grace) { self.report(.graceOver) } }
            let draining = Task {
                await service?.drain()
                report(.drained)
            }
            inner.withLock { $0.draining = draining }
        case .exit(let code, let reason):
            inner.withLock { $0.draining }?.cancel()
            if code == LifecycleState.ExitCode.crashed {
                kit.logger.error("a part of the service ended", ["reason": .string(reason)])
            } else {
                kit.logger.info("stopped", ["reason": .string(reason)])
            }
            exit(code)
        }
    }
}
