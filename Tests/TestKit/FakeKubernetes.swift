import Glibc
package import JSON

/// A fake Kubernetes API server for one test: `Tests/Strangers/kube_api.py`, whose first lines say what it does and how to make it fail.
/// kubectl judges it in `KubernetesTests`. In its folder are `ca.pem`, `server.*`, `client.*` (a certificate that it takes) and `token`.
package final class FakeKubernetes: Sendable {
    /// Where its files are.
    package let folder: TemporaryFolder
    /// Where it listens, on 127.0.0.1.
    package let port: Int
    private let server: RunningTool

    /// The token that it takes, until `control("tokens", …)` says otherwise.
    package static let token = "t-1"

    /// `https://127.0.0.1:port`
    package var url: String { "https://127.0.0.1:\(port)" }
    /// Path of the certificate of its authority.
    package var authority: String { folder.file("ca.pem") }

    /// Starts it.
    ///
    /// - Throws: `TestKitError`, `CryptoError`.
    package init() async throws {
        folder = try TemporaryFolder()
        let authority = try TestAuthority(in: folder)
        try authority.issue("server")
        try authority.issue("client")
        _ = try folder.write("token", Array(Self.token.utf8))
        server = try RunningTool(
            try Strangers.python,
            [
                Strangers.packageRoot + "/Tests/Strangers/kube_api.py", "--tls", folder.path, "--client-ca",
                authority.caFile, "--token", Self.token,
            ])
        try await server.waitForText(" end")
        guard let port = server.output.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
            throw TestKitError.deadlinePassed("the port of the fake API server")
        }
        self.port = port
    }

    deinit { server.terminate() }

    /// Asks it for something beside the API: `POST` with a wish, `GET` without.
    ///
    /// - Throws: `TestKitError` when it refuses, `JSONError`.
    @discardableResult
    package func control(_ word: String, _ wish: JSONValue? = nil) async throws -> JSONValue {
        let body = wish == nil ? [] : ["--data-binary", "@-"]
        let result = try await runTool(
            "curl", ["-sS", "--fail", "--cacert", authority] + body + ["\(url)/_control/\(word)"],
            input: wish?.bytes() ?? [])
        return try JSONValue.parse(result.outputBytes)
    }

    /// The requests whose path contains a text, oldest first: method, path, query, protocol, user, status, and how they ended.
    ///
    /// - Throws: As `control`.
    package func requests(_ path: String) async throws -> [JSONValue] {
        (try await control("requests").array ?? []).filter { $0["path"]?.string?.contains(path) ?? false }
    }
}

/// kubectl, where it is installed: the real client of Kubernetes API servers, and of what looks like one.
package struct Kubectl: Sendable {
    /// Nil where there is none. Tests that need it say so: `.enabled(if: Kubectl.path != nil, "…")`.
    package static let path: String? = {
        let folders = getenv("PATH").map { String(cString: $0) } ?? ""
        return folders.split(separator: ":").map { "\($0)/kubectl" }.first { access($0, X_OK) == 0 }
    }()

    /// What comes before each command.
    package let arguments: [String]

    /// Writes a kubeconfig.
    ///
    /// - Parameters:
    ///   - server: Its URL, perhaps with a path.
    ///   - authority: Path of its authority's certificate.
    ///   - user: YAML in braces: `{token: t-1}`, or `{client-certificate: PATH, client-key: PATH}`.
    ///   - folder: Gets the kubeconfig and kubectl's cache.
    /// - Throws: `TestKitError`.
    package init(server: String, authority: String, user: String, in folder: TemporaryFolder) throws {
        let text = """
            apiVersion: v1
            kind: Config
            current-context: main
            contexts: [{name: main, context: {cluster: fake, user: me}}]
            clusters: [{name: fake, cluster: {server: "\(server)", certificate-authority: "\(authority)"}}]
            users: [{name: me, user: \(user)}]
            """
        let config = try folder.write("kubectl-config", Array(text.utf8))
        arguments = ["--kubeconfig", config, "--cache-dir", folder.file("kubectl-cache")]
    }

    /// kubectl for a fake API server, with its client certificate.
    ///
    /// - Throws: `TestKitError`.
    package init(_ fake: FakeKubernetes) throws {
        let (certificate, key) = (fake.folder.file("client.pem"), fake.folder.file("client.key"))
        try self.init(
            server: fake.url, authority: fake.authority,
            user: "{client-certificate: \"\(certificate)\", client-key: \"\(key)\"}", in: fake.folder)
    }

    /// Runs a command to its end.
    ///
    /// - Throws: `TestKitError`.
    package func run(
        _ words: String..., input: [UInt8] = [], mayFail: Bool = false
    ) async throws -> ToolResult {
        try await runTool(try Self.program, arguments + words, input: input, deadline: .seconds(120), mayFail: mayFail)
    }

    /// Starts a command that lasts.
    ///
    /// - Throws: `TestKitError`.
    package func start(_ words: String...) throws -> RunningTool {
        try RunningTool(try Self.program, arguments + words)
    }

    private static var program: String {
        get throws {
            guard let path else { throw TestKitError.strangerMissing("kubectl") }
            return path
        }
    }
}
