internal import API
internal import Contracts
internal import GRPC
internal import JSON
internal import Wire

/// What a folder's documents say, checked against each other. Pure: nothing is generated or read here.
struct PlaneDraft: Sendable {
    struct Stream: Sendable {
        var name: String
        var spec: StreamSpec
        var policy: PolicySpec
        var masks: [ContractRef: [String]]
        var clientID: String?
        var secretFile: String?
        var identity: StreamIdentity?
    }

    /// What no two streams share.
    struct StreamKey: Hashable, Sendable {
        var project: String
        var name: String
    }

    struct Contract: Sendable {
        var spec: DataContractSpec
        var definition: String  // Avro, as JSON text
    }

    private(set) var streams: [Stream] = []
    private(set) var contracts: [Contract] = []
    private(set) var policies: [PolicySpec] = []

    /// Every schema once, by reference.
    var schemas: [(ref: ContractRef, definition: String)] {
        var seen: Set<ContractRef> = []
        return contracts.map { ($0.spec.schema.ref.contractRef, $0.definition) }
            .filter { seen.insert($0.0).inserted }
            .sorted { $0.0 < $1.0 }
    }

    /// The same draft always gives the same text, and different drafts different texts.
    var fingerprintText: String {
        var parts: [JSONValue] = []
        for stream in streams {
            parts.append([
                "spec": stream.spec.json, "clientId": .string(stream.clientID ?? ""),
                "secretFile": .string(stream.secretFile ?? ""), "identity": stream.identity?.fingerprint ?? .null,
            ])
        }
        parts += contracts.map(\.spec.json)
        parts += policies.map(\.json)
        return JSONValue.array(parts).text()
    }

    /// - Parameters:
    ///   - builtIn: Documents that ship with the program: used where the folder has none of the same identity.
    ///   - problems: Every mistake of the documents is noted here; if there are any, the draft is of no use.
    init(_ documents: [PlaneDocument], builtIn: [PlaneDocument], problems: inout [PlaneProblem]) {
        var reader = DraftReader()
        reader.read(documents, builtIn: builtIn)
        policies = reader.policies.values.sorted { $0.id < $1.id }
        contracts = reader.contracts.values.sorted { $0.spec.ref.contractRef < $1.spec.ref.contractRef }
        streams = reader.streams().sorted { ($0.spec.ref.projectID, $0.name) < ($1.spec.ref.projectID, $1.name) }
        problems += reader.problems
    }
}

/// Decodes documents in the order in which they need each other: policies, contracts, streams.
private struct DraftReader {
    var problems: [PlaneProblem] = []
    private(set) var policies: [String: PolicySpec] = [:]
    private(set) var contracts: [ContractRef: PlaneDraft.Contract] = [:]
    private var fields: [ContractRef: CheckedContract] = [:]
    private var described: Set<ContractRef> = []  // contracts with mistakes too
    private var streamDocuments: [(document: PlaneDocument, spec: StreamSpec)] = []

    mutating func read(_ documents: [PlaneDocument], builtIn: [PlaneDocument]) {
        for document in documents where document.kind == .policy { readPolicy(document) }
        var places: [ContractRef: PlaneDocument] = [:]
        for document in documents where document.kind == .dataContract { readContract(document, &places) }
        for document in builtIn where document.kind == .dataContract {
            let ref = DataContractSpec(json: document.spec, problems: &ignored).ref.contractRef
            if places[ref] == nil { readContract(document, &places) }
        }
        for document in documents where document.kind == .stream {
            var spec = decode(StreamSpec.self, document)
            // What stands in a folder is in force, unless it says otherwise.
            if document.identity == nil, document.spec["enabled"] == nil { spec.enabled = true }
            streamDocuments.append((document, spec))
        }
        refuseDifferentSchemas(places)
    }
    private var ignored: [SpecProblem] = []

    private mutating func decode<Message: ProtoMessage>(_ type: Message.Type, _ document: PlaneDocument) -> Message {
        var found: [SpecProblem] = []
        let message = Message(json: document.spec, problems: &found)
        for problem in found where !DraftReader.isAssigned(problem) {
            problems.append(document.problem(problem.path, problem.rule))
        }
        return message
    }

    /// True for what a control plane gives to an entity, and a folder need not: the project, the name of a derived stream,
    /// the reference of a contract's own schema.
    private static func isAssigned(_ problem: SpecProblem) -> Bool {
        problem.rule == TextRule.missing
            && ["ref", "ref.projectId", "projectId", "schema.ref"].contains(problem.path.description)
    }

    // MARK: - Policies

    private mutating func readPolicy(_ document: PlaneDocument) {
        let before = problems.count
        var policy = decode(PolicySpec.self, document)
        let isSound = problems.count == before
        // What stands in a folder is in force, unless it says otherwise.
        if policy.state == .unspecified { policy.state = .active }
        if policy.id.isEmpty { problems.append(document.problem(at: "id", rule: "must be set")) }
        if policy.name.isEmpty { problems.append(document.problem(at: "name", rule: "must be set")) }
        if isSound, policy.retentionDays == 0 {
            problems.append(document.problem(at: "retentionDays", rule: "must be at least 1"))
        }
        if policies[policy.id] != nil, !policy.id.isEmpty {
            problems.append(document.problem(at: "id", rule: "belongs to another policy already"))
        }
        if policies.values.contains(where: { $0.name == policy.name && !policy.name.isEmpty }) {
            problems.append(document.problem(at: "name", rule: "belongs to another policy already"))
        }
        if !policy.id.isEmpty { policies[policy.id] = policy }
    }

    // MARK: - Contracts

    private mutating func readContract(_ document: PlaneDocument, _ places: inout [ContractRef: PlaneDocument]) {
        let before = problems.count
        var spec = decode(DataContractSpec.self, document)
        let ref = spec.ref.contractRef
        if let first = places[ref] {
            problems.append(document.problem(at: "ref", rule: "is described already, in \(first.file)"))
        }
        places[ref] = places[ref] ?? document
        described.insert(ref)
        if !spec.schema.definition.isEmpty, spec.schema.simpleSchema != nil {
            problems.append(
                document.problem(at: "schema", "simpleSchema", rule: "must not stand beside definition"))
        }
        guard problems.count == before else { return }
        if spec.state == .unspecified { spec.state = .active }
        if !spec.schema.$ref.isSet {
            spec.schema.ref.handle = ref.handle
            spec.schema.ref.name = ref.name
            spec.schema.ref.version = ref.version
        }
        let checked = CheckedContract.check(spec)
        problems += checked.problems.map { document.problem($0.path, $0.rule) }
        guard let contract = checked.contract else { return }
        spec.schema.ref.schemaType = contract.schema.type
        fields[ref] = contract
        contracts[ref] = PlaneDraft.Contract(spec: spec, definition: contract.definition)
    }

    /// One schema reference, one definition: senders name the schema alone.
    private mutating func refuseDifferentSchemas(_ places: [ContractRef: PlaneDocument]) {
        var first: [ContractRef: PlaneDraft.Contract] = [:]
        for (ref, contract) in contracts.sorted(by: { $0.key < $1.key }) {
            let schema = contract.spec.schema.ref.contractRef
            guard let other = first[schema] else {
                first[schema] = contract
                continue
            }
            guard other.definition != contract.definition, let document = places[ref] else { continue }
            problems.append(
                document.problem(
                    at: "schema", rule: "differs from the schema \(schema) of contract \(other.spec.ref.contractRef)"))
        }
    }

    // MARK: - Streams

    mutating func streams() -> [PlaneDraft.Stream] {
        var streams: [PlaneDraft.Stream] = []
        var places: [PlaneDraft.StreamKey: PlaneDocument] = [:]
        var clientIDs: Set<String> = []
        let keys = streamDocuments.map { ($0.spec.isDerived, key($0.document, $0.spec)) }
        let sources = Set(keys.filter { !$0.0 }.map(\.1))
        let derived = Set(keys.filter(\.0).map(\.1))
        for (document, spec) in streamDocuments {
            var spec = spec
            if spec.isDerived { spec.ref.name = defaultName(spec) }
            let key = key(document, spec)
            let name = key.name
            if name.isEmpty {
                problems.append(document.problem(at: "ref", "name", rule: "must be set"))
            } else if let first = places[key] {
                problems.append(
                    document.problem(
                        at: "ref", "name", rule: "\(name) belongs to another stream already, in \(first.file)"))
            }
            places[key] = places[key] ?? document
            refuseOutputOnly(spec, document)
            if spec.isDerived {
                let source = PlaneDraft.StreamKey(project: key.project, name: spec.linkedStream)
                checkDerived(
                    &spec, document, sourceExists: sources.contains(source), isDerived: derived.contains(source))
            } else {
                checkSource(spec, document)
            }
            if let clientID = document.clientID {
                if !isClientID(clientID) {
                    problems.append(
                        document.problem(beside: "clientId", "clientId may hold only letters, digits, - and _"))
                } else if !clientIDs.insert(clientID).inserted {
                    problems.append(document.problem(beside: "clientId", "clientId belongs to another stream already"))
                }
            }
            streams.append(
                PlaneDraft.Stream(
                    name: name, spec: spec, policy: policy(of: spec, document), masks: masks(of: spec, document),
                    clientID: document.clientID, secretFile: document.secretFile, identity: document.identity))
        }
        return streams
    }

    /// What makes a stream's name unique. In a folder names are, whatever project they mention; in a control plane a project's are.
    private func key(_ document: PlaneDocument, _ spec: StreamSpec) -> PlaneDraft.StreamKey {
        PlaneDraft.StreamKey(
            project: document.identity == nil ? "" : spec.ref.projectID,
            name: spec.isDerived ? defaultName(spec) : spec.ref.name)
    }

    /// The name a derived stream has when it is given none: `demo-0-1`, or `demo-M0-1` when it masks fields.
    private func defaultName(_ spec: StreamSpec) -> String {
        if !spec.ref.name.isEmpty { return spec.ref.name }
        let isMasked = spec.maskedFields?.fieldPatterns.isEmpty == false
        let levels = spec.consentLevels.map(String.init).joined(separator: "-")
        return "\(spec.linkedStream)-\(isMasked ? "M" : "")\(levels)"
    }

    private mutating func refuseOutputOnly(_ spec: StreamSpec, _ document: PlaneDocument) {
        if !spec.credentials.isEmpty {
            problems.append(
                document.problem(
                    at: "credentials",
                    rule: "must not stand here: secrets are generated into the state folder; use secretFile beside spec"
                ))
        }
        if !spec.kafkaTopic.isEmpty {
            problems.append(document.problem(at: "kafkaTopic", rule: "must not be set: topics have generated names"))
        }
    }

    private mutating func checkSource(_ spec: StreamSpec, _ document: PlaneDocument) {
        if !spec.consentLevels.isEmpty {
            problems.append(
                document.problem(at: "consentLevels", rule: "may be set only on a derived stream (with linkedStream)"))
        }
        if spec.maskedFields?.fieldPatterns.isEmpty == false {
            problems.append(
                document.problem(at: "maskedFields", rule: "may be set only on a derived stream (with linkedStream)"))
        }
    }

    private mutating func checkDerived(
        _ spec: inout StreamSpec, _ document: PlaneDocument, sourceExists: Bool, isDerived: Bool
    ) {
        if !sourceExists {
            let rule =
                isDerived
                ? "names \(spec.linkedStream), which is a derived stream itself"
                : "names \(spec.linkedStream), which does not exist"
            problems.append(document.problem(at: "linkedStream", rule: rule))
        }
        if spec.consentLevels.isEmpty {
            problems.append(
                document.problem(at: "consentLevels", rule: "must hold at least one purpose on a derived stream"))
        }
        if spec.consentLevelType == .unspecified { spec.consentLevelType = .granular }
        if let limits = spec.limits, limits.eventRate != 0 {
            problems.append(document.problem(at: "limits", "eventRate", rule: "may be set only on a source stream"))
        }
    }

    private mutating func policy(of spec: StreamSpec, _ document: PlaneDocument) -> PolicySpec {
        if spec.policyID.isEmpty { return .standard }
        guard let policy = policies[spec.policyID] else {
            problems.append(document.problem(at: "policyId", rule: "names a policy that does not exist"))
            return .standard
        }
        if policy.state != .active {
            problems.append(
                document.problem(
                    at: "policyId",
                    rule: "names the policy \(policy.name), which is not active: \(policy.state.protoName)"))
        }
        return policy
    }

    private mutating func masks(of spec: StreamSpec, _ document: PlaneDocument) -> [ContractRef: [String]] {
        var masks: [ContractRef: [String]] = [:]
        for (text, list) in (spec.maskedFields?.fieldPatterns ?? [:]).sorted(by: { $0.key < $1.key }) {
            let path = DocumentPath([.member("maskedFields"), .member("fieldPatterns"), .member(text)])
            guard let ref = ContractRef(text) else {
                problems.append(document.problem(path, "must be a contract reference: handle/name/1.0.0"))
                continue
            }
            guard let contract = fields[ref] else {
                // A contract with mistakes was reported already.
                if !described.contains(ref) {
                    problems.append(document.problem(path, "names a contract that does not exist"))
                }
                continue
            }
            // Paths into strmMeta were reported by the message's own rules.
            for (index, field) in list.fieldPatterns.enumerated() where !field.contains("strmMeta") {
                guard let problem = contract.problem(maskingField: field) else { continue }
                problems.append(
                    document.problem(path.appending(.member("fieldPatterns")).appending(.index(index)), problem))
            }
            masks[ref] = list.fieldPatterns
        }
        return masks
    }

    private func isClientID(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 100
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
