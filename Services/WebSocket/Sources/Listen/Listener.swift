internal import Config
internal import EventLoop
internal import HTTP
internal import Net
internal import Observe
internal import PlaneConfig
internal import Time
internal import Wire

/// One open web-socket and what waits for it.
///
/// - Isolation: the loop.
final class Listener: WebSocketDelegate {
    /// Bytes that the socket may hold before events wait in the queue, where the oldest can be dropped.
    private static let highWater = 64 << 10

    let stream: PlaneStream
    /// Who listens.
    let clientID: String
    private let feed: TopicFeed
    private let telemetry: WebSocketTelemetry
    private let whenClosed: (Listener) -> Void
    private var queue: ListenerQueue
    private var connection: WebSocketConnection?
    private var expiry: TimerID?

    init(
        _ stream: PlaneStream, for clientID: String, _ feed: TopicFeed, _ config: WebSocketConfig,
        _ telemetry: WebSocketTelemetry, whenClosed: @escaping (Listener) -> Void
    ) {
        self.stream = stream
        self.clientID = clientID
        self.feed = feed
        self.telemetry = telemetry
        self.whenClosed = whenClosed
        queue = ListenerQueue(maximumEvents: config.queueEvents, maximumBytes: config.queueBytes.bytes)
    }

    /// The handshake is done.
    func begin(_ connection: WebSocketConnection, validFor validity: Duration) {
        self.connection = connection
        feed.add(self)
        telemetry.emit(.opened(stream: stream.name))
        expiry = connection.loop.schedule(after: max(.zero, validity)) { [weak self] in
            self?.close(.normal, "the token has expired")
        }
    }

    /// An event for everybody on the stream.
    func offer(_ text: [UInt8]) {
        guard let connection, connection.isOpen else { return }
        if queue.isEmpty, connection.unsentBytes < Self.highWater { return send(text, connection) }
        let dropped = queue.append(text)
        if dropped > 0 { telemetry.dropped.add(dropped) }
    }

    func close(_ code: WebSocketCloseCode, _ reason: String) { connection?.close(code, reason: reason) }

    private func send(_ text: [UInt8], _ connection: WebSocketConnection) {
        text.withUnsafeBytes { connection.send(text: $0) }
        telemetry.sent.increment()
    }

    // MARK: From the connection

    /// Listeners have nothing to say.
    func messageArrived(_ message: WebSocketMessage, on connection: WebSocketConnection) {}

    func outputDrained(on connection: WebSocketConnection) {
        while connection.isOpen, connection.unsentBytes < Self.highWater, let text = queue.takeFirst() {
            send(text, connection)
        }
    }

    func closed(_ code: WebSocketCloseCode, reason: String, on connection: WebSocketConnection) {
        if let expiry { connection.loop.cancel(expiry) }
        self.connection = nil
        feed.leave(self)
        telemetry.emit(.closed(stream: stream.name, code: code, reason: reason, dropped: queue.dropped))
        whenClosed(self)
    }
}
