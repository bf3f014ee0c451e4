internal import HTTP
internal import System
package import TLS

/// Where a cluster's API server is, whom we trust to be it, and how we prove who we are.
package struct ClusterAccess: Sendable {
    /// How we prove who we are, beside a client certificate in the TLS settings.
    package enum Credentials: Sendable {
        /// Not at all, or by the certificate alone.
        case none
        /// A bearer token that stays. A secret.
        case token(String)
        /// A file with a bearer token, read again once a minute and when the server refuses it.
        case tokenFile(String)
    }

    /// `https`, host and port; the target is what all paths begin with, `/` mostly.
    let server: URLParts
    /// For requests: HTTP/2.
    let tls: TLSClientContext
    /// For upgrades: HTTP/1.1.
    let upgradeTLS: TLSClientContext
    /// The name that the server's certificate must be for, when it is not the one that is dialled.
    let serverName: String?
    let token: TokenSource?
    /// The namespace of who asks for none: our own one in a cluster, the one of the context in a kubeconfig.
    package let namespace: String

    /// Where the kubelet puts a pod's service account (kubernetes.io/docs/tasks/run-application/access-api-from-pod).
    package static let serviceAccountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// A server of which everything is known.
    ///
    /// - Parameters:
    ///   - server: `https://host:port`, perhaps with a path that everything is below.
    ///   - files: Authorities, and a client certificate; read again when they change.
    /// - Throws: `.badAccess`.
    package init(
        server: String, files: TLSFiles, credentials: Credentials = .none, serverName: String? = nil,
        namespace: String = "default"
    ) throws(KubernetesError) {
        try self.init(server, .files(files), credentials, serverName: serverName, namespace: namespace)
    }

    /// The API server of the cluster that we run in, as every pod knows it.
    ///
    /// - Parameters:
    ///   - environment: `KUBERNETES_SERVICE_HOST` and `KUBERNETES_SERVICE_PORT`, which the kubelet sets.
    ///   - folder: Holds `token`, `ca.crt` and `namespace`.
    /// - Throws: `.badAccess`: most likely we do not run in a cluster.
    package static func inCluster(
        environment: [String: String], folder: String = serviceAccountFolder
    ) throws(KubernetesError) -> ClusterAccess {
        guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty else {
            throw .badAccess(place: "KUBERNETES_SERVICE_HOST", reason: "is not set: this is no pod of a cluster")
        }
        let port = environment["KUBERNETES_SERVICE_PORT"] ?? environment["KUBERNETES_SERVICE_PORT_HTTPS"] ?? "443"
        let shown = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        let namespace: String
        do throws(SystemError) {
            let bytes = try File.read(folder + "/namespace", limit: 1024).filter { $0 > 0x20 }
            namespace = String(decoding: bytes, as: UTF8.self)
        } catch {
            throw .badAccess(place: folder + "/namespace", reason: error.description)
        }
        return try ClusterAccess(
            server: "https://\(shown):\(port)", files: TLSFiles(authorities: folder + "/ca.crt"),
            credentials: .tokenFile(folder + "/token"), namespace: namespace)
    }

    /// Where certificate and authorities come from.
    enum Identity {
        case files(TLSFiles)
        case material(TLSMaterial)
    }

    init(
        _ server: String, _ identity: Identity, _ credentials: Credentials, serverName: String?, namespace: String
    ) throws(KubernetesError) {
        guard let url = URLParts(server), url.scheme == .https, !url.target.utf8.contains(UInt8(ascii: "?")) else {
            throw .badAccess(place: "server", reason: "is not an https URL")
        }
        self.server = url
        do throws(TLSError) {
            switch identity {
            case .files(let files):
                tls = try TLSClientContext(files)
                upgradeTLS = try TLSClientContext(files, protocols: [.http1])
            case .material(let material):
                tls = try TLSClientContext(material)
                upgradeTLS = try TLSClientContext(material, protocols: [.http1])
            }
        } catch {
            throw .badAccess(place: "certificates", reason: error.description)
        }
        switch credentials {
        case .none: token = nil
        case .token(let text): token = TokenSource(fixed: text)
        case .tokenFile(let path): token = try TokenSource(file: path)
        }
        self.serverName = serverName
        self.namespace = namespace
    }

    /// The target of a path of the API on this server.
    func target(_ target: String) -> String {
        let base = server.target.hasSuffix("/") ? String(server.target.dropLast()) : server.target
        return base + target
    }
}
