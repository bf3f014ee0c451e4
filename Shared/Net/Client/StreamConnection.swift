internal import Bytes
internal import EventLoop
internal import HTTP
internal import System
internal import TLS

/// Whoever uses a ``StreamConnection``. All calls come on the loop.
protocol StreamConnectionOwner: AnyObject {
    /// Dialling and handshake are over.
    func streamOpened(_ applicationProtocol: ApplicationProtocol?)
    /// Bytes arrived; the view is valid during the call.
    func streamArrived(_ bytes: UnsafeRawBufferPointer)
    /// The kernel had not taken everything that was sent, and now it has. Not called from inside `send`.
    func streamDrained()
    /// It is over and closed. Nil: the peer ended it in good order. Told once, and not after `close` or `abort`.
    func streamEnded(_ error: NetError?)
}

/// A stream of bytes over TCP or a Unix socket, plain or in TLS: dialled, or taken over from a listener.
///
/// Isolation: one loop, from beginning to end. The loop keeps it alive while it is open.
final class StreamConnection: ReadyHandler, @unchecked Sendable {  // touched on its loop only
    private enum State { case connecting, tunnelling, handshaking, open, ended }

    private let loop: EventLoop
    private weak var owner: (any StreamConnectionOwner)?
    private var state: State
    private var raw: Int32 = -1
    private var interest: Interest = []
    private var isRegistered = false
    private var tls: TLSSession?
    private let tlsContext: (context: TLSClientContext, serverName: String)?
    private var addresses: ArraySlice<SocketAddress>
    private var tunnel: ProxyTunnel?

    private var output = OutputBuffer(capacity: 512)
    private var sent = 0
    private var tlsWantsWrite = false
    private var isBlocked = false  // the kernel took less than there was
    private var closesWhenDrained = false
    private var isReading = false
    private var isPaused = false
    private var isGone = false  // the peer hung up while nobody read, and the descriptor is not watched any more

    /// Bytes that were sent and not yet given to the kernel.
    var unsentBytes: Int { output.count - sent }
    /// False once it has ended or was closed.
    var isOpen: Bool { state != .ended && !closesWhenDrained }

    /// Dials the addresses in turn, until one answers. With a tunnel they are the proxy's, which is asked for the way to the server
    /// before anything else is said.
    init(
        dialling addresses: [SocketAddress], tls: (context: TLSClientContext, serverName: String)?,
        through tunnel: consuming ProxyTunnel? = nil, on loop: EventLoop, owner: any StreamConnectionOwner
    ) {
        self.loop = loop
        self.owner = owner
        self.addresses = addresses[...]
        self.tunnel = tunnel
        tlsContext = tls
        state = .connecting
    }

    /// Takes over an open, non-blocking, unregistered descriptor with its TLS session.
    init(adopting raw: Int32, tls: consuming TLSSession?, on loop: EventLoop, owner: any StreamConnectionOwner) {
        self.loop = loop
        self.owner = owner
        self.raw = raw
        self.tls = tls
        tlsContext = nil
        addresses = []
        state = .open
    }

    deinit {
        if raw >= 0 { FileDescriptor.close(raw: raw) }
    }

    /// Begins. For an adopted connection the owner hears nothing before bytes arrive.
    func start() {
        loop.assertOnLoop()
        if state == .open {
            watch()
            // Bytes that the TLS session has decrypted already will not make the descriptor readable.
            if let pending = tls?.hasPendingBytes, pending { loop.post { [self] in readMore() } }
        } else {
            dialNext(after: .connectionEnded)
        }
    }

    /// From now on somebody else hears what happens.
    func handOver(to owner: any StreamConnectionOwner) { self.owner = owner }

    // MARK: Dialling

    private func dialNext(after failure: NetError) {
        while let address = addresses.popFirst() {
            do throws(SystemError) {
                let file = try Socket.startConnecting(to: address)
                if address.port != 0 { Socket.setNoDelay(raw: file.raw) }
                raw = file.take()
                return setInterest(.write)
            } catch {
                if addresses.isEmpty { return end(.system(error)) }
            }
        }
        end(failure)
    }

    private func connected() {
        let code = Socket.pendingError(raw: raw)
        guard code == 0 else {
            loop.unregister(raw)
            closeDescriptor()
            return dialNext(after: .system(.call("connect", errno: code, subject: "")))
        }
        guard tunnel != nil else { return secure() }
        state = .tunnelling
        dig()
    }

    private func dig() {
        guard let outcome = tunnel?.advance(raw: raw) else { return }
        switch outcome {
        case .open:
            tunnel = nil
            secure()
        case .wantsRead: setInterest(.read)
        case .wantsWrite: setInterest(.write)
        case .failed(let error): end(error)
        }
    }

    private func secure() {
        guard let tlsContext else { return opened(nil) }
        do throws(TLSError) {
            tls = try tlsContext.context.makeSession(raw: raw, serverName: tlsContext.serverName)
        } catch {
            return end(.tls(error))
        }
        state = .handshaking
        shakeHands()
    }

    private func shakeHands() {
        guard let outcome = tls?.handshake() else { return }
        switch outcome {
        case .done: opened(tls?.applicationProtocol)
        case .wantsRead: setInterest(.read)
        case .wantsWrite: setInterest(.write)
        case .closed: end(.connectionEnded)
        case .failed(let error): end(.tls(error))
        }
    }

    private func opened(_ applicationProtocol: ApplicationProtocol?) {
        state = .open
        watch()
        owner?.streamOpened(applicationProtocol)
        flush()
    }

    // MARK: Readiness

    func ready(_ events: ReadyEvents) {
        switch state {
        case .connecting:
            if events.contains(.writable) { connected() }
        case .tunnelling: dig()
        case .handshaking: shakeHands()
        case .open:
            if isPaused, events.contains(.hungUp) || events.contains(.failed) { return peerWent() }
            if events.contains(.writable) { flush() }
            if state == .open, events.contains(.readable) { readMore() }
        case .ended: break
        }
    }

    private func readMore() {
        // Not re-entered: an owner that sends from inside `streamArrived` does not read again.
        guard state == .open, !isReading, !isPaused else { return }
        isReading = true
        defer { isReading = false }
        for _ in 0..<8 {
            guard state == .open, !isPaused else { return }
            let mayBeMore = withUnsafeTemporaryAllocation(byteCount: 16 * 1024, alignment: 16) { buffer in
                readOnce(into: buffer)
            }
            guard mayBeMore else { return }
        }
        // Others on the loop have their turn first. TLS may hold bytes that the kernel does not know of, so the
        // descriptor's readiness alone would not bring us back.
        loop.post { [self] in readMore() }
    }

    /// False when nothing more can be read now.
    private func readOnce(into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let outcome: TLSOutcome
        if tls != nil {
            outcome = tls?.read(into: buffer) ?? .closed
        } else {
            switch FileDescriptor.read(raw: raw, into: buffer) {
            case .done(0): outcome = .closed
            case .done(let count): outcome = .done(count)
            case .wouldBlock: outcome = .wantsRead
            case .failed(let code):
                end(.system(.call("read", errno: code, subject: "")))
                return false
            }
        }
        switch outcome {
        case .done(let count):
            if !closesWhenDrained { owner?.streamArrived(UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            return true
        case .wantsRead: return false
        case .wantsWrite:
            tlsWantsWrite = true
            watch()
            return false
        case .closed:
            end(nil)
            return false
        case .failed(let error):
            end(.tls(error))
            return false
        }
    }

    /// Reads no more, so that the peer has to wait: what has arrived stays with the kernel.
    func pauseReading() {
        guard state == .open, !isPaused else { return }
        isPaused = true
        watch()
    }

    /// Reads on; what has arrived meanwhile comes in a later round.
    func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        guard state == .open else { return }
        if !isGone { watch() }
        // The kernel does not tell of what TLS has decrypted, nor of a descriptor that is not watched any more.
        loop.post { [self] in readMore() }
    }

    /// A hang-up is told again and again as long as the descriptor is watched. What came before it can still be read, later.
    private func peerWent() {
        isGone = true
        loop.unregister(raw)
        isRegistered = false
    }

    // MARK: Output

    /// Appends bytes and gives as many as possible to the kernel. Never blocks; what does not fit is kept, so watch
    /// ``unsentBytes``.
    func send(_ bytes: UnsafeRawBufferPointer) {
        guard isOpen else { return }
        output.append(bytes)
        flush()
    }

    /// Takes what the buffer holds and empties it.
    func send(_ buffer: inout OutputBuffer) {
        send(buffer.bytes)
        buffer.removeAll()
    }

    private func flush() {
        guard state == .open else { return }
        tlsWantsWrite = false
        while sent < output.count {
            let rest = UnsafeRawBufferPointer(rebasing: output.bytes[sent...])
            let outcome: TLSOutcome
            if tls != nil {
                outcome = tls?.write(rest) ?? .closed
            } else {
                switch FileDescriptor.write(raw: raw, rest) {
                case .done(let count): outcome = .done(count)
                case .wouldBlock: outcome = .wantsWrite
                case .failed(let code): return end(.system(.call("write", errno: code, subject: "")))
                }
            }
            switch outcome {
            case .done(let count): sent += count
            case .wantsRead, .wantsWrite:
                isBlocked = true
                if sent > 64 * 1024 {
                    output.removeFirst(sent)
                    sent = 0
                }
                return watch()
            case .closed: return end(nil)
            case .failed(let error): return end(.tls(error))
            }
        }
        output.removeAll(keepingCapacity: output.capacity <= 64 * 1024)
        sent = 0
        if closesWhenDrained { return finish() }
        watch()
        guard isBlocked else { return }
        isBlocked = false
        // Not at once: an owner that sends from inside `streamDrained` would come back here, and deeper each time.
        loop.post { [self] in
            if isOpen, unsentBytes == 0 { owner?.streamDrained() }
        }
    }

    // MARK: End

    /// Sends what is left, says goodbye, closes. What arrives meanwhile is dropped. Not bounded in time by itself.
    func close() {
        guard isOpen else { return }
        guard state == .open else { return finish() }
        closesWhenDrained = true
        flush()
    }

    /// Closes at once; unsent bytes are lost.
    func abort() {
        guard state != .ended else { return }
        closesWhenDrained = true
        finish()
    }

    private func end(_ error: NetError?) {
        guard state != .ended else { return }
        let wasClosing = closesWhenDrained
        finish()
        if !wasClosing { owner?.streamEnded(error) }
    }

    private func finish() {
        guard state != .ended else { return }
        if state == .open { tls?.sayGoodbye() }
        state = .ended
        if raw >= 0 { loop.unregister(raw) }
        tls = nil
        closeDescriptor()
    }

    private func closeDescriptor() {
        if raw >= 0 { FileDescriptor.close(raw: raw) }
        raw = -1
        isRegistered = false
    }

    private func watch() {
        if isGone { return }
        var wanted: Interest = isPaused ? [] : .read
        if tlsWantsWrite || sent < output.count { wanted.insert(.write) }
        setInterest(wanted)
    }

    private func setInterest(_ wanted: Interest) {
        guard raw >= 0 else { return }
        if isRegistered {
            if interest != wanted { loop.modify(raw, wanted) }
        } else {
            do throws(SystemError) {
                try loop.register(raw, wanted, self)
                isRegistered = true
            } catch {
                return end(.system(error))
            }
        }
        interest = wanted
    }
}
