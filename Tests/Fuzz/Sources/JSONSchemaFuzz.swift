internal import Bytes
internal import JSON
internal import JSONSchema
internal import Regex

/// A schema in the first line, texts in the others.
enum JSONSchemaFuzz {
    static func run(_ bytes: UnsafeRawBufferPointer) throws(BrokenInvariant) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 8, omittingEmptySubsequences: false)
        guard let first = lines.first, let json = parsed(Array(first)) else { return }
        let compiled = outcome { () throws(JSONSchemaError) in try JSONSchema(json) }
        let schema: JSONSchema
        switch compiled {
        case .failure(.refused(let problems)):
            return try require(!problems.isEmpty, "a schema is refused for a reason")
        case .failure(.notJSON): throw BrokenInvariant(description: "a value is JSON")
        case .success(let compiled): schema = compiled
        }
        let judge = try FuzzJudge(schema)
        for line in lines.dropFirst() {
            let verdict = judge.verdict(Array(line))
            try require(judge.verdict(Array(line)) == verdict, "a text is judged the same way twice")
            guard let value = parsed(Array(line)), verdict != .gaveUp else { continue }
            try require(
                equal(judge.verdict(value.bytes(.javaRecord)), verdict),
                "a text that is written differently is judged alike")
            try checkWrapped(json, value.bytes(), verdict)
            if verdict == .accepted { try checkSplice(schema, json, Array(line), value) }
        }
    }

    private enum Verdict: Equatable {
        case accepted, refused, gaveUp
    }

    private static func equal(_ one: Verdict, _ other: Verdict) -> Bool {
        one == other || one == .gaveUp || other == .gaveUp
    }

    private static func parsed(_ text: [UInt8]) -> JSONValue? {
        outcome { () throws(JSONError) in try JSONValue.parse(text, depthLimit: 100) }.value
    }

    private struct FuzzJudge {
        let schema: JSONSchema
        let walker = JSONWalker()
        let matcher: PatternMatcher

        init(_ schema: JSONSchema) throws(BrokenInvariant) {
            self.schema = schema
            matcher = try require(
                outcome { () throws(RegexError) in try PatternMatcher() }.value, "there is memory")
        }

        func verdict(_ text: [UInt8]) -> Verdict {
            text.withUnsafeBytes { text in
                if walker.read(text), walker.judge(schema, matcher) { return .accepted }
                return walker.fault.description.contains("cannot be checked in bounded time") ? .gaveUp : .refused
            }
        }
    }

    /// A schema that is wrapped says the same, and negated the opposite.
    private static func checkWrapped(_ json: JSONValue, _ text: [UInt8], _ verdict: Verdict) throws(BrokenInvariant) {
        // Inside another schema places in the schema have other names.
        guard !json.text().contains("$") else { return }
        let opposite = verdict == .accepted ? Verdict.refused : .accepted
        let wrapped: [(JSONValue, Verdict)] = [
            (["allOf": [json, json]], verdict), (["anyOf": [false, json]], verdict),
            (["oneOf": [json, false]], verdict),
            (["not": json], opposite), (["not": ["not": json]], verdict), (["if": json, "else": false], verdict),
            (["if": json, "then": false], opposite), (["oneOf": [json, ["not": json]]], .accepted),
        ]
        for (schema, expected) in wrapped {
            guard let compiled = outcome({ () throws(JSONSchemaError) in try JSONSchema(schema) }).value else {
                continue  // it lies too deep now
            }
            try require(equal(try FuzzJudge(compiled).verdict(text), expected), "\(schema.text()) judges alike")
        }
    }

    /// Values that are replaced by themselves leave the event as it was.
    private static func checkSplice(
        _ schema: JSONSchema, _ json: JSONValue, _ text: [UInt8], _ value: JSONValue
    ) throws(BrokenInvariant) {
        let names = json["properties"]?.object?.names.filter { !$0.contains("/") && !$0.isEmpty } ?? []
        let program = JSONProgram(schema, points: names)
        let walker = JSONWalker()
        var same = OutputBuffer()
        var again = OutputBuffer()
        let isNoted = text.withUnsafeBytes { text in
            guard walker.read(text), walker.note(program) else { return false }
            walker.splice(into: &same) { _, _ in .keep }
            walker.splice(into: &again) { _, mark in walker.characters(of: mark).map { .text($0) } ?? .keep }
            return true
        }
        // Noting fails where a member of no certain type is an object or a list of them.
        guard isNoted else { return }
        try require(parsed(same.copyBytes()) == value, "what is kept stays")
        try require(parsed(again.copyBytes()) == value, "what is replaced by itself stays")
    }
}
