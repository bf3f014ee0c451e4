internal import API
internal import JSON
internal import System

extension EntityKind {
    /// Where objects are stored.
    static let dataConnector: EntityKind = EntityKind(
        name: "data-connector", plural: "data-connectors", about: "a place for objects or tables",
        columns: [
            Column("Connector", "ref.name"),
            Column("Kind") { connector in places.first { connector[$0.member] != nil }?.kind.rawValue ?? "" },
            Column("Place") { connector in
                places.compactMap { place in connector[place.member].map { text($0[place.location]) } }.first ?? ""
            },
        ],
        list: Lister { api, _, _ throws(PolderError) in
            let answer = try await api.call(
                DataConnectorsService.listDataConnectors, ["projectId": .string(try await api.projectID())])
            return answer["dataConnectors"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let answer = try await api.call(
                DataConnectorsService.getDataConnector, ["ref": try await api.reference(name)])
            return answer["dataConnector"] ?? .null
        },
        create: Maker(
            details: """
                  polder create data-connector s3 NAME BUCKET --credentials-file key.json [--assume-role-arn ARN]
                  polder create data-connector gcs NAME BUCKET --credentials-file key.json
                  polder create data-connector azure-blob-storage NAME ACCOUNT-URI --container C --credentials-file key.json
                  polder create data-connector jdbc NAME URI [--database-type POSTGRES] [--credentials-file key.pem]
                Azure's file is {"tenantId": …, "clientId": …, "clientSecret": …}.
                """, read: readConnector),
        delete: Deleter(isRecursive: true) { api, name, isRecursive throws(PolderError) in
            _ = try await api.call(
                DataConnectorsService.deleteDataConnector,
                ["ref": try await api.reference(name), "recursive": .bool(isRecursive)])
        },
        document: DocumentKind(
            kind: "DataConnector", entity: "data-connector",
            check: DocumentKind.check(DataConnectorsService.createDataConnector, "dataConnector"),
            fill: DocumentKind.inProject,
            find: { api, spec throws(PolderError) in
                try await DocumentKind.found { () throws(PolderError) in
                    try await dataConnector.get?(api, text(value("ref.name", in: .object(spec)))) ?? .null
                }
            },
            create: { api, spec throws(PolderError) in
                _ = try await api.call(DataConnectorsService.createDataConnector, ["dataConnector": .object(spec)])
            }, update: nil,
            secrets: ["credentials", "clientSecretCredential", "privateKey"]))

    enum ConnectorKind: String, CaseIterable {
        case s3
        case gcs
        case azure = "azure-blob-storage"
        case jdbc
    }

    private static let places: [(kind: ConnectorKind, member: String, location: String)] = [
        (.s3, "s3Bucket", "bucketName"), (.gcs, "googleCloudStorageBucket", "bucketName"),
        (.azure, "azureBlobStorageContainer", "storageAccountUri"), (.jdbc, "jdbcLocation", "jdbcUri"),
    ]

    private static func readConnector(_ arguments: inout ArgumentReader) -> Make {
        let credentials: String? = arguments.optionIfPresent(
            "--credentials-file", "FILE", "What opens the place, as its owner gave it.", from: .file)
        let role: String? = arguments.optionIfPresent("--assume-role-arn", "ARN", "s3: the role to take on.")
        let container: String? = arguments.optionIfPresent("--container", "NAME", "azure-blob-storage: the container.")
        let database: String? = arguments.optionIfPresent(
            "--database-type", "TYPE", "jdbc: the kind of database [POSTGRES].",
            from: .words(["POSTGRES", "MYSQL", "BIGQUERY", "SNOWFLAKE"]))
        let word = arguments.argument(
            "kind", "s3, gcs, azure-blob-storage or jdbc.", from: .words(ConnectorKind.allCases.map(\.rawValue)))
        let name = arguments.argument("name", "Its name.")
        let place = arguments.argument("place", "Bucket, account address, or JDBC address.")
        let kind = ConnectorKind(rawValue: word)
        if kind == nil, !word.isEmpty {
            arguments.refuse("<kind> must be one of \(ConnectorKind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        if kind == .azure, container == nil { arguments.refuse("azure-blob-storage needs --container") }
        if kind != nil, kind != .jdbc, credentials == nil { arguments.refuse("\(word) needs --credentials-file") }
        return { api throws(PolderError) in
            var secret = ""
            if let credentials {
                do {
                    secret = String(decoding: try File.readWaiting(credentials, limit: 1 << 20), as: UTF8.self)
                } catch {
                    throw .failed("\(error)")
                }
            }
            var location: JSONObject
            var member = ""
            switch kind {
            case nil: return .null  // was refused
            case .s3:
                location = ["bucketName": .string(place), "credentials": .string(secret)]
                location["assumeRoleArn"] = role.map { .string($0) }
                member = "s3Bucket"
            case .gcs:
                location = ["bucketName": .string(place), "credentials": .string(secret)]
                member = "googleCloudStorageBucket"
            case .azure:
                location = [
                    "storageAccountUri": .string(place), "containerName": .string(container ?? ""),
                    "clientSecretCredential": try azureCredential(secret, credentials ?? ""),
                ]
                member = "azureBlobStorageContainer"
            case .jdbc:
                location = [
                    "jdbcUri": .string(place), "privateKey": .string(secret),
                    "databaseType": .string(database ?? "POSTGRES"),
                ]
                member = "jdbcLocation"
            }
            let spec: JSONObject = ["ref": try await api.reference(name), member: .object(location)]
            let answer = try await api.call(
                DataConnectorsService.createDataConnector, ["dataConnector": .object(spec)])
            return answer["dataConnector"] ?? .null
        }
    }

    private static func azureCredential(_ text: String, _ path: String) throws(PolderError) -> JSONValue {
        do {
            return try JSONValue.parse(Array(text.utf8))
        } catch {
            throw .refused("\(path) must be JSON with tenantId, clientId and clientSecret: \(error.reason)")
        }
    }

    /// Streams that are written to objects.
    static let batchExporter: EntityKind = EntityKind(
        name: "batch-exporter", plural: "batch-exporters", about: "an export of a stream to objects",
        columns: [
            Column("Exporter", "ref.name"),
            Column("Stream") { text(value("streamRef.name", in: $0) ?? value("keyStreamRef.name", in: $0)) },
            Column("Keys") { text(.bool($0["keyStreamRef"] != nil)) }, Column("Connector", "dataConnectorRef.name"),
            Column("Interval", "interval"), Column("Path", "pathPrefix"),
        ],
        list: Lister { api, _, _ throws(PolderError) in
            let answer = try await api.call(
                BatchExportersService.listBatchExporters, ["projectId": .string(try await api.projectID())])
            return answer["batchExporters"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let answer = try await api.call(
                BatchExportersService.getBatchExporter, ["ref": try await api.reference(name)])
            return answer["batchExporter"] ?? .null
        },
        create: Maker { arguments in
            let connector: String? = arguments.optionIfPresent(
                "--data-connector", "NAME", "Where the objects go.", from: .names(.entity("data-connector")))
            let name: String? = arguments.optionIfPresent("--name", "NAME", "Its name [of stream and connector].")
            let interval = arguments.numberIfPresent("--interval", "SECONDS", in: 30...3600, "How often [60].") ?? 60
            let prefix: String? = arguments.optionIfPresent("--path-prefix", "PATH", "In front of the objects' names.")
            let keys = arguments.flag("--export-keys", "The keys of the stream, not its events.")
            let existing = arguments.flag("--include-existing-events", "From the beginning of the stream.")
            let stream = arguments.argument("stream", "Which stream.", from: .names(.entity("stream")))
            if connector == nil { arguments.refuse("--data-connector is missing") }
            return { api throws(PolderError) in
                let source = try await api.reference(stream)
                var spec: JSONObject = [
                    "ref": try await api.reference(name ?? ""), (keys ? "keyStreamRef" : "streamRef"): source,
                    "interval": .string("\(interval)s"), "includeExistingEvents": .bool(existing),
                    "dataConnectorRef": try await api.reference(connector ?? ""),
                ]
                spec["pathPrefix"] = prefix.map { .string($0) }
                let answer = try await api.call(
                    BatchExportersService.createBatchExporter, ["batchExporter": .object(spec)])
                return answer["batchExporter"] ?? .null
            }
        },
        delete: Deleter { api, name, _ throws(PolderError) in
            _ = try await api.call(
                BatchExportersService.deleteBatchExporter, ["ref": try await api.reference(name)])
        },
        document: DocumentKind(
            kind: "BatchExporter", entity: "batch-exporter",
            check: DocumentKind.check(BatchExportersService.createBatchExporter, "batchExporter"),
            fill: { spec, api throws(PolderError) in
                var spec = try await DocumentKind.inProject(spec, api)
                for member in ["streamRef", "keyStreamRef", "dataConnectorRef"] where spec[member] != nil {
                    spec = try await DocumentKind.inProject(spec, api, member: member)
                }
                return spec
            },
            find: { api, spec throws(PolderError) in
                try await DocumentKind.found { () throws(PolderError) in
                    try await batchExporter.get?(api, text(value("ref.name", in: .object(spec)))) ?? .null
                }
            },
            create: { api, spec throws(PolderError) in
                _ = try await api.call(BatchExportersService.createBatchExporter, ["batchExporter": .object(spec)])
            }, update: nil))

    /// Files that are encrypted, derived or aggregated.
    static let batchJob: EntityKind = EntityKind(
        name: "batch-job", plural: "batch-jobs", about: "a batch job",
        columns: [
            Column("Job") { text(job($0)["ref"]?["id"]) },
            Column("Type") { $0["microAggregationBatchJob"] == nil ? "encryption" : "micro-aggregation" },
            Column("State") { text(state($0)["state"]) }, Column("Since") { text(state($0)["stateTime"]) },
            Column("Message") { text(state($0)["message"]) },
        ],
        list: Lister { api, _, _ throws(PolderError) in
            let answer = try await api.call(
                BatchJobsService.listBatchJobs, ["projectId": .string(try await api.projectID())])
            return answer["jobs"]?.array ?? []
        },
        get: { api, id throws(PolderError) in
            let answer = try await api.call(BatchJobsService.getBatchJob, ["ref": try await jobRef(id, api)])
            return answer["job"] ?? .null
        },
        create: Maker { arguments in
            let type = arguments.choice("--type", short: "-T", default: JobType.encryption, "What the job does.")
            let file = arguments.specOption()
            if file == nil { arguments.refuse("--file is missing: a job is described by a file") }
            return { api throws(PolderError) in
                var spec = try file.map { path throws(PolderError) in try SpecFile.read(path) } ?? [:]
                spec["ref"] = ["projectId": .string(try await api.projectID())]
                let answer = try await api.call(
                    BatchJobsService.createBatchJob, ["job": [type.member: .object(spec)]])
                return answer["job"] ?? .null
            }
        },
        delete: Deleter { api, id, _ throws(PolderError) in
            _ = try await api.call(BatchJobsService.deleteBatchJob, ["ref": try await jobRef(id, api)])
        },
        document: DocumentKind(
            kind: "BatchJob", entity: "batch-job",
            check: DocumentKind.check(BatchJobsService.createBatchJob, "job"),
            fill: { spec, api throws(PolderError) in
                let own = JSONValue.string(try await api.projectID())
                var filled = JSONObject()
                for member in spec.members {
                    let ref = member.value["ref"]
                    let project = ref?["projectId"] ?? ref?["project_id"] ?? own
                    var job = inProject(member.value, project).object ?? [:]
                    // Its id and what became of it are the control plane's business.
                    job["ref"] = ["projectId": project]
                    job["states"] = nil
                    filled[member.name] = .object(job)
                }
                return filled
            },
            find: { api, spec throws(PolderError) in
                // A job has no name: the one that a document describes is one that does the same.
                let project = job(.object(spec))["ref"]?["projectId"] ?? .null
                let answer = try await api.call(BatchJobsService.listBatchJobs, ["projectId": project])
                return answer["jobs"]?.array?.first { FieldChange.changes(from: $0, to: .object(spec)).isEmpty }
            },
            create: { api, spec throws(PolderError) in
                _ = try await api.call(BatchJobsService.createBatchJob, ["job": .object(spec)])
            }, update: nil,
            title: { spec in
                let source = job(.object(spec))["sourceData"]
                return "\(text(source?["dataConnectorRef"]?["name"]))/\(text(source?["fileName"]))"
            }))

    /// Whatever refers to a connector refers to one of this project, unless it says otherwise.
    private static func inProject(_ value: JSONValue, _ project: JSONValue) -> JSONValue {
        switch value {
        case .array(let elements): return .array(elements.map { inProject($0, project) })
        case .object(let object):
            var filled = JSONObject()
            for member in object.members {
                var inner = inProject(member.value, project)
                if ["dataConnectorRef", "data_connector_ref"].contains(member.name), var ref = inner.object,
                    ref["projectId"] == nil, ref["project_id"] == nil
                {
                    ref["projectId"] = project
                    inner = .object(ref)
                }
                filled[member.name] = inner
            }
            return .object(filled)
        case .null, .bool, .number, .string: return value
        }
    }

    private enum JobType: String, CaseIterable {
        case encryption
        case microAggregation = "micro-aggregation"

        var member: String {
            switch self {
            case .encryption: "encryptionBatchJob"
            case .microAggregation: "microAggregationBatchJob"
            }
        }
    }

    private static func job(_ wrapper: JSONValue) -> JSONValue {
        wrapper["encryptionBatchJob"] ?? wrapper["microAggregationBatchJob"] ?? .null
    }

    /// The last of its states: they come in the order in which they were reported.
    private static func state(_ wrapper: JSONValue) -> JSONValue { job(wrapper)["states"]?.array?.last ?? .null }

    private static func jobRef(_ id: String, _ api: APISession) async throws(PolderError) -> JSONValue {
        ["id": .string(id), "projectId": .string(try await api.projectID())]
    }
}
