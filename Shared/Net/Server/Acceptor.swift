internal import EventLoop
internal import Faults
internal import System
internal import TLS
internal import Time

/// One listening socket on one loop.
final class Acceptor: ReadyHandler, @unchecked Sendable {  // made on any thread, then touched on the loop only
    private let socket: FileDescriptor
    private let tls: TLSServerContext?
    private let isTCP: Bool
    private unowned(unsafe) var server: ServerLoop!  // the server loop holds the acceptor and stops it
    private var isWatched = false
    private var pause: TimerID?

    init(_ socket: consuming FileDescriptor, tls: TLSServerContext?, isTCP: Bool) {
        self.socket = socket
        self.tls = tls
        self.isTCP = isTCP
    }

    func start(for server: ServerLoop) {
        self.server = server
        watch()
    }

    func ready(_ events: ReadyEvents) {
        // Bounded, so that a flood of connections starves neither those that exist nor the handshakes of those before.
        var peer = PeerNetwork.local
        while server.newcomers.mayAccept {
            let start = MonotonicTime.now()
            switch Socket.accept(raw: socket.raw, from: &peer) {
            case .done(let raw):
                if isTCP { Socket.setNoDelay(raw: Int32(raw)) }
                server.accepted(Int32(raw), from: peer, tls: tls)
                server.newcomers.spent(since: start)
            case .wouldBlock: return
            case .failed(let code):
                let error = SystemError.call("accept4", errno: code, subject: "")
                // The peer may have gone before we came; then the next one is waiting.
                if error.retry == .never { continue }
                server.options.observe(.acceptFailed(error))
                pauseForAMoment()
                return
            }
        }
    }

    /// Without descriptors the listener would stay ready and spin.
    private func pauseForAMoment() {
        server.loop.unregister(socket.raw)
        isWatched = false
        pause = server.loop.schedule(after: .milliseconds(100)) { [weak self] in self?.watch() }
    }

    private func watch() {
        pause = nil
        do throws(SystemError) {
            try server.loop.register(socket.raw, .read, self)
            isWatched = true
        } catch {
            server.options.observe(.acceptFailed(error))
            pause = server.loop.schedule(after: .milliseconds(100)) { [weak self] in self?.watch() }
        }
    }

    func stop() {
        if isWatched { server.loop.unregister(socket.raw) }
        isWatched = false
        if let pause { server.loop.cancel(pause) }
        pause = nil
    }
}
