// RFC 9113 §5.1, as far as a server meets it that never pushes. Only odd numbers can be opened, in ascending order.
//
//                         ┌──────┐
//                         │ idle │   even numbers, and those above the highest one that was used
//                         └──┬───┘
//                    HEADERS │
//                    ┌───────▼──┐  our answer is complete   ┌──────────────────┐
//                    │   open   ├──────────────────────────►│ half-closed      │
//                    └───────┬──┘                           │ (local)          │
//        END_STREAM received │                              └────────┬─────────┘
//                    ┌───────▼──────┐                                │ END_STREAM received
//                    │ half-closed  │  our answer is complete        ▼
//                    │ (remote)     ├──────────────────────────► closed
//                    └──────────────┘
//
//     RST_STREAM, sent or received, closes from everywhere. A request that the handler still has then keeps its place as `abandoned`
//     until the handler answers, so that resetting does not make room for more (CVE-2023-44487, CVE-2025-8671).

/// What §5.1 says of the stream that a frame names.
enum StreamState {
    case idle
    case open(UnsafeMutablePointer<IngestStream>)
    case halfClosedRemote(UnsafeMutablePointer<IngestStream>)
    case halfClosedLocal(UnsafeMutablePointer<IngestStream>)
    case closed(StreamEnding)
}

/// How a stream came to be closed, which decides what its frames still cost.
enum StreamEnding {
    /// Both sides ended it, or it is too long ago to know.
    case ended
    /// Never used, but a higher number was (§5.1.1).
    case passedOver
    /// The peer reset it.
    case resetByPeer
    /// We reset it; the peer may not know yet.
    case resetByUs
    /// Opened after our last GOAWAY; ignored (§6.8).
    case unwanted
}

/// Remembers how streams that are gone have ended: the last 256 resets, and the last 16 gaps in the numbers. Takes no memory until
/// something is unusual.
struct ClosedStreams: ~Copyable {
    private static let resetCount = 256
    private static let gapCount = 16

    /// Odd numbers; the lowest bit is cleared when the reset was ours.
    private var resets: UnsafeMutablePointer<UInt32>?
    private var nextReset = 0
    private var gaps: UnsafeMutablePointer<(after: UInt32, before: UInt32)>?
    private var nextGap = 0
    /// The sweep of the last reset.
    private var lastReset: UInt32 = 0

    init() {}

    deinit {
        resets?.deallocate()
        gaps?.deallocate()
    }

    mutating func reset(_ number: UInt32, byPeer: Bool, sweep: UInt32) {
        lastReset = sweep
        if resets == nil {
            let made = UnsafeMutablePointer<UInt32>.allocate(capacity: Self.resetCount)
            made.initialize(repeating: .max, count: Self.resetCount)  // no stream has that number
            resets = made
        }
        resets![nextReset % Self.resetCount] = byPeer ? number : number & ~1  // made above
        nextReset &+= 1
    }

    /// All numbers between both have become unusable.
    mutating func skip(after: UInt32, before: UInt32) {
        if gaps == nil {
            let made = UnsafeMutablePointer<(after: UInt32, before: UInt32)>.allocate(capacity: Self.gapCount)
            made.initialize(repeating: (0, 0), count: Self.gapCount)
            gaps = made
        }
        gaps![nextGap % Self.gapCount] = (after, before)  // made above
        nextGap &+= 1
    }

    /// How an odd number that was used, or that a higher one has passed, came to its end. The last reset counts.
    func ending(of number: UInt32) -> StreamEnding {
        if let resets {
            for back in 1...Self.resetCount {
                let entry = resets[(nextReset &- back) & (Self.resetCount &- 1)]
                if entry | 1 == number { return entry & 1 == 1 ? .resetByPeer : .resetByUs }
            }
        }
        if let gaps {
            for index in 0..<Self.gapCount where number > gaps[index].after && number < gaps[index].before {
                return .passedOver
            }
        }
        return .ended
    }

    /// Forgets resets so old that no frame for their streams can be under way any more.
    mutating func trim(sweep: UInt32) {
        guard let resets, sweep &- lastReset > 30 else { return }
        resets.deallocate()
        self.resets = nil
    }
}
