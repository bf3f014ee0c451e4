/// Lets one log line of a kind pass per interval and counts the others: a store that fails for every batch must not fill the
/// disk with lines about it. Pure; the metrics count every failure.
package struct LineThrottle: Sendable {
    private let interval: Int64  // nanoseconds
    private var next = Int64.min
    private var held = 0

    /// One line per `seconds`.
    package init(seconds: Int64) { interval = seconds * 1_000_000_000 }

    /// Asks for a line at `now`, nanoseconds of a clock that never goes back.
    ///
    /// - Returns: How many lines were held back since the last one; nil when this one is held back too.
    package mutating func ask(now: Int64) -> Int? {
        guard now >= next else {
            held += 1
            return nil
        }
        next = now + interval
        defer { held = 0 }
        return held
    }
}
