/// Facts that the control plane has not stored yet, in the order of their numbers. Survives outages and restarts: what `add` has
/// answered is in the store, and leaves it only when the server says that it has it.
///
/// - Invariant: never more than `countLimit` facts and `byteLimit` bytes. The oldest make room; how many did is a fact of its own.
package struct FactQueue<Store: FactStore> {
    private struct Object: Hashable {
        let kind: String
        let key: String
    }

    /// The kind of the fact that says how many others were given up: `{"count": 3}`.
    package static var dropKind: String { "facts.dropped" }

    private var store: Store
    private let countLimit: Int
    private let byteLimit: Int
    private var facts: [UInt64: StoredFact] = [:]
    /// Numbers in order; those that are not in `facts` any more are passed over.
    private var order = Ring<UInt64>()
    /// How many of `order` were handed out on this session.
    private var handedOut = 0
    private var objects: [Object: UInt64] = [:]
    private var bytes = 0
    private var dropped = 0
    /// The highest number that was given.
    package private(set) var lastNumber: UInt64

    /// What the store has kept goes first.
    package init(_ store: Store, countLimit: Int = 10_000, byteLimit: Int = 16 << 20) throws(TunnelError) {
        precondition(
            countLimit > 1 && byteLimit > 2 * TunnelFrame.longestText, "a fact and the word of what was dropped fit")
        self.store = store
        self.countLimit = countLimit
        self.byteLimit = byteLimit
        let kept = try store.load()
        lastNumber = kept.last
        for fact in kept.facts { insert(fact) }
    }

    /// How many facts wait to be stored by the server.
    package var count: Int { facts.count }

    /// Takes a fact.
    /// - Parameters:
    ///   - key: The object that it is about; replaces an older fact of the same kind and key that was not sent yet. Empty: replaces none.
    ///   - at: RFC 3339.
    ///   - body: JSON, one object.
    /// - Throws: `.messageTooLong` for a body over ``TunnelFact/longestBody``; what the store throws.
    package mutating func add(kind: String, key: String = "", at: String, body: [UInt8]) throws(TunnelError) {
        guard body.count <= TunnelFact.longestBody, kind.utf8.count <= 128, at.utf8.count <= 40 else {
            throw .messageTooLong(message: "EVENT")
        }
        let fact = StoredFact(TunnelFact(number: lastNumber + 1, kind: kind, at: at, body: body), key: key)
        if !key.isEmpty, let older = objects[Object(kind: kind, key: key)], !isHandedOut(older) {
            try store.remove(older)
            drop(older)
        }
        try makeRoom(for: fact.cost)
        try keep(fact)
    }

    /// The next fact to be sent on this session; nil when all were handed out.
    /// - Parameter now: RFC 3339, for the fact that says how many were given up.
    package mutating func next(at now: String) throws(TunnelError) -> TunnelFact? {
        if dropped > 0 {
            try makeRoom(for: 512)  // which may cost another one: first room, then the number
            let body = Array("{\"count\":\(dropped)}".utf8)
            try keep(StoredFact(TunnelFact(number: lastNumber + 1, kind: Self.dropKind, at: now, body: body), key: ""))
            dropped = 0
        }
        while handedOut < order.count {
            handedOut += 1
            if let fact = facts[order[handedOut - 1]] { return fact.fact }
        }
        return nil
    }

    /// The server has stored all facts up to a number.
    package mutating func stored(upTo number: UInt64) throws(TunnelError) {
        try store.remove(upTo: number)
        while let first = order.first, first <= number {
            _ = order.popFirst()
            handedOut = max(0, handedOut - 1)
            forget(first)
        }
    }

    /// A new session begins, not a resumed one: everything that is not stored is handed out again.
    /// - Parameter stored: What WELCOME says.
    package mutating func sessionBegan(stored: UInt64) throws(TunnelError) {
        try self.stored(upTo: stored)
        handedOut = 0
    }

    // MARK: Inside

    /// The oldest give way.
    private mutating func makeRoom(for cost: Int) throws(TunnelError) {
        while facts.count >= countLimit || bytes + cost > byteLimit, let oldest = oldest() {
            try store.remove(oldest)
            drop(oldest)
            dropped += 1
        }
    }

    private mutating func keep(_ fact: StoredFact) throws(TunnelError) {
        try store.save(fact)
        lastNumber += 1
        insert(fact)
    }

    private mutating func insert(_ fact: StoredFact) {
        facts[fact.fact.number] = fact
        order.append(fact.fact.number)
        bytes += fact.cost
        if !fact.key.isEmpty { objects[Object(kind: fact.fact.kind, key: fact.key)] = fact.fact.number }
    }

    private func isHandedOut(_ number: UInt64) -> Bool { handedOut > 0 && order[handedOut - 1] >= number }

    private mutating func oldest() -> UInt64? {
        while let first = order.first {
            if facts[first] != nil { return first }
            _ = order.popFirst()
            handedOut = max(0, handedOut - 1)
        }
        return nil
    }

    /// Takes one out; its place in the order stays until enough of them are empty.
    private mutating func drop(_ number: UInt64) {
        forget(number)
        guard order.count > 2 * facts.count + 1024 else { return }
        var compact = Ring<UInt64>()
        var handed = 0
        for index in 0..<order.count where facts[order[index]] != nil {
            compact.append(order[index])
            if index < handedOut { handed += 1 }
        }
        order = compact
        handedOut = handed
    }

    private mutating func forget(_ number: UInt64) {
        guard let fact = facts.removeValue(forKey: number) else { return }
        bytes -= fact.cost
        let object = Object(kind: fact.fact.kind, key: fact.key)
        if objects[object] == number { objects[object] = nil }
    }
}
