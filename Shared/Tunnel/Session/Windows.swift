// How much a stream may have under way. Only the bytes of DATA count, without channel bytes.
//
//     sent by the peer, in total ──────────────────────────────────────►
//     │ consumed and granted again │ pending │ held │ may still come    │
//                                  └──── used ──────┴──── open ────────┘
//                                  └────────────── window ─────────────┘
//
// `used` is what the stream costs. Up to `TunnelWindows.share` of it is the stream's own; what goes beyond is charged to the session,
// and the charges of all streams together stay below the session's window. Both sides compute them from the same numbers, so there is
// no credit of the session that could drift, and a stream without backlog can always send its share, however many others stand still.

/// What one direction of a stream is charged to the session.
func charge(_ used: Int) -> Int { max(0, used - TunnelWindows.share) }

/// What the peer may send on one stream.
struct ReceiveWindow {
    let size: Int
    /// What may still come.
    private(set) var open: Int
    /// What has come and nobody has consumed.
    private(set) var held = 0
    /// What was consumed and is not granted again yet.
    private(set) var pending = 0

    init(size: Int) {
        self.size = size
        open = size
    }

    var used: Int { size - open }

    /// Bytes have come. False when they were more than was granted.
    mutating func take(_ count: Int) -> Bool {
        guard count <= open else { return false }
        open -= count
        held += count
        return true
    }

    /// The owner is done with bytes. Answers how many of them it really held.
    mutating func consume(_ count: Int) -> Int {
        let count = min(count, held)
        held -= count
        pending += count
        return count
    }

    /// Grants what is pending; answers how much that is.
    mutating func grant() -> Int {
        defer { pending = 0 }
        open += pending
        return pending
    }
}

/// What we may send on one stream.
struct SendWindow {
    let size: Int
    /// What may be sent.
    private(set) var open: Int

    init(size: Int) {
        self.size = size
        open = size
    }

    var used: Int { size - open }

    mutating func spend(_ count: Int) {
        precondition(count <= open, "nobody sends more than was granted")
        open -= count
    }

    /// The peer grants. False when that is more than it had: `used` would be negative.
    mutating func grow(_ count: Int) -> Bool {
        guard count <= used else { return false }
        open += count
        return true
    }
}
