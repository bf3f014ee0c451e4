import AccessPolicy
import Bytes
import JSON
import TestKit
import Testing

/// Filters a text that comes in these pieces.
private func filter(_ pieces: [[UInt8]], _ rules: AnswerFilter.Rules) throws(AccessError) -> String {
    var filter = AnswerFilter(rules)
    var out = OutputBuffer()
    for piece in pieces {
        let outcome = piece.withUnsafeBytes { bytes in
            Result { () throws(AccessError) in try filter.feed(bytes, into: &out) }
        }
        try outcome.get()
    }
    try filter.finish(into: &out)
    return String(decoding: out.copyBytes(), as: UTF8.self)
}

private func filter(_ text: String, _ rules: AnswerFilter.Rules) throws(AccessError) -> String {
    try filter([Array(text.utf8)], rules)
}

private let secretRules = AnswerFilter.Rules(dropsManagedFields: true, hidesSecrets: true)
private let plainRules = AnswerFilter.Rules(dropsManagedFields: true, hidesSecrets: false)

private let secret = #"""
    {"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop","managedFields":[{"manager":"kubectl",
     "fieldsV1":{"f:data":{".":{},"f:password":{}}}}],"annotations":{"a":"b","kubectl.kubernetes.io/last-applied-configuration":
     "{\"data\":{\"password\":\"aHVudGVyMg==\"}}\n","z":"y"},"labels":{"x":"y"}},
     "data":{"password":"aHVudGVyMg==","empty":"","tls.key":"LS0tLS1CRUdJTg=="},"stringData":{"user":"anna"},"type":"Opaque"}
    """#
private let filteredSecret =
    #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"db","namespace":"shop","annotations":{"a":"b","z":"y"},"#
    + #""labels":{"x":"y"}},"data":{"password":"(7 bytes)","empty":"(0 bytes)","tls.key":"(10 bytes)"},"#
    + #""stringData":{"user":"(hidden)"},"type":"Opaque"}"#

@Suite struct AnswerFilterTests {
    @Test func `of a secret only names and sizes leave the plane`() throws {
        #expect(try filter(secret, secretRules) == filteredSecret + "\n")
    }

    @Test func `nor do they in lists, watch events and tables with their objects`() throws {
        for (before, after) in [
            (
                #"{"kind":"SecretList","apiVersion":"v1","metadata":{"resourceVersion":"7","continue":"c"},"items":["#,
                "]}"
            ),
            (#"{"type":"ADDED","object":"#, "}"),
            (
                #"{"kind":"Table","columnDefinitions":[{"name":"Data"}],"rows":[{"cells":["db","Opaque",3],"object":"#,
                "}]}"
            ),
            (#"{"type":"MODIFIED","object":{"kind":"Table","rows":[{"cells":["db"],"object":"#, "}]}}"),
        ] {
            let text = before + secret + after
            #expect(try filter(text, secretRules) == before + filteredSecret + after + "\n")
            #expect(try !filter(text, secretRules).contains("hunter2"))
            #expect(try !filter(text, secretRules).contains("aHVudGVy"))
        }
        let two = before(2) + "]}"
        #expect(try filter(two, secretRules).contains(filteredSecret + "," + filteredSecret))
    }

    private func before(_ count: Int) -> String {
        #"{"items":["# + (0..<count).map { _ in secret }.joined(separator: " , ")
    }

    @Test func `a text may be cut anywhere`() throws {
        let list =
            #"{"type":"ADDED","object":"# + secret + "}\n"
            + #"{"type":"BOOKMARK","object":{"n":[1,-2.5e+3,0,true,null]}}"#
        let bytes = Array(list.utf8)
        for rules in [secretRules, plainRules] {
            let whole = try filter(list, rules)
            for cut in 0...bytes.count {
                #expect(try filter([Array(bytes[..<cut]), Array(bytes[cut...])], rules) == whole, "cut at \(cut)")
            }
            for chunking in Chunking.allCases { #expect(try filter(chunking.cut(bytes), rules) == whole) }
        }
    }

    @Test(arguments: [
        // a name in disguise
        (#"{"d\u0061ta":{"a":"aHVudGVyMg=="}}"#, #"{"d\u0061ta":{"a":"(7 bytes)"}}"#),
        (#"{"\u0064\u0061\u0074\u0061":"aHVudGVyMg=="}"#, #"{"\u0064\u0061\u0074\u0061":"(7 bytes)"}"#),
        (#"{"stri\u006egData":"x"}"#, #"{"stri\u006egData":"(hidden)"}"#),
        // twice
        (#"{"data":{"a":"YQ=="},"data":{"a":"YQ=="}}"#, #"{"data":{"a":"(1 bytes)"},"data":{"a":"(1 bytes)"}}"#),
        // other values than a map of strings
        (#"{"data":"YQ=="}"#, #"{"data":"(1 bytes)"}"#), (#"{"data":null}"#, #"{"data":null}"#),
        (#"{"data":7,"x":1}"#, #"{"data":"(hidden)","x":1}"#), (#"{"data":true}"#, #"{"data":"(hidden)"}"#),
        (#"{"data":["YQ==",{"a":"b"},[1,"c"]]}"#, #"{"data":["(1 bytes)","(hidden)","(hidden)"]}"#),
        (
            #"{"data":{"a":{"b":{"c":"secret"},"d":["secret"]},"e":"YWI="}}"#,
            #"{"data":{"a":"(hidden)","e":"(2 bytes)"}}"#
        ),
        (
            #"{"data":{"a":1,"b":false,"c":null,"d":""}}"#,
            #"{"data":{"a":"(hidden)","b":"(hidden)","c":"(hidden)","d":"(0 bytes)"}}"#
        ),
        (#"{"data":{}}"#, #"{"data":{}}"#), (#"{"data":[]}"#, #"{"data":[]}"#),
        // escapes in what is counted
        (#"{"data":{"a":"YW\/i\u0041Q=="}}"#, #"{"data":{"a":"(4 bytes)"}}"#),
        // below anything
        (#"[[{"x":{"y":[{"data":{"a":"YQ=="}}]}}]]"#, #"[[{"x":{"y":[{"data":{"a":"(1 bytes)"}}]}}]]"#),
        // dropped at the start, in the middle, at the end, alone
        (#"{"metadata":{"managedFields":[1],"a":1}}"#, #"{"metadata":{"a":1}}"#),
        (#"{"metadata":{"a":1,"managedFields":[{"x":{}}]}}"#, #"{"metadata":{"a":1}}"#),
        (#"{"metadata":{"a":1,"managedFields":{},"b":[1,2]}}"#, #"{"metadata":{"a":1,"b":[1,2]}}"#),
        (#"{"metadata":{"managedFields":"x"}}"#, #"{"metadata":{}}"#),
        (#"{"metadata":{"managed\u0046ields":[]}}"#, #"{"metadata":{}}"#),
        // only there
        (#"{"managedFields":[1],"spec":{"managedFields":2}}"#, #"{"managedFields":[1],"spec":{"managedFields":2}}"#),
        (#"{"metadata":[{"managedFields":1}]}"#, #"{"metadata":[{"managedFields":1}]}"#),
        (
            #"{"annotations":{"objectset.rio.cattle.io/applied":"x","banzaicloud.com/last-applied":"x","kapp.k14s.io/original":"x"}}"#,
            #"{"annotations":{}}"#
        ),
    ])
    func `no form of a name or value is overlooked`(text: String, expected: String) throws {
        #expect(try filter(text, secretRules) == expected + "\n")
        #expect(try filter(Array(text.utf8).map { [$0] }, secretRules) == expected + "\n")
    }

    @Test func `names that are too long to matter pass, in what is hidden too`() throws {
        for count in [60, 63, 64, 65, 66, 300, 5000] {
            let name = String(repeating: "n", count: count)
            #expect(
                try filter(#"{"\#(name)":{"metadata":{"\#(name)":1}}}"#, secretRules)
                    == #"{"\#(name)":{"metadata":{"\#(name)":1}}}"# + "\n")
            #expect(
                try filter(#"{"data":{"a":"YQ==","\#(name)":"YQ=="}}"#, secretRules)
                    == #"{"data":{"a":"(1 bytes)","\#(name)":"(1 bytes)"}}"# + "\n")
            #expect(
                try filter(#"{"data":{"a":{"\#(name)":"YQ=="}}}"#, secretRules) == #"{"data":{"a":"(hidden)"}}"# + "\n")
            #expect(
                try filter(#"{"metadata":{"managedFields":{"\#(name)":1}}}"#, secretRules) == #"{"metadata":{}}"# + "\n"
            )
            let escaped = String(repeating: #"\u006e"#, count: count)
            #expect(
                try filter(#"{"\#(escaped)":1,"data":{"\#(escaped)":"YQ=="}}"#, secretRules).hasPrefix(
                    #"{"\#(escaped)":1,"#))
        }
    }

    @Test func `other objects lose their managed fields only`() throws {
        let map =
            #"{"kind":"ConfigMap","metadata":{"name":"a","managedFields":[{}]},"data":{"managedFields":"x","data":"y"}}"#
        #expect(
            try filter(map, plainRules)
                == #"{"kind":"ConfigMap","metadata":{"name":"a"},"data":{"managedFields":"x","data":"y"}}"# + "\n")
        let keep = AnswerFilter.Rules(dropsManagedFields: false, hidesSecrets: false)
        #expect(try filter(map, keep) == map + "\n")
    }

    @Test(arguments: [
        "{", "[", #"{"a""#, #"{"a":"#, #"{"a":1,}"#, "[1,]", "[,1]", "{,}", #"{1:2}"#, #"{"a" 1}"#, "[1 2]", "}", "]",
        "[}", "{]",
        "tru", "nul", "truth", "nulL", "01", "-", "1.", "1e", "1e+", ".5", "+1", "0x1", "NaN", "'a'", #""\x""#,
        #""\u12g4""#, "\"\n\"",
        #""abc"#, "k8s\u{0}", "apiVersion: v1", "<html>", #"{"a":1}}"#, ",", ":", "\u{FEFF}{}", #"{"data":{"a":"b"}"#,
        "-a", "1.e5",
    ])
    func `what is not JSON does not pass`(text: String) {
        #expect(throws: AccessError.self) { try filter(text, secretRules) }
        #expect(throws: AccessError.self) { try filter(Array(text.utf8).map { [$0] }, plainRules) }
    }

    @Test func `nothing is hidden of what a stranger's parser reads in other answers`() async throws {
        // Python parses what came out; what it finds is the original without managed fields.
        let texts = [
            secret,
            #"{"a":[1,2.50,-0,1e-7,"é\ud83d\ude00\n",{"b":[[],{},null,true,false]}],"metadata":{"managedFields":[],"x":{}}}"#,
        ]
        for text in texts {
            let out = try filter(text, plainRules)
            let script = """
                import json, sys
                before, after = [json.loads(t) for t in sys.stdin.read().split("\\0")]
                def clean(v, name=None):
                    if isinstance(v, dict):
                        return {k: clean(x, k) for k, x in v.items() if not (name == "metadata" and k == "managedFields")}
                    return [clean(x) for x in v] if isinstance(v, list) else v
                sys.exit(clean(before) != after)
                """
            try await Strangers.runPython(script, input: Array((text + "\0" + out).utf8))
        }
    }

    @Test func `a large answer passes in little memory`() throws {
        var filter = AnswerFilter(secretRules)
        var out = OutputBuffer()
        let object = Array(secret.utf8)
        let value = [UInt8](repeating: UInt8(ascii: "A"), count: 1 << 20)
        func feed(_ bytes: [UInt8]) throws { try bytes.withUnsafeBytes { try filter.feed($0, into: &out) } }
        try feed(Array(#"{"kind":"SecretList","items":["#.utf8))
        var count = 0
        for index in 0..<10_000 {
            if index > 0 { try feed([UInt8(ascii: ",")]) }
            try feed(object)
            count += out.count
            out.removeAll()
        }
        // One value of 64 MB: it is counted, never kept.
        try feed(Array(#",{"data":{"large":""#.utf8))
        for _ in 0..<64 { try feed(value) }
        try feed(Array(#""}}]}"#.utf8))
        try filter.finish(into: &out)
        #expect(
            String(decoding: out.copyBytes(), as: UTF8.self).hasSuffix(
                #"{"data":{"large":"(50331648 bytes)"}}]}"# + "\n"))
        #expect(out.capacity < 1 << 20)
        #expect(count > 10_000 * filteredSecret.utf8.count)
    }

    @Test func `brackets have a deepest level`() throws {
        let deep = String(repeating: "[", count: 256) + String(repeating: "]", count: 256)
        #expect(try filter(deep, plainRules) == deep + "\n")
        #expect(throws: AccessError.self) { try filter("[" + deep + "]", plainRules) }
    }
}

@Suite struct AnswerPlanTests {
    private func plan(
        _ path: String, kind: ClusterCall.Kind = .http, status: Int = 200, type: String? = "application/json",
        encoding: String? = nil
    ) throws -> AnswerPlan {
        try AnswerPlan(
            for: ClusterCall(kind, method: "GET", path: path), status: status, contentType: type,
            contentEncoding: encoding,
            keepsManagedFields: false)
    }

    private let secrets = "/api/v1/namespaces/shop/secrets"
    private let pods = "/api/v1/namespaces/shop/pods"

    @Test func `the path decides what is hidden`() throws {
        #expect(try plan(secrets) == .filter(secretRules))
        #expect(try plan(secrets + "/db", type: "application/json;charset=utf-8") == .filter(secretRules))
        #expect(try plan(secrets, status: 404) == .filter(secretRules))
        #expect(try plan(pods, type: "Application/JSON; stream=watch") == .filter(plainRules))
        #expect(try plan(pods, status: 404, type: "text/plain") == .pass)
        #expect(try plan(pods + "/x/log", kind: .logs, type: "text/plain") == .pass)
        #expect(try plan(pods + "/x/log", kind: .logs, status: 404) == .filter(plainRules))
        #expect(try plan("/openapi/v3", type: "application/com.github.proto-openapi.spec.v3.v1.0+protobuf") == .pass)
        #expect(try plan(pods, status: 304, type: nil) == .pass)
    }

    @Test(
        arguments: [
            ("application/vnd.kubernetes.protobuf", nil), ("application/cbor", nil), ("application/yaml", nil),
            ("text/html", nil),
            (nil, nil), ("application/json", "gzip"), ("application/json", "br"), ("application/jsonp", nil),
            ("text/json", nil),
        ] as [(String?, String?)])
    func `what cannot be looked into stays in the plane`(type: String?, encoding: String?) {
        for path in [secrets, pods] {
            #expect(throws: AccessError.self) { try plan(path, type: type, encoding: encoding) }
        }
    }

    @Test func `an error about secrets is JSON, too`() {
        #expect(throws: AccessError.self) { try plan(secrets, status: 500, type: "text/plain") }
        #expect(throws: AccessError.self) { try plan(pods, type: "text/plain") }
    }
}
