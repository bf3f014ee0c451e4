import JSON
import JSONSchema
import Testing

/// What events are refused for, in words, and what that may cost.
@Suite struct JudgeTests {
    @Test(arguments: [
        (#"{"type": "object", "required": ["a"]}"#, "{}", "field 'a': required, but missing"),
        (
            #"{"properties": {"a": {"items": {"type": ["string", "null"]}}}}"#, #"{"a": [null, 1]}"#,
            "field 'a/1': string or null expected, integer found"
        ),
        (
            #"{"type": "integer"}"#, "1.5",
            "event does not fit the schema: integer expected, number with a fraction or exponent found"
        ),
        (#"{"additionalProperties": false}"#, #"{"secret": 1}"#, "field 'secret': not allowed by the schema"),
        (
            #"{"properties": {"a": {"properties": {"b": {"pattern": "^x"}}}}}"#,
            #"{"a": {"c": [[1], 2], "b": "geheim"}}"#,
            "field 'a/b': text doesn't match regex: '^x'"
        ),
        (
            #"{"properties": {"a": {"enum": ["x", "y"]}}}"#, #"{"a": "geheim"}"#,
            "field 'a': not one of the values of the enumeration"
        ),
        (
            #"{"anyOf": [{"type": "string"}, {"minimum": 3}]}"#, "1",
            "event does not fit the schema: fits none of the alternatives of '/anyOf'"
        ),
        (
            #"{"oneOf": [{}, {}]}"#, "1",
            "event does not fit the schema: does not fit exactly one of the alternatives of '/oneOf'"
        ),
        (#"{"dependentRequired": {"a": ["b"]}}"#, #"{"a": 1}"#, "field 'b': required, but missing"),
        (#"{"propertyNames": {"maxLength": 1}}"#, #"{"ab": 1}"#, "field 'ab': name not allowed by the schema"),
        (#"{"items": {"uniqueItems": true}}"#, "[[], [1, 1.0]]", "field '1': two elements are equal"),
        (#"{"minLength": 3}"#, "\"\u{1D11E}\u{1D11E}\"", "event does not fit the schema: fewer than 3 characters"),
        ("{}", #"{"a": 1, "a": 2}"#, "invalid JSON: member 'a' appears twice at line 1, column 10"),
    ])
    func `a refusal names the field and the rule, and no value`(schema: String, event: String, text: String) throws {
        #expect(try Judge(schema).fault(event)?.description == text)
    }

    @Test func `numbers are exact`() throws {
        let large = try Judge(#"{"const": 12345678901234567890123456789}"#)
        #expect(large.accepts("12345678901234567890123456789.0"))
        #expect(!large.accepts("12345678901234567890123456788"))
        let tenth = try Judge(#"{"multipleOf": 0.1}"#)
        #expect(tenth.accepts("0.3"))
        #expect(tenth.accepts("1e300"))
        #expect(!tenth.accepts("0.30000000000000000001"))
        let limit = try Judge(#"{"maximum": 9007199254740992}"#)
        #expect(!limit.accepts("9007199254740992.1"))
        #expect(!limit.accepts("1e999999999999999999999999"))
        #expect(limit.accepts("-1e999999999999999999999999"))
        #expect(try Judge(#"{"type": "integer"}"#).accepts("1e999999999999999999999999"))
    }

    @Test func `what multiplies at every level is given up, not followed`() throws {
        // Two schemas look at each value and pass it on to both: 2^90 ways.
        let judge = try Judge(
            ##"{"$ref": "#/$defs/n", "$defs": {"n": {"allOf": [{"properties": {"a": {"$ref": "#/$defs/n"}}}, {"properties": {"a": {"$ref": "#/$defs/n"}}}]}}}"##
        )
        let deep = String(repeating: #"{"a":"#, count: 90) + "1" + String(repeating: "}", count: 90)
        #expect(judge.fault(deep)?.description.contains("cannot be checked in bounded time") == true)
        #expect(judge.accepts(#"{"a": {"a": 1}}"#))
    }

    @Test func `giving up is no consent, whatever negates it`() throws {
        let judge = try Judge(#"{"not": {"pattern": "(a)\\1*\\1*\\1*\\1*\\1*\\1*b"}}"#)
        let text = "\"" + String(repeating: "a", count: 20_000) + "\""
        #expect(judge.fault(text)?.description.contains("cannot be checked in bounded time") == true)
    }

    @Test func `large lists and objects are judged in the time of a sort`() throws {
        let unique = try Judge(#"{"uniqueItems": true}"#)
        let numbers = (0..<50_000).map(String.init)
        #expect(unique.accepts("[\(numbers.joined(separator: ","))]"))
        #expect(!unique.accepts("[\(numbers.joined(separator: ",")),49999.0]"))
        let members = (0..<50_000).map { "\"m\($0)\":1" }
        #expect(try Judge(#"{"additionalProperties": {"const": 1}}"#).accepts("{\(members.joined(separator: ","))}"))
        #expect(
            try Judge("{}").fault("{\(members.joined(separator: ",")),\"m7\":1}")?.description.contains("twice") == true
        )
    }

    @Test func `an event has a hundred levels at most`() throws {
        let judge = try Judge("{}")
        #expect(judge.accepts(String(repeating: "[", count: 100) + String(repeating: "]", count: 100)))
        #expect(!judge.accepts(String(repeating: "[", count: 101) + String(repeating: "]", count: 101)))
    }
}
