import JSON
import Testing

@Suite struct JSONWriterTests {
    let value: JSONValue = ["a": 1, "b": [2, "x"], "c": [:], "d": [], "e": ["f": nil]]

    @Test func `compact text has no white space`() {
        #expect(value.text() == #"{"a":1,"b":[2,"x"],"c":{},"d":[],"e":{"f":null}}"#)
    }

    @Test func `the style of a Java record has a space after colons and commas`() {
        #expect(value.text(.javaRecord) == #"{"a": 1, "b": [2, "x"], "c": {}, "d": [], "e": {"f": null}}"#)
    }

    @Test func `only what must be escaped is escaped`() {
        let text: JSONValue = "\"\\/\u{8}\u{C}\n\r\t\u{0}\u{1F}\u{7F}é\u{85}\u{2028}€😀"
        #expect(text.text() == "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001F\u{7F}é\u{85}\u{2028}€😀\"")
        #expect(
            text.text(.javaRecord) == "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001F\\u007Fé\\u0085\\u2028\\u20AC😀\"")
    }

    @Test func `integers are written to their ends`() {
        var writer = JSONWriter()
        writer.beginArray()
        for number in [0, -1, 42, Int64.max, Int64.min] { writer.integer(number) }
        writer.endArray()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == "[0,-1,42,9223372036854775807,-9223372036854775808]")
    }

    @Test func `an emptied writer starts anew`() {
        var writer = JSONWriter()
        writer.value(["a": 1])
        writer.removeAll()
        writer.bool(true)
        #expect(writer.bytes == Array("true".utf8))
    }

    @Test func `numbers come from doubles in their shortest form, and never as NaN`() {
        #expect(JSONNumber(0.1)?.text == "0.1")
        #expect(JSONNumber(Double.nan) == nil)
        #expect(JSONNumber(Double.infinity) == nil)
    }

    @Test func `an object replaces in place and removes by nil`() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = 3
        object["c"] = 4
        object["b"] = nil
        #expect(JSONValue.object(object).text() == #"{"a":3,"c":4}"#)
    }
}
