import API
import Avro
import JSON
import PlaneConfig
import TestKit
import Testing
import Wire

@Suite struct ContractsInFolderTests {
    @Test(arguments: [
        #"["null", "Node"]"#, #"{"type": "array", "items": "Node"}"#, #"{"type": "map", "values": "Node"}"#,
        #"{"type": "record", "name": "Other", "fields": [{"name": "back", "type": ["null", "Node"]}]}"#,
    ])
    func `a schema that contains itself is refused: no datum is deeper than what was read here`(_ type: String) throws {
        let folders = try PlaneFolders([
            "c.yaml": """
            kind: DataContract
            spec:
              ref: {handle: acme, name: nodes, version: 1.0.0}
              keyField: id
              schema:
                definition: '{"type": "record", "name": "Node", "fields": [
                  {"name": "id", "type": "string"}, {"name": "next", "type": \(type)}]}'
            """
        ])
        let problems = try folders.problems()
        #expect(problems.count == 1)
        #expect(
            problems.first?.contains("type 'Node' contains itself; recursive schemas are not supported") == true,
            "\(problems)")
    }

    @Test func `mistakes of contracts are told with their lines, all at once`() throws {
        let folders = try PlaneFolders([
            "c.yaml": """
            kind: DataContract
            spec:
              ref: {handle: acme, name: clicks, version: 1.0.0}
              keyField: nobody
              piiFields:
                Session: 1
                Amount: 2
              validations:
                - {field: Session, type: regex, value: '['}
              schema:
                simpleSchema:
                  name: Clicks
                  nodes:
                    - {type: STRING, name: Session, required: true}
                    - {type: INTEGER, name: Amount}
            ---
            kind: DataContract
            spec:
              ref: {handle: acme, name: jsonschema, version: 1.0.0}
              keyField: a
              schema:
                definition: '{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}'
            ---
            kind: Stream
            spec: {ref: {name: demo}}
            ---
            kind: Stream
            spec:
              linkedStream: demo
              consentLevels: [1]
              maskedFields:
                fieldPatterns:
                  strmprivacy/clickstream/1.0.0:
                    fieldPatterns:
                      - customer/id
                      - conversion
                      - nobody/here
            """
        ])
        let problems = try folders.problems()
        let places = problems.map { $0.split(separator: " ")[0...1].joined(separator: " ") }
        #expect(
            places == [
                "c.yaml:4: keyField", "c.yaml:7: piiFields.Amount", "c.yaml:9: validations[0].value",
                "c.yaml:20: keyField", "c.yaml:22: schema.definition",
                #"c.yaml:36: maskedFields.fieldPatterns["strmprivacy/clickstream/1.0.0"].fieldPatterns[1]"#,
                #"c.yaml:37: maskedFields.fieldPatterns["strmprivacy/clickstream/1.0.0"].fieldPatterns[2]"#,
            ], "\(problems)")
        #expect(problems[4].hasSuffix("schema.definition must have a property strmMeta"))
    }

    @Test func `the example of the README is a plane`() throws {
        let readme = String(
            decoding: try readFile("\(Strangers.packageRoot)/Shared/PlaneConfig/README.md"), as: UTF8.self)
        let example = try #require(
            readme.split(separator: "```yaml\n").dropFirst().first?.split(separator: "```").first)
        let snapshot = try PlaneFolders(["example.yaml": String(example)]).source().current
        #expect(snapshot.streams.map(\.name) == ["visits", "visits-M1"])
        #expect(snapshot.streams[0].policy.retentionDays == 30)
        #expect(snapshot.streams[0].eventRate == 5000)
        #expect(snapshot.streams[1].maskSeed.count == 30)
    }

    @Test func `a simple schema becomes an Avro schema with an id`() throws {
        let folders = try PlaneFolders([
            "c.json": """
            {"kind": "DataContract", "spec": {
              "ref": {"handle": "acme", "name": "clicks", "version": "1.0.0"}, "key_field": "SessionId",
              "schema": {"simple_schema": {"name": "Clicks", "nodes": [
                {"type": "STRING", "name": "Session Id", "required": true}]}}}}
            """
        ])
        let snapshot = try folders.source().current
        let schema = try #require(snapshot.schemas.first { $0.ref.name == "clicks" })
        #expect(try AvroSchema.parse(schema.definition).target(of: "SessionId") != nil)
        #expect(try SchemaStore(state: folders.state).definition(of: schema.id) == schema.definition)
    }

    @Test func `two contracts must not describe one schema differently`() throws {
        func contract(_ name: String, _ field: String) -> String {
            """
            kind: DataContract
            spec:
              ref: {handle: acme, name: \(name), version: 1.0.0}
              keyField: \(field)
              schema:
                ref: {handle: acme, name: same, version: 1.0.0}
                simpleSchema: {name: Same, namespace: acme, nodes: [{type: STRING, name: \(field), required: true}]}

            """
        }
        let folders = try PlaneFolders(["c.yaml": contract("first", "a") + "---\n" + contract("second", "b")])
        #expect(
            try folders.problems() == [
                "c.yaml:13: schema differs from the schema acme/same/1.0.0 of contract acme/first/1.0.0"
            ])
        let equal = try PlaneFolders(["c.yaml": contract("first", "a") + "---\n" + contract("second", "a")])
        #expect(try equal.source().current.schemas.count { $0.ref.handle == "acme" } == 1)
    }

    @Test func `the built-in schemas have the published fingerprints and names`() throws {
        let schemas = try PlaneFolders().source().current.schemas
        let fingerprints = try Dictionary(
            uniqueKeysWithValues: schemas.map {
                ($0.ref.description, try AvroSchema.parse($0.definition).fingerprintText)
            })
        for ref in ["example/1.3.0", "example/1.5.0", "demo/1.0.2", "demo/1.0.3"] {
            #expect(fingerprints["strmprivacy/\(ref)"] == "8732795727104664750")
        }
        #expect(fingerprints["strmprivacy/clickstream/1.0.0"] == "2072871377230917782")
    }

    @Test func `the built-in demo schema is that of the public Python package`() async throws {
        let found = try await Strangers.runPython(
            """
            import glob, json, os, strmprivacy_io_strmprivacy_schemas_demo_v1 as package
            print(json.dumps(json.load(open(os.path.join(os.path.dirname(package.__file__), "schema.avsc")))))
            """)
        let published = try AvroSchema.parse(found.output)
        let ours = try #require(
            try PlaneFolders().source().current.schemas.first { $0.ref.description.contains("demo/1.0.2") })
        #expect(try AvroSchema.parse(ours.definition).canonicalForm == published.canonicalForm)
    }
}
