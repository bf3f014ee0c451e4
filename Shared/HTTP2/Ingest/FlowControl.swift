// RFC 9113 §5.2, §6.9. Both directions count bytes of DATA payload, padding included.

/// What the peer may still send, on a stream or on the connection.
struct ReceiveWindow {
    private let full: Int
    private var left: Int
    private var used = 0

    init(_ full: Int) {
        self.full = full
        left = full
    }

    /// The peer has sent so much. False when it was not allowed to.
    @inline(__always)
    mutating func take(_ count: Int) -> Bool {
        left &-= count
        used &+= count
        return left >= 0
    }

    /// Gives room back, in halves of the window so that few WINDOW_UPDATEs are sent. 0 when it is not yet time.
    @inline(__always)
    mutating func replenish() -> Int {
        if used &* 2 < full { return 0 }
        let increment = used
        left &+= used
        used = 0
        return increment
    }
}

/// What we may still send. Negative after the peer has made its initial window smaller (§6.9.2).
struct SendWindow {
    /// §6.9.1.
    static let largest = 0x7FFF_FFFF

    private(set) var left: Int

    init(_ left: Int) { self.left = left }

    mutating func take(_ count: Int) { left &-= count }

    /// WINDOW_UPDATE, or a changed initial window. False when it becomes larger than a window may be.
    mutating func grow(by increment: Int) -> Bool {
        left &+= increment
        return left <= Self.largest
    }
}
