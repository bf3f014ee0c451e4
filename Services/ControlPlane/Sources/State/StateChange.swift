import SQLite
package import Time

/// One transaction that changes the state: what a use case reads, checks and writes, and the entries of the audit trail that tell
/// of it, become durable together or not at all.
///
/// - Isolation: valid during the call that it was given to, on that thread.
package final class StateChange {
    /// The state as this transaction sees it, its own changes included.
    package let view: StateView
    /// Who changes it.
    package let actor: Actor
    /// The method that was called: `strmprivacy.api.streams.v1.StreamsService/CreateStream`.
    package let method: String
    /// The moment of the call.
    package let now: Timestamp
    /// Whether streams, contracts or policies are others afterwards; then `revision` grows.
    private(set) var isPlaneChanged = false

    init(_ view: StateView, actor: Actor, method: String, now: Timestamp) {
        self.view = view
        self.actor = actor
        self.method = method
        self.now = now
    }

    /// Says that what the plane's components run on is different afterwards: they are told.
    package func planeChanged() { isPlaneChanged = true }

    /// Runs a statement.
    ///
    /// - Returns: How many rows it changed.
    /// - Throws: `.state`; its `.constraint` is a bug, because use cases look before they write.
    @discardableResult
    func run(_ sql: String, _ values: SQLValue...) throws(CallError) -> Int {
        let statement = try view.prepared(sql, values)
        do throws(SQLiteError) { try statement.run() } catch { throw .state(error) }
        return view.database.changes
    }
}

/// Who did something: what the audit trail keeps of a caller.
package struct Actor: Sendable, Equatable {
    /// What kind of caller.
    package enum Kind: String, Sendable {
        case user, installation
        /// The control plane itself, or whoever holds its state folder.
        case system
    }

    /// What kind of caller.
    package let kind: Kind
    /// UUID; empty for the system.
    package let id: String
    /// A person's e-mail address, as it was then; empty for others.
    package let name: String

    /// The control plane itself.
    package static let system = Actor(kind: .system, id: "", name: "")

    /// From its parts.
    package init(kind: Kind, id: String, name: String) {
        self.kind = kind
        self.id = id
        self.name = name
    }
}
