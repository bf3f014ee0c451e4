import JSON
import PlaneConfig
import TestKit

/// A real control plane as a process of its own, with one stream `demo` and one `other`.
final class RunningControlPlane: Sendable {
    let folder: TemporaryFolder
    let authority: TestAuthority
    let tool: RunningTool
    let url: String
    let plainURL: String
    let adminURL: String
    /// Ports of the API, with TLS and without.
    let apiPort: Int
    let apiPlainPort: Int
    var issuer: String { url + "/auth/realms/streams" }
    var tokenURL: String { issuer + "/protocol/openid-connect/token" }

    static func start(
        in folder: TemporaryFolder? = nil, settings: [String: String] = [:]
    ) async throws -> RunningControlPlane {
        let folder = try folder ?? TemporaryFolder()
        let authority = try TestAuthority(in: folder)
        try authority.issue("control-plane")
        if !folder.has("plane") {
            try folder.makeFolder("plane")
            try folder.makeFolder("state")
            try folder.write(
                "plane/streams.yaml",
                text: "kind: Stream\nspec: {ref: {name: demo}}\n---\n"
                    + "kind: Stream\nspec: {ref: {name: other}}\n")
        }
        let tool = try RunningTool(
            builtBinary("control-plane"), environment: environment(folder).merging(settings) { $1 })
        try await tool.waitForText("service started")
        return try RunningControlPlane(folder, authority, tool)
    }

    static func environment(_ folder: TemporaryFolder) -> [String: String] {
        [
            "CONTROL_PLANE_LISTEN": "127.0.0.1:0", "CONTROL_PLANE_LISTEN_PLAIN": "127.0.0.1:0",
            "CONTROL_PLANE_GRPC_LISTEN": "127.0.0.1:0", "CONTROL_PLANE_GRPC_LISTEN_PLAIN": "127.0.0.1:0",
            "CONTROL_PLANE_ADMIN_LISTEN": "127.0.0.1:0", "CONTROL_PLANE_PLANE_FOLDER": folder.file("plane"),
            "CONTROL_PLANE_STATE_FOLDER": folder.file("state"),
            "CONTROL_PLANE_TLS_CERT_FILE": folder.file("control-plane.pem"),
            "CONTROL_PLANE_TLS_KEY_FILE": folder.file("control-plane.key"), "LOG_FORMAT": "json",
        ]
    }

    private init(_ folder: TemporaryFolder, _ authority: TestAuthority, _ tool: RunningTool) throws {
        self.folder = folder
        self.authority = authority
        self.tool = tool
        let lines = try tool.errors.split(separator: "\n").map { try JSONValue.parse(String($0)) }
        func line(_ message: String) -> JSONValue? { lines.first { $0["message"]?.string == message } }
        url = "https://localhost:\(line("listening")?["port"]?.int64 ?? 0)"
        plainURL = "http://localhost:\(line("listening")?["plainPort"]?.int64 ?? 0)"
        apiPort = Int(line("serving the API")?["port"]?.int64 ?? 0)
        apiPlainPort = Int(line("serving the API")?["plainPort"]?.int64 ?? 0)
        adminURL = "https://localhost:\(line("service started")?["adminPort"]?.int64 ?? 0)"
    }

    /// Client id and secret of a stream.
    func client(_ name: String = "demo") throws -> (id: String, secret: String) {
        let source = try PlaneConfigSource(
            folder: folder.file("plane"), state: folder.file("state"), component: "test")
        guard let stream = source.current.stream(named: name) else { throw TestKitError.strangerMissing(name) }
        return (stream.clientID, try Identities(state: folder.file("state")).clientSecret(of: stream))
    }

    /// The address of the first admin.
    let adminEmail = "admin@polder.local"

    /// What the first start made, or what was there before.
    func adminPassword() throws -> String {
        String(try folder.readText("state/secrets/admin-password").prefix { $0 != "\n" })
    }

    /// curl with our authority; tells the status and the body.
    func curl(_ arguments: [String], mayFail: Bool = false) async throws -> (status: Int, headers: String, body: String)
    {
        let result = try await runTool(
            "curl", ["-sS", "-D", "-", "--cacert", authority.caFile] + arguments, mayFail: mayFail)
        let text = result.output.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let head = String(text.first ?? "")
        let status = head.split(separator: " ", maxSplits: 2).dropFirst().first.flatMap { Int($0) } ?? 0
        return (status, head.lowercased(), text.count > 1 ? String(text[1]) : "")
    }
}
