internal import API
internal import JSON

extension EntityKind {
    /// Streams: where events go, and what is derived of them.
    static let stream: EntityKind = EntityKind(
        name: "stream", plural: "streams", about: "a stream of events",
        columns: [
            Column("Stream", "ref.name"), Column("Derived from", "linkedStream"), Column("Purposes", "consentLevels"),
            Column("Masked") { stream in
                let patterns = value("maskedFields.fieldPatterns", in: stream)?.object?.members ?? []
                var fields: [String] = []
                for field in patterns.flatMap({ $0.value["fieldPatterns"]?.array ?? [] }).map({ text($0) })
                where !fields.contains(field) {
                    fields.append(field)
                }
                return fields.joined(separator: ",")
            },
            Column("Enabled") { text($0["enabled"] ?? false) },
        ],
        list: Lister { api, _, _ throws(PolderError) in try await streams(of: api) },
        get: { api, name throws(PolderError) in
            let answer = try await api.call(StreamsService.getStream, ["ref": try await api.reference(name)])
            return value("streamTree.stream", in: answer) ?? .null
        },
        create: Maker(
            details: """
                A source stream takes events; one with --derived-from shows those that agreed to its --purposes, decrypted as
                far as they say.
                  polder create stream shop
                  polder create stream --derived-from shop --purposes 0,1
                  polder create stream --derived-from shop --purposes 1 --masked-fields webshop/visits/1.0.0:Email
                """, read: readStream),
        delete: Deleter(isRecursive: true) { api, name, isRecursive throws(PolderError) in
            _ = try await api.call(
                StreamsService.deleteStream,
                ["ref": try await api.reference(name), "recursive": .bool(isRecursive)])
        },
        document: DocumentKind(
            kind: "Stream", entity: "stream", check: DocumentKind.check(StreamsService.createStream, "stream"),
            fill: { spec, api throws(PolderError) in
                var spec = try await DocumentKind.inProject(spec, api)
                var ref = spec["ref"]?.object ?? [:]
                if ref["name"]?.string?.isEmpty ?? true { ref["name"] = derivedName(spec).map { .string($0) } }
                spec["ref"] = .object(ref)
                return spec
            },
            find: { api, spec throws(PolderError) in
                try await DocumentKind.found { () throws(PolderError) in
                    try await stream.get?(api, text(value("ref.name", in: .object(spec)))) ?? .null
                }
            },
            create: { api, spec throws(PolderError) in
                _ = try await api.call(StreamsService.createStream, ["stream": .object(spec)])
            }, update: nil))

    /// Every stream of the project, each once.
    private static func streams(of api: APISession) async throws(PolderError) -> [JSONValue] {
        let answer = try await api.call(
            StreamsService.listStreams, ["projectId": .string(try await api.projectID()), "recursive": true])
        var found: [JSONValue] = []
        for tree in answer["streams"]?.array ?? [] {
            for entity in [tree["stream"]].compactMap(\.self) + (tree["derived"]?.array ?? [])
            where !found.contains(where: { $0["ref"] == entity["ref"] }) {
                found.append(entity)
            }
        }
        return found
    }

    /// What the control plane calls a derived stream that has no name: `demo-0-1`, or `demo-M0-1` when it masks.
    static func derivedName(_ spec: JSONObject) -> String? {
        guard let source = spec["linkedStream"]?.string ?? spec["linked_stream"]?.string else { return nil }
        let levels = text(spec["consentLevels"] ?? spec["consent_levels"]).replacing(",", with: "-")
        let masks = spec["maskedFields"] ?? spec["masked_fields"]
        let isMasked = !((masks?["fieldPatterns"] ?? masks?["field_patterns"])?.object?.isEmpty ?? true)
        return "\(source)-\(isMasked ? "M" : "")\(levels)"
    }

    private static func readStream(_ arguments: inout ArgumentReader) -> Make {
        let file = arguments.specOption()
        let source: String? = arguments.optionIfPresent(
            "--derived-from", short: "-D", "STREAM", "The source stream.", from: .names(.entity("stream")))
        let purposes = arguments.levels("--purposes", short: "-P", "What it may decrypt, and which events it holds.")
        let description: String? = arguments.optionIfPresent("--description", "TEXT", "For people.")
        let tags: String? = arguments.optionIfPresent("--tags", "TAG,TAG", "For people.")
        let masks = arguments.options(
            "--masked-fields", short: "-M", "REF:FIELD,FIELD", "Fields that show a hash; once for each contract.")
        let seedFile: String? = arguments.optionIfPresent(
            "--mask-seed-file", "FILE", "A file that only you can read; its first line decides the hashes [random].")
        let policy: String? = arguments.optionIfPresent(
            "--policy", "NAME", "How long keys are kept; its name or id [the default policy].",
            from: .names(.entity("policy")))
        let name = arguments.argumentIfPresent("name", "Its name; a derived stream has one without.")
        var patterns = JSONObject()
        for mask in masks {
            guard let colon = mask.firstIndex(of: ":") else {
                arguments.refuse("--masked-fields must be such as webshop/visits/1.0.0:Email,Name, not \(mask)")
                continue
            }
            let fields = mask[mask.index(after: colon)...].split(separator: ",").map { JSONValue.string(String($0)) }
            patterns[String(mask[..<colon])] = ["fieldPatterns": .array(fields)]
        }
        if file == nil, source == nil, name == nil { arguments.refuse("<name> is missing: a source stream needs one") }
        if source != nil, purposes == nil { arguments.refuse("a derived stream needs --purposes") }
        if file == nil, source == nil, purposes != nil || !masks.isEmpty {
            arguments.refuse("--purposes and --masked-fields are for a derived stream; say --derived-from")
        }
        return { [patterns] api throws(PolderError) in
            var spec = try file.map { path throws(PolderError) in try SpecFile.read(path) } ?? [:]
            var ref = spec["ref"]?.object ?? [:]
            if let name { ref["name"] = .string(name) }
            ref["projectId"] = .string(try await api.projectID())
            spec["ref"] = .object(ref)
            if let source { spec["linkedStream"] = .string(source) }
            if let purposes {
                spec["consentLevels"] = .array(purposes)
                spec["consentLevelType"] = "GRANULAR"
            }
            if let description { spec["description"] = .string(description) }
            if let tags { spec["tags"] = .array(tags.split(separator: ",").map { .string(String($0)) }) }
            if !patterns.isEmpty {
                var fields: JSONObject = ["fieldPatterns": .object(patterns)]
                if let seedFile { fields["seed"] = .string(try SecretFile.firstLine(of: seedFile, what: "seed")) }
                spec["maskedFields"] = .object(fields)
            }
            if let policy { spec["policyId"] = .string(try await policyID(policy, api)) }
            return try await api.call(StreamsService.createStream, ["stream": .object(spec)])["stream"] ?? .null
        }
    }

    /// The streams with the keys.
    static let keyStream: EntityKind = EntityKind(
        name: "key-stream", plural: "key-streams", about: "a stream of keys",
        columns: [Column("Stream", "ref.name"), Column("Topic", "kafkaTopic")],
        list: Lister { api, _, _ throws(PolderError) in
            let answer = try await api.call(
                KeyStreamsService.listKeyStreams, ["projectId": .string(try await api.projectID())])
            return answer["keyStreams"]?.array ?? []
        },
        get: { api, name throws(PolderError) in
            let answer = try await api.call(KeyStreamsService.getKeyStream, ["ref": try await api.reference(name)])
            return answer["keyStream"] ?? .null
        })

    /// Client ids and secrets of streams.
    static let credential: EntityKind = EntityKind(
        name: "credential", plural: "credentials", about: "a client id of a stream",
        columns: [Column("Client id", "clientId")],
        list: Lister(parent: "stream") { api, name, _ throws(PolderError) in
            let answer = try await api.call(
                CredentialsService.listCredentials, ["streamRef": try await api.reference(name)])
            return answer["credentials"]?.array ?? []
        },
        get: { api, id throws(PolderError) in
            try await api.call(CredentialsService.getCredential, ["clientId": .string(id)])["credential"] ?? .null
        },
        create: Maker(details: "-o json shows the secret.") { arguments in
            let name = arguments.argument("stream", "For which stream.", from: .names(.entity("stream")))
            return { api throws(PolderError) in
                let answer = try await api.call(
                    CredentialsService.createCredential, ["streamRef": try await api.reference(name)])
                return answer["credentials"] ?? .null
            }
        },
        delete: Deleter { api, id, _ throws(PolderError) in
            _ = try await api.call(CredentialsService.deleteCredential, ["clientId": .string(id)])
        })
}

extension ArgumentReader {
    /// `--file FILE`: the entity, or the part of it that no other option says.
    mutating func specOption() -> String? {
        optionIfPresent(
            "--file", short: "-f", "FILE", "The entity in YAML or JSON; other options add to it. - is the input.",
            from: .file)
    }
}
