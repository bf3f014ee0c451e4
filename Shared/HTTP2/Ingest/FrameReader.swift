import Bytes

/// Cuts the byte stream into frames. A frame that lies whole in what has arrived is shown where it is; one that the network has cut
/// is put together first, which takes at most the longest frame.
struct FrameReader: ~Copyable {
    /// What the next bytes come to.
    enum Piece {
        /// A whole frame. The view is valid until the next call, and while the bytes that were given are.
        case frame(FrameHead, UnsafeRawBufferPointer)
        /// All bytes are used up.
        case needsMore
        /// §4.2: longer than we have allowed.
        case tooLong
    }

    private var partial = OutputBuffer(capacity: 16)
    private var partialIsShown = false

    init() {}

    /// Bytes of a frame that is not complete.
    var heldBytes: Int { partialIsShown ? 0 : partial.count }

    /// The frame that is not complete is DATA.
    var holdsData: Bool { partial.count > 3 && partial.bytes[3] == FrameHead.Kind.data.rawValue }

    /// The next frame of `bytes` from `cursor` on; `cursor` moves behind what was used.
    @inline(__always)
    mutating func next(in bytes: UnsafeRawBufferPointer, _ cursor: inout Int) -> Piece {
        guard partial.isEmpty, bytes.count &- cursor >= FrameHead.size, let base = bytes.baseAddress else {
            return complete(bytes, &cursor)
        }
        let head = FrameHead(base + cursor)
        if head.length > FrameHead.longestPayload { return .tooLong }
        let end = cursor &+ FrameHead.size &+ head.length
        guard end <= bytes.count else { return complete(bytes, &cursor) }
        let payload = UnsafeRawBufferPointer(start: base + cursor + FrameHead.size, count: head.length)
        cursor = end
        return .frame(head, payload)
    }

    /// Goes on with a frame that was cut, or begins one.
    private mutating func complete(_ bytes: UnsafeRawBufferPointer, _ cursor: inout Int) -> Piece {
        if partialIsShown {
            partialIsShown = false
            partial.removeAll(keepingCapacity: false)
            return next(in: bytes, &cursor)
        }
        guard take(upTo: FrameHead.size, bytes, &cursor) else { return .needsMore }
        let head = FrameHead(partial.bytes.baseAddress!)  // nine bytes are there
        if head.length > FrameHead.longestPayload { return .tooLong }
        guard take(upTo: FrameHead.size &+ head.length, bytes, &cursor) else { return .needsMore }
        partialIsShown = true
        return .frame(head, UnsafeRawBufferPointer(rebasing: partial.bytes[FrameHead.size...]))
    }

    /// True when `partial` now has so many bytes.
    private mutating func take(upTo wanted: Int, _ bytes: UnsafeRawBufferPointer, _ cursor: inout Int) -> Bool {
        let count = min(max(0, wanted &- partial.count), bytes.count &- cursor)
        if count > 0 {
            partial.append(UnsafeRawBufferPointer(rebasing: bytes[cursor..<(cursor &+ count)]))
            cursor &+= count
        }
        return partial.count >= wanted
    }
}
