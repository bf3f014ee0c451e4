internal import Bytes
internal import EventLog
internal import EventLoop
internal import HTTP
internal import Net
internal import PlaneConfig
internal import ServiceKit
internal import System
internal import Time
internal import Tokens
internal import Wire

/// What the handler needs from the service.
struct ListenContext {
    let config: WebSocketConfig
    let clock: any WallClock
    let keys: SharedKeySet
    let plane: FollowedPlane
    let log: any EventLog
    let schemas: SchemaStore
    let telemetry: WebSocketTelemetry
    let isReady: @Sendable () -> Bool
}

/// Lets listeners in: token, stream, feed, handshake.
///
/// - Isolation: the loop.
final class ListenHandler: RequestHandler, @unchecked Sendable {  // touched on its loop only
    private let server: ServerLoop
    private let context: ListenContext
    private let verifier: TokenVerifier
    private var feeds: [TopicName: TopicFeed] = [:]
    private var retired: [TopicFeed] = []
    private var listeners: [ObjectIdentifier: Listener] = [:]
    private var opening = 0
    private var isDraining = false
    private var whenEmpty: (() -> Void)?

    init(_ server: ServerLoop, _ context: ListenContext) {
        self.server = server
        self.context = context
        verifier = TokenVerifier(
            issuer: context.config.issuer.name, keys: context.keys, skew: context.config.issuer.clockSkew, capacity: 256
        )
    }

    func requestArrived(_ stream: StreamID, head: borrowing RequestHead, body: UnsafeRawBufferPointer) {
        // HEAD is answered as GET; it begins no web-socket, which the handshake says.
        let isGet = ASCII.equal(head.method, "GET") || ASCII.equal(head.method, "HEAD")
        switch Route(path: head.path) {
        case .listen where isGet: listen(stream, head)
        case .health where isGet:
            if isDraining || !context.isReady() { return refuse(stream, .notReady, head) }
            server.respond(stream, .full(Response(.ok)))
        case .listen, .health: refuse(stream, .wrongMethod, head)
        case .unknown: refuse(stream, .noSuchPath, head)
        }
    }

    private func refuse(_ stream: StreamID, _ refusal: Refusal, _ head: borrowing RequestHead) {
        let host = head.value(of: .host).map { String(decoding: $0, as: UTF8.self) } ?? ""
        refuse(stream, refusal, realm: "\(host)\(String(decoding: head.path, as: UTF8.self))")
    }

    private func refuse(_ stream: StreamID, _ refusal: Refusal, realm: String = "") {
        context.telemetry.emit(.refused(refusal))
        server.respond(stream, .full(refusal.response(realm: realm)))
    }

    private func listen(_ stream: StreamID, _ head: borrowing RequestHead) {
        guard !isDraining else { return refuse(stream, .notReady, head) }
        let now = context.clock.now()
        let field = head.authorization.bytes
        let token: VerifiedToken
        do throws(TokenError) {
            token = try verifier.verify(authorization: field.isEmpty ? nil : field, now: now)
        } catch {
            return refuse(stream, .token(error), head)
        }
        guard let source = context.plane.current.stream(clientID: token.clientID) else {
            return refuse(stream, .clientUnknown, head)
        }
        let handshake = WebSocketHandshake.answer(
            to: Request(copying: head, body: UnsafeRawBufferPointer(start: nil, count: 0)))
        guard handshake.status == .switchingProtocols else {
            context.telemetry.emit(.noHandshake(handshake.status))
            return server.respond(stream, .full(handshake))
        }
        guard listeners.count + opening < context.config.maximumListeners else {
            return refuse(stream, .tooManyListeners, head)
        }
        guard let feed = feed(of: source.topic) else { return refuse(stream, .logUnavailable, head) }
        opening += 1
        let (clientID, expiresAt) = (token.clientID, token.expiresAt)
        feed.join { [self] isReady in
            opening -= 1
            guard isReady, !isDraining else {
                refuse(stream, isReady ? .notReady : .logUnavailable)
                return feed.leave(nil)
            }
            open(stream, handshake, source, for: clientID, feed, expiresAt)
        }
    }

    private func open(
        _ stream: StreamID, _ handshake: Response, _ source: PlaneStream, for clientID: String, _ feed: TopicFeed,
        _ expiresAt: Timestamp
    ) {
        let listener = Listener(source, for: clientID, feed, context.config, context.telemetry) { [weak self] in
            self?.gone($0)
        }
        var options = WebSocketOptions()
        options.messageLimit = 4096  // whatever a listener says is read over
        options.pingInterval = context.config.pingInterval
        options.closeTimeout = .seconds(3)
        let accepted = server.openWebSocket(stream, handshake, options: options, delegate: listener) { connection in
            // Counted from the handshake: skew is for clocks, not for staying longer.
            listener.begin(connection, validFor: expiresAt - self.context.clock.now())
            self.listeners[ObjectIdentifier(listener)] = listener
            if self.isDraining { listener.close(.goingAway, "the service is going away") }
        } failed: {
            feed.leave(nil)
        }
        if !accepted { feed.leave(nil) }
    }

    private func gone(_ listener: Listener) {
        listeners[ObjectIdentifier(listener)] = nil
        if listeners.isEmpty, isDraining {
            whenEmpty?()
            whenEmpty = nil
        }
    }

    // MARK: Feeds

    private func feed(of topic: TopicName) -> TopicFeed? {
        if let feed = feeds[topic] { return feed }
        let feed = TopicFeed(
            topic, log: context.log, schemas: context.schemas, loop: server.loop, telemetry: context.telemetry
        ) { [weak self] in self?.retire($0) }
        do throws(SystemError) {
            try feed.start()
        } catch {
            context.telemetry.emit(.readFailed(topic, reason: "\(error)"))
            return nil
        }
        feeds[topic] = feed
        return feed
    }

    /// Nobody listens any more. The thread ends by itself; a newcomer gets another one.
    private func retire(_ feed: TopicFeed) {
        feed.stop()
        if feeds[feed.topic] === feed { feeds[feed.topic] = nil }
        retired.removeAll { feed in
            guard feed.hasEnded else { return false }
            feed.waitForEnd()
            return true
        }
        retired.append(feed)
    }

    // MARK: From the service, on loop

    /// Listeners of a stream that is gone, or is another one now, are let go.
    func planeChanged() {
        let plane = context.plane.current
        for listener in listeners.values
        where plane.stream(clientID: listener.clientID)?.id != listener.stream.id {
            listener.close(.policyViolation, "the stream is gone")
        }
    }

    /// Closes every listener with 1001 and calls back when they are gone.
    func drain(_ done: @escaping () -> Void) {
        isDraining = true
        context.telemetry.emit(.draining(listeners: listeners.count))
        if listeners.isEmpty { return done() }
        whenEmpty = done
        for listener in listeners.values { listener.close(.goingAway, "the service is going away") }
    }

    /// All feeds, told to stop: to be waited for elsewhere.
    func takeFeeds() -> [TopicFeed] {
        let all = Array(feeds.values) + retired
        for feed in all { feed.stop() }
        feeds = [:]
        retired = []
        return all
    }
}
