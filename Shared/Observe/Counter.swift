package import Synchronization

/// A number that only grows. Made by a `MetricRegistry`; keep the handle, incrementing it takes no lock and no memory.
package final class Counter: Sendable {
    @usableFromInline let value = Atomic<UInt64>(0)

    init() {}

    /// Adds one. Any thread.
    @inlinable
    package func increment() { value.wrappingAdd(1, ordering: .relaxed) }

    /// Adds `amount`. Any thread; a loop that counts many things per tick adds them up first and calls this once.
    @inlinable
    package func add(_ amount: Int) { value.wrappingAdd(UInt64(truncatingIfNeeded: amount), ordering: .relaxed) }

    /// What has been counted until now.
    package var count: UInt64 { value.load(ordering: .relaxed) }
}

/// A number that goes up and down.
package final class Gauge: Sendable {
    @usableFromInline let value = Atomic<Int64>(0)

    init() {}

    /// Replaces the value. Any thread.
    @inlinable
    package func set(_ amount: Int) { value.store(Int64(amount), ordering: .relaxed) }

    /// Adds `amount`, which may be negative. Any thread.
    @inlinable
    package func add(_ amount: Int) { value.wrappingAdd(Int64(amount), ordering: .relaxed) }

    /// The current value.
    package var current: Int64 { value.load(ordering: .relaxed) }
}
