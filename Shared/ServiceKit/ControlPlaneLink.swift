package import Config
import EventLoop
import GRPC
package import HTTP
import JSON
package import Net
import System
import TLS
import Tokens

/// The settings of a service that talks to a control plane: where that is, and what it logs in with.
package struct ControlPlaneLinkConfig: Sendable {
    /// The gRPC listener.
    package let url: URLParts
    /// Where the installation's tokens come from.
    package let tokenURL: URLParts
    /// `{"version":1,"installationId","clientId","clientSecret","projectId"}`.
    package let credentialsFile: String
    /// Who signed the control plane's certificates, PEM.
    package let certificateAuthorityFile: String

    /// Reads the settings of a service that cannot do without.
    ///
    /// - Parameter prefix: `ESR_PROXY`.
    package init(reading env: inout EnvReader, prefix: String) {
        let found = Self.read(&env, prefix)
        if found == nil {
            env.refuse("\(prefix)_CONTROL_PLANE_URL", because: "is not set; for example \(Self.example)")
        }
        self =
            found
            ?? ControlPlaneLinkConfig(
                url: URLParts(scheme: .https, host: "localhost", port: 50052),
                tokenURL: URLParts(scheme: .https, host: "localhost", port: 8543), credentialsFile: "",
                certificateAuthorityFile: "")
    }

    private static let example = "https://localhost:50052"

    init(url: URLParts, tokenURL: URLParts, credentialsFile: String, certificateAuthorityFile: String) {
        self.url = url
        self.tokenURL = tokenURL
        self.credentialsFile = credentialsFile
        self.certificateAuthorityFile = certificateAuthorityFile
    }

    /// Nil when there is no control plane.
    static func read(_ env: inout EnvReader, _ prefix: String) -> ControlPlaneLinkConfig? {
        let url: URLParts? = env.readIfPresent(
            "\(prefix)_CONTROL_PLANE_URL", example: example, "Address of the control plane's gRPC listener.")
        let tokenURL: URLParts = env.read(
            "\(prefix)_CONTROL_PLANE_TOKEN_URL",
            default: "https://localhost:8543/auth/realms/installations/protocol/openid-connect/token",
            "Where the control plane gives tokens to installations.")
        let credentials: String? = env.readIfPresent(
            "\(prefix)_CONTROL_PLANE_CREDENTIALS_FILE", example: "/var/lib/polder/secrets/installation",
            "What the installation logs in with; read again before every login.")
        let authority: String? = env.readIfPresent(
            "\(prefix)_CONTROL_PLANE_CA_FILE", example: "/var/lib/polder/tls/ca.pem",
            "Authority that signed the control plane's certificates, PEM.")
        env.checkAuthority("\(prefix)_CONTROL_PLANE_CA_FILE", authority)
        guard let url else { return nil }
        for (name, value) in [("CREDENTIALS_FILE", credentials), ("CA_FILE", authority)] where value == nil {
            env.refuse(
                "\(prefix)_CONTROL_PLANE_\(name)", because: "has to be set together with \(prefix)_CONTROL_PLANE_URL")
        }
        for (name, address) in [("URL", url), ("TOKEN_URL", tokenURL)] where !address.scheme.isSecure {
            env.refuse("\(prefix)_CONTROL_PLANE_\(name)", because: "has to begin with https: secrets go there")
        }
        return ControlPlaneLinkConfig(
            url: url, tokenURL: tokenURL, credentialsFile: credentials ?? "", certificateAuthorityFile: authority ?? "")
    }
}

/// A service's way to its control plane: a channel whose calls carry the installation's token.
package final class ControlPlaneLink: Sendable {
    /// Carries calls.
    package let channel: GRPCChannel
    /// Its address, for messages.
    package let address: String
    private let credentialsFile: String

    /// Nothing is dialled before the first call.
    ///
    /// - Throws: `TLSError` when the authority cannot be used.
    package init(_ config: ControlPlaneLinkConfig, _ kit: Kit) throws {
        let tls = try TLSClientContext(TLSFiles(authorities: config.certificateAuthorityFile))
        let file = config.credentialsFile
        let tokens = ClientTokens(from: config.tokenURL, on: kit.loop, tls: tls, clock: kit.clock) {
            let credentials = try InstallationCredentials(file: file)
            return .init(clientID: credentials.clientID, clientSecret: credentials.clientSecret)
        }
        var options = GRPCChannelOptions()
        options.messageLimit = Self.messageLimit
        options.longestPause = .milliseconds(500)  // who calls again and again has pauses of its own
        options.metadata = { () async throws(GRPCStatus) in
            do throws(TokenRefused) {
                return ["authorization": "Bearer \(try await tokens.token())"]
            } catch {
                throw GRPCStatus(.unavailable, error.description)
            }
        }
        options.callerRefused = { tokens.forget() }
        channel = GRPCChannel(to: HTTPEndpoint(config.url), on: kit.loop, tls: tls, options: options)
        address = "\(config.url)"
        credentialsFile = file
    }

    /// A whole plane comes in one message: some 300 bytes for a stream.
    private static let messageLimit = 64 << 20

    /// Which installation this is: a UUID.
    ///
    /// - Throws: When the file is not there yet, or not what it should be.
    package func installationID() throws -> String { try InstallationCredentials(file: credentialsFile).installationID }

    /// The project in which the control plane keeps what a plane folder describes: a UUID; nil when the file does not say so, or is not
    /// there yet.
    package func folderProjectID() -> String? {
        do { return try InstallationCredentials(file: credentialsFile).projectID } catch { return nil }
    }
}

/// What stands in the credentials file.
private struct InstallationCredentials {
    let installationID: String
    let clientID: String
    let clientSecret: String
    let projectID: String?

    init(file: String) throws {
        let document: JSONValue
        do {
            document = try JSONValue.parse(try File.read(file, limit: 64 << 10))
        } catch let error as SystemError {
            throw TokenRefused(description: error.description)
        } catch {
            throw TokenRefused(description: "\(file) is not JSON")
        }
        guard document["version"]?.int64 == 1, let installationID = document["installationId"]?.string,
            let clientID = document["clientId"]?.string, let clientSecret = document["clientSecret"]?.string
        else { throw TokenRefused(description: "\(file) does not hold the credentials of an installation") }
        self.installationID = installationID
        self.clientID = clientID
        self.clientSecret = clientSecret
        projectID = document["projectId"]?.string
    }
}
