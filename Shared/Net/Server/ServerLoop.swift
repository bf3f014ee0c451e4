internal import Bytes
package import EventLoop
package import HTTP
internal import HTTP2
internal import System
package import TLS
internal import Time

/// One loop's share of a server: its listeners, its connections, its handler.
///
/// A connection has a place in a table. A `StreamID` names the place, the place's generation and the request; an answer to a
/// connection that has gone meets another generation and is dropped.
///
/// When the table is full, connections on which nothing of ours is under way make room: first newcomers, of these the ones whose
/// address holds most connections, of these the ones that have waited longest. So nobody fills the table alone.
///
/// Isolation: its loop.
package final class ServerLoop: TickHook, @unchecked Sendable {  // everything is touched on `loop` only
    private struct Place {
        var connection: ServerConnection?
        var generation: UInt32 = 0
    }

    /// The loop that it lives on.
    package let loop: EventLoop
    let options: HTTPServerOptions
    let pool: HTTP2StreamPool
    let readBuffer: UnsafeMutableRawBufferPointer
    /// Its beginning.
    let newcomersBuffer: UnsafeMutableRawBufferPointer
    private(set) var handler: (any RequestHandler)?

    private var places: [Place] = []
    private var free: [UInt32] = []
    private var dirty: [ServerConnection] = []
    private var flushing: [ServerConnection] = []
    private var acceptors: [Acceptor] = []
    private var sweepTimer: TimerID?
    /// Connections whose handshake is under way.
    var handshakes = 0
    private var connectionsOf: [PeerNetwork: Int] = [:]
    var newcomers = Newcomers()
    private var mostConnections = 0  // since memory was given back
    private(set) var isDraining = false
    private var whenEmpty: (() -> Void)?

    /// Connections that are open now.
    package private(set) var connectionCount = 0

    init(on loop: EventLoop, options: HTTPServerOptions) {
        self.loop = loop
        self.options = options
        pool = HTTP2StreamPool(bufferedLimit: options.bufferedBytesPerLoop)
        readBuffer = .allocate(byteCount: 64 << 10, alignment: 16)
        newcomersBuffer = UnsafeMutableRawBufferPointer(rebasing: readBuffer[..<4096])
        loop.addTickHook(self, .output)
    }

    deinit {
        readBuffer.deallocate()
    }

    // MARK: For handlers

    /// Answers a request. On the loop; in the order and at the time of the handler's choosing. A request that is gone, or was
    /// answered, is ignored. Bytes leave when the round ends.
    package func respond(_ stream: StreamID, _ answer: Answer) {
        guard let connection = connection(of: stream) else { return }
        connection.respond(stream.number, answer)
    }

    /// Answers many requests with 204, as `respond` does; quickest when those of one connection stand together.
    package func respondNoContent(to streams: [StreamID]) {
        var rest = streams[...]
        while let first = rest.first {
            let end = rest.firstIndex { $0.slot != first.slot || $0.generation != first.generation } ?? rest.endIndex
            connection(of: first)?.respondNoContent(to: rest[..<end])
            rest = rest[end...]
        }
    }

    /// Who sent a request, by its client certificate. Nil without one, and when the request is gone.
    package func peer(of stream: StreamID) -> PeerIdentity? {
        connection(of: stream)?.peer
    }

    /// Over what a request came. Nil when the request is gone.
    package func caller(of stream: StreamID) -> Caller? {
        connection(of: stream).map { Caller(network: $0.peerNetwork, isSecure: $0.tls != nil) }
    }

    @inline(__always)
    func connection(of stream: StreamID) -> ServerConnection? {
        let slot = Int(stream.slot)
        guard slot < places.count, places[slot].generation == stream.generation else { return nil }
        return places[slot].connection
    }

    // MARK: Listeners and connections

    func start(handler: any RequestHandler, acceptors: [Acceptor]) {
        self.handler = handler
        self.acceptors = acceptors
        for acceptor in acceptors { acceptor.start(for: self) }
        scheduleSweep()
    }

    func accepted(_ raw: Int32, from peer: PeerNetwork, tls context: TLSServerContext?) {
        if connectionCount >= options.connectionsPerLoop { makeRoom() }
        if context != nil, handshakes >= options.handshakesPerLoop { makeRoom(amongHandshakes: true) }
        guard connectionCount < options.connectionsPerLoop, !isDraining else {
            if !isDraining { options.observe(.connectionEnded(.tableFull)) }
            FileDescriptor.close(raw: raw)
            return
        }
        var session: TLSSession?
        if let context {
            switch context.reloadIfChanged(now: loop.roundTime) {
            case .unchanged: break
            case .reloaded: options.observe(.certificatesReloaded)
            case .refused(let error): options.observe(.certificatesRefused(error))
            }
            do throws(TLSError) {
                session = try context.makeSession(raw: raw)
            } catch {  // for want of memory
                options.observe(.connectionEnded(.handshakeFailed))
                FileDescriptor.close(raw: raw)
                return
            }
        }
        let slot: UInt32
        if let reused = free.popLast() {
            slot = reused
        } else {
            slot = UInt32(places.count)
            places.append(Place())
        }
        places[Int(slot)].generation &+= 1
        let connection = ServerConnection(
            raw: raw, tls: session, peer: peer, slot: slot, generation: places[Int(slot)].generation, server: self)
        places[Int(slot)].connection = connection
        connectionCount += 1
        mostConnections = max(mostConnections, connectionCount)
        connectionsOf[peer, default: 0] += 1
        connection.start()
    }

    /// Ends a sixty-fourth of the table, or of the handshakes: to look at all connections for each new one would help who sends a flood of them.
    private func makeRoom(amongHandshakes: Bool = false) {
        struct Candidate {
            let connection: ServerConnection
            let since: MonotonicTime
            let neighbours: Int
        }
        var candidates: [Candidate] = []
        for place in places {
            guard let connection = place.connection, let since = connection.expendableSince else { continue }
            if amongHandshakes, connection.stage != .handshaking { continue }
            let neighbours = connectionsOf[connection.peerNetwork] ?? 0
            candidates.append(Candidate(connection: connection, since: since, neighbours: neighbours))
        }
        candidates.sort { one, other in
            if one.connection.isNewcomer != other.connection.isNewcomer { return one.connection.isNewcomer }
            if one.neighbours != other.neighbours { return one.neighbours > other.neighbours }
            return one.since < other.since
        }
        let limit = amongHandshakes ? options.handshakesPerLoop : options.connectionsPerLoop
        for candidate in candidates.prefix(max(1, limit / 64)) {
            candidate.connection.tellEnd(.madeRoom)
            candidate.connection.abort()
        }
    }

    /// Bytes that requests may hold in memory before one of this connection is refused.
    @inline(__always)
    func bufferedLimit(for connection: ServerConnection) -> Int {
        let limit = options.bufferedBytesPerLoop
        return connection.isNewcomer ? limit &- limit &>> 2 : limit
    }

    /// The connection has closed its descriptor or given it away.
    func connectionEnded(_ connection: ServerConnection) {
        places[Int(connection.slot)].connection = nil
        places[Int(connection.slot)].generation &+= 1
        free.append(connection.slot)
        connectionCount -= 1
        let left = (connectionsOf[connection.peerNetwork] ?? 1) - 1
        connectionsOf[connection.peerNetwork] = left > 0 ? left : nil
        if connectionCount == 0, isDraining { finishDrain() }
    }

    // MARK: Rounds and sweeps

    /// The connection has output; it is written when the round ends.
    @inline(__always)
    func markDirty(_ connection: ServerConnection) {
        if connection.isDirty { return }
        connection.isDirty = true
        dirty.append(connection)
    }

    /// Writes what the round has collected, one write per connection.
    package func tickEnded() {
        if newcomers.roundEnded() { loop.post { [weak self] in self?.callNewcomers() } }
        guard !dirty.isEmpty else { return }
        swap(&dirty, &flushing)
        for connection in flushing {
            connection.isDirty = false
            connection.flush()
        }
        flushing.removeAll(keepingCapacity: true)
    }

    /// Those in line have their turn.
    private func callNewcomers() {
        while let connection = newcomers.next() { connection.takeTurn() }
    }

    private func scheduleSweep() {
        sweepTimer = loop.schedule(after: options.sweepInterval) { [weak self] in
            guard let self else { return }
            let now = loop.roundTime
            for place in places { place.connection?.sweep(now) }
            giveMemoryBack()
            if sweepTimer != nil { scheduleSweep() }
        }
    }

    /// After a flood the allocator would keep for ever what a thousand connections had, in pieces too small for its own rule.
    private func giveMemoryBack() {
        guard mostConnections - connectionCount >= max(256, mostConnections / 2) else { return }
        mostConnections = connectionCount
        ThisProcess.giveMemoryBack()
    }

    // MARK: End

    func stopListening() {
        for acceptor in acceptors { acceptor.stop() }
        acceptors = []
    }

    /// Lets requests under way finish, then calls `done`.
    func drain(_ done: @escaping () -> Void) {
        stopListening()
        isDraining = true
        whenEmpty = done
        handler?.drainBegins()
        for place in places { place.connection?.drain() }
        if connectionCount == 0 { finishDrain() }
    }

    private func finishDrain() {
        let done = whenEmpty
        whenEmpty = nil
        done?()
    }

    func shutDown() {
        stopListening()
        isDraining = true
        for place in places { place.connection?.abort() }
        if let sweepTimer { loop.cancel(sweepTimer) }
        sweepTimer = nil
        loop.removeTickHook(self)
        handler = nil
    }
}
