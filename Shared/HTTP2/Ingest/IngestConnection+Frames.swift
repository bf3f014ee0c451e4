import Bytes
import HTTP

// One method for each type of frame, in the order of RFC 9113 §6: its form, what it does in each state of its stream (§5.1), what it
// costs. What is thrown is carried out by `punish`.

extension IngestConnection {
    /// The payload without padding (§6.1, §6.2).
    @inline(__always)
    private func withoutPadding(
        _ head: FrameHead, _ payload: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeRawBufferPointer {
        guard head.isPadded else { return payload }
        guard let padding = payload.first else { throw .connection(.frameSizeError) }
        guard Int(padding) < payload.count else { throw .connection(.protocolError) }
        return UnsafeRawBufferPointer(rebasing: payload[1..<(payload.count &- Int(padding))])
    }

    // MARK: DATA (§6.1)

    @inline(__always)
    mutating func dataArrived(
        _ head: FrameHead, _ payload: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        guard head.stream != 0 else { throw .connection(.protocolError) }
        // §5.2.2: whatever becomes of it, it has used the connection's window.
        guard receiveWindow.take(head.length) else { throw .connection(.flowControlError) }
        let increment = receiveWindow.replenish()
        if increment > 0 { FrameWriter.windowUpdate(0, increment, into: &output) }
        switch state(of: head.stream) {
        case .open(let stream), .halfClosedLocal(let stream):
            let data = try withoutPadding(head, payload)
            guard stream.pointee.receiveWindow.take(head.length) else { throw .stream(head.stream, .flowControlError) }
            if data.isEmpty, !head.endsStream { try guardian.payFrame(.emptyFrameFlood) }
            return try bodyArrived(stream, data, isLast: head.endsStream)
        case .halfClosedRemote, .closed(.resetByPeer): throw .stream(head.stream, .streamClosed)
        case .idle: throw .connection(.protocolError)
        case .closed(.ended), .closed(.passedOver): throw .connection(.streamClosed)
        case .closed(.resetByUs), .closed(.unwanted): try guardian.payFrame(.emptyFrameFlood)  // it was under way
        }
        return nil
    }

    // MARK: HEADERS (§6.2) and CONTINUATION (§6.10)

    @inline(__always)
    mutating func headersArrived(
        _ head: FrameHead, _ payload: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        // §5.1.1: clients use odd numbers.
        guard head.stream & 1 == 1 else { throw .connection(.protocolError) }
        var fragment = try withoutPadding(head, payload)
        blockDependsOnItself = false
        if head.hasPriority {
            guard fragment.count >= 5 else { throw .connection(.frameSizeError) }
            let parent = UInt32(bigEndian: fragment.loadUnaligned(as: UInt32.self)) & 0x7FFF_FFFF
            blockDependsOnItself = parent == head.stream
            fragment = UnsafeRawBufferPointer(rebasing: fragment[5...])
        }
        blockEndsStream = head.endsStream
        if head.endsHeaders { return try blockArrived(head.stream, fragment) }
        phase = .headerBlock(head.stream)
        blockFrames = 1
        blockSweep = sweep
        try collect(fragment)
        return nil
    }

    mutating func continuationArrived(
        _ head: FrameHead, _ payload: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        guard case .headerBlock(let number) = phase else { throw .connection(.protocolError) }  // §6.10
        blockFrames &+= 1
        try collect(payload)
        guard head.endsHeaders else { return nil }
        phase = .open
        // Taken out, as the rules below may look at everything but the block that they read.
        var whole = OutputBuffer(capacity: 16)
        swap(&whole, &block)
        pool.bufferedBytes -= whole.count
        return try blockArrived(number, whole.bytes)
    }

    /// Keeps a piece of a block. The block cannot be thrown away before it is whole, as the dynamic table depends on it, so its
    /// size and the number of its pieces are limited (CVE-2024-27316).
    private mutating func collect(_ fragment: UnsafeRawBufferPointer) throws(Violation) {
        let size = block.count + fragment.count
        guard blockFrames <= 32, size <= 2 * limits.headerListBytes + FrameHead.longestPayload,
            pool.bufferedBytes + fragment.count <= pool.bufferedLimit
        else { throw .connection(.continuationFlood) }
        pool.bufferedBytes += fragment.count
        block.append(fragment)
    }

    // MARK: PRIORITY (§6.3)

    /// Any state, also idle. Priorities are not used (§5.3.2).
    mutating func priorityArrived(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(Violation) {
        guard head.stream != 0 else { throw .connection(.protocolError) }
        guard payload.count == 5 else {
            // A stream error; but an idle stream cannot be reset (§5.1).
            if case .idle = state(of: head.stream) { throw .connection(.frameSizeError) }
            throw .stream(head.stream, .frameSizeError)
        }
        let parent = UInt32(bigEndian: payload.loadUnaligned(as: UInt32.self)) & 0x7FFF_FFFF
        guard parent != head.stream else { throw .connection(.protocolError) }  // RFC 7540 §5.3.1
        try guardian.payFrame(.priorityFlood)
    }

    // MARK: RST_STREAM (§6.4)

    mutating func resetArrived(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(Violation) {
        guard head.stream != 0 else { throw .connection(.protocolError) }
        guard payload.count == 4 else { throw .connection(.frameSizeError) }
        switch state(of: head.stream) {
        case .idle: throw .connection(.protocolError)
        case .open(let stream), .halfClosedRemote(let stream), .halfClosedLocal(let stream):
            closed.reset(head.stream, byPeer: true, sweep: sweep)
            close(stream)
            try guardian.payRequest(.resetFlood)
        case .closed: try guardian.payFrame(.emptyFrameFlood)  // it crossed with our answer
        }
    }

    // MARK: SETTINGS (§6.5)

    mutating func settingsArrived(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(Violation) {
        guard head.stream == 0 else { throw .connection(.protocolError) }
        if head.isAcknowledgement {
            guard payload.isEmpty else { throw .connection(.frameSizeError) }
            try guardian.payFrame(.settingsFlood)
            return
        }
        guard payload.count % 6 == 0 else { throw .connection(.frameSizeError) }
        // A changed window is given to every stream, so settings cost more than other frames.
        try guardian.payFrame(.settingsFlood, 2 + payload.count / 6)
        for start in stride(from: 0, to: payload.count, by: 6) {  // §6.5.3: in order
            let name = UInt16(bigEndian: payload.loadUnaligned(fromByteOffset: start, as: UInt16.self))
            let value = UInt32(bigEndian: payload.loadUnaligned(fromByteOffset: start + 2, as: UInt32.self))
            try settingArrived(SettingName(rawValue: name), Int(value))
        }
        if phase == .settingsExpected { phase = .open }
        try acknowledge()
        FrameWriter.settingsAcknowledgement(into: &output)
    }

    /// §6.5.2.
    private mutating func settingArrived(_ name: SettingName?, _ value: Int) throws(Violation) {
        switch name {
        case .headerTableSize: encoder.peerAllowsTable(of: value)
        case .enablePush, .enableConnectProtocol, .noRFC7540Priorities:
            guard value <= 1 else { throw .connection(.protocolError) }
        case .initialWindowSize:
            guard value <= SendWindow.largest else { throw .connection(.flowControlError) }
            try streamWindowsChange(by: value - peerStreamWindow)
            peerStreamWindow = value
        case .maxFrameSize:
            guard 16_384...16_777_215 ~= value else { throw .connection(.protocolError) }
            peerMaxFrame = value
        case .maxConcurrentStreams, .maxHeaderListSize: break  // we never push, and our heads are short
        case nil: break  // unknown settings are ignored
        }
    }

    /// §6.9.2: a new initial window changes every stream's, perhaps below zero.
    private mutating func streamWindowsChange(by difference: Int) throws(Violation) {
        if difference == 0 { return }
        for place in 0..<streams.capacity {
            guard let stream = streams[place] else { continue }
            guard stream.pointee.sendWindow.grow(by: difference) else { throw .connection(.flowControlError) }
            queue(stream)
        }
    }

    /// Something is acknowledged. Whoever does not read must not make us remember without end (CVE-2019-9512, CVE-2019-9515).
    private mutating func acknowledge() throws(Violation) {
        queuedAcknowledgements += 1
        if queuedAcknowledgements > 1000 { throw .connection(.unreadOutput) }
    }

    // MARK: PING (§6.7)

    mutating func pingArrived(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(Violation) {
        guard head.stream == 0 else { throw .connection(.protocolError) }
        guard payload.count == 8 else { throw .connection(.frameSizeError) }
        try guardian.payFrame(.pingFlood)
        if head.isAcknowledgement { return }
        try acknowledge()
        FrameWriter.pingAcknowledgement(payload, into: &output)
    }

    // MARK: GOAWAY (§6.8)

    mutating func goAwayArrived(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(Violation) {
        guard head.stream == 0 else { throw .connection(.protocolError) }
        guard payload.count >= 8 else { throw .connection(.frameSizeError) }
        try guardian.payFrame(.unknownFrameFlood)
        isLeaving = true
    }

    // MARK: WINDOW_UPDATE (§6.9)

    mutating func windowUpdateArrived(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(Violation) {
        guard payload.count == 4 else { throw .connection(.frameSizeError) }
        try guardian.payFrame(.windowUpdateFlood)
        let increment = Int(UInt32(bigEndian: payload.loadUnaligned(as: UInt32.self)) & 0x7FFF_FFFF)
        if head.stream == 0 {
            guard increment > 0 else { throw .connection(.protocolError) }
            guard sendWindow.grow(by: increment) else { throw .connection(.flowControlError) }
            return
        }
        switch state(of: head.stream) {
        case .idle: throw .connection(.protocolError)
        case .open(let stream), .halfClosedRemote(let stream), .halfClosedLocal(let stream):
            guard increment > 0 else { throw .stream(head.stream, .protocolError) }
            guard stream.pointee.sendWindow.grow(by: increment) else { throw .stream(head.stream, .flowControlError) }
            queue(stream)
        case .closed: if increment == 0 { throw .stream(head.stream, .protocolError) }
        }
    }
}
