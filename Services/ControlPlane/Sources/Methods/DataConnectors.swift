import API
import GRPC
import JSON

extension MethodTable {
    /// `DataConnectorsService`. What a connector logs in with is sealed, and shown only to an admin who asks for it.
    mutating func addDataConnectors() {
        list(DataConnectorsService.listDataConnectors, .people(.view)) { call, request throws(CallError) in
            let project = try call.project(request.projectID)
            if request.includeCredentials { try call.checkMaySeeConnectorSecrets() }
            var response = ListDataConnectorsResponse()
            for record in try call.view.resources(.dataConnector, ofProject: project.id) {
                response.dataConnectors.append(
                    try call.connector(
                        record, recursive: request.recursive, includingCredentials: request.includeCredentials))
            }
            return response
        }
        read(DataConnectorsService.getDataConnector, .people(.view)) { call, request throws(CallError) in
            let record = try call.resource(.dataConnector, request.ref.name, inProject: request.ref.projectID)
            if request.includeCredentials { try call.checkMaySeeConnectorSecrets() }
            var response = GetDataConnectorResponse()
            response.dataConnector = try call.connector(
                record, recursive: request.recursive, includingCredentials: request.includeCredentials)
            return response
        }
        change(DataConnectorsService.createDataConnector, .people(.createResources)) {
            call, change, request throws(CallError) in
            let project = try call.openProject(request.dataConnector.ref.projectID)
            var connector = request.dataConnector
            try call.checkRoom(for: .dataConnector, connector.ref.name, inProject: project.id)
            connector.ref.projectID = project.id
            // The id is ours to give: it names what agents make of the connector.
            connector.uuid = StateSecrets.newID()
            connector.dependentEntities = nil
            var record = ResourceRecord(
                .dataConnector, id: connector.uuid, projectID: project.id, name: connector.ref.name,
                body: connector.withoutSecrets.protobuf, created: change.now)
            record.sealedSecret = try call.secrets.seal(
                String(decoding: connector.json.bytes(), as: UTF8.self), for: record)
            try call.add(record, uses: [], change)
            var response = CreateDataConnectorResponse()
            response.dataConnector = connector.withoutSecrets
            return response
        }
        change(DataConnectorsService.deleteDataConnector, .people(.deleteResources)) {
            call, change, request throws(CallError) in
            let record = try call.resource(.dataConnector, request.ref.name, inProject: request.ref.projectID)
            try call.remove(record, recursive: request.recursive, change)
            return DeleteDataConnectorResponse()
        }
        list(DataConnectorsAgentService.getDesiredDataConnectors, .dataPlanes) { call, _ throws(CallError) in
            var response = GetDesiredDataConnectorsResponse()
            for record in try call.view.resources(.dataConnector) {
                response.dataConnectors.append(try call.connector(record, recursive: false, includingCredentials: true))
            }
            return response
        }
    }
}

extension Call {
    fileprivate func checkMaySeeConnectorSecrets() throws(CallError) {
        switch principal {
        case .user(_, _, let roles):
            guard roles.may(.manageOrganization) else {
                throw .denied("to see the credentials of connectors needs the role admin")
            }
        case .installation: break
        }
    }

    /// A connector as it is asked for.
    ///
    /// - Parameter recursive: Sets `dependent_entities`, also when there are none: the public command line reads it unasked.
    fileprivate func connector(
        _ record: ResourceRecord, recursive: Bool, includingCredentials: Bool
    ) throws(CallError) -> DataConnector {
        var connector: DataConnector = try record.message()
        if includingCredentials, let text = try secrets.secret(of: record) {
            do {
                connector = try DataConnector(json: try JSONValue.parse(text))
            } catch {
                throw .damaged("\(record.title) cannot be read")
            }
        }
        guard recursive else { return connector }
        var dependants = DataConnectorDependentEntities()
        for dependant in try view.resources(using: record.use) {
            if dependant.kind == .batchExporter {
                dependants.batchExporters.append(try dependant.message())
            } else {
                switch try dependant.message(BatchJobWrapper.self).job {
                case .encryptionBatchJob(let job): dependants.batchJobs.append(job)
                case .microAggregationBatchJob(let job): dependants.microAggregationBatchJobs.append(job)
                case nil: break
                }
            }
        }
        connector.dependentEntities = dependants
        return connector
    }
}

extension DataConnector {
    /// The connector with its secrets left out.
    var withoutSecrets: DataConnector {
        var shown = self
        switch location {
        case .s3Bucket(var bucket):
            bucket.credentials = ""
            shown.location = .s3Bucket(bucket)
        case .googleCloudStorageBucket(var bucket):
            bucket.credentials = ""
            shown.location = .googleCloudStorageBucket(bucket)
        case .azureBlobStorageContainer(var container):
            container.clientSecretCredential.clientSecret = ""
            shown.location = .azureBlobStorageContainer(container)
        case .jdbcLocation(var database):
            database.privateKey = ""
            database.jdbcURI = ConnectionText.withoutSecrets(database.jdbcURI)
            shown.location = .jdbcLocation(database)
        case nil: break
        }
        return shown
    }
}

/// Connection texts of databases, which may hold passwords:
///
///     jdbc:postgresql://host/db?user=me&password=…        jdbc:mysql://me:…@host/db        jdbc:bigquery://…;OAuthPvtKey=…
enum ConnectionText {
    private static let secretWords = [
        "password", "passwd", "passphrase", "pwd", "secret", "token", "pvtkey", "privatekey",
    ]

    /// The text with every password replaced by `***`.
    static func withoutSecrets(_ text: String) -> String {
        var shown = ""
        var part = ""
        for character in text {
            if "?&;".contains(character) {
                shown += withoutSecret(part) + String(character)
                part = ""
            } else {
                part.append(character)
            }
        }
        return shown + withoutSecret(part)
    }

    /// One parameter, or what stands before the first.
    private static func withoutSecret(_ part: String) -> String {
        if let equals = part.firstIndex(of: "=") {
            let name = part[..<equals].lowercased()
            if secretWords.contains(where: name.contains) { return "\(part[...equals])***" }
        }
        // user:password@host
        guard let slashes = part.firstRange(of: "//"), let at = part.lastIndex(of: "@"), slashes.upperBound < at,
            let colon = part[slashes.upperBound..<at].firstIndex(of: ":")
        else { return part }
        return "\(part[...colon])***\(part[at...])"
    }
}
