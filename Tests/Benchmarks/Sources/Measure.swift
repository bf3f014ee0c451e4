import System
import Time

/// Runs `body` often enough to be timed, five times over, and answers the median time of one call in nanoseconds.
///
/// - Parameter body: Does the work `count` times.
func nanosecondsPerCall(_ body: (_ count: Int) -> Void) -> Double {
    var count = 1
    // Long enough that the clock and a timer interrupt do not matter; also warms caches and page tables.
    while time(count, body) < 50_000_000 { count *= 2 }
    let rounds = (0..<5).map { _ in Double(time(count, body)) / Double(count) }.sorted()
    return rounds[2]
}

/// CPU time, not the clock on the wall: on a busy machine that would mostly measure the others.
private func time(_ count: Int, _ body: (Int) -> Void) -> Int64 {
    let before = ResourceUsage.ofThisProcess()
    body(count)
    let after = ResourceUsage.ofThisProcess()
    return (after.userTime + after.systemTime - before.userTime - before.systemTime).nanoseconds
}

/// Keeps the optimiser from dropping work whose result nobody needs.
@inline(never)
func consume(_ value: Int) {
    sink &+= value
}

private nonisolated(unsafe) var sink = 0  // written by the one thread that measures
