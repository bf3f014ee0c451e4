package import Config
package import Net
package import System
package import TLS

extension HostPort {
    /// The addresses to bind: all that the resolver knows, or the first alone when the kernel chooses the port, so that there is
    /// one port. Blocks when the host is a name.
    ///
    /// - Throws: `SystemError.unresolved`.
    package func resolved() throws(SystemError) -> [SocketAddress] {
        let addresses = try SocketAddress.resolve(host: host, port: port)
        guard !addresses.isEmpty else { throw .unresolved(host: host, reason: "no address") }
        return port == 0 ? Array(addresses.prefix(1)) : addresses
    }
}

extension Kit {
    /// The public listeners of a service: TLS first, then plain when there is one.
    ///
    /// - Throws: what a certificate or an address refuses that was fine when the settings were checked.
    package func listeners(
        _ secure: HostPort, plain: HostPort?, protocols: [ApplicationProtocol] = [.http2, .http1]
    ) throws -> [HTTPListener] {
        let context = try TLSServerContext(tls, protocols: protocols)
        return try secure.resolved().map { HTTPListener($0, tls: context) }
            + (plain?.resolved() ?? []).map { HTTPListener($0, tls: nil) }
    }
}
