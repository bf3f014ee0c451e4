import Bytes
import HTTP

// The transitions of RFC 9113 §5.1; `StreamState.swift` has the drawing. Whoever sees an event calls one of these.
//
//     HEADERS on an idle number        open
//     END_STREAM received              requestEnds
//     END_STREAM sent                  answerEnds
//     RST_STREAM received              close
//     RST_STREAM sent                  reset

extension IngestConnection {
    /// The state of the stream that a frame names. Changes nothing; `mutating`, because the compiler copies a value as large as this
    /// one in order to lend it.
    @inline(__always)
    mutating func state(of number: UInt32) -> StreamState {
        guard let stream = streams.find(number) else { return stateOfAbsent(number) }
        switch stream.pointee.phase {
        case .open: return .open(stream)
        case .halfClosedRemote: return .halfClosedRemote(stream)
        case .halfClosedLocal: return .halfClosedLocal(stream)
        case .abandoned: return stateOfAbsent(number)
        }
    }

    @inline(never)
    private mutating func stateOfAbsent(_ number: UInt32) -> StreamState {
        if number > lastServed { return .closed(.unwanted) }
        // §5.1.1: even numbers are the server's, and we never open one.
        if number & 1 == 0 || number > highest { return .idle }
        return .closed(closed.ending(of: number))
    }

    /// idle → open. The caller has checked the number.
    mutating func open(_ number: UInt32) -> UnsafeMutablePointer<IngestStream> {
        let stream = shared.takeStream()
        stream.pointee.number = number
        stream.pointee.phase = .open
        stream.pointee.sweep = sweep
        stream.pointee.receiveWindow = ReceiveWindow(Int(limits.streamWindow))
        stream.pointee.sendWindow = SendWindow(peerStreamWindow)
        streams.insert(stream)
        incomplete &+= 1
        return stream
    }

    /// open → half-closed (remote), half-closed (local) → closed: the request is whole.
    @inline(__always)
    mutating func requestEnds(_ stream: UnsafeMutablePointer<IngestStream>) {
        incomplete &-= 1
        switch stream.pointee.phase {
        case .open: stream.pointee.phase = .halfClosedRemote
        case .halfClosedLocal: forget(stream)
        case .halfClosedRemote, .abandoned: preconditionFailure("a request ends once")
        }
    }

    /// open → half-closed (local), half-closed (remote) → closed: the last of our answer is in the output.
    @inline(__always)
    mutating func answerEnds(_ stream: UnsafeMutablePointer<IngestStream>) {
        switch stream.pointee.phase {
        case .open: stream.pointee.phase = .halfClosedLocal
        case .halfClosedRemote: forget(stream)
        case .halfClosedLocal, .abandoned: preconditionFailure("an answer ends once")
        }
    }

    /// Any state → closed, by us.
    mutating func reset(_ number: UInt32, _ code: ErrorCode) {
        FrameWriter.resetStream(number, code, into: &output)
        closed.reset(number, byPeer: false, sweep: sweep)
        if let stream = streams.find(number) { close(stream) }
    }

    /// Any state → closed, by a reset. A request that the handler has keeps its place until it is answered.
    mutating func close(_ stream: UnsafeMutablePointer<IngestStream>) {
        switch stream.pointee.phase {
        case .open, .halfClosedLocal: incomplete &-= 1
        case .halfClosedRemote: break
        case .abandoned: return
        }
        if stream.pointee.isWithHandler {
            stream.pointee.phase = .abandoned
            abandoned &+= 1
            if !stream.pointee.answer.isEmpty { stream.pointee.answer = [] }
        } else {
            forget(stream)
        }
    }

    /// The stream is closed and nobody needs it.
    mutating func forget(_ stream: UnsafeMutablePointer<IngestStream>) {
        streams.remove(stream.pointee.number)
        if stream.pointee.isQueued { sendQueue.remove(stream) }
        if stream == showing { showingIsOver = true } else { recycle(stream) }
    }

    mutating func recycle(_ stream: UnsafeMutablePointer<IngestStream>) {
        pool.bufferedBytes -= stream.pointee.countedBytes
        if let head = stream.pointee.head { Self.release(head, pool) }
        shared.giveBack(stream)
    }

    static func release(_ head: UnsafeMutablePointer<IngestHead>, _ pool: HTTP2StreamPool) {
        head.pointee.users &-= 1
        if head.pointee.users > 0 { return }
        pool.bufferedBytes -= head.pointee.countedBytes
        pool.ingest.giveBack(head)
    }
}
