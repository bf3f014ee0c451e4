import AccessPolicy
import Testing

@Suite struct PolicyParsingTests {
    private func problems(_ text: String) -> [String] {
        do {
            _ = try policy(text)
            return []
        } catch AccessError.policy(let problems) { return problems.map(\.description) } catch { return ["\(error)"] }
    }

    private func problems(rule: String) -> [String] {
        problems(#"{"version":1,"default":"deny","rules":[\#(rule)]}"#)
    }

    @Test func `an owner's policy is read, and hashed by its meaning`() throws {
        let policy = try policy(ownersPolicy)
        #expect(policy.rules.map(\.id) == ["apps", "no-secret-read", "logs", "shell", "nodes", "lease"])
        #expect(policy.limits.maxBodyBytes == 1_048_576 && policy.limits.maxStreams == 256)
        let other = ownersPolicy.split(separator: "\n").joined().replacing(
            #""groups":["apps","","batch"]"#, with: #""groups" : ["batch", "", "\u0061pps"]"#)
        #expect(try AccessPolicyTests.policy(other).hash() == policy.hash())
        let narrower = ownersPolicy.replacing(#","delete""#, with: "")
        #expect(try AccessPolicyTests.policy(narrower).hash() != policy.hash())
        #expect(try AccessPolicyTests.policy(String(decoding: policy.canonicalText, as: UTF8.self)) == policy)
    }

    @Test func `the hash of a policy is a stranger's hash of its canonical text`() throws {
        let policy = try policy(#"{"version":1,"default":"deny","rules":[]}"#)
        // printf '%s' '{"default":…,"version":1}' | sha256sum
        #expect(
            String(decoding: policy.canonicalText, as: UTF8.self)
                == #"{"default":"deny","limits":{"maxBodyBytes":33554432,"maxDeadlineSeconds":600,"maxExecIdleSeconds":900,"#
                + #""maxExecSeconds":28800,"maxExecStreams":32,"maxLogsStreams":64,"maxRecordingBytes":16777216,"maxStreams":256,"#
                + #""maxWatchStreams":64},"responses":{"keepManagedFields":false},"rules":[],"version":1}"#)
        #expect(try policy.hash() == "4cbe0b4b3a0f14898a24ef3588f258de62fe59ff874b4f81361d1c64bad45902")
    }

    @Test(arguments: [
        (#"{"effect":"allow"}"#, "rule #1, id"), (#"{"id":"A","effect":"allow"}"#, "rule #1, id"),
        (#"{"id":"a","effect":"permit"}"#, "rule a, effect"),
        (#"{"id":"a","effect":"allow","namespaces":"all"}"#, "rule a, kinds"),
        (#"{"id":"a","effect":"deny","extra":1}"#, "rule a, extra"),
        (#"{"id":"a","effect":"deny","Verbs":["get"]}"#, "rule a, Verbs"),
        (#"{"id":"a","effect":"deny","verbs":["*"]}"#, "rule a, verbs"),
        (#"{"id":"a","effect":"deny","verbs":["escalate"]}"#, "rule a, verbs"),
        (#"{"id":"a","effect":"deny","verbs":[]}"#, "rule a, verbs"),
        (#"{"id":"a","effect":"deny","verbs":"get"}"#, "rule a, verbs"),
        (#"{"id":"a","effect":"deny","verbs":["get","get"]}"#, "rule a, verbs"),
        (#"{"id":"a","effect":"deny","kinds":["shell"]}"#, "rule a, kinds"),
        (#"{"id":"a","effect":"deny","resources":["*"]}"#, "rule a, resources"),
        (#"{"id":"a","effect":"deny","resources":["pods/*"]}"#, "rule a, resources"),
        (#"{"id":"a","effect":"deny","resources":["Pods"]}"#, "rule a, resources"),
        (#"{"id":"a","effect":"deny","resources":["pods/log/x"]}"#, "rule a, resources"),
        (#"{"id":"a","effect":"deny","groups":["*"]}"#, "rule a, groups"),
        (#"{"id":"a","effect":"deny","groups":["Apps"]}"#, "rule a, groups"),
        (#"{"id":"a","effect":"deny","names":["a/b"]}"#, "rule a, names"),
        (#"{"id":"a","effect":"deny","names":[1]}"#, "rule a, names"),
        (#"{"id":"a","effect":"deny","namespaces":"*"}"#, "rule a, namespaces"),
        (#"{"id":"a","effect":"deny","namespaces":{}}"#, "rule a, namespaces"),
        (#"{"id":"a","effect":"deny","namespaces":{"label":{}}}"#, "rule a, namespaces.label"),
        (#"{"id":"a","effect":"deny","namespaces":{"names":["X"]}}"#, "rule a, namespaces.names"),
        (#"{"id":"a","effect":"deny","namespaces":{"matchLabels":{}}}"#, "rule a, namespaces.matchLabels"),
        (#"{"id":"a","effect":"deny","namespaces":{"matchLabels":{"a":1}}}"#, "rule a, namespaces.matchLabels"),
        (#"{"id":"a","effect":"deny","namespaces":{"matchLabels":{"a b":"c"}}}"#, "rule a, namespaces.matchLabels"),
        (#"{"id":"a","effect":"deny","requires":["reason"]}"#, "rule a, requires"),
        (#"{"id":"a","effect":"allow","kinds":["exec"],"namespaces":"all","requires":["ticket"]}"#, "rule a, requires"),
        (#"{"id":"a","effect":"allow","kinds":["logs"],"namespaces":"all","audit":"full"}"#, "rule a, audit"),
        (#"{"id":"a","effect":"allow","kinds":["exec"],"namespaces":"all","audit":"some"}"#, "rule a, audit"),
        (#"{"id":"a","effect":"allow","kinds":["exec"]}"#, "rule a, namespaces"),
        (
            #"{"id":"a","effect":"allow","kinds":["http"],"namespaces":"all","groups":[""],"resources":["pods"]}"#,
            "rule a, verbs"
        ),
        (
            #"{"id":"a","effect":"allow","kinds":["http"],"namespaces":"all","verbs":["get"],"resources":["pods"]}"#,
            "rule a, groups"
        ),
        (
            #"{"id":"a","effect":"allow","kinds":["http"],"namespaces":"all","verbs":["get"],"groups":[""]}"#,
            "rule a, resources"
        ),
        (
            #"{"id":"a","effect":"allow","kinds":["http"],"namespaces":"all","verbs":["watch"],"groups":[""],"resources":["pods"]}"#,
            "rule a, verbs"
        ),
        (
            #"{"id":"a","effect":"allow","kinds":["apply"],"namespaces":"all","verbs":["patch"],"groups":[""],"resources":["pods"]}"#,
            "rule a, verbs"
        ),
        (
            #"{"id":"a","effect":"allow","kinds":["http"],"namespaces":"all","verbs":["get"],"groups":[""],"resources":["pods/exec"]}"#,
            "rule a, resources"
        ),
        (
            #"{"id":"a","effect":"allow","kinds":["http"],"namespaces":"all","verbs":["get"],"groups":[""],"resources":["services/proxy"]}"#,
            "rule a, resources"
        ),
        (
            #"{"id":"a","effect":"allow","kinds":["http"],"namespaces":"all","verbs":["create"],"groups":[""],"resources":["serviceaccounts/token"]}"#,
            "rule a, resources"
        ), ("7", "rule #1"), (#"{"id":"a","effect":"deny"},{"id":"a","effect":"deny"}"#, "rule a, id"),
        (
            #"{"id":"a","effect":"allow","kinds":["http"],"namespaces":"all","verbs":["patch"],"groups":[""],"resources":["namespaces"]},{"id":"b","effect":"allow","kinds":["logs"],"namespaces":{"matchLabels":{"a":"b"}}}"#,
            "rule a, resources"
        ),
    ])
    func `a mistake is told with rule, field and what must be true`(rule: String, start: String) {
        let found = problems(rule: rule)
        #expect(found.contains { $0.hasPrefix(start + ":") }, "\(found)")
    }

    @Test(arguments: [
        ("", "ends inside a value"), ("[]", "a policy is an object"),
        (#"{"version":2,"default":"deny","rules":[]}"#, "version: "),
        (#"{"version":"1","default":"deny","rules":[]}"#, "version: "),
        (#"{"version":1,"default":"allow","rules":[]}"#, "default: "),
        (#"{"version":1,"rules":[]}"#, "default: "), (#"{"version":1,"default":"deny"}"#, "rules: "),
        (#"{"version":1,"default":"deny","rules":{}}"#, "rules: "),
        (#"{"version":1,"default":"deny","rules":[],"rule":[]}"#, "rule: "),
        (#"{"version":1,"version":1,"default":"deny","rules":[]}"#, "version"),
        (#"{"version":1,"default":"deny","rules":[],"limits":{"maxBodyBytes":-1}}"#, "limits.maxBodyBytes: "),
        (#"{"version":1,"default":"deny","rules":[],"limits":{"maxBodyBytes":99999999}}"#, "limits.maxBodyBytes: "),
        (#"{"version":1,"default":"deny","rules":[],"limits":{"maxbodybytes":1}}"#, "limits.maxbodybytes: "),
        (#"{"version":1,"default":"deny","rules":[],"limits":7}"#, "limits: "),
        (#"{"version":1,"default":"deny","rules":[],"responses":{"keepSecrets":true}}"#, "responses.keepSecrets: "),
        (
            #"{"version":1,"default":"deny","rules":[],"responses":{"keepManagedFields":1}}"#,
            "responses.keepManagedFields: "
        ),
    ])
    func `the whole has rules, too`(text: String, start: String) {
        let found = problems(text)
        #expect(found.contains { $0.contains(start) }, "\(found)")
    }

    @Test func `a policy has a largest size`() {
        let rule = #"{"id":"ID","effect":"deny"}"#
        let rules = (0..<257).map { rule.replacing("ID", with: "r\($0)") }
        #expect(problems(rule: rules.joined(separator: ",")) == ["rules: at most 256 rules"])
        #expect(problems(rule: rules.dropLast().joined(separator: ",")).isEmpty)
        let names = (0..<65).map { "\"n\($0)\"" }.joined(separator: ",")
        #expect(problems(rule: #"{"id":"a","effect":"deny","names":[\#(names)]}"#).count == 1)
        #expect(problems(String(repeating: " ", count: Policy.byteLimit + 1)).count == 1)
        let deep = String(repeating: "[", count: 100)
        #expect(problems(deep).count == 1)
    }

    @Test func `all mistakes are told at once`() {
        let found = problems(
            #"{"version":2,"default":"allow","rules":[{"id":"a","effect":"allow","kinds":["x"]}],"more":1}"#)
        #expect(found.count >= 4)
    }
}
