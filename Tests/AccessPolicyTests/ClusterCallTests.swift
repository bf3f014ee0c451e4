import AccessPolicy
import Testing

@Suite struct ClusterCallTests {
    @Test(
        arguments: [
            ("/api/v1/namespaces/shop/pods", "", "v1", "pods", nil, "shop", nil),
            ("/api/v1/namespaces/shop/pods/web-1", "", "v1", "pods", nil, "shop", "web-1"),
            ("/api/v1/pods", "", "v1", "pods", nil, nil, nil),
            ("/api/v1/nodes/n1/status", "", "v1", "nodes", "status", nil, "n1"),
            ("/api/v1/namespaces", "", "v1", "namespaces", nil, nil, nil),
            ("/api/v1/namespaces/shop", "", "v1", "namespaces", nil, "shop", "shop"),
            ("/api/v1/namespaces/shop/status", "", "v1", "namespaces", "status", "shop", "shop"),
            (
                "/apis/apps/v1/namespaces/shop/deployments/web/scale", "apps", "v1", "deployments", "scale", "shop",
                "web"
            ),
            ("/apis/cilium.io/v2/ciliumnetworkpolicies", "cilium.io", "v2", "ciliumnetworkpolicies", nil, nil, nil),
            (
                "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node", "rbac.authorization.k8s.io", "v1",
                "clusterroles",
                nil, nil, "system:node"
            ),
        ] as [(String, String, String, String, String?, String?, String?)])
    func `a path names one thing`(
        path: String, group: String, version: String, resource: String, subresource: String?, namespace: String?,
        name: String?
    ) throws {
        let call = try ClusterCall(.http, method: "GET", path: path)
        let target = try #require(call.resource)
        #expect(target.group == group && target.version == version && target.resource == resource)
        #expect(target.subresource == subresource && target.namespace == namespace && target.name == name)
        #expect(target.path == path, "and is written so")
        #expect(call.target == path)
    }

    @Test(arguments: [
        // dots, encoded and not
        "/api/v1/namespaces/shop/pods/../secrets", "/api/v1/namespaces/shop/./pods", "/api/v1/namespaces/shop/pods/..",
        "/api/v1/namespaces/shop/pods/%2e%2e/secrets", "/api/v1/namespaces/shop/pods/%2E%2E/secrets",
        "/api/v1/namespaces/shop/pods/.%2e/secrets", "/api/v1/namespaces/%2e/pods", "/..", "/.", "/api/..",
        // encoded slash, backslash
        "/api/v1/namespaces/shop%2Fpods", "/api/v1/namespaces/shop%2fpods/x", "/api/v1/namespaces/shop/pods/a%5C..%5Cb",
        "/api/v1/namespaces/shop\\pods", "\\api\\v1\\pods",
        // twice encoded
        "/api/v1/namespaces/shop/pods/%252e%252e", "/api/v1/namespaces/shop%252Fpods", "/%2561pi",
        // what need not be encoded
        "/api/v1/namespaces/shop/%70ods", "/%61pi/v1/pods", "/api/v1/namespaces/shop/pods/we%62",
        // path parameters
        "/api/v1/namespaces/shop/pods;x=1", "/api/v1/namespaces/shop;/pods", "/api;v1/v1/pods",
        "/api/v1/namespaces/shop/pods/a;b",
        // case
        "/API/v1/pods", "/Api/v1/pods", "/api/V1/pods", "/api/v1/Namespaces/shop/pods", "/api/v1/namespaces/Shop/pods",
        "/api/v1/namespaces/shop/Pods", "/apis/Apps/v1/deployments", "/api/v1/namespaces/shop/pods/web/Exec",
        // empty segments
        "", "/", "//", "//api/v1/pods", "/api//v1/pods", "/api/v1//pods", "/api/v1/pods/", "/api/v1/namespaces//pods",
        "/api/v1/namespaces/shop//pods", "/api/", "/apis/", "/version/", "/api/v1/namespaces/shop/pods//",
        // overlong and broken UTF-8, other text
        "/api/v1/namespaces/shop/pods/%c0%ae%c0%ae", "/api/v1/namespaces/shop/pods/%C0%AF",
        "/api/v1/namespaces/shop/pods/%ff",
        "/api/v1/namespaces/shop/pods/%u002e", "/api/v1/namespaces/shöp/pods", "/api/v1/namespaces/shop/pods/．．/x",
        "/api/v1/namespaces/shop/pods/\u{2215}x", "/ａpi/v1/pods",
        // control characters, spaces
        "/api/v1/namespaces/shop/pods/a%00", "/api/v1/namespaces/shop/pods/a\0", "/api/v1/pods\r\nHost: x",
        "/api/v1/pods%0d%0aX:1", "/api/v1/namespaces/shop/pods/a b", "/api/v1/namespaces/shop/pods/a\t",
        " /api/v1/pods",
        "/api/v1/pods%20", "/api/v1/pods+", "/api/v1/namespaces/shop/pods/a%7F",
        // query and fragment in the path, other forms of a target
        "/api/v1/pods?watch=1", "/api/v1/pods#x", "/api/v1/pods%3Fwatch=1", "http://host/api/v1/pods", "*",
        "api/v1/pods",
        "/api/v1/namespaces/shop/pods/*", "/api/v1/pods/%", "/api/v1/pods/%2", "/api/v1/pods/%zz",
        // what the request-info resolver reads in its own way
        "/api/v1/watch/namespaces/shop/secrets", "/api/v1/watch/pods", "/api/v1/proxy/namespaces/shop/services/x",
        "/api/v1/namespaces/shop/watch/pods", "/api/v1/namespaces/shop/namespaces/x", "/apis/apps/v1/namespaces/shop",
        "/apis/apps/v1/namespaces", "/apis/apps/v1/namespaces/shop/status", "/api/v1/namespaces/shop/status/x",
        "/api/v1/namespaces/shop/finalize/x/y", "/api/v2/pods", "/apis/apps/v1/watch/deployments",
        "/api/v1/namespaces/shop/pods/web/log/x", "/api/v1/namespaces/shop/pods/web/proxy/metrics",
        // outside of resources
        "/metrics", "/logs", "/debug/pprof", "/livez", "/healthz", "/api/v1", "/apis/apps", "/apis/apps/v1",
        "/openapi/v2",
        "/openapi", "/version/x", "/readyz/etcd", "/apis/apps/v1/..", "/.well-known/openid-configuration",
        "/openid/v1/jwks",
        "/openapi/v3/../../api/v1/secrets", "/ui", "/swagger.json",
        // what no policy may allow
        "/api/v1/namespaces/shop/services/web/proxy", "/api/v1/namespaces/shop/services/https:web:443/proxy",
        "/api/v1/namespaces/shop/pods/web/proxy", "/api/v1/nodes/n1/proxy",
        "/api/v1/namespaces/shop/serviceaccounts/default/token",
        "/api/v1/namespaces/shop/pods/web/binding", "/api/v1/namespaces/shop/bindings",
        "/apis/example.com/v1/namespaces/shop/things/x/proxy",
    ])
    func `a path that could be read in a second way is no call`(path: String) {
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
            let error = refusal(.http, method, path, contentType: "application/merge-patch+json")
            #expect(error != nil, "\(method) \(path)")
        }
    }

    /// RFC 3986 §5.4: relative references that resolve elsewhere; §6.2.2: spellings that normalise to something else.
    @Test(arguments: [
        "/b/c/./g", "/b/c/g/", "/b/c/../g", "/b/c/../../g", "/b/c/../../../g", "/./g", "/../g", "/b/c/g.", "/b/c/.g",
        "/b/c/g..", "/b/c/..g", "/b/c/./../g", "/b/c/./g/.", "/b/c/g/./h", "/b/c/g/../h", "/b/c/g;x=1/./y",
        "/b/c/g;x=1/../y", "/b/c/d;p", "/a/./b/../b/%63/%7bfoo%7d", "/%7Esmith/home.html", "/%7esmith/home.html",
    ])
    func `references of RFC 3986 are refused under a resource and outside of it`(path: String) {
        #expect(refusal(.http, "GET", path) != nil)
        let below = refusal(.http, "GET", "/api/v1/namespaces" + path)
        let isPlain = ["/b/c/g.", "/b/c/.g", "/b/c/g..", "/b/c/..g"].contains(path)
        // A dot in a name is a name; `namespaces/b/c/g.` is the object `g.` of the resource `c`.
        #expect((below == nil) == isPlain)
    }

    @Test func `paths and names have a largest size`() {
        let name = String(repeating: "n", count: 253)
        #expect(refusal(.http, "GET", "/api/v1/namespaces/shop/pods/\(name)") == nil)
        #expect(refusal(.http, "GET", "/api/v1/namespaces/shop/pods/\(name)n") != nil)
        #expect(refusal(.http, "GET", "/api/v1/namespaces/\(String(repeating: "n", count: 64))/pods") != nil)
        #expect(refusal(.http, "GET", "/openapi/v3/" + String(repeating: "x", count: 2000)) != nil)
        #expect(refusal(.http, "GET", "/api/v1/pods", "continue=" + String(repeating: "x", count: 20_000)) != nil)
    }

    @Test(arguments: ["/version", "/readyz", "/api", "/apis", "/openapi/v3", "/openapi/v3/apis/apps/v1"])
    func `questions about the API are listed, and only asked`(path: String) throws {
        let call = try ClusterCall(.http, method: "GET", path: path, query: "timeout=32s")
        #expect(call.isDiscovery && call.target == path + "?timeout=32s")
        for method in ["POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "get", "CONNECT"] {
            #expect(refusal(.http, method, path) != nil)
        }
        #expect(refusal(.exec, "GET", path) != nil)
    }

    @Test(
        arguments: [
            ("GET", "/api/v1/namespaces/shop/pods", "", nil, "list"),
            ("GET", "/api/v1/namespaces/shop/pods/x", "", nil, "get"),
            ("GET", "/api/v1/namespaces/shop/pods", "watch=1", nil, "watch"),
            ("GET", "/api/v1/namespaces/shop/pods", "watch=true&limit=5", nil, "watch"),
            ("GET", "/api/v1/namespaces/shop/pods", "watch=0", nil, "list"),
            ("GET", "/api/v1/namespaces/shop/pods", "watch=false", nil, "list"),
            ("POST", "/api/v1/namespaces/shop/pods", "", "application/json", "create"),
            ("POST", "/api/v1/namespaces/shop/pods/x/eviction", "", "application/json", "create"),
            ("PUT", "/api/v1/namespaces/shop/pods/x", "", "application/json", "update"),
            ("PATCH", "/api/v1/namespaces/shop/pods/x", "", "application/merge-patch+json", "patch"),
            (
                "PATCH", "/api/v1/namespaces/shop/pods/x", "fieldManager=me", "application/apply-patch+yaml",
                "patch,create"
            ),
            ("DELETE", "/api/v1/namespaces/shop/pods/x", "", nil, "delete"),
            ("DELETE", "/api/v1/namespaces/shop/pods", "", nil, "deletecollection"),
        ] as [(String, String, String, String?, String)])
    func `method, path and query make the verbs`(
        method: String, path: String, query: String, type: String?, verbs: String
    ) throws {
        let call = try ClusterCall(.http, method: method, path: path, query: query, contentType: type)
        #expect(call.verbs.map(\.rawValue).joined(separator: ",") == verbs)
    }

    @Test(arguments: [
        ("HEAD", "/api/v1/namespaces/shop/pods"), ("OPTIONS", "/api/v1/pods"), ("get", "/api/v1/pods"),
        ("TRACE", "/api/v1/pods"),
        ("POST", "/api/v1/namespaces/shop/pods/x"), ("PUT", "/api/v1/namespaces/shop/pods"),
        ("PATCH", "/api/v1/namespaces/shop/pods"), ("DELETE", "/api/v1/namespaces/shop/pods/x/status"),
        ("POST", "/api/v1/namespaces/shop/pods/x/log"), ("PUT", "/api/v1/namespaces/shop/pods/x/exec"),
        ("", "/api/v1/pods"),
        ("GET ", "/api/v1/pods"), ("CONNECT", "/api/v1/namespaces/shop/pods/x/exec"),
    ])
    func `other methods are refused`(method: String, path: String) {
        #expect(refusal(.http, method, path, contentType: "application/merge-patch+json") != nil)
    }

    @Test func `a stream is what its call does, not what it says`() throws {
        let pod = "/api/v1/namespaces/shop/pods/x"
        #expect(
            refusal(.http, "GET", pod + "/exec", "command=id&stdout=true") != nil, "no exec in a stream of kind http")
        #expect(refusal(.http, "POST", pod + "/portforward", "ports=80") != nil)
        #expect(refusal(.logs, "GET", pod + "/exec") != nil)
        #expect(refusal(.watch, "GET", "/api/v1/namespaces/shop/pods") != nil, "a watch watches")
        #expect(refusal(.exec, "GET", pod) != nil)
        #expect(try ClusterCall(.http, method: "GET", path: pod + "/log", query: "follow=1").kind == .logs)
        #expect(try ClusterCall(.http, method: "GET", path: "/api/v1/pods", query: "watch=1").kind == .watch)
        let apply = try ClusterCall(
            .http, method: "PATCH", path: pod, query: "fieldManager=m",
            contentType: "Application/Apply-Patch+YAML; charset=utf-8")
        #expect(apply.kind == .apply)
        let exec = try ClusterCall(
            .exec, method: "GET", path: pod + "/exec", query: "command=ls&command=-l+%2Ftmp&container=a&stdout=true")
        #expect(exec.kind == .exec && exec.verbs == [.create] && exec.command == ["ls", "-l /tmp"])
    }

    @Test(arguments: [
        // twice
        "watch=1&watch=0", "watch=0&watch=1", "limit=1&limit=2", "watch=1&watch=1", "labelSelector=a&labelSelector=b",
        // odd values of flags, which the API server takes for true
        "watch=True", "watch=TRUE", "watch=", "watch=yes", "watch=2", "watch=1%20", "watch=+1", "watch=%31", "watch=t",
        // odd names
        "Watch=1", "WATCH=1", "w%61tch=1", "watch%00=1", "watch+=1", "+watch=1", "watch[]=1", "=1", "watch", "&watch=1",
        "watch=1&",
        "watch=1&&limit=1", "watch=1;limit=5", ";watch=1", "watch=0;watch=1", "watch=1#x", "wätch=1",
        // encodings
        "labelSelector=%", "labelSelector=%4", "labelSelector=%zz", "labelSelector=a%2fb", "labelSelector=%ff",
        "labelSelector=%C0%AF", "labelSelector=%ED%A0%80", "labelSelector=%00", "labelSelector=%0A",
        "labelSelector=%C2%85",
        "labelSelector=a b", "labelSelector=a\"b", "labelSelector=a<b", "labelSelector=é", "labelSelector=a|b",
        // values
        "limit=-1", "limit=1e3", "limit=0x10", "limit=", "limit=1234567890123456789", "resourceVersionMatch=exact",
        "timeoutSeconds=5m", "timeout=5", "timeout=1h1", "pretty=2", "allowWatchBookmarks=TRUE",
        // parameters of other calls
        "follow=1", "command=id", "force=true", "dryRun=All", "fieldManager=x", "insecureSkipTLSVerifyBackend=true",
        "path=/etc", "as=admin", "impersonate=admin", "container=x", "export=true", "includeUninitialized=true",
    ])
    func `a query with two meanings, or none, is refused`(query: String) {
        #expect(refusal(.http, "GET", "/api/v1/namespaces/shop/pods", query) != nil)
    }

    @Test(arguments: [
        ("follow=1", true), ("follow=true&tailLines=10&timestamps=true&container=web", true), ("follow=True", false),
        ("follow=1&follow=0", false), ("sinceTime=2026-01-01T00:00:00Z", true),
        ("insecureSkipTLSVerifyBackend=true", false),
        ("insecureSkipTLSVerifyBackend=false", false), ("limitBytes=10&previous=false", true), ("watch=1", false),
    ])
    func `logs have parameters of their own`(query: String, isTaken: Bool) {
        #expect((refusal(.logs, "GET", "/api/v1/namespaces/shop/pods/x/log", query) == nil) == isTaken)
    }

    @Test(arguments: ["watch=1", "follow=1", "labelSelector=a", "dryRun=All"])
    func `what reads one object neither watches nor selects`(query: String) {
        #expect(refusal(.http, "GET", "/api/v1/namespaces/shop/pods/x", query) != nil)
    }

    @Test func `writes say how, in words that the API knows`() {
        let pods = "/api/v1/namespaces/shop/pods"
        for (query, isTaken) in [
            ("dryRun=All&fieldManager=kubectl-create&fieldValidation=Strict", true), ("dryRun=all", false),
            ("dryRun=", false),
            ("dryRun=All&dryRun=All", false), ("force=true", false), ("fieldManager=a%0Ab", false),
            ("fieldValidation=None", false),
            ("fieldManager=" + String(repeating: "m", count: 129), false), ("propagationPolicy=Orphan", false),
        ] {
            #expect(
                (refusal(.http, "POST", pods, query, contentType: "application/json") == nil) == isTaken, "\(query)")
        }
        #expect(refusal(.http, "DELETE", pods + "/x", "propagationPolicy=Background&gracePeriodSeconds=0") == nil)
        #expect(refusal(.http, "DELETE", pods + "/x", "propagationPolicy=background") != nil)
        #expect(
            refusal(
                .http, "PATCH", pods + "/x", "force=true&fieldManager=a", contentType: "application/apply-patch+yaml")
                == nil)
        #expect(refusal(.http, "PATCH", pods + "/x", "force=true", contentType: "application/merge-patch+json") != nil)
        for type in ["application/json", "application/yaml", "text/plain", "application/apply-patch+cbor", "", nil] {
            #expect(refusal(.http, "PATCH", pods + "/x", contentType: type) != nil, "\(type ?? "none")")
        }
    }

    @Test func `a query is written anew from what was understood`() throws {
        let call = try ClusterCall(
            .http, method: "GET", path: "/api/v1/pods",
            query: "labelSelector=a%3Db,c+in+(d)&limit=500&fieldSelector=spec.nodeName=n1")
        #expect(
            call.target
                == "/api/v1/pods?labelSelector=a%3Db%2Cc+in+%28d%29&limit=500&fieldSelector=spec.nodeName%3Dn1")
    }
}
