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

    /// Reads and checks a folder, and the secret files that it names; generates nothing.
    ///
    /// - Parameter secretFiles: Gets the paths of the secret files, whatever is wrong with the folder.
    /// - Throws: `.invalid` with every problem.
    func documents(
        in folder: String, secretFiles: inout [String]
    ) throws(PlaneConfigError) -> [PlaneDocument] {
        var problems: [PlaneProblem] = []
        let documents = PlaneDocument.read(folder: folder, problems: &problems)
        _ = PlaneDraft(documents, builtIn: PublicContracts.documents, problems: &problems)
        for document in documents {
            guard let file = document.secretFile.map({ PlaneLoader.path(of: $0, in: folder) }) else { continue }
            secretFiles.append(file)
            do throws(SecretFileProblem) {
                _ = try Identities.secret(inFile: file)
            } catch {
                problems.append(document.problem(beside: "secretFile", "secretFile \(error.reason)"))
            }
        }
        guard problems.isEmpty else { throw .invalid(problems.sorted()) }
        return documents
    }

    private static func path(of secretFile: String, in folder: String) -> String {
        secretFile.hasPrefix("/") ? secretFile : "\(folder)/\(secretFile)"
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
        let identity = try identities.stream(named: stream.name)
        guard let topic = TopicName(streamUUID: identity.id) else { throw .corruptState("ids/streams") }
        let spec = stream.spec
        var seed = stream.masks.isEmpty ? "" : spec.maskedFields?.seed ?? ""
        if seed.isEmpty, !stream.masks.isEmpty { seed = try identities.maskSeed(of: stream.name) }
        let secretFile = stream.secretFile.map { PlaneLoader.path(of: $0, in: folder) }
        return PlaneStream(
            name: stream.name, id: identity.id, topic: topic, clientID: stream.clientID ?? identity.clientID,
            derivedFrom: spec.isDerived ? spec.linkedStream : nil, purposes: spec.consentLevels,
            consentLevelType: spec.consentLevelType, isEnabled: spec.enabled ?? true,
            eventRate: spec.limits?.eventRate ?? 0, policy: stream.policy, masks: stream.masks, maskSeed: seed,
            secretFile: secretFile)
    }
}
