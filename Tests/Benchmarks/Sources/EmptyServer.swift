import EventLoop
import HTTP
import Net
import System
import TLS

/// A server whose handler answers 204 and does nothing else: what the transport costs by itself, to be compared with nghttpd
/// under the same load.
enum EmptyServer {
    private final class Handler: RequestHandler {
        let server: ServerLoop
        init(_ server: ServerLoop) { self.server = server }

        func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
            server.respond(stream, .constant204)
        }
    }

    /// Serves until the process is killed.
    static func run(certificate: String, key: String, port: UInt16) throws {
        let loop = try EventLoop(name: "empty")
        let tls = try TLSServerContext(TLSFiles(certificate: certificate, key: key))
        let listener = HTTPListener(try SocketAddress(ip: "127.0.0.1", port: port), tls: tls)
        let failure = Monitor<(any Error)?>(nil)
        let start = Task {
            do {
                _ = try await HTTPServer.start(on: [loop], listeners: [listener]) { Handler($0) }
            } catch {
                failure.change { $0 = error }
                loop.stop()
            }
        }
        loop.join()
        start.cancel()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
