package import Contracts
package import PlaneConfig

/// One version of the plane's configuration, compiled: what all loops share and none changes.
package final class CompiledPlane: Sendable {
    /// What was compiled.
    package let snapshot: PlaneSnapshot
    /// Schemas and contracts as programs.
    package let catalog: CompiledCatalog
    /// The place of each client's stream in the snapshot, by client id.
    let places: [String: Int]
    /// The place of each source stream in the snapshot, by stream id.
    let sources: [String: Int]
    private let gates: [RateGate?]  // by place
    private let growths: [TopicGrowth?]  // by place

    /// Compiles a configuration. Takes milliseconds per contract, and per thousand streams: not on a loop.
    ///
    /// - Parameter previous: Its gates go on when the limit is the same, so that a change elsewhere in the plane gives nobody
    ///   a full bucket. Its catalog goes on when the contracts are the same.
    /// - Throws: What the catalog refuses.
    package init(_ snapshot: PlaneSnapshot, after previous: CompiledPlane?) throws(ContractsError) {
        self.snapshot = snapshot
        if let previous, previous.snapshot.contracts == snapshot.contracts,
            previous.snapshot.schemas == snapshot.schemas
        {
            catalog = previous.catalog
        } else {
            catalog = try CompiledCatalog(
                contracts: snapshot.contracts,
                schemas: snapshot.schemas.map { .init(ref: $0.ref, id: $0.id, definition: $0.definition) })
        }
        let streams = snapshot.streams
        var gates: [RateGate?] = Array(repeating: nil, count: streams.count)
        var growths: [TopicGrowth?] = Array(repeating: nil, count: streams.count)
        var places: [String: Int] = [:]
        var sources: [String: Int] = [:]
        places.reserveCapacity(streams.count)
        sources.reserveCapacity(streams.count)
        for (place, stream) in streams.enumerated() {
            for clientID in stream.clientIDs { places[clientID] = place }
            guard stream.derivedFrom == nil else { continue }
            sources[stream.id] = place
            let known = previous?.sources[stream.id]
            growths[place] = known.flatMap { previous?.growths[$0] } ?? TopicGrowth()
            guard let limit = RateLimit(eventsPerSecond: stream.eventRate) else { continue }
            let gate = known.flatMap { previous?.gates[$0] }
            gates[place] = gate?.limit == limit ? gate : RateGate(limit)
        }
        self.gates = gates
        self.growths = growths
        self.places = places
        self.sources = sources
    }

    /// The rate limit of the stream at a place of the snapshot; nil without one.
    func gate(at place: Int) -> RateGate? { gates[place] }

    /// Whether the topic of a source stream has grown since its events were counted; nil for any other stream.
    package func growth(of streamID: String) -> TopicGrowth? { sources[streamID].flatMap { growths[$0] } }
}
