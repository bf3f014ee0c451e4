import EventLoop
import GRPC
import HTTP
import JSON
import Net
import ServiceKit
import System
import TLS

/// The listeners of the API, and the loops that serve them.
final class CallServer: Sendable {
    private let server: HTTPServer
    private let loops: EventLoopPool
    private let desk: CallDesk

    private init(server: HTTPServer, loops: EventLoopPool, desk: CallDesk) {
        self.server = server
        self.loops = loops
        self.desk = desk
    }

    /// Listens with TLS, and without where that was asked for. The API has loops of its own: a login costs a signature, and calls
    /// should not stand behind it.
    ///
    /// - Throws: When an address cannot be bound, or a certificate cannot be read.
    static func start(
        _ config: ControlPlaneConfig, _ kit: Kit, _ methods: MethodTable, _ desk: CallDesk,
        _ telemetry: ControlPlaneTelemetry
    ) async throws -> CallServer {
        let loops = try EventLoopPool(name: "grpc", count: config.loops)
        let listeners = try kit.listeners(config.grpcListen, plain: config.grpcListenPlain, protocols: [.http2])
        var table = methods.routes()
        table.add(GRPCHealth().routes)
        var options = GRPCServerOptions()
        options.observe = { path, code, time in
            telemetry.emit(.callEnded(method: path, code: code, time: time))
        }
        options.elsewhere = { path in path == Self.diagnosticsPath ? Self.diagnostics : nil }
        let server = try await GRPCServer.start(
            on: loops.loops, listeners: listeners, table, options: options, http: kit.serverOptions("grpc"))
        telemetry.emit(
            .serving(
                port: Int(server.addresses[0].port),
                plainPort: config.grpcListenPlain == nil ? nil : server.addresses.last.map { Int($0.port) }))
        return CallServer(server: server, loops: loops, desk: desk)
    }

    /// Where the public tool uploads files for `evaluate diagnostics`. It shows the text in `error`, whatever the status.
    private static let diagnosticsPath = "/privacy-diagnostics/upload"
    private static let diagnostics = Response.json(
        .notImplemented,
        JSONValue.object(
            ["error": "data of people stays in their plane: a control plane does not take files to look into"]
        ).bytes())

    /// Finishes the calls that have begun, and takes no more.
    func drain(grace: Duration) async {
        await server.drain(grace: grace)
        await onOwnThread("drain calls") { [desk] in desk.close() }
    }
}
