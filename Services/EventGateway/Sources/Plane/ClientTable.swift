internal import Contracts
internal import EventLog
package import KeyVault
internal import PlaneConfig
internal import Wire

/// A source stream as one loop serves it: how fast it may send, and the batch that is being built for its topic.
///
/// It outlives changes of the configuration: when only a limit changes, the batch under construction stays.
///
/// - Isolation: belongs to one loop.
package final class SourceStream {
    /// The stream's name, for messages.
    package let name: String
    /// Its UUID: what its keys belong to.
    package let id: String
    /// The short form of `id` in cache keys: 8 bytes, unique on this loop, valid as long as this object.
    package var tag: UnsafeRawBufferPointer { UnsafeRawBufferPointer(tagBytes) }
    /// How fast it may send; nil is unlimited.
    package fileprivate(set) var gate: RateGate?
    /// How long its keys are kept.
    package fileprivate(set) var policy: KeyPolicy
    /// Its way into the log.
    package let writer: TopicWriter

    private var meters: [ObjectIdentifier: SchemaMeter] = [:]  // by schema of the catalog in force
    private var lastMeter: (schema: CompiledSchema, meter: SchemaMeter)?
    private let tagBytes: UnsafeMutableRawBufferPointer

    fileprivate init(
        _ stream: PlaneStream, number: UInt64, gate: RateGate?, growth: TopicGrowth, patience: Duration
    ) {
        name = stream.name
        id = stream.id
        self.gate = gate
        policy = KeyPolicy(stream.policy)
        writer = TopicWriter(topic: stream.topic, growth: growth, patience: patience)
        tagBytes = .allocate(byteCount: 8, alignment: 8)
        tagBytes.storeBytes(of: number, as: UInt64.self)
    }

    deinit { tagBytes.deallocate() }

    /// The counters for events of a schema of the catalog in force, made when first asked for.
    @inline(__always)
    func meter(_ schema: CompiledSchema, make: () -> SchemaMeter) -> SchemaMeter {
        if let last = lastMeter, last.schema === schema { return last.meter }
        let meter = meters[ObjectIdentifier(schema)] ?? make()
        meters[ObjectIdentifier(schema)] = meter
        lastMeter = (schema, meter)
        return meter
    }

    fileprivate func planeChanged(_ stream: PlaneStream, gate: RateGate?) {
        self.gate = gate
        policy = KeyPolicy(stream.policy)
        meters.removeAll()
        lastMeter = nil
    }
}

/// All clients of a plane, as one loop serves them.
///
/// Of ten thousand streams a loop serves a few hundred: a stream costs something from its first event on this loop, so that another
/// version of the plane is taken up between two events.
package struct ClientTable {
    private var plane: CompiledPlane?
    private var sources: [SourceStream?] = []  // by place in the snapshot; those that have sent here
    private var known: [String: SourceStream] = [:]  // the same, by stream id
    private var nextNumber: UInt64 = 0
    private let patience: Duration

    /// Nobody.
    ///
    /// - Parameter patience: How long an event may have to wait for its commit.
    package init(patience: Duration) { self.patience = patience }

    /// Serves the clients of `plane` from now on. Streams that have sent before keep their batches.
    package mutating func adopt(_ plane: CompiledPlane) {
        self.plane = plane
        sources = Array(repeating: nil, count: plane.snapshot.streams.count)
        var kept: [String: SourceStream] = [:]
        for (id, source) in known {
            guard let place = plane.sources[id] else { continue }
            source.planeChanged(plane.snapshot.streams[place], gate: plane.gate(at: place))
            kept[id] = source
            if plane.snapshot.streams[place].isEnabled { sources[place] = source }
        }
        known = kept
    }

    /// The place of a client id; nil when it is nobody's.
    package mutating func place(of clientID: String) -> Int? {
        guard let plane, let place = plane.places[clientID] else { return nil }
        let stream = plane.snapshot.streams[place]
        if sources[place] == nil, stream.derivedFrom == nil, stream.isEnabled {
            let source = SourceStream(
                stream, number: nextNumber, gate: plane.gate(at: place),
                growth: plane.growth(of: stream.id) ?? TopicGrowth(), patience: patience)
            nextNumber += 1
            sources[place] = source
            known[stream.id] = source
        }
        return place
    }

    /// The stream of the client at a place that was asked for; nil when the client may not send.
    package func source(at place: Int) -> SourceStream? { sources[place] }

    /// Why the client at a place may not send.
    package func refusal(at place: Int) -> Refusal {
        guard let stream = plane?.snapshot.streams[place] else { return .clientUnknown }
        if let source = stream.derivedFrom { return .derivedStream(name: stream.name, source: source) }
        return .streamNotEnabled(name: stream.name)
    }
}
