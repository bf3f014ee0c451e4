package import System

extension TunnelSession {
    /// Agent: a web-socket is open. HELLO is the next message, and it asks to resume the session if there is one.
    ///
    /// Also for changing connections, when the certificate is new: drop the old web-socket, then call this.
    /// - Parameter hello: `windows` and `resume` are set here.
    package mutating func connectionOpened(_ hello: TunnelHello, at now: MonotonicTime) {
        precondition(role == .agent, "servers are greeted")
        guard phase != .over else { return }
        begin(at: now)
        var hello = hello
        hello.windows = limits.windows
        claimedFact = hello.lastFact
        hello.resume = sessionID.map { TunnelHello.Resume(sessionID: $0, received: received) }
        if sessionID != nil, resumeUntil == nil { resumeUntil = now + resumeTime }
        greeting = OutgoingFrame(type: .hello, payload: hello.payload()[...])
        greetingDeadline = now + limits.greetingTime
        phase = .greeting
    }

    /// Server: whether this session can go on on the connection that brought this HELLO. The owner has made sure that the plane is the
    /// same.
    package borrowing func canResume(_ hello: TunnelHello) -> Bool {
        guard phase == .open || phase == .apart, let resume = hello.resume else { return false }
        return resume.sessionID == sessionID && log.canResume(at: resume.received)
    }

    /// Server: goes on on a new connection; a former one, if it still seems to live, must be dropped first. WELCOME is the next message.
    package mutating func resume(_ hello: TunnelHello, _ welcome: TunnelWelcome, at now: MonotonicTime) {
        precondition(canResume(hello), "whoever resumes has asked `canResume`")
        guard let resume = hello.resume, let sessionID else { return }
        log.resume(at: resume.received)
        var welcome = welcome
        welcome.sessionID = sessionID
        connected(welcoming: welcome, received: received, at: now)
        isAckDue = true
    }

    /// The web-socket is gone, for whatever reason. The session waits to be resumed.
    package mutating func connectionLost(at now: MonotonicTime) {
        guard isConnected else { return }
        isConnected = false
        guard phase != .over else { return }
        phase = .apart
        greeting = nil
        if sessionID != nil, resumeUntil == nil { resumeUntil = now + resumeTime }
    }

    /// Everything that a former connection leaves behind is dropped.
    private mutating func begin(at now: MonotonicTime) {
        isConnected = true
        isDeadTold = false
        pongs.removeAll()
        isPingDue = false
        pingSent = nil
        isDrainDue = drain != nil
        lastSent = now
        lastReceived = now
        acknowledgementSent()  // the greeting says how much has come
    }

    mutating func connected(welcoming welcome: TunnelWelcome, received: UInt64?, at now: MonotonicTime) {
        begin(at: now)
        var welcome = welcome
        welcome.windows = limits.windows
        welcome.received = received
        greeting = OutgoingFrame(type: .welcome, payload: welcome.payload()[...])
        resumeUntil = nil
        phase = .open
    }

    /// Agent: WELCOME.
    mutating func welcomeArrived(_ payload: ArraySlice<UInt8>) throws(TunnelViolation) {
        let welcome: TunnelWelcome
        do throws(TunnelError) {
            welcome = try TunnelWelcome(payload: payload)
        } catch {
            throw TunnelViolation(error)
        }
        var resumed = false
        if let received = welcome.received {
            guard sessionID == welcome.sessionID, log.canResume(at: received) else {
                throw TunnelViolation(.protocolError, "WELCOME resumes a session that nobody has")
            }
            log.resume(at: received)
            isAckDue = true
            resumed = true
        } else {
            // Numbers only grow: a server that has stored more than there is would use them up.
            guard welcome.storedFact <= claimedFact else {
                throw TunnelViolation(.protocolError, "WELCOME has stored facts that there are not")
            }
            loseStreams()
            peerWindows = welcome.windows
            lastFact = welcome.storedFact
        }
        sessionID = welcome.sessionID
        heartbeat = .milliseconds(welcome.heartbeatMilliseconds)
        resumeTime = .milliseconds(welcome.resumeWindowMilliseconds)
        resumeUntil = nil
        phase = .open
        events.append(.welcomed(welcome, resumed: resumed))
    }

    /// Says that no streams are opened here any more, by either side; those that are open may end.
    package mutating func drain(_ drain: TunnelDrain) {
        guard phase != .over, self.drain == nil else { return }
        self.drain = drain
        isDrainDue = isConnected
    }
}
