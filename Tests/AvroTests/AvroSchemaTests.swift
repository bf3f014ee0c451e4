import Avro
import Testing

@Suite struct AvroSchemaTests {
    @Test func `the canonical form and fingerprint of the demo schema are the published ones`() throws {
        let schema = try AvroSchema.parse(Fixture.demo)
        #expect(schema.canonicalForm.utf8.count == 668)
        #expect(
            schema.canonicalForm.hasPrefix(
                #"{"name":"io.strmprivacy.schemas.demo.v1.DemoEvent","type":"record","fields":[{"name":"strmMeta""#))
        #expect(schema.fingerprintText == "8732795727104664750")
    }

    @Test func `the demo schema in its former namespace has the fingerprint that was published then`() throws {
        let text = Fixture.demo.replacing("io.strmprivacy", with: "io.streammachine")
        #expect(try AvroSchema.parse(text).fingerprintText == "6093265390869578999")
    }

    @Test func `the fingerprint of int is the one of the specification`() throws {
        #expect(try AvroSchema.parse(#""int""#).fingerprint == 0x7275_D51A_3F39_5C8F)
        #expect(try AvroSchema.parse(#"{"type": "int", "logicalType": "date"}"#).fingerprint == 0x7275_D51A_3F39_5C8F)
    }

    @Test func `a fingerprint with the top bit set prints as Java prints it`() throws {
        let schema = try AvroSchema.parse(#""long""#)
        #expect(schema.fingerprint > UInt64(Int64.max))
        #expect(schema.fingerprintText == String(Int64(bitPattern: schema.fingerprint)))
    }

    @Test func `names are found in their namespace, and the canonical form writes a type out once`() throws {
        let schema = try AvroSchema.parse(
            """
            {"type": "record", "name": "R", "namespace": "a.b", "aliases": ["Old"], "fields": [
              {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["X", "Y"]}, "order": "ignore"},
              {"name": "f", "type": ["null", "E"]},
              {"name": "g", "type": {"type": "fixed", "name": "c.F", "size": 4}},
              {"name": "h", "type": {"type": "array", "items": "c.F"}},
              {"name": "i", "type": {"type": "map", "values": {"type": "record", "name": "S", "fields": []}}}]}
            """)
        #expect(
            schema.canonicalForm
                == #"{"name":"a.b.R","type":"record","fields":[{"name":"e","type":{"name":"a.b.E","type":"enum","#
                + #""symbols":["X","Y"]}},{"name":"f","type":["null","a.b.E"]},"#
                + #"{"name":"g","type":{"name":"c.F","type":"fixed","size":4}},"#
                + #"{"name":"h","type":{"type":"array","items":"c.F"}},"#
                + #"{"name":"i","type":{"type":"map","values":{"name":"a.b.S","type":"record","fields":[]}}}]}"#)
    }

    @Test(
        arguments: [
            (#""strng""#, "", .unknownType("strng")), ("1", "", .notASchema), ("[]", "", .emptyUnion),
            ("[[\"int\"]]", "", .nestedUnion), (#"["int", "int"]"#, "", .duplicateBranch("int")),
            (#"{"type": "array"}"#, "", .missing("items")), (#"{"name": "x"}"#, "", .missing("type")),
            (#"{"type": "record", "fields": []}"#, "", .missing("name")),
            (#"{"type": "record", "name": "R"}"#, "", .missing("fields")),
            (#"{"type": "record", "name": "1R", "fields": []}"#, "", .invalidName("1R")),
            (#"{"type": "record", "name": "a..R", "fields": []}"#, "", .invalidName("a..R")),
            (#"{"type": "record", "name": "int", "fields": []}"#, "", .invalidName("int")),
            (#"{"type": "fixed", "name": "F", "size": -1}"#, "", .invalidSize),
            (#"{"type": "fixed", "name": "F", "size": 1e18}"#, "", .invalidSize),
            (#"{"type": "enum", "name": "E", "symbols": ["A", "A"]}"#, "", .duplicateSymbol("A")),
            (#"{"type": "enum", "name": "E", "symbols": ["A b"]}"#, "", .invalidName("A b")),
            (
                #"{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}"#,
                "", .duplicateField("a")
            ),
            (
                #"{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "R"]}]}"#, "a",
                .recursive("R")
            ),
            (
                #"{"type": "record", "name": "n.R", "fields": [{"name": "a", "type": {"type": "array", "items": "R"}}]}"#,
                "a", .recursive("n.R")
            ),
            (
                #"{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "map", "values":"#
                    + #" {"type": "record", "name": "S", "fields": [{"name": "b", "type": ["null", "R"]}]}}}]}"#,
                "a/b", .recursive("R")
            ),
            (
                #"{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "record", "name": "S", "fields":"#
                    + #" [{"name": "b", "type": "int", "default": "x"}]}}]}"#, "a/b", .invalidDefault
            ),
            (
                #"{"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "fixed", "name": "F", "size": 1}},"#
                    + #" {"name": "b", "type": {"type": "fixed", "name": "F", "size": 1}}]}"#, "b", .duplicateName("F")
            ),
        ] as [(String, String, AvroError.SchemaFault)])
    func `a schema that breaks a rule is refused with the place`(
        text: String, path: String, fault: AvroError.SchemaFault
    ) {
        #expect(throws: AvroError.invalidSchema(path: path, fault)) { try AvroSchema.parse(text) }
    }

    @Test func `a text that is not JSON is refused`() {
        #expect(throws: AvroError.self) { try AvroSchema.parse("{") }
    }

    @Test func `types used twice cannot make a short schema huge`() throws {
        // Every level uses the one before twice: 2^60 types if written out.
        for inside in [#"{"name": "x", "type": "string"}"#, #"{"name": "x", "type": "null"}"#, ""] {
            var fields = #"{"name": "f0", "type": {"type": "record", "name": "R0", "fields": [\#(inside)]}}"#
            for level in 1...60 {
                fields += """
                    , {"name": "f\(level)", "type": {"type": "record", "name": "R\(level)", "fields": [
                      {"name": "a", "type": "R\(level - 1)"}, {"name": "b", "type": "R\(level - 1)"}]}}
                    """
            }
            let schema = try AvroSchema.parse(#"{"type": "record", "name": "Top", "fields": [\#(fields)]}"#)
            #expect(schema.canonicalForm.utf8.count < 20_000)
            #expect(throws: AvroError.invalidSchema(path: "", .tooLarge)) { try AvroProgram(schema) }
            _ = AvroShape(schema)
        }
    }

    @Test func `a deep schema is refused before anything recurses into it`() {
        var fields = #"{"name": "f0", "type": {"type": "record", "name": "R0", "fields": []}}"#
        for level in 1...5000 {
            fields += """
                , {"name": "f\(level)", "type": {"type": "record", "name": "R\(level)", "fields": [
                  {"name": "a", "type": "R\(level - 1)"}]}}
                """
        }
        #expect {
            try AvroSchema.parse(#"{"type": "record", "name": "Top", "fields": [\#(fields)]}"#)
        } throws: {
            if case AvroError.invalidSchema(_, .tooDeep) = $0 { true } else { false }
        }
    }

    @Test func `paths lead through records, optional records and lists`() throws {
        let schema = try AvroSchema.parse(
            """
            {"type": "record", "name": "R", "fields": [
              {"name": "a", "type": "string"},
              {"name": "b", "type": ["null", {"type": "record", "name": "B", "fields": [
                {"name": "c", "type": ["string", "null"]}, {"name": "d", "type": {"type": "array", "items": "string"}}]}]},
              {"name": "l", "type": ["null", {"type": "array", "items": "B"}]},
              {"name": "n", "type": "int"}, {"name": "m", "type": {"type": "map", "values": "B"}},
              {"name": "u", "type": ["null", "B", "string"]}]}
            """)
        #expect(schema.target(of: "a")?.kind == .text)
        #expect(schema.target(of: "b/c")?.kind == .optionalText)
        #expect(schema.target(of: "b/c")?.isSingleText == true)
        #expect(schema.target(of: "b/d")?.kind == .textList)
        #expect(schema.target(of: "l/c")?.isInsideList == true)
        #expect(schema.target(of: "l/c")?.isSingleText == false)
        #expect(schema.target(of: "n")?.kind == .other)
        for missing in ["", "x", "a/b", "/a", "a/", "b//c", "m/c", "u/c", "n/x"] {
            #expect(schema.target(of: missing) == nil, "\(missing)")
        }
    }
}
