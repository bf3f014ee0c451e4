internal import HTTP
internal import Net
internal import Synchronization

/// A connection to a port of a pod, over a web-socket with `v4.channel.k8s.io`: channel 0 has the bytes, channel 1 words about a failure, and
/// each begins with the port's number (github.com/kubernetes/kubelet, pkg/cri/streaming/portforward/websocket.go). The protocol cannot
/// close one direction alone.
///
/// Any thread; one task at a time asks for bytes. When it goes, or the task that waits is cancelled, the connection is closed.
package final class PodPort: Sendable {
    private let socket: WebSocketStream
    private let state: Mutex<PodPortState>

    init(_ socket: WebSocketStream, port: UInt16) {
        self.socket = socket
        state = Mutex(PodPortState(port: port))
    }

    /// What the pod has sent, nil when it has closed the connection. While nobody asks, the pod has to wait.
    ///
    /// - Throws: `.forwarding` with the node's words, `.net`, `.unreadable`.
    package func next() async throws(KubernetesError) -> [UInt8]? {
        while true {
            let message: WebSocketMessage?
            do throws(NetError) {
                message = try await socket.next()
            } catch {
                throw .net(error)
            }
            switch message {
            case .binary(let bytes):
                let result = state.withLock { state in
                    Result { () throws(KubernetesError) in try state.messageArrived(bytes) }
                }
                if let bytes = try result.get() { return bytes }
            case .text: throw .unreadable("a text message on a forwarded port")
            case .ping, .pong, .close: continue  // not shown by the socket
            case nil: return nil
            }
        }
    }

    /// Sends bytes to the pod, and waits while it is slow to read.
    ///
    /// - Throws: `.net` when the connection is over.
    package func send(_ bytes: [UInt8]) async throws(KubernetesError) {
        do throws(NetError) {
            try await socket.send(binary: [0] + bytes)
        } catch {
            throw .net(error)
        }
    }

    /// Closes the connection.
    package func close() { socket.close() }
}

/// What the two channels of a forwarded port have said. Pure.
struct PodPortState {
    private let port: UInt16
    private var isNamed = [false, false]

    init(port: UInt16) { self.port = port }

    /// Bytes of the pod; nil when the message had none.
    mutating func messageArrived(_ message: [UInt8]) throws(KubernetesError) -> [UInt8]? {
        guard let channel = message.first, channel < 2 else { throw .unreadable("a channel that was not asked for") }
        let payload = Array(message.dropFirst())
        guard isNamed[Int(channel)] else {
            guard payload.count == 2, UInt16(payload[0]) | UInt16(payload[1]) << 8 == port else {
                throw .unreadable("a channel does not begin with its port")
            }
            isNamed[Int(channel)] = true
            return nil
        }
        if payload.isEmpty { return nil }
        if channel == 1 { throw .forwarding(String(decoding: payload.prefix(1024), as: UTF8.self)) }
        return payload
    }
}

extension KubernetesClient {
    /// Opens a connection to a port of a pod.
    ///
    /// - Throws: `.refused` (no such pod, no permission …), `.net`, `.unreadable`, `.badAccess`. A port where nobody listens shows later, in
    ///   `PodPort.next`.
    package func openPort(namespace: String, pod: String, port: UInt16) async throws(KubernetesError) -> PodPort {
        let path = ResourcePath(.pods, namespace: namespace, name: pod, subresource: "portforward")
        let socket = try await openWebSocket(
            try path.text() + "?ports=\(port)", protocols: ["v4.channel.k8s.io"], .channels)
        guard socket.subprotocol != nil else { throw .unreadable("the server chose no protocol for a forwarded port") }
        return PodPort(socket, port: port)
    }
}
