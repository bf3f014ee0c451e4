internal import API
internal import Bytes
internal import JSON
internal import System

extension EntityKind {
    /// Policies: how long keys are kept.
    static let policy: EntityKind = EntityKind(
        name: "policy", plural: "policies", about: "a retention policy",
        columns: [
            Column("Policy", "name"), Column("Id", "id"), Column("State", "state"),
            Column("Days", "retentionDays"), Column("Legal grounds", "legalGrounds"),
        ],
        list: Lister { api, _, _ throws(PolderError) in
            try await api.call(PoliciesService.listPolicies)["policies"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let id = try await policyID(name, api)
            return try await api.call(PoliciesService.getPolicy, ["policyId": .string(id)])["policy"] ?? .null
        },
        create: Maker(details: "polder create policy 'one month' --retention 30", read: readPolicy),
        delete: Deleter { api, name, _ throws(PolderError) in
            _ = try await api.call(
                PoliciesService.deletePolicy, ["policyId": .string(try await policyID(name, api))])
        },
        document: DocumentKind(
            kind: "Policy", entity: "policy", check: DocumentKind.check(PoliciesService.createPolicy, "policy"),
            fill: { spec, api throws(PolderError) in
                var spec = spec
                guard spec["id"] == nil else { return spec }
                let all = try await api.call(PoliciesService.listPolicies)["policies"]?.array ?? []
                spec["id"] = all.first { $0["name"] == spec["name"] }?["id"] ?? .string(newID())
                return spec
            },
            find: { api, spec throws(PolderError) in
                let all = try await api.call(PoliciesService.listPolicies)["policies"]?.array ?? []
                return all.first { $0["id"] == spec["id"] }
            },
            create: { api, spec throws(PolderError) in
                var spec = spec
                spec["state"] = "STATE_DRAFT"
                _ = try await api.call(PoliciesService.createPolicy, ["policy": .object(spec)])
            },
            update: { api, spec, members throws(PolderError) in
                let request: JSONValue = [
                    "policy": .object(spec), "updateMask": .string(members.joined(separator: ",")),
                ]
                _ = try await api.call(PoliciesService.updatePolicy, request)
            },
            states: DocumentKind.States(
                initial: "STATE_DRAFT", unspoken: "STATE_ACTIVE",
                steps: [
                    "STATE_DRAFT": ["STATE_ACTIVE": "activate"], "STATE_ACTIVE": ["STATE_ARCHIVED": "archive"],
                    "STATE_ARCHIVED": ["STATE_ACTIVE": "activate"],
                ],
                take: { api, step, spec throws(PolderError) in
                    try await movePolicy(step, text(spec["id"]), api)
                })))

    private static func newID() -> String {
        var generator = SystemRandomNumberGenerator()
        return UUIDv4(using: &generator).description
    }

    /// The id of a policy by its name or id.
    static func policyID(_ name: String, _ api: APISession) async throws(PolderError) -> String {
        let all = try await api.call(PoliciesService.listPolicies)["policies"]?.array ?? []
        let found = all.first { $0["name"]?.string == name } ?? all.first { $0["id"]?.string == name }
        guard let id = found?["id"]?.string else {
            throw .missing("there is no policy \(name)", next: "polder list policies")
        }
        return id
    }

    /// `activate` or `archive`.
    static func movePolicy(_ step: String, _ name: String, _ api: APISession) async throws(PolderError) {
        let id = try await policyID(name, api)
        let state: JSONValue = step == "activate" ? "STATE_ACTIVE" : "STATE_ARCHIVED"
        _ = try await api.call(
            PoliciesService.updatePolicy, ["policy": ["id": .string(id), "state": state], "updateMask": "state"])
    }

    private static func readPolicy(_ arguments: inout ArgumentReader) -> Make {
        let days = arguments.numberIfPresent("--retention", "DAYS", in: 1...36_500, "How long keys are kept.")
        let description: String? = arguments.optionIfPresent("--description", "TEXT", "For people.")
        let grounds: String? = arguments.optionIfPresent("--legal-grounds", "TEXT", "Why the data may be kept.")
        let file = arguments.specOption()
        let name = arguments.argumentIfPresent("name", "Its name.")
        if file == nil, name == nil || days == nil { arguments.refuse("say <name> and --retention, or --file") }
        return { api throws(PolderError) in
            var spec = try file.map { path throws(PolderError) in try SpecFile.read(path) } ?? [:]
            if spec["id"] == nil { spec["id"] = .string(newID()) }
            if let name { spec["name"] = .string(name) }
            if let days { spec["retentionDays"] = JSONValue(days) }
            if let description { spec["description"] = .string(description) }
            if let grounds { spec["legalGrounds"] = .string(grounds) }
            spec["state"] = "STATE_DRAFT"
            return try await api.call(PoliciesService.createPolicy, ["policy": .object(spec)])["policy"] ?? .null
        }
    }

    /// What the numbers of purposes mean.
    static let purposeMapping: EntityKind = EntityKind(
        name: "purpose-mapping", plural: "purpose-mappings", otherNames: ["purpose", "purposes"],
        about: "a purpose and its level",
        columns: [
            Column("Level") { text($0["level"] ?? 0) }, Column("Purpose", "purpose"), Column("About", "description"),
        ],
        list: Lister { api, _, _ throws(PolderError) in
            try await api.call(PurposeMappingService.listPurposeMappings)["purposeMappings"]?.array ?? []
        },
        get: { api, level throws(PolderError) in
            guard let number = Int32(level) else { throw .refused("a purpose is named by its level, a number") }
            let answer = try await api.call(PurposeMappingService.getPurposeMapping, ["level": JSONValue(number)])
            return answer["purposeMapping"] ?? .null
        },
        create: Maker(details: "The control plane gives it the next level; a purpose cannot be deleted.") { arguments in
            let about: String? = arguments.optionIfPresent("--description", "TEXT", "For people.")
            let purpose = arguments.argument("purpose", "What data of this level is used for.")
            return { api throws(PolderError) in
                var spec: JSONObject = ["purpose": .string(purpose)]
                spec["description"] = about.map { .string($0) }
                let answer = try await api.call(
                    PurposeMappingService.createPurposeMapping, ["purposeMapping": .object(spec)])
                return answer["purposeMapping"] ?? .null
            }
        },
        document: DocumentKind(
            kind: "PurposeMapping", entity: "purpose-mapping",
            check: DocumentKind.check(PurposeMappingService.createPurposeMapping, "purposeMapping"),
            find: { api, spec throws(PolderError) in
                let answer = try await api.call(PurposeMappingService.listPurposeMappings)
                return answer["purposeMappings"]?.array?.first { $0["purpose"] == spec["purpose"] }
            },
            create: { api, spec throws(PolderError) in
                _ = try await api.call(
                    PurposeMappingService.createPurposeMapping, ["purposeMapping": .object(spec)])
            }, update: nil))

    /// Projects, which hold everything else.
    static let project: EntityKind = EntityKind(
        name: "project", plural: "projects", about: "a project",
        columns: [Column("Project", "name"), Column("Id", "id"), Column("About", "description")],
        list: Lister { api, _, _ throws(PolderError) in
            try await api.call(ProjectsService.listProjects)["projects"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let id = try await projectID(name, api)
            return try await api.call(ProjectsService.getProject, ["projectId": .string(id)])["project"] ?? .null
        },
        create: Maker { arguments in
            let about: String? = arguments.optionIfPresent("--description", "TEXT", "For people.")
            let name = arguments.argument("name", "Its name.")
            return { api throws(PolderError) in
                var spec: JSONObject = ["name": .string(name)]
                spec["description"] = about.map { .string($0) }
                return try await api.call(ProjectsService.createProject, ["project": .object(spec)])["project"] ?? .null
            }
        },
        delete: Deleter { api, name, _ throws(PolderError) in
            _ = try await api.call(
                ProjectsService.deleteProject, ["projectId": .string(try await projectID(name, api))])
        },
        document: DocumentKind(
            kind: "Project", entity: "project", check: DocumentKind.check(ProjectsService.createProject, "project"),
            find: { api, spec throws(PolderError) in
                let answer = try await api.call(ProjectsService.listProjects)
                return answer["projects"]?.array?.first { $0["name"] == spec["name"] }
            },
            create: { api, spec throws(PolderError) in
                _ = try await api.call(ProjectsService.createProject, ["project": .object(spec)])
            }, update: nil))

    /// The id of a project by its name or id.
    static func projectID(_ name: String, _ api: APISession) async throws(PolderError) -> String {
        let all = try await api.call(ProjectsService.listProjects)["projects"]?.array ?? []
        let found = all.first { $0["name"]?.string == name } ?? all.first { $0["id"]?.string == name }
        guard let id = found?["id"]?.string else {
            throw .missing("there is no project \(name)", next: "polder list projects")
        }
        return id
    }
}
