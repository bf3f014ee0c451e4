import API
import Bytes
import GRPC
import PlaneConfig
import Wire

/// What a plane runs on, at one revision of the state and one version of the folder: two answers, ready to be sent.
struct PlaneEdition: Sendable {
    /// Tells editions apart.
    let version: String
    /// `GetPlaneResponse`
    let plane: [UInt8]
    /// `GetStreamsResponse` of the streams agent.
    let streams: [UInt8]
    /// Names of streams that are not in it, because something that they refer to is missing.
    let leftOut: [String]

    /// Puts an edition together. Ten thousand streams take some 50 ms: what is stored of a stream is copied, not read.
    ///
    /// - Throws: `.state`, `.damaged`.
    init(_ version: String, _ call: Call) throws(CallError) {
        self.version = version
        var plane = OutputBuffer(capacity: 1 << 16)
        var streams = OutputBuffer(capacity: 1 << 16)
        var head = GetPlaneResponse()
        head.version = version
        head.appendProtobuf(to: &plane)
        let (items, leftOut) = try Self.streams(call)
        for stream in items {
            var item = OutputBuffer(capacity: 512)
            item.appendField(1, stream.extended)
            for clientID in stream.clientIDs { item.appendField(2, Array(clientID.utf8)) }
            if !stream.maskSeed.isEmpty { item.appendField(3, Array(stream.maskSeed.utf8)) }
            plane.appendField(2, item.copyBytes())
            streams.appendField(1, stream.extended)
        }
        var rest = GetPlaneResponse()
        rest.contracts = try call.planeContracts()
        rest.policies = try call.planePolicies()
        rest.appendProtobuf(to: &plane)
        self.plane = plane.copyBytes()
        self.streams = streams.copyBytes()
        self.leftOut = leftOut
    }

    private struct Item {
        var extended: [UInt8]
        var clientIDs: [String]
        var maskSeed: String
    }

    private static func streams(_ call: Call) throws(CallError) -> ([Item], leftOut: [String]) {
        var items: [Item] = []
        var leftOut: [Int64: String] = [:]
        let projectID = try call.view.plane().defaultProjectID
        for stream in call.folder.snapshot.streams
        where try call.view.stream(named: stream.name, inProject: projectID) == nil {
            var extended = ExtendedStream()
            extended.stream = stream.spec(inProject: projectID)
            items.append(
                Item(
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
                    extended: extended(record.body, record.id, record.source == nil),
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
