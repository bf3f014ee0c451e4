internal import EventLoop
package import HTTP
internal import System

extension ServerLoop {
    /// Answers an HTTP/1.1 request with a web-socket's handshake; from then on the connection is a web-socket and no longer
    /// the server's: drain and limits of the server do not touch it.
    ///
    /// - Parameters:
    ///   - handshake: The answer of `WebSocketHandshake` with status 101.
    ///   - delegate: Held weakly by the web-socket.
    ///   - opened: Called once with the open web-socket, before anything arrives on it. It may send at once.
    ///   - failed: Called once instead, when the connection ended before.
    /// - Returns: False when the request is gone, was answered, or came over HTTP/2; neither closure is called then.
    package func openWebSocket(
        _ stream: StreamID, _ handshake: Response, options: WebSocketOptions, delegate: any WebSocketDelegate,
        opened: @escaping (WebSocketConnection) -> Void, failed: @escaping () -> Void = {}
    ) -> Bool {
        precondition(handshake.status == .switchingProtocols, "only 101 opens a web-socket")
        guard let connection = connection(of: stream) else { return false }
        let loop = loop
        let handOver = HandOver(
            take: { raw, tls, rest in
                let socket = WebSocketConnection(
                    role: .server, subprotocol: WebSocketHandshake.chosenProtocol(in: handshake), options: options,
                    on: loop, delegate: delegate)
                let bytes = StreamConnection(adopting: raw, tls: tls, on: loop, owner: socket)
                bytes.start()
                socket.begin(on: bytes)
                opened(socket)
                socket.restArrived(rest)
            }, failed: failed)
        return connection.upgrade(stream.number, handshake, handOver)
    }
}
