import EventLoop
package import Faults
import Synchronization
package import System

/// Hashes passwords, one after the other, on a thread of its own: a flood of logins takes one core at most and 32 MiB, and
/// everything else goes on.
package final class PasswordWork: Sendable {
    /// Too many are waiting.
    package struct Busy: Fault {
        /// Ours: the machine is too small for what comes.
        package var blame: Blame { .us }
        /// In a few seconds.
        package var retry: Retry { .afterBackoff }
    }

    /// Pieces of work that may wait or be under way.
    private static let limit = 8
    private let thread: BlockingThread
    private let waiting = Atomic<Int>(0)

    /// Starts the thread.
    ///
    /// - Throws: When the machine has no room for a thread.
    package init() throws(SystemError) { thread = try BlockingThread(name: "passwords") }

    /// Does a piece of work when its turn comes.
    ///
    /// - Throws: `Busy` at once when too many wait; what the work throws.
    package func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        guard waiting.wrappingAdd(1, ordering: .relaxed).newValue <= Self.limit else {
            waiting.wrappingSubtract(1, ordering: .relaxed)
            throw Busy()
        }
        defer { waiting.wrappingSubtract(1, ordering: .relaxed) }
        return try await withCheckedThrowingContinuation { continuation in
            let isAccepted = thread.run { continuation.resume(with: .init(catching: work)) }
            if !isAccepted { continuation.resume(throwing: Busy()) }
        }
    }

    /// Does a piece of work of this service's own when its turn comes.
    package func start(_ work: @escaping @Sendable () -> Void) { thread.run(work) }

    /// Finishes what waits and ends the thread. Blocks.
    package func stop() { thread.stop() }
}
