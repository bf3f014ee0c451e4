import API
import GRPC

extension MethodTable {
    /// `KafkaClustersService`, `KafkaExportersService`, `KafkaUsersService`: entities only. Nothing in a plane of one machine makes
    /// them true.
    mutating func addKafka() {
        addKafkaClusters()
        addKafkaExporters()
        addKafkaUsers()
    }

    private mutating func addKafkaClusters() {
        list(KafkaClustersService.listKafkaClusters, .people(.view)) { call, request throws(CallError) in
            var response = ListKafkaClustersResponse()
            response.kafkaClusters = [.shared]
            let projects =
                request.projectID.isEmpty ? try call.visibleProjects() : [try call.project(request.projectID)]
            for project in projects {
                for record in try call.view.resources(.kafkaCluster, ofProject: project.id) {
                    response.kafkaClusters.append(try record.message())
                }
            }
            return response
        }
        read(KafkaClustersService.getKafkaCluster, .people(.view)) { call, request throws(CallError) in
            var response = GetKafkaClusterResponse()
            response.kafkaCluster = try call.cluster(request.ref, inProject: request.projectID)
            return response
        }
        change(KafkaClustersService.createKafkaCluster, .people(.createResources)) {
            call, change, request throws(CallError) in
            guard var cluster = request.kafkaCluster else {
                throw .invalid(field: "kafka_cluster", rule: "must be set")
            }
            guard var ref = cluster.ref else { throw .invalid(field: "kafka_cluster.ref", rule: "must be set") }
            if cluster.bootstrapServers.isEmpty {
                throw .invalid(field: "kafka_cluster.bootstrap_servers", rule: "must be set")
            }
            let project = try call.openProject(ref.projectID)
            guard ref.name != KafkaCluster.shared.ref?.name else { throw .alreadyExists(.kafkaCluster, ref.name) }
            try call.checkRoom(for: .kafkaCluster, ref.name, inProject: project.id)
            ref.projectID = project.id
            cluster.ref = ref
            let record = ResourceRecord(
                .kafkaCluster, id: StateSecrets.newID(), projectID: project.id, name: ref.name,
                body: cluster.protobuf, created: change.now)
            try call.add(record, uses: [], change)
            var response = CreateKafkaClusterResponse()
            response.kafkaCluster = cluster
            return response
        }
        change(KafkaClustersService.deleteKafkaCluster, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            if request.ref.isShared { throw .refused("Kafka cluster \(request.ref.name) is every project's") }
            let record = try call.resource(
                .kafkaCluster, request.ref.name, inProject: request.ref.project(or: request.projectID))
            try call.remove(record, recursive: false, change)
            return DeleteKafkaClusterResponse()
        }
    }

    private mutating func addKafkaExporters() {
        list(KafkaExportersService.listKafkaExporters, .people(.view)) { call, request throws(CallError) in
            let project = try call.project(request.projectID)
            var response = ListKafkaExportersResponse()
            for record in try call.view.resources(.kafkaExporter, ofProject: project.id) {
                response.kafkaExporters.append(try call.exporter(record, showingSecrets: false))
            }
            return response
        }
        read(KafkaExportersService.getKafkaExporter, .people(.view)) { call, request throws(CallError) in
            let record = try call.resource(.kafkaExporter, request.ref.name, inProject: request.ref.projectID)
            var response = GetKafkaExporterResponse()
            response.kafkaExporter = try call.exporter(record, showingSecrets: call.maySeeSecrets)
            return response
        }
        change(KafkaExportersService.createKafkaExporter, .people(.createResources)) {
            call, change, request throws(CallError) in
            let record = try call.create(request.kafkaExporter, change)
            try call.addUser(of: record, change)
            var response = CreateKafkaExporterResponse()
            response.kafkaExporter = try call.exporter(record, showingSecrets: true)
            return response
        }
        change(KafkaExportersService.deleteKafkaExporter, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            let record = try call.resource(.kafkaExporter, request.ref.name, inProject: request.ref.projectID)
            try call.remove(record, recursive: request.recursive, change)
            return DeleteKafkaExporterResponse()
        }
    }

    private mutating func addKafkaUsers() {
        list(KafkaUsersService.listKafkaUsers, .people(.view)) { call, request throws(CallError) in
            let exporter = try call.resource(.kafkaExporter, request.ref.name, inProject: request.ref.projectID)
            var response = ListKafkaUsersResponse()
            for record in try call.view.resources(using: exporter.use) {
                response.kafkaUsers.append(try record.message())
            }
            return response
        }
        read(KafkaUsersService.getKafkaUser, .people(.view)) { call, request throws(CallError) in
            let record = try call.resource(.kafkaUser, request.ref.name, inProject: request.ref.projectID)
            var response = GetKafkaUserResponse()
            response.kafkaUser = try call.kafkaUser(record, showingSecrets: call.maySeeSecrets)
            return response
        }
        change(KafkaUsersService.createKafkaUser, .people(.createResources)) {
            call, change, request throws(CallError) in
            let asked = request.kafkaUser
            if asked.kafkaExporterName.isEmpty {
                throw .invalid(field: "kafka_user.kafka_exporter_name", rule: "must be set")
            }
            let project = try call.openProject(asked.ref.projectID)
            let exporter = try call.resource(.kafkaExporter, asked.kafkaExporterName, inProject: project.id)
            let record = try call.addUser(of: exporter, change)
            var response = CreateKafkaUserResponse()
            response.kafkaUser = try call.kafkaUser(record, showingSecrets: true)
            return response
        }
        change(KafkaUsersService.deleteKafkaUser, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            let record = try call.resource(.kafkaUser, request.ref.name, inProject: request.ref.projectID)
            try call.remove(record, recursive: false, change)
            return DeleteKafkaUserResponse()
        }
    }
}

extension KafkaCluster {
    /// The cluster that every project may export to: the plane's own Kafka, when its event log is one.
    fileprivate static let shared: KafkaCluster = {
        var ref = KafkaClusterRef()
        ref.billingID = "internal"
        ref.name = "shared-export"
        var cluster = KafkaCluster()
        cluster.ref = ref
        cluster.authMechanism = .saslSsl
        return cluster
    }()
}

extension KafkaClusterRef {
    /// Whatever project is named: no project can have a cluster of that name.
    fileprivate var isShared: Bool { name == KafkaCluster.shared.ref?.name }

    /// The project that a request names, here or beside.
    fileprivate func project(or other: String) -> String { projectID.isEmpty ? other : projectID }
}

extension Call {
    fileprivate func cluster(_ ref: KafkaClusterRef, inProject projectID: String) throws(CallError) -> KafkaCluster {
        if ref.isShared { return .shared }
        return try resource(.kafkaCluster, ref.name, inProject: ref.project(or: projectID)).message()
    }

    fileprivate func create(_ asked: KafkaExporter, _ change: StateChange) throws(CallError) -> ResourceRecord {
        let project = try openProject(asked.ref.projectID.isEmpty ? asked.streamRef.projectID : asked.ref.projectID)
        guard asked.streamRef.projectID.lowercased() == project.id else {
            throw .invalid(field: "kafka_exporter.stream_ref.project_id", rule: "must be the project of the exporter")
        }
        let streamName = asked.streamRef.name
        guard try stream(named: streamName, in: project) != nil else { throw .notFound(.stream, streamName) }
        let id = StateSecrets.newID()
        var uses: Set<Use> = [Use(.stream, streamName, inProject: project.id)]
        var target = asked.target ?? KafkaExporterTarget()
        if asked.target == nil || target.clusterRef.isShared {
            target.clusterRef = KafkaCluster.shared.ref ?? KafkaClusterRef()
        } else {
            uses.insert(try resource(.kafkaCluster, target.clusterRef.name, inProject: project.id).use)
            target.clusterRef.projectID = project.id
        }
        if target.topic.isEmpty { target.topic = "export-\(id)" }
        let secret = target.clientSecret
        target.clientSecret = ""
        var exporter = KafkaExporter()
        exporter.ref.name = "\(target.clusterRef.name)-\(streamName)"
        exporter.ref.projectID = project.id
        exporter.streamRef = asked.streamRef
        exporter.target = target
        try checkRoom(for: .kafkaExporter, exporter.ref.name, inProject: project.id)
        var record = ResourceRecord(
            .kafkaExporter, id: id, projectID: project.id, name: exporter.ref.name, body: exporter.protobuf,
            created: change.now)
        if !secret.isEmpty { record.sealedSecret = try secrets.seal(secret, for: record) }
        return try add(record, uses: uses, change)
    }

    /// An exporter with its users.
    fileprivate func exporter(_ record: ResourceRecord, showingSecrets: Bool) throws(CallError) -> KafkaExporter {
        var exporter: KafkaExporter = try record.message()
        for user in try view.resources(using: record.use) {
            exporter.users.append(try kafkaUser(user, showingSecrets: showingSecrets))
        }
        return exporter
    }

    /// Makes a user of an exporter's topic, with credentials.
    @discardableResult
    fileprivate func addUser(of exporter: ResourceRecord, _ change: StateChange) throws(CallError) -> ResourceRecord {
        let source: KafkaExporter = try exporter.message()
        let id = StateSecrets.newID()
        var user = KafkaUser()
        user.ref.name = "service-account-export-\(id)"
        user.ref.projectID = exporter.projectID
        user.kafkaExporterName = exporter.name
        user.topic = source.target?.topic ?? ""
        user.clusterRef = source.target?.clusterRef
        user.clientID = "export-\(id)"
        try checkRoom(for: .kafkaUser, user.ref.name, inProject: exporter.projectID)
        var record = ResourceRecord(
            .kafkaUser, id: id, projectID: exporter.projectID, name: user.ref.name, body: user.protobuf,
            created: change.now)
        record.sealedSecret = try secrets.seal(StateSecrets.newID(), for: record)
        return try add(record, uses: [exporter.use], change)
    }

    fileprivate func kafkaUser(_ record: ResourceRecord, showingSecrets: Bool) throws(CallError) -> KafkaUser {
        var user: KafkaUser = try record.message()
        if showingSecrets { user.clientSecret = try secrets.secret(of: record) ?? "" }
        return user
    }
}
