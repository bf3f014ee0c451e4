package import System

/// A thread for work that blocks: databases, the resolver, big files. Runs one piece after the other, in order of arrival.
///
/// The queue is bounded by its users: each keeps a bounded number of pieces under way.
package final class BlockingThread: Sendable {
    private struct Queue {
        var work: [@Sendable () -> Void] = []
        var stopping = false
    }

    private let queue: Monitor<Queue>
    private let thread: Monitor<SystemThread?>

    /// Starts the thread.
    ///
    /// - Throws: When the machine has no room for a thread.
    package init(name: String) throws(SystemError) {
        let queue = Monitor(Queue())
        self.queue = queue
        let started = try SystemThread.start(name) { Self.serve(queue) }
        thread = Monitor(started)
    }

    deinit {
        queue.change { $0.stopping = true }
        thread.withLock { thread in
            thread?.detach()
            thread = nil
        }
    }

    private static func serve(_ queue: Monitor<Queue>) {
        while true {
            let batch: [@Sendable () -> Void] =
                queue.wait { queue in
                    if queue.work.isEmpty { return queue.stopping ? [] : nil }
                    let batch = queue.work
                    queue.work = []
                    return batch
                } ?? []
            if batch.isEmpty { return }
            for work in batch { work() }
        }
    }

    /// Runs work on the thread. Any caller. After `stop` the work is refused.
    ///
    /// - Returns: False when the thread has been stopped; the work will not run.
    @discardableResult
    package func run(_ work: @escaping @Sendable () -> Void) -> Bool {
        queue.change { queue in
            if queue.stopping { return false }
            queue.work.append(work)
            return true
        }
    }

    /// Runs work on the thread and hands its result back on a loop.
    package func run<Result: Sendable>(
        returningTo loop: EventLoop, _ work: @escaping @Sendable () -> Result,
        then done: @escaping @Sendable (Result) -> Void
    ) {
        run {
            let result = work()
            loop.post { done(result) }
        }
    }

    /// Lets the work that is queued finish, then ends the thread and waits for that. Not from the thread itself.
    package func stop() {
        queue.change { $0.stopping = true }
        let waiting = thread.withLock { thread in
            let taken = thread
            thread = nil
            return taken
        }
        waiting?.join()
    }
}
