import AccessPolicy
import HTTP
import Testing

@Suite struct CallHeadersTests {
    private let call: ClusterCall
    init() throws { call = try ClusterCall(.http, method: "GET", path: "/api/v1/namespaces/shop/secrets") }

    @Test(arguments: [
        "Impersonate-User", "impersonate-group", "IMPERSONATE-UID", "Impersonate-Extra-scopes", "X-Remote-User",
        "x-remote-group", "X-Remote-Extra-a",
    ])
    func `nobody speaks for somebody else`(name: String) {
        #expect(throws: AccessError.self) { try CallHeaders.forCluster([name: "admin"], of: call) }
    }

    @Test func `only what a call needs is passed on`() throws {
        let passed = try CallHeaders.forCluster(
            [
                "Authorization": "Bearer x", "Cookie": "a=b", "Proxy-Authorization": "x", "Connection": "upgrade",
                "Upgrade": "websocket", "Transfer-Encoding": "chunked", "TE": "trailers", "X-Forwarded-For": "1.2.3.4",
                "Forwarded": "for=1", "Host": "evil", "Accept-Encoding": "gzip", "Content-Type": "application/json",
                "User-Agent": "kubectl/1.32", "traceparent": "00-1-2-3", "X-Original-URL": "/admin",
                "Range": "bytes=0-1",
            ], of: call)
        #expect(
            passed.fields.map(\.name).sorted() == ["accept", "content-type", "traceparent", "user-agent"])
        #expect(passed["accept"] == "application/json")
    }

    @Test(arguments: [
        ("application/vnd.kubernetes.protobuf", "application/json"),
        ("application/vnd.kubernetes.protobuf, application/json", "application/json"),
        ("application/cbor", "application/json"),
        ("*/*", "application/json"), ("application/yaml", "application/json"),
        (
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json",
            "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
        ),
        ("application/json;stream=watch", "application/json;stream=watch"),
        ("Application/JSON", "application/json"), ("application/json\r\nx: y", "application/json"),
    ])
    func `answers are asked for in JSON`(accept: String, expected: String) throws {
        #expect(try CallHeaders.forCluster(["accept": accept], of: call)["accept"] == expected)
    }

    @Test func `a field that two readers could take differently is refused`() {
        var twice = Headers()
        twice.add("content-type", "application/json")
        twice.add("content-type", "application/apply-patch+yaml")
        #expect(throws: AccessError.self) { try CallHeaders.forCluster(twice, of: call) }
        #expect(throws: AccessError.self) {
            try CallHeaders.forCluster(["user-agent": "a\r\nImpersonate-User: b"], of: call)
        }
    }

    @Test func `an answer keeps what its reader needs`() {
        let answer: Headers = [
            "Content-Type": "application/json", "Content-Length": "12", "ETag": "x", "Set-Cookie": "a",
            "Warning": "299 - \"old\"",
            "Retry-After": "1", "X-Content-Type-Options": "nosniff", "Transfer-Encoding": "chunked",
            "Connection": "close",
        ]
        #expect(
            CallHeaders.forCaller(answer, isChanged: true).fields.map(\.name) == [
                "content-type", "warning", "retry-after",
            ])
        #expect(CallHeaders.forCaller(answer, isChanged: false)["content-length"] == "12")
    }
}
