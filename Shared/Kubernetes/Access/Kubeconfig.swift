internal import Bytes
internal import JSON
internal import System
internal import TLS
internal import YAML

extension ClusterAccess {
    /// What a kubeconfig file says (kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig).
    ///
    /// Understood: of a cluster `server`, `certificate-authority`, `certificate-authority-data`, `tls-server-name`; of a user
    /// `client-certificate`, `client-key`, both also as `-data`, `token`, `tokenFile`; of a context `namespace`. Relative paths begin at the
    /// file's folder. Files are read again when they change, data is not.
    ///
    /// Refused, each by name: exec and auth-provider plug-ins (no program is started here: have it write a `tokenFile`), passwords,
    /// impersonation, proxies, plain HTTP, and servers whose certificate is not to be checked.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - context: Nil: the file's current one.
    /// - Throws: `.badAccess` with the place in the file.
    package static func kubeconfig(_ path: String, context: String? = nil) throws(KubernetesError) -> ClusterAccess {
        let file = KubeconfigFile(path: path, root: try read(path))
        guard let name = context ?? file.root["current-context"]?.string, !name.isEmpty else {
            throw .badAccess(place: path, reason: "names no current-context, and none was asked for")
        }
        let chosen = try file.entry("contexts", "context", name)
        let cluster = try file.entry("clusters", "cluster", try chosen.text("cluster"))
        var user: KubeconfigEntry?
        if let name = chosen.optional("user") { user = try file.entry("users", "user", name) }
        try cluster.refuse("proxy-url", "no proxy is used towards an API server")
        if cluster.value["insecure-skip-tls-verify"]?.bool == true {
            throw cluster.bad(
                "insecure-skip-tls-verify", "the server's certificate is always checked: give its authority")
        }
        if let user {
            try user.refuse("exec", "no program is started for credentials: have it write a token to a tokenFile")
            try user.refuse("auth-provider", "no plug-in is used for credentials: have it write a token to a tokenFile")
            for field in ["username", "password"] { try user.refuse(field, "API servers take no passwords any more") }
            for field in ["as", "as-uid", "as-groups", "as-user-extra"] {
                try user.refuse(field, "nobody is impersonated")
            }
        }
        var credentials = Credentials.none
        if let tokenFile = try user?.path("tokenFile") {
            credentials = .tokenFile(tokenFile)
        } else if let token = user?.optional("token") {
            credentials = .token(token)
        }
        return try ClusterAccess(
            try cluster.text("server"), try identity(cluster, user), credentials,
            serverName: cluster.optional("tls-server-name"), namespace: chosen.optional("namespace") ?? "default")
    }

    private static func read(_ path: String) throws(KubernetesError) -> JSONValue {
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try File.read(path, limit: 1 << 20)
        } catch {
            throw .badAccess(place: path, reason: error.description)
        }
        let documents: [YAMLDocument]
        do throws(YAMLError) {
            documents = try YAMLDocument.parse(bytes)
        } catch {
            throw .badAccess(place: path, reason: error.description)
        }
        guard let first = documents.first, documents.count == 1 else {
            throw .badAccess(place: path, reason: "is not one YAML document")
        }
        return first.value
    }

    /// Files when there is nothing but files, so that they are read again when they change.
    private static func identity(
        _ cluster: KubeconfigEntry, _ user: KubeconfigEntry?
    ) throws(KubernetesError) -> Identity {
        let hasData =
            cluster.has("certificate-authority-data") || user?.has("client-certificate-data") ?? false
            || user?.has("client-key-data") ?? false
        guard hasData else {
            let authorities = try cluster.path("certificate-authority")
            return .files(
                TLSFiles(
                    certificate: try user?.path("client-certificate"), key: try user?.path("client-key"),
                    authorities: authorities))
        }
        return .material(
            TLSMaterial(
                certificate: try user?.content("client-certificate"), key: try user?.content("client-key"),
                authorities: try cluster.content("certificate-authority")))
    }
}

private struct KubeconfigFile {
    let path: String
    let root: JSONValue

    /// The entry of a list by its name.
    func entry(_ list: String, _ member: String, _ name: String) throws(KubernetesError) -> KubeconfigEntry {
        let found = root[list]?.array?.first { $0["name"]?.string == name }
        guard let value = found?[member] else {
            throw .badAccess(place: path, reason: "has no entry '\(shownName(name))' among its \(list)")
        }
        return KubeconfigEntry(file: path, place: "\(list) '\(shownName(name))'", value: value)
    }
}

private struct KubeconfigEntry {
    let file: String
    let place: String
    let value: JSONValue

    func bad(_ field: String, _ reason: String) -> KubernetesError {
        .badAccess(place: "\(file): \(place): \(field)", reason: reason)
    }

    func has(_ field: String) -> Bool { optional(field) != nil }

    func optional(_ field: String) -> String? {
        guard let text = value[field]?.string, !text.isEmpty else { return nil }
        return text
    }

    func text(_ field: String) throws(KubernetesError) -> String {
        guard let text = optional(field) else { throw bad(field, "is missing") }
        return text
    }

    /// A field that has a value must not have one.
    func refuse(_ field: String, _ reason: String) throws(KubernetesError) {
        switch value[field] {
        case nil, .null: return
        case .string(let text) where text.isEmpty: return
        case .bool, .number, .string, .array, .object: throw bad(field, reason)
        }
    }

    func path(_ field: String) throws(KubernetesError) -> String? {
        guard let path = optional(field) else { return nil }
        return path.hasPrefix("/") ? path : File.parent(of: file) + "/" + path
    }

    /// What is in `<field>-data`, else in the file that the field names.
    func content(_ field: String) throws(KubernetesError) -> [UInt8]? {
        if let data = optional(field + "-data") {
            guard let bytes = Base64.decode(data) else { throw bad(field + "-data", "is not Base64") }
            return bytes
        }
        guard let path = try path(field) else { return nil }
        do throws(SystemError) {
            return try File.read(path, limit: 1 << 20)
        } catch {
            throw bad(field, error.description)
        }
    }
}
