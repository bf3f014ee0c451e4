import EventLoop
import HTTP
import JSON
import Kubernetes
import Net
import System
import TLS
import TestKit
import Testing

/// A fake API server (`Tests/Strangers/kube_api.py`), which kubectl judges in `FakeServerTests`, and a client of it.
final class KubeRig: Sendable {
    let folder: TemporaryFolder
    let server: RunningTool
    let port: Int
    let loop: EventLoop
    let client: KubernetesClient
    let access: ClusterAccess
    private let control: HTTPClient

    init(options: KubernetesClientOptions = KubernetesClientOptions()) async throws {
        folder = try TemporaryFolder()
        let authority = try TestAuthority(in: folder)
        try authority.issue("server")
        try authority.issue("client")
        _ = try folder.write("token", Array("t-1".utf8))
        server = try RunningTool(
            try Strangers.python,
            [
                Strangers.packageRoot + "/Tests/Strangers/kube_api.py", "--tls", folder.path, "--client-ca",
                folder.file("ca.pem"), "--token", "t-1",
            ])
        try await server.waitForText(" end")
        port = try #require(Int(server.output.split(separator: " ")[1]))
        loop = try EventLoop(name: "kube-test")
        access = try ClusterAccess(
            server: "https://127.0.0.1:\(port)", files: TLSFiles(authorities: folder.file("ca.pem")),
            credentials: .tokenFile(folder.file("token")))
        client = KubernetesClient(access, on: loop, options: options)
        control = HTTPClient(
            on: loop, tls: try TLSClientContext(TLSFiles(authorities: folder.file("ca.pem")), protocols: [.http1]))
    }

    deinit {
        client.shutDown()
        control.shutDown()
        loop.stop()
        server.terminate()
    }

    /// Asks the fake for something beside the API.
    @discardableResult
    func control(_ word: String, _ wish: JSONValue? = nil) async throws -> JSONValue {
        let request = Request(wish == nil ? .get : .post, "/_control/\(word)", body: wish?.bytes() ?? [])
        let response = try await control.send(
            request, to: .tcp(host: "127.0.0.1", port: port, isSecure: true), deadline: .seconds(60))
        #expect(response.status == .ok)
        return try JSONValue.parse(response.body)
    }

    /// The requests that have come, oldest first.
    func requests(_ path: String) async throws -> [JSONValue] {
        (try await control("requests").array ?? []).filter { $0["path"]?.string?.contains(path) ?? false }
    }

    static func configMap(_ name: String, _ data: [String: String] = ["key": "value"]) -> JSONValue {
        var object = JSONObject()
        for (name, value) in data.sorted(by: { $0.key < $1.key }) { object[name] = .string(value) }
        return ["apiVersion": "v1", "kind": "ConfigMap", "metadata": ["name": .string(name)], "data": .object(object)]
    }

    static func path(_ name: String) -> ResourcePath { ResourcePath(.configMaps, namespace: "default", name: name) }

    static let configMaps = ResourcePath(.configMaps, namespace: "default")

    /// Makes a pod that does what its annotations say.
    func makePod(_ name: String, _ annotations: [String: String] = [:]) async throws {
        var notes = JSONObject()
        for (name, value) in annotations { notes["fake/" + name] = .string(value) }
        _ = try await client.create(
            [
                "apiVersion": "v1", "kind": "Pod", "metadata": ["name": .string(name), "annotations": .object(notes)],
                "spec": ["containers": [["name": "main", "image": "fake"]]],
            ], in: ResourcePath(.pods, namespace: "default"))
    }
}
