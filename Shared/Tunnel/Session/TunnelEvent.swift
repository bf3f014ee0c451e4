/// What a session tells its owner, in order.
package enum TunnelEvent: Sendable, Equatable {
    /// Agent: the server has answered. With `resumed` the streams go on; without, they were all reset as `lost` before.
    case welcomed(TunnelWelcome, resumed: Bool)
    /// The peer opens a stream: decide, then send HEAD, or reset it.
    case opened(UInt32, TunnelOpen)
    /// The peer wanted to open a stream and the session has refused it; nil when OPEN could not be read. For the audit.
    case refused(UInt32, TunnelOpen?, TunnelReset)
    /// The peer's HEAD: the stream is accepted.
    case head(UInt32, TunnelHead)
    /// Bytes, a view of the message that brought them. Say ``TunnelSession/consumed(_:_:at:)`` when they are not needed any more.
    case data(UInt32, channel: UInt8?, ArraySlice<UInt8>)
    /// Nothing more comes on that channel.
    case channelEnded(UInt32, UInt8)
    /// The peer's direction is over.
    case ended(UInt32)
    /// The peer's direction is over, with this.
    case trailer(UInt32, TunnelTrailer)
    /// The stream is over at once. `byPeer` false: a limit, a deadline, a loss.
    case reset(UInt32, TunnelReset, byPeer: Bool)
    /// A producer that was told there is no room may write so many bytes again.
    case writable(UInt32, room: Int)
    /// Server: a fact to be stored, then ``TunnelSession/factsStored(upTo:at:)``.
    case fact(TunnelFact)
    /// Agent: the server has stored all facts up to this number.
    case factsStored(UInt64)
    /// The peer opens no more streams here and takes none.
    case draining(TunnelDrain)
    /// Nothing has come for three heartbeats, or no WELCOME in time: close the web-socket, then ``TunnelSession/connectionLost(at:)``.
    case silent
    /// The session is over; every stream was reset as `lost` before. The web-socket should be closed with the code's close code.
    case over(TunnelEnd)
}

/// How a session ended.
package enum TunnelEnd: Sendable, Equatable {
    /// We said goodbye: it is among the messages still to be sent.
    case byUs(TunnelGoodbye)
    /// The peer said goodbye.
    case byPeer(TunnelGoodbye)
    /// Server: no connection came back in time.
    case lost
}

/// What a producer is told.
package enum TunnelRoom: Sendable, Equatable {
    /// So many more bytes may be written; 0 or less: wait for `.writable`.
    case room(Int)
    /// The stream is over in this direction; the bytes were not taken.
    case over

    /// Whether the producer should go on.
    package var isOpen: Bool {
        switch self {
        case .room(let bytes): bytes > 0
        case .over: false
        }
    }
}

/// Why a stream was not opened.
package enum TunnelRefusal: Error, Sendable, Equatable {
    /// The session is over, or drains.
    case leaving
    /// The peer takes no more streams at a time.
    case limit
    /// OPEN does not fit a frame.
    case tooLong
    /// Agents open `control` streams only.
    case notAllowed
}

/// What the peer did wrong, when it costs the session.
struct TunnelViolation: Error {
    var code: TunnelGoodbyeCode
    var text: String

    init(_ code: TunnelGoodbyeCode, _ text: String) {
        self.code = code
        self.text = text
    }

    init(_ error: TunnelError) {
        let goodbye = TunnelGoodbye(error)
        self.init(goodbye.code, goodbye.text)
    }
}
