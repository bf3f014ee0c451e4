internal import System

//   opener                                                         acceptor
//
//   sending: open ──finish──► ending ──END sent──► done             sending: head ──HEAD──► open ──finish──► ending ──► done
//   receiving: head ──HEAD──► open ──END, TRAILER──► done           receiving: open ──END──► done
//
// RESET, sent or received, makes both done. A stream that we reset, or that both have ended, is remembered until the peer has
// acknowledged our last frame of it: what comes until then was under way, what comes later breaks the protocol.

/// One stream, as either side knows it.
struct TunnelStream {
    enum Sending { case head, open, ending, done }
    enum Receiving { case head, open, done }

    /// A piece that waits to be sent.
    struct Piece {
        enum Kind { case head, data, channelEnd, trailer }
        var kind: Kind
        /// HEAD with END.
        var ends = false
        var channel: UInt8?
        var bytes: ArraySlice<UInt8>
    }

    let id: UInt32
    let isOurs: Bool
    let kind: TunnelKind
    let lane: Int

    var sending: Sending
    var receiving: Receiving
    var isResetByUs = false
    /// We reset it when our direction had ended already: once the peer has ended its own, it does not wait for RESET.
    var hadEnded = false

    var sendWindow: SendWindow
    var receiveWindow: ReceiveWindow
    var pieces = Ring<Piece>()
    /// Bytes in `pieces`.
    var waitingBytes = 0
    var producerWaits = false
    var isCreditDue = false
    /// Channels that have ended, a bit each.
    var channelsEnded: UInt8 = 0
    var channelsEndedByPeer: UInt8 = 0
    /// Bytes of DATA that have come.
    var receivedBytes = 0
    /// What the opener may send in all.
    var requestLimit = Int.max

    var deadline: MonotonicTime?
    var idleTime: Duration?
    var lastActivity: MonotonicTime

    /// The number of our last frame of this stream, once it was sent and nothing follows.
    var lastFrame = UInt64.max

    // Places in the queue of turns.
    var queue = QueueState.none
    var before = -1
    var behind = -1

    enum QueueState { case none, ready, parked }

    var isOver: Bool { sending == .done && receiving == .done }

    /// When it is reset if nothing happens.
    var expiry: MonotonicTime? {
        guard !isOver else { return nil }
        switch (deadline, idleTime) {
        case (nil, nil): return nil
        case (let deadline?, nil): return deadline
        case (nil, let idle?): return lastActivity + idle
        case (let deadline?, let idle?): return min(deadline, lastActivity + idle)
        }
    }

    /// Whether something waits that may be sent as far as the stream itself is concerned.
    var canSend: Bool {
        if let piece = pieces.first { return piece.kind != .data || sendWindow.open > 0 }
        return sending == .ending
    }
}
