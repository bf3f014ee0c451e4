import JSON
import Testing
import YAML

private func parse(_ text: String) throws(YAMLError) -> [YAMLDocument] {
    try YAMLDocument.parse(Array(text.utf8))
}

@Suite struct YAMLDocumentTests {
    @Test func `scalars have the types of the core schema`() throws {
        let text = """
            - null
            - ~
            -
            - true
            - FALSE
            - yes
            - 12
            - -0012
            - +7
            - 0x1F
            - 0o17
            - 1.5e3
            - .5
            - 1.
            - 1.3.0
            - '12'
            - "true"
            - 2026-01-31
            - e3
            - .
            - 9223372036854775807
            """
        #expect(
            try parse(text)[0].value == [
                nil, nil, nil, true, false, "yes", 12, -12, 7, 31, 15, .number(JSONNumber(1500.0)!),
                .number(JSONNumber(0.5)!), .number(JSONNumber(1.0)!), "1.3.0", "12", "true", "2026-01-31", "e3", ".",
                9_223_372_036_854_775_807,
            ])
    }

    @Test func `documents keep the order of their members and the line of each part`() throws {
        let text = """
            # a comment
            kind: Stream
            spec:
              ref:
                name: demo
              tags: [a,
                b]
            ---
            z: 1
            a: |
              two
              lines
            """
        let documents = try parse(text)
        #expect(documents.count == 2)
        #expect(documents[0].value["spec"]?["ref"]?["name"] == "demo")
        let spec = try #require(documents[0].lines.members["spec"])
        #expect(spec.line == 3)
        #expect(spec.members["ref"]?.members["name"]?.line == 5)
        #expect(spec.members["tags"]?.elements.map(\.line) == [6, 7])
        #expect(documents[1].value.object?.names == ["z", "a"])
        #expect(documents[1].value["a"] == "two\nlines")
        #expect(documents[1].lines.members["a"]?.line == 10)
    }

    @Test func `JSON is YAML too`() throws {
        let text = #"{"a": [1, 2.5, "x\né"], "b": {"c": null}}"#
        #expect(try parse(text)[0].value == JSONValue.parse(text))
    }

    @Test func `an empty text has no document`() throws {
        #expect(try parse("").isEmpty)
        #expect(try parse("# only a comment\n").isEmpty)
    }

    @Test func `aliases repeat what their anchor holds`() throws {
        let document = try parse("a: &x {b: [1, 2]}\nc: *x\n")[0]
        #expect(document.value["c"] == ["b": [1, 2]])
        #expect(document.lines.members["c"]?.line == 2)
    }

    @Test func `a billion laughs are refused`() throws {
        var text = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        for level in 1...9 {
            let alias = "*a\(level - 1)"
            text += "a\(level): &a\(level) [\(Array(repeating: alias, count: 10).joined(separator: ", "))]\n"
        }
        #expect(throws: YAMLError.tooManyValues(limit: 100_000, line: 5)) { try parse(text) }
    }

    @Test(
        arguments: [
            ("a: 1\nb:\n  c: 1\n  c: 2\n", YAMLError.duplicateKey("c", line: 4)),
            ("a: !!binary aGk=\n", .tag(line: 1)),
            ("- !Thing {a: 1}\n", .tag(line: 1)),
            ("a: &x\n  b: *x\n", .unknownAlias(line: 2)),
            ("a: *nobody\n", .unknownAlias(line: 1)),
            ("---\n&x a: 1\n---\nb: *x\n", .unknownAlias(line: 4)),
            ("? [a]\n: 1\n", .keyIsNotText(line: 1)),
            ("a: .inf\n", .numberOutOfRange(line: 1)),
            ("\na: 9223372036854775808\n", .numberOutOfRange(line: 2)),
            (String(repeating: "[", count: 65), .tooDeep(limit: 64, line: 1)),
        ] as [(String, YAMLError)])
    func `what is not accepted names its line`(_ text: String, _ error: YAMLError) {
        #expect(throws: error) { try parse(text) }
    }

    @Test(arguments: [
        ("a: b: c\n", 1), ("a:\n\t- b\n", 2), ("a: [1, 2\n", 2), ("a: \"open\n", 2), ("a: 'x\n", 2), ("- a\nb: 1\n", 2),
        ("a: \u{01}\n", 1), ("@a", 1), ("a: |\n x\n- b\n", 3),
    ])
    func `broken text is a syntax error with a line`(_ text: String, _ line: Int) {
        let error = #expect(throws: YAMLError.self) { try parse(text) }
        guard case .syntax = error else {
            Issue.record("expected a syntax error, found \(String(describing: error))")
            return
        }
        #expect(error?.line == line)
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        let error = #expect(throws: YAMLError.self) { try YAMLDocument.parse([0x61, 0x3A, 0x20, 0xFF, 0x0A]) }
        #expect(error?.description.contains("not YAML") == true)
    }

    @Test func `ten thousand levels are refused without harm`() {
        let text = String(repeating: "{a: ", count: 10_000)
        #expect(throws: YAMLError.tooDeep(limit: 64, line: 1)) { try parse(text) }
    }
}
