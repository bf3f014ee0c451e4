package import System

// One session between an agent and a server: streams, credit, acknowledgements. It outlives its connections.
//
//   states    of the session: `Phase`, here; of a stream: `TunnelStream.Sending`, `.Receiving`
//   events    a message of the peer (+Messages: a method for each type), the owner's wish (+Streams), a connection made or lost
//             (+Connection), time (+Time)
//   actions   `TunnelEvent`s for the owner, messages to send (+Output), GOODBYE for what the peer did (`punish`)
//
//                         connectionOpened                WELCOME
//          agent ──► apart ───────────────► greeting ───────────────► open ◄── a HELLO that was accepted ── server
//                     ▲  ▲                     │                       │ ▲
//                     │  └─── connectionLost ──┘        connectionLost │ │ WELCOME (agent), resume (server)
//                     └────────────────────────────────────────────────┘ │
//                     └── the session can be resumed until `resumeUntil` ┘
//
//          from everywhere: GOODBYE, said or heard, and on the server the end of the time to resume ──► over

/// A session, one end of it. A value: no socket, no clock, no task, no lock. Its owner hands in what arrives and what time it is, takes
/// events out until there are none, and takes messages out while its web-socket has room:
///
/// ```swift
/// session.receive(message, at: now)
/// while let event = session.nextEvent() { … }
/// while socket.hasRoom, session.nextMessage(into: &buffer, at: now) { socket.send(&buffer) }
/// timer.set(session.nextWake)                                            // then: session.tick(at: now)
/// ```
/// After every call there may be events and messages.
package struct TunnelSession: ~Copyable {
    /// Which end.
    package enum Role: Sendable { case agent, server }

    enum Phase { case apart, greeting, open, over }

    /// Which end this is.
    package let role: Role
    let limits: TunnelLimits
    var phase: Phase

    // Of the connection.
    var isConnected = false
    /// HELLO or WELCOME that is still to be sent.
    var greeting: OutgoingFrame?
    var greetingDeadline = MonotonicTime.distantPast
    var pongs = Ring<ArraySlice<UInt8>>()
    var isPingDue = false
    var pingSent: MonotonicTime?
    var isDrainDue = false
    var goodbye: TunnelGoodbye?
    var isDeadTold = false
    var lastSent = MonotonicTime.distantPast
    var lastReceived = MonotonicTime.distantPast
    /// How long the last PING took to come back; nil before the first.
    package internal(set) var roundTrip: Duration?

    // Of the session.
    /// Which session; nil on an agent that has none.
    package internal(set) var sessionID: String?
    var heartbeat = Duration.seconds(15)
    var resumeTime = Duration.seconds(60)
    var resumeUntil: MonotonicTime?
    var peerWindows = TunnelWindows()
    var log = SentLog()
    /// What the peer's last ACK said. Unlike what its greeting says, an ACK comes behind everything that the peer sent before, also
    /// what it had to send again: from then on it says nothing more of streams that have ended for both.
    var settled: UInt64 = 0
    /// How many counted frames have come, and how many of them the peer knows about.
    var received: UInt64 = 0
    var unacknowledgedFrames = 0
    var unacknowledgedBytes = 0
    var ackDeadline: MonotonicTime?
    var isAckDue = false
    var drain: TunnelDrain?
    var isPeerDraining = false

    // Streams.
    var streams: [TunnelStream] = []
    var free: [Int] = []
    var indexes: [UInt32: Int] = [:]
    var lastOwnID: UInt32 = 0
    var lastPeerID: UInt32 = 0
    var ownStreams = 0
    var peerStreams = 0
    var peerStreamsOfKind: [TunnelKind: Int] = [:]
    var opens: OpenRate
    var earliestExpiry: MonotonicTime?
    /// Streams that are over until the peer knows it.
    var closing = Ring<(index: Int, id: UInt32)>()
    /// What the streams are charged (`charge`), by direction.
    var sentCharge = 0
    var receivedCharge = 0

    // Output of the session.
    /// OPEN and RESET.
    var control = Ring<OutgoingFrame>()
    /// Streams that have a CREDIT to send.
    var credits = Ring<Int>()
    var turns = TurnQueue()
    var facts = Ring<OutgoingFrame>()
    /// Numbers of facts that are sent (agent) or have come (server) and are not stored yet.
    var unstoredFacts = Ring<UInt64>()
    var lastFact: UInt64 = 0
    var storedFact: UInt64?
    /// Agent: the highest number of a fact that HELLO spoke of.
    var claimedFact: UInt64 = 0

    var events = Ring<TunnelEvent>()

    /// An agent's end, without connection.
    package init(agent limits: TunnelLimits = TunnelLimits(), at now: MonotonicTime) {
        role = .agent
        self.limits = limits
        phase = .apart
        opens = OpenRate(limits.opensPerSecond, now)
    }

    /// A server's end that accepts an agent's HELLO: WELCOME is the first message. For a HELLO that resumes, see ``canResume(_:)``.
    /// - Parameter welcome: `windows` and `received` are set here.
    package init(
        server limits: TunnelLimits = TunnelLimits(), accepting hello: TunnelHello, _ welcome: TunnelWelcome,
        at now: MonotonicTime
    ) {
        role = .server
        self.limits = limits
        phase = .open
        opens = OpenRate(limits.opensPerSecond, now)
        sessionID = welcome.sessionID
        peerWindows = hello.windows
        lastFact = welcome.storedFact
        resumeTime = .milliseconds(welcome.resumeWindowMilliseconds)
        heartbeat = .milliseconds(welcome.heartbeatMilliseconds)
        connected(welcoming: welcome, received: nil, at: now)
    }

    /// The next thing that happened; nil when the owner knows everything.
    package mutating func nextEvent() -> TunnelEvent? { events.popFirst() }

    /// True while there is a connection on which both have greeted.
    package var isOpen: Bool { phase == .open }
    /// True when nothing will ever happen any more.
    package var isOver: Bool { phase == .over }
    /// True when neither side opens streams any more.
    package var isDraining: Bool { drain != nil || isPeerDraining }
    /// Streams that are open, by either side.
    package var openStreams: Int { ownStreams + peerStreams }
    /// Streams that are open, and those that are over until the peer knows it.
    package var rememberedStreams: Int { indexes.count }
    /// Bytes that are kept for the peer: those it has not acknowledged, and what remembering them costs.
    package var unacknowledgedCost: Int { log.bytes }
    /// What the streams hold beyond their shares, that came from the peer: never more than `limits.windows.sessionWindow`.
    package var heldCharge: Int { receivedCharge }

    // MARK: The end

    /// Ends the session: every stream is lost, GOODBYE is the last message.
    package mutating func end(_ code: TunnelGoodbyeCode, _ text: String = "") {
        guard phase != .over else { return }
        let goodbye = TunnelGoodbye(code, text)
        if isConnected { self.goodbye = goodbye }
        finish(.byUs(goodbye))
    }

    /// What the peer did costs the session.
    mutating func punish(_ violation: TunnelViolation) { end(violation.code, violation.text) }

    mutating func finish(_ end: TunnelEnd) {
        loseStreams()
        phase = .over
        greeting = nil
        resumeUntil = nil
        events.append(.over(end))
    }

    /// Every stream ends as lost; what the session remembered of them goes.
    mutating func loseStreams() {
        for id in indexes.keys.sorted() {
            guard let index = indexes[id], !streams[index].isOver else { continue }
            events.append(.reset(id, TunnelReset(.lost, "the session is gone"), byPeer: false))
        }
        streams = []
        free = []
        indexes = [:]
        lastOwnID = 0
        lastPeerID = 0
        ownStreams = 0
        peerStreams = 0
        peerStreamsOfKind = [:]
        earliestExpiry = nil
        closing.removeAll()
        sentCharge = 0
        receivedCharge = 0
        control.removeAll()
        credits.removeAll()
        turns = TurnQueue()
        facts.removeAll()
        unstoredFacts.removeAll()
        storedFact = nil
        lastFact = 0
        log = SentLog()
        settled = 0
        received = 0
        acknowledgementSent()
        drain = nil
        isPeerDraining = false
    }
}

/// How fast the peer may open streams: a bucket that fills evenly.
struct OpenRate {
    private let perSecond: Int
    private var room: Double
    private var last: MonotonicTime

    init(_ perSecond: Int, _ now: MonotonicTime) {
        self.perSecond = perSecond
        room = Double(perSecond)
        last = now
    }

    mutating func take(at now: MonotonicTime) -> Bool {
        let passed = max(0, now.nanoseconds - last.nanoseconds)
        room = min(Double(perSecond), room + Double(passed) / 1e9 * Double(perSecond))
        last = now
        guard room >= 1 else { return false }
        room -= 1
        return true
    }
}

extension MonotonicTime {
    /// Earlier than every other moment.
    static let distantPast = MonotonicTime(nanoseconds: .min)
}
