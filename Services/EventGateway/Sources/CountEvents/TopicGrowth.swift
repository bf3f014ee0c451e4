internal import Synchronization

/// Whether a source stream's topic may have grown since its events were counted. A loop says so after each commit; the counter
/// takes the word back before it looks at the topic, so no commit is missed, and a stream that takes no events costs nothing.
///
/// It begins with yes: what was committed before the process started may not be counted yet.
///
/// - Isolation: any thread.
package final class TopicGrowth: Sendable {
    private let isMarked = Atomic<Bool>(true)

    /// A topic that may have grown.
    package init() {}

    /// A commit to the topic is confirmed.
    package func mark() {
        // Reading is cheap while nobody writes; most commits of a busy topic find the mark.
        if !isMarked.load(ordering: .sequentiallyConsistent) { isMarked.store(true, ordering: .sequentiallyConsistent) }
    }

    /// Whether there is a mark.
    package var isThere: Bool { isMarked.load(ordering: .sequentiallyConsistent) }

    /// Takes the mark away.
    ///
    /// - Returns: Whether there was one.
    package func take() -> Bool { isThere && isMarked.exchange(false, ordering: .sequentiallyConsistent) }
}
