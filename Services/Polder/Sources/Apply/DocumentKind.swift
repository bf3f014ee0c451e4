internal import GRPC
internal import JSON

/// How `apply` deals with documents of one kind.
struct DocumentKind: Sendable {
    /// Something that is wrong with a member.
    struct Mistake: Sendable {
        let path: [EntityDocument.PathPart]
        let text: String
    }

    /// An entity that has states, and the steps between them.
    struct States: Sendable {
        /// What a new one has.
        let initial: String
        /// What a document means that says none: what stands there is in force.
        let unspoken: String
        /// From a state to the next ones: the name of the step.
        let steps: [String: [String: String]]
        let take: @Sendable (APISession, _ step: String, JSONObject) async throws(PolderError) -> Void

        /// The shortest way from one state to another; nil when there is none.
        func way(from start: String, to end: String) -> [String]? {
            var ways: [String: [String]] = [start: []]
            var open = [start]
            while !open.isEmpty {
                let state = open.removeFirst()
                let way = ways[state] ?? []
                if state == end { return way }
                for (next, step) in (steps[state] ?? [:]).sorted(by: { $0.key < $1.key }) where ways[next] == nil {
                    ways[next] = way + [step]
                    open.append(next)
                }
            }
            return nil
        }
    }

    /// `Stream`: what `kind` says.
    let kind: String
    /// `stream`: the kind of entity.
    let entity: String
    /// Reads the content as its message: its proto-JSON, and every rule that it breaks.
    let check: @Sendable (JSONObject) -> (JSONObject, [Mistake])
    /// Fills in what a document may leave out: the project, for example.
    var fill: @Sendable (JSONObject, APISession) async throws(PolderError) -> JSONObject = {
        spec, _ throws(PolderError) in spec
    }
    /// The entity as it is; nil when there is none.
    let find: @Sendable (APISession, JSONObject) async throws(PolderError) -> JSONValue?
    let create: @Sendable (APISession, JSONObject) async throws(PolderError) -> Void
    /// Changes top-level members; nil when the API cannot.
    let update: (@Sendable (APISession, JSONObject, _ members: [String]) async throws(PolderError) -> Void)?
    /// Members that the control plane does not show again.
    var secrets: Set<String> = []
    /// What an entity is called that has no name before it is made.
    var title: (@Sendable (JSONObject) -> String)?
    var states: States?

    /// Every kind, in the order in which entities depend on each other.
    static let all: [DocumentKind] = [
        EntityKind.project, .purposeMapping, .policy, .contract, .stream, .dataConnector, .batchExporter, .batchJob,
        .kafkaCluster, .kafkaExporter,
    ].compactMap(\.document)

    // MARK: - Parts of the kinds

    /// A check by the request that makes the entity: `member` of it is the entity.
    static func check<Request, Response>(
        _ method: UnaryMethod<Request, Response>, _ member: String
    ) -> @Sendable (JSONObject) -> (JSONObject, [Mistake]) {
        { spec in
            var problems: [SpecProblem] = []
            let request = Request(json: [member: .object(spec)], problems: &problems)
            let mistakes = problems.compactMap { problem -> Mistake? in
                // What is wrong beside the entity is not the document's fault.
                guard case .member(member)? = problem.path.steps.first else { return nil }
                let inner = DocumentPath(Array(problem.path.steps.dropFirst()))
                return Mistake(
                    path: inner.steps.map { step in
                        switch step {
                        case .member(let name): .member(name)
                        case .index(let index): .index(index)
                        }
                    }, text: SpecProblem(inner, problem.rule).description)
            }
            return (request.json[member]?.object ?? [:], mistakes)
        }
    }

    /// The entity with its project, if it names none.
    static func inProject(
        _ spec: JSONObject, _ api: APISession, member: String
    ) async throws(PolderError) -> JSONObject {
        var spec = spec
        var ref = spec[member]?.object ?? [:]
        if ref["projectId"] == nil, ref["project_id"] == nil { ref["projectId"] = .string(try await api.projectID()) }
        spec[member] = .object(ref)
        return spec
    }

    /// The entity with the project in its reference, if that names none.
    static let inProject: @Sendable (JSONObject, APISession) async throws(PolderError) -> JSONObject = {
        spec, api throws(PolderError) in
        try await inProject(spec, api, member: "ref")
    }

    /// What `get` gets; nil when there is nothing of that name.
    static func found(
        _ get: () async throws(PolderError) -> JSONValue
    ) async throws(PolderError) -> JSONValue? {
        do throws(PolderError) {
            return try await get()
        } catch {
            guard case .missing = error else { throw error }
            return nil
        }
    }
}
