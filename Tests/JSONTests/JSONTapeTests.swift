import JSON
import Testing

/// The tape knows every value of a text and refuses what the parser refuses.
@Suite struct JSONTapeTests {
    /// A tape's values as a tree.
    private func value(_ view: JSONTape.View, _ place: Int32) throws -> JSONValue {
        let value = view[place]
        func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }
        switch value.kind {
        case .null: return .null
        case .boolean: return .bool(value.flag)
        case .number: return try JSONValue.parse(text(view.bytes(value)))
        case .string: return .string(text(view.characters(value)))
        case .array:
            var elements: [JSONValue] = []
            var place = place + 1
            for _ in 0..<value.count {
                elements.append(try self.value(view, place))
                place = view[place].next
            }
            return .array(elements)
        case .object:
            var object = JSONObject()
            var place = place + 1
            for _ in 0..<value.count {
                object[text(view.characters(view[place]))] = try self.value(view, place + 1)
                place = view[place + 1].next
            }
            return .object(object)
        }
    }

    @Test(arguments: [
        "null", " true ", "-1.5e3", #""a\n\u00e9\ud834\udd1e""#, "[]", "{}", "[[],[1,[2]],{}]",
        #"{"a": {"b": [1, "x", {"c": null}]}, "d\u0065": false, "": ""}"#,
    ])
    func `a tape holds what the text says`(text: String) throws {
        let tape = JSONTape()
        for _ in 0..<2 {
            try Array(text.utf8).withUnsafeBytes { bytes in
                try tape.read(bytes)
                let view = tape.view
                #expect(try value(view, 0) == JSONValue.parse(bytes))
                #expect(view[0].next == view.count)
                #expect(try JSONValue.parse(view.bytes(view[0])) == JSONValue.parse(bytes))
            }
        }
    }

    @Test(arguments: [
        "", "{", #"{"a": 1, "a": 2}"#, #"{"a": 1, "\u0061": 2}"#, #"[{"x": {"b": 1, "c": 2, "b": 3}}]"#, "[1,]", "1 2",
        "{" + (0..<40).map { "\"n\($0)\": \($0), " }.joined() + "\"n17\": 0}",
    ])
    func `a tape refuses what the parser refuses, at the same place`(text: String) throws {
        let tape = JSONTape()
        let found = Array(text.utf8).withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try tape.read(bytes) }
        }
        let expected = Result { () throws(JSONError) in _ = try JSONValue.parse(text) }
        guard case .failure(let one) = found, case .failure(let other) = expected else {
            Issue.record("accepted: \(text)")
            return
        }
        #expect(one == other)
    }

    @Test func `a large text's memory grows and goes`() throws {
        let tape = JSONTape()
        let large = "[" + (0..<30_000).map { "\"\\n\($0)\"" }.joined(separator: ",") + "]"
        for text in [large, "[1]", large] {
            try Array(text.utf8).withUnsafeBytes { bytes in
                try tape.read(bytes)
                #expect(try value(tape.view, 0) == JSONValue.parse(bytes))
            }
        }
    }

    @Test func `a text is written again in another style, numbers as they were`() throws {
        var writer = JSONWriter(.javaRecord)
        try Array(#" {"a":[1.50,-0,1E5 ,true,null],"b\n":"é\/"}"#.utf8).withUnsafeBytes { try writer.value(text: $0) }
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"{"a": [1.50, -0, 1E5, true, null], "b\n": "é/"}"#)
    }
}
