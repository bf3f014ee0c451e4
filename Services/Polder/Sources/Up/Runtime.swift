package import Wire

/// What runs workloads: here the supervisor of one machine. Whoever wants processes asks this, and starts none itself.
package protocol Runtime: Sendable {
    /// Declares everything that one group wants. What it wanted before and does not any more is stopped; what has changed is
    /// started again, unless only labels and annotations have. Other groups are not touched.
    ///
    /// - Returns: The names among them that another group has. If there are any, nothing was changed.
    @discardableResult
    func apply(group: String, _ specs: [ProcessSpec]) async -> [String]
    /// Every process, in the order in which they were first wanted.
    func list() async -> [RuntimeProcess]
    /// The last lines that a process wrote, oldest first; nothing when there is no such process.
    func logs(of name: String, last count: Int) async -> [String]?
}
