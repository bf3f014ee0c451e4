internal import API
internal import Contracts
internal import GRPC
internal import JSON
internal import Wire

/// What a plane's documents say, checked against each other. Pure: nothing is generated or read here.
struct PlaneDraft: Sendable {
    struct Stream: Sendable {
        var document: PlaneDocument
        var reading: StreamReading
        var policy: PolicySpec
        var masks: [ContractRef: [String]]
    }

    /// What no two streams share.
    struct StreamKey: Hashable, Sendable {
        var project: String
        var name: String
    }

    private(set) var streams: [Stream] = []
    private(set) var contracts: [ContractReading.Contract] = []
    private(set) var policies: [PolicySpec] = []

    /// Every schema once, by reference.
    var schemas: [(ref: ContractRef, definition: String)] {
        var seen: Set<ContractRef> = []
        return contracts.map { ($0.spec.schema.ref.contractRef, $0.checked.definition) }
            .filter { seen.insert($0.0).inserted }
            .sorted { $0.0 < $1.0 }
    }

    /// - Parameters:
    ///   - builtIn: Documents that ship with the program: used where the folder has none of the same identity.
    ///   - problems: Every mistake of the documents is noted here; if there are any, the draft is of no use.
    init(_ documents: [PlaneDocument], builtIn: [PlaneDocument], problems: inout [PlaneProblem]) {
        var reader = DraftReader()
        reader.read(documents, builtIn: builtIn)
        policies = reader.policies.values.sorted { $0.id < $1.id }
        contracts = reader.contracts.values.sorted { $0.spec.ref.contractRef < $1.spec.ref.contractRef }
        streams = reader.streams(documents).sorted { $0.reading.place < $1.reading.place }
        problems += reader.problems
    }
}

/// Puts together what documents say, in the order in which they need each other: policies, contracts, streams.
private struct DraftReader {
    var problems: [PlaneProblem] = []
    private(set) var policies: [String: PolicySpec] = [:]
    private(set) var contracts: [ContractRef: ContractReading.Contract] = [:]
    private var described: Set<ContractRef> = []  // contracts with mistakes too

    mutating func read(_ documents: [PlaneDocument], builtIn: [PlaneDocument]) {
        for document in documents where document.kind == .policy { readPolicy(document) }
        var places: [ContractRef: PlaneDocument] = [:]
        for document in documents where document.kind == .dataContract { readContract(document, &places) }
        for document in builtIn where document.kind == .dataContract && places[document.contract.ref] == nil {
            readContract(document, &places)
        }
        refuseDifferentSchemas(places)
    }

    // MARK: - Policies

    private mutating func readPolicy(_ document: PlaneDocument) {
        let before = problems.count
        var policy: PolicySpec = document.decode(&problems)
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
        let reading = document.contract
        problems += reading.problems
        described.insert(reading.ref)
        if let first = places[reading.ref] {
            problems.append(document.problem(at: "ref", rule: "is described already, in \(first.file)"))
            return
        }
        places[reading.ref] = document
        contracts[reading.ref] = reading.contract
    }

    /// One schema reference, one definition: senders name the schema alone.
    private mutating func refuseDifferentSchemas(_ places: [ContractRef: PlaneDocument]) {
        var first: [ContractRef: ContractReading.Contract] = [:]
        for (ref, contract) in contracts.sorted(by: { $0.key < $1.key }) {
            let schema = contract.spec.schema.ref.contractRef
            guard let other = first[schema] else {
                first[schema] = contract
                continue
            }
            guard other.checked.definition != contract.checked.definition, let document = places[ref] else { continue }
            problems.append(
                document.problem(
                    at: "schema", rule: "differs from the schema \(schema) of contract \(other.spec.ref.contractRef)"))
        }
    }

    // MARK: - Streams

    mutating func streams(_ documents: [PlaneDocument]) -> [PlaneDraft.Stream] {
        var places: [PlaneDraft.StreamKey: PlaneDocument] = [:]
        places.reserveCapacity(documents.count)
        for document in documents where document.kind == .stream {
            let reading = document.stream
            problems += reading.problems
            guard !reading.key.name.isEmpty else { continue }
            if let first = places[reading.key] {
                problems.append(
                    document.problem(
                        at: "ref", "name",
                        rule: "\(reading.key.name) belongs to another stream already, in \(first.file)"))
            } else {
                places[reading.key] = document
            }
        }
        var streams: [PlaneDraft.Stream] = []
        streams.reserveCapacity(documents.count)
        var clientIDs: Set<String> = []
        for document in documents where document.kind == .stream {
            let reading = document.stream
            if let source = reading.source { checkSource(places[source], of: document) }
            if let clientID = document.clientID, !clientIDs.insert(clientID).inserted {
                problems.append(document.problem(beside: "clientId", "clientId belongs to another stream already"))
            }
            streams.append(
                PlaneDraft.Stream(
                    document: document, reading: reading, policy: policy(of: reading.spec, document),
                    masks: reading.spec.maskedFields == nil ? [:] : masks(of: reading.spec, document)))
        }
        return streams
    }

    private mutating func checkSource(_ source: PlaneDocument?, of document: PlaneDocument) {
        let name = document.stream.spec.linkedStream
        if source == nil {
            problems.append(document.problem(at: "linkedStream", rule: "names \(name), which does not exist"))
        } else if source?.stream.source != nil {
            problems.append(
                document.problem(at: "linkedStream", rule: "names \(name), which is a derived stream itself"))
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
            guard let contract = contracts[ref]?.checked else {
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
}
