import JSON
import System
import TestKit
import Testing

/// `polder` as the daily tool, against the control plane of a real plane.
@Suite(.serialized) struct PolderAPITests {
    /// A plane and somebody at its command line.
    private struct Desk {
        let plane: Plane

        init() async throws { plane = try await Plane() }

        var environment: [String: String] {
            ["POLDER_CONFIG": plane.folder.file("config/config.yaml"), "POLDER_DIR": plane.directory]
        }

        /// Runs `polder` and expects an exit code.
        @discardableResult
        func callAsFunction(_ arguments: String..., code: Int32 = 0) async throws -> ToolResult {
            let result = try await runTool(
                Plane.binary("polder"), arguments,
                environment: environment, mayFail: true)
            #expect(result.status == code, "\(arguments): \(result.output)\(result.errors)")
            return result
        }

        func json(_ arguments: String...) async throws -> JSONValue {
            let result = try await runTool(
                Plane.binary("polder"), arguments + ["-o", "json"],
                environment: environment)
            return try JSONValue.parse(result.outputBytes)
        }
    }

    @Test func `streams are made, shown, completed and deleted`() async throws {
        let polder = try await Desk()
        defer { polder.plane.killSupervisor() }

        // The first command logs the local admin in, and says so; the next one finds the login.
        let first = try await polder("create", "stream", "shop", "--description", "orders", "--tags", "a,b")
        #expect(first.errors.contains("using the local admin admin@polder.local"))
        #expect(first.output.hasPrefix("Stream  Derived from  Purposes  Masked  Enabled\nshop"))
        let me = try await polder("whoami")
        #expect(me.errors.isEmpty)
        #expect(me.output.contains("admin@polder.local"))

        // A stream has credentials; a list never shows them.
        let stream = try await polder.json("get", "stream", "shop")
        #expect(stream["tags"] == ["a", "b"])
        let secret = try #require(stream["credentials"]?[0]?["clientSecret"]?.string)
        #expect(secret.count > 20)
        #expect(!(try await polder("list", "streams", "-o", "yaml")).output.contains(secret))
        #expect(try await polder("list", "credentials", "shop", "-o", "plain").output.split(separator: "\n").count == 1)

        try await polder("create", "stream", "--derived-from", "shop", "--purposes", "0,1")
        let names = try await polder("list", "streams", "-o", "plain").output.split(separator: "\n")
        #expect(names.contains("shop") && names.contains("shop-0-1") && names.contains("demo"))
        #expect(try await polder.json("get", "stream", "shop-0-1")["consentLevels"] == [0, 1])
        #expect(try await polder("list", "key-streams", "-o", "plain").output.contains("shop"))

        // Names at the Tab key.
        let completed = try await polder("__complete", "--", "get", "stream", "sho")
        #expect(completed.output.hasPrefix("words\nshop"))

        // Refusals say whose fault it was, and what to do.
        #expect(try await polder("create", "stream", "shop", code: 5).errors.contains("shop"))
        #expect(try await polder("create", "stream", "abc", code: 5).errors.contains("4 to 100"))
        try await polder("get", "stream", "nobody", code: 4)
        try await polder("delete", "stream", "demo", code: 5)  // stands in the plane folder
        try await polder("delete", "stream", "shop", code: 5)  // shop-0-1 depends on it
        #expect(try await polder("delete", "stream", "shop", "-r", code: 5).errors.contains("say --yes"))
        #expect(try await polder("delete", "stream", "shop", "-r", "-y").output == "stream shop deleted\n")
        try await polder("get", "stream", "shop-0-1", code: 4)
        try await polder("list", "streams", "-p", "nowhere", code: 4)

        // Everything was written down.
        let trail = try await polder.json("list", "audit-entries")
        #expect(trail.array?.contains { $0["reference"] == "shop" } == true)
        #expect(!trail.text().contains(secret))
        #expect(try await polder.plane.stop() == 0)
    }

    @Test func `a stream that was just made takes events, and shows them`() async throws {
        let polder = try await Desk()
        defer { polder.plane.killSupervisor() }
        try await polder("create", "stream", "orders")
        try await polder("create", "stream", "-D", "orders", "-P", "0")
        #expect(
            try await polder("send", "orders", "--count", "50", "--rate", "0", "-q").output.hasPrefix("50 accepted"))
        let listening = try RunningTool(
            Plane.binary("polder"), ["listen", "orders", "--count", "1"], environment: polder.environment)
        try await eventually("an event is shown", within: .seconds(60)) {
            try await polder("send", "orders", "--count", "1", "--rate", "0", "-q")
            return listening.exitStatus != nil
        }
        #expect(listening.output.contains("consistentValue"))
        #expect(try await polder("token", "orders").output.split(separator: ".").count == 3)
        #expect(try await polder("read", "orders", "--count", "1", "-o", "json").output.contains("\"offset\":0"))
        try await eventually("a derived stream gets what its purposes allow", within: .seconds(60)) {
            try await !polder("read", "orders-0", "--count", "1").output.isEmpty
        }
        #expect(try await polder.plane.stop() == 0)
    }

    @Test func `documents are applied once, and told where they are wrong`() async throws {
        let polder = try await Desk()
        defer { polder.plane.killSupervisor() }
        let folder = polder.plane.folder
        _ = try folder.makeFolder("apply")
        func write(_ description: String) throws -> String {
            try folder.write(
                "apply/plane.yaml",
                text: """
                    kind: Stream
                    spec:
                      linkedStream: visits
                      consentLevels: [1]
                      consentLevelType: GRANULAR
                    ---
                    kind: Stream
                    spec:
                      ref: {name: visits}
                      description: \(description)
                    """)
        }
        let file = try write("all visits")

        // A dry run changes nothing; what depends on something comes after it; applying again does nothing.
        let plan = try await polder("apply", "-f", file, "--dry-run")
        #expect(
            plan.output == "Entity  Name      Would be  Changes\nstream  visits    create\nstream  visits-1  create\n")
        try await polder("get", "stream", "visits", code: 4)
        #expect(try await polder("apply", "-f", folder.file("apply")).output.contains("stream  visits-1  create"))
        let again = try await polder.json("apply", "-f", file)
        #expect(again.array?.map { $0["action"]?.string } == ["unchanged", "unchanged"])

        // A stream cannot be changed: the difference is told, with its place.
        let changed = try await polder("apply", "-f", try write("other visits"), code: 5)
        #expect(changed.errors.contains("plane.yaml:8: stream visits differs"))
        #expect(changed.errors.contains("description: all visits → other visits"))

        // Mistakes are told with their lines before anything is sent.
        let bad = try folder.write(
            "bad.yaml", text: "kind: Stream\nspec:\n  ref: {name: abc}\n---\nkind: Strem\nspec: {}\n")
        #expect(try await polder("apply", "-f", bad, code: 78).errors.contains("bad.yaml:5: kind Strem is unknown"))
        let short = try folder.write("short.yaml", text: "kind: Stream\nspec:\n  ref:\n    name: abc\n")
        #expect(try await polder("apply", "-f", short, code: 78).errors.contains("short.yaml:4: ref.name"))
        try await polder("apply", "-f", folder.file("nothing.yaml"), code: 4)
        #expect(try await polder.plane.stop() == 0)
    }

    @Test func `a contract is applied through its states, with everything around it`() async throws {
        let polder = try await Desk()
        defer { polder.plane.killSupervisor() }
        let file = try polder.plane.folder.write(
            "plane.yaml",
            text: """
                kind: Stream
                spec:
                  linkedStream: visits
                  consentLevels: [1]
                  maskedFields: {fieldPatterns: {webshop/visits/1.0.0: {fieldPatterns: [Email]}}}
                ---
                kind: Stream
                spec: {ref: {name: visits}, policyId: 5e1f6d3c-8a56-4c3f-9f0e-0d7a2f6c9b11}
                ---
                kind: DataContract
                spec:
                  ref: {handle: webshop, name: visits, version: 1.0.0}
                  keyField: SessionId
                  fieldMetadata: [{fieldName: Email, personalDataConfig: {isPii: true, purposeLevel: 2}}]
                  schema:
                    simpleSchema:
                      name: Visit
                      nodes:
                        - {type: STRING, name: Session Id, required: true}
                        - {type: STRING, name: Email}
                ---
                kind: Policy
                spec: {id: 5e1f6d3c-8a56-4c3f-9f0e-0d7a2f6c9b11, name: one month, retentionDays: 30}
                """)
        func actions() async throws -> [String] {
            try await polder.json("apply", "-f", file).array?.compactMap { $0["action"]?.string } ?? []
        }
        #expect(try await actions() == ["create, activate", "create, review, approve, activate", "create", "create"])
        #expect(try await actions() == ["unchanged", "unchanged", "unchanged", "unchanged"])
        let archived = try await polder("contract", "archive", "webshop/visits/1.0.0")
        #expect(archived.output == "data-contract webshop/visits/1.0.0 is ARCHIVED\n")
        #expect(try await actions() == ["unchanged", "activate", "unchanged", "unchanged"])
        #expect(try await polder.json("get", "contract", "webshop/visits/1.0.0")["state"] == "ACTIVE")
        #expect(try await polder.plane.stop() == 0)
    }

    @Test func `jobs and Kafka entities are applied once, and notes of people are listed and deleted`() async throws {
        let polder = try await Desk()
        defer { polder.plane.killSupervisor() }
        let file = try polder.plane.folder.write(
            "plane.yaml",
            text: """
                kind: KafkaExporter
                spec: {streamRef: {name: visits}, target: {clusterRef: {name: export}, topic: visits-in-clear}}
                ---
                kind: KafkaCluster
                spec: {ref: {name: export}, bootstrapServers: "kafka:9093", authMechanism: SASL_SSL}
                ---
                kind: BatchJob
                spec:
                  microAggregationBatchJob:
                    sourceData: {dataConnectorRef: {name: bucket}, fileName: in.csv}
                    targetData: {dataConnectorRef: {name: bucket}, fileName: out.csv}
                    dataContractRef: {handle: strmprivacy, name: example, version: 1.5.0}
                    aggregationConfig: {minimumKAnonymity: 3}
                ---
                kind: DataConnector
                spec: {ref: {name: bucket}, s3Bucket: {bucketName: b, credentials: "{}"}}
                ---
                kind: Stream
                spec: {ref: {name: visits}}
                """)
        func applied() async throws -> [String] {
            try await polder.json("apply", "-f", file).array?.map {
                "\($0["action"]?.string ?? "") \($0["entity"]?.string ?? "") \($0["name"]?.string ?? "")"
            } ?? []
        }
        let entities = [
            "stream visits", "data-connector bucket", "batch-job bucket/in.csv", "kafka-cluster export",
            "kafka-exporter export-visits",
        ]
        #expect(try await applied() == entities.map { "create \($0)" })
        #expect(try await applied() == entities.map { "unchanged \($0)" })
        #expect(try await polder("list", "batch-jobs").output.contains("micro-aggregation  PENDING"))
        #expect(
            try await polder.json("get", "kafka-exporter", "export-visits")["target"]?["topic"] == "visits-in-clear")

        // The story leaves one person behind, with one key.
        let story = "\(Strangers.packageRoot)/Tests/Strangers/cli.py"
        try await runTool(
            Strangers.python, [story, "subjects", polder.plane.readyFile, polder.plane.folder.file("strm")],
            deadline: .seconds(300))
        #expect(try await polder("list", "data-subjects", "-o", "plain").output == "person-2\n")
        #expect(try await polder.json("list", "data-subject-keylinks", "person-2").array?.count == 1)
        #expect(try await polder("delete", "data-subject", "person-2").output == "data-subject person-2 deleted\n")
        try await polder("delete", "data-subject", "person-2", code: 4)
        #expect(try await polder("list", "data-subjects", "-o", "plain").output.isEmpty)
        #expect(try await polder.plane.stop() == 0)
    }

    @Test func `people and contexts`() async throws {
        let polder = try await Desk()
        defer { polder.plane.killSupervisor() }
        let ready = try polder.plane.ready()
        let file = ready.document["adminUser"]?["passwordFile"]?.string ?? ""

        // The same control plane, as if it were far away.
        try await polder(
            "context", "set", "far", "--api", ready.url("api"), "--auth", ready.url("auth"), "--ca",
            ready.document["caFile"]?.string ?? "")
        #expect(try await polder("list", "projects", code: 5).errors.contains("polder login --context far"))
        try await polder("login", "--email", "admin@polder.local", "--password-file", file)
        #expect(try await polder("list", "projects", "-o", "plain").output == "default\n")
        try await polder("create", "project", "shops")
        #expect(try await polder.json("get", "project", "shops")["name"] == "shops")
        try await polder("create", "stream", "orders", "-p", "shops")
        #expect(try await polder("list", "streams", "-p", "shops", "-o", "plain").output == "orders\n")
        #expect(try await polder("list", "installations", "-o", "plain").output.split(separator: "\n").count == 1)

        #expect(try await polder("invite", "anna@example.com", "--role", "approver").output == "1 invited\n")
        #expect(try await polder("roles").output.contains("admin@polder.local"))
        #expect(try await polder("logout").output == "logged out admin@polder.local\n")
        try await polder("list", "projects", code: 5)
        #expect(try await polder.plane.stop() == 0)
    }
}
