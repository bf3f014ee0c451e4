internal import API
internal import Contracts
internal import GRPC
internal import JSON
internal import Synchronization
internal import Wire

/// What the document of a stream says by itself: its message, with what need not be said, and every rule that it breaks.
final class StreamReading: Sendable {
    let spec: StreamSpec
    let key: PlaneDraft.StreamKey
    /// Of a derived stream: whose stream it is derived from.
    let source: PlaneDraft.StreamKey?
    /// Streams of a plane are in the order of this.
    let place: String
    let problems: [PlaneProblem]
    /// What was in force of it last.
    let inForce = Mutex<InForce?>(nil)

    /// A stream as components know it, and its part of what makes up the version.
    struct InForce: Sendable {
        var plane: PlaneStream
        var fingerprint: [UInt8]
    }

    init(_ document: PlaneDocument) {
        var problems: [PlaneProblem] = []
        var spec = Self.spec(document, &problems)
        if spec.isDerived { spec.ref.name = Self.defaultName(spec) }
        // In a folder names are unique, whatever project they mention; in a control plane a project's are.
        let project = document.identity == nil ? "" : spec.ref.projectID
        key = PlaneDraft.StreamKey(project: project, name: spec.ref.name)
        source = spec.isDerived ? PlaneDraft.StreamKey(project: project, name: spec.linkedStream) : nil
        if spec.ref.name.isEmpty { problems.append(document.problem(at: "ref", "name", rule: "must be set")) }
        problems += Self.outputOnly(spec, document)
        problems += spec.isDerived ? Self.check(derived: &spec, document) : Self.check(source: spec, document)
        if let clientID = document.clientID, !Self.isClientID(clientID) {
            problems.append(
                document.problem(beside: "clientId", "clientId may hold only letters, digits, - and _"))
        }
        self.spec = spec
        place = "\(spec.ref.projectID)/\(spec.ref.name)"
        self.problems = problems
    }

    private static func spec(_ document: PlaneDocument, _ problems: inout [PlaneProblem]) -> StreamSpec {
        switch document.content {
        case .json(let json):
            var spec: StreamSpec = document.decode(&problems)
            // What stands in a folder is in force, unless it says otherwise.
            if document.identity == nil, json["enabled"] == nil { spec.enabled = true }
            return spec
        case .stream(let spec):
            problems += document.problems(spec.problems())
            return spec
        }
    }

    /// The name a derived stream has when it is given none: `demo-0-1`, or `demo-M0-1` when it masks fields.
    private static func defaultName(_ spec: StreamSpec) -> String {
        if !spec.ref.name.isEmpty { return spec.ref.name }
        let isMasked = spec.maskedFields?.fieldPatterns.isEmpty == false
        let levels = spec.consentLevels.map(String.init).joined(separator: "-")
        return "\(spec.linkedStream)-\(isMasked ? "M" : "")\(levels)"
    }

    private static func outputOnly(_ spec: StreamSpec, _ document: PlaneDocument) -> [PlaneProblem] {
        var problems: [PlaneProblem] = []
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
        return problems
    }

    private static func check(source spec: StreamSpec, _ document: PlaneDocument) -> [PlaneProblem] {
        var problems: [PlaneProblem] = []
        if !spec.consentLevels.isEmpty {
            problems.append(
                document.problem(at: "consentLevels", rule: "may be set only on a derived stream (with linkedStream)"))
        }
        if spec.maskedFields?.fieldPatterns.isEmpty == false {
            problems.append(
                document.problem(at: "maskedFields", rule: "may be set only on a derived stream (with linkedStream)"))
        }
        return problems
    }

    private static func check(derived spec: inout StreamSpec, _ document: PlaneDocument) -> [PlaneProblem] {
        var problems: [PlaneProblem] = []
        if spec.consentLevels.isEmpty {
            problems.append(
                document.problem(at: "consentLevels", rule: "must hold at least one purpose on a derived stream"))
        }
        if spec.consentLevelType == .unspecified { spec.consentLevelType = .granular }
        if let limits = spec.limits, limits.eventRate != 0 {
            problems.append(document.problem(at: "limits", "eventRate", rule: "may be set only on a source stream"))
        }
        return problems
    }

    private static func isClientID(_ text: String) -> Bool {
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

/// What the document of a contract says by itself: the checked contract, or every rule that it breaks.
final class ContractReading: Sendable {
    struct Contract: Sendable {
        var spec: DataContractSpec
        var checked: CheckedContract
        var reading: ContractReading
    }

    let ref: ContractRef
    let problems: [PlaneProblem]
    private let spec: DataContractSpec
    private let checked: CheckedContract?
    private let digest = Mutex<[UInt8]?>(nil)

    init(_ document: PlaneDocument) {
        var problems: [PlaneProblem] = []
        var spec: DataContractSpec = document.decode(&problems)
        ref = spec.ref.contractRef
        if !spec.schema.definition.isEmpty, spec.schema.simpleSchema != nil {
            problems.append(
                document.problem(at: "schema", "simpleSchema", rule: "must not stand beside definition"))
        }
        var checked: CheckedContract?
        if problems.isEmpty {
            if spec.state == .unspecified { spec.state = .active }
            if !spec.schema.$ref.isSet {
                spec.schema.ref.handle = ref.handle
                spec.schema.ref.name = ref.name
                spec.schema.ref.version = ref.version
            }
            let result = CheckedContract.check(spec)
            problems += result.problems.map { document.problem($0.path, $0.rule) }
            if let contract = result.contract { spec.schema.ref.schemaType = contract.schema.type }
            checked = result.contract
        }
        self.spec = spec
        self.checked = checked
        self.problems = problems
    }

    /// The contract; nil when it breaks a rule.
    var contract: Contract? { checked.map { Contract(spec: spec, checked: $0, reading: self) } }

    /// The same for the same contract, and another one for another.
    func fingerprint() throws(PlaneConfigError) -> [UInt8] {
        if let known = digest.withLock({ $0 }) { return known }
        let made = try sha256(spec.json.bytes())
        digest.withLock { $0 = made }
        return made
    }
}

extension PlaneDocument {
    /// The message, as far as it can be read.
    func decode<Message: ProtoMessage>(_ problems: inout [PlaneProblem]) -> Message {
        var found: [SpecProblem] = []
        let message = Message(json: spec, problems: &found)
        problems += self.problems(found)
        return message
    }

    /// Broken rules of the message, with their places. What a control plane gives to an entity, a folder need not: the project, the
    /// name of a derived stream, the reference of a contract's own schema.
    func problems(_ found: [SpecProblem]) -> [PlaneProblem] {
        found.filter { problem in
            problem.rule != TextRule.missing
                || !["ref", "ref.projectId", "projectId", "schema.ref"].contains(problem.path.description)
        }.map { problem($0.path, $0.rule) }
    }
}
