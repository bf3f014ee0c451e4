import Bytes
import HTTP

// One method for each type of frame, in the order of RFC 9113 §6: which states allow it, what it changes, what it costs.

extension IngestConnection {
    /// How a stream without a place in the table has ended, or that it has not begun.
    private func absent(_ number: UInt32) -> AbsentStream {
        if number > lastServed { return .unwanted }
        // §5.1.1: even numbers are the server's, and we never open one.
        if number & 1 == 0 || number > highest { return .idle }
        return closed.fate(of: number)
    }

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
        guard let stream = streams.find(head.stream) else {
            try dataOnAbsentStream(head.stream)
            return nil
        }
        switch stream.pointee.state {
        case .open, .halfClosedLocal: break
        case .halfClosedRemote: throw .stream(head.stream, .streamClosed)  // §5.1
        case .abandoned:
            try dataOnAbsentStream(head.stream)
            return nil
        }
        let data = try withoutPadding(head, payload)
        guard stream.pointee.receiveWindow.take(head.length) else { throw .stream(head.stream, .flowControlError) }
        if data.isEmpty, !head.endsStream { try guardian.payFrame(.emptyFrameFlood) }
        return try bodyArrived(stream, data, isLast: head.endsStream)
    }

    private mutating func dataOnAbsentStream(_ number: UInt32) throws(Violation) {
        switch absent(number) {
        case .idle: throw .connection(.protocolError)  // §5.1
        case .skipped, .ended: throw .connection(.streamClosed)
        case .resetByPeer: throw .stream(number, .streamClosed)
        case .resetByUs, .unwanted: try guardian.payFrame(.emptyFrameFlood)  // it was under way; the window was counted
        }
    }

    @inline(__always)
    private mutating func bodyArrived(
        _ stream: UnsafeMutablePointer<IngestStream>, _ data: UnsafeRawBufferPointer, isLast: Bool
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        stream.pointee.receivedLength &+= data.count
        let declared = stream.pointee.declaredLength
        if declared >= 0 {
            // §8.1.1: a body of another length than was said is a malformed request.
            let received = stream.pointee.receivedLength
            if received > declared || (isLast && received != declared) {
                throw .stream(stream.pointee.number, .protocolError)
            }
        }
        if stream.pointee.isAnswered {  // Refused before it was whole: the rest is thrown away.
            if isLast { refusedRequestEnds(stream) }
            return nil
        }
        if stream.pointee.receivedLength > limits.bodyBytes {
            refuse(stream, .contentTooLarge, isComplete: isLast)
            return nil
        }
        if isLast, stream.pointee.body.isEmpty {
            inPlace = data
            requestEnds(stream)
            return stream
        }
        guard keep(data, of: stream) else {
            refuse(stream, .serviceUnavailable, isComplete: isLast)
            return nil
        }
        if isLast {
            requestEnds(stream)
            return stream
        }
        let increment = stream.pointee.receiveWindow.replenish()
        if increment > 0 { FrameWriter.windowUpdate(stream.pointee.number, increment, into: &output) }
        return nil
    }

    private mutating func keep(
        _ data: UnsafeRawBufferPointer, of stream: UnsafeMutablePointer<IngestStream>
    ) -> Bool {
        guard pool.bufferedBytes + data.count <= pool.bufferedLimit else { return false }
        pool.bufferedBytes += data.count
        stream.pointee.countedBytes += data.count
        stream.pointee.body.append(data)
        return true
    }

    /// Answers a request that will not be shown to the handler. What follows of it is thrown away.
    private mutating func refuse(
        _ stream: UnsafeMutablePointer<IngestStream>, _ status: Status, isComplete: Bool
    ) {
        if isComplete { requestEnds(stream) }
        let headers: Headers = status == .serviceUnavailable ? ["retry-after": "1"] : [:]
        respond(stream.pointee.number, .text(status, "\(status)\n", headers: headers))
    }

    /// The last of a request that was refused long ago.
    private mutating func refusedRequestEnds(_ stream: UnsafeMutablePointer<IngestStream>) {
        let answerIsSent = stream.pointee.state == .halfClosedLocal
        requestEnds(stream)
        if answerIsSent { forget(stream) }
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

    /// A whole block. It is decoded whatever becomes of its stream (§4.3).
    @inline(__always)
    private mutating func blockArrived(
        _ number: UInt32, _ fragment: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        // The next number in turn, and a block that says what the last one said: nearly every request.
        if number > highest, let previous, repeatsPrevious(fragment), !blockDependsOnItself {
            return try requestBegins(number, previous)
        }
        let head = try decode(fragment)
        defer { Self.release(head, pool) }
        if let stream = streams.find(number) {
            switch stream.pointee.state {
            case .open, .halfClosedLocal: return try trailersArrived(stream, head)
            case .halfClosedRemote: throw .stream(number, .streamClosed)  // §5.1
            case .abandoned: break
            }
        }
        switch absent(number) {
        case .idle:
            head.pointee.readRequest(bodyLimit: limits.bodyBytes)
            remember(head, fragment)
            return try requestBegins(number, head)
        case .skipped: throw .connection(.protocolError)  // §5.1.1
        case .ended: throw .connection(.streamClosed)
        case .resetByPeer: throw .stream(number, .streamClosed)
        case .resetByUs, .unwanted: try guardian.payFrame(.emptyFrameFlood)
        }
        return nil
    }

    /// True when the block means exactly what the previous request's block meant: the same bytes, read with the same table, which
    /// they do not change.
    @inline(__always)
    private func repeatsPrevious(_ fragment: UnsafeRawBufferPointer) -> Bool {
        guard let previous, previous.pointee.tableVersion == decoder.table.version else { return false }
        return !fragment.isEmpty && ASCII.equal(previous.pointee.block.bytes, fragment)
    }

    private mutating func decode(
        _ fragment: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeMutablePointer<IngestHead> {
        let head = shared.takeHead()
        head.pointee.reset(listLimits)
        head.pointee.users = 1
        serial &+= 1
        head.pointee.serial = serial
        head.pointee.tableVersion = decoder.table.version
        do throws(Violation) {
            try decoder.decode(fragment, into: &head.pointee.list, tokens: shared.tokens)
        } catch {
            Self.release(head, pool)
            throw error
        }
        head.pointee.countedBytes = head.pointee.list.text.count
        pool.bufferedBytes += head.pointee.countedBytes
        return head
    }

    /// Keeps a good head in case that the next block repeats it; not when reading it has changed the table.
    private mutating func remember(_ head: UnsafeMutablePointer<IngestHead>, _ fragment: UnsafeRawBufferPointer) {
        guard case .good = head.pointee.verdict, head.pointee.tableVersion == decoder.table.version,
            fragment.count <= 4 << 10
        else { return }
        head.pointee.block.append(fragment)
        head.pointee.users &+= 1
        if let previous { Self.release(previous, pool) }
        previous = head
    }

    /// A request with this head begins on a number that was idle.
    @inline(__always)
    private mutating func requestBegins(
        _ number: UInt32, _ head: UnsafeMutablePointer<IngestHead>
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        if number > lastServed { return nil }  // §6.8
        // §5.1.1: what was passed over can no longer be used.
        if number &- highest > 2 { closed.skip(after: highest, before: number) }
        highest = number
        // §5.1.2. Requests that the handler has still count when their stream was reset.
        if streams.count >= Int(limits.concurrentStreams) { throw .stream(number, .refusedStream) }
        // RFC 7540 §5.3.1; RFC 9113 has no opinion any more.
        if blockDependsOnItself { throw .stream(number, .protocolError) }
        let stream = open(number)
        if case .malformed = head.pointee.verdict { throw .stream(number, .protocolError) }  // §8.1.1
        // §8.1.1: a body was promised, and none comes.
        if blockEndsStream, head.pointee.declaredLength > 0 { throw .stream(number, .protocolError) }
        stream.pointee.isHEAD = head.pointee.isHEAD
        stream.pointee.declaredLength = head.pointee.declaredLength
        if case .refused(let status) = head.pointee.verdict {
            if status == .headerFieldsTooLarge { try guardian.payRequest(.headerBomb, 10) }
            refuse(stream, status, isComplete: blockEndsStream)
            return nil
        }
        // One request of each connection may begin in any case: who hoards must not keep others out.
        if pool.bufferedBytes > pool.bufferedLimit, streams.count > 1 {
            refuse(stream, .serviceUnavailable, isComplete: blockEndsStream)
            return nil
        }
        head.pointee.users &+= 1
        stream.pointee.head = head
        if blockEndsStream {
            inPlace = UnsafeRawBufferPointer(start: nil, count: 0)
            requestEnds(stream)
            return stream
        }
        begun.append(number)
        if head.pointee.expectsContinue {
            encoder.write(
                .continue, [:], contentLength: nil, endsStream: false, maxFrame: FrameHead.longestPayload,
                stream: number, into: &output)
        }
        return nil
    }

    /// §8.1: a second block ends the request, and has no pseudo-header fields.
    private mutating func trailersArrived(
        _ stream: UnsafeMutablePointer<IngestStream>, _ head: UnsafeMutablePointer<IngestHead>
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        guard blockEndsStream, head.pointee.isTrailers(), !blockDependsOnItself else {
            throw .stream(stream.pointee.number, .protocolError)
        }
        if head.pointee.list.isOverLimit { try guardian.payRequest(.headerBomb, 10) }
        return try bodyArrived(stream, UnsafeRawBufferPointer(start: nil, count: 0), isLast: true)
    }

    // MARK: PRIORITY (§6.3)

    /// Any state, also idle. Priorities are not used (§5.3.2).
    mutating func priorityArrived(_ head: FrameHead, _ payload: UnsafeRawBufferPointer) throws(Violation) {
        guard head.stream != 0 else { throw .connection(.protocolError) }
        guard payload.count == 5 else {
            // A stream error; but an idle stream cannot be reset (§5.1).
            if case .idle = absent(head.stream), streams.find(head.stream) == nil { throw .connection(.frameSizeError) }
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
        guard let stream = streams.find(head.stream) else {
            if case .idle = absent(head.stream) { throw .connection(.protocolError) }  // §5.1
            try guardian.payFrame(.emptyFrameFlood)  // it crossed with our answer
            return
        }
        closed.reset(head.stream, byPeer: true)
        close(stream)
        try guardian.payRequest(.resetFlood)
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
        guard let stream = streams.find(head.stream) else {
            // §5.1: closed streams may still get one, idle ones never.
            if case .idle = absent(head.stream) { throw .connection(.protocolError) }
            if increment == 0 { throw .stream(head.stream, .protocolError) }
            return
        }
        guard increment > 0 else { throw .stream(head.stream, .protocolError) }
        guard stream.pointee.sendWindow.grow(by: increment) else { throw .stream(head.stream, .flowControlError) }
        queue(stream)
    }
}
