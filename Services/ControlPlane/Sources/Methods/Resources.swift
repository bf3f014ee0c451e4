import API
import GRPC
import JSON
import Wire

// What connectors, exporters, jobs and Kafka's entities have in common: they are found by name in a project, need other things, and
// cannot go while they are needed themselves.

extension Call {
    /// How many resources a plane may have.
    private static let resourceLimit = 100_000

    /// A resource by its name, in a project that the caller may look into.
    func resource(_ kind: EntityKind, _ name: String, inProject projectID: String) throws(CallError) -> ResourceRecord {
        let project = try project(projectID)
        if name.isEmpty { throw .invalid(field: "ref.name", rule: "must be set") }
        guard let resource = try view.resource(kind, name, inProject: project.id) else { throw .notFound(kind, name) }
        return resource
    }

    /// Makes sure that a resource can be made.
    ///
    /// - Throws: `.alreadyExists`; `.exhausted`.
    func checkRoom(for kind: EntityKind, _ name: String, inProject projectID: String) throws(CallError) {
        guard name.unicodeScalars.count <= 250 else { throw .invalid(field: "ref.name", rule: "is too long: set it") }
        guard try view.resource(kind, name, inProject: projectID) == nil else { throw .alreadyExists(kind, name) }
        guard try view.resourceCount() < Self.resourceLimit else {
            throw .exhausted("there are \(Self.resourceLimit) connectors, exporters, jobs and Kafka entities already")
        }
    }

    /// Adds a resource and tells the audit trail.
    @discardableResult
    func add(_ resource: ResourceRecord, uses: Set<Use>, _ change: StateChange) throws(CallError) -> ResourceRecord {
        let stored = try change.add(resource, uses: uses)
        try change.audit(
            resource.kind, resource.name, projectID: resource.projectID, before: nil, after: try resource.json())
        return stored
    }

    /// Removes a resource; with `recursive` also what cannot be without it.
    ///
    /// - Throws: `.refused` with the names of its dependants.
    func remove(_ resource: ResourceRecord, recursive: Bool, _ change: StateChange) throws(CallError) {
        let dependants = try view.resources(using: resource.use)
        if !dependants.isEmpty, !recursive {
            throw .refused("\(resource.title) is used by \(dependants.map(\.title).joined(separator: ", "))")
        }
        for dependant in dependants { try remove(dependant, recursive: true, change) }
        try change.remove(resource)
        try change.audit(
            resource.kind, resource.name, projectID: resource.projectID, before: try resource.json(), after: nil)
    }
}

extension ResourceRecord {
    /// Its message, without secrets.
    func message<Message: ProtoMessage>(_ type: Message.Type = Message.self) throws(CallError) -> Message {
        do throws(GRPCError) {
            return try Message(protobuf: body)
        } catch {
            throw .damaged("\(title) cannot be read")
        }
    }

    /// The message in JSON, for the audit trail.
    func json() throws(CallError) -> JSONValue {
        switch kind {
        case .dataConnector: try message(DataConnector.self).json
        case .batchExporter: try message(BatchExporter.self).json
        case .batchJob: try message(BatchJobWrapper.self).json
        case .kafkaCluster: try message(KafkaCluster.self).json
        case .kafkaExporter: try message(KafkaExporter.self).json
        case .kafkaUser: try message(KafkaUser.self).json
        case .organization, .handle, .user, .invite, .project, .stream, .keyStream, .credential, .installation,
            .release,
            .installedComponent, .policy, .dataContract, .schema, .eventContract, .purposeMapping, .dataSubject:
            throw .damaged("a \(kind.rawValue) is no resource")
        }
    }
}
