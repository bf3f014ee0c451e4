internal import API
internal import GRPC
internal import JSON
internal import Synchronization
internal import System
internal import Wire

/// Turns documents into a snapshot: checks them, then adds what is generated.
struct PlaneLoader: Sendable {
    private let identities: Identities
    private let schemaStore: SchemaStore

    init(state: String) throws(PlaneConfigError) {
        identities = try Identities(state: state)
        schemaStore = try SchemaStore(state: state)
    }

    /// The snapshot of checked documents. Of those that were in force before little is done again.
    ///
    /// - Parameter folder: What a relative `secretFile` starts from.
    /// - Throws: `.invalid` when the documents were not checked; `.state` or `.corruptState`.
    func snapshot(of documents: [PlaneDocument], folder: String) throws(PlaneConfigError) -> PlaneSnapshot {
        var problems: [PlaneProblem] = []
        let draft = PlaneDraft(documents, builtIn: PublicContracts.documents, problems: &problems)
        guard problems.isEmpty else { throw .invalid(problems.sorted()) }
        var fingerprint: [UInt8] = []  // the same draft always gives the same, and different drafts different ones
        fingerprint.reserveCapacity(32 * (draft.streams.count + draft.contracts.count))
        var streams: [PlaneStream] = []
        streams.reserveCapacity(draft.streams.count)
        for stream in draft.streams {
            let found = try inForce(stream, folder: folder)
            fingerprint += found.fingerprint
            streams.append(found.plane)
        }
        for contract in draft.contracts { fingerprint += try contract.reading.fingerprint() }
        fingerprint += JSONValue.array(draft.policies.map(\.json)).bytes()
        var schemas: [PlaneSchema] = []
        for schema in draft.schemas {
            schemas.append(
                PlaneSchema(
                    ref: schema.ref, id: try schemaStore.id(of: schema.definition), definition: schema.definition))
        }
        return PlaneSnapshot(
            version: String(try sha256Hex(fingerprint).prefix(16)), streams: streams,
            contracts: draft.contracts.map(\.spec), schemas: schemas, policies: draft.policies)
    }

    private func inForce(
        _ stream: PlaneDraft.Stream, folder: String
    ) throws(PlaneConfigError) -> StreamReading.InForce {
        let known = stream.reading.inForce.withLock { $0 }
        // What a document does not say by itself.
        if let known, known.plane.policy == stream.policy, known.plane.masks == stream.masks { return known }
        let plane = try planeStream(stream, folder: folder)
        var fingerprint = known?.fingerprint ?? []
        if fingerprint.isEmpty {
            let (document, spec) = (stream.document, stream.reading.spec)
            let whole: JSONValue = [
                "spec": spec.json, "clientId": .string(document.clientID ?? ""),
                "secretFile": .string(document.secretFile ?? ""),
                "identity": document.identity?.fingerprint ?? .null,
            ]
            fingerprint = try sha256(whole.bytes())
        }
        let made = StreamReading.InForce(plane: plane, fingerprint: fingerprint)
        stream.reading.inForce.withLock { $0 = made }
        return made
    }

    private func planeStream(_ stream: PlaneDraft.Stream, folder: String) throws(PlaneConfigError) -> PlaneStream {
        let (spec, document) = (stream.reading.spec, stream.document)
        let identity: StreamIdentity
        if let given = document.identity { identity = given } else { identity = try generated(for: stream) }
        guard let topic = TopicName(streamUUID: identity.id) else { throw .corruptState("ids/streams") }
        return PlaneStream(
            name: spec.ref.name, projectID: spec.ref.projectID, id: identity.id, topic: topic,
            clientIDs: identity.clientIDs,
            derivedFrom: spec.isDerived ? spec.linkedStream : nil, purposes: spec.consentLevels,
            consentLevelType: spec.consentLevelType, isEnabled: spec.enabled,
            eventRate: spec.limits?.eventRate ?? 0, policy: stream.policy, masks: stream.masks,
            maskSeed: identity.maskSeed, secretFile: document.secretFile.map { path($0, in: folder) })
    }

    /// What the state folder holds for a stream of the plane folder; made now if it is new.
    private func generated(for stream: PlaneDraft.Stream) throws(PlaneConfigError) -> StreamIdentity {
        let spec = stream.reading.spec
        let identity = try identities.stream(named: spec.ref.name)
        var seed = stream.masks.isEmpty ? "" : spec.maskedFields?.seed ?? ""
        if seed.isEmpty, !stream.masks.isEmpty { seed = try identities.maskSeed(of: spec.ref.name) }
        return StreamIdentity(
            id: identity.id, clientIDs: [stream.document.clientID ?? identity.clientID], maskSeed: seed)
    }
}
