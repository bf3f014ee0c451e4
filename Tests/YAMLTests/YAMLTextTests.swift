import JSON
import TestKit
import Testing
import YAML

@Suite struct YAMLTextTests {
    private let awkward: [String] = [
        "", " ", "a", "yes", "No", "true", "null", "~", "12", "1e5", "0x1F", "1.3.0", "2026-01-31", "12:30:45", "-",
        "- a",
        "a: b", "a #b", "# a", "&a", "*a", "!a", "%a", "@a", "`a", "{a}", "[a]", "'a'", "\"a\"", "a\\b", "a\tb", "\ta",
        "a ", " a", "a\nb", "a\n", "a\n\nb\n", "\na", "a\n\n", " a\nb", "a\n b\n", "a\n \nb", "a\r\nb", "a\u{85}b",
        "a\u{2028}b", "\u{0}", "\u{7F}", "\u{FEFF}a", "é", "日本語", "😀", "a\nb\u{7}", "=", "<<", "?", "a:", ":", "---",
        "...", "---\nb", "a\n...\nb", "%YAML 1.1\nb", "y", "on", ".inf", ".nan", "1_000", "0o17", "+7", "~a", "a,b",
        String(repeating: "word ", count: 60), "{\n  \"type\": \"record\"\n}\n", "a\n\tb", "# a\nb", "a\nb: c\n",
    ]

    /// A value with every awkward text as key and as value, at several depths.
    private var value: JSONValue {
        var members = JSONObject()
        for (index, text) in awkward.enumerated() {
            members[text] = .string(text)
            members["list \(index)"] = [
                .string(text), [.string(text), []], ["k": .string(text), "l": [1, [2, [3]]]],
            ]
        }
        members["numbers"] = [
            0, -1, 12, .number(JSONNumber(1.5)!), .number(JSONNumber(1e25)!), .number(JSONNumber(2.5e-9)!),
        ]
        members["rest"] = [true, false, nil, [:], [], ["a": [:], "b": []]]
        return .array([.object(members), "last"])
    }

    @Test func `what is written is read back as the same value`() throws {
        let text = YAMLText.of(value)
        let documents = try YAMLDocument.parse(Array(text.utf8))
        #expect(documents.count == 1)
        // An exponent is the one thing that is written in another way than in JSON.
        let read = documents[0].value
        #expect(read[1] == value[1])
        let object = try #require(value[0]?.object)
        for member in object.members where member.name != "numbers" {
            #expect(read[0]?[member.name] == member.value, "\(member.name)")
        }
        for place in 0..<6 {
            #expect(read[0]?["numbers"]?[place]?.double == object["numbers"]?[place]?.double)
        }
    }

    @Test func `PyYAML, which speaks YAML 1_1, reads the same value`() async throws {
        let script = """
            import json, sys, yaml
            text, wanted = json.load(sys.stdin)
            got = yaml.safe_load(text)
            assert got == wanted, [(k, got[0].get(k), v) for k, v in wanted[0].items() if got[0].get(k) != v]
            for scalar in wanted[2]:
                assert yaml.safe_load(scalar[0]) == scalar[1], scalar
            """
        var cases: [JSONValue] = []
        for text in awkward { cases.append([.string(YAMLText.of(.string(text))), .string(text)]) }
        var wanted = value.array ?? []
        wanted.append(.array(cases))
        let whole = JSONValue.array(wanted)
        let input: JSONValue = [.string(YAMLText.of(whole)), whole]
        try await Strangers.runPython(script, input: input.bytes())
    }

    @Test func `it looks as people write it`() {
        let value: JSONValue = [
            "kind": "Stream",
            "spec": [
                "ref": ["name": "demo", "projectId": "30a1…"], "consentLevels": [0, 1], "tags": [],
                "validations": [["field": "a/b", "type": "regex"], ["field": "c", "type": "regex"]],
            ],
            "note": "two\nlines\n",
        ]
        #expect(
            YAMLText.of(value) == """
                kind: Stream
                spec:
                  ref:
                    name: demo
                    projectId: "30a1…"
                  consentLevels:
                    - 0
                    - 1
                  tags: []
                  validations:
                    - field: a/b
                      type: regex
                    - field: c
                      type: regex
                note: |
                  two
                  lines

                """)
    }
}
