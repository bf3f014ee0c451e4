import AccessPolicy
import Testing

@Suite struct JudgementTests {
    private let policy: Policy
    init() throws { policy = try AccessPolicyTests.policy(ownersPolicy) }

    @Test(
        arguments: [
            (.http, "GET", "/api/v1/namespaces/shop/pods", "", "apps", true),
            (.watch, "GET", "/api/v1/namespaces/shop/pods", "watch=1", "apps", true),
            (.http, "GET", "/apis/apps/v1/namespaces/shop/deployments/web", "", "apps", true),
            (.http, "GET", "/apis/apps/v1/namespaces/shop/deployments/web/scale", "", "apps", true),
            (.http, "GET", "/apis/apps/v1/namespaces/shop/deployments/web/status", "", "(default)", false),
            (.http, "GET", "/api/v1/namespaces/shop/secrets", "", "no-secret-read", false),
            (.http, "GET", "/api/v1/namespaces/shop/secrets", "watch=1", "no-secret-read", false),
            (.http, "GET", "/api/v1/namespaces/shop/secrets/x", "", "no-secret-read", false),
            (.http, "DELETE", "/api/v1/namespaces/shop/secrets/x", "", "apps", true),
            (.http, "DELETE", "/api/v1/namespaces/shop/pods", "", "(default)", false),
            (.http, "GET", "/api/v1/namespaces/kube-system/pods", "", "(default)", false),
            (.http, "GET", "/api/v1/namespaces/unknown/pods", "", "apps", false),
            (.http, "GET", "/api/v1/pods", "", "(default)", false),
            (.http, "GET", "/api/v1/pods", "fieldSelector=metadata.namespace=shop", "(default)", false),
            (.http, "GET", "/api/v1/secrets", "", "no-secret-read", false),
            (.logs, "GET", "/api/v1/namespaces/shop/pods/web/log", "follow=1", "logs", true),
            (.http, "GET", "/api/v1/namespaces/shop/pods/web/log", "", "logs", true),
            (.logs, "GET", "/api/v1/namespaces/kube-system/pods/web/log", "", "(default)", false),
            (.exec, "GET", "/api/v1/namespaces/dev/pods/web/exec", "command=sh", "shell", false),
            (.exec, "GET", "/api/v1/namespaces/shop/pods/web/exec", "command=sh", "(default)", false),
            (.exec, "GET", "/api/v1/namespaces/dev/pods/web/attach", "stdin=true", "(default)", false),
            (.portforward, "GET", "/api/v1/namespaces/dev/pods/web/portforward", "", "(default)", false),
            (.http, "GET", "/api/v1/nodes", "", "nodes", true),
            (.http, "GET", "/api/v1/nodes/n1", "", "(default)", false),
            (.http, "GET", "/api/v1/nodes", "watch=1", "(default)", false),
            (.http, "GET", "/api/v1/namespaces", "", "(default)", false),
            (.http, "GET", "/api/v1/namespaces/shop", "", "(default)", false),
            (.http, "GET", "/apis/coordination.k8s.io/v1/namespaces/pdp/leases/pdp-agent-leader", "", "lease", true),
            (.http, "GET", "/apis/coordination.k8s.io/v1/namespaces/pdp/leases/other", "", "(default)", false),
            (.http, "GET", "/apis/coordination.k8s.io/v1/namespaces/pdp/leases", "", "(default)", false),
            (.http, "GET", "/apis/extensions/v1beta1/namespaces/shop/deployments", "", "(default)", false),
            (.http, "GET", "/apis/batch/v1/namespaces/shop/pods", "", "apps", true),
            (.http, "GET", "/version", "", "(discovery)", true), (.http, "GET", "/metrics", "", "(refused)", false),
            (.http, "GET", "/api/v1/namespaces/shop/serviceaccounts/x/token", "", "(refused)", false),
        ] as [(ClusterCall.Kind, String, String, String, String, Bool)])
    func `a decision names what decided`(
        kind: ClusterCall.Kind, method: String, path: String, query: String, rule: String, isAllowed: Bool
    ) {
        let decision = policy.judge(kind, method, path, query)
        #expect(decision.isAllowed == isAllowed && decision.ruleID == rule, "\(decision.explanation)")
    }

    @Test func `a shell needs a reason, and is recorded`() {
        let path = "/api/v1/namespaces/dev/pods/web/exec"
        for reason in [nil, "", "  \n"] {
            let decision = policy.judge(.exec, "GET", path, "command=sh", reason: reason)
            #expect(decision.basis == .reasonMissing("shell") && !decision.isAllowed)
        }
        let decision = policy.judge(.exec, "GET", path, "command=sh", reason: "ticket 12")
        #expect(decision.isAllowed && decision.recordsFully && decision.basis == .rule("shell"))
    }

    @Test func `server-side apply needs both of its verbs`() throws {
        let object = "/api/v1/namespaces/shop/configmaps/a"
        let apply = "application/apply-patch+yaml"
        #expect(policy.judge(.http, "PATCH", object, "fieldManager=a", contentType: apply).isAllowed)
        let patchOnly = try AccessPolicyTests.policy(
            """
            {"version":1,"default":"deny","rules":[
              {"id":"p","effect":"allow","kinds":["http"],"verbs":["patch"],"groups":[""],"resources":["configmaps"],"namespaces":"all"}]}
            """)
        #expect(!patchOnly.judge(.http, "PATCH", object, "fieldManager=a", contentType: apply).isAllowed)
        #expect(patchOnly.judge(.http, "PATCH", object, contentType: "application/merge-patch+json").isAllowed)
        let noCreate = try AccessPolicyTests.policy(
            """
            {"version":1,"default":"deny","rules":[
              {"id":"d","effect":"deny","verbs":["create"],"resources":["configmaps"]},
              {"id":"p","effect":"allow","kinds":["http","apply"],"verbs":["patch","create"],"groups":[""],
               "resources":["configmaps"],"namespaces":"all"}]}
            """)
        #expect(noCreate.judge(.apply, "PATCH", object, contentType: apply).basis == .rule("d"))
    }

    @Test func `a rule that denies is in doubt for the plane`() throws {
        let policy = try AccessPolicyTests.policy(
            """
            {"version":1,"default":"deny","rules":[
              {"id":"all","effect":"allow","kinds":["http","logs","exec","watch"],
               "verbs":["get","list","watch","create","deletecollection"],"groups":["","example.com"],
               "resources":["pods","pods/log","pods/exec","configmaps","nodes","things","pods/status"],
               "namespaces":"all"},
              {"id":"look","effect":"allow","kinds":["http"],"verbs":["get","list"],"groups":[""],"resources":["namespaces"],
               "namespaces":"all"},
              {"id":"not-system","effect":"deny","namespaces":{"names":["kube-system"]}},
              {"id":"not-secret","effect":"deny","namespaces":{"matchLabels":{"secret":"yes"}},"resources":["configmaps"]},
              {"id":"not-this","effect":"deny","names":["hidden"],"resources":["things"]},
              {"id":"no-pod-writes","effect":"deny","verbs":["create"],"resources":["pods"]}]}
            """)
        let denied: [(String, String, String, String)] = [
            ("GET", "/api/v1/namespaces/kube-system/pods", "", "not-system"), ("GET", "/api/v1/pods", "", "not-system"),
            ("GET", "/api/v1/namespaces/kube-system", "", "not-system"),
            ("GET", "/api/v1/namespaces", "", "not-system"),
            ("GET", "/api/v1/namespaces/unknown/configmaps", "", "not-secret"),
            ("GET", "/apis/example.com/v1/namespaces/shop/things", "", "not-this"),
            ("GET", "/apis/example.com/v1/namespaces/shop/things/hidden", "", "not-this"),
            ("GET", "/apis/example.com/v1/namespaces/shop/things", "fieldSelector=metadata.name=hidden", "not-this"),
            ("POST", "/apis/example.com/v1/namespaces/shop/things", "", "not-this"),
            ("POST", "/api/v1/namespaces/shop/pods", "", "no-pod-writes"),
        ]
        for (method, path, query, rule) in denied {
            let decision = policy.judge(.http, method, path, query, contentType: "application/json")
            #expect(decision.basis == .rule(rule) && !decision.isAllowed, "\(path) \(decision.explanation)")
        }
        let exec = policy.judge(.exec, "GET", "/api/v1/namespaces/shop/pods/x/exec", "command=sh")
        #expect(exec.basis == .rule("no-pod-writes"), "who denies pods denies their subresources")
        let allowed: [(String, String, String)] = [
            ("GET", "/api/v1/namespaces/shop/configmaps", ""), ("GET", "/api/v1/nodes", ""),
            ("GET", "/api/v1/nodes/n1", ""),
            ("GET", "/apis/example.com/v1/namespaces/shop/things/seen", ""),
            ("GET", "/apis/example.com/v1/namespaces/shop/things", "fieldSelector=metadata.name=seen"),
        ]
        for (method, path, query) in allowed {
            #expect(policy.judge(.http, method, path, query).isAllowed, "\(path)")
        }
    }

    @Test func `names are of one object, or the rule does not match`() throws {
        let policy = try AccessPolicyTests.policy(
            """
            {"version":1,"default":"deny","rules":[
              {"id":"one","effect":"allow","kinds":["http","watch"],"verbs":["get","list","watch","deletecollection"],"groups":[""],
               "resources":["configmaps"],"namespaces":"all","names":["mine"]}]}
            """)
        let maps = "/api/v1/namespaces/shop/configmaps"
        #expect(policy.judge(.http, "GET", maps + "/mine").isAllowed)
        #expect(policy.judge(.watch, "GET", maps, "watch=1&fieldSelector=metadata.name%3Dmine").isAllowed)
        for query in [
            "", "fieldSelector=metadata.name%3Dother", "fieldSelector=metadata.name!=mine",
            "labelSelector=metadata.name=mine",
            "fieldSelector=metadata.name=mine,metadata.name=other", "fieldSelector=%20metadata.name=mine",
        ] {
            #expect(!policy.judge(.http, "GET", maps, query).isAllowed, "\(query)")
        }
        #expect(!policy.judge(.http, "DELETE", maps, "fieldSelector=metadata.name=mine").isAllowed)
    }

    @Test func `a policy without rules denies everything but questions`() {
        #expect(!Policy.denyAll.judge(.http, "GET", "/api/v1/namespaces/shop/pods").isAllowed)
        #expect(Policy.denyAll.judge(.http, "GET", "/api").isAllowed)
    }
}
