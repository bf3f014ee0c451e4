package import System

extension TunnelSession {
    /// When ``tick(at:)`` has something to do; nil: only what arrives changes anything.
    package borrowing func nextWake() -> MonotonicTime? {
        guard phase != .over else { return nil }
        var wake = earliestExpiry
        func sooner(_ moment: MonotonicTime?) {
            guard let moment else { return }
            wake = min(wake ?? moment, moment)
        }
        switch phase {
        case .apart: sooner(resumeUntil)
        case .greeting: sooner(isDeadTold ? nil : greetingDeadline)
        case .open:
            sooner(isDeadTold ? nil : lastReceived + heartbeat * 3)
            sooner(isPingDue ? nil : lastSent + heartbeat)
            sooner(isAckDue ? nil : ackDeadline)
        case .over: break
        }
        return wake
    }

    /// Time has passed.
    package mutating func tick(at now: MonotonicTime) {
        if phase == .apart, let until = resumeUntil, now >= until {
            resumeUntil = nil
            if role == .server { return finish(.lost) }
            loseStreams()
            sessionID = nil
        }
        switch phase {
        case .apart, .over: break
        case .greeting:
            if now >= greetingDeadline { tellDead() }
        case .open:
            if now >= lastReceived + heartbeat * 3 { tellDead() }
            if now >= lastSent + heartbeat { isPingDue = true }
            if let ackDeadline, now >= ackDeadline { isAckDue = true }
        }
        expireStreams(at: now)
    }

    private mutating func tellDead() {
        guard !isDeadTold else { return }
        isDeadTold = true
        events.append(.silent)
    }

    private mutating func expireStreams(at now: MonotonicTime) {
        guard phase != .over, let earliest = earliestExpiry, now >= earliest else { return }
        earliestExpiry = nil
        for index in streams.indices where indexes[streams[index].id] == index {
            guard let expiry = streams[index].expiry else { continue }
            if now >= expiry {
                resetBySession(index, TunnelReset(.deadline, "it took too long"))
            } else {
                earliestExpiry = min(earliestExpiry ?? expiry, expiry)
            }
        }
    }
}
