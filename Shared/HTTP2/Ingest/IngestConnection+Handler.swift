import Bytes
import HTTP

// The handler's side: it is shown requests, and answers them now or later.

extension IngestConnection {
    // MARK: Requests that are shown

    /// The session shows a request to the handler, which may answer during that.
    mutating func willShow(_ stream: UnsafeMutablePointer<IngestStream>) -> TokenReference {
        showing = stream
        showingIsOver = false
        stream.pointee.isWithHandler = true
        let token = token(of: stream)
        // A request that was judged by its head is shown a second time: its token is as new as it was then.
        guard stream.pointee.tokenWasNew else { return token }
        return TokenReference(bytes: token.bytes, sameAsPrevious: false, epoch: token.epoch)
    }

    /// The token of a request that has a head, compared with that of the request before.
    mutating func token(of stream: UnsafeMutablePointer<IngestStream>) -> TokenReference {
        let head = stream.pointee.head!  // the caller's promise
        if head.pointee.serial == shownSerial { return tokens.repeated() }
        shownSerial = head.pointee.serial
        let base = UnsafeRawPointer(head.pointee.list.text.bytes.baseAddress!)  // a buffer has memory from the start
        return tokens.reference(
            to: head.pointee.fields.value(of: .authorization, in: base) ?? UnsafeRawBufferPointer(start: nil, count: 0))
    }

    /// The handler has seen it: neither head nor body are needed any more.
    mutating func wasShown(_ stream: UnsafeMutablePointer<IngestStream>) {
        showing = nil
        if showingIsOver {
            recycle(stream)
            return
        }
        if let head = stream.pointee.head { Self.release(head, pool) }
        stream.pointee.head = nil
        if stream.pointee.countedBytes > 0 {
            pool.bufferedBytes -= stream.pointee.countedBytes
            stream.pointee.countedBytes = 0
            stream.pointee.body.removeAll(keepingCapacity: stream.pointee.body.capacity <= 4 << 10)
        }
    }

    /// A request whose head came during this `receive` and whose body did not; each once.
    mutating func nextIncomplete() -> UnsafeMutablePointer<IngestStream>? {
        while phase != .ended, nextBegun < begun.count {
            nextBegun &+= 1
            if let stream = streams.find(begun[nextBegun &- 1]), stream.pointee.phase == .open,
                !stream.pointee.isAnswered
            {
                return stream
            }
        }
        begun.removeAll(keepingCapacity: true)
        nextBegun = 0
        return nil
    }

    /// The handler refuses a request by its head. What follows of it is thrown away.
    mutating func refuse(_ stream: UnsafeMutablePointer<IngestStream>, _ response: Response) {
        if let head = stream.pointee.head { Self.release(head, pool) }
        stream.pointee.head = nil
        pool.bufferedBytes -= stream.pointee.countedBytes
        stream.pointee.countedBytes = 0
        stream.pointee.body.removeAll(keepingCapacity: false)
        respond(stream.pointee.number, response)
    }

    // MARK: Answers

    /// An answer of 204. Ignored when the stream is gone or was answered.
    mutating func respondNoContent(_ number: UInt32) {
        guard let stream = answerable(number) else { return }
        encoder.writeNoContent(number, into: &output)
        answerEnds(stream)
    }

    /// Any answer. `content-length` is added.
    mutating func respond(_ number: UInt32, _ response: Response) {
        guard let stream = answerable(number) else { return }
        let status = response.status
        let hasBody = status.mayHaveBody && !stream.pointee.isHEAD && !response.body.isEmpty
        encoder.write(
            status, response.headers, contentLength: status.mayHaveBody ? response.body.count : nil,
            endsStream: !hasBody, maxFrame: min(peerMaxFrame, FrameHead.longestPayload), stream: number, into: &output)
        guard hasBody else {
            answerEnds(stream)
            return
        }
        stream.pointee.answer = response.body
        queue(stream)
    }

    /// The stream that takes this answer; the handler no longer has its request.
    @inline(__always)
    private mutating func answerable(_ number: UInt32) -> UnsafeMutablePointer<IngestStream>? {
        guard let stream = streams.find(number), !stream.pointee.isAnswered else { return nil }
        stream.pointee.isWithHandler = false
        if stream.pointee.phase == .abandoned {
            abandoned &-= 1
            forget(stream)
            return nil
        }
        if phase == .ended { return nil }
        stream.pointee.isAnswered = true
        stream.pointee.sweep = sweep
        guardian.earn()
        return stream
    }
}
