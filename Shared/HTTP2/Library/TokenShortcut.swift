import Bytes

// Why: clients built on nghttp2, curl and Node send `authorization` as a literal that is never indexed, so the same 900 bytes
// arrive Huffman-coded in every request, and decoding them is more than half of a request's cost. Equal coded bytes mean equal
// decoded bytes, so a token that is coded as in an earlier request of the connection need not be decoded again.
//
// How: between socket and nghttp2, a HEADERS frame is looked at (RFC 9113 §6.2, RFC 7541 §6). When it has one `authorization`
// literal whose coded value is the remembered one, nghttp2 is given the same frame with an empty value in its place:
//
//     | 9 head | priority | …fields… | 0f 08 | H length | 680 coded bytes | …fields… |
//     | 9 head'| priority | …fields… | 0f 08 | 00       |                 | …fields… |
//
// and the session puts the remembered value back when it sees that field. A literal without indexing changes no table, so
// nghttp2's state stays right. Everything unusual (padding, CONTINUATION, a frame cut by the network, two tokens) is passed on
// as it came, and decoded as usual.

/// What a frame's look-over found.
enum TokenFinding {
    /// Nothing to do: give the frame to nghttp2 as it is.
    case none
    /// The token is coded as remembered; `TokenShortcut.shortened` holds the frame without it.
    case known
    /// One token in another coding; it is remembered when the session tells its decoded value.
    case new
    /// It was new, and the session has told its decoded value.
    case learned
}

/// Remembers how the last token of a connection was coded.
struct TokenShortcut: ~Copyable {
    private var coded = OutputBuffer(capacity: 16)
    private var candidate = OutputBuffer(capacity: 16)
    private var value = OutputBuffer(capacity: 16)

    /// Changes with the remembered token; never 0.
    private(set) var version: UInt32 = 1

    /// The decoded value of the remembered token.
    var knownValue: UnsafeRawBufferPointer { value.bytes }

    /// Looks at one whole HEADERS frame, head included. Writes the frame without its token into `shortened` when it is known.
    mutating func look(at frame: UnsafeRawBufferPointer, _ shortened: inout OutputBuffer) -> TokenFinding {
        let flags = frame[4]
        // END_HEADERS, no padding; anything else is rare and left alone. So are frames that are too long for the protocol.
        guard flags & 0x04 != 0, flags & 0x08 == 0, frame.count <= 9 + 16_384 else { return .none }
        let start = flags & 0x20 != 0 ? 14 : 9
        guard let place = Self.findToken(in: frame, from: start) else { return .none }
        let bytes = UnsafeRawBufferPointer(rebasing: frame[place])
        guard !coded.isEmpty, ASCII.equal(coded.bytes, bytes) else {
            candidate.removeAll()
            candidate.append(bytes)
            return .new
        }
        let length = frame.count - 9 - place.count + 1
        shortened.removeAll()
        shortened.append(UInt8(truncatingIfNeeded: length &>> 16))
        shortened.append(UInt8(truncatingIfNeeded: length &>> 8))
        shortened.append(UInt8(truncatingIfNeeded: length))
        shortened.append(UnsafeRawBufferPointer(rebasing: frame[3..<place.lowerBound]))
        shortened.append(0 as UInt8)  // a string of no bytes
        shortened.append(UnsafeRawBufferPointer(rebasing: frame[place.upperBound...]))
        return .known
    }

    /// The frame that was `.new` has been decoded, and this is the token's value.
    mutating func learned(_ decoded: UnsafeRawBufferPointer) {
        version = max(1, version &+ 1)
        swap(&coded, &candidate)
        candidate.removeAll()
        value.removeAll()
        value.append(decoded)
    }

    /// Nothing is known any more.
    mutating func forget() {
        version = max(1, version &+ 1)
        coded.removeAll()
        value.removeAll()
    }

    /// Where the coded value (length and bytes) of the only `authorization` literal is. Nil when there is none or more than one,
    /// or when the block is not well-formed, which nghttp2 will say.
    private static func findToken(in frame: UnsafeRawBufferPointer, from start: Int) -> Range<Int>? {
        var found: Range<Int>?
        var cursor = start
        while cursor < frame.count {
            let first = frame[cursor]
            if first & 0x80 != 0 {  // indexed field
                guard integer(frame, &cursor, prefix: 7) != nil else { return nil }
                continue
            }
            if first & 0xE0 == 0x20 {  // size of the table
                guard integer(frame, &cursor, prefix: 5) != nil else { return nil }
                continue
            }
            let isIndexed = first & 0x40 != 0
            guard let name = integer(frame, &cursor, prefix: isIndexed ? 6 : 4) else { return nil }
            if name == 0, !skipString(frame, &cursor) { return nil }
            let valueStart = cursor
            guard skipString(frame, &cursor) else { return nil }
            if name == 23 {  // `authorization` in the static table (RFC 7541 appendix A)
                if isIndexed || found != nil { return nil }
                found = valueStart..<cursor
            }
        }
        return found
    }

    /// RFC 7541 §5.1. Nil when it is cut off or absurdly large.
    @inline(__always)
    private static func integer(_ bytes: UnsafeRawBufferPointer, _ cursor: inout Int, prefix: Int) -> Int? {
        guard cursor < bytes.count else { return nil }
        let mask = (1 &<< prefix) &- 1
        var value = Int(bytes[cursor]) & mask
        cursor &+= 1
        guard value == mask else { return value }
        var shift = 0
        while cursor < bytes.count, shift < 28 {
            let byte = bytes[cursor]
            cursor &+= 1
            value &+= Int(byte & 0x7F) &<< shift
            if byte & 0x80 == 0 { return value }
            shift &+= 7
        }
        return nil
    }

    /// RFC 7541 §5.2.
    @inline(__always)
    private static func skipString(_ bytes: UnsafeRawBufferPointer, _ cursor: inout Int) -> Bool {
        guard let length = integer(bytes, &cursor, prefix: 7), length <= bytes.count - cursor else { return false }
        cursor &+= length
        return true
    }
}

/// Finds frames in a byte stream that comes in any pieces: after the client's preface, each begins with its length and type.
struct FrameWalker {
    /// Bytes until the next frame's head begins: first of the preface, then of frames.
    private var skip = 24
    /// Bytes of a frame head that was cut by the network.
    private var head: (UInt32, Int) = (0, 0)

    /// The next HEADERS frame that lies whole in `bytes`, from `cursor` on; nil when there is none. `cursor` moves behind all that
    /// was looked at, and the walker remembers what is missing of the last frame.
    mutating func nextHeaders(in bytes: UnsafeRawBufferPointer, _ cursor: inout Int) -> Range<Int>? {
        while true {
            let step = min(skip, bytes.count - cursor)
            cursor &+= step
            skip &-= step
            if cursor == bytes.count { return nil }
            if head.1 == 0, bytes.count - cursor >= 9 {
                let length = Int(bytes[cursor]) &<< 16 | Int(bytes[cursor + 1]) &<< 8 | Int(bytes[cursor + 2])
                let type = bytes[cursor + 3]
                if type == 1, bytes.count - cursor >= 9 + length {
                    let range = cursor..<(cursor + 9 + length)
                    cursor = range.upperBound
                    return range
                }
                skip = 9 + length
                continue
            }
            // The three bytes of the length come one at a time; the rest of the head is skipped with the payload.
            head.0 = head.0 &<< 8 | UInt32(bytes[cursor])
            head.1 += 1
            cursor &+= 1
            if head.1 == 3 {
                skip = 6 + Int(head.0)
                head = (0, 0)
            }
        }
    }
}
