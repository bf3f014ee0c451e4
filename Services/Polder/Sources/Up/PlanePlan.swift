package import PlaneConfig

/// Which processes a plane consists of, and with which settings: the one place where `polder` names the settings of others.
package struct PlanePlan: Sendable {
    /// The state folder.
    package let state: StateFolder
    /// The plane folder, an absolute path.
    package let planeFolder: String
    /// Where the listeners are.
    package let ports: Ports
    /// Settings of the user that are passed on: those of the services, and the common ones.
    package let inherited: [String: String]

    /// The services that every plane has, in the order in which they are shown.
    package static let services = ["control-plane", "event-gateway", "web-socket", "decrypter"]

    /// - Parameter environment: That of this process; what services do not read is not passed on.
    package init(state: StateFolder, planeFolder: String, ports: Ports, environment: [String: String]) {
        self.state = state
        self.planeFolder = planeFolder
        self.ports = ports
        let prefixes = ["CONTROL_PLANE_", "EVENT_GATEWAY_", "WEB_SOCKET_", "DECRYPTER_"]
        let names = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LOG_LEVEL", "LOG_FORMAT", "LD_LIBRARY_PATH"]
        inherited = environment.filter { entry in
            names.contains(entry.key) || prefixes.contains { entry.key.hasPrefix($0) }
        }
    }

    /// The issuer of stream tokens, whichever listener gave them.
    package var issuer: String { "https://localhost:\(ports.auth)/auth/realms/streams" }

    /// Every process that this configuration needs.
    ///
    /// - Parameter decrypterPorts: The admin port of each source stream's decrypter.
    package func processes(for snapshot: PlaneSnapshot, decrypterPorts: [String: UInt16]) -> [ProcessSpec] {
        var processes = [
            service(
                "control-plane",
                [
                    "LISTEN": "127.0.0.1:\(ports.auth)", "LISTEN_PLAIN": "127.0.0.1:\(ports.authPlain)",
                    "ISSUER": issuer,
                ], adminPort: ports.controlPlaneAdmin),
            service(
                "event-gateway",
                [
                    "LISTEN": "127.0.0.1:\(ports.events)", "LISTEN_PLAIN": "127.0.0.1:\(ports.eventsPlain)",
                    "ISSUER": issuer, "JWKS_URL": "\(issuer)/protocol/openid-connect/certs",
                ], adminPort: ports.eventGatewayAdmin),
            service(
                "web-socket",
                [
                    "LISTEN": "127.0.0.1:\(ports.webSocket)", "LISTEN_PLAIN": "127.0.0.1:\(ports.webSocketPlain)",
                    "ISSUER": issuer, "JWKS_URL": "\(issuer)/protocol/openid-connect/certs",
                ], adminPort: ports.webSocketAdmin),
        ]
        for stream in snapshot.decryptedStreams {
            guard let port = decrypterPorts[stream.name] else { continue }
            var process = service("decrypter", ["STREAM": stream.name], adminPort: port)
            process.name = "decrypter-\(stream.name)"
            processes.append(process)
        }
        return processes
    }

    private func service(_ name: String, _ settings: [String: String], adminPort: UInt16) -> ProcessSpec {
        let prefix = name.uppercased().replacing("-", with: "_")
        var process = ProcessSpec(name: name, binary: name)
        var own = settings
        own["ADMIN_LISTEN"] = "127.0.0.1:\(adminPort)"
        own["STATE"] = state.path
        own["CONFIG"] = planeFolder
        own["TLS_CERT_FILE"] = state.certificateFile(of: name)
        own["TLS_KEY_FILE"] = state.keyFile(of: name)
        own["TLS_CA_FILE"] = state.caFile
        // Short enough that a whole plane stops within ten seconds; the user's own words win.
        process.environment = ["SHUTDOWN_GRACE": "6s", "LOG_FORMAT": "text"]
        process.environment.merge(own.map { ("\(prefix)_\($0.key)", $0.value) }) { _, new in new }
        process.environment.merge(
            inherited.filter { $0.key.hasPrefix("\(prefix)_") || !$0.key.contains("_") || !isService($0.key) }
        ) { _, new in new }
        process.adminURL = "https://localhost:\(adminPort)"
        return process
    }

    private func isService(_ name: String) -> Bool {
        PlanePlan.services.contains { name.hasPrefix($0.uppercased().replacing("-", with: "_") + "_") }
    }
}
