import JSON
import JSONSchema
import Testing

/// What is refused when a schema is compiled, and where.
@Suite struct CompileTests {
    @Test(arguments: [
        (
            ##"{"properties": {"a/b": {"unevaluatedProperties": false}}}"##,
            "'/properties/a~1b/unevaluatedProperties' is not supported"
        ),
        (##"{"$dynamicRef": "#x"}"##, "'/$dynamicRef' is not supported"),
        (##"{"items": {"$anchor": "x"}}"##, "'/items/$anchor' is not supported"),
        (##"{"minimun": 3}"##, "'/minimun' is not supported"),
        (##"{"$schema": "http://json-schema.org/draft-04/schema#"}"##, "'/$schema' must be one of"),
        (
            ##"{"properties": {"a": {"$id": "other"}}}"##,
            "'/properties/a/$id' is supported only at the top of the schema"
        ),
        (##"{"items": [{}]}"##, "'/items' must be a schema in 2020-12: use prefixItems for a list"),
        (##"{"additionalItems": false}"##, "'/additionalItems' is not a keyword of this version of JSON Schema"),
        (
            ##"{"$schema": "http://json-schema.org/draft-07/schema", "prefixItems": [{}]}"##,
            "'/prefixItems' is not a keyword"
        ),
        (
            ##"{"$schema": "http://json-schema.org/draft-07/schema", "properties": {"a": {"$ref": "#", "minLength": 1}}}"##,
            "'/properties/a/minLength' has no effect beside $ref in draft-07"
        ),
        (##"{"then": {}}"##, "'/then' has no effect without if"),
        (##"{"$ref": "https://example.com/other.json"}"##, "'/$ref' must point into the same schema"),
        (##"{"$ref": "#/$defs/x"}"##, "'/$ref' points to '/$defs/x', where no schema stands"),
        (##"{"$ref": "#/enum/0", "enum": [{}]}"##, "'/$ref' points to '/enum/0', where no schema stands"),
        (##"{"$ref": "#"}"##, "'' applies itself to the same value, without end"),
        (
            ##"{"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref": "#/$defs/a"}}}}"##,
            "applies itself"
        ),
        (##"{"type": "text"}"##, "'/type' must be the name of a JSON type"),
        (##"{"type": []}"##, "'/type' must be the name of a JSON type"),
        (##"{"type": ["null", "null"]}"##, "'/type' must be the name of a JSON type"),
        (##"{"enum": []}"##, "'/enum' must be a list of at least one value"),
        (##"{"required": "a"}"##, "'/required' must be a list of different strings"),
        (##"{"required": ["a", "a"]}"##, "'/required' must be a list of different strings"),
        (##"{"minLength": -1}"##, "'/minLength' must be a whole number from 0 on"),
        (##"{"maxItems": 1.5}"##, "'/maxItems' must be a whole number from 0 on"),
        (##"{"multipleOf": 0}"##, "'/multipleOf' must be a number above zero"),
        (
            ##"{"multipleOf": 1.2345678901234567891}"##,
            "'/multipleOf' must be a number above zero of at most 18 digits"
        ),
        (##"{"minimum": "1"}"##, "'/minimum' must be a number"),
        (##"{"pattern": "("}"##, "'/pattern' is refused: invalid regular expression at offset 1"),
        (##"{"patternProperties": {"[a&&b]": {}}}"##, "'/patternProperties/[a&&b]' is refused"),
        (##"{"allOf": []}"##, "'/allOf' must be a list of at least one schema"),
        (##"{"not": 3}"##, "'/not' must be a schema: an object or a boolean"),
        ("[]", "'' must be a schema: an object or a boolean"),
    ])
    func `a schema is refused with place and rule`(schema: String, problem: String) {
        let found = problems(schema)
        #expect(found.contains { $0.hasPrefix(problem) || $0.contains(problem) }, "\(found)")
    }

    @Test func `every problem is told at once`() {
        #expect(problems(#"{"type": "x", "minLength": "y", "properties": {"a": {"foo": 1, "bar": 2}}}"#).count == 4)
    }

    @Test func `annotations are accepted and mean nothing`() throws {
        let judge = try Judge(
            #"{"title": "t", "description": "d", "default": 1, "examples": [2], "$comment": "c", "deprecated": true, "readOnly": true, "writeOnly": true, "format": "date", "contentEncoding": "base64", "contentMediaType": "text/plain"}"#
        )
        #expect(judge.accepts(#""no date""#))
    }

    @Test func `a schema that unfolds without measure is refused`() {
        var definitions: [String] = [#""d0": {}"#]
        for level in 1...20 {
            let below = ##"{"$ref": "#/$defs/d\##(level - 1)"}"##
            definitions.append(#""d\#(level)": {"allOf": [\#(below), \#(below)]}"#)
        }
        let found = problems(#"{"$defs": {\#(definitions.joined(separator: ", "))}}"#)
        #expect(found.contains { $0.contains("applies more than 4096 schemas to one value") }, "\(found)")
    }

    @Test func `a chain of references has an end`() {
        var definitions: [String] = [#""d0": {}"#]
        for level in 1...200 { definitions.append(##""d\##(level)": {"$ref": "#/$defs/d\##(level - 1)"}"##) }
        let found = problems(#"{"$defs": {\#(definitions.joined(separator: ", "))}}"#)
        #expect(found.contains { $0.contains("one inside the other") }, "\(found)")
    }

    @Test func `references are JSON pointers, percent-encoded`() throws {
        let judge = try Judge(
            ##"{"$id": "https://example.com/s", "properties": {"a": {"$ref": "#/$defs/x~1y%20%C3%A9~0"}, "b": {"$ref": "https://example.com/s#/properties/a"}}, "$defs": {"x/y é~": {"type": "string"}}}"##
        )
        #expect(judge.accepts(#"{"a": "", "b": ""}"#))
        #expect(!judge.accepts(#"{"a": 1}"#))
        #expect(!judge.accepts(#"{"b": 1}"#))
    }

    @Test func `names that only look alike are two names`() throws {
        let judge = try Judge(
            "{\"properties\": {\"\u{E9}\": {\"type\": \"string\"}, \"e\u{301}\": {\"type\": \"null\"}}}")
        #expect(judge.accepts("{\"\u{E9}\": \"\", \"e\u{301}\": null}"))
        #expect(!judge.accepts("{\"\u{E9}\": null}"))
    }
}
