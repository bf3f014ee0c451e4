package import API

/// Which events a derived stream gets, and which of their fields it may read.
///
/// | rule | an event with consents E passes when | a field of level p is opened when |
/// |---|---|---|
/// | cumulative, one level L | max(E) ≥ L | p ≤ L |
/// | granular, levels R | R ⊆ E | p ∈ R |
///
/// An event without consents never passes. Consents beyond those that the stream asks for open nothing.
///
/// - Isolation: an immutable value.
package struct ConsentRule: Sendable, Equatable {
    private let threshold: Int32?  // cumulative
    private let levels: [Int32]  // ascending; the large ones follow from `largeFrom` on
    private let smallLevels: UInt64  // levels 0...63 as bits
    private let largeFrom: Int

    /// The rule of a derived stream. An unspecified type means granular.
    /// - Throws: `.badConsentRule` without levels, with more than 50, with a negative one, or with several although the
    ///   type is cumulative.
    package init(type: ConsentLevelType, levels: [Int32]) throws(PrivacyError) {
        guard !levels.isEmpty else { throw .badConsentRule(reason: "no consent level") }
        guard levels.count <= 50 else { throw .badConsentRule(reason: "more than 50 consent levels") }
        guard levels.allSatisfy({ $0 >= 0 }) else { throw .badConsentRule(reason: "negative consent level") }
        switch type {
        case .cumulative:
            guard levels.count == 1 else { throw .badConsentRule(reason: "a cumulative rule has one level") }
            threshold = levels[0]
        case .granular, .unspecified: threshold = nil
        }
        self.levels = Set(levels).sorted()
        smallLevels = self.levels.reduce(0) { $1 < 64 ? $0 | 1 << UInt64($1) : $0 }
        largeFrom = self.levels.firstIndex { $0 >= 64 } ?? self.levels.count
    }

    /// What has been seen of one event's consents.
    package struct Tally {
        fileprivate var small: UInt64 = 0
        fileprivate var large: UInt64 = 0  // bit i: `levels[largeFrom + i]` was seen
        fileprivate var highest: Int32 = -1

        /// Nothing seen.
        @inlinable package init() {}
    }

    /// Notes one consent of the event.
    package func note(_ consent: Int32, in tally: inout Tally) {
        tally.highest = max(tally.highest, consent)
        guard consent >= 0 else { return }
        if consent < 64 {
            tally.small |= 1 &<< UInt64(consent)
        } else if largeFrom < levels.count, let index = levels[largeFrom...].firstIndex(of: consent) {
            tally.large |= 1 &<< UInt64(index &- largeFrom)
        }
    }

    /// Whether an event with these consents passes.
    package func admits(_ tally: Tally) -> Bool {
        if let threshold { return tally.highest >= threshold }
        let wanted = (1 as UInt64) &<< UInt64(levels.count &- largeFrom) &- 1
        return tally.small & smallLevels == smallLevels && tally.large & wanted == wanted
    }

    /// Whether an event with these consents passes.
    package func admits(_ consents: some Sequence<Int32>) -> Bool {
        var tally = Tally()
        for consent in consents { note(consent, in: &tally) }
        return admits(tally)
    }

    /// Whether a personal field of this level may be opened in an event that passes.
    package func opens(level: Int32) -> Bool {
        if let threshold { return level <= threshold }
        return levels.contains(level)
    }
}
