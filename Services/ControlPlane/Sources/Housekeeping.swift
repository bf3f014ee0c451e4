import EventLoop
import System
import Synchronization
import Time

/// Looks at the clock once a minute, on a thread that may block.
final class Housekeeping: Sendable {
    private static let interval = Duration.minutes(1)
    private let follow: FollowPlane
    private let rotate: RotateKeys
    private let loop: EventLoop
    private let thread: BlockingThread
    private let isStopped = Atomic<Bool>(false)

    init(follow: FollowPlane, rotate: RotateKeys, loop: EventLoop) throws(SystemError) {
        self.follow = follow
        self.rotate = rotate
        self.loop = loop
        thread = try BlockingThread(name: "housekeeping")
    }

    func start() { loop.post { [self] in again() } }

    func stop() { isStopped.store(true, ordering: .relaxed) }

    private func again() {
        loop.schedule(after: Self.interval) { [weak self] in
            guard let self, !isStopped.load(ordering: .relaxed) else { return }
            thread.run { [self] in
                rotate.turn()
                follow.reload()
            }
            again()
        }
    }
}
