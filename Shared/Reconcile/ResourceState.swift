/// How a resource is doing, for those who asked for it.
package struct ResourceState: Sendable, Equatable {
    /// In the words of the monitoring interface.
    package enum Status: String, Sendable, CaseIterable {
        case healthy
        case removed
        case pending
        case terminating
        case unhealthy
    }

    /// Where it stands.
    package var status: Status
    /// Why; may be empty.
    package var message: String
    /// What it wrote last; only when it is unhealthy.
    package var logs: [String]

    /// That state.
    package init(_ status: Status, _ message: String, logs: [String] = []) {
        self.status = status
        self.message = message
        self.logs = logs
    }
}

/// What was reported about resources, or whatever they are called there, so that only changes are. Pure.
package struct StateBook<Key: Hashable & Sendable>: Sendable {
    private var reported: [Key: ResourceState]

    /// - Parameter reported: What was reported before, perhaps by somebody who has ended since: what is gone of it is still to be told.
    package init(reported: [Key: ResourceState] = [:]) {
        self.reported = reported
    }

    /// What has to be reported: everything that is another way than it was reported last, and what is gone since, as `removed`.
    package func changes(_ states: [Key: ResourceState]) -> [Key: ResourceState] {
        var changes = states.filter { reported[$0.key] != $0.value }
        for (id, _) in reported where states[id] == nil {
            changes[id] = ResourceState(.removed, "")
        }
        return changes
    }

    /// These changes have been received.
    package mutating func acknowledge(_ changes: [Key: ResourceState]) {
        for (id, state) in changes { reported[id] = state.status == .removed ? nil : state }
    }
}
