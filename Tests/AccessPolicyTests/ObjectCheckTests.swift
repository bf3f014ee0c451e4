import AccessPolicy
import Testing

@Suite struct ObjectCheckTests {
    private func refusal(
        _ method: String, _ path: String, _ type: String?, _ body: String, expectedKind: String? = nil
    ) throws -> AccessError? {
        let call = try ClusterCall(.http, method: method, path: path, contentType: type)
        do {
            _ = try call.checked(body: Array(body.utf8), expectedKind: expectedKind)
            return nil
        } catch { return error }
    }

    private let json = "application/json"
    private let maps = "/api/v1/namespaces/shop/configmaps"

    @Test func `an object that belongs to its path passes`() throws {
        #expect(
            try refusal("POST", maps, json, #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#) == nil)
        #expect(
            try refusal(
                "POST", maps, json,
                #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"a-","namespace":"shop"}}"#)
                == nil)
        #expect(
            try refusal("PUT", maps + "/a", json, #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#)
                == nil)
        #expect(
            try refusal(
                "PUT", "/apis/apps/v1/namespaces/shop/deployments/w/scale", json,
                #"{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"w","namespace":"shop"}}"#) == nil)
        #expect(
            try refusal(
                "POST", "/api/v1/namespaces/shop/pods/w/eviction", json,
                #"{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"w","namespace":"shop"}}"#) == nil)
        #expect(
            try refusal(
                "PATCH", maps + "/a", "application/apply-patch+yaml",
                #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{}}"#) == nil)
        #expect(try refusal("PATCH", maps + "/a", "application/merge-patch+json", #"{"data":{"a":null}}"#) == nil)
        #expect(try refusal("DELETE", maps + "/a", json, #"{"kind":"DeleteOptions","apiVersion":"v1"}"#) == nil)
        #expect(try refusal("DELETE", maps + "/a", nil, "") == nil)
        #expect(
            try refusal(
                "POST", "/apis/example.com/v1/namespaces/shop/things", json,
                #"{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"t"}}"#) == nil)
    }

    @Test(arguments: [
        #"{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}"#,
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"kube-system"}}"#,
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":null}}"#,
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":""}}"#,
        #"{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"a"}}"#,
        #"{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"a"}}"#,
        #"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Secret"}]}"#,
        #"{"apiVersion":"v1","kind":"ConfigMap","kind":"Secret","metadata":{"name":"a"}}"#,
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"../x"}}"#,
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":7}}"#,
        #"{"apiVersion":"v1","kind":"ConfigMap","metadata":[]}"#,
        #"{"kind":"ConfigMap","metadata":{"name":"a"}}"#, #"{"apiVersion":"v1"}"#, "[]", "", "null", "7", "{}x", "{",
        "apiVersion: v1\nkind: ConfigMap\n", "k8s\0\u{0a}",
    ])
    func `an object that contradicts its path is not sent`(body: String) throws {
        #expect(try refusal("POST", maps, json, body) != nil)
        #expect(try refusal("PUT", maps + "/a", json, body) != nil)
        #expect(try refusal("PATCH", maps + "/a", "application/apply-patch+yaml", body) != nil)
    }

    @Test func `another name than the path's is refused where the path has one`() throws {
        let other = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}"#
        let unnamed = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}"#
        for body in [other, unnamed, #"{"apiVersion":"v1","kind":"ConfigMap"}"#] {
            #expect(try refusal("PUT", maps + "/a", json, body) != nil)
            #expect(try refusal("PATCH", maps + "/a", "application/apply-patch+yaml", body) != nil)
        }
        #expect(try refusal("PATCH", maps + "/a", "application/merge-patch+json", #"{"metadata":{"name":"b"}}"#) != nil)
        #expect(
            try refusal(
                "PATCH", maps + "/a", "application/merge-patch+json", #"{"metadata":{"namespace":"kube-system"}}"#)
                != nil)
    }

    @Test func `a JSON patch leaves the object where it is`() throws {
        let type = "application/json-patch+json"
        #expect(try refusal("PATCH", maps + "/a", type, #"[{"op":"replace","path":"/data/x","value":"y"}]"#) == nil)
        for body in [
            #"[{"op":"replace","path":"/metadata/namespace","value":"kube-system"}]"#,
            #"[{"op":"replace","path":"","value":{}}]"#,
            #"[{"op":"add","path":"/kind","value":"Secret"}]"#, #"[{"path":"/data"}]"#, #"[7]"#, "{}",
        ] {
            #expect(try refusal("PATCH", maps + "/a", type, body) != nil, "\(body)")
        }
    }

    @Test func `the kind that the API named is the only one`() throws {
        let path = "/apis/example.com/v1/namespaces/shop/things"
        let body = #"{"apiVersion":"example.com/v1","kind":"Secret","metadata":{"name":"t"}}"#
        #expect(try refusal("POST", path, json, body, expectedKind: "Thing") != nil)
        #expect(
            try refusal(
                "POST", "/apis/apps/v1/namespaces/shop/things", json, #"{"apiVersion":"apps/v1","kind":"Deployment"}"#)
                != nil, "a kind of Kubernetes has its own resource")
    }

    @Test func `bodies are JSON, and only where a call has one`() throws {
        let map = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"#
        for type in ["application/vnd.kubernetes.protobuf", "application/yaml", "application/cbor", "text/plain", nil] {
            #expect(try refusal("POST", maps, type, map) != nil)
        }
        #expect(try refusal("GET", maps + "/a", json, map) != nil)
        #expect(try refusal("GET", maps, json, map) != nil)
        #expect(try refusal("DELETE", maps + "/a", json, map) != nil, "not DeleteOptions")
        #expect(try refusal("POST", maps, json, "") != nil)
        let exec = try ClusterCall(
            .exec, method: "POST", path: "/api/v1/namespaces/shop/pods/x/exec", contentType: json)
        #expect(throws: AccessError.self) { try exec.checked(body: Array(map.utf8)) }
    }

    @Test func `a created object gets its name from the body, for rules that go by names`() throws {
        let policy = try policy(
            """
            {"version":1,"default":"deny","rules":[
              {"id":"mine","effect":"allow","kinds":["http"],"verbs":["create"],"groups":[""],"resources":["configmaps"],
               "namespaces":"all","names":["mine"]}]}
            """)
        for (name, isAllowed) in [("mine", true), ("other", false)] {
            let call = try ClusterCall(.http, method: "POST", path: maps, contentType: json)
            #expect(!policy.judge(call, labels: labels(of:)).isAllowed, "no name, no match")
            let body = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\#(name)"}}"#
            let named = try call.checked(body: Array(body.utf8))
            #expect(policy.judge(named, labels: labels(of:)).isAllowed == isAllowed)
            #expect(named.target == maps, "it is still made in its collection")
        }
    }
}
