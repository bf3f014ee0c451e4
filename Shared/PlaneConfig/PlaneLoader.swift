internal import API
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

    /// The snapshot of checked documents.
    ///
    /// - Parameter folder: What a relative `secretFile` starts from.
    /// - Throws: `.invalid` when the documents were not checked; `.state` or `.corruptState`.
    func snapshot(of documents: [PlaneDocument], folder: String) throws(PlaneConfigError) -> PlaneSnapshot {
        var problems: [PlaneProblem] = []
        let draft = PlaneDraft(documents, builtIn: PublicContracts.documents, problems: &problems)
        guard problems.isEmpty else { throw .invalid(problems.sorted()) }
        var streams: [PlaneStream] = []
        for stream in draft.streams {
            streams.append(try planeStream(stream, folder: folder))
        }
        var schemas: [PlaneSchema] = []
        for schema in draft.schemas {
            schemas.append(
                PlaneSchema(
                    ref: schema.ref, id: try schemaStore.id(of: schema.definition), definition: schema.definition))
        }
        return PlaneSnapshot(
            version: String(try sha256Hex(Array(draft.fingerprintText.utf8)).prefix(16)), streams: streams,
            contracts: draft.contracts.map(\.spec), schemas: schemas, policies: draft.policies)
    }

    private func planeStream(_ stream: PlaneDraft.Stream, folder: String) throws(PlaneConfigError) -> PlaneStream {
        let spec = stream.spec
        let identity: StreamIdentity
        if let given = stream.identity { identity = given } else { identity = try generated(for: stream) }
        guard let topic = TopicName(streamUUID: identity.id) else { throw .corruptState("ids/streams") }
        return PlaneStream(
            name: stream.name, projectID: spec.ref.projectID, id: identity.id, topic: topic,
            clientIDs: identity.clientIDs,
            derivedFrom: spec.isDerived ? spec.linkedStream : nil, purposes: spec.consentLevels,
            consentLevelType: spec.consentLevelType, isEnabled: spec.enabled,
            eventRate: spec.limits?.eventRate ?? 0, policy: stream.policy, masks: stream.masks,
            maskSeed: identity.maskSeed, secretFile: stream.secretFile.map { path($0, in: folder) })
    }

    /// What the state folder holds for a stream of the plane folder; made now if it is new.
    private func generated(for stream: PlaneDraft.Stream) throws(PlaneConfigError) -> StreamIdentity {
        let identity = try identities.stream(named: stream.name)
        var seed = stream.masks.isEmpty ? "" : stream.spec.maskedFields?.seed ?? ""
        if seed.isEmpty, !stream.masks.isEmpty { seed = try identities.maskSeed(of: stream.name) }
        return StreamIdentity(id: identity.id, clientIDs: [stream.clientID ?? identity.clientID], maskSeed: seed)
    }
}
