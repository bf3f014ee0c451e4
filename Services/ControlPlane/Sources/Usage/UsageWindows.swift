/// The moments at which a total is asked for: the starts of windows of equal length.
struct UsageWindows: Equatable {
    /// One window.
    struct Window: Equatable {
        let start: Int64  // ns since 1970
        let end: Int64  // ns since 1970
    }

    /// How many windows an answer may have.
    static let limit = 10_000

    let windows: [Window]

    /// Cuts a span into windows; the last one may be shorter.
    ///
    /// - Parameter interval: In nanoseconds, more than 0.
    /// - Throws: `.invalid` for a span that ends before it begins, or that has too many windows.
    init(from start: Int64, to end: Int64, interval: Int64) throws(CallError) {
        guard start <= end else { throw .invalid(field: "end_time", rule: "must not be before start_time") }
        guard (end - start) / interval < Self.limit else {
            throw .invalid(field: "interval", rule: "gives more than \(Self.limit) windows: take a longer one")
        }
        windows = stride(from: start, to: end, by: Int(interval)).map { moment in
            Window(start: moment, end: min(moment + interval, end))
        }
    }

    /// The total at a moment between two counts: the events of the second one are taken to have come evenly in between.
    ///
    /// - Parameters:
    ///   - total: All events up to the last count before.
    ///   - last: When that was.
    ///   - next: The count behind the moment.
    static func total(at moment: Int64, _ total: Int64, last: Int64, next: UsageCount) -> Int64 {
        guard next.count > 0, moment > last else { return total }
        let elapsed = UInt64(moment - last)
        let product = UInt64(next.count).multipliedFullWidth(by: elapsed)
        return total + Int64(UInt64(next.arrived - last).dividingFullWidth(product).quotient)
    }
}
