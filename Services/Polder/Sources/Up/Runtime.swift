/// What runs workloads: here the supervisor of one machine. Whoever wants processes asks this, and starts none itself.
package protocol Runtime: Sendable {
    /// Declares everything that one group wants. What it wanted before and does not any more is stopped; what has changed is
    /// started again. Other groups are not touched.
    ///
    /// - Returns: The names among them that another group has. If there are any, nothing was changed.
    @discardableResult
    func apply(group: String, _ specs: [ProcessSpec]) async -> [String]
    /// Every process, in the order in which they were first wanted.
    func list() async -> [RuntimeProcess]
    /// The last lines that a process wrote, oldest first; nothing when there is no such process.
    func logs(of name: String, last count: Int) async -> [String]?
}

/// One process of a runtime, as seen from outside.
package struct RuntimeProcess: Sendable, Equatable {
    /// Where it stands.
    package enum Status: String, Sendable, CaseIterable {
        case waiting
        case starting
        case ready
        case stopping
    }

    /// Unique in the plane.
    package var name: String
    /// Who wants it.
    package var group: String
    /// Which program it is.
    package var binary: String
    /// Where it stands.
    package var status: Status
    /// Its number; nil while it waits to be started.
    package var pid: Int32?
    /// How often it was started again after it had ended by itself.
    package var restarts: Int
    /// Its admin listener; may be empty.
    package var adminURL: String
}
