package import Time

/// Something to do so that what is there becomes what is wanted.
package enum Step: Sendable, Equatable {
    /// Make it.
    case create(Resource)
    /// Make it what it has to be; it is something else.
    case update(Resource)
    /// Remove it.
    case delete(ResourceID)

    /// Which resource.
    package var id: ResourceID {
        switch self {
        case .create(let resource), .update(let resource): resource.id
        case .delete(let id): id
        }
    }
}

/// Why an unwanted resource stays.
package enum Hold: Sendable, Equatable {
    /// It holds data, and it was wanted until a short while ago; it may be deleted at that moment.
    case grace(until: Timestamp)
    /// More resources that hold data are unwanted than the rules allow.
    case tooMany(unwanted: Int, limit: Int)
}

/// Compares a desired state whole with an actual state and answers the steps between them. Pure: no clock, no I/O; it remembers
/// what failed, and what it may delete.
///
/// ```
///   adopt(desired) ─► ledger to keep ─► plan(actual) ─► steps, in order ─► done(step) / failed(step)
///        ▲                                   ▲                                   │
///        └── another version                 └──────── again and again ──────────┘
/// ```
///
/// - Nothing is done before the desired state is known.
/// - Only what was wanted once (the ledger) is ever deleted. What holds data is deleted only a grace period after it was wanted
///   last, and not at all while more of it is unwanted than the rules allow.
/// - A step that failed waits, longer each time; the other steps do not.
package struct Reconciler: Sendable {
    /// What `plan` answers.
    package struct Plan: Sendable, Equatable {
        /// What to do now, in this order.
        package var steps: [Step] = []
        /// What is unwanted and stays for now.
        package var held: [ResourceID: Hold] = [:]
        /// When there may be something to do although nothing changed; nil when never.
        package var nextLook: Timestamp?

        /// Nothing to do unless told otherwise.
        package init(steps: [Step] = [], held: [ResourceID: Hold] = [:], nextLook: Timestamp? = nil) {
            self.steps = steps
            self.held = held
            self.nextLook = nextLook
        }
    }

    private struct Trouble {
        var failures = 0
        var notBefore: Timestamp
        var reason: String
    }

    /// What may be deleted. To be kept on disk when `adopt` or `done` says so.
    package private(set) var ledger: Ledger
    /// What is wanted; nil is not known yet.
    package private(set) var desired: [ResourceID: Resource]?

    private let rules: ReconcileRules
    private let order: [ResourceKind: Int]
    private var sorted: [Resource] = []  // what is wanted, in the order in which it is made
    private var troubles: [ResourceID: Trouble] = [:]

    /// A reconciler that knows no desired state yet.
    ///
    /// - Parameter ledger: What an earlier one left.
    package init(rules: ReconcileRules, ledger: Ledger = Ledger()) {
        self.rules = rules
        self.ledger = ledger
        order = Dictionary(uniqueKeysWithValues: rules.kinds.enumerated().map { ($1, $0) })
    }

    /// This is what is wanted, all of it.
    ///
    /// - Parameter resources: Each of a kind of the rules, none twice.
    /// - Returns: Whether the ledger has to be kept before the next step.
    package mutating func adopt(_ resources: [Resource], now: Timestamp) -> Bool {
        let before = desired
        desired = Dictionary(resources.map { ($0.id, $0) }) { first, _ in first }
        sorted = resources.sorted { (rank($0.id), $0.id.name) < (rank($1.id), $1.id.name) }
        // A changed wish is a new chance.
        for (id, _) in troubles where before?[id]?.hash != desired?[id]?.hash { troubles[id] = nil }
        return ledger.adopt(desired ?? [:], now: now)
    }

    /// The steps from what is there to what is wanted.
    ///
    /// - Parameter actual: Everything that is there, at least of what was ever wanted.
    package func plan(_ actual: [ResourceID: ObservedResource], now: Timestamp) -> Plan {
        var plan = Plan()
        guard let desired else { return plan }
        for resource in sorted {
            let step: Step
            if let found = actual[resource.id] {
                guard let hash = found.hash, hash != resource.hash else { continue }
                step = .update(resource)
            } else {
                step = .create(resource)
            }
            add(step, to: &plan, now)
        }
        // Most of the time everything that was ever wanted still is.
        guard ledger.entries.count > desired.count else { return plan }
        let unwanted = ledger.entries.filter { desired[$0.key] == nil }
        let precious = unwanted.keys.count { $0.kind.holdsData && actual[$0] != nil }
        for id in unwanted.keys.sorted(by: { (rank($1), $1.name) < (rank($0), $0.name) }) {
            if id.kind.holdsData, actual[id] != nil {
                if precious > rules.deletionLimit {
                    plan.held[id] = .tooMany(unwanted: precious, limit: rules.deletionLimit)
                    continue
                }
                let end = (unwanted[id]?.absentSince ?? now) + rules.deletionGrace
                if now < end {
                    plan.held[id] = .grace(until: end)
                    plan.nextLook = min(plan.nextLook ?? end, end)
                    continue
                }
            }
            add(.delete(id), to: &plan, now)
        }
        return plan
    }

    private func add(_ step: Step, to plan: inout Plan, _ now: Timestamp) {
        if let trouble = troubles[step.id], now < trouble.notBefore {
            plan.nextLook = min(plan.nextLook ?? trouble.notBefore, trouble.notBefore)
        } else {
            plan.steps.append(step)
        }
    }

    /// A step was taken.
    ///
    /// - Returns: Whether the ledger has changed. It may be kept later: a resource that is gone is deleted again without harm.
    package mutating func done(_ step: Step) -> Bool {
        troubles[step.id] = nil
        guard case .delete(let id) = step, desired?[id] == nil else { return false }
        ledger.forget(id)
        return true
    }

    /// A step could not be taken; why, for people.
    package mutating func failed(
        _ step: Step, _ reason: String, now: Timestamp, using generator: inout some RandomNumberGenerator
    ) {
        var trouble = troubles[step.id] ?? Trouble(notBefore: now, reason: reason)
        trouble.failures += 1
        trouble.reason = reason
        trouble.notBefore = now + rules.pause(afterFailures: trouble.failures, using: &generator)
        troubles[step.id] = trouble
    }

    /// How everything that is wanted, or still there, is doing.
    package func states(_ actual: [ResourceID: ObservedResource], _ plan: Plan) -> [ResourceID: ResourceState] {
        var states: [ResourceID: ResourceState] = [:]
        states.reserveCapacity(ledger.entries.count)
        for resource in sorted { states[resource.id] = state(of: resource, actual[resource.id]) }
        guard ledger.entries.count > sorted.count else { return states }
        for (id, _) in ledger.entries where states[id] == nil {
            let hold = plan.held[id].map(\.description)
            states[id] = ResourceState(.terminating, troubles[id]?.reason ?? hold ?? "")
        }
        return states
    }

    private func state(of resource: Resource, _ found: ObservedResource?) -> ResourceState {
        if let trouble = troubles[resource.id] { return ResourceState(.unhealthy, trouble.reason) }
        guard let found else { return ResourceState(.pending, "") }
        switch found.health {
        case .healthy: return ResourceState(.healthy, "")
        case .starting(let why): return ResourceState(.pending, why)
        case .restarting(let why, let logs): return ResourceState(.unhealthy, why, logs: logs)
        }
    }

    private func rank(_ id: ResourceID) -> Int { order[id.kind] ?? order.count }
}

extension Hold: CustomStringConvertible {
    /// Half a sentence for people.
    package var description: String {
        switch self {
        case .grace(let end): "kept until \(end.text)"
        case .tooMany(let unwanted, let limit):
            "kept: \(unwanted) resources with data are unwanted, more than the \(limit) that may be deleted at a time"
        }
    }
}
