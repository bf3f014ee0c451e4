internal import Bytes
package import EventLoop
package import HTTP
internal import System
internal import TLS

/// Told what happens on a web-socket. All calls come on the connection's loop.
package protocol WebSocketDelegate: AnyObject {
    /// A text or binary message arrived. Pings were answered already; pings and pongs are not shown.
    func messageArrived(_ message: WebSocketMessage, on connection: WebSocketConnection)
    /// Bytes had piled up (``WebSocketConnection/unsentBytes``), and now the kernel has them: there is room again.
    func outputDrained(on connection: WebSocketConnection)
    /// It is over, told exactly once: the peer's code (`.noStatus` without one), ours when the peer broke a rule, or
    /// `.abnormal` when the connection just ended.
    func closed(_ code: WebSocketCloseCode, reason: String, on connection: WebSocketConnection)
}

/// How a web-socket behaves.
package struct WebSocketOptions: Sendable {
    /// Most bytes of one received message; beyond, 1009.
    package var messageLimit = 64 * 1024
    /// How often a ping is sent. A peer that is silent for a whole interval after one is given up (1006). Nil: never.
    package var pingInterval: Duration? = .seconds(30)
    /// How long the peer may take to answer our close frame.
    package var closeTimeout: Duration = .seconds(5)
    /// Most unsent bytes; a peer that lets more pile up is cut off with 1008. Callers should stop long before.
    package var unsentLimit = 4 * 1024 * 1024

    /// The defaults.
    package init() {}
}

/// One open web-socket, server's or client's end (RFC 6455).
///
/// Isolation: everything on its loop. It stays alive until it is closed.
package final class WebSocketConnection: StreamConnectionOwner, @unchecked Sendable {  // touched on its loop only
    private enum State { case open, closing, closed }

    /// The loop that it lives on.
    package let loop: EventLoop
    private let role: WebSocketRole
    private let options: WebSocketOptions
    private weak var delegate: (any WebSocketDelegate)?
    private var stream: StreamConnection?
    private var decoder: WebSocketDecoder
    private var scratch = OutputBuffer()
    private var state = State.open
    private var pingTimer: TimerID?
    private var closeTimer: TimerID?
    private var heardSincePing = true
    private var keepsSelf: WebSocketConnection?  // until closed: the stream knows its owner only weakly
    private var code = WebSocketCloseCode.abnormal
    private var reason = ""
    private var isPaused = false
    /// The sub-protocol that the handshake chose.
    package let subprotocol: String?

    init(
        role: WebSocketRole, subprotocol: String? = nil, options: WebSocketOptions, on loop: EventLoop,
        delegate: any WebSocketDelegate
    ) {
        self.role = role
        self.subprotocol = subprotocol
        self.options = options
        self.loop = loop
        self.delegate = delegate
        decoder = WebSocketDecoder(role: role, messageLimit: options.messageLimit)
    }

    /// Begins on a stream whose handshake is done. From now on it can send.
    func begin(on stream: StreamConnection) {
        keepsSelf = self
        self.stream = stream
        schedulePing()
    }

    /// Takes what came behind the handshake; after its owner has seen the connection.
    func restArrived(_ rest: [UInt8]) {
        if !rest.isEmpty { rest.withUnsafeBytes { streamArrived($0) } }
    }

    /// Bytes that were sent and that the kernel has not taken yet.
    package var unsentBytes: Int { stream?.unsentBytes ?? 0 }
    /// True until either side has begun to close.
    package var isOpen: Bool { state == .open }

    /// Sends a text message; the bytes must be UTF-8. Does nothing once it closes.
    package func send(text utf8: UnsafeRawBufferPointer) {
        guard state == .open else { return }
        WebSocketWriter.text(utf8, mask: nextMask(), into: &scratch)
        write()
    }

    /// Sends a text message. Does nothing once it closes.
    package func send(_ text: String) {
        var text = text
        text.withUTF8 { send(text: UnsafeRawBufferPointer($0)) }
    }

    /// Sends a binary message. Does nothing once it closes.
    package func send(binary bytes: UnsafeRawBufferPointer) {
        guard state == .open else { return }
        WebSocketWriter.binary(bytes, mask: nextMask(), into: &scratch)
        write()
    }

    /// Sends a binary message that stands in two pieces: a head that the caller makes, and a body that it has. Does nothing once it
    /// closes.
    package func send(binary head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) {
        guard state == .open else { return }
        WebSocketWriter.binary(head, body, mask: nextMask(), into: &scratch)
        write()
    }

    /// Takes no more messages, so that the peer has to wait; at most one read's worth is kept here. Pings are not answered meanwhile,
    /// and the peer's silence is not held against it.
    package func pauseReading() {
        loop.assertOnLoop()
        isPaused = true
        stream?.pauseReading()
    }

    /// Takes messages again, in a later round.
    package func resumeReading() {
        loop.assertOnLoop()
        guard isPaused else { return }
        isPaused = false
        heardSincePing = true
        loop.post { [self] in
            guard !isPaused, state != .closed else { return }
            decode()
            if !isPaused { stream?.resumeReading() }
        }
    }

    /// Begins to close: sends the frame and waits, within limits, for the peer's.
    package func close(_ code: WebSocketCloseCode, reason: String = "") {
        loop.assertOnLoop()
        guard state == .open else { return }
        state = .closing
        self.code = code
        self.reason = reason
        WebSocketWriter.close(code, reason: reason, mask: nextMask(), into: &scratch)
        write()
        closeTimer = loop.schedule(after: options.closeTimeout) { [weak self] in self?.finish(aborting: true) }
        resumeReading()  // else the peer's answer is not seen
    }

    /// Ends the connection at once.
    package func abort() { finish(aborting: true) }

    private func write() {
        stream?.send(&scratch)
        guard unsentBytes > options.unsentLimit, state != .closed else { return }
        code = .policyViolation
        reason = "reader too slow"
        finish(aborting: true)
    }

    /// RFC 6455 §5.3: unpredictable, new for every frame.
    private func nextMask() -> UInt32? {
        role == .server ? nil : UInt32.random(in: .min ... .max)
    }

    // MARK: Time

    private func schedulePing() {
        guard let interval = options.pingInterval else { return }
        pingTimer = loop.schedule(after: interval) { [weak self] in self?.pingIsDue() }
    }

    private func pingIsDue() {
        guard state == .open else { return }
        guard heardSincePing || isPaused else { return finish(aborting: true) }
        heardSincePing = false
        WebSocketWriter.ping([], mask: nextMask(), into: &scratch)
        write()
        schedulePing()
    }

    // MARK: From the stream

    func streamOpened(_ applicationProtocol: ApplicationProtocol?) {}

    func streamDrained() {
        if state == .open { delegate?.outputDrained(on: self) }
    }

    func streamArrived(_ bytes: UnsafeRawBufferPointer) {
        heardSincePing = true
        decoder.feed(bytes)
        decode()
    }

    private func decode() {
        do throws(HTTPError) {
            while state != .closed, !isPaused, let message = try decoder.next() { arrived(message) }
        } catch {
            guard case .webSocket(let code, let reason) = error else { return finish(aborting: true) }
            if state == .open {
                WebSocketWriter.close(code, reason: reason, mask: nextMask(), into: &scratch)
                stream?.send(&scratch)
                self.code = code
                self.reason = reason
            }
            finish(aborting: false)
        }
    }

    private func arrived(_ message: WebSocketMessage) {
        switch message {
        case .text, .binary:
            if state == .open { delegate?.messageArrived(message, on: self) }
        case .ping(let bytes):
            // A peer that pings and does not read must not fill our memory; §5.5.3 lets us skip answers.
            guard state == .open, unsentBytes < 64 * 1024 else { return }
            WebSocketWriter.pong(bytes, mask: nextMask(), into: &scratch)
            write()
        case .pong: break
        case .close(let code, let reason):
            if state == .open {
                self.code = code
                self.reason = reason
                WebSocketWriter.close(code, mask: nextMask(), into: &scratch)
                stream?.send(&scratch)
            }
            finish(aborting: false)
        }
    }

    func streamEnded(_ error: NetError?) {
        finish(aborting: true)
    }

    private func finish(aborting: Bool) {
        guard state != .closed else { return }
        state = .closed
        if let pingTimer { loop.cancel(pingTimer) }
        if let closeTimer { loop.cancel(closeTimer) }
        if aborting {
            stream?.abort()
        } else if let stream {
            stream.close()
            // What the kernel does not take within the limit is lost.
            loop.schedule(after: options.closeTimeout) { stream.abort() }
        }
        stream = nil
        delegate?.closed(code, reason: reason, on: self)
        keepsSelf = nil
    }
}
