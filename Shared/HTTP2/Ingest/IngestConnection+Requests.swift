import Bytes
import HTTP

// What frames add up to (RFC 9113 §8): a head, perhaps a body, perhaps trailers.

extension IngestConnection {
    // MARK: Heads and trailers

    /// A whole block. It is decoded whatever becomes of its stream (§4.3).
    @inline(__always)
    mutating func blockArrived(
        _ number: UInt32, _ fragment: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        // The next number in turn, and a block that says what the last one said: nearly every request.
        if number > highest, let previous, repeatsPrevious(fragment), !blockDependsOnItself {
            return try requestBegins(number, previous)
        }
        let head = try decode(fragment)
        defer { Self.release(head, pool) }
        switch state(of: number) {
        case .idle:
            head.pointee.readRequest(bodyLimit: limits.bodyBytes)
            remember(head, fragment)
            return try requestBegins(number, head)
        case .open(let stream), .halfClosedLocal(let stream): return try trailersArrived(stream, head)
        case .halfClosedRemote, .closed(.resetByPeer): throw .stream(number, .streamClosed)
        case .closed(.ended): throw .connection(.streamClosed)
        case .closed(.passedOver): throw .connection(.protocolError)  // §5.1.1
        case .closed(.resetByUs), .closed(.unwanted): try guardian.payFrame(.emptyFrameFlood)  // it was under way
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
        if head.pointee.list.isOverLimit {
            try guardian.payRequest(.headerBomb, 10)
            // What is beyond the limit was not read: perhaps it is malformed.
            if !stream.pointee.isAnswered { refuse(stream, .headerFieldsTooLarge, isComplete: false) }
        }
        return try bodyArrived(stream, UnsafeRawBufferPointer(start: nil, count: 0), isLast: true)
    }

    // MARK: Bodies

    @inline(__always)
    mutating func bodyArrived(
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
        if stream.pointee.isAnswered {
            restArrived(stream, isLast: isLast)
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
        giveWindowBack(stream)
        return nil
    }

    /// What follows of a request that was refused before it was whole. It is held to the rules above and thrown away, and let in
    /// up to the size that any body may have, so that a client that writes before it reads gets to its answer. A larger one runs
    /// into its window and is told to stop (`refuseSlowBodies`).
    private mutating func restArrived(_ stream: UnsafeMutablePointer<IngestStream>, isLast: Bool) {
        if isLast {
            requestEnds(stream)
        } else if stream.pointee.receivedLength <= limits.bodyBytes, giveWindowBack(stream),
            stream.pointee.phase == .halfClosedLocal
        {
            stream.pointee.sweep = sweep  // it goes on
        }
    }

    /// §6.9. True when it was time to.
    @discardableResult
    private mutating func giveWindowBack(_ stream: UnsafeMutablePointer<IngestStream>) -> Bool {
        let increment = stream.pointee.receiveWindow.replenish()
        if increment == 0 { return false }
        FrameWriter.windowUpdate(stream.pointee.number, increment, into: &output)
        return true
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
}
