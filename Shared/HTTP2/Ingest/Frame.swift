import Bytes

// RFC 9113 §4.1: every frame has nine bytes in front.
//
//     | length (24) | type (8) | flags (8) | R (1) stream (31) | payload …
//
// The reserved bit is ignored, unknown flags are ignored, unknown types are passed over (§4.1, §5.5).

/// The first nine bytes of a frame.
struct FrameHead {
    /// §6; what is not here is an extension.
    enum Kind: UInt8 {
        case data = 0x0
        case headers = 0x1
        case priority = 0x2
        case resetStream = 0x3
        case settings = 0x4
        case pushPromise = 0x5
        case ping = 0x6
        case goAway = 0x7
        case windowUpdate = 0x8
        case continuation = 0x9
    }

    static let size = 9
    /// SETTINGS_MAX_FRAME_SIZE is never announced, so it has its initial value (§6.5.2).
    static let longestPayload = 16_384

    let length: Int
    /// Nil for an extension.
    let kind: Kind?
    private let flags: UInt8
    let stream: UInt32

    /// - Precondition: Nine bytes are there.
    @inline(__always)
    init(_ bytes: UnsafeRawPointer) {
        // Length, type, flags, and three of the stream's four bytes.
        let word = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        length = Int(truncatingIfNeeded: word &>> 40)
        kind = Kind(rawValue: UInt8(truncatingIfNeeded: word &>> 32))
        flags = UInt8(truncatingIfNeeded: word &>> 24)
        stream = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 5, as: UInt32.self)) & 0x7FFF_FFFF
    }

    /// END_STREAM of DATA and HEADERS.
    var endsStream: Bool { flags & 0x01 != 0 }
    /// ACK of SETTINGS and PING.
    var isAcknowledgement: Bool { flags & 0x01 != 0 }
    /// END_HEADERS of HEADERS and CONTINUATION.
    var endsHeaders: Bool { flags & 0x04 != 0 }
    /// PADDED of DATA and HEADERS.
    var isPadded: Bool { flags & 0x08 != 0 }
    /// PRIORITY of HEADERS.
    var hasPriority: Bool { flags & 0x20 != 0 }
}

/// Writes frames.
enum FrameWriter {
    @inline(__always)
    static func head(
        _ kind: FrameHead.Kind, flags: UInt8, stream: UInt32, length: Int, into out: inout OutputBuffer
    ) {
        out.reserve(FrameHead.size)
        out.append(bigEndian: UInt32(truncatingIfNeeded: length) &<< 8 | UInt32(kind.rawValue))
        out.append(flags)
        out.append(bigEndian: stream)
    }

    static func resetStream(_ stream: UInt32, _ code: ErrorCode, into out: inout OutputBuffer) {
        head(.resetStream, flags: 0, stream: stream, length: 4, into: &out)
        out.append(bigEndian: code.rawValue)
    }

    /// - Parameter reason: Constant text for whoever looks at the peer's side.
    static func goAway(last: UInt32, _ code: ErrorCode, reason: String, into out: inout OutputBuffer) {
        head(.goAway, flags: 0, stream: 0, length: 8 + reason.utf8.count, into: &out)
        out.append(bigEndian: last)
        out.append(bigEndian: code.rawValue)
        out.append(utf8: reason)
    }

    static func windowUpdate(_ stream: UInt32, _ increment: Int, into out: inout OutputBuffer) {
        head(.windowUpdate, flags: 0, stream: stream, length: 4, into: &out)
        out.append(bigEndian: UInt32(truncatingIfNeeded: increment))
    }

    static func settings(_ settings: [(SettingName, UInt32)], into out: inout OutputBuffer) {
        head(.settings, flags: 0, stream: 0, length: 6 * settings.count, into: &out)
        for (name, value) in settings {
            out.append(bigEndian: name.rawValue)
            out.append(bigEndian: value)
        }
    }

    static func settingsAcknowledgement(into out: inout OutputBuffer) {
        head(.settings, flags: 1, stream: 0, length: 0, into: &out)
    }

    static func pingAcknowledgement(_ payload: UnsafeRawBufferPointer, into out: inout OutputBuffer) {
        head(.ping, flags: 1, stream: 0, length: 8, into: &out)
        out.append(payload)
    }
}

/// RFC 9113 §6.5.2, and the two that came later.
enum SettingName: UInt16 {
    case headerTableSize = 0x1
    case enablePush = 0x2
    case maxConcurrentStreams = 0x3
    case initialWindowSize = 0x4
    case maxFrameSize = 0x5
    case maxHeaderListSize = 0x6
    /// RFC 8441 §3.
    case enableConnectProtocol = 0x8
    /// RFC 9218 §2.1.
    case noRFC7540Priorities = 0x9
}
