/// A frame as it was or will be sent.
struct OutgoingFrame {
    var type: TunnelFrameType
    var flags: TunnelFlags = []
    var stream: UInt32 = 0
    /// The channel, when the flag says so.
    var channel: UInt8 = 0
    /// Without the channel byte.
    var payload: ArraySlice<UInt8>

    var cost: Int { payload.count + TunnelLimits.frameCost }
}

/// Counted frames that the peer has not acknowledged, in order: after a cut they are sent again from where the peer says it is.
/// Payloads are kept as views of what their producers wrote; nothing is copied.
struct SentLog {
    private var frames = Ring<OutgoingFrame>()
    /// How many counted frames of the session the peer has.
    private(set) var acknowledged: UInt64 = 0
    /// What the kept frames cost.
    private(set) var bytes = 0
    /// The place of the next frame to be sent (again); at the end when nothing is to be repeated.
    private var next = 0

    /// How many counted frames the session has had.
    var sent: UInt64 { acknowledged + UInt64(frames.count) }
    /// True when frames wait to be sent again.
    var isRepeating: Bool { next < frames.count }

    /// Notes a frame that is being sent for the first time.
    mutating func append(_ frame: OutgoingFrame) {
        precondition(!isRepeating, "what comes again goes before what is new")
        frames.append(frame)
        bytes += frame.cost
        next += 1
    }

    /// The next frame to be sent again.
    mutating func repeatNext() -> OutgoingFrame? {
        guard isRepeating else { return nil }
        defer { next += 1 }
        return frames[next]
    }

    /// The peer has so many frames of the session. False when that is less than before or more than were sent to it.
    mutating func acknowledge(_ count: UInt64) -> Bool {
        guard count >= acknowledged, count <= acknowledged + UInt64(next) else { return false }
        while acknowledged < count, let frame = frames.popFirst() {
            bytes -= frame.cost
            acknowledged += 1
            next -= 1
        }
        return true
    }

    /// Whether a session can go on with a peer that has so many frames.
    func canResume(at count: UInt64) -> Bool { count >= acknowledged && count <= sent }

    /// A new connection: the peer has so many frames, all others go again.
    mutating func resume(at count: UInt64) {
        next = frames.count
        let known = acknowledge(count)
        precondition(known, "whoever resumes has asked `canResume`")
        next = 0
    }
}
