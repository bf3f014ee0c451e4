/// A fact as it is kept: with what it is about, so that a newer one can replace it.
package struct StoredFact: Sendable, Equatable {
    /// What is sent.
    package var fact: TunnelFact
    /// The object that it is about; a newer fact of the same kind and key replaces it. Empty: nothing replaces it.
    package var key: String

    /// All of it.
    package init(_ fact: TunnelFact, key: String) {
        self.fact = fact
        self.key = key
    }

    /// What it counts for in the queue's bound.
    var cost: Int { fact.body.count + fact.kind.utf8.count + key.utf8.count + 128 }
}

/// Keeps facts over a restart: a file, a database, or memory in tests. What it answers is on disk when it answers.
package protocol FactStore {
    /// What is kept, by number, and the highest number that was ever used.
    func load() throws(TunnelError) -> (facts: [StoredFact], last: UInt64)
    /// Keeps one, and remembers its number as the last.
    mutating func save(_ fact: StoredFact) throws(TunnelError)
    /// Forgets one.
    mutating func remove(_ number: UInt64) throws(TunnelError)
    /// Forgets all up to a number.
    mutating func remove(upTo number: UInt64) throws(TunnelError)
}

/// Keeps facts in memory: for tests, and for planes that have no disk.
package struct MemoryFactStore: FactStore {
    private var kept: [UInt64: StoredFact] = [:]
    private var last: UInt64 = 0

    /// An empty one.
    package init() {}

    /// What is kept.
    package func load() -> (facts: [StoredFact], last: UInt64) {
        (kept.values.sorted { $0.fact.number < $1.fact.number }, last)
    }

    /// Keeps one.
    package mutating func save(_ fact: StoredFact) {
        kept[fact.fact.number] = fact
        last = max(last, fact.fact.number)
    }

    /// Forgets one.
    package mutating func remove(_ number: UInt64) { kept[number] = nil }

    /// Forgets all up to a number.
    package mutating func remove(upTo number: UInt64) { kept = kept.filter { $0.key > number } }
}
