package import System

extension TunnelSession {
    // MARK: The owner's wishes

    /// Opens a stream.
    /// - Parameter hasBody: Whether DATA follows; kinds without upload never have any.
    /// - Returns: Its id, which names it in every event from now on.
    package mutating func open(
        _ open: TunnelOpen, hasBody: Bool = true, at now: MonotonicTime
    ) throws(TunnelRefusal) -> UInt32 {
        guard phase != .over, sessionID != nil, !isDraining else { throw .leaving }
        guard role == .server || open.kind == .control else { throw .notAllowed }
        guard ownStreams < peerWindows.maxStreams else { throw .limit }
        let payload = open.payload()
        guard payload.count <= TunnelFrame.longestText else { throw .tooLong }
        let id = lastOwnID == 0 ? (role == .server ? 2 : 1) : lastOwnID + 2
        lastOwnID = id
        let ends = !hasBody || !open.kind.hasUpload
        addStream(id, open, isOurs: true, sending: ends ? .done : .open, receiving: .head, at: now)
        control.append(OutgoingFrame(type: .open, flags: ends ? .end : [], stream: id, payload: payload[...]))
        if id >= TunnelLimits.lastComfortableID {
            drain(TunnelDrain(reason: "the session's stream ids are used up", graceMilliseconds: 3_600_000))
        }
        return id
    }

    /// Whether that stream has not ended in both directions.
    package borrowing func isOpen(_ id: UInt32) -> Bool {
        guard let index = indexes[id] else { return false }
        return !streams[index].isOver
    }

    /// Accepts a stream that the peer has opened: how the answer begins.
    /// - Parameter ends: The answer has nothing but this.
    /// - Returns: False when the stream is over meanwhile, was accepted already, or when the head does not fit a frame: the stream is
    ///   reset then.
    @discardableResult
    package mutating func sendHead(_ id: UInt32, _ head: TunnelHead, ends: Bool = false) -> Bool {
        guard let index = indexes[id], streams[index].sending == .head else { return false }
        let payload = head.payload()
        guard payload.count <= TunnelFrame.longestText else {
            resetBySession(index, TunnelReset(.internalError, "the head is too long"))
            return false
        }
        streams[index].sending = ends ? .ending : .open
        append(TunnelStream.Piece(kind: .head, ends: ends, bytes: payload[...]), index)
        return true
    }

    /// Sends bytes: on an accepted stream behind the head, on an own one at once.
    ///
    /// - Parameters:
    ///   - channel: For kinds with channels only.
    ///   - bytes: Kept as they are until the peer has acknowledged them: not copied, unless they are few.
    /// - Returns: How much more may be written. The bytes were taken even if that is 0 or less; a producer that writes on without
    ///   waiting for `.writable` loses its stream.
    @discardableResult
    package mutating func write(
        _ id: UInt32, channel: UInt8? = nil, _ bytes: ArraySlice<UInt8>, at now: MonotonicTime
    ) -> TunnelRoom {
        guard let index = indexes[id], streams[index].sending == .open else { return .over }
        guard streams[index].kind.hasChannels == (channel != nil),
            channel.map({ mayWrite($0, index) }) ?? true
        else {
            resetBySession(index, TunnelReset(.internalError, "written on a channel that is not there"))
            return .over
        }
        guard !streams[index].producerWaits || streams[index].waitingBytes < 2 * limits.streamBuffer else {
            resetBySession(index, TunnelReset(.internalError, "written where there was no room"))
            return .over
        }
        streams[index].lastActivity = now
        if !bytes.isEmpty, !joined(bytes, channel, index) {
            append(TunnelStream.Piece(kind: .data, channel: channel, bytes: bytes), index)
        }
        let room = limits.streamBuffer - streams[index].waitingBytes
        if room <= 0 { streams[index].producerWaits = true }
        return .room(room)
    }

    /// How much may be written now; see ``write(_:channel:_:at:)``.
    package borrowing func room(_ id: UInt32) -> TunnelRoom {
        guard let index = indexes[id], streams[index].sending == .open else { return .over }
        return .room(limits.streamBuffer - streams[index].waitingBytes)
    }

    private func mayWrite(_ channel: UInt8, _ index: Int) -> Bool {
        TunnelChannel.isAllowed(channel, fromOpener: streams[index].isOurs)
            && streams[index].channelsEnded & (1 << channel) == 0
    }

    /// Ends one channel; the others go on.
    package mutating func endChannel(_ id: UInt32, _ channel: UInt8) {
        guard let index = indexes[id], streams[index].sending == .open, streams[index].kind.hasChannels,
            mayWrite(channel, index)
        else { return }
        streams[index].channelsEnded |= 1 << channel
        append(TunnelStream.Piece(kind: .channelEnd, channel: channel, bytes: []), index)
    }

    /// Ends our direction, behind everything that was written.
    package mutating func finish(_ id: UInt32) {
        guard let index = indexes[id], streams[index].sending == .open else { return }
        streams[index].sending = .ending
        takeTurns(index)
    }

    /// Ends our direction of an accepted stream, with how the work ended.
    package mutating func finish(_ id: UInt32, _ trailer: TunnelTrailer) {
        guard let index = indexes[id], streams[index].sending == .open, !streams[index].isOurs else { return }
        let payload = trailer.payload()
        guard payload.count <= TunnelFrame.longestText else {
            return resetBySession(index, TunnelReset(.internalError, "the trailer is too long"))
        }
        streams[index].sending = .ending
        append(TunnelStream.Piece(kind: .trailer, bytes: payload[...]), index)
    }

    /// Ends a stream at once, both directions; what was written and not sent is dropped. There is no event: the owner knows.
    package mutating func reset(_ id: UInt32, _ code: TunnelResetCode, _ text: String = "") {
        guard let index = indexes[id], !streams[index].isOver else { return }
        resetStream(index, TunnelReset(code, text))
    }

    /// The owner does not need so many bytes of a stream any more: the peer may send as many again.
    package mutating func consumed(_ id: UInt32, _ count: Int) {
        guard let index = indexes[id] else { return }
        _ = streams[index].receiveWindow.consume(count)
        grantIfDue(index)
        settle(index)
    }

    /// Agent: sends a fact. False when as many as may be under way are: come back at `.factsStored`.
    package mutating func send(_ fact: TunnelFact) -> Bool {
        guard role == .agent, phase != .over, sessionID != nil, unstoredFacts.count < TunnelLimits.factWindow else {
            return false
        }
        let payload = fact.payload()
        precondition(payload.count <= TunnelFrame.longestText, "the queue of facts keeps them short enough")
        precondition(fact.number > lastFact, "facts go in the order of their numbers")
        lastFact = fact.number
        unstoredFacts.append(fact.number)
        facts.append(OutgoingFrame(type: .event, payload: payload[...]))
        return true
    }

    /// Server: facts up to this number are stored.
    package mutating func factsStored(upTo number: UInt64) {
        guard role == .server, phase != .over, let first = unstoredFacts.first, first <= number else { return }
        precondition(number <= lastFact, "nobody stores what has not come")
        while let first = unstoredFacts.first, first <= number { _ = unstoredFacts.popFirst() }
        storedFact = number
    }
}

// MARK: - Transitions

extension TunnelSession {
    func isOwn(_ id: UInt32) -> Bool { (id & 1 == 1) == (role == .agent) }

    mutating func addRecord(_ stream: TunnelStream) -> Int {
        let index: Int
        if let place = free.popLast() {
            index = place
            streams[place] = stream
        } else {
            index = streams.count
            streams.append(stream)
        }
        indexes[stream.id] = index
        return index
    }

    mutating func addStream(
        _ id: UInt32, _ open: TunnelOpen, isOurs: Bool, sending: TunnelStream.Sending,
        receiving: TunnelStream.Receiving, at now: MonotonicTime
    ) {
        var stream = TunnelStream(
            id: id, isOurs: isOurs, kind: open.kind, lane: TurnQueue.lane(of: open.priority), sending: sending,
            receiving: receiving, sendWindow: SendWindow(size: peerWindows.streamWindow),
            receiveWindow: ReceiveWindow(size: limits.windows.streamWindow), lastActivity: now)
        var time = open.deadlineMilliseconds.map { Duration.milliseconds($0) }
        switch open.kind {
        case .http, .apply, .control:
            time = time ?? limits.requestTime
            stream.requestLimit = limits.requestBytes
        case .exec:
            time = time ?? limits.execTime
            stream.idleTime = limits.execIdleTime
        case .watch, .logs, .portForward, .flows: break
        }
        // The side that does the work is the first to know that it took too long.
        stream.deadline = time.map { now + $0 + (isOurs ? .seconds(1) : .zero) }
        if let expiry = stream.expiry { earliestExpiry = min(earliestExpiry ?? expiry, expiry) }
        _ = addRecord(stream)
        if isOurs {
            ownStreams += 1
        } else {
            peerStreams += 1
            peerStreamsOfKind[open.kind, default: 0] += 1
        }
    }

    mutating func append(_ piece: TunnelStream.Piece, _ index: Int) {
        streams[index].waitingBytes += piece.bytes.count
        streams[index].pieces.append(piece)
        takeTurns(index)
    }

    /// Joins a small piece with the one that waits before it: fewer, larger frames when the connection is slow.
    private mutating func joined(_ bytes: ArraySlice<UInt8>, _ channel: UInt8?, _ index: Int) -> Bool {
        let last = streams[index].pieces.count - 1
        guard last >= 0, streams[index].pieces[last].kind == .data, streams[index].pieces[last].channel == channel,
            streams[index].pieces[last].bytes.count + bytes.count <= TunnelLimits.joinedBytes
        else { return false }
        streams[index].pieces[last].bytes.append(contentsOf: bytes)
        streams[index].waitingBytes += bytes.count
        return true
    }

    /// Gives a stream its place among those that have something to send.
    mutating func takeTurns(_ index: Int) {
        if streams[index].queue == .none, streams[index].canSend { turns.append(index, &streams) }
    }

    /// Whether the peer may be short of room in the session, so that credit is given back early.
    var isPressed: Bool { receivedCharge * 2 >= limits.windows.sessionWindow }

    /// CREDIT goes out for half a window, sooner when the session is full, and once behind the end if the peer is still charged.
    mutating func grantIfDue(_ index: Int) {
        guard !streams[index].isCreditDue, mayGrant(index) else { return }
        streams[index].isCreditDue = true
        credits.append(index)
    }

    func mayGrant(_ index: Int) -> Bool {
        let window = streams[index].receiveWindow
        guard window.pending > 0, !streams[index].isResetByUs else { return false }
        // Behind the end the peer may have forgotten the stream, unless it is still charged for it.
        if streams[index].receiving == .done { return window.held == 0 && window.used > TunnelWindows.share }
        return window.pending * 2 >= window.size || isPressed && window.pending * 2 >= TunnelWindows.share
    }

    /// A limit, a deadline, or an owner's mistake.
    mutating func resetBySession(_ index: Int, _ reset: TunnelReset) {
        events.append(.reset(streams[index].id, reset, byPeer: false))
        resetStream(index, reset)
    }

    mutating func resetStream(_ index: Int, _ reset: TunnelReset) {
        let hadEnded = streams[index].sending == .done
        abandon(index)
        streams[index].isResetByUs = true
        streams[index].hadEnded = hadEnded
        sendReset(index, reset)
    }

    mutating func sendReset(_ index: Int, _ reset: TunnelReset) {
        control.append(OutgoingFrame(type: .reset, stream: streams[index].id, payload: reset.payload()[...]))
    }

    /// Both directions end without their ends being sent.
    mutating func abandon(_ index: Int) {
        let wasOver = streams[index].isOver
        streams[index].sending = .done
        streams[index].receiving = .done
        streams[index].pieces.removeAll()
        streams[index].waitingBytes = 0
        streams[index].lastFrame = .max
        sentCharge -= charge(streams[index].sendWindow.used)
        streams[index].sendWindow = SendWindow(size: 0)
        receivedCharge -= charge(streams[index].receiveWindow.used)
        streams[index].receiveWindow = ReceiveWindow(size: 0)
        if !wasOver { ended(index) }
    }

    /// One direction has ended; when it was the second, the stream is over.
    mutating func ended(_ index: Int) {
        guard streams[index].isOver else { return }
        turns.remove(index, &streams)
        if streams[index].isOurs {
            ownStreams -= 1
        } else {
            peerStreams -= 1
            peerStreamsOfKind[streams[index].kind, default: 0] -= 1
        }
        if streams[index].lastFrame != .max { closes(index) }
    }

    /// Our last frame of a stream that is over is known.
    mutating func closes(_ index: Int) {
        guard streams[index].lastFrame > settled else { return settle(index) }
        closing.append((index, streams[index].id))
    }

    /// The peer has acknowledged more.
    mutating func settleClosing() {
        while let (index, id) = closing.first {
            if indexes[id] == index {
                guard streams[index].lastFrame <= settled else { return }
                settle(index)
            }
            _ = closing.popFirst()
        }
    }

    /// Forgets a stream when nothing of it can come or go any more.
    mutating func settle(_ index: Int) {
        guard streams[index].isOver, streams[index].lastFrame <= settled, !streams[index].isCreditDue,
            streams[index].receiveWindow.held == 0, charge(streams[index].sendWindow.used) == 0,
            indexes[streams[index].id] == index
        else { return }
        forget(index)
    }

    mutating func forget(_ index: Int) {
        guard let place = indexes[streams[index].id], place == index else { return }
        turns.remove(index, &streams)
        sentCharge -= charge(streams[index].sendWindow.used)
        receivedCharge -= charge(streams[index].receiveWindow.used)
        indexes[streams[index].id] = nil
        streams[index].pieces.removeAll()
        free.append(index)
    }
}
