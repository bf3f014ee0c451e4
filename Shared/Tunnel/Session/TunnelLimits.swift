/// What one side allows. The windows are told to the peer; the rest is kept to oneself and enforced.
package struct TunnelLimits: Sendable, Equatable {
    /// Streams and bytes that the peer may have open.
    package var windows = TunnelWindows()
    /// Streams of one kind that the peer may have open; kinds that are not named share `windows.maxStreams`.
    package var streamsOfKind: [TunnelKind: Int] = [.exec: 32, .logs: 64, .watch: 64, .http: 128]
    /// How many streams the peer may open in a second, and at once after a pause.
    package var opensPerSecond = 20_000
    /// Longest body of a request that the peer may send: kinds `http`, `apply`, `control`.
    package var requestBytes = 32 << 20
    /// How long a request without a deadline may take.
    package var requestTime = Duration.seconds(30)
    /// Longest life of an `exec`.
    package var execTime = Duration.seconds(8 * 3600)
    /// How long an `exec` may be without a byte in either direction.
    package var execIdleTime = Duration.seconds(15 * 60)
    /// Most bytes that are kept until the peer has acknowledged them; beyond, nothing counted is sent.
    package var unacknowledgedBytes = 4 << 20
    /// Bytes that may wait on one stream before its producer is asked to stop.
    package var streamBuffer = 262_144
    /// How long the handshake may take.
    package var greetingTime = Duration.seconds(10)

    /// The defaults of the specification.
    package init() {}

    /// Bytes that every frame counts for in `unacknowledgedBytes`, besides its payload: what remembering it costs.
    static let frameCost = 64
    /// Most frames for the peer (OPEN, RESET, PONG) that wait because it does not read.
    static let waitingControl = 4096
    /// Most facts that are sent and not acknowledged.
    static let factWindow = 64
    /// Frames that come without being acknowledged, and bytes.
    static let ackFrames = 32
    static let ackBytes = 65_536
    /// How long a frame may wait for its acknowledgement when neither is reached.
    static let ackDelay = Duration.seconds(1)
    /// Small pieces that wait behind each other are joined up to this many bytes.
    static let joinedBytes = 16_384
    /// An id from which on a session asks for a new one.
    static let lastComfortableID: UInt32 = 0xF000_0000
}
