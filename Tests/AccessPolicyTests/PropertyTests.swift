import AccessPolicy
import Glibc
import RequestReader
import TestKit
import Testing

/// No call outside of the allow list reaches the API server, however it is spelled and whoever reads it on the way.
@Suite struct PropertyTests {
    /// What the rules below mean, said once more without them.
    private static func isPermitted(_ info: RequestInfo) -> Bool {
        if let path = info.plainPath {
            let isListed = ["/version", "/readyz", "/api", "/apis", "/openapi/v3"].contains(path)
            return info.verb == "get" && (isListed || path.hasPrefix("/openapi/v3/") && !path.contains("/."))
        }
        let isDevelopment = info.namespace == "dev-a" || info.namespace == "dev-b"
        switch (info.group, info.resource, info.subresource) {
        case ("apps", "deployments", ""), ("apps", "deployments", "scale"):
            return info.namespace == "shop" && ["get", "list", "watch", "create", "patch"].contains(info.verb)
        case ("", "pods", ""): return isDevelopment && ["get", "list", "delete"].contains(info.verb)
        case ("", "pods", "log"): return isDevelopment && info.verb == "get"
        case ("", "nodes", ""): return info.verb == "list" && info.namespace.isEmpty
        default: return false
        }
    }

    private static let text = """
        {"version":1,"default":"deny","rules":[
          {"id":"apps","effect":"allow","kinds":["http","watch","apply"],"verbs":["get","list","watch","create","patch"],
           "groups":["apps"],"resources":["deployments","deployments/scale"],"namespaces":{"names":["shop"]}},
          {"id":"pods","effect":"allow","kinds":["http","logs"],"verbs":["get","list","delete"],"groups":[""],
           "resources":["pods","pods/log"],"namespaces":{"matchLabels":{"env":"dev"}}},
          {"id":"nodes","effect":"allow","kinds":["http"],"verbs":["list"],"groups":[""],"resources":["nodes"],"namespaces":"none"}]}
        """

    private static func labels(_ namespace: String) -> [String: String]? {
        ["dev-a": ["env": "dev"], "dev-b": ["env": "dev"], "prod": ["env": "prod"], "kube-system": [:]][namespace]
    }

    /// 100 000 in the suite; `POLDER_POLICY_PATHS=1000000` for the million, another seed each time it is set.
    @Test func `what is allowed means the same to everybody, and is on the list`() throws {
        let wanted = getenv("POLDER_POLICY_PATHS").flatMap { Int(String(cString: $0)) }
        let count = wanted ?? 100_000
        let seed = wanted == nil ? 1 : UInt64.random(in: 0 ... .max)
        let policy = try policy(Self.text)
        var maker = PathMaker(seed: seed)
        var allowed = 0
        var refused = 0
        for _ in 0..<count {
            let (method, bytes) = maker.next()
            let parts = bytes.split(separator: 0x3F, maxSplits: 1, omittingEmptySubsequences: false)
            let path = String(decoding: parts[0], as: UTF8.self)
            let query = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
            let call: ClusterCall
            do {
                call = try ClusterCall(
                    .http, method: method, path: path, query: query, contentType: "application/merge-patch+json")
            } catch {
                refused += 1
                continue
            }
            guard policy.judge(call, labels: Self.labels).isAllowed else { continue }
            allowed += 1
            for target in [bytes, Array(call.target.utf8)] {
                for habit in RequestInfo.Habit.allCases {
                    guard let info = RequestInfo(method: method, target: target, habit), Self.isPermitted(info) else {
                        Issue.record(
                            "\(method) \(String(decoding: target, as: UTF8.self)) was allowed; read as \(habit), seed \(seed)"
                        )
                        return
                    }
                }
            }
        }
        print("policy paths: \(count) made, \(allowed) allowed, \(refused) refused as calls")
        // Otherwise the property holds because nothing passes.
        #expect(allowed > count / 50)
        #expect(refused > count / 4)
    }

    @Test func `the second reader knows the tricks`() {
        let trick = Array("/api/v1/namespaces/dev-a/pods/%2e%2e/secrets".utf8)
        #expect(RequestInfo(method: "GET", target: trick, .plain)?.subresource == "secrets")
        #expect(RequestInfo(method: "GET", target: trick, .clean)?.resource == "secrets")
        #expect(RequestInfo(method: "GET", target: Array("/api/v1/watch/pods".utf8), .plain)?.verb == "watch")
        #expect(RequestInfo(method: "GET", target: Array("/api/v1/pods?watch=No".utf8), .plain)?.verb == "watch")
        #expect(RequestInfo(method: "DELETE", target: Array("/api/v1/pods".utf8), .plain)?.verb == "deletecollection")
        #expect(
            RequestInfo(method: "GET", target: Array("/api/v1/namespaces/a/pods;x/b".utf8), .parameters)?.resource
                == "pods")
        #expect(RequestInfo(method: "GET", target: Array("/api/v1/%zz".utf8), .plain) == nil)
    }
}
