import Synchronization

/// Those who follow the states of entities: each is told that there is something new, and looks for itself. Nothing is kept for
/// anybody, so a slow one costs no memory: it finds the newest state of each entity when it comes.
///
/// Safe from any thread.
final class EntityFollowers: Sendable {
    private struct State {
        var hints: [Int: AsyncStream<Void>.Continuation] = [:]
        var next = 0
    }

    /// How many may follow at the same time.
    static let limit = 1000

    private let state = Mutex(State())

    /// Word of changes, in a stream that remembers one; ends with the task that reads it.
    ///
    /// - Throws: `.exhausted` when too many follow.
    func follow() throws(CallError) -> AsyncStream<Void> {
        let (hints, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state -> Int? in
            guard state.hints.count < Self.limit else { return nil }
            state.next += 1
            state.hints[state.next] = continuation
            return state.next
        }
        guard let number else { throw .exhausted("\(Self.limit) callers follow the states of entities already") }
        continuation.onTermination = { [weak self] _ in self?.forget(number) }
        return hints
    }

    /// States have changed.
    func statesChanged() {
        for hint in state.withLock({ Array($0.hints.values) }) { hint.yield() }
    }

    private func forget(_ number: Int) { state.withLock { $0.hints[number] = nil } }
}
