/// What waits for one slow listener. Bounded in events and bytes: when it is full the oldest go, because a live view that
/// is late is worth less than one with gaps. Pure: no socket, no clock.
package struct ListenerQueue {
    private let maximumEvents: Int
    private let maximumBytes: Int
    private var texts: [[UInt8]] = []
    private var head = 0  // texts before this one were taken
    /// Bytes that wait.
    package private(set) var byteCount = 0
    /// Events that were dropped since the beginning.
    package private(set) var dropped = 0

    /// An empty queue.
    package init(maximumEvents: Int, maximumBytes: Int) {
        self.maximumEvents = maximumEvents
        self.maximumBytes = maximumBytes
    }

    /// Events that wait.
    package var count: Int { texts.count - head }
    /// True when nothing waits.
    package var isEmpty: Bool { count == 0 }

    /// Adds the newest; returns how many of the oldest had to go for it (itself, when it alone is too big).
    package mutating func append(_ text: [UInt8]) -> Int {
        let before = dropped
        texts.append(text)
        byteCount += text.count
        while count > maximumEvents || byteCount > maximumBytes {
            _ = takeFirst()
            dropped += 1
        }
        return dropped - before
    }

    /// Takes the oldest.
    package mutating func takeFirst() -> [UInt8]? {
        guard head < texts.count else { return nil }
        let text = texts[head]
        texts[head] = []
        head += 1
        byteCount -= text.count
        if head == texts.count {
            texts.removeAll(keepingCapacity: head <= 1024)
            head = 0
        } else if head > 64, head * 2 > texts.count {
            texts.removeFirst(head)
            head = 0
        }
        return text
    }
}
