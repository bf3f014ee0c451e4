import Bytes
import JSON
import JSONSchema
import Regex
import Testing

/// Paths, marks and replacements.
@Suite struct WalkerTests {
    private static let schema = ##"""
        {"type": "object", "properties": {
          "id": {"type": "string"}, "email": {"type": ["string", "null"]}, "phone": {"anyOf": [{"type": "string"}, {"type": "null"}]},
          "tags": {"type": "array", "items": {"type": "string"}}, "maybeTags": {"type": ["array", "null"], "items": {"type": "string"}},
          "either": {"type": ["string", "integer"]}, "open": {}, "colour": {"enum": ["red", null]},
          "customer": {"$ref": "#/$defs/customer"},
          "friends": {"type": "array", "items": {"$ref": "#/$defs/customer"}},
          "partner": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/customer"}]},
          "loose": {"properties": {"name": {"type": "string"}}},
          "looseList": {"items": {"type": "object", "properties": {"name": {"type": "string"}}}},
          "pair": {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
          "all": {"allOf": [{"type": "object"}, {"properties": {"x": {"type": "string"}}}]},
          "n": {"type": "integer"}},
         "$defs": {"customer": {"type": "object", "properties": {"name": {"type": "string"}, "best": {"$ref": "#/$defs/customer"}}}}}
        """##

    @Test(arguments: [
        ("id", JSONPathTarget.found(.text, isInsideList: false)), ("email", .found(.optionalText, isInsideList: false)),
        ("phone", .found(.optionalText, isInsideList: false)), ("tags", .found(.textList, isInsideList: false)),
        ("maybeTags", .found(.optionalTextList, isInsideList: false)), ("either", .found(.other, isInsideList: false)),
        ("open", .found(.other, isInsideList: false)), ("colour", .found(.optionalText, isInsideList: false)),
        ("customer", .found(.other, isInsideList: false)), ("customer/name", .found(.text, isInsideList: false)),
        ("customer/best/best/name", .found(.text, isInsideList: false)),
        ("friends/name", .found(.text, isInsideList: true)), ("partner/name", .found(.text, isInsideList: false)),
        ("loose/name", .open(prefix: "loose")), ("looseList/name", .open(prefix: "looseList")),
        ("pair", .found(.other, isInsideList: false)), ("all/x", .found(.text, isInsideList: false)),
        ("n", .found(.other, isInsideList: false)), ("id/x", .missing), ("nobody", .missing), ("", .missing),
        ("customer//name", .missing),
    ])
    func `a path leads to what every event must have there`(path: String, target: JSONPathTarget) throws {
        #expect(try JSONSchema.parse(Self.schema).target(of: path) == target)
    }

    private func spliced(
        _ event: String, points: [String], extending: String? = nil,
        _ replacement: (JSONMark, UnsafeRawBufferPointer?) -> JSONReplacement
    ) throws -> String {
        let schema = try JSONSchema.parse(Self.schema)
        let program = JSONProgram(schema, points: points, extending: extending)
        let walker = JSONWalker()
        var output = OutputBuffer()
        output.append("»")
        Array(event.utf8).withUnsafeBytes { bytes in
            #expect(walker.read(bytes) && walker.note(program), "\(walker.fault)")
            walker.splice(into: &output) { _, mark in replacement(mark, walker.characters(of: mark)) }
            for (index, mark) in walker.marks.enumerated() where walker.place(of: index) >= 0 {
                let place = walker.place(of: index)
                for offset in 0..<(walker.characters(of: mark)?.count ?? 0) {
                    output.mutableBytes[place + offset] = UInt8(ascii: "*")
                }
            }
        }
        return String(decoding: output.bytes, as: UTF8.self)
    }

    @Test func `marked values are replaced and everything else stays as it was written`() throws {
        let event =
            " { \"n\" : 1.50e1 , \"email\":null,\"tags\" : [ \"a\\u0041\" , \"b\" ],\n\"customer\":{\"name\":\"Jo\"}, \"id\": \"x\" } "
        let room = try spliced(event, points: ["id", "tags", "email", "customer/name"]) { _, text in
            text.map { .room($0.count) } ?? .keep
        }
        #expect(
            room
                == "»{ \"n\" : 1.50e1 , \"email\":null,\"tags\" : [ \"**\" , \"*\" ],\n\"customer\":{\"name\":\"**\"}, \"id\": \"*\" }"
        )
        let texts = try spliced(event, points: ["tags", "n"]) { mark, text in
            if mark.kind == .number { return .verbatim(UnsafeRawBufferPointer(start: Self.seven, count: 1)) }
            return text.map { .text($0) } ?? .keep
        }
        #expect(texts.contains(#""n" : 7 ,"#) && texts.contains(#"[ "aA" , "b" ]"#))
    }
    // Unsafe: written once, before anybody reads it, and never given back.
    private nonisolated(unsafe) static let seven: UnsafeRawPointer = {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 1)
        memory.storeBytes(of: UInt8(ascii: "7"), as: UInt8.self)
        return UnsafeRawPointer(memory)
    }()

    @Test func `members are added at the end of an object`() throws {
        let added = Array(#","z":1"#.utf8)
        let result = try added.withUnsafeBytes { added in
            try spliced(
                #"{"customer": {"name": "x", "best": {"name": "y"}}, "id": "z"}"#, points: ["id"], extending: "customer"
            ) {
                mark, _ in mark.point == JSONMark.objectEnd ? .verbatim(added) : .keep
            }
        }
        #expect(result == #"»{"customer": {"name": "x", "best": {"name": "y"},"z":1}, "id": "z"}"#)
    }

    @Test func `replaced characters are escaped as JSON wants it`() throws {
        let hard = "\"\\/\u{0}\u{1F}\n\t\u{8}\u{C}\r\u{7F}é\u{2028}𝄞"
        let result = try Array(hard.utf8).withUnsafeBytes { hard in
            try spliced(#"{"id": "x"}"#, points: ["id"]) { _, _ in .text(hard) }
        }
        #expect(try JSONValue.parse(String(result.dropFirst()))["id"]?.string == hard)
    }

    @Test func `a field of text that holds something else is not passed over`() throws {
        let schema = try JSONSchema.parse(Self.schema)
        let program = JSONProgram(schema, points: ["id", "friends/name", "customer/nonce"])
        let walker = JSONWalker()
        let events = [
            #"{"id": 1}"#, #"{"id": {}}"#, #"{"friends": [{"name": false}]}"#, #"{"customer": {"nonce": []}}"#,
            #"{"customer": {"nonce": {}}}"#,
        ]
        for event in events {
            Array(event.utf8).withUnsafeBytes { bytes in #expect(walker.read(bytes) && !walker.note(program)) }
        }
    }

    @Test func `whole numbers are read, however they are written`() throws {
        let program = JSONProgram(try JSONSchema.parse(Self.schema), points: ["n"])
        let walker = JSONWalker()
        let numbers: [(String, Int32?)] = [
            ("0", 0), ("-0.0", 0), ("12", 12), ("-3.0e0", -3), ("21474836.47e2", .max), ("2147483648", nil),
            ("-2147483648", .min),
            ("1e10", nil), ("1e-1", nil), ("1e999999999", nil), ("0e999999999", 0),
        ]
        for (text, value) in numbers {
            Array("{\"n\": \(text)}".utf8).withUnsafeBytes { bytes in
                #expect(walker.read(bytes) && walker.note(program))
                #expect(walker.marks.first.flatMap { walker.int32(of: $0) } == value, "\(text)")
            }
        }
    }
}
