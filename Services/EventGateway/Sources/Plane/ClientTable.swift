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
package struct ClientTable {
    private let sources: [SourceStream?]  // by place; nil is somebody who may not send
    private let refusals: [Int: Refusal]  // by place; why
    private let places: [String: Int]
    private let streams: [String: SourceStream]  // by stream id
    private let nextNumber: UInt64

    /// Nobody.
    package init() {
        sources = []
        refusals = [:]
        places = [:]
        streams = [:]
        nextNumber = 0
    }

    /// The clients of `plane`. Streams that `previous` knows keep their batches.
    ///
    /// - Parameter patience: How long an event may have to wait for its commit.
    package init(_ plane: CompiledPlane, keeping previous: ClientTable, patience: Duration) {
        var sources: [SourceStream?] = []
        var refusals: [Int: Refusal] = [:]
        var places: [String: Int] = [:]
        var streams: [String: SourceStream] = [:]
        var number = previous.nextNumber
        for stream in plane.snapshot.streams {
            for clientID in stream.clientIDs { places[clientID] = sources.count }
            if let source = stream.derivedFrom {
                refusals[sources.count] = .derivedStream(name: stream.name, source: source)
                sources.append(nil)
            } else if !stream.isEnabled {
                refusals[sources.count] = .streamNotEnabled(name: stream.name)
                sources.append(nil)
            } else {
                let gate = plane.gates[stream.id]
                let kept = previous.streams[stream.id]
                kept?.planeChanged(stream, gate: gate)
                let source =
                    kept
                    ?? SourceStream(
                        stream, number: number, gate: gate, growth: plane.growth[stream.id] ?? TopicGrowth(),
                        patience: patience)
                number += 1
                streams[stream.id] = source
                sources.append(source)
            }
        }
        self.sources = sources
        self.refusals = refusals
        self.places = places
        self.streams = streams
        nextNumber = number
    }

    /// The place of a client id; nil when it is nobody's.
    package func place(of clientID: String) -> Int? { places[clientID] }

    /// The stream of the client at a place; nil when the client may not send.
    package func source(at place: Int) -> SourceStream? { sources[place] }

    /// Why the client at a place may not send.
    package func refusal(at place: Int) -> Refusal { refusals[place] ?? .clientUnknown }
}
