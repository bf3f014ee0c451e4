package import System

// One method for each type of message: its form, what it does in each state, what it costs. What is thrown is carried out by `punish`.

extension TunnelSession {
    /// A binary message of the web-socket has come.
    ///
    /// - Parameter message: Kept, in parts, by the `.data` events that it becomes: nothing is copied.
    package mutating func receive(_ message: [UInt8], at now: MonotonicTime) {
        guard isConnected, phase != .over else { return }
        lastReceived = now
        do throws(TunnelViolation) {
            try frameArrived(try Self.reading { () throws(TunnelError) in try TunnelFrame(reading: message) }, at: now)
        } catch {
            punish(error)
        }
    }

    /// The peer sent a text message: this protocol has none.
    package mutating func textArrived() { end(.protocolError, "a text message") }

    /// What cannot be read, where it concerns the whole session.
    static func reading<Value>(_ body: () throws(TunnelError) -> Value) throws(TunnelViolation) -> Value {
        do throws(TunnelError) {
            return try body()
        } catch {
            throw TunnelViolation(error)
        }
    }

    private mutating func frameArrived(_ frame: TunnelFrame, at now: MonotonicTime) throws(TunnelViolation) {
        guard let type = frame.type else { return }  // an extension
        switch phase {
        case .apart, .over: return
        case .greeting:
            switch type {
            case .welcome: return try welcomeArrived(frame.payload)
            case .goodbye: return try goodbyeArrived(frame.payload)
            case .hello, .ping, .pong, .drain, .ack, .open, .head, .data, .credit, .reset, .trailer, .event, .eventAck:
                throw TunnelViolation(.protocolError, "\(type.name) before WELCOME")
            }
        case .open: break
        }
        if type.isCounted { countedFrameArrived(bytes: frame.payload.count, at: now) }
        switch type {
        case .hello, .welcome: throw TunnelViolation(.protocolError, "\(type.name) where nobody greets")
        case .ping: try pingArrived(frame.payload)
        case .pong: pongArrived(frame.payload, at: now)
        case .drain: try drainArrived(frame.payload)
        case .goodbye: try goodbyeArrived(frame.payload)
        case .ack: try ackArrived(frame.payload.bigEndian(UInt64.self))
        case .open: try openArrived(frame, at: now)
        case .head: try headArrived(frame, at: now)
        case .data: try dataArrived(frame, at: now)
        case .credit: try creditArrived(frame)
        case .reset: try resetArrived(frame)
        case .trailer: try trailerArrived(frame)
        case .event: try eventArrived(frame.payload)
        case .eventAck: try eventAckArrived(frame.payload.bigEndian(UInt64.self))
        }
    }

    /// Every counted frame is acknowledged, soon: what the peer keeps for us has a bound.
    private mutating func countedFrameArrived(bytes: Int, at now: MonotonicTime) {
        received += 1
        unacknowledgedFrames += 1
        unacknowledgedBytes += bytes
        if unacknowledgedFrames >= TunnelLimits.ackFrames || unacknowledgedBytes >= TunnelLimits.ackBytes {
            isAckDue = true
        } else if ackDeadline == nil {
            ackDeadline = now + TunnelLimits.ackDelay
        }
    }

    // MARK: The connection's

    private mutating func pingArrived(_ payload: ArraySlice<UInt8>) throws(TunnelViolation) {
        guard pongs.count < 16 else { throw TunnelViolation(.flood, "PINGs whose answers nobody reads") }
        pongs.append(payload)
    }

    private mutating func pongArrived(_ payload: ArraySlice<UInt8>, at now: MonotonicTime) {
        guard let sent = pingSent, payload.bigEndian(Int64.self) == sent.nanoseconds else { return }
        roundTrip = .nanoseconds(now.nanoseconds - sent.nanoseconds)
        pingSent = nil
    }

    private mutating func drainArrived(_ payload: ArraySlice<UInt8>) throws(TunnelViolation) {
        let drain = try Self.reading { () throws(TunnelError) in try TunnelDrain(payload: payload) }
        guard !isPeerDraining else { return }  // said again after a cut
        isPeerDraining = true
        events.append(.draining(drain))
    }

    private mutating func goodbyeArrived(_ payload: ArraySlice<UInt8>) throws(TunnelViolation) {
        let goodbye = try Self.reading { () throws(TunnelError) in try TunnelGoodbye(payload: payload) }
        finish(.byPeer(goodbye))
    }

    private mutating func ackArrived(_ count: UInt64) throws(TunnelViolation) {
        guard log.acknowledge(count) else {
            throw TunnelViolation(.protocolError, "ACK of frames that were not sent, or back")
        }
        settled = count
        settleClosing()
    }

    // MARK: Streams

    private mutating func openArrived(_ frame: TunnelFrame, at now: MonotonicTime) throws(TunnelViolation) {
        let id = frame.stream
        guard isOwn(id) == false else { throw TunnelViolation(.protocolError, "OPEN with an id of the other side") }
        guard id > lastPeerID else { throw TunnelViolation(.protocolError, "OPEN with an id that is not higher") }
        lastPeerID = id
        let open: TunnelOpen
        do throws(TunnelError) {
            open = try TunnelOpen(payload: frame.payload)
        } catch {
            return try refuse(id, nil, TunnelReset(.badRequest, error.description), at: now)
        }
        if let reset = reasonToRefuse(open, at: now) { return try refuse(id, open, reset, at: now) }
        let ends = frame.flags.contains(.end) || !open.kind.hasUpload
        addStream(id, open, isOurs: false, sending: .head, receiving: ends ? .done : .open, at: now)
        events.append(.opened(id, open))
    }

    private mutating func reasonToRefuse(_ open: TunnelOpen, at now: MonotonicTime) -> TunnelReset? {
        if role == .server, open.kind != .control {
            return TunnelReset(.badRequest, "agents open control streams only")
        }
        if isDraining { return TunnelReset(.refused, "no new streams here") }
        guard opens.take(at: now) else { return TunnelReset(.limit, "too many streams in a second") }
        guard peerStreams < limits.windows.maxStreams else { return TunnelReset(.limit, "too many streams") }
        if let limit = limits.streamsOfKind[open.kind], peerStreamsOfKind[open.kind, default: 0] >= limit {
            return TunnelReset(.limit, "too many streams of kind \(open.kind.rawValue)")
        }
        return nil
    }

    /// Answers an OPEN with RESET. What follows for that stream is passed over until the peer knows.
    private mutating func refuse(
        _ id: UInt32, _ open: TunnelOpen?, _ reset: TunnelReset, at now: MonotonicTime
    ) throws(TunnelViolation) {
        let index = addRecord(
            TunnelStream(
                id: id, isOurs: false, kind: open?.kind ?? .control, lane: 0, sending: .done, receiving: .done,
                isResetByUs: true, sendWindow: SendWindow(size: 0), receiveWindow: ReceiveWindow(size: 0),
                lastActivity: now))
        events.append(.refused(id, open, reset))
        sendReset(index, reset)
        guard control.count <= TunnelLimits.waitingControl else {
            throw TunnelViolation(.flood, "streams whose refusal nobody reads")
        }
    }

    /// The stream that a frame names. Nil: its frames are passed over, as they were under way when we reset it.
    private mutating func stream(_ frame: TunnelFrame) throws(TunnelViolation) -> Int? {
        if let index = indexes[frame.stream] {
            guard streams[index].isResetByUs else { return index }
            let ends = frame.type == .trailer || frame.flags.contains(.end)
            if ends, streams[index].hadEnded, streams[index].lastFrame == .max { forget(index) }  // no RESET any more
            return nil
        }
        guard frame.stream <= (isOwn(frame.stream) ? lastOwnID : lastPeerID) else {
            throw TunnelViolation(.protocolError, "a frame of a stream that was not opened")
        }
        throw TunnelViolation(.protocolError, "a frame of a stream that is over")
    }

    private mutating func headArrived(_ frame: TunnelFrame, at now: MonotonicTime) throws(TunnelViolation) {
        guard let index = try stream(frame) else { return }
        guard streams[index].isOurs else { throw TunnelViolation(.protocolError, "HEAD of the side that opened") }
        guard streams[index].receiving == .head else { throw TunnelViolation(.protocolError, "HEAD out of order") }
        let head: TunnelHead
        do throws(TunnelError) {
            head = try TunnelHead(payload: frame.payload)
        } catch {
            return resetBySession(index, TunnelReset(.badRequest, error.description))
        }
        streams[index].lastActivity = now
        streams[index].receiving = .open
        events.append(.head(frame.stream, head))
        if frame.flags.contains(.end) { receivingEnds(index) }
    }

    private mutating func dataArrived(_ frame: TunnelFrame, at now: MonotonicTime) throws(TunnelViolation) {
        guard let index = try stream(frame) else { return }
        guard streams[index].receiving == .open else {
            throw TunnelViolation(
                .protocolError, streams[index].receiving == .head ? "DATA before HEAD" : "DATA behind the end")
        }
        guard streams[index].kind.hasChannels == frame.flags.contains(.channel) || isBareEnd(frame) else {
            throw TunnelViolation(.protocolError, "DATA with a channel that its kind does not have, or without one")
        }
        var bytes = frame.payload
        var channel: UInt8?
        if frame.flags.contains(.channel), let first = bytes.popFirst() {
            guard TunnelChannel.isAllowed(first, fromOpener: !streams[index].isOurs) else {
                throw TunnelViolation(.protocolError, "DATA on a channel of the other side")
            }
            guard streams[index].channelsEndedByPeer & (1 << first) == 0 else {
                throw TunnelViolation(.protocolError, "DATA on a channel that has ended")
            }
            channel = first
        }
        guard !bytes.isEmpty || !frame.flags.isDisjoint(with: [.end, .channelEnd]) else {
            throw TunnelViolation(.protocolError, "DATA without a byte and without an end")
        }
        try take(bytes.count, index)
        streams[index].lastActivity = now
        streams[index].receivedBytes += bytes.count
        guard streams[index].receivedBytes <= streams[index].requestLimit else {
            return resetBySession(index, TunnelReset(.limit, "the request is too long"))
        }
        if !bytes.isEmpty { events.append(.data(frame.stream, channel: channel, bytes)) }
        if let channel, frame.flags.contains(.channelEnd) {
            streams[index].channelsEndedByPeer |= 1 << channel
            events.append(.channelEnded(frame.stream, channel))
        }
        if frame.flags.contains(.end) { receivingEnds(index) }
    }

    /// A direction with channels may end in a frame that names none.
    private func isBareEnd(_ frame: TunnelFrame) -> Bool {
        frame.payload.isEmpty && frame.flags.contains(.end) && !frame.flags.contains(.channel)
    }

    /// Bytes use the stream's credit, and the session's.
    private mutating func take(_ count: Int, _ index: Int) throws(TunnelViolation) {
        let before = charge(streams[index].receiveWindow.used)
        guard streams[index].receiveWindow.take(count) else {
            throw TunnelViolation(.flow, "more DATA than the stream's credit")
        }
        let wasPressed = isPressed
        receivedCharge += charge(streams[index].receiveWindow.used) - before
        guard receivedCharge <= limits.windows.sessionWindow else {
            throw TunnelViolation(.flow, "more DATA than the session's window")
        }
        // From now on credit is given back in small portions: the peer may have nothing else to go on with.
        if isPressed, !wasPressed {
            for index in streams.indices where indexes[streams[index].id] == index { grantIfDue(index) }
        }
    }

    private mutating func creditArrived(_ frame: TunnelFrame) throws(TunnelViolation) {
        guard let index = try stream(frame) else { return }
        let count = frame.payload.bigEndian(UInt32.self)
        guard count > 0 else { throw TunnelViolation(.protocolError, "CREDIT of nothing") }
        let before = charge(streams[index].sendWindow.used)
        guard streams[index].sendWindow.grow(Int(count)) else {
            throw TunnelViolation(.flow, "CREDIT for more than was sent")
        }
        sentCharge += charge(streams[index].sendWindow.used) - before
        // What it may send of its own share does not wait for room in the session.
        if streams[index].queue == .parked { turns.remove(index, &streams) }
        takeTurns(index)
        settle(index)
    }

    private mutating func resetArrived(_ frame: TunnelFrame) throws(TunnelViolation) {
        let reset = try Self.reading { () throws(TunnelError) in try TunnelReset(payload: frame.payload) }
        guard let index = try stream(frame) else {
            if let index = indexes[frame.stream] { forget(index) }  // both have reset it
            return
        }
        if !streams[index].isOver { events.append(.reset(frame.stream, reset, byPeer: true)) }
        abandon(index)
        forget(index)  // the peer sends nothing more for it
    }

    private mutating func trailerArrived(_ frame: TunnelFrame) throws(TunnelViolation) {
        guard let index = try stream(frame) else { return }
        guard streams[index].isOurs else { throw TunnelViolation(.protocolError, "TRAILER of the side that opened") }
        guard streams[index].receiving == .open else { throw TunnelViolation(.protocolError, "TRAILER out of order") }
        let trailer: TunnelTrailer
        do throws(TunnelError) {
            trailer = try TunnelTrailer(payload: frame.payload)
        } catch {
            return resetBySession(index, TunnelReset(.badRequest, error.description))
        }
        streams[index].receiving = .done
        events.append(.trailer(frame.stream, trailer))
        grantIfDue(index)
        ended(index)
    }

    private mutating func receivingEnds(_ index: Int) {
        streams[index].receiving = .done
        events.append(.ended(streams[index].id))
        grantIfDue(index)
        ended(index)
    }

    // MARK: Facts

    private mutating func eventArrived(_ payload: ArraySlice<UInt8>) throws(TunnelViolation) {
        guard role == .server else { throw TunnelViolation(.protocolError, "EVENT of a server") }
        let fact = try Self.reading { () throws(TunnelError) in try TunnelFact(payload: payload) }
        guard fact.number > lastFact else { throw TunnelViolation(.protocolError, "EVENT out of order") }
        guard unstoredFacts.count < TunnelLimits.factWindow else {
            throw TunnelViolation(.flow, "more EVENTs than may wait for EVENT_ACK")
        }
        lastFact = fact.number
        unstoredFacts.append(fact.number)
        events.append(.fact(fact))
    }

    private mutating func eventAckArrived(_ number: UInt64) throws(TunnelViolation) {
        guard role == .agent, number <= lastFact else {
            throw TunnelViolation(.protocolError, "EVENT_ACK of facts that were not sent")
        }
        while let first = unstoredFacts.first, first <= number { _ = unstoredFacts.popFirst() }
        events.append(.factsStored(number))
    }
}
