package import Wire

/// Which processes a plane consists of, and with which settings: the one place where `polder` names the settings of others.
package struct PlanePlan: Sendable {
    /// The state folder.
    package let state: StateFolder
    /// The plane folder, an absolute path.
    package let planeFolder: String
    /// Where the listeners are.
    package let ports: Ports
    /// False when somebody else runs the control plane.
    package let hasControlPlane: Bool
    /// Settings of the user that are passed on: those of the services, and the common ones.
    package let inherited: [String: String]

    /// The services that a plane has, in the order in which they are shown. All but decrypters are the supervisor's own: those
    /// are what `streams-agent` asks the runtime for.
    package static let services = [
        "control-plane", "event-gateway", "web-socket", "streams-agent", "esr-proxy", "decrypter",
    ]

    /// - Parameter environment: That of this process; what services do not read is not passed on.
    package init(
        state: StateFolder, planeFolder: String, ports: Ports, environment: [String: String],
        hasControlPlane: Bool = true
    ) {
        self.hasControlPlane = hasControlPlane
        self.state = state
        self.planeFolder = planeFolder
        self.ports = ports
        let names = [
            "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "LOG_LEVEL", "LOG_FORMAT",
            "SHUTDOWN_GRACE",
        ]
        inherited = environment.filter { names.contains($0.key) || PlanePlan.isServiceSetting($0.key) }
    }

    /// The issuer of stream tokens, whichever listener gave them.
    package var issuer: String { "https://localhost:\(ports.auth)/auth/realms/streams" }

    /// The address of the admin that the control plane's first start makes.
    package var adminEmail: String { inherited["CONTROL_PLANE_ADMIN_EMAIL"] ?? "admin@polder.local" }

    /// Every process that a plane has whatever its streams.
    package var processes: [ProcessSpec] {
        let tokens = ["ISSUER": issuer, "JWKS_URL": "\(issuer)/protocol/openid-connect/certs", "CA_FILE": state.caFile]
        var agent = service(
            "streams-agent", admin: nil, ["DECRYPTER_SETTINGS": state.decrypterSettingsFile])
        agent.adminSetting = "STREAMS_AGENT_ADMIN_LISTEN"
        var reporter = service("esr-proxy", admin: nil, [:])
        reporter.adminSetting = "ESR_PROXY_ADMIN_LISTEN"
        let controlPlane = service(
            "control-plane", admin: ports.controlPlaneAdmin,
            listeners(ports.auth, ports.authPlain).merging([
                "PUBLIC_URL": "https://localhost:\(ports.auth)", "ADMIN_EMAIL": adminEmail,
                "GRPC_LISTEN": "127.0.0.1:\(ports.api)", "GRPC_LISTEN_PLAIN": "127.0.0.1:\(ports.apiPlain)",
            ]) { _, new in new })
        return (hasControlPlane ? [controlPlane] : []) + [
            service(
                "event-gateway", admin: ports.eventGatewayAdmin,
                listeners(ports.events, ports.eventsPlain).merging(tokens) { _, new in new }),
            service(
                "web-socket", admin: ports.webSocketAdmin,
                listeners(ports.webSocket, ports.webSocketPlain).merging(tokens) { _, new in new }),
            agent, reporter,
        ]
    }

    /// The settings that every decrypter gets, `NAME=value` a line.
    package var decrypterSettings: String {
        service("decrypter", admin: nil, [:]).environment.sorted { $0.key < $1.key }
            .map { "\($0.key)=\($0.value)\n" }.joined()
    }

    /// Where everything but the control plane learns what the plane consists of.
    private var controlPlane: [String: String] {
        [
            "CONTROL_PLANE_URL": "https://localhost:\(ports.api)",
            "CONTROL_PLANE_TOKEN_URL":
                "https://localhost:\(ports.auth)/auth/realms/installations/protocol/openid-connect/token",
            "CONTROL_PLANE_CREDENTIALS_FILE": "\(state.path)/secrets/installation",
            "CONTROL_PLANE_CA_FILE": state.caFile,
        ]
    }

    private func listeners(_ secure: UInt16, _ plain: UInt16) -> [String: String] {
        ["LISTEN": "127.0.0.1:\(secure)", "LISTEN_PLAIN": "127.0.0.1:\(plain)"]
    }

    /// - Parameter port: Of the admin listener; nil when the runtime chooses it.
    private func service(_ name: String, admin port: UInt16?, _ settings: [String: String]) -> ProcessSpec {
        let prefix = PlanePlan.prefix(of: name)
        var own = settings
        if let port { own["ADMIN_LISTEN"] = "127.0.0.1:\(port)" }
        own["STATE_FOLDER"] = state.path
        own.merge(name == "control-plane" ? ["PLANE_FOLDER": planeFolder] : controlPlane) { _, new in new }
        own["TLS_CERT_FILE"] = state.certificateFile(of: name)
        own["TLS_KEY_FILE"] = state.keyFile(of: name)
        var process = ProcessSpec(name: name, binary: name)
        // Short enough that a whole plane stops within ten seconds.
        process.environment = ["SHUTDOWN_GRACE": "6s", "LOG_FORMAT": "text"]
        for (key, value) in own { process.environment["\(prefix)\(key)"] = value }
        // The user's own words win.
        for (key, value) in inherited where key.hasPrefix(prefix) || !PlanePlan.isServiceSetting(key) {
            process.environment[key] = value
        }
        if let port { process.adminURL = "https://localhost:\(port)" }
        return process
    }

    /// What the names of a service's settings begin with: `EVENT_GATEWAY_`.
    private static func prefix(of service: String) -> String {
        "\(service.uppercased().replacing("-", with: "_"))_"
    }

    private static func isServiceSetting(_ name: String) -> Bool {
        services.contains { name.hasPrefix(prefix(of: $0)) }
    }
}
