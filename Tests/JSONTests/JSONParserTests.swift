import JSON
import Testing

@Suite struct JSONParserTests {
    @Test(arguments: [0, 20]) func `names differ by their bytes, however they look`(_ others: Int) throws {
        let more = (0..<others).map { "\"\($0)\":0," }.joined()
        let object = try JSONValue.parse(Array("{\(more)\"\u{E9}\":1,\"e\u{301}\":2}".utf8))
        #expect(object["\u{E9}"] == 1)
        #expect(object["e\u{301}"] == 2)
    }

    @Test(arguments: [1, 20]) func `a name of a hundred thousand combining marks is read like any other`(
        _ count: Int
    ) throws {
        // Sorting the marks for a comparison of what they look like would take minutes.
        let marks = String(repeating: "\u{301}\u{323}\u{315}\u{345}", count: 25_000)
        let members = (0..<count).map { "\"a\(marks)\($0)\":\($0)" }.joined(separator: ",")
        let object = try JSONValue.parse(Array("{\(members)}".utf8))
        #expect(object.object?.count == count)
        #expect(object["alg"] == nil)
    }

    @Test func `a document keeps its members in order and its numbers digit by digit`() throws {
        let value = try JSONValue.parse(#" {"b": [1, 2.50, -0, 1e3], "a": {"x": null, "y": true, "z": "é\n"}} "#)
        #expect(value.object?.names == ["b", "a"])
        #expect(value["b"]?.array?.map { $0.number?.text } == ["1", "2.50", "-0", "1e3"])
        #expect(value["b"]?[3]?.int64 == 1000)
        #expect(value["b"]?[1]?.double == 2.5)
        #expect(value["b"]?[1]?.int64 == nil)
        #expect(value["a"]?["x"]?.isNull == true)
        #expect(value["a"]?["y"]?.bool == true)
        #expect(value["a"]?["z"]?.string == "é\n")
        #expect(value["a"]?["missing"] == nil)
    }

    @Test(arguments: [
        ("\"\\u00e9\\u20AC\\ud83d\\ude00\"", "é€😀"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        ("\"\"", ""), ("\"é€😀\"", "é€😀"), (#""\u0000""#, "\0"),
    ])
    func `strings are unescaped`(text: String, expected: String) throws {
        #expect(try JSONValue.parse(text).string == expected)
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1,", "{\"a\"", "{\"a\":", "{\"a\":1", "\"abc", "\"\\", "\"\\u12", "tru", "-", "1.", "1e",
        "1e+",
    ])
    func `a text cut short is said to be so`(text: String) {
        let error = failure(text)
        guard case .unexpectedEnd = error else {
            // A cut inside an escape cannot be told from a wrong escape.
            guard case .invalidEscape = error else {
                return #expect(error == nil, "\(text): \(String(describing: error))")
            }
            return
        }
    }

    @Test(arguments: [
        "[1 2]", "[,1]", "[1,]", "{,}", "{\"a\" 1}", "{\"a\":1,}", "{a:1}", "{'a':1}", "nul1", "NaN", "Infinity", "+1",
        "[1}", "{\"a\":1]", "\u{FEFF}{}", "// x\n1", "}", "]", ":",
    ])
    func `what the grammar does not allow is refused`(text: String) {
        guard case .unexpectedByte = failure(text) else {
            Issue.record("\(text): \(String(describing: failure(text)))")
            return
        }
    }

    @Test func `an error says line and column`() {
        let error = failure("{\n  \"a\": 1,\n  \"b\": x\n}")
        #expect(error?.place.line == 3)
        #expect(error?.place.column == 8)
        #expect(error.map(String.init(describing:)) == "unexpected character at line 3, column 8")
    }

    @Test func `a value must be alone`() {
        for text in ["1 2", "{} x", "[] []", "null,"] {
            guard case .trailingBytes = failure(text) else {
                Issue.record("\(text): \(String(describing: failure(text)))")
                continue
            }
        }
    }

    @Test(arguments: ["01", "-01", "1.e3", "1.x", "1ex", "-x", "00"])
    func `malformed numbers are refused`(text: String) {
        guard case .invalidNumber = failure(text) else {
            Issue.record("\(String(describing: failure(text)))")
            return
        }
    }

    @Test func `a huge number is refused and a large one is kept`() throws {
        guard case .numberTooLong = failure(String(repeating: "9", count: 1_000_000)) else {
            Issue.record("accepted")
            return
        }
        let value = try JSONValue.parse("1e999999")
        #expect(value.double == nil)
        #expect(value.int64 == nil)
        #expect(try JSONValue.parse("9223372036854775807").int64 == .max)
        #expect(try JSONValue.parse("-9223372036854775808").int64 == .min)
        #expect(try JSONValue.parse("9223372036854775808").int64 == nil)
    }

    @Test func `a name that comes twice is refused, also among many`() {
        #expect(failure(#"{"a":1,"b":2,"a":3}"#)?.place.column == 14)
        let many = (0..<5000).map { #""n\#($0)":0"# }.joined(separator: ",")
        #expect(failure("{\(many)}") == nil)
        guard case .duplicateName("n4711", _) = failure("{\(many),\"n4711\":1}") else {
            Issue.record("accepted")
            return
        }
        guard case .duplicateName = failure(#"{"a":1,"\u0061":2}"#) else {
            Issue.record("an escaped name hides a duplicate")
            return
        }
    }

    @Test func `depth is limited, so a text cannot exhaust the stack`() throws {
        let limit = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(failure(limit) == nil)
        for levels in [129, 10_000, 1_000_000] {
            guard case .tooDeep(128, _) = failure(String(repeating: "[", count: levels)),
                case .tooDeep(128, _) = failure(String(repeating: "{\"a\":", count: levels))
            else {
                Issue.record("\(levels) levels accepted")
                continue
            }
        }
        guard case .tooDeep(2, let place) = failure("[[[1]]]", depthLimit: 2) else {
            Issue.record("the limit is not kept")
            return
        }
        #expect(place.offset == 2)
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xC3, 0x28],
        ] as [[UInt8]])
    func `strings must be UTF-8`(sequence: [UInt8]) {
        let text = Array("{\"name\":\"some text ".utf8) + sequence + Array(" more\"}".utf8)
        #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        guard case .invalidUTF8(let place) = #expect(throws: JSONError.self, performing: { try JSONValue.parse(text) })
        else {
            Issue.record("another error")
            return
        }
        #expect(place.offset == 19)
    }

    @Test(arguments: [#""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #""\ud800x""#, #""\udbff\udbff""#])
    func `lone surrogates are refused`(text: String) {
        guard case .loneSurrogate = failure(text) else {
            Issue.record("\(String(describing: failure(text)))")
            return
        }
    }

    @Test func `control characters and unknown escapes are refused`() {
        guard case .controlCharacter = failure("\"a\u{1}\""), case .controlCharacter = failure("\"12345678\n\""),
            case .invalidEscape = failure(#""\x41""#), case .invalidEscape = failure(#""\u00g0""#)
        else {
            Issue.record("accepted")
            return
        }
    }

    @Test func `text that was written is read back the same`() throws {
        let value: JSONValue = [
            "a": [nil, true, false, 1, -5, "x\u{1}\"\\/\u{7F}\u{2028}é😀"], "b": [:], "c": [], "d": ["e": ["f": ""]],
        ]
        #expect(try JSONValue.parse(value.text()) == value)
        #expect(try JSONValue.parse(value.text(.javaRecord)) == value)
    }

    private func failure(_ text: String, depthLimit: Int = 128) -> JSONError? {
        do throws(JSONError) {
            _ = try JSONValue.parse(text, depthLimit: depthLimit)
            return nil
        } catch {
            return error
        }
    }
}
