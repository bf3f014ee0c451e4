import API
import Bytes
import GRPC
import PlaneConfig
import Synchronization
import Wire

/// What a plane runs on, at one revision of the state and one version of the folder.
///
/// Each stream's message is kept as it is sent. The answers that hold everything are put together when somebody asks, and kept too.
final class PlaneEdition: Sendable {
    /// `PlaneStream`, encoded.
    private struct Stream {
        let id: String
        let message: [UInt8]
        /// How many of the first bytes are the field with the `ExtendedStream`.
        let extendedCount: Int
    }

    /// Tells editions apart.
    let version: String
    /// Names of streams that are not in it, because something that they refer to is missing.
    let leftOut: [String]

    private let streams: [Stream]
    private let places: [String: Int]  // by id
    private let rest: [UInt8]  // of a `GetPlaneResponse`: contracts and policies
    private let made = Mutex<(plane: [UInt8]?, streams: [UInt8]?)>((nil, nil))

    /// Puts an edition together. Ten thousand streams take some 50 ms: what is stored of a stream is copied, not read.
    ///
    /// - Throws: `.state`, `.damaged`.
    init(_ version: String, _ call: Call) throws(CallError) {
        self.version = version
        let (items, leftOut) = try Self.items(call)
        self.leftOut = leftOut
        streams = items.map { item in
            var message = OutputBuffer(capacity: 512)
            message.appendField(1, item.extended)
            let extendedCount = message.count
            for clientID in item.clientIDs { message.appendField(2, Array(clientID.utf8)) }
            if !item.maskSeed.isEmpty { message.appendField(3, Array(item.maskSeed.utf8)) }
            return Stream(id: item.id, message: message.copyBytes(), extendedCount: extendedCount)
        }
        places = Dictionary(streams.enumerated().map { ($1.id, $0) }) { first, _ in first }
        var rest = GetPlaneResponse()
        rest.contracts = try call.planeContracts()
        rest.policies = try call.planePolicies()
        self.rest = rest.protobuf
    }

    /// `GetPlaneResponse` with everything.
    var plane: [UInt8] {
        made.withLock { made in
            if let plane = made.plane { return plane }
            var output = OutputBuffer(capacity: 1 << 16)
            var head = GetPlaneResponse()
            head.version = version
            head.appendProtobuf(to: &output)
            for stream in streams { output.appendField(2, stream.message) }
            output.append(rest)
            let plane = output.copyBytes()
            made.plane = plane
            return plane
        }
    }

    /// `GetStreamsResponse` of the streams agent: its field 1 is what field 1 of each stream's message is.
    var extendedStreams: [UInt8] {
        made.withLock { made in
            if let streams = made.streams { return streams }
            var output = OutputBuffer(capacity: 1 << 16)
            for stream in streams { output.append(Array(stream.message[..<stream.extendedCount])) }
            let all = output.copyBytes()
            made.streams = all
            return all
        }
    }

    /// The streams that are not what they were in an earlier edition, new and gone ones included; nil when anything else changed.
    func streamsChanged(since earlier: PlaneEdition) -> Set<String>? {
        guard rest == earlier.rest else { return nil }
        var changed: Set<String> = []
        for stream in streams {
            guard let place = earlier.places[stream.id], earlier.streams[place].message == stream.message else {
                changed.insert(stream.id)
                continue
            }
        }
        for stream in earlier.streams where places[stream.id] == nil { changed.insert(stream.id) }
        return changed
    }

    /// `GetPlaneResponse` with these streams, those that are gone by their ids.
    ///
    /// - Parameter version: The one that the caller has.
    func changes(since version: String, _ ids: Set<String>) -> [UInt8] {
        var output = OutputBuffer(capacity: 4096)
        var response = GetPlaneResponse()
        response.version = self.version
        response.changedSince = version
        for id in ids.sorted() {
            if let place = places[id] {
                output.appendField(2, streams[place].message)
            } else {
                response.goneStreams.append(id)
            }
        }
        response.appendProtobuf(to: &output)
        return output.copyBytes()
    }

    /// How many streams there are.
    var count: Int { streams.count }

    private struct Item {
        var id: String
        var extended: [UInt8]
        var clientIDs: [String]
        var maskSeed: String
    }

    private static func items(_ call: Call) throws(CallError) -> ([Item], leftOut: [String]) {
        var items: [Item] = []
        var leftOut: [Int64: String] = [:]
        let projectID = try call.view.plane().defaultProjectID
        for stream in call.folder.snapshot.streams
        where try call.view.stream(named: stream.name, inProject: projectID) == nil {
            var extended = ExtendedStream()
            extended.stream = stream.spec(inProject: projectID)
            items.append(
                Item(
                    id: stream.id,
                    extended: Self.extended(extended.stream?.protobuf ?? [], stream.id, stream.derivedFrom == nil),
                    clientIDs: stream.clientIDs, maskSeed: stream.maskSeed))
        }
        let clientIDs = try call.view.clientIDs()
        for record in try call.view.streams() {
            // A source was made before what is derived from it, so it is known by now.
            let isWhole = try call.isWhole(record) && leftOut[record.source ?? 0] == nil
            guard isWhole else {
                leftOut[record.number] = record.name
                continue
            }
            items.append(
                Item(
                    id: record.id, extended: extended(record.body, record.id, record.source == nil),
                    clientIDs: clientIDs[record.number] ?? [], maskSeed: try call.secrets.maskSeed(of: record)))
        }
        return (items, leftOut.values.sorted())
    }

    /// An `ExtendedStream` around a `Stream` that is encoded already.
    private static func extended(_ stream: [UInt8], _ id: String, _ isSource: Bool) -> [UInt8] {
        var outer = ExtendedStream()
        outer.topic = "stream-\(id)"
        outer.uuid = id
        outer.keyStream = isSource
        var output = OutputBuffer(capacity: stream.count + 128)
        output.appendField(1, stream)
        outer.appendProtobuf(to: &output)
        return output.copyBytes()
    }
}

extension Call {
    /// The contracts that the plane's components need: those of the folder, built-in ones included, and of the others those whose
    /// events may be met.
    func planeContracts() throws(CallError) -> [DataContractSpec] {
        var contracts = try view.contractsInForce()
        // The definition says it all; a simple schema is for people.
        for index in contracts.indices { contracts[index].schema.simpleSchema = nil }
        return folder.snapshot.contracts + contracts
    }

    /// Whether the plane's components know a contract.
    private func isInForce(_ ref: ContractRef) throws(CallError) -> Bool {
        if folder.snapshot.contracts.contains(where: { $0.ref.contractRef == ref }) { return true }
        switch try view.contract(ref)?.state {
        case .active, .archived: return true
        case .draft, .inReview, .approved, .incomplete, .unspecified, nil: return false
        }
    }

    /// The policies that streams may name.
    func planePolicies() throws(CallError) -> [PolicySpec] { try folder.snapshot.policies + view.policies() }

    /// Whether everything is there that a stream refers to. The folder may have lost a contract whose fields a stream masks, or it
    /// is a draft: then the stream is not given out, rather than given out with less masked. Its policy must be active.
    func isWhole(_ stream: StreamRecord) throws(CallError) -> Bool {
        if let policyID = stream.policyID {
            guard try policy(policyID)?.state == .active else { return false }
        }
        guard stream.sealedMaskSeed != nil else { return true }
        let masks = try stream.spec().maskedFields?.fieldPatterns ?? [:]
        for text in masks.keys {
            guard let ref = ContractRef(text), try isInForce(ref) else { return false }
        }
        return true
    }
}

extension OutputBuffer {
    /// A field of bytes, text or a message that is encoded already (protobuf.dev, "Encoding": wire type 2).
    fileprivate mutating func appendField(_ number: Int, _ bytes: [UInt8]) {
        append(UInt8(number << 3 | 2))  // numbers up to 15 have one byte
        append(varint: UInt64(bytes.count))
        append(bytes)
    }
}
