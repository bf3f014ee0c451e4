package import Synchronization
import Time

/// Counts observations by size, in buckets with fixed upper bounds.
///
/// Observations are whole numbers (nanoseconds, bytes), so that a bucket is found by comparing integers and the sum is
/// exact. What is exported is in the base unit that Prometheus asks for: seconds or bytes.
package final class Histogram: Sendable {
    /// What an observation counts.
    package enum Unit: Sendable, Equatable {
        /// Observed in nanoseconds, exported in seconds.
        case seconds
        /// Observed and exported as it is: bytes, events.
        case plain

        var scale: Double { self == .seconds ? 1e9 : 1 }
    }

    @usableFromInline let bounds: [Int]  // upper bounds in observed units, ascending
    /// One cell per bound, one for "larger", one for the sum. Owned by this object, freed with it; only accessed atomically.
    @usableFromInline nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>
    let boundTexts: [String]
    let unit: Unit

    /// - Parameter bounds: Upper bounds in exported units, ascending, without infinity.
    init(unit: Unit, bounds: [Double]) {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds ascend")
        self.unit = unit
        self.bounds = bounds.map { Int(($0 * unit.scale).rounded()) }
        boundTexts = bounds.map(Exposition.number)
        cells = .allocate(capacity: bounds.count + 2)
        for index in 0..<bounds.count + 2 { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: bounds.count + 2)
        cells.deallocate()
    }

    /// Notes one observation, in nanoseconds or in the plain unit. Any thread, no lock, no memory.
    @inlinable
    package func observe(_ amount: Int) { observe(amount, times: 1) }

    /// Notes the same observation several times, for what happened to a whole batch.
    @inlinable
    package func observe(_ amount: Int, times: Int) {
        var index = 0
        while index < bounds.count, amount > bounds[index] { index += 1 }
        cells[index].wrappingAdd(UInt64(truncatingIfNeeded: times), ordering: .relaxed)
        cells[bounds.count + 1].wrappingAdd(UInt64(truncatingIfNeeded: amount &* times), ordering: .relaxed)
    }

    /// Notes a time, for a histogram in seconds.
    package func observe(_ duration: Duration) { observe(Int(duration.nanoseconds)) }

    /// Counts per bucket (not cumulated; the last is "larger than every bound") and the sum in exported units.
    package var snapshot: (counts: [UInt64], sum: Double) {
        let counts = (0...bounds.count).map { cells[$0].load(ordering: .relaxed) }
        let sum = Int64(bitPattern: cells[bounds.count + 1].load(ordering: .relaxed))
        return (counts, Double(sum) / unit.scale)
    }

    /// Upper bounds that suit most waits: 0.1 ms to 10 s.
    package static let usualSeconds: [Double] = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
    ]
}
