package import Bytes
package import System

extension TunnelSession {
    /// Lends the next message to send: a header (with the channel byte, when there is one) and the payload behind it, so that the
    /// payload is copied only once, into the web-socket's frame. Nil when nothing is to be sent now.
    package mutating func withNextMessage<Result>(
        at now: MonotonicTime, _ body: (_ header: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer) -> Result
    ) -> Result? {
        guard let frame = nextFrame(at: now) else { return nil }
        lastSent = now
        let hasChannel = frame.flags.contains(.channel)
        var header: (UInt64, UInt64) = (0, 0)
        return withUnsafeMutableBytes(of: &header) { header in
            header[0] = frame.type.rawValue
            header[1] = frame.flags.rawValue
            header.storeBytes(of: frame.stream.bigEndian, toByteOffset: 4, as: UInt32.self)
            let length = UInt32(frame.payload.count + (hasChannel ? 1 : 0))
            header.storeBytes(of: length.bigEndian, toByteOffset: 8, as: UInt32.self)
            header[12] = frame.channel
            let count = TunnelFrame.headerLength + (hasChannel ? 1 : 0)
            return frame.payload.withUnsafeBytes { payload in
                body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(header)[..<count]), payload)
            }
        }
    }

    /// Appends the next message to send. False when nothing is to be sent now.
    package mutating func nextMessage(into out: inout OutputBuffer, at now: MonotonicTime) -> Bool {
        let sent: Void? = withNextMessage(at: now) { (header, payload) -> Void in
            out.reserve(header.count + payload.count)
            out.append(header)
            out.append(payload)
        }
        return sent != nil
    }

    /// What goes next: the connection's frames, what is repeated after a cut, OPEN and RESET, CREDIT, then streams and facts by turns.
    private mutating func nextFrame(at now: MonotonicTime) -> OutgoingFrame? {
        guard isConnected else { return nil }
        if let frame = nextConnectionFrame(at: now) { return frame }
        guard phase == .open else { return nil }
        if let frame = log.repeatNext() { return frame }
        guard log.bytes < limits.unacknowledgedBytes else { return nil }
        while let frame = control.popFirst() {
            // The peer has reset it, too, or has ended it: it knows the stream no more.
            if frame.type == .reset, indexes[frame.stream] == nil { continue }
            return send(control: frame)
        }
        if let frame = nextCredit() { return frame }
        if let number = storedFact {
            storedFact = nil
            return send(OutgoingFrame(type: .eventAck, payload: number.bigEndianBytes[...]))
        }
        return nextTurn()
    }

    private mutating func nextConnectionFrame(at now: MonotonicTime) -> OutgoingFrame? {
        if let goodbye {
            self.goodbye = nil
            return OutgoingFrame(type: .goodbye, payload: goodbye.payload()[...])
        }
        guard phase != .over else { return nil }
        if let greeting {
            self.greeting = nil
            return greeting
        }
        guard phase == .open else { return nil }
        if let pong = pongs.popFirst() { return OutgoingFrame(type: .pong, payload: pong) }
        if isPingDue {
            isPingDue = false
            pingSent = now
            return OutgoingFrame(type: .ping, payload: now.nanoseconds.bigEndianBytes[...])
        }
        if isDrainDue, let drain {
            isDrainDue = false
            return OutgoingFrame(type: .drain, payload: drain.payload()[...])
        }
        if isAckDue, !log.isRepeating {
            acknowledgementSent()
            return OutgoingFrame(type: .ack, payload: received.bigEndianBytes[...])
        }
        return nil
    }

    mutating func acknowledgementSent() {
        isAckDue = false
        ackDeadline = nil
        unacknowledgedFrames = 0
        unacknowledgedBytes = 0
    }

    /// Notes a counted frame, until the peer has it.
    private mutating func send(_ frame: OutgoingFrame) -> OutgoingFrame {
        log.append(frame)
        return frame
    }

    private mutating func send(control frame: OutgoingFrame) -> OutgoingFrame {
        log.append(frame)
        guard let index = indexes[frame.stream] else { return frame }
        if frame.type == .reset {
            streams[index].lastFrame = log.sent
            closes(index)
        } else if frame.flags.contains(.end), !streams[index].isResetByUs {
            streams[index].lastFrame = log.sent
        }
        return frame
    }

    private mutating func nextCredit() -> OutgoingFrame? {
        while let index = credits.popFirst() {
            guard streams.indices.contains(index), streams[index].isCreditDue else { continue }
            streams[index].isCreditDue = false
            guard indexes[streams[index].id] == index else { continue }
            guard streams[index].receiving == .open || mayGrant(index) else {
                settle(index)
                continue
            }
            let before = charge(streams[index].receiveWindow.used)
            let count = streams[index].receiveWindow.grant()
            receivedCharge += charge(streams[index].receiveWindow.used) - before
            let frame = OutgoingFrame(
                type: .credit, stream: streams[index].id, payload: UInt32(count).bigEndianBytes[...])
            log.append(frame)
            settle(index)
            return frame
        }
        return nil
    }

    // MARK: Turns

    private mutating func nextTurn() -> OutgoingFrame? {
        while true {
            // One that waited for room in the session may try again, in its own lane.
            if sentCharge < peerWindows.sessionWindow { _ = turns.unpark(&streams) }
            guard let lane = turns.nextLane(factsWait: !facts.isEmpty) else { return nil }
            if lane == TurnQueue.factLane {
                guard let fact = facts.popFirst() else { return nil }
                return send(fact)
            }
            guard let index = turns.popFirst(lane, &streams) else { return nil }
            if let frame = nextFrame(of: index) { return frame }
        }
    }

    /// One frame of a stream that has its turn; nil when it has to wait.
    private mutating func nextFrame(of index: Int) -> OutgoingFrame? {
        guard let piece = streams[index].pieces.first else {
            guard streams[index].sending == .ending else { return nil }
            return sendEnd(index, OutgoingFrame(type: .data, flags: .end, stream: streams[index].id, payload: []))
        }
        switch piece.kind {
        case .head:
            drop(piece.bytes.count, index, whole: true)
            let frame = OutgoingFrame(
                type: .head, flags: piece.ends ? .end : [], stream: streams[index].id, payload: piece.bytes)
            return piece.ends ? sendEnd(index, frame) : sendPiece(index, frame)
        case .trailer:
            drop(piece.bytes.count, index, whole: true)
            return sendEnd(index, OutgoingFrame(type: .trailer, stream: streams[index].id, payload: piece.bytes))
        case .channelEnd:
            drop(0, index, whole: true)
            return sendPiece(
                index,
                OutgoingFrame(
                    type: .data, flags: [.channel, .channelEnd], stream: streams[index].id,
                    channel: piece.channel ?? 0, payload: []))
        case .data: return nextData(of: index, piece)
        }
    }

    private mutating func nextData(of index: Int, _ piece: TunnelStream.Piece) -> OutgoingFrame? {
        let used = streams[index].sendWindow.used
        let room = max(0, TunnelWindows.share - used) + max(0, peerWindows.sessionWindow - sentCharge)
        let longest = TunnelFrame.longestPayload - (piece.channel == nil ? 0 : 1)
        let count = min(piece.bytes.count, streams[index].sendWindow.open, room, longest)
        guard count > 0 else {
            // CREDIT brings it back, or room in the session.
            if streams[index].sendWindow.open > 0 { turns.park(index, &streams) }
            return nil
        }
        streams[index].sendWindow.spend(count)
        sentCharge += charge(used + count) - charge(used)
        let isWhole = count == piece.bytes.count
        drop(count, index, whole: isWhole)
        var frame = OutgoingFrame(type: .data, stream: streams[index].id, payload: piece.bytes.prefix(count))
        if let channel = piece.channel {
            frame.flags = .channel
            frame.channel = channel
        }
        if isWhole, streams[index].pieces.isEmpty, streams[index].sending == .ending {
            frame.flags.insert(.end)
            return sendEnd(index, frame)
        }
        return sendPiece(index, frame)
    }

    /// Takes bytes off the first piece, and tells a waiting producer.
    private mutating func drop(_ count: Int, _ index: Int, whole: Bool) {
        if whole { _ = streams[index].pieces.popFirst() } else { streams[index].pieces[0].bytes.removeFirst(count) }
        streams[index].waitingBytes -= count
        guard streams[index].producerWaits, streams[index].waitingBytes * 2 <= limits.streamBuffer,
            streams[index].sending == .open
        else { return }
        streams[index].producerWaits = false
        events.append(.writable(streams[index].id, room: limits.streamBuffer - streams[index].waitingBytes))
    }

    private mutating func sendPiece(_ index: Int, _ frame: OutgoingFrame) -> OutgoingFrame {
        takeTurns(index)
        return send(frame)
    }

    /// The frame ends our direction.
    private mutating func sendEnd(_ index: Int, _ frame: OutgoingFrame) -> OutgoingFrame {
        log.append(frame)
        streams[index].sending = .done
        streams[index].lastFrame = log.sent
        ended(index)
        return frame
    }
}
