import API
import GRPC
import JSON
import Testing

/// One line of the table.
struct Constraint: Sendable, CustomTestStringConvertible {
    let message: String
    let field: String
    let rule: String

    var testDescription: String { "\(message).\(field): \(rule)" }

    static let all: [Constraint] = {
        var message = ""
        var all: [Constraint] = []
        for line in constraintTable.split(separator: "\n") {
            let text = line.drop { $0 == " " }
            guard let colon = text.firstIndex(of: ":") else {
                message = String(text)
                continue
            }
            let rule = text[text.index(colon, offsetBy: 2)...]
            all.append(Constraint(message: message, field: String(text[..<colon]), rule: String(rule)))
        }
        return all
    }()
}

/// Values that keep a rule and values that break it. `nil` stands for a field that is not given.
private struct Samples {
    let good: [JSONValue?]
    let bad: [JSONValue?]
    /// Whether the rule holds for each element of a list.
    var isOfElements = false

    init(_ good: [JSONValue?], _ bad: [JSONValue?]) {
        (self.good, self.bad) = (good, bad)
    }

    static func each(_ good: [JSONValue?], _ bad: [JSONValue]) -> Samples {
        var samples = Samples(good, bad.map { .array([$0]) })
        samples.isOfElements = true
        return samples
    }

    /// Where a broken rule is reported, from the message.
    func place(_ field: String) -> DocumentPath {
        DocumentPath(isOfElements ? [.member(field), .index(0)] : [.member(field)])
    }
}

private func text(_ count: Int) -> JSONValue { .string(String(repeating: "x", count: count)) }

private let uuid: JSONValue = "44cc99df-04f1-4e42-9345-28151b1139d0"
private let badUUIDs: [JSONValue?] = [
    "44cc99df-04f1-4e42-9345-28151b1139d", "44cc99df04f14e42934528151b1139d0", "44cc99df-04f1-4e42-9345-28151b1139dg",
    "x44cc99df-04f1-4e42-9345-28151b1139d0",
]
private let control: JSONValue = "four\u{7}five"
private let goodPrefixes: [JSONValue?] = [nil, "a/b", text(900)]
private let badPrefixes: [JSONValue?] = [
    "a/", "a", ".", "..", text(901), "x/.well-known/acme-challenge/y", "/",
]
private let badEmails: [JSONValue] = [
    "", "nobody", "@example.com", "a@", "a b@example.com", "a@-example.com", "a..b@example.com", "a@example..com",
    .string(String(repeating: "x", count: 65) + "@example.com"), "a@example.com ", "A <a@example.com>",
]
private let goodEmails: [JSONValue] = ["a@example.com", "first.last+tag@sub.example.org", "x@localhost"]

private let samples: [String: Samples] = [
    "must be set": Samples([], [nil]),
    "must be empty": Samples([nil, ""], ["x"]),
    "uuid": Samples([uuid, "44CC99DF-04F1-4E42-9345-28151B1139D0"], badUUIDs + [nil, ""]),
    "uuid, empty ok": Samples([uuid, nil, ""], badUUIDs),
    "len ≥1": Samples(["x"], [nil, ""]),
    "len ≥1, empty ok": Samples(["x", nil, ""], []),
    "len ≥2, empty ok": Samples(["xy", nil], ["x"]),
    "len ≥3": Samples(["xyz"], ["xy", "", nil]),
    "len ≥4": Samples(["wxyz"], ["xyz", "", nil]),
    "len ≥4, empty ok": Samples(["wxyz", nil], ["xyz"]),
    "len ≤1000": Samples([nil, text(1000)], [text(1001)]),
    "len ≤1000, empty ok": Samples([nil, text(1000)], [text(1001)]),
    "len ≤5000": Samples([nil, text(5000)], [text(5001)]),
    "len 2–100": Samples([text(2), text(100)], [nil, "x", text(101)]),
    "len 2–100, NAME": Samples([text(2), text(100)], [nil, "x", text(101), control]),
    "len 4–100, NAME": Samples(["four", "é€🚲 1", text(100)], [nil, "abc", text(101), control]),
    "len 4–100, NAME, empty ok": Samples(["four", nil, text(100)], ["abc", text(101), control]),
    "len 4–100, NAME-NOSPACE": Samples(["four", text(100)], [nil, "abc", text(101), "fo ur"]),
    "len 4–100, NO-SLASH": Samples(["four", text(100)], [nil, "abc", text(101), "fo/ur"]),
    "len 4–100, NOCTRL, empty ok": Samples(["four", nil, text(100)], ["abc", text(101), control]),
    "len 4–50, NOCTRL": Samples(["four", text(50)], [nil, "abc", text(51), control]),
    "len 4–100, HANDLE, not containing `strm`": Samples(
        ["acme", "a-b_c"], [nil, "abc", text(101), "-acme", "acme-", "ac me", "my-strm-1"]),
    "len ≤1000, NAME, empty ok": Samples([nil, "hi there", text(1000)], [text(1001), control]),
    "len ≤249, KAFKA-TOPIC, empty ok": Samples([nil, "a.b_c-D9", text(249)], [text(250), "a b", "é"]),
    "PRINTABLE-ASCII, empty ok": Samples([nil, " ~"], ["é", "a\u{7F}", "\t"]),
    "NOCTRL": Samples(["x y", "é"], [nil, control]),
    "NOCTRL, empty ok": Samples(["x y", nil], [control]),
    "AVRO, empty ok": Samples([nil, "_a9"], ["9a", "a-b", "é"]),
    "AVRO-NS, empty ok": Samples([nil, "_a9", "a.b.c"], ["a..b", ".a", "a.9", "a b"]),
    "SEMVER": Samples(["1.0.0", "10.20.30"], [nil, "1.0", "1.0.0.0", "v1.0.0", "1.0.x"]),
    "CLI-SEMVER, empty ok": Samples(
        [nil, "v1.0.0", "v3.16.1-rc.1+build.5"], ["1.0.0", "v1.0", "v01.0.0", "v1.0.0-", "v1.0.0-01", "v1.0.0+"]),
    "uri, starts with `https://`, empty ok": Samples(
        [nil, "https://example.com/icon.png?x=%20"],
        ["http://example.com", "https://a b", "example.com", "https://%zz"]),
    "email": Samples(goodEmails, badEmails + [nil]),
    "email, empty ok": Samples(goodEmails + [nil], badEmails.filter { $0 != "" }),
    "in {`regex`}": Samples(["regex"], [nil, "range", "REGEX"]),
    "in {`java`, `typescript`, `python`, `rust`}": Samples(["java", "typescript", "python", "rust"], [nil, "swift"]),
    "len ≥1, in {`ENTERPRISE`, `BUSINESS`, `SELF_HOSTED`, `FREE`}": Samples(
        ["ENTERPRISE", "BUSINESS", "SELF_HOSTED", "FREE"], [nil, "GOLD"]),
    "len ≤900, NO-TRAILING-SLASH, not containing `.well-known/acme-challenge`, not in {`.`, `..`}, empty ok": Samples(
        goodPrefixes, badPrefixes),
    "SUBJECT": Samples(["four", text(100)], [nil, "abc", text(101), control]),
    "each: SUBJECT": .each([nil, ["four"]], ["", "abc", text(101), control]),
    "each: SUBJECT-OPEN": .each([nil, ["four"], .array([text(101)])], ["", "abc", "ab\u{7}cd"]),
    "each: len ≥1, empty ok": Samples([nil, ["x"], [""]], []),
    "unique, each: not containing `strmMeta`": Samples([nil, ["a", "b"]], [["a", "a"]]),
    "≤50 items": Samples(
        [nil, .array((0..<50).map { .number(JSONNumber(Int64($0))) })],
        [
            .array((0..<51).map { .number(JSONNumber(Int64($0))) })
        ]),
    "≤20 items, unique, each: len ≤100": Samples(
        [nil, .array((0..<20).map { .string("tag \($0)") }), .array([text(100)])],
        [.array((0..<21).map { .string("tag \($0)") }), ["a", "a"]]),
    "≥1 items": Samples([["x"]], [nil, []]),
    "≥1 items, each: email": Samples([["a@example.com"]], [nil, []]),
    "≥1 items, ≤500 items": Samples(
        [.array(Array(repeating: ["email": "a@example.com"], count: 500))],
        [nil, [], .array(Array(repeating: ["email": "a@example.com"], count: 501))]),
    "≥0": Samples([nil, 0, 2_147_483_647], [-1]),
    "≥1, 0 ok": Samples([nil, 0, 1], [-1]),
    "≥2": Samples([2], [nil, 1, -5]),
    "≠0": Samples([1], [nil, 0, 99]),
    "≥30 s, ≤3600 s": Samples([nil, "30s", "3600s"], ["29.999s", "3600.000000001s", "-60s"]),
    "≥60 s": Samples([nil, "60s", "86400s"], ["59s", "-60s"]),
]

/// Problems of a message that has one field, or none, read from JSON and read from its binary form.
private func problems<Message: ProtoMessage>(
    _ type: Message.Type, _ field: String, _ value: JSONValue?
) throws -> [[SpecProblem]] {
    var object = JSONObject()
    object[field] = value
    var fromJSON: [SpecProblem] = []
    let message = Message(json: .object(object), problems: &fromJSON)
    return [fromJSON, try Message(protobuf: message.protobuf).problems()]
}

/// The empty message of a field, as JSON shows it.
private func emptyForm(of field: String, in message: any ProtoMessage.Type) -> JSONValue? {
    for shape in message.shape where shape.jsonName == field {
        if case .message(let inner) = shape.kind { return inner.init().json }
    }
    return nil
}

@Suite struct ConstraintTests {
    @Test func `the table names each field once`() {
        #expect(Constraint.all.count == 263)
        #expect(Set(Constraint.all.map { "\($0.message).\($0.field)" }).count == 263)
    }

    @Test(arguments: Constraint.all)
    func `a value that breaks the rule is a problem with its path, one that keeps it is none`(
        _ constraint: Constraint
    ) throws {
        let message = try #require(ourMessages[constraint.message])
        if constraint.rule.hasPrefix("one of ") {
            let found = try problems(message, constraint.field, nil)
            #expect(found.allSatisfy { $0.contains { $0.path.steps.isEmpty && $0.rule.hasPrefix("needs one of ") } })
            let given = try problems(message, constraint.field, .object(JSONObject()))
            #expect(given.allSatisfy { $0.allSatisfy { !$0.path.steps.isEmpty } })
            return
        }
        let samples = try #require(samples[constraint.rule], "\(constraint.rule)")
        let place = samples.place(constraint.field)
        for value in samples.bad {
            for found in try problems(message, constraint.field, value) {
                #expect(found.contains { $0.path == place }, "\(value?.text() ?? "nothing") is refused")
            }
        }
        let isRequired = constraint.rule == "must be set"
        for value in isRequired ? [emptyForm(of: constraint.field, in: message)] : samples.good {
            for found in try problems(message, constraint.field, value) {
                let here = found.filter { $0.path.steps.first == .member(constraint.field) }
                #expect(
                    isRequired ? !here.contains(SpecProblem(place, TextRule.missing)) : here.isEmpty,
                    "\(value?.text() ?? "nothing") is taken: \(here)")
            }
        }
    }

    @Test func `rules of elements are reported at the element`() throws {
        let cases: [(any ProtoMessage.Type, String, JSONValue, String)] = [
            (StreamSpec.self, "tags", .array(["ok", text(101)]), "tags[1] must have at most 100 characters"),
            (
                MaskedFields.PatternList.self, "fieldPatterns", ["a", "strmMeta/nonce"],
                "fieldPatterns[1] must not hold strmMeta"
            ),
            (AddProjectMembersRequest.self, "emails", ["a@b.c", "nobody"], "emails[1] must be an e-mail address"),
            (RemoveProjectMembersRequest.self, "emails", ["nobody"], "emails[0] must be an e-mail address"),
            (UpdateUserRolesRequest.self, "emails", ["nobody"], "emails[0] must be an e-mail address"),
        ]
        for (type, field, value, problem) in cases {
            for found in try problems(type, field, value) { #expect(found.map(\.description).contains(problem)) }
        }
    }

    @Test func `a rule of an inner message is reported with its whole path`() throws {
        var request = CreateStreamRequest()
        #expect(request.problems().map(\.description) == ["stream must be set"])
        request.stream.ref.name = "abc"
        request.stream.policyID = "seven years"
        #expect(
            request.problems().map(\.description) == [
                "stream.ref.name must have 4 to 100 characters", "stream.ref.projectId must be set",
                "stream.policyId must be a UUID",
            ])
        #expect(try CreateStreamRequest(protobuf: request.protobuf) == request)
    }
}
