import Bytes
import HTTP

// The clock's side: the owner calls once per sweep, about once a second.

extension IngestConnection {
    /// A sweep of the owner: see `HTTP2ServerSession.refuseSlowRequests`.
    mutating func refuseSlow(heads: UInt32, bodies: UInt32, stalls: UInt32) {
        sweep &+= 1
        guardian.sweep()
        if phase == .ended { return }
        if isStuck(heads, bodies) { end(.slowFrame) }
        if isUnread(stalls) { end(.unreadOutput) }
        refuseSlowBodies(bodies)
        if streams.count == 0 { trim() }
    }

    /// The peer has begun something that it must soon finish.
    private func isStuck(_ heads: UInt32, _ bodies: UInt32) -> Bool {
        switch phase {
        case .preface, .settingsExpected: sweep > heads
        case .headerBlock: sweep &- blockSweep > heads
        case .open: reader.heldBytes > 0 && sweep &- cut.sweep > (reader.holdsData ? bodies : heads)
        case .ended: false
        }
    }

    /// The peer has closed its windows on an answer, and does not open them.
    private func isUnread(_ limit: UInt32) -> Bool {
        if streams.count == 0 { return false }
        for place in 0..<streams.capacity {
            guard let stream = streams[place], stream.pointee.answerStart < stream.pointee.answer.count else {
                continue
            }
            if sweep &- stream.pointee.sweep > limit { return true }
        }
        return false
    }

    private mutating func refuseSlowBodies(_ limit: UInt32) {
        guard incomplete > 0, phase != .ended else { return }
        var slow: [UInt32] = []
        var answered: [UInt32] = []
        for place in 0..<streams.capacity {
            guard let stream = streams[place] else { continue }
            let waited = sweep &- stream.pointee.sweep
            switch stream.pointee.phase {
            // §8.1: after a complete answer NO_ERROR asks the client to stop sending. Not at once: clients that see the reset
            // together with the answer drop the answer.
            case .halfClosedLocal: if waited > 1 { answered.append(stream.pointee.number) }
            case .open: if waited > limit, !stream.pointee.isAnswered { slow.append(stream.pointee.number) }
            case .halfClosedRemote, .abandoned: break
            }
        }
        for number in answered { reset(number, .noError) }
        for number in slow { respond(number, .text(.requestTimeout, "the request did not arrive in time\n")) }
        do throws(Violation) {
            try guardian.payRequest(.slowBodies, 20 * (answered.count + slow.count))
        } catch {
            punish(error)
        }
    }

    /// Gives back what an idle connection does not need.
    private mutating func trim() {
        if let previous {
            Self.release(previous, pool)
            self.previous = nil
        }
        streams.trim()
        closed.trim(sweep: sweep)
        decoder.trim()
        tokens.release()
        if output.isEmpty { output = OutputBuffer(capacity: 16) }
    }
}
