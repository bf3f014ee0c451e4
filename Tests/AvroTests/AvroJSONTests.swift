import Avro
import JSON
import Testing

@Suite struct AvroJSONTests {
    static let schema = """
        {"type": "record", "name": "R", "namespace": "x", "fields": [
          {"name": "i", "type": "int", "default": 7}, {"name": "l", "type": ["null", "long"], "default": null},
          {"name": "s", "type": "string"}, {"name": "f", "type": ["null", "float"], "default": null},
          {"name": "e", "type": ["null", {"type": "enum", "name": "E", "symbols": ["A", "B"]}], "default": null},
          {"name": "b", "type": ["null", "bytes"], "default": null},
          {"name": "q", "type": ["null", {"type": "record", "name": "Q", "fields": [{"name": "n", "type": "boolean"}]}],
           "default": null},
          {"name": "m", "type": ["null", {"type": "map", "values": ["null", "int"]}], "default": null},
          {"name": "a", "type": {"type": "array", "items": ["int", "string"]}, "default": []}]}
        """

    @Test func `the published event reads the same from plain JSON, from Avro JSON and from Avro`() throws {
        let schema = try AvroSchema.parse(Fixture.demo)
        let plain = """
            {"strmMeta": {"eventContractRef": "strmprivacy/example/1.5.0", "consentLevels": [0, 1]},
             "uniqueIdentifier": "unique-5", "consistentValue": "session-273", "someSensitiveValue": "sensitive-0",
             "notSensitiveValue": "not-sensitive-6"}
            """
        let wrapped = """
            {"notSensitiveValue": {"string": "not-sensitive-6"}, "uniqueIdentifier": {"string": "unique-5"},
             "consistentValue": "session-273", "someSensitiveValue": {"string": "sensitive-\\u0030"},
             "strmMeta": {"consentLevels": [0, 1], "nonce": null, "timestamp": null, "keyLink": null, "billingId": null,
             "eventContractRef": "strmprivacy/example/1.5.0"}}
            """
        #expect(try encode(schema, plain) == Fixture.demoDatum)
        #expect(try encode(schema, wrapped) == Fixture.demoDatum)
        #expect(
            try text(schema, Fixture.demoDatum, .compact, .wrapped)
                == #"{"strmMeta":{"eventContractRef":"strmprivacy/example/1.5.0","nonce":null,"timestamp":null,"#
                + #""keyLink":null,"billingId":null,"consentLevels":[0,1]},"uniqueIdentifier":{"string":"unique-5"},"#
                + #""consistentValue":"session-273","someSensitiveValue":{"string":"sensitive-0"},"#
                + #""notSensitiveValue":{"string":"not-sensitive-6"}}"#)
    }

    @Test(arguments: [
        (#"{"s":""}"#, #"{"i":7,"l":null,"s":"","f":null,"e":null,"b":null,"q":null,"m":null,"a":[]}"#),
        (
            #"{"a":[1,"x",{"int":2},{"string":"y"}],"m":{"k":1,"l":null,"o":{"int":3}},"s":"ÿ\n","q":{"n":true},"b":"ÿ\u0000","#
                + #""e":"B","f":1.5,"l":-9007199254740993,"i":-2147483648}"#,
            #"{"i":-2147483648,"l":-9007199254740993,"s":"ÿ\n","f":1.5,"e":"B","b":"ÿ\u0000","q":{"n":true},"#
                + #""m":{"k":1,"l":null,"o":3},"a":[1,"x",2,"y"]}"#
        ),
        (
            #"{"s":"","q":{"x.Q":{"n":false}},"e":{"x.E":"A"},"f":{"float":"NaN"},"m":{"map":{}},"b":{"bytes":""},"l":{"long":1}}"#,
            #"{"i":7,"l":1,"s":"","f":"NaN","e":"A","b":"","q":{"n":false},"m":{},"a":[]}"#
        ),
    ])
    func `bare and wrapped values, defaults and any order are read`(json: String, expected: String) throws {
        let schema = try AvroSchema.parse(Self.schema)
        let datum = try encode(schema, json)
        #expect(try text(schema, datum) == expected)
        #expect(try encode(schema, text(schema, datum)) == datum)
        #expect(try encode(schema, text(schema, datum, .compact, .wrapped)) == datum)
        #expect(walkError(try AvroProgram(schema), datum) == nil)
    }

    @Test(
        arguments: [
            ("{}", "s", .missing), (#"{"s":"","x":1}"#, "x", .unknownMember), (#"{"s":"","s":""}"#, "s", .duplicate),
            (#"{"s":"","\u0073":""}"#, "s", .duplicate), (#"{"s":"","q":{}}"#, "q/n", .missing),
            (#"{"s":"","q":{"n":1}}"#, "q/n", .wrongType(expected: "boolean", found: "number")),
            (#"{"s":"","q":{"n":true,"o":1}}"#, "q/o", .unknownMember),
            (#"{"s":"","i":2147483648}"#, "i", .outOfRange("int")),
            (#"{"s":"","i":-2147483649}"#, "i", .outOfRange("int")),
            (#"{"s":"","i":1.0}"#, "i", .wrongType(expected: "int", found: "number with a fraction or exponent")),
            (#"{"s":"","l":9223372036854775808}"#, "l", .wrongType(expected: "null or long", found: "number")),
            (#"{"s":"","l":{"long":9223372036854775808}}"#, "l", .outOfRange("long")),
            (#"{"s":"","f":1e39}"#, "f", .outOfRange("float")), (#"{"s":"","f":1e999999}"#, "f", .outOfRange("float")),
            (#"{"s":null}"#, "s", .wrongType(expected: "string", found: "null")),
            (#"{"s":"","e":"C"}"#, "e", .wrongType(expected: "null or x.E", found: "text")),
            (#"{"s":"","e":{"x.E":"C"}}"#, "e", .unknownSymbol), (#"{"s":"","b":"€"}"#, "b", .notBytes),
            (#"{"s":"","a":[1,true]}"#, "a/1", .wrongType(expected: "int or string", found: "boolean")),
            (#"{"s":"","m":{"k":1,"k":1}}"#, "m/k", .duplicate),
            (#"{"s":"","m":{"k":"x"}}"#, "m/k", .wrongType(expected: "null or int", found: "text")),
            (#"{"s":"","l":{"long":1,"more":2}}"#, "l/more", .unknownMember),
            (#"{"s":"","\u001b[2J\u00e9":1}"#, #"\u{1b}[2J\u{e9}"#, .unknownMember),
            (
                "{\"s\":\"\",\"\(String(repeating: "n", count: 41))\":1}",
                String(repeating: "n", count: 40) + "...", .unknownMember
            ),
            ("[]", "", .wrongType(expected: "object", found: "array")),
            ("1", "", .wrongType(expected: "object", found: "number")),
        ] as [(String, String, AvroError.ValueFault)])
    func `a value that does not fit is refused with its path`(
        json: String, path: String, fault: AvroError.ValueFault
    ) throws {
        let schema = try AvroSchema.parse(Self.schema)
        #expect(throws: AvroError.mismatch(path: path, fault)) { try encode(schema, json) }
    }

    @Test(arguments: [
        "{", #"{"s":"\ud800"}"#, #"{"s":"x"} x"#, #"{"s":"x",}"#, "", #"{"a":[[[["#, #"{"s":01}"#, "{\"s\":\"\u{1}\"}",
    ])
    func `what is not JSON is refused as such`(json: String) throws {
        let schema = try AvroSchema.parse(Self.schema)
        #expect {
            try encode(schema, json)
        } throws: {
            switch $0 {
            case AvroError.eventNotJSON: true
            case AvroError.mismatch(_, .wrongType): json.hasPrefix("{\"a\"")
            case _: false
            }
        }
    }

    @Test func `deep JSON is refused`() throws {
        let schema = try AvroSchema.parse(Self.schema)
        let levels = String(repeating: "[", count: 10_000)
        #expect(throws: AvroError.self) { try encode(schema, #"{"s":"","a":\#(levels)"#) }
        #expect(throws: AvroError.self) { try encode(schema, levels) }
    }

    @Test func `two branches that could hold a bare value must be told apart`() throws {
        let schema = try AvroSchema.parse(
            """
            ["null", {"type": "record", "name": "A", "fields": []}, {"type": "record", "name": "B", "fields": []},
             {"type": "enum", "name": "E", "symbols": ["X"]}, {"type": "enum", "name": "F", "symbols": ["X", "Y"]}]
            """)
        #expect(throws: AvroError.mismatch(path: "", .ambiguous)) { try encode(schema, "{}") }
        #expect(throws: AvroError.mismatch(path: "", .ambiguous)) { try encode(schema, #""X""#) }
        #expect(try encode(schema, #"{"B":{}}"#) == [4])
        #expect(try encode(schema, #""Y""#) == [8, 2])
        #expect(try encode(schema, #"{"E":"X"}"#) == [6, 0])
        #expect(try encode(schema, "null") == [0])
    }

    @Test func `a number goes to the narrowest branch that holds it`() throws {
        let schema = try AvroSchema.parse(#"["int","long","float","double","string"]"#)
        #expect(try encode(schema, "1") == [0, 2])
        #expect(try encode(schema, "2147483648")[0] == 2)
        #expect(try encode(schema, "9223372036854775808")[0] == 6)
        #expect(try encode(schema, "1.5")[0] == 6)
    }

    @Test func `defaults cannot make an event endless`() throws {
        let filler = String(repeating: "x", count: 60_000)
        let schema = try AvroSchema.parse(
            #"{"type":"array","items":{"type":"record","name":"R","fields":[{"name":"f","type":"string","default":"\#(filler)"}]}}"#
        )
        #expect(throws: AvroError.self) {
            try encode(schema, "[" + String(repeating: "{},", count: 100_000) + "{}]", sizeLimit: 1 << 20)
        }
        #expect(try encode(schema, "[{},{}]").count == 120_008)
    }

    @Test func `long lists are counted right`() throws {
        let schema = try AvroSchema.parse(#"{"type":"array","items":"int"}"#)
        for count in [0, 1, 63, 64, 65, 8191, 8192] {
            let json = "[" + (0..<count).map { String($0) }.joined(separator: ",") + "]"
            let datum = try encode(schema, json)
            #expect(try text(schema, datum) == json)
        }
    }

    @Test(arguments: [
        (191.0, "191.0"), (1e-4, "1.0E-4"), (0.001, "0.001"), (0.0099, "0.0099"), (9_999_999.0, "9999999.0"),
        (1e7, "1.0E7"), (12_345_678.9, "1.23456789E7"), (0.0, "0.0"), (-0.0, "-0.0"), (100.0, "100.0"), (-1.5, "-1.5"),
        (Double.greatestFiniteMagnitude, "1.7976931348623157E308"),
        (1.0 / 3, "0.3333333333333333"),
        (123_456.789, "123456.789"), (1e21, "1.0E21"), (Double.nan, "NaN"), (-Double.infinity, "-Infinity"),
        (2.2250738585072014e-308, "2.2250738585072014E-308"), (1e16, "1.0E16"), (0.1 + 0.2, "0.30000000000000004"),
    ])
    func `doubles print as Java prints them`(value: Double, expected: String) {
        #expect(JavaNumberText.text(value) == expected)
    }

    @Test(arguments: [
        (Float(3.3405764), "3.3405764"), (0.1, "0.1"), (1e10, "1.0E10"), (16_777_216, "1.6777216E7"), (1e-3, "0.001"),
        (Float.greatestFiniteMagnitude, "3.4028235E38"), (.infinity, "Infinity"),
    ])
    func `floats print as Java prints them`(value: Float, expected: String) {
        #expect(JavaNumberText.text(value) == expected)
    }

    @Test(arguments: ["02", "00", "020461", "0202ff", "02026100"])
    func `bytes that are no datum do not print`(hex: String) throws {
        let schema = try AvroSchema.parse(#"["int","string"]"#)
        #expect(throws: AvroError.self) { try text(schema, Fixture.bytes(hex)) }
    }
}
