import GRPC
import JSON
import Testing

/// The problems of a message read from JSON text, one line each.
private func problems<Message: ProtoMessage>(_ type: Message.Type, _ text: String) throws -> [String] {
    var problems: [SpecProblem] = []
    _ = Message(json: try JSONValue.parse(text), problems: &problems)
    return problems.map(\.description)
}

@Suite struct JSONFormTests {
    private static let text = """
        {"text":"abc","data":"/+8=","flag":true,"small":5,"large":"-3","colour":"BLUE","inner":{"name":"n"},"words":["a"],\
        "numbers":[1,2],"colours":["RED","COLOUR_UNSPECIFIED"],"inners":[{"name":"i","count":1}],"levels":{"a":1,"b":0},\
        "named":{"k":{"name":"v"}},"twoInner":{"name":"t"},"time":"2026-01-31T12:00:00.250Z","interval":"90s",\
        "mask":"legalGrounds,ref.name"}
        """

    @Test func `what is read is written, in the order of the definition`() throws {
        let sample = try Sample(json: .parse(Self.text))
        #expect(sample.json.text() == Self.text)
        #expect(try Sample(protobuf: sample.protobuf) == sample)
        #expect(sample.mask == FieldMask(["legal_grounds", "ref.name"]))
        #expect(sample.problems() == [])
    }

    @Test func `Base64 is read in either alphabet, padded or not`() throws {
        for text in ["/+8=", "_-8", "_-8=", "/+8"] {
            var problems: [SpecProblem] = []
            #expect(Sample(json: ["data": .string(text)], problems: &problems).data == [0xFF, 0xEF])
        }
        #expect(try problems(Sample.self, #"{"data":"?"}"#).first == "data must be Base64")
    }

    @Test func `every rule is checked, the same for JSON and for a message`() throws {
        let text = """
            {"text":"abcdef","small":-1,"large":6,"colour":7,"inner":{},"words":["","a","a","b"],"numbers":[-1,0,0,0,0],
             "colours":[3],"inners":[{"name":"x"},{},{"name":"y"}],"levels":{"a":-1},"named":{"k":{}},"oneInner":{},
             "interval":"29.9s"}
            """
        let expected = [
            "text must have 2 to 5 characters", "small must be at least 0", "large must be from -5 to 5",
            "colour must be one of RED, BLUE", "inner.name must be set", "words[0] must be set",
            "words must have at most 3 items", "words must not name anything twice", "numbers[0] must be at least 0",
            "numbers must have at most 4 items", "colours[0] must be one of RED, BLUE", "inners[1].name must be set",
            "inners must have at most 2 items", "levels.a must be at least 0", "named.k.name must be set",
            "oneInner.name must be set", "interval must be from 30 s to 3600 s",
        ]
        #expect(try problems(Sample.self, text) == expected)
        var ignored: [SpecProblem] = []
        let sample = Sample(json: try .parse(text), problems: &ignored)
        #expect(sample.problems().map(\.description) == expected)
        #expect(try Sample(protobuf: sample.protobuf).problems().map(\.description) == expected)
    }

    @Test func `an empty message lacks what is required`() throws {
        #expect(Sample().problems().map(\.description) == ["inner must be set", "needs one of oneInner, twoInner"])
        #expect(try problems(Sample.self, "{}") == Sample().problems().map(\.description))
    }

    @Test func `both members of a oneof are one too many`() throws {
        #expect(
            try problems(Sample.self, #"{"inner":{"name":"a"},"oneInner":{"name":"a"},"two_inner":{"name":"b"}}"#)
                == ["two_inner must not stand beside oneInner"])
    }

    @Test(arguments: [
        (#""2026-01-31T12:00:00Z""#, true), (#""2026-01-31t23:59:60.123456789+01:00""#, true),
        (#""2026-01-31""#, false),
        (#""2026-13-31T12:00:00Z""#, false), (#""2026-01-31T12:00:00""#, false), (#""2026-01-31T12:00:00.Z""#, false),
        (#""2026-01-31 12:00:00Z""#, false), (#""0000-12-31T12:00:00Z""#, false), ("12", false),
        (#""2026-01-31T12:00:00.1234567890Z""#, false),
    ])
    func `times are RFC 3339 of the years 1 to 9999`(_ json: String, _ good: Bool) throws {
        #expect(try problems(ProtoTimestamp.self, json) == (good ? [] : ["must be a time as 2026-01-31T12:00:00Z"]))
    }

    @Test(
        arguments: [
            ("0s", 0, 0), ("1.5s", 1, 500_000_000), ("-0.000000001s", 0, -1), ("-2.25s", -2, -250_000_000),
            ("315576000000s", 315_576_000_000, 0),
        ] as [(String, Int64, Int32)])
    func `durations are seconds`(_ text: String, _ seconds: Int64, _ nanos: Int32) throws {
        let duration = try ProtoDuration(json: .string(text))
        #expect(duration.seconds == seconds)
        #expect(duration.nanos == nanos)
        #expect(try ProtoDuration(json: duration.json) == duration)
        #expect(ProtoDuration(duration.duration) == duration)
    }

    @Test(arguments: ["", "s", "1", "1.s", ".5s", "1.0000000001s", "1e3s", "+1s", "315576000001s", "1 s"])
    func `what is no duration is refused`(_ text: String) {
        #expect(throws: GRPCError.self) { try ProtoDuration(json: .string(text)) }
    }
}

@Suite struct ShapeTests {
    @Test func `a message lists its fields`() {
        let shape = Sample.shape
        #expect(shape.map(\.number) == Array(1...20))
        #expect(shape[14].name == "one_inner")
        #expect(shape[14].oneof == "choice")
        #expect(shape[8].label == .repeated)
        #expect(shape[12].label == .map)
    }
}
