import API
import Glibc
import PlaneConfig
import TestKit
import Testing
import Wire

/// A plane folder and a state folder, gone when the test is over.
struct PlaneFolders {
    let root: TemporaryFolder
    var plane: String { root.file("plane") }
    var state: String { root.file("state") }

    init(_ files: [String: String] = [:]) throws {
        root = try TemporaryFolder()
        for name in ["plane", "plane/sub", "plane/.hidden"] { _ = try root.makeFolder(name) }
        for (name, text) in files { try write(name, text) }
    }

    func write(_ name: String, _ text: String) throws {
        _ = try root.write("plane/\(name)", text: text)
    }

    func source(_ component: String = "test") throws -> PlaneConfigSource {
        try PlaneConfigSource(folder: plane, state: state, component: component)
    }

    /// What is wrong with the folder, one line per problem.
    func problems() throws -> [String] {
        do {
            _ = try source()
            return []
        } catch let error as PlaneConfigError {
            guard case .invalid(let problems) = error else { throw error }
            return problems.map(\.description)
        }
    }
}

@Suite struct FolderTests {
    @Test(.timeLimit(.minutes(1)))
    func `what cannot be read is a mistake beside the others, and nothing waits for it`() throws {
        let folders = try PlaneFolders(["a.yaml": "kind: Stream\nspec: {ref: {name: \"\"}}\n"])
        #expect(mkfifo("\(folders.plane)/fifo.yaml", 0o600) == 0)
        #expect(symlink("loop.yaml", "\(folders.plane)/loop.yaml") == 0)
        #expect(symlink("/dev/zero", "\(folders.plane)/sub/zero.json") == 0)
        #expect(
            try folders.problems() == [
                "a.yaml:2: ref.name must be set", "fifo.yaml: \(folders.plane)/fifo.yaml: a FIFO, not a file",
                "loop.yaml: stat \(folders.plane)/loop.yaml: Too many levels of symbolic links",
                "sub/zero.json: \(folders.plane)/sub/zero.json: a device, not a file",
            ])
    }

    @Test(arguments: [("", "12 to 1024"), ("short\n", "12 to 1024"), ("with a space in it", "without spaces")])
    func `a secret file that holds no secret is a mistake with its line`(_ content: String, _ rule: String) throws {
        let folders = try PlaneFolders([
            "a.yaml": "kind: Stream\nsecretFile: secret\nspec: {ref: {name: first}}\n", "secret": content,
            "b.yaml": """
            kind: Stream
            spec: {ref: {name: second}}
            ---
            kind: Stream
            secretFile: /dev/zero
            spec: {ref: {name: second}}
            """,
            "c.yaml": "kind: Stream\nsecretFile: none\nspec: {ref: {name: third}}\n",
        ])
        let problems = try folders.problems()
        #expect(problems.count == 4)
        #expect(problems[0].hasPrefix("a.yaml:2: secretFile \(folders.plane)/secret: must hold"))
        #expect(problems[0].contains(rule))
        #expect(problems.contains("b.yaml:5: secretFile /dev/zero: a device, not a file"))
        #expect(problems.contains { $0.hasPrefix("b.yaml:6: ref.name second belongs") })
        #expect(problems[3] == "c.yaml:2: secretFile open \(folders.plane)/none: No such file or directory")
    }

    @Test func `all mistakes of a folder are told at once, with file, line and reason`() throws {
        let folders = try PlaneFolders([
            "a-streams.yaml": """
            kind: Stream
            spec:
              ref:
                name: demo
              consentLevels: [1]
            ---
            kind: Stream
            spec:
              ref: {name: demo}
            ---
            kind: Stream
            spec:
              linkedStream: nobody
              colour: red
            ---
            kind: Straem
            spec: {}
            ---
            kind: Stream
            spec:
              linkedStream: demo
              consentLevels: [0, 1]
              policyId: 44cc99df-04f1-4e42-9345-28151b1139d0
              maskedFields:
                fieldPatterns:
                  strmprivacy/example/1.3.0:
                    fieldPatterns:
                      - uniqueIdentifier
                      - strmMeta/nonce
                  strmprivacy/example/9.9.9: {fieldPatterns: [x]}
                  example: {fieldPatterns: [x]}
            ---
            kind: Stream
            secret: abc
            spec:
              ref: {name: derived twice}
              linkedStream: demo-M0-1
              consentLevels: [1]
              credentials: [{clientSecret: hidden}]
            """,
            "b-policies.json": """
            {"kind": "Policy",
             "spec": {"name": "abc",
                      "retentionDays": -1}}
            """,
            "c-broken.yaml": "kind: Stream\nspec: [1,\n",
            "d-broken.json": "{\"kind\": \"Policy\",\n \"spec\": {\"name\": 1,}}",
            "e-twice.yaml": "kind: Policy\nspec:\n  name: one\n  name: two\n",
            "f-list.yaml": "- 1\n- 2\n",
            "ignored.txt": "not read",
        ])
        let problems = try folders.problems()
        #expect(
            problems == [
                "a-streams.yaml:5: consentLevels may be set only on a derived stream (with linkedStream)",
                "a-streams.yaml:9: ref.name demo belongs to another stream already, in a-streams.yaml",
                "a-streams.yaml:12: consentLevels must hold at least one purpose on a derived stream",
                "a-streams.yaml:13: linkedStream names nobody, which does not exist",
                "a-streams.yaml:14: colour is unknown; members are ref, description, consentLevels, consentLevelType, "
                    + "enabled, limits, linkedStream, tags, credentials, maskedFields, kafkaTopic, policyId",
                "a-streams.yaml:16: kind Straem is unknown; kinds are Stream, DataContract, Policy",
                "a-streams.yaml:23: policyId names a policy that does not exist",
                #"a-streams.yaml:29: maskedFields.fieldPatterns["strmprivacy/example/1.3.0"].fieldPatterns[1] must not hold strmMeta"#,
                #"a-streams.yaml:30: maskedFields.fieldPatterns["strmprivacy/example/9.9.9"] names a contract that does not exist"#,
                "a-streams.yaml:31: maskedFields.fieldPatterns.example must be a contract reference: handle/name/1.0.0",
                "a-streams.yaml:34: secret is unknown; members of a document are kind, spec, clientId, secretFile",
                "a-streams.yaml:37: linkedStream names demo-M0-1, which is a derived stream itself",
                "a-streams.yaml:39: credentials must not stand here: secrets are generated into the state folder; use "
                    + "secretFile beside spec",
                "b-policies.json:2: id must be set",
                "b-policies.json:2: name must have 4 to 100 characters",
                "b-policies.json:3: retentionDays must be at least 0",
                "c-broken.yaml:3: not YAML at column 1: did not find expected node content",
                "d-broken.json:2: unexpected character at line 2, column 21",
                "e-twice.yaml:4: the key name appears twice",
                "f-list.yaml:1: a document must be an object with kind and spec, found array",
            ])
    }

    @Test func `secrets are refused in the folder and never repeated`() throws {
        let folders = try PlaneFolders([
            "s.yaml":
                "kind: Stream\nspec:\n  ref: {name: demo}\n  credentials: [{clientSecret: hidden}]\n  kafkaTopic: t\n"
        ])
        let problems = try folders.problems()
        #expect(
            problems == [
                "s.yaml:4: credentials must not stand here: secrets are generated into the state folder; use secretFile "
                    + "beside spec",
                "s.yaml:5: kafkaTopic must not be set: topics have generated names",
            ])
    }

    @Test func `a folder that is not there is told`() throws {
        let folders = try PlaneFolders()
        folders.root.remove("plane")
        let problems = try folders.problems()
        #expect(problems == ["opendir \(folders.plane): No such file or directory"])
    }

    @Test func `derived streams have default names, and need not come after their source`() throws {
        let folders = try PlaneFolders([
            "1.yaml": """
            kind: Stream
            spec: {linkedStream: demo, consentLevels: [0, 1]}
            ---
            kind: Stream
            spec:
              linkedStream: demo
              consent_levels: [0, 1]
              masked_fields: {field_patterns: {strmprivacy/example/1.3.0: {field_patterns: [uniqueIdentifier]}}}
            """,
            "sub/2.json": #"{"kind": "Stream", "spec": {"ref": {"name": "demo"}, "limits": {"eventRate": "99"}}}"#,
            ".hidden/3.yaml": "nonsense: [",
        ])
        let snapshot = try folders.source().current
        #expect(snapshot.streams.map(\.name) == ["demo", "demo-0-1", "demo-M0-1"])
        #expect(snapshot.streams.map(\.derivedFrom) == [nil, "demo", "demo"])
        #expect(snapshot.streams.map(\.consentLevelType) == [.unspecified, .granular, .granular])
        #expect(snapshot.streams.map(\.eventRate) == [99, 0, 0])
        #expect(snapshot.derivedStreams(of: try #require(snapshot.stream(named: "demo"))).count == 2)
        #expect(snapshot.streams.map { $0.policy.retentionDays } == [2556, 2556, 2556])
    }

    @Test func `a policy must exist and be active`() throws {
        let folders = try PlaneFolders([
            "p.yaml": """
            kind: Policy
            spec: {id: 44cc99df-04f1-4e42-9345-28151b1139d0, name: one month, retentionDays: 30}
            ---
            kind: Policy
            spec: {id: 44cc99df-04f1-4e42-9345-28151b1139d1, name: archived, retentionDays: 30, state: STATE_ARCHIVED}
            ---
            kind: Stream
            spec: {ref: {name: good}, policyId: 44cc99df-04f1-4e42-9345-28151b1139d0}
            """
        ])
        #expect(try folders.source().current.stream(named: "good")?.policy.retentionDays == 30)
        try folders.write(
            "q.yaml", "kind: Stream\nspec: {ref: {name: late}, policyId: 44cc99df-04f1-4e42-9345-28151b1139d1}\n")
        let source = try folders.source()
        #expect(
            source.problemsAtStart.map(\.description) == [
                "q.yaml:2: policyId names the policy archived, which is not active: STATE_ARCHIVED"
            ])
        #expect(source.current.stream(named: "good") != nil)
    }

    @Test func `the public contracts are built in, and a folder may replace one`() throws {
        let folders = try PlaneFolders()
        let builtIn = try folders.source().current
        #expect(
            builtIn.contracts.map(\.ref.contractRef.description) == [
                "strmprivacy/clickstream/1.0.0", "strmprivacy/demo/1.0.2", "strmprivacy/demo/1.0.3",
                "strmprivacy/example/1.3.0", "strmprivacy/example/1.5.0",
            ])
        #expect(builtIn.contracts.allSatisfy { $0.state == .active && $0.isPublic })
        try folders.write(
            "c.yaml",
            """
            kind: DataContract
            spec:
              ref: {handle: strmprivacy, name: example, version: 1.3.0}
              keyField: k
              schema:
                definition: >
                  {"type": "record", "name": "E", "fields": [
                    {"name": "strmMeta", "type": {"type": "record", "name": "StrmMeta", "fields": [
                      {"name": "eventContractRef", "type": "string"},
                      {"name": "nonce", "type": ["null", "int"], "default": null},
                      {"name": "timestamp", "type": ["null", "long"], "default": null},
                      {"name": "keyLink", "type": ["null", "string"], "default": null},
                      {"name": "billingId", "type": ["null", "string"], "default": null},
                      {"name": "consentLevels", "type": {"type": "array", "items": "int"}}]}},
                    {"name": "k", "type": "string"}]}
            """)
        let replaced = try folders.source("other").current
        #expect(replaced.contracts.count == 5)
        #expect(replaced.contracts[3].keyField == "k")
        #expect(replaced.version != builtIn.version)
    }
}
