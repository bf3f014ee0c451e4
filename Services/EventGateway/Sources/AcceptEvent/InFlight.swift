/// How much a loop has accepted and not yet answered. Pure: a counter with two bounds.
///
/// An event is in flight from the moment its body was taken until its answer is handed to the door. The bounds keep memory
/// finite when a store is slow: beyond them an event is refused with 503, and nothing of it is kept.
package struct InFlight: Sendable {
    private let maximumEvents: Int
    private let maximumBytes: Int
    /// Events accepted and not yet answered.
    package private(set) var events = 0
    /// Their bytes, as they were sent.
    package private(set) var bytes = 0

    /// Bounds for one loop: a number of events, and the bytes of their bodies.
    package init(maximumEvents: Int, maximumBytes: Int) {
        self.maximumEvents = maximumEvents
        self.maximumBytes = maximumBytes
    }

    /// Counts an event of `size` bytes in; false when there is no room, and then nothing is counted.
    package mutating func admit(size: Int) -> Bool {
        guard events < maximumEvents, bytes + size <= maximumBytes || events == 0 else { return false }
        events += 1
        bytes += size
        return true
    }

    /// Counts answered events out.
    package mutating func settle(events count: Int, bytes size: Int) {
        events -= count
        bytes -= size
        precondition(events >= 0 && bytes >= 0, "an event was settled that had not been admitted")
    }
}
