import Bytes
import HTTP

// The server's half of RFC 9113, for requests that are read whole and answered whole.
//
//   states    of the connection: `Phase`, here; of a stream: `StreamState`
//   events    a frame (+Frames: a method for each type, in the order of §6), a whole header block or a piece of a body (+Requests: §8),
//             a request seen or answered by the handler (+Handler), room in the socket (+Output), a sweep of the clock (+Sweeps)
//   actions   transitions of a stream (+Streams: §5.1), a request to show (`Action.request`), bytes to send (`output`), GOAWAY and
//             RST_STREAM (`punish`)
//
//                 24 bytes of preface        SETTINGS                 HEADERS without END_HEADERS
//        ┌────────┐             ┌─────────────────┐     ┌──────┐ ────────────────────────► ┌─────────────┐
//        │preface ├────────────►│ settingsExpected├────►│ open │                           │ headerBlock │
//        └───┬────┘             └────────┬────────┘     └──┬───┘ ◄──────────────────────── └──────┬──────┘
//            │                           │                 │      CONTINUATION with END_HEADERS   │
//            └───────────────────────────┴────────┬────────┴──────────────────────────────────────┘
//                                                 ▼  a violation of the connection, or `terminate`
//                                              ┌───────┐
//                                              │ ended │   GOAWAY is in the output; nothing more is read
//                                              └───────┘

/// What one HTTP/2 connection of the ingest door knows, and the rules by which that changes. A value: no socket, no clock, no
/// callbacks.
struct IngestConnection: ~Copyable {
    /// What the connection waits for.
    enum Phase: Equatable {
        /// RFC 9113 §3.4: so many bytes of the client's preface have come.
        case preface(Int)
        /// §3.4: the preface ends with SETTINGS.
        case settingsExpected
        case open
        /// §4.3: the block of this stream goes on; no other frame may come.
        case headerBlock(UInt32)
        /// §5.4.1: we have said GOAWAY for an error, or were told to end.
        case ended
    }

    /// What `advance` found.
    enum Action {
        /// A request is complete: show it, then say `wasShown`.
        case request(UnsafeMutablePointer<IngestStream>, body: UnsafeRawBufferPointer)
        /// All bytes are used up, or the connection has ended.
        case none
    }

    let limits: HTTP2ServerLimits
    let listLimits: FieldList.Limits
    let pool: HTTP2StreamPool
    let shared: IngestPool

    var phase = Phase.preface(0)
    /// Why we ended it.
    var endReason: HTTP2EndReason?
    var reader = FrameReader()
    var decoder = HeaderDecoder()
    var encoder = ResponseEncoder()
    var guardian = FloodGuard()
    var tokens = TokenMemory()

    // MARK: Streams

    var streams = StreamTable()
    var closed = ClosedStreams()
    /// The highest number that the client has used.
    var highest: UInt32 = 0
    /// Requests whose stream was reset while the handler had them.
    var abandoned = 0
    /// Requests that have begun and are not complete.
    var incomplete = 0
    /// Those of them that began during this `receive`: when it ends, the handler may refuse them by their heads.
    var begun: [UInt32] = []
    var nextBegun = 0
    /// Numbers above it are not served: the last GOAWAY said so.
    var lastServed = UInt32(Int32.max)
    /// We or the peer have said GOAWAY: finished when the streams are.
    var isLeaving = false

    // MARK: The header block that is being received

    /// A block in several frames (§4.3), put together.
    var block = OutputBuffer(capacity: 16)
    var blockFrames = 0
    /// END_STREAM of its HEADERS frame.
    var blockEndsStream = false
    /// Its priority depends on itself (RFC 7540 §5.3.1).
    var blockDependsOnItself = false
    /// The head of the previous request, in case that the next block repeats it.
    var previous: UnsafeMutablePointer<IngestHead>?
    var serial: UInt32 = 0
    /// The head of the last request that was shown.
    var shownSerial: UInt32 = 0

    // MARK: Flow control

    var receiveWindow: ReceiveWindow
    var sendWindow = SendWindow(65_535)
    /// SETTINGS_INITIAL_WINDOW_SIZE and SETTINGS_MAX_FRAME_SIZE of the peer.
    var peerStreamWindow = 65_535
    var peerMaxFrame = 16_384

    // MARK: Output

    var output = OutputBuffer(capacity: 16)
    /// Acknowledgements in `output`.
    var queuedAcknowledgements = 0
    var sendQueue = SendQueue()

    /// The request that the handler looks at right now, and whether it is to be given back afterwards.
    var showing: UnsafeMutablePointer<IngestStream>?
    var showingIsOver = false

    /// Sweeps so far.
    var sweep: UInt32 = 0
    /// Frames so far; the frame that the network has cut, and the sweep during which it was.
    private var frameCount: UInt32 = 0
    private(set) var cut = (frame: UInt32.max, sweep: UInt32(0))
    /// The sweep during which the header block began.
    var blockSweep: UInt32 = 0

    init(pool: HTTP2StreamPool, limits: HTTP2ServerLimits) {
        self.pool = pool
        self.limits = limits
        shared = pool.ingest
        listLimits = FieldList.Limits(bytes: limits.headerListBytes, fields: limits.fieldCount)
        receiveWindow = ReceiveWindow(Int(limits.connectionWindow))
        // §3.4: our preface. The windows count from now: a client that has not read this uses less.
        FrameWriter.settings(
            [
                (.maxConcurrentStreams, limits.concurrentStreams), (.initialWindowSize, limits.streamWindow),
                (.maxHeaderListSize, UInt32(clamping: limits.headerListBytes)), (.noRFC7540Priorities, 1),
            ], into: &output)
        FrameWriter.windowUpdate(0, Int(limits.connectionWindow) - 65_535, into: &output)
    }

    deinit {
        for place in 0..<streams.capacity {
            guard let stream = streams[place] else { continue }
            pool.bufferedBytes -= stream.pointee.countedBytes
            if let head = stream.pointee.head { Self.release(head, pool) }
            stream.pointee.head = nil
            shared.giveBack(stream)
        }
        if let previous { Self.release(previous, pool) }
        pool.bufferedBytes -= block.count
    }

    /// Requests whose stream is not closed.
    var openStreams: Int { streams.count - abandoned }

    // MARK: Input

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    /// Goes on with `bytes` from `cursor` until a request is complete or all bytes are used up.
    mutating func advance(_ bytes: UnsafeRawBufferPointer, _ cursor: inout Int) -> Action {
        while phase != .ended {
            if case .preface(let matched) = phase {
                guard cursor < bytes.count else { return .none }
                prefaceArrived(bytes[cursor], matched)
                cursor &+= 1
                continue
            }
            switch reader.next(in: bytes, &cursor) {
            case .needsMore:
                if reader.heldBytes > 0, cut.frame != frameCount { cut = (frameCount, sweep) }
                return .none
            case .tooLong: end(.frameSizeError)
            case .frame(let head, let payload):
                frameCount &+= 1
                do throws(Violation) {
                    if let stream = try frameArrived(head, payload) {
                        let body = stream.pointee.body.isEmpty ? inPlace : stream.pointee.body.bytes
                        return .request(stream, body: body)
                    }
                } catch {
                    punish(error)
                }
            }
        }
        return .none
    }

    /// The body of a request that came in one frame. Set by `dataArrived`.
    var inPlace = UnsafeRawBufferPointer(start: nil, count: 0)

    /// §3.4.
    private mutating func prefaceArrived(_ byte: UInt8, _ matched: Int) {
        if byte != Self.preface[matched] {
            end(.protocolError)
        } else {
            phase = matched + 1 == Self.preface.count ? .settingsExpected : .preface(matched + 1)
        }
    }

    /// One event. Answers the request that it completes.
    @inline(__always)
    private mutating func frameArrived(
        _ head: FrameHead, _ payload: UnsafeRawBufferPointer
    ) throws(Violation) -> UnsafeMutablePointer<IngestStream>? {
        switch phase {
        case .open: break
        case .headerBlock(let number):
            // §6.10: nothing but its CONTINUATION may come, not even an extension.
            guard head.kind == .continuation, head.stream == number else { throw .connection(.protocolError) }
        case .settingsExpected:
            guard head.kind == .settings, !head.isAcknowledgement else { throw .connection(.protocolError) }
        case .preface, .ended: return nil
        }
        switch head.kind {
        case .headers: return try headersArrived(head, payload)
        case .data: return try dataArrived(head, payload)
        case .continuation: return try continuationArrived(head, payload)
        case .priority: try priorityArrived(head, payload)
        case .resetStream: try resetArrived(head, payload)
        case .settings: try settingsArrived(head, payload)
        case .pushPromise: throw .connection(.protocolError)  // §8.4: a client cannot push
        case .ping: try pingArrived(head, payload)
        case .goAway: try goAwayArrived(head, payload)
        case .windowUpdate: try windowUpdateArrived(head, payload)
        case nil: try guardian.payFrame(.unknownFrameFlood)  // §5.5: passed over
        }
        return nil
    }

    // MARK: Errors and ends (§5.4, §6.8)

    /// Carries out what a rule has found.
    mutating func punish(_ violation: Violation) {
        switch violation {
        case .connection(let reason): end(reason)
        case .stream(let number, let code):
            reset(number, code)
            // Whoever makes us do that too often is sent away (CVE-2025-8671).
            do throws(Violation) {
                try guardian.payRequest(.provokedResets)
            } catch {
                punish(error)
            }
        }
    }

    /// §5.4.1. Nothing is read any more; what was to be sent is still sent, GOAWAY last.
    mutating func end(_ reason: HTTP2EndReason) {
        guard phase != .ended else { return }
        endReason = reason
        phase = .ended
        FrameWriter.goAway(last: min(highest, lastServed), reason.code, reason: reason.rawValue, into: &output)
        sendQueue.removeAll()
    }

    /// The owner wants it to end, with everything on it.
    mutating func terminate() {
        guard phase != .ended else { return }
        phase = .ended
        FrameWriter.goAway(last: min(highest, lastServed), .noError, reason: "", into: &output)
        sendQueue.removeAll()
    }

    /// §6.8, first half: no new streams, please. Those that are under way are still served.
    mutating func announceEnd() {
        guard phase != .ended else { return }
        FrameWriter.goAway(last: UInt32(Int32.max), .noError, reason: "", into: &output)
    }

    /// §6.8, second half: the last stream that is served.
    mutating func refuseNewStreams() {
        guard phase != .ended else { return }
        lastServed = highest
        isLeaving = true
        FrameWriter.goAway(last: lastServed, .noError, reason: "", into: &output)
    }
}
