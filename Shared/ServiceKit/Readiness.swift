import Synchronization

/// Whether the service can do its work now: every latch is released, every check says yes, and it is not draining.
package final class Readiness: Sendable {
    private struct State {
        var latches: [Int: String] = [:]
        var nextLatch = 0
        var checks: [(name: String, isFine: @Sendable () -> Bool)] = []
        var remarks: [@Sendable () -> [String]] = []
        var isDraining = false
    }

    private let state = Mutex(State())

    /// Ready, until somebody takes a latch.
    package init() {}

    /// Takes a latch: not ready until it is released.
    ///
    /// - Parameter name: What is waited for, shown by `/readyz`: "first key set".
    package func latch(_ name: String) -> ReadinessLatch {
        state.withLock { state in
            state.nextLatch += 1
            state.latches[state.nextLatch] = name
            return ReadinessLatch(owner: self, number: state.nextLatch)
        }
    }

    /// Adds a condition that may come and go, for example "the store takes commits".
    ///
    /// - Parameter isFine: Asked from any thread whenever somebody looks; quick, and does not call back into this object.
    package func require(_ name: String, _ isFine: @escaping @Sendable () -> Bool) {
        state.withLock { $0.checks.append((name, isFine)) }
    }

    /// Adds what `/readyz` shall say beside its answer: trouble of a part without which the service still does its work.
    ///
    /// - Parameter remarks: One line each; asked as the conditions are.
    package func mention(_ remarks: @escaping @Sendable () -> [String]) {
        state.withLock { $0.remarks.append(remarks) }
    }

    /// Everything that is to be mentioned now.
    package var remarks: [String] { state.withLock { $0.remarks }.flatMap { $0() } }

    /// What is missing; empty means ready.
    package var missing: [String] {
        let (latches, checks, isDraining) = state.withLock {
            ($0.latches.sorted { $0.key < $1.key }.map(\.value), $0.checks, $0.isDraining)
        }
        // Outside the lock: a check is somebody else's code.
        return (isDraining ? ["draining"] : []) + latches + checks.filter { !$0.isFine() }.map(\.name)
    }

    /// Whether nothing is missing.
    package var isReady: Bool { missing.isEmpty }

    /// From now on not ready, for good.
    func drain() { state.withLock { $0.isDraining = true } }

    fileprivate func released(_ number: Int) { state.withLock { _ = $0.latches.removeValue(forKey: number) } }
}

/// Holds the service "not ready". Not copyable, so the compiler sees that nobody releases it twice; one that is dropped
/// without release holds for ever, because nobody said that the thing is there.
package struct ReadinessLatch: ~Copyable, Sendable {
    fileprivate let owner: Readiness
    fileprivate let number: Int

    /// What was waited for is there.
    package consuming func release() { owner.released(number) }
}
