internal import Time

/// How careful a reconciler is.
package struct ReconcileRules: Sendable {
    /// The kinds in the order in which they are made; they are deleted in the opposite order.
    package var kinds: [ResourceKind]
    /// For so long a resource that holds data stays after it was wanted last.
    package var deletionGrace: Duration
    /// So many resources that hold data may be unwanted at a time. When there are more, it is taken for a mistake of whoever
    /// describes the desired state, and none of them is deleted.
    package var deletionLimit: Int
    /// The pause after a step failed once; doubled with each further time.
    package var firstPause: Duration = .seconds(1)
    /// The longest pause.
    package var longestPause: Duration = .minutes(5)

    /// Rules for these kinds.
    package init(kinds: [ResourceKind], deletionGrace: Duration, deletionLimit: Int) {
        self.kinds = kinds
        self.deletionGrace = deletionGrace
        self.deletionLimit = deletionLimit
    }

    /// The pause after so many failures in a row, 20 % more or less at random.
    package func pause(afterFailures count: Int, using generator: inout some RandomNumberGenerator) -> Duration {
        let doubled = firstPause * (1 << min(max(0, count - 1), 20))
        return min(doubled, longestPause) * Double.random(in: 0.8...1.2, using: &generator)
    }
}
