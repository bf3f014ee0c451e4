import Faults
import HTTP
import JSON
import Kubernetes
import System
import TLS
import TestKit
import Testing

@Suite struct ClusterAccessTests {
    @Test func `in a cluster everything comes from the pod's own folder and environment`() async throws {
        let rig = try await KubeRig()
        let folder = try TemporaryFolder()
        _ = try folder.write("token", Array("t-1\n".utf8))
        _ = try folder.write("namespace", Array("apps\n".utf8))
        _ = try folder.write("ca.crt", try File.read(rig.folder.file("ca.pem")))
        let environment = ["KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "\(rig.port)"]
        let access = try ClusterAccess.inCluster(environment: environment, folder: folder.path)
        #expect(access.namespace == "apps")
        let client = KubernetesClient(access, on: rig.loop)
        _ = try await client.get(ResourcePath(.namespaces, name: "default"))
        client.shutDown()
        #expect(try await rig.requests("namespaces").last?["user"] == "token:t-1")
        #expect(throws: KubernetesError.self) { try ClusterAccess.inCluster(environment: [:], folder: folder.path) }
        _ = try ClusterAccess.inCluster(
            environment: ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"], folder: folder.path)
    }

    private func kubeconfig(_ rig: KubeRig, cluster: String, user: String) throws -> String {
        let text = """
            apiVersion: v1
            kind: Config
            current-context: main
            contexts:
            - {name: main, context: {cluster: fake, user: me, namespace: apps}}
            - {name: nobody, context: {cluster: fake}}
            clusters:
            - name: fake
              cluster: {server: "https://127.0.0.1:\(rig.port)", \(cluster)}
            users:
            - name: me
              user: {\(user)}
            """
        try File.writeAtomically(rig.folder.file("config"), Array(text.utf8))
        return rig.folder.file("config")
    }

    private func whoAmI(_ rig: KubeRig, _ access: ClusterAccess) async throws -> String? {
        let client = KubernetesClient(access, on: rig.loop)
        defer { client.shutDown() }
        _ = try await client.get(ResourcePath(.namespaces, name: "default"))
        return try await rig.requests("namespaces").last?["user"]?.string
    }

    private func base64(_ path: String) async throws -> String {
        try await runTool("base64", ["-w0", path]).output
    }

    @Test func `a kubeconfig names tokens, token files and certificates, as files or as data`() async throws {
        let rig = try await KubeRig()
        let data = try await base64(rig.folder.file("ca.pem"))
        let certificate = try await base64(rig.folder.file("client.pem"))
        let key = try await base64(rig.folder.file("client.key"))
        for (cluster, user, isToken) in [
            ("certificate-authority: ca.pem", "token: t-1", true),
            ("certificate-authority-data: \(data)", "tokenFile: token", true),
            (
                "certificate-authority: ca.pem, tls-server-name: localhost", "tokenFile: \(rig.folder.file("token"))",
                true
            ),
            ("certificate-authority: ca.pem", "client-certificate: client.pem, client-key: client.key", false),
            (
                "certificate-authority-data: \(data)",
                "client-certificate-data: \(certificate), client-key-data: \(key)", false
            ),
            ("certificate-authority: ca.pem", "client-certificate-data: \(certificate), client-key: client.key", false),
        ] {
            let access = try ClusterAccess.kubeconfig(try kubeconfig(rig, cluster: cluster, user: user))
            #expect(access.namespace == "apps")
            let name = try await whoAmI(rig, access)
            #expect(
                isToken ? name == "token:t-1" : name?.hasPrefix("cert:") ?? false, "\(name ?? "") \(user.prefix(30))")
        }
    }

    @Test func `what a kubeconfig must not say is refused by name, and so is what is missing`() async throws {
        let rig = try await KubeRig()
        let good = "certificate-authority: ca.pem"
        for (cluster, user, place) in [
            (good, "exec: {command: aws}", "exec"), (good, "auth-provider: {name: gcp}", "auth-provider"),
            (good, "username: a, password: b", "username"), (good, "as: root", "as"),
            (good + ", insecure-skip-tls-verify: true", "token: x", "insecure-skip-tls-verify"),
            (good + ", proxy-url: 'http://proxy'", "token: x", "proxy-url"),
            ("certificate-authority-data: '%%'", "token: x", "certificate-authority-data"),
            (good, "tokenFile: nowhere", "nowhere"), ("certificate-authority: nowhere", "token: x", "certificates"),
            (good, "client-certificate: ca.pem", "certificates"),
        ] {
            let path = try kubeconfig(rig, cluster: cluster, user: user)
            do throws(KubernetesError) {
                _ = try ClusterAccess.kubeconfig(path)
                if place != "certificates" { Issue.record("taken: \(cluster) \(user)") }
            } catch {
                #expect(error.description.contains(place), "\(error)")
                #expect(error.blame == .us)
            }
        }
        let path = try kubeconfig(rig, cluster: good, user: "token: t-1")
        #expect(throws: KubernetesError.self) { try ClusterAccess.kubeconfig(path, context: "other") }
        let nameless = try ClusterAccess.kubeconfig(path, context: "nobody")
        await #expect(throws: KubernetesError.self) { _ = try await whoAmI(rig, nameless) }
        #expect(throws: KubernetesError.self) {
            try ClusterAccess(server: "http://127.0.0.1:8001", files: TLSFiles(authorities: nil))
        }
    }

    @Test func `a server with another name, or of another authority, is not spoken to`() async throws {
        let rig = try await KubeRig()
        let stranger = try TestAuthority(in: rig.folder, name: "stranger")
        var options = KubernetesClientOptions()
        options.attempts = 1
        for access in [
            try ClusterAccess(
                server: "https://127.0.0.1:\(rig.port)", files: TLSFiles(authorities: stranger.caFile),
                credentials: .token("t-1")),
            try ClusterAccess(
                server: "https://127.0.0.1:\(rig.port)", files: TLSFiles(authorities: rig.folder.file("ca.pem")),
                credentials: .token("t-1"), serverName: "kubernetes.default.svc"),
        ] {
            let client = KubernetesClient(access, on: rig.loop, options: options)
            await #expect(throws: KubernetesError.self) {
                _ = try await client.get(ResourcePath(.namespaces, name: "default"))
            }
            await #expect(throws: KubernetesError.self) {
                _ = try await client.openSession(PodSessionRequest(namespace: "default", pod: "p", command: ["true"]))
            }
            client.shutDown()
        }
        #expect(try await rig.requests("").isEmpty)
    }
}
