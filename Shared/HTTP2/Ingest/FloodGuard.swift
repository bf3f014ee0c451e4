// Nearly every attack on an HTTP/2 server is made of frames that the protocol allows and that cost us more than the peer. So there
// are two purses. Frames that do nothing for a request are paid from one, requests that come to nothing from the other;
// answered requests and passing time fill them. Who pays with real work never notices; who does not is sent away when a purse is
// empty, with the reason of the frame that emptied it.
//
//     purse      full   an answer   a sweep    is paid for
//     frames     2000   +4          +200       PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty frames, unknown frames
//     requests   1000   +1          +100       RST_STREAM received or provoked, streams refused; oversized header lists (10), bodies
//                                                      that did not arrive in time, or go on behind an answer (20)
//
// nghttp2 (1.57 and later) allows 1000 resets and 33 a second more; clients that cancel every request they make stay below that.

/// Counts what a peer costs. No clock: the owner's sweeps are the time, about one a second.
struct FloodGuard {
    private static let fullFrames = 2000
    private static let fullRequests = 1000

    private var frames = fullFrames
    private var requests = fullRequests

    /// A request was answered.
    @inline(__always)
    mutating func earn() {
        frames = min(Self.fullFrames, frames &+ 4)
        requests = min(Self.fullRequests, requests &+ 1)
    }

    /// Time has passed.
    mutating func sweep() {
        frames = min(Self.fullFrames, frames &+ 200)
        requests = min(Self.fullRequests, requests &+ 100)
    }

    /// A frame that does nothing for a request.
    ///
    /// - Throws: The reason, when there were too many.
    mutating func payFrame(_ reason: HTTP2EndReason, _ price: Int = 1) throws(Violation) {
        frames &-= price
        if frames < 0 { throw .connection(reason) }
    }

    /// A request that comes to nothing.
    ///
    /// - Throws: The reason, when there were too many.
    mutating func payRequest(_ reason: HTTP2EndReason, _ price: Int = 1) throws(Violation) {
        requests &-= price
        if requests < 0 { throw .connection(reason) }
    }
}
