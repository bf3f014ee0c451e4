import EventLoop
import JSON
import Kubernetes
import TLS
import TestKit

/// A fake API server and a client of it.
final class KubeRig: Sendable {
    let fake: FakeKubernetes
    let loop: EventLoop
    let client: KubernetesClient
    let access: ClusterAccess

    init(options: KubernetesClientOptions = KubernetesClientOptions()) async throws {
        fake = try await FakeKubernetes()
        loop = try EventLoop(name: "kube-test")
        access = try ClusterAccess(
            server: fake.url, files: TLSFiles(authorities: fake.authority),
            credentials: .tokenFile(fake.folder.file("token")))
        client = KubernetesClient(access, on: loop, options: options)
    }

    deinit {
        client.shutDown()
        loop.stop()
    }

    var folder: TemporaryFolder { fake.folder }
    var port: Int { fake.port }

    @discardableResult
    func control(_ word: String, _ wish: JSONValue? = nil) async throws -> JSONValue {
        try await fake.control(word, wish)
    }

    func requests(_ path: String) async throws -> [JSONValue] { try await fake.requests(path) }

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
