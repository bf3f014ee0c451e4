package import Contracts
package import PlaneConfig

/// One version of the plane's configuration, compiled: what all loops share and none changes.
package final class CompiledPlane: Sendable {
    /// What was compiled.
    package let snapshot: PlaneSnapshot
    /// Schemas and contracts as programs.
    package let catalog: CompiledCatalog
    /// The rate limits, by stream id; streams without a limit are not in it.
    package let gates: [String: RateGate]
    /// Which source streams' topics have grown since their events were counted, by stream id.
    package let growth: [String: TopicGrowth]

    /// Compiles a configuration. Takes milliseconds per contract: not on a loop.
    ///
    /// - Parameter previous: Its gates go on when the limit is the same, so that a change elsewhere in the plane gives nobody
    ///   a full bucket.
    /// - Throws: What the catalog refuses.
    package init(_ snapshot: PlaneSnapshot, after previous: CompiledPlane?) throws(ContractsError) {
        self.snapshot = snapshot
        catalog = try CompiledCatalog(
            contracts: snapshot.contracts,
            schemas: snapshot.schemas.map { .init(ref: $0.ref, id: $0.id, definition: $0.definition) })
        var gates: [String: RateGate] = [:]
        var growth: [String: TopicGrowth] = [:]
        for stream in snapshot.streams where stream.derivedFrom == nil {
            growth[stream.id] = previous?.growth[stream.id] ?? TopicGrowth()
            guard let limit = RateLimit(eventsPerSecond: stream.eventRate) else { continue }
            if let known = previous?.gates[stream.id], known.limit == limit {
                gates[stream.id] = known
            } else {
                gates[stream.id] = RateGate(limit)
            }
        }
        self.gates = gates
        self.growth = growth
    }
}
