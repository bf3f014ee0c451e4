import API
import Avro
import Contracts
import GRPC
import JSON
import Testing
import Wire

@Suite struct SimpleSchemaTests {
    @Test(arguments: [
        ("SessionId", "SessionId"), ("url", "url"), ("User Name", "UserName"), ("mouse positions", "MousePositions"),
        ("Prijs in GB£", "PrijsInGb"), ("Session Id", "SessionId"), ("demo-data-contract", "DemoDataContract"),
        ("demo", "demo"), ("2nd try", "_2ndTry"), ("_x", "_x"), ("£€", ""), ("éa", "A"), ("a__b", "a__b"),
        ("a.b", "AB"),
    ])
    func `names become Avro names`(name: String, expected: String) {
        #expect(SimpleSchemaAvro.avroName(name) == expected)
    }

    @Test func `every kind of node becomes its Avro type`() throws {
        let spec = try Fixture.contract(
            """
            {"ref": {"handle": "quickstart", "name": "demo-data-contract", "version": "1.0.0"}, "keyField": "SessionId",
             "piiFields": {"UserName": 1, "MousePositions/label": 2, "Tags": 0},
             "schema": {"ref": {"handle": "quickstart", "name": "demo-data-contract", "version": "1.0.0"}, "simpleSchema": {
               "name": "Clicks", "doc": "What was clicked", "nodes": [
               {"type": "STRING", "name": "Session Id", "required": true, "doc": "who"}, {"type": "STRING", "name": "User Name"},
               {"type": "BOOLEAN", "name": "done", "required": true}, {"type": "FLOAT", "name": "f"},
               {"type": "INTEGER", "name": "i"}, {"type": "LONG", "name": "l", "required": true},
               {"type": "STRING", "name": "Tags", "repeated": true},
               {"type": "STRING", "name": "more", "repeated": true, "required": true},
               {"type": "NODE", "name": "mouse positions", "repeated": true, "nodes": [
                 {"type": "FLOAT", "name": "x", "required": true}, {"type": "STRING", "name": "label"},
                 {"type": "NODE", "name": "inner", "required": true, "nodes": [{"type": "LONG", "name": "n"}]}]}]}}}
            """)
        let (contract, problems) = CheckedContract.check(spec)
        #expect(problems == [])
        let definition = try #require(contract?.definition)
        let value = try JSONValue.parse(definition)
        #expect(value.object?.names == ["type", "name", "namespace", "doc", "fields"])
        #expect(value["namespace"]?.string == "quickstart.DemoDataContract.v1_0_0")
        let fields = try #require(value["fields"]?.array)
        #expect(
            fields.dropFirst().map { $0.text() } == [
                #"{"name":"SessionId","type":"string","doc":"who"}"#,
                #"{"name":"UserName","type":["null","string"],"default":null}"#, #"{"name":"done","type":"boolean"}"#,
                #"{"name":"f","type":["null","float"],"default":null}"#,
                #"{"name":"i","type":["null","int"],"default":null}"#, #"{"name":"l","type":"long"}"#,
                #"{"name":"Tags","type":["null",{"type":"array","items":"string"}],"default":null}"#,
                #"{"name":"more","type":{"type":"array","items":"string"}}"#,
                #"{"name":"MousePositions","type":["null",{"type":"array","items":{"type":"record","name":"MousePositions","#
                    + #""namespace":"quickstart.DemoDataContract.v1_0_0.mousepositions","fields":[{"name":"x","type":"float"},"#
                    + #"{"name":"label","type":["null","string"],"default":null},{"name":"inner","type":{"type":"record","#
                    + #""name":"Inner","namespace":"quickstart.DemoDataContract.v1_0_0.mousepositions.inner","fields":["#
                    + #"{"name":"n","type":["null","long"],"default":null}]}}]}}],"default":null}"#,
            ])
        #expect(fields[0]["name"] == "strmMeta")
        #expect(fields[0]["type"]?["namespace"]?.string == "quickstart.DemoDataContract.v1_0_0.strmmeta")
        // The whole is a schema that an event fits.
        let event =
            #"{"strmMeta":{"eventContractRef":"x","consentLevels":[]},"SessionId":"s","done":true,"l":1,"more":[]}"#
        #expect(try datum(definition, event).isEmpty == false)
    }

    @Test func `a dry run fills the names and nothing else`() throws {
        var schema = SimpleSchema()
        schema.name = "My Events"
        var node = SimpleSchemaNode()
        node.type = .string
        node.name = "first name"
        var named = node
        named.avroName = "kept"
        schema.nodes = [node, named]
        let filled = SimpleSchemaAvro.named(
            schema, for: ContractRef(handle: "some-handle", name: "abcd", version: "2.1.0"))
        #expect(filled.avroName == "MyEvents")
        #expect(filled.namespace == "SomeHandle.abcd.v2_1_0")
        #expect(filled.nodes.map(\.avroName) == ["FirstName", "kept"])
        #expect(filled.nodes.map(\.name) == ["first name", "first name"])
    }

    @Test func `names that clash or vanish are refused with their places`() {
        var schema = SimpleSchema()
        schema.name = "Events"
        schema.nodes = ["user name", "User Name", "£", "strmMeta", "Foo", "foo"].map { name in
            var node = SimpleSchemaNode()
            node.type = .string
            node.name = name
            return node
        }
        var spec = DataContractSpec()
        spec.ref.handle = "some"
        spec.ref.name = "contract"
        spec.ref.version = "1.0.0"
        spec.keyField = "Foo"
        spec.schema.simpleSchema = schema
        #expect(
            CheckedContract.check(spec).problems.map(\.description) == [
                "schema.simpleSchema.nodes[1].name gives the Avro name UserName, which is taken already",
                "schema.simpleSchema.nodes[2].name has no letter or digit for an Avro name",
                "schema.simpleSchema.nodes[3].name gives the Avro name strmMeta, which is taken already",
            ])
    }
}
