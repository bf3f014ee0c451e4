/// What has arrived for a task, how it ended, and the task while it waits. What arrived before the end is handed over before it.
///
/// Isolation: its owner's loop.
struct Inbox<Element: Sendable> {
    typealias Waiting = CheckedContinuation<Result<Element?, NetError>, Never>

    private var elements: [(element: Element, size: Int)] = []
    private var next = 0  // elements before it were handed over
    /// Bytes that wait to be asked for.
    private(set) var size = 0
    private var outcome: Result<Void, NetError>?
    private var waiting: Waiting?

    /// What waits to be asked for.
    var count: Int { elements.count - next }
    /// True once nothing more will arrive.
    var hasEnded: Bool { outcome != nil }
    /// True while a task waits.
    var isAsked: Bool { waiting != nil }

    mutating func put(_ element: Element, size: Int) {
        guard outcome == nil else { return }
        elements.append((element, size))
        self.size += size
        handOver()
    }

    /// The first call counts.
    mutating func end(_ outcome: Result<Void, NetError>) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        handOver()
    }

    /// The end comes at once, before what has not been asked for.
    mutating func giveUp(_ error: NetError) {
        elements = []
        next = 0
        size = 0
        end(.failure(error))
    }

    mutating func ask(_ waiting: Waiting) {
        precondition(self.waiting == nil, "one task at a time asks for what comes next")
        self.waiting = waiting
        handOver()
    }

    private mutating func handOver() {
        guard let waiting else { return }
        if next < elements.count {
            let (element, size) = elements[next]
            next += 1
            self.size -= size
            if next == elements.count {
                elements.removeAll(keepingCapacity: true)
                next = 0
            }
            self.waiting = nil
            waiting.resume(returning: .success(element))
        } else if let outcome {
            self.waiting = nil
            waiting.resume(returning: outcome.map { nil })
        }
    }
}

extension Inbox<[UInt8]> {
    /// Bytes that nobody has asked for yet become one piece.
    mutating func put(_ bytes: UnsafeRawBufferPointer) {
        guard outcome == nil else { return }
        if count > 0 {
            elements[elements.count - 1].element.append(contentsOf: bytes)
            elements[elements.count - 1].size += bytes.count
            size += bytes.count
        } else {
            put([UInt8](bytes), size: bytes.count)
        }
    }
}
