internal import API
internal import JSON
internal import System

extension EntityKind {
    /// Data contracts: which events are good, and what of them is personal.
    static let contract: EntityKind = EntityKind(
        name: "data-contract", plural: "data-contracts", otherNames: ["contract", "contracts"],
        about: "a data contract",
        columns: [
            Column("Contract") { contractRef($0) }, Column("State", "state"), Column("Public", "isPublic"),
            Column("Key field", "keyField"), Column("Subject", "dataSubjectField"),
            Column("Personal") { contract in
                let fields = (contract["fieldMetadata"]?.array ?? []).filter {
                    value("personalDataConfig.isPii", in: $0)?.bool ?? false
                }
                return fields.map { field in
                    "\(text(field["fieldName"])):\(value("personalDataConfig.purposeLevel", in: field)?.int64 ?? 0)"
                }.joined(separator: ",")
            },
        ],
        list: Lister(
            options: { arguments in
                var filters = JSONObject()
                let isPrivate = arguments.flag("--private", "Not those that every organisation may use.")
                if isPrivate { filters["publicPrivate"] = "ONLY_PRIVATE" }
                let handle: String? = arguments.optionIfPresent("--handle", "HANDLE", "Only those of this handle.")
                filters["handle"] = handle.map { .string($0) }
                return filters
            },
            run: { api, _, filters throws(PolderError) in
                var request = filters
                request["projectId"] = .string(try await api.projectID())
                let answer = try await api.call(DataContractsService.listDataContracts, .object(request))
                return answer["dataContractsAndChecksums"]?.array?.compactMap { $0["dataContract"] } ?? []
            }),
        get: { api, name throws(PolderError) in try await contractAndChecksum(name, api)["dataContract"] ?? .null },
        create: Maker(
            details: """
                From a schema (simple, Avro or JSON schema) and the rules:
                  polder create data-contract webshop/visits/1.0.0 --schema-definition visit.yaml --contract-definition rules.yaml
                It begins as a draft: polder review, approve and activate data-contract REF.
                """, read: readContract),
        delete: Deleter { api, name, _ throws(PolderError) in
            var request = try whichContract(name, refMember: "dataContractRef")
            request["projectId"] = .string(try await api.projectID())
            _ = try await api.call(DataContractsService.deleteDataContract, .object(request))
        },
        document: DocumentKind(
            kind: "DataContract", entity: "data-contract",
            check: DocumentKind.check(DataContractsService.createDataContract, "dataContract"),
            fill: { spec, api throws(PolderError) in
                var spec = spec
                if spec["projectId"] == nil, spec["project_id"] == nil {
                    spec["projectId"] = .string(try await api.projectID())
                }
                // As in a plane folder: a schema without a reference has that of its contract.
                if var schema = spec["schema"]?.object, schema["ref"] == nil {
                    schema["ref"] = spec["ref"]
                    spec["schema"] = .object(schema)
                }
                return spec
            },
            find: { api, spec throws(PolderError) in
                try await DocumentKind.found { () throws(PolderError) in
                    try await contract.get?(api, contractRef(.object(spec))) ?? .null
                }
            },
            create: { api, spec throws(PolderError) in
                let request: JSONValue = ["dataContract": .object(spec), "projectId": spec["projectId"] ?? ""]
                _ = try await api.call(DataContractsService.createDataContract, request)
            },
            update: { api, spec, members throws(PolderError) in
                let checksum = try await contractAndChecksum(contractRef(.object(spec)), api)["checksum"] ?? ""
                let request: JSONValue = [
                    "dataContract": .object(spec), "checksum": checksum,
                    "updateMask": .string(members.joined(separator: ",")),
                ]
                _ = try await api.call(DataContractsService.updateDataContract, request)
            },
            states: DocumentKind.States(
                initial: "DRAFT", unspoken: "ACTIVE",
                steps: [
                    "DRAFT": ["IN_REVIEW": "review"], "IN_REVIEW": ["APPROVED": "approve"],
                    "APPROVED": ["ACTIVE": "activate"], "ACTIVE": ["ARCHIVED": "archive"],
                    "ARCHIVED": ["ACTIVE": "activate"],
                ],
                take: { api, step, spec throws(PolderError) in
                    try await moveContract(step, contractRef(.object(spec)), api)
                })))

    /// `handle/name/version`.
    static func contractRef(_ contract: JSONValue) -> String {
        ["handle", "name", "version"].map { text(contract["ref"]?[$0]) }.joined(separator: "/")
    }

    /// The members of a request that say which contract, by reference or by id.
    static func whichContract(_ name: String, refMember: String) throws(PolderError) -> JSONObject {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 1 { return ["id": .string(name)] }
        guard parts.count == 3 else {
            throw .refused("\(name) is not a contract's reference such as webshop/visits/1.0.0")
        }
        return [refMember: ["handle": .string(parts[0]), "name": .string(parts[1]), "version": .string(parts[2])]]
    }

    private static func contractAndChecksum(
        _ name: String, _ api: APISession
    ) async throws(PolderError) -> JSONValue {
        try await api.call(DataContractsService.getDataContract, .object(try whichContract(name, refMember: "ref")))
    }

    /// Moves a contract to its next state: `review`, `approve`, `activate` or `archive`.
    static func moveContract(_ step: String, _ name: String, _ api: APISession) async throws(PolderError) {
        let request = JSONValue.object(try whichContract(name, refMember: "dataContractRef"))
        switch step {
        case "review": _ = try await api.call(DataContractsService.reviewDataContract, request)
        case "approve": _ = try await api.call(DataContractsService.approveDataContract, request)
        case "activate": _ = try await api.call(DataContractsService.activateDataContract, request)
        case _: _ = try await api.call(DataContractsService.archiveDataContract, request)
        }
    }

    private static func readContract(_ arguments: inout ArgumentReader) -> Make {
        let schema: String? = arguments.optionIfPresent(
            "--schema-definition", "FILE", "The schema: a simple one in YAML or JSON, Avro, or JSON schema.",
            from: .file)
        let rules: String? = arguments.optionIfPresent(
            "--contract-definition", "FILE", "keyField, fieldMetadata, validations, … in YAML or JSON.", from: .file)
        let isPublic = arguments.flag("--public", "Every organisation may use it.")
        let file = arguments.specOption()
        let name = arguments.argumentIfPresent("ref", "handle/name/version")
        if file == nil, name == nil || schema == nil || rules == nil {
            arguments.refuse("say <ref>, --schema-definition and --contract-definition, or --file")
        }
        return { api throws(PolderError) in
            var spec = try (file ?? rules).map { path throws(PolderError) in try SpecFile.read(path) } ?? [:]
            if let name { spec["ref"] = try whichContract(name, refMember: "ref")["ref"] }
            if isPublic { spec["isPublic"] = true }
            if let schema { spec["schema"] = try schemaSpec(schema, ref: spec["ref"] ?? [:]) }
            let project = JSONValue.string(try await api.projectID())
            spec["projectId"] = project
            let request: JSONValue = ["dataContract": .object(spec), "projectId": project]
            return try await api.call(DataContractsService.createDataContract, request)["dataContract"] ?? .null
        }
    }

    /// A schema file as the message `Schema`: a file with `nodes` is a simple schema, everything else is its definition.
    static func schemaSpec(_ path: String, ref: JSONValue) throws(PolderError) -> JSONValue {
        let value = try EntityFile.documents(of: path).first?.value ?? .null
        if value["nodes"] != nil { return ["ref": ref, "simpleSchema": value] }
        return ["ref": ref, "definition": .string(value.text())]
    }

    /// Schemas, which belong to contracts.
    static let schema: EntityKind = EntityKind(
        name: "schema", plural: "schemas", about: "a schema",
        columns: [
            Column("Schema") { contractRef($0) }, Column("Type", "ref.schemaType"), Column("State", "state"),
            Column("Public", "isPublic"), Column("Fingerprint", "fingerprint"),
        ],
        list: Lister { api, _, _ throws(PolderError) in
            try await api.call(SchemasService.listSchemas)["schemas"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let which = try whichContract(name, refMember: "ref")
            guard which["ref"] != nil else { throw .refused("\(name) is not a reference such as webshop/visits/1.0.0") }
            return try await api.call(SchemasService.getSchema, .object(which))["schema"] ?? .null
        })
}

/// `polder review|approve|activate|archive data-contract REF` and `polder activate|archive policy NAME`.
enum StateCommands {
    static let all: [CommandShape] = [
        contract(.review, "Asks for the review of a data contract."),
        contract(.approve, "Approves a data contract."),
        contract(.activate, "Puts a data contract in force."),
        contract(.archive, "Takes a data contract out of force."),
        policy(.activate, "Puts a policy in force."),
        policy(.archive, "Takes a policy out of force."),
    ]

    private static func contract(_ verb: CommandShape.Group, _ summary: String) -> CommandShape {
        shape(verb, summary, .contract) { name, api throws(PolderError) in
            try await EntityKind.moveContract(verb.rawValue, name, api)
        }
    }

    private static func policy(_ verb: CommandShape.Group, _ summary: String) -> CommandShape {
        shape(verb, summary, .policy) { name, api throws(PolderError) in
            try await EntityKind.movePolicy(verb.rawValue, name, api)
        }
    }

    private static func shape(
        _ verb: CommandShape.Group, _ summary: String, _ kind: EntityKind,
        _ move: @escaping @Sendable (String, APISession) async throws(PolderError) -> Void
    ) -> CommandShape {
        CommandShape(
            name: "\(verb.rawValue) \(kind.name)", otherNames: kind.otherNames.map { "\(verb.rawValue) \($0)" },
            group: verb,
            summary: summary
        ) { arguments in
            let options = SessionOptions(reading: &arguments)
            let names = arguments.arguments(kind.name, "Which.", from: .names(.entity(kind.name)))
            return { context throws(PolderError) in
                let api = try await APISession.open(options, context)
                for name in names {
                    try await move(name, api)
                    let entity = try await kind.get?(api, name) ?? .null
                    context.console.print("\(kind.name) \(name) is \(EntityKind.text(entity["state"]))")
                }
            }
        }
    }
}
