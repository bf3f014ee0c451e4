package import EventLoop
import Synchronization
package import System

/// A service's regular chores, on a thread that may block: at once, and then again and again.
package final class Housekeeping: Sendable {
    private let interval: Duration
    private let chores: @Sendable () -> Void
    private let loop: EventLoop
    private let thread: BlockingThread
    private let isStopped = Atomic<Bool>(false)

    /// Nothing happens before `start`.
    ///
    /// - Parameters:
    ///   - interval: Between two rounds.
    ///   - loop: Keeps the time.
    ///   - chores: One round. A round that takes longer than the interval delays the next one.
    /// - Throws: When the machine has no room for a thread.
    package init(
        every interval: Duration, on loop: EventLoop, _ chores: @escaping @Sendable () -> Void
    ) throws(SystemError) {
        self.interval = interval
        self.loop = loop
        self.chores = chores
        thread = try BlockingThread(name: "housekeeping")
    }

    /// Begins with a round.
    package func start() { round() }

    /// No further round begins.
    package func stop() { isStopped.store(true, ordering: .relaxed) }

    private func round() {
        thread.run(returningTo: loop) { [self] in
            if !isStopped.load(ordering: .relaxed) { chores() }
        } then: { [weak self] in
            guard let self, !isStopped.load(ordering: .relaxed) else { return }
            loop.schedule(after: interval) { [weak self] in self?.round() }
        }
    }
}
