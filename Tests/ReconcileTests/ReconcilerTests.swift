import JSON
import Reconcile
import TestKit
import Testing
import Time

private let topic = ResourceKind("Topic", holdsData: true)
private let process = ResourceKind("Process", holdsData: false)

private func resource(_ kind: ResourceKind, _ name: String, _ spec: Int = 0) throws -> Resource {
    try Resource(ResourceID(kind, name), annotations: ["stream": name], spec: ["size": JSONValue(spec)])
}

private func rules(grace: Duration = .hours(1), limit: Int = 10) -> ReconcileRules {
    ReconcileRules(kinds: [topic, process], deletionGrace: grace, deletionLimit: limit)
}

@Suite struct ReconcilerTests {
    private var now = Timestamp(seconds: 1_790_000_000)
    private var random = SeededGenerator(seed: 4)

    @Test func `before the desired state is known nothing is done`() throws {
        var ledger = Ledger()
        _ = ledger.adopt([ResourceID(topic, "a"): try resource(topic, "a")], now: now)
        let reconciler = Reconciler(rules: rules(grace: .zero), ledger: ledger)
        #expect(reconciler.plan([:], now: now + .days(9)) == .init())
        let there = [ResourceID(topic, "a"): ObservedResource(hash: nil, health: .healthy)]
        #expect(reconciler.plan(there, now: now + .days(9)) == .init())
    }

    @Test func `kinds are made in their order and deleted in the opposite one`() throws {
        var reconciler = Reconciler(rules: rules(grace: .zero))
        let wanted = [
            try resource(process, "p2"), try resource(topic, "t2"), try resource(process, "p1"),
            try resource(topic, "t1"),
        ]
        let isNew = reconciler.adopt(wanted, now: now)
        #expect(isNew)
        var world = World()
        #expect(reconciler.plan([:], now: now).steps.map(\.id.name) == ["t1", "t2", "p1", "p2"])
        world.settle(&reconciler, now)
        _ = reconciler.adopt([], now: now)
        #expect(reconciler.plan(world.actual, now: now).steps.map(\.id.name) == ["p2", "p1", "t2", "t1"])
        world.settle(&reconciler, now)
        #expect(world.actual.isEmpty && reconciler.ledger.entries.isEmpty)
    }

    @Test func `what somebody else made is left alone`() throws {
        var reconciler = Reconciler(rules: rules(grace: .zero))
        _ = reconciler.adopt([], now: now)
        let foreign = [ResourceID(topic, "billing"): ObservedResource(hash: nil, health: .healthy)]
        #expect(reconciler.plan(foreign, now: now + .days(1)) == .init())
    }

    @Test func `what holds data stays for the grace period, across restarts`() throws {
        var world = World()
        var reconciler = Reconciler(rules: rules())
        _ = reconciler.adopt([try resource(topic, "a"), try resource(process, "p")], now: now)
        world.settle(&reconciler, now)
        _ = reconciler.adopt([], now: now)
        world.settle(&reconciler, now)
        let id = ResourceID(topic, "a")
        #expect(world.actual.keys.map(\.description) == ["Topic/a"], "the process holds nothing")
        var later = try Reconciler(
            rules: rules(), ledger: Ledger(json: reconciler.ledger.json, kinds: [topic, process]))
        _ = later.adopt([], now: now + .minutes(59))
        let plan = later.plan(world.actual, now: now + .minutes(59))
        #expect(plan == .init(steps: [], held: [id: .grace(until: now + .hours(1))], nextLook: now + .hours(1)))
        #expect(later.states(world.actual, plan)[id]?.status == .terminating)
        #expect(later.plan(world.actual, now: now + .hours(1)).steps == [.delete(id)])
    }

    @Test func `a resource that is wanted again in time is not deleted later`() throws {
        var world = World()
        var reconciler = Reconciler(rules: rules())
        _ = reconciler.adopt([try resource(topic, "a")], now: now)
        world.settle(&reconciler, now)
        _ = reconciler.adopt([], now: now)
        _ = reconciler.adopt([try resource(topic, "a")], now: now + .minutes(30))
        _ = reconciler.adopt([], now: now + .minutes(61))
        #expect(reconciler.plan(world.actual, now: now + .minutes(62)).steps.isEmpty)
        #expect(reconciler.plan(world.actual, now: now + .minutes(121)).steps.count == 1)
    }

    @Test func `a desired state that is suddenly empty deletes no data`() throws {
        var world = World()
        var reconciler = Reconciler(rules: rules(grace: .zero))
        let wanted = try (0..<11).map { try resource(topic, "t\($0)") } + [try resource(process, "p")]
        _ = reconciler.adopt(wanted, now: now)
        world.settle(&reconciler, now)
        _ = reconciler.adopt([], now: now)
        world.settle(&reconciler, now + .days(3))
        #expect(world.actual.count == 11)
        let plan = reconciler.plan(world.actual, now: now + .days(3))
        #expect(plan.steps.isEmpty)
        #expect(plan.held[ResourceID(topic, "t3")] == .tooMany(unwanted: 11, limit: 10))
        _ = reconciler.adopt([wanted[0]], now: now + .days(3))
        world.settle(&reconciler, now + .days(3))
        #expect(world.actual.count == 1)
    }

    @Test mutating func `a step that fails waits longer each time, and alone`() throws {
        var reconciler = Reconciler(rules: rules())
        let (a, b) = (try resource(topic, "a"), try resource(topic, "b"))
        _ = reconciler.adopt([a, b], now: now)
        var pauses: [Double] = []
        for _ in 0..<12 {
            let plan = reconciler.plan([:], now: now)
            #expect(plan.steps.contains(.create(b)))
            reconciler.failed(.create(a), "no room", now: now, using: &random)
            let waiting = reconciler.plan([:], now: now)
            #expect(waiting.steps == [.create(b)])
            let next = try #require(waiting.nextLook)
            pauses.append((next - now) / .seconds(1))
            now = next
        }
        for (number, pause) in pauses.enumerated() {
            let middle = min(Double(1 << number), 300)
            #expect((0.79 * middle...1.21 * middle).contains(pause), "\(pauses)")
        }
        #expect(reconciler.states([:], .init())[a.id] == ResourceState(.unhealthy, "no room"))
        _ = reconciler.adopt([try resource(topic, "a", 1), b], now: now)
        reconciler.failed(.create(b), "no room", now: now, using: &random)
        #expect(
            reconciler.plan([:], now: now).steps == [.create(try resource(topic, "a", 1))],
            "a new wish is tried at once")
    }

    /// Any wishes, any world, steps that fail at random, an agent that dies at any moment and loses what it did not keep.
    @Test(arguments: 0..<200)
    func `it converges from anywhere, and then rests`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var now = now
        let rules = rules(grace: .zero, limit: 100)
        var world = World()
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            let kind = Bool.random(using: &random) ? topic : process
            world.actual[ResourceID(kind, "x\(Int.random(in: 0..<8, using: &random))")] =
                ObservedResource(hash: Bool.random(using: &random) ? "old" : nil, health: .healthy)
        }
        let foreign = world.actual
        var kept = Ledger()
        var everWanted: Set<ResourceID> = []
        for _ in 0..<8 {
            let wanted = try (0..<Int.random(in: 0...8, using: &random)).map { number in
                try resource(
                    Bool.random(using: &random) ? topic : process, "x\(number)", Int.random(in: 0...2, using: &random))
            }
            everWanted.formUnion(wanted.map(\.id))
            var reconciler = Reconciler(rules: rules, ledger: kept)
            if reconciler.adopt(wanted, now: now) { kept = reconciler.ledger }
            // Some rounds are cut short: the next version comes first.
            for round in 0..<Int.random(in: 0...40, using: &random) {
                now = now + .minutes(6)
                let plan = reconciler.plan(world.actual, now: now)
                for step in plan.steps {
                    if Int.random(in: 0..<3, using: &random) == 0 {
                        // The step may have worked although it was told as failed.
                        if Bool.random(using: &random) { world.take(step) }
                        reconciler.failed(step, "bad luck", now: now, using: &random)
                    } else {
                        world.take(step)
                        if reconciler.done(step), round % 2 == 0 { kept = reconciler.ledger }
                    }
                }
            }
            for _ in 0..<10 { world.settle(&reconciler, now + .days(1)) }
            kept = reconciler.ledger
            let known = wanted.reduce(into: [:]) { $0[$1.id] = $1.hash }
            for (id, hash) in known {
                let found = try #require(world.actual[id], "\(id)")
                #expect(found.hash == nil || found.hash == hash)
            }
            for (id, _) in world.actual where known[id] == nil {
                #expect(foreign[id] != nil && !everWanted.contains(id), "\(id) is not wanted")
            }
            for id in foreign.keys where !everWanted.contains(id) { #expect(world.actual[id] != nil) }
            #expect(reconciler.plan(world.actual, now: now + .days(2)) == .init(), "at rest")
            let isChanged = reconciler.adopt(wanted, now: now + .days(2))
            #expect(!isChanged, "the same wish changes nothing")
        }
    }

    @Test(arguments: [
        #"{}"#, #"{"version":2,"entries":[]}"#, #"{"version":1,"entries":[{"kind":"Topic","name":"a"}]}"#,
        #"{"version":1,"entries":[{"kind":"Topic","name":"a","annotations":{"stream":1}}]}"#,
    ])
    func `a damaged ledger is refused`(_ text: String) throws {
        let json = try JSONValue.parse(text)
        #expect(throws: ReconcileError.damagedLedger) { try Ledger(json: json, kinds: [topic]) }
    }

    @Test func `a ledger with a kind of a newer version is refused`() throws {
        let json = try JSONValue.parse(#"{"version":1,"entries":[{"kind":"Job","name":"a","annotations":{}}]}"#)
        #expect(throws: ReconcileError.unknownKind("Job")) { try Ledger(json: json, kinds: [topic]) }
    }
}

@Suite struct StateBookTests {
    @Test func `only changes are reported, again until they were received, and what is gone as removed`() {
        let (a, b) = (ResourceID(topic, "a"), ResourceID(process, "b"))
        var book = StateBook<ResourceID>()
        var states = [a: ResourceState(.pending, ""), b: ResourceState(.healthy, "")]
        #expect(book.changes(states) == states)
        #expect(book.changes(states) == states, "not received yet")
        book.acknowledge(states)
        #expect(book.changes(states).isEmpty)
        states[a] = ResourceState(.healthy, "")
        states[b] = nil
        let changes = book.changes(states)
        #expect(changes == [a: ResourceState(.healthy, ""), b: ResourceState(.removed, "")])
        book.acknowledge(changes)
        #expect(book.changes(states).isEmpty)
    }

    @Test func `what somebody else has reported, and is gone, is reported as removed`() {
        let (a, b) = (ResourceID(topic, "a"), ResourceID(process, "b"))
        let book = StateBook(reported: [a: ResourceState(.terminating, ""), b: ResourceState(.healthy, "")])
        #expect(book.changes([b: ResourceState(.healthy, "")]) == [a: ResourceState(.removed, "")])
    }
}

/// What is there; steps change it at once.
private struct World {
    var actual: [ResourceID: ObservedResource] = [:]

    mutating func take(_ step: Step) {
        switch step {
        case .create(let resource), .update(let resource):
            actual[resource.id] = ObservedResource(
                hash: resource.id.kind == topic ? nil : resource.hash, health: .healthy)
        case .delete(let id): actual[id] = nil
        }
    }

    mutating func settle(_ reconciler: inout Reconciler, _ now: Timestamp) {
        for step in reconciler.plan(actual, now: now).steps {
            take(step)
            _ = reconciler.done(step)
        }
    }
}
