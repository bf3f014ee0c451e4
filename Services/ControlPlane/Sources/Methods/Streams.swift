import API
import Contracts
import GRPC
import PlaneConfig
import Wire

extension MethodTable {
    /// `StreamsService`
    mutating func addStreams() {
        read(StreamsService.getStream, .people(.view)) { call, request throws(CallError) in
            var response = GetStreamResponse()
            let stream = try call.stream(request.ref, field: "ref")
            response.streamTree = try call.tree(of: stream, recursive: request.recursive, showingCredentials: true)
            return response
        }
        list(StreamsService.listStreams, .people(.view)) { call, request throws(CallError) in
            let project = try call.project(request.projectID)
            var response = ListStreamsResponse()
            for stream in try call.streams(ofProject: project) {
                response.streams.append(
                    try call.tree(of: stream, recursive: request.recursive, showingCredentials: false))
            }
            return response
        }
        list(StreamsService.listExtendedStreams, .everybody(.view)) { call, request throws(CallError) in
            var response = ListExtendedStreamsResponse()
            var seen: Set<String> = []
            for clientID in request.clientIDs {
                guard let stream = try call.stream(clientID: clientID), seen.insert(stream.id).inserted,
                    try call.mayLook(into: stream.projectID)
                else { continue }
                response.extendedStreams.append(try stream.extended())
            }
            return response
        }
        change(StreamsService.createStream, .people(.createResources)) { call, change, request throws(CallError) in
            var response = CreateStreamResponse()
            response.stream = try call.create(request.stream, change)
            return response
        }
        change(StreamsService.deleteStream, .people(.deleteResources)) { call, change, request throws(CallError) in
            let stream = try call.storedStream(request.ref, field: "ref")
            try call.delete(stream, recursive: request.recursive, change)
            return DeleteStreamResponse()
        }
    }
}

/// A stream, wherever it is described.
enum AnyStream {
    case stored(StreamRecord)
    /// Of the plane folder; in this project.
    case folder(PlaneStream, projectID: String)

    var id: String {
        switch self {
        case .stored(let record): record.id
        case .folder(let stream, _): stream.id
        }
    }

    var projectID: String {
        switch self {
        case .stored(let record): record.projectID
        case .folder(_, let projectID): projectID
        }
    }

    /// Where its events are.
    var topic: String { "stream-\(id)" }

    /// The message without what is secret.
    func spec() throws(CallError) -> StreamSpec {
        var spec: StreamSpec
        switch self {
        case .stored(let record): spec = try record.spec()
        case .folder(let stream, let projectID): spec = stream.spec(inProject: projectID)
        }
        spec.kafkaTopic = topic
        return spec
    }

    /// The stream as the components of a plane look at it.
    func extended() throws(CallError) -> ExtendedStream {
        var extended = ExtendedStream()
        let spec = try spec()
        extended.stream = spec
        extended.topic = topic
        extended.uuid = id
        extended.keyStream = !spec.isDerived
        return extended
    }

    /// The stream of its keys; nil for a derived stream, which has none.
    func keyStream(_ spec: StreamSpec) -> KeyStream? {
        if spec.isDerived { return nil }
        var ref = KeyStreamRef()
        ref.name = spec.ref.name
        ref.projectID = spec.ref.projectID
        var keys = KeyStream()
        keys.ref = ref
        keys.kafkaTopic = "keys-\(id)"
        return keys
    }
}

extension StreamRecord {
    /// The message as it is stored.
    func spec() throws(CallError) -> StreamSpec {
        do throws(GRPCError) {
            return try StreamSpec(protobuf: body)
        } catch {
            throw .damaged("stream \(name) cannot be read")
        }
    }
}

// MARK: - Finding

extension Call {
    /// The stream that a reference names, in a project that the caller may look into.
    ///
    /// - Parameter field: Where the reference stands in the request.
    func stream(_ ref: StreamRef, field: String) throws(CallError) -> AnyStream {
        let project = try project(ref.projectID)
        if ref.name.isEmpty { throw .invalid(field: "\(field).name", rule: "must be set") }
        guard let stream = try stream(named: ref.name, in: project) else { throw .notFound(.stream, ref.name) }
        return stream
    }

    /// The stream of that name.
    func stream(named name: String, in project: ProjectRecord) throws(CallError) -> AnyStream? {
        if let record = try view.stream(named: name, inProject: project.id) { return .stored(record) }
        guard project.id == (try view.plane().defaultProjectID), let stream = folder.snapshot.stream(named: name) else {
            return nil
        }
        return .folder(stream, projectID: project.id)
    }

    /// The same, when it can be changed.
    ///
    /// - Throws: `.refused` for a stream of the plane folder.
    func storedStream(_ ref: StreamRef, field: String) throws(CallError) -> StreamRecord {
        switch try stream(ref, field: field) {
        case .stored(let record): return record
        case .folder(let stream, _):
            throw .refused("stream \(stream.name) is described in the plane folder: change it there")
        }
    }

    /// The stream whose client this is.
    func stream(clientID: String) throws(CallError) -> AnyStream? {
        if let record = try view.stream(clientID: clientID) { return .stored(record) }
        guard let stream = folder.snapshot.stream(clientID: clientID) else { return nil }
        return .folder(stream, projectID: try view.plane().defaultProjectID)
    }

    /// The streams of a project: those of the plane folder first, then in the order in which they were made. A stream of the folder
    /// whose name was taken before is left out.
    func streams(ofProject project: ProjectRecord) throws(CallError) -> [AnyStream] {
        let stored = try view.streams(ofProject: project.id)
        guard project.id == (try view.plane().defaultProjectID) else { return stored.map { .stored($0) } }
        let names = Set(stored.map(\.name))
        return folder.snapshot.streams.filter { !names.contains($0.name) }.map { .folder($0, projectID: project.id) }
            + stored.map { .stored($0) }
    }

    /// The streams that are derived from a stream.
    func derived(from stream: AnyStream) throws(CallError) -> [AnyStream] {
        switch stream {
        case .stored(let record): try view.streams(derivedFrom: record.number).map { .stored($0) }
        case .folder(let source, let projectID):
            folder.snapshot.derivedStreams(of: source).map { .folder($0, projectID: projectID) }
        }
    }

    /// A stream with what belongs to it.
    func tree(of stream: AnyStream, recursive: Bool, showingCredentials: Bool) throws(CallError) -> StreamTree {
        var spec = try stream.spec()
        if showingCredentials { try show(&spec, secretsOf: stream) }
        var tree = StreamTree()
        tree.keyStream = stream.keyStream(spec)
        if recursive {
            for derived in try derived(from: stream) { tree.derived.append(try derived.spec()) }
            for user in try view.resources(using: Use(.stream, spec.ref.name, inProject: stream.projectID)) {
                if user.kind == .batchExporter { tree.batchExporters.append(try user.message()) }
                if user.kind == .kafkaExporter { tree.kafkaExporters.append(try user.message()) }
            }
        }
        tree.stream = spec
        return tree
    }

    /// Adds credentials and mask seed. Whoever may only look gets no secret.
    private func show(_ spec: inout StreamSpec, secretsOf stream: AnyStream) throws(CallError) {
        spec.credentials = try credentials(of: stream)
        guard maySeeSecrets, spec.maskedFields?.fieldPatterns.isEmpty == false else { return }
        switch stream {
        case .stored(let record): spec.maskedFields?.seed = try secrets.maskSeed(of: record)
        case .folder(let stream, _): spec.maskedFields?.seed = stream.maskSeed
        }
    }

    /// Whether the caller may use streams, and not only look at them.
    var maySeeSecrets: Bool {
        switch principal {
        case .user(_, _, let roles): roles.may(.createResources)
        case .installation: true
        }
    }

    /// The credentials of a stream, the oldest first.
    func credentials(of stream: AnyStream) throws(CallError) -> [Credentials] {
        var all: [Credentials] = []
        switch stream {
        case .stored(let record):
            for stored in try view.credentials(ofStream: record.number) {
                var credentials = Credentials()
                credentials.clientID = stored.clientID
                credentials.projectID = record.projectID
                if maySeeSecrets { credentials.clientSecret = try secrets.secret(of: stored) }
                all.append(credentials)
            }
        case .folder(let stream, let projectID):
            var credentials = Credentials()
            credentials.clientID = stream.clientID
            credentials.projectID = projectID
            if maySeeSecrets { credentials.clientSecret = try folder.secret(of: stream) }
            all.append(credentials)
        }
        return all
    }
}

// MARK: - Making

extension Call {
    /// How many streams a plane may have.
    static let streamLimit = 100_000

    /// Makes a stream and its first credentials.
    ///
    /// - Returns: The stream as its maker sees it, secrets included.
    fileprivate func create(_ asked: StreamSpec, _ change: StateChange) throws(CallError) -> StreamSpec {
        let project = try openProject(asked.ref.projectID)
        var spec = StreamSpec()
        spec.ref.projectID = project.id
        spec.ref.name = asked.ref.name
        spec.description = asked.description
        spec.tags = asked.tags
        spec.enabled = true
        spec.policyID = try usablePolicy(asked.policyID)
        spec.maskedFields = MaskedFields()
        let source = try derive(&spec, asked, project)
        if spec.ref.name.isEmpty { throw .invalid(field: "stream.ref.name", rule: "must be set") }
        guard spec.ref.name.unicodeScalars.count <= 100 else {
            throw .invalid(
                field: "stream.ref.name", rule: "must be set: the name made of source and levels is too long")
        }
        guard try stream(named: spec.ref.name, in: project) == nil else { throw .alreadyExists(.stream, spec.ref.name) }
        guard try view.streamCount() < Self.streamLimit else {
            throw .exhausted("there are \(Self.streamLimit) streams already")
        }
        return try store(spec, source: source, seed: asked.maskedFields?.seed ?? "", project, change)
    }

    /// Sets what a derived stream has and a source stream has not.
    ///
    /// - Returns: The row of the source.
    private func derive(
        _ spec: inout StreamSpec, _ asked: StreamSpec, _ project: ProjectRecord
    ) throws(CallError) -> Int64? {
        let isMasked = asked.maskedFields?.fieldPatterns.isEmpty == false
        guard asked.isDerived else {
            let rule = "may be set only on a derived stream, with linkedStream"
            if !asked.consentLevels.isEmpty { throw .invalid(field: "stream.consentLevels", rule: rule) }
            if isMasked { throw .invalid(field: "stream.maskedFields", rule: rule) }
            var limits = Limits()
            limits.eventRate = 999_999
            limits.eventCount = 999_999_999
            spec.limits = limits
            return nil
        }
        guard !asked.consentLevels.isEmpty else {
            throw .invalid(field: "stream.consentLevels", rule: "must hold at least one level on a derived stream")
        }
        spec.linkedStream = asked.linkedStream
        spec.consentLevels = asked.consentLevels
        spec.consentLevelType = asked.consentLevelType == .unspecified ? .granular : asked.consentLevelType
        if isMasked {
            try checkMasks(asked.maskedFields ?? MaskedFields())
            spec.maskedFields?.hashType = asked.maskedFields?.hashType ?? ""
            spec.maskedFields?.fieldPatterns = asked.maskedFields?.fieldPatterns ?? [:]
        }
        if spec.ref.name.isEmpty {
            let levels = asked.consentLevels.map(String.init).joined(separator: "-")
            spec.ref.name = "\(asked.linkedStream)-\(isMasked ? "M" : "")\(levels)"
        }
        switch try stream(named: asked.linkedStream, in: project) {
        case nil: throw .notFound(.stream, asked.linkedStream)
        case .folder(let stream, _):
            throw .refused("stream \(stream.name) is described in the plane folder: derive from it there")
        case .stored(let source):
            guard source.source == nil else {
                throw .refused("stream \(source.name) is derived itself: derive from its source")
            }
            return source.number
        }
    }

    private func checkMasks(_ masked: MaskedFields) throws(CallError) {
        for (text, list) in masked.fieldPatterns.sorted(by: { $0.key < $1.key }) {
            let field = "stream.maskedFields.fieldPatterns[\"\(text)\"]"
            guard let ref = ContractRef(text) else {
                throw .invalid(field: field, rule: "must be a contract reference: handle/name/1.0.0")
            }
            guard let spec = try contract(ref), try maySee(spec) else { throw .notFound(.dataContract, text) }
            guard let checked = CheckedContract.check(spec).contract else { continue }
            for (index, path) in list.fieldPatterns.enumerated() {
                if let problem = checked.problem(maskingField: path) {
                    throw .invalid(field: "\(field).fieldPatterns[\(index)]", rule: problem)
                }
            }
        }
    }

    private func store(
        _ spec: StreamSpec, source: Int64?, seed: String, _ project: ProjectRecord, _ change: StateChange
    ) throws(CallError) -> StreamSpec {
        var record = StreamRecord(
            number: 0, id: StateSecrets.newID(), projectID: project.id, name: spec.ref.name, source: source,
            policyID: spec.policyID.isEmpty ? nil : spec.policyID, body: spec.protobuf, created: change.now)
        if spec.maskedFields?.fieldPatterns.isEmpty == false {
            record.sealedMaskSeed = try secrets.sealMaskSeed(
                seed.isEmpty ? StateSecrets.newSecret() : seed, ofStream: record.id)
        }
        try change.add(&record)
        let (clientID, secret) = try change.addCredential(ofStream: record.number, sealing: secrets)
        try change.audit(
            .stream, record.name, projectID: project.id, before: nil, after: AnyStream.stored(record).spec().json)
        var made = try AnyStream.stored(record).spec()
        if record.sealedMaskSeed != nil { made.maskedFields?.seed = try secrets.maskSeed(of: record) }
        var credentials = Credentials()
        credentials.clientID = clientID
        credentials.clientSecret = secret
        credentials.projectID = project.id
        made.credentials = [credentials]
        return made
    }

    // MARK: - Removing

    /// Removes a stream; with `recursive` also what depends on it.
    fileprivate func delete(_ stream: StreamRecord, recursive: Bool, _ change: StateChange) throws(CallError) {
        let dependants = try dependants(of: stream)
        if !dependants.isEmpty, !recursive {
            let names = dependants.map(\.name).joined(separator: ", ")
            throw .refused("stream \(stream.name) has dependants, and recursive is not set: \(names)")
        }
        for dependant in dependants { try dependant.remove(change) }
        try change.removeStream(number: stream.number)
        try change.audit(
            .stream, stream.name, projectID: stream.projectID, before: AnyStream.stored(stream).spec().json, after: nil)
    }

    /// What must go before a stream can.
    private func dependants(of stream: StreamRecord) throws(CallError) -> [StreamDependant] {
        var dependants: [StreamDependant] = []
        for derived in try view.streams(derivedFrom: stream.number) {
            dependants.append(
                StreamDependant(name: derived.name) { change throws(CallError) in
                    try delete(derived, recursive: true, change)
                })
        }
        for user in try view.resources(using: Use(.stream, stream.name, inProject: stream.projectID)) {
            dependants.append(
                StreamDependant(name: user.title) { change throws(CallError) in
                    try remove(user, recursive: true, change)
                })
        }
        return dependants
    }
}

/// Something that cannot be without a stream.
private struct StreamDependant {
    /// For people: of what kind it is and what it is called.
    let name: String
    /// Removes it, with its entry in the audit trail.
    let remove: (StateChange) throws(CallError) -> Void
}
