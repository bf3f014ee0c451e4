internal import EventLoop
internal import Synchronization
internal import System

/// Runs something on a loop at a moment, unless it is cancelled before.
final class Timer: Sendable {
    private enum State { case waiting, fired, cancelled }
    private let state = Mutex(State.waiting)

    init(on loop: EventLoop, at moment: MonotonicTime, _ work: @escaping @Sendable () -> Void) {
        loop.post { [weak self] in
            guard let self else { return }
            loop.schedule(after: max(moment - .now(), .zero)) { [weak self] in
                guard let self, change(to: .fired) else { return }
                work()
            }
        }
    }

    var hasFired: Bool { state.withLock { $0 == .fired } }

    func cancel() { _ = change(to: .cancelled) }

    private func change(to next: State) -> Bool {
        state.withLock { state in
            guard state == .waiting else { return false }
            state = next
            return true
        }
    }
}
