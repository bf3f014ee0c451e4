import Config
import HTTP
import Net
import System
import TLS

/// Opens the admin listener: TLS, on the kit's loop.
enum AdminListener {
    /// - Parameter clientCA: When given, only clients with a certificate of this authority get in.
    /// - Returns: The server, to be kept, and its port.
    static func start(_ kit: Kit, listen: HostPort, clientCA: String?) async throws -> (
        server: HTTPServer, port: UInt16
    ) {
        var files = kit.tls
        files.authorities = clientCA
        let tls = try TLSServerContext(files, clientCertificates: clientCA == nil ? .none : .required)
        var options = kit.serverOptions("admin")
        options.limits = HTTPLimits(bodyBytes: 64 * 1024)
        options.connectionsPerLoop = 256
        let server = try await HTTPServer.start(
            on: [kit.loop], listeners: try listen.resolved().map { HTTPListener($0, tls: tls) }, options: options,
            answering: { request in await kit.admin.answer(request) })
        return (server, server.addresses[0].port)
    }
}
