internal import API
internal import JSON

extension EntityKind {
    /// Kafka clusters that streams can be exported to.
    static let kafkaCluster: EntityKind = EntityKind(
        name: "kafka-cluster", plural: "kafka-clusters", about: "a Kafka cluster",
        columns: [
            Column("Cluster", "ref.name"), Column("Bootstrap servers", "bootstrapServers"),
            Column("Mechanism", "authMechanism"),
        ],
        list: Lister { api, _, _ throws(PolderError) in
            let answer = try await api.call(
                KafkaClustersService.listKafkaClusters, ["projectId": .string(try await api.projectID())])
            return answer["kafkaClusters"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let answer = try await api.call(
                KafkaClustersService.getKafkaCluster, ["ref": try await api.reference(name)])
            return answer["kafkaCluster"] ?? .null
        },
        create: Maker { arguments in
            let servers: String? = arguments.optionIfPresent(
                "--bootstrap-servers", "HOST:PORT,HOST:PORT", "Where it is.")
            let uri: String? = arguments.optionIfPresent("--token-uri", "URL", "Where its clients get tokens.")
            let name = arguments.argument("name", "Its name.")
            if servers == nil { arguments.refuse("--bootstrap-servers is missing") }
            return { api throws(PolderError) in
                var spec: JSONObject = [
                    "ref": try await api.reference(name), "bootstrapServers": .string(servers ?? ""),
                    "authMechanism": "SASL_SSL",
                ]
                spec["tokenUri"] = uri.map { .string($0) }
                let answer = try await api.call(
                    KafkaClustersService.createKafkaCluster, ["kafkaCluster": .object(spec)])
                return answer["kafkaCluster"] ?? .null
            }
        },
        delete: Deleter { api, name, _ throws(PolderError) in
            _ = try await api.call(KafkaClustersService.deleteKafkaCluster, ["ref": try await api.reference(name)])
        },
        document: DocumentKind(
            kind: "KafkaCluster", entity: "kafka-cluster",
            check: DocumentKind.check(KafkaClustersService.createKafkaCluster, "kafkaCluster"),
            fill: DocumentKind.inProject,
            find: { api, spec throws(PolderError) in
                try await DocumentKind.found { () throws(PolderError) in
                    try await kafkaCluster.get?(api, text(value("ref.name", in: .object(spec)))) ?? .null
                }
            },
            create: { api, spec throws(PolderError) in
                _ = try await api.call(KafkaClustersService.createKafkaCluster, ["kafkaCluster": .object(spec)])
            }, update: nil))

    /// Streams that are copied to a Kafka cluster.
    static let kafkaExporter: EntityKind = EntityKind(
        name: "kafka-exporter", plural: "kafka-exporters", about: "an export of a stream to Kafka",
        columns: [
            Column("Exporter", "ref.name"), Column("Stream", "streamRef.name"),
            Column("Cluster", "target.clusterRef.name"), Column("Topic", "target.topic"),
        ],
        list: Lister { api, _, _ throws(PolderError) in
            let answer = try await api.call(
                KafkaExportersService.listKafkaExporters, ["projectId": .string(try await api.projectID())])
            return answer["kafkaExporters"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let answer = try await api.call(
                KafkaExportersService.getKafkaExporter, ["ref": try await api.reference(name)])
            return answer["kafkaExporter"] ?? .null
        },
        create: Maker { arguments in
            let cluster: String? = arguments.optionIfPresent(
                "--cluster", "NAME", "Which cluster [\(sharedCluster)].", from: .names(.entity("kafka-cluster")))
            let topic: String? = arguments.optionIfPresent("--topic", "NAME", "Its topic there [chosen].")
            let stream = arguments.argument("stream", "Which stream.", from: .names(.entity("stream")))
            return { api throws(PolderError) in
                var spec: JSONObject = [
                    "ref": ["projectId": .string(try await api.projectID())],
                    "streamRef": try await api.reference(stream),
                ]
                if cluster != nil || topic != nil {
                    var target: JSONObject = ["clusterRef": try await api.reference(cluster ?? sharedCluster)]
                    target["topic"] = topic.map { .string($0) }
                    spec["target"] = .object(target)
                }
                let answer = try await api.call(
                    KafkaExportersService.createKafkaExporter, ["kafkaExporter": .object(spec)])
                return answer["kafkaExporter"] ?? .null
            }
        },
        delete: Deleter(isRecursive: true) { api, name, isRecursive throws(PolderError) in
            _ = try await api.call(
                KafkaExportersService.deleteKafkaExporter,
                ["ref": try await api.reference(name), "recursive": .bool(isRecursive)])
        },
        document: DocumentKind(
            kind: "KafkaExporter", entity: "kafka-exporter",
            check: DocumentKind.check(KafkaExportersService.createKafkaExporter, "kafkaExporter"),
            fill: { spec, api throws(PolderError) in
                var spec = try await DocumentKind.inProject(spec, api)
                for member in ["streamRef", "stream_ref"] where spec[member] != nil {
                    spec = try await DocumentKind.inProject(spec, api, member: member)
                }
                guard var target = spec["target"]?.object else { return spec }
                for member in ["clusterRef", "cluster_ref"] where target[member] != nil {
                    target = try await DocumentKind.inProject(target, api, member: member)
                }
                spec["target"] = .object(target)
                return spec
            },
            find: { api, spec throws(PolderError) in
                // The control plane names it after cluster and stream.
                try await DocumentKind.found { () throws(PolderError) in
                    try await kafkaExporter.get?(api, exporterName(spec)) ?? .null
                }
            },
            create: { api, spec throws(PolderError) in
                _ = try await api.call(KafkaExportersService.createKafkaExporter, ["kafkaExporter": .object(spec)])
            }, update: nil, secrets: ["clientSecret", "clusterRef"], title: exporterName))

    private static let exporterName: @Sendable (JSONObject) -> String = { spec in
        let cluster = text(spec["target"]?["clusterRef"]?["name"])
        return "\(cluster.isEmpty ? sharedCluster : cluster)-\(text(spec["streamRef"]?["name"]))"
    }

    /// Where an export goes that names no cluster.
    private static let sharedCluster = "shared-export"

    /// Who may read an exported stream.
    static let kafkaUser: EntityKind = EntityKind(
        name: "kafka-user", plural: "kafka-users", about: "a reader of an exported stream",
        columns: [
            Column("User", "ref.name"), Column("Exporter", "kafkaExporterName"), Column("Topic", "topic"),
            Column("Client id", "clientId"),
        ],
        list: Lister(parent: "kafka-exporter") { api, exporter, _ throws(PolderError) in
            let answer = try await api.call(
                KafkaUsersService.listKafkaUsers, ["ref": try await api.reference(exporter)])
            return answer["kafkaUsers"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let answer = try await api.call(KafkaUsersService.getKafkaUser, ["ref": try await api.reference(name)])
            return answer["kafkaUser"] ?? .null
        },
        create: Maker(details: "-o json shows the secret.") { arguments in
            let exporter = arguments.argument("exporter", "Of which exporter.", from: .names(.entity("kafka-exporter")))
            return { api throws(PolderError) in
                let spec: JSONValue = [
                    "ref": ["projectId": .string(try await api.projectID())], "kafkaExporterName": .string(exporter),
                ]
                return try await api.call(KafkaUsersService.createKafkaUser, ["kafkaUser": spec])["kafkaUser"] ?? .null
            }
        },
        delete: Deleter { api, name, _ throws(PolderError) in
            _ = try await api.call(KafkaUsersService.deleteKafkaUser, ["ref": try await api.reference(name)])
        })

    /// Data planes of this control plane.
    static let installation: EntityKind = EntityKind(
        name: "installation", plural: "installations", about: "an installed data plane",
        columns: [Column("Installation", "id"), Column("Type", "installationType")],
        list: Lister { api, _, _ throws(PolderError) in
            try await api.call(InstallationsService.listInstallations)["installations"]?.array ?? []
        },
        get: { api, id throws(PolderError) in
            let answer = try await api.call(InstallationsService.getInstallation, ["installationId": .string(id)])
            return answer["installation"] ?? .null
        })

    /// People.
    static let user: EntityKind = EntityKind(
        name: "user", plural: "users", about: "a person's account",
        columns: [
            Column("User", "email"), Column("First name", "firstName"), Column("Last name", "lastName"),
            Column("Roles", "userRoles"),
        ],
        list: Lister { api, _, _ throws(PolderError) in
            try await api.call(OrganizationsService.listOrganizationMembers)["organizationMembers"]?.array ?? []
        },
        get: { api, email throws(PolderError) in
            try await api.call(OrganizationsService.getUser, ["email": .string(email)])["user"] ?? .null
        })

    /// Who changed what.
    static let audit: EntityKind = EntityKind(
        name: "audit-entry", plural: "audit-entries", otherNames: ["audit"], about: "an entry of the audit trail",
        columns: [
            Column("Time", "time"), Column("Who") { text($0["actorName"] ?? $0["actorId"] ?? $0["actorKind"]) },
            Column("Method") { text($0["method"]).split(separator: "/").last.map(String.init) ?? "" },
            Column("Kind", "kind"), Column("Entity", "reference"),
        ],
        list: Lister(
            options: { arguments in
                var filters = JSONObject()
                let kind: String? = arguments.optionIfPresent("--kind", "KIND", "Only entities of this kind.")
                filters["kind"] = kind.map { .string($0) }
                let entity: String? = arguments.optionIfPresent("--entity", "NAME", "Only this entity.")
                filters["reference"] = entity.map { .string($0) }
                let limit = arguments.numberIfPresent("--limit", "N", in: 1...1000, "The newest N [100].")
                filters["pageSize"] = limit.map { JSONValue($0) }
                return filters
            },
            run: { api, _, filters throws(PolderError) in
                try await api.call(AuditService.listAuditEntries, .object(filters))["entries"]?.array ?? []
            }))
}
