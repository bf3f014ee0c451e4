package import System

/// Which event is sent when, and what became of all of them. Pure.
package struct SendingState: Sendable {
    /// Events that were taken; the next one's number.
    package private(set) var taken = 0
    /// Answered with 204.
    package private(set) var accepted = 0
    /// Refused for good, by their reason.
    package private(set) var rejected = 0
    /// The first reasons, one of each.
    package private(set) var reasons: [String] = []

    private let limit: Int
    private let interval: Duration?
    private let start: MonotonicTime
    private var isStopped = false

    /// - Parameters:
    ///   - limit: How many events there are at most.
    ///   - rate: Events per second; 0 means as fast as it goes.
    package init(limit: Int, rate: Int, start: MonotonicTime) {
        self.limit = limit
        interval = rate > 0 ? .seconds(1) / rate : nil
        self.start = start
    }

    /// The next event's number and the moment it is due; nothing when all are taken.
    package mutating func take() -> (number: Int, due: MonotonicTime)? {
        guard taken < limit, !isStopped else { return nil }
        defer { taken += 1 }
        // Counted from the start, not from the last one: a slow answer must not lower the rate.
        return (taken, start + (interval.map { $0 * taken } ?? .zero))
    }

    /// An event was answered with 204.
    package mutating func wasAccepted() { accepted += 1 }

    /// An event was refused for good.
    package mutating func wasRejected(_ reason: String) {
        rejected += 1
        if reasons.count < 5, !reasons.contains(reason) { reasons.append(reason) }
    }

    /// No more events are handed out.
    package mutating func stop() { isStopped = true }

    /// A line of at most `width` columns: a bar when the end is known, a count otherwise.
    package func progress(width: Int, elapsed: Duration) -> String {
        let done = accepted + rejected
        let seconds = max(0.001, elapsed / .seconds(1))
        var tail = "\(Int(Double(done) / seconds)) events/s"
        if rejected > 0 { tail += ", \(rejected) rejected" }
        guard limit != .max else { return String("\(done) sent, \(tail)".prefix(width)) }
        let head = "\(done)/\(limit) "
        let room = min(40, width - head.count - tail.count - 4)
        guard room >= 10 else { return String("\(head)\(tail)".prefix(width)) }
        let filled = limit == 0 ? room : room * done / limit
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: room - filled)
        return "[\(bar)] \(head)\(tail)"
    }
}
