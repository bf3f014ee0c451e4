package import System

/// Several loops that share work. A connection stays on the loop that accepted it.
package final class EventLoopPool: Sendable {
    /// The loops, in the order of their numbers.
    package let loops: [EventLoop]

    /// Starts loops named `name-0`, `name-1` and so on.
    ///
    /// - Throws: When the process has no descriptor or thread left; those already started are stopped.
    package init(name: String, count: Int) throws(SystemError) {
        precondition(count > 0, "a pool has at least one loop")
        var started: [EventLoop] = []
        do {
            for index in 0..<count { started.append(try EventLoop(name: "\(name)-\(index)")) }
        } catch {
            for loop in started { loop.stop() }
            throw error
        }
        loops = started
    }

    /// Stops all loops and waits for them. Not from one of them.
    package func shutDown() {
        for loop in loops { loop.stop() }
        for loop in loops { loop.join() }
    }
}
