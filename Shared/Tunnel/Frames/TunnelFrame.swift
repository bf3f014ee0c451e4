package import Bytes

// One binary web-socket message is one frame:
//
//      0      1      2             4                           8                          12
//     ┌──────┬──────┬─────────────┬───────────────────────────┬───────────────────────────┬─────────────
//     │ type │ flags│ reserved, 0 │ stream; 0: the connection │ bytes of payload          │ payload …
//     └──────┴──────┴─────────────┴───────────────────────────┴───────────────────────────┴─────────────
//
// Integers are big-endian. Types from 0x10 on are counted: they belong to the session, are kept until the peer has acknowledged them,
// and are sent again after a cut. Those below belong to one connection and die with it.

/// What a frame is.
package enum TunnelFrameType: UInt8, CaseIterable, Sendable {
    case hello = 0x01
    case welcome = 0x02
    case ping = 0x03
    case pong = 0x04
    case drain = 0x05
    case goodbye = 0x06
    case ack = 0x07
    case open = 0x10
    case head = 0x11
    case data = 0x12
    case credit = 0x13
    case reset = 0x14
    case trailer = 0x15
    case event = 0x20
    case eventAck = 0x21

    /// Whether frames of this type are counted, acknowledged and sent again after a cut.
    package var isCounted: Bool { rawValue >= 0x10 }

    /// Whether it names a stream; the others have stream 0.
    package var hasStream: Bool {
        switch self {
        case .open, .head, .data, .credit, .reset, .trailer: true
        case .hello, .welcome, .ping, .pong, .drain, .goodbye, .ack, .event, .eventAck: false
        }
    }

    /// As the specification writes it.
    package var name: String {
        switch self {
        case .hello: "HELLO"
        case .welcome: "WELCOME"
        case .ping: "PING"
        case .pong: "PONG"
        case .drain: "DRAIN"
        case .goodbye: "GOODBYE"
        case .ack: "ACK"
        case .open: "OPEN"
        case .head: "HEAD"
        case .data: "DATA"
        case .credit: "CREDIT"
        case .reset: "RESET"
        case .trailer: "TRAILER"
        case .event: "EVENT"
        case .eventAck: "EVENT_ACK"
        }
    }

    /// The flags that it may have.
    package var flags: TunnelFlags {
        switch self {
        case .open, .head: .end
        case .data: [.end, .channel, .channelEnd]
        case .hello, .welcome, .ping, .pong, .drain, .goodbye, .ack, .credit, .reset, .trailer, .event, .eventAck: []
        }
    }

    /// How long its payload may be.
    package var payloadLengths: ClosedRange<Int> {
        switch self {
        case .ping, .pong, .ack, .eventAck: 8...8
        case .credit: 4...4
        case .reset: 2...(2 + TunnelFrame.longestReason)
        case .data: 0...TunnelFrame.longestPayload
        case .hello, .welcome, .drain, .goodbye, .open, .head, .trailer, .event: 2...TunnelFrame.longestText
        }
    }
}

/// The second byte of a frame. Bits that nobody defined are sent as 0 and ignored.
package struct TunnelFlags: OptionSet, Sendable, Equatable {
    /// The bits.
    package let rawValue: UInt8
    /// From the bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// OPEN, HEAD, DATA: the sender's direction ends with this frame.
    package static let end = TunnelFlags(rawValue: 1)
    /// DATA: the first byte of the payload is a channel.
    package static let channel = TunnelFlags(rawValue: 2)
    /// DATA with `channel`: nothing more comes on that channel; the others go on.
    package static let channelEnd = TunnelFlags(rawValue: 4)
    /// All that are defined.
    package static let defined: TunnelFlags = [.end, .channel, .channelEnd]
}

/// A frame that was read: its header, and where its payload lies.
package struct TunnelFrame: Sendable, Equatable {
    /// What both sides put into `Sec-WebSocket-Protocol`.
    package static let webSocketProtocol = "pdp-tunnel.v1"
    /// The field of the upgrade's answer that names the server.
    package static let replicaField = "tunnel-replica"
    /// Longest web-socket message.
    package static let longestMessage = headerLength + longestPayload
    /// Bytes of a header.
    package static let headerLength = 12
    /// Most bytes of a payload, a channel byte included.
    package static let longestPayload = 65_536
    /// Most bytes of a payload that is JSON.
    package static let longestText = 32_768
    /// Most bytes of the text behind a RESET's code.
    package static let longestReason = 1024

    /// The type; nil for an extension (0x80 and above) that is unknown here and ignored.
    package let type: TunnelFrameType?
    /// The defined flags.
    package let flags: TunnelFlags
    /// The stream, 0 for the connection.
    package let stream: UInt32
    /// The payload, a view of the message: nothing is copied.
    package let payload: ArraySlice<UInt8>

    /// Reads a message.
    /// - Throws: `.badFrame`: shorter than a header, a length that is not the payload's or too long for the type, an unknown type
    ///   below 0x80, a stream where none may be or none where one must be, a flag that the type does not have.
    package init(reading message: [UInt8]) throws(TunnelError) {
        guard message.count >= Self.headerLength else { throw .badFrame("shorter than a header") }
        let (stream, length) = message.withUnsafeBytes { bytes in
            (
                UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
                UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
            )
        }
        guard Int(length) == message.count - Self.headerLength else {
            throw .badFrame("length differs from the payload's")
        }
        guard length <= Self.longestPayload else { throw .badFrame("payload too long") }
        payload = message[Self.headerLength...]
        self.stream = stream
        let code = message[0]
        let found = TunnelFlags(rawValue: message[1]).intersection(.defined)
        guard let type = TunnelFrameType(rawValue: code) else {
            guard code >= 0x80 else { throw .badFrame("unknown type 0x\(String(code, radix: 16))") }
            self.type = nil
            flags = found
            return
        }
        guard type.payloadLengths.contains(Int(length)) else { throw .badFrame("\(type.name) of wrong length") }
        guard type.hasStream == (stream != 0) else {
            throw .badFrame(type.hasStream ? "\(type.name) without stream" : "\(type.name) on a stream")
        }
        guard type.flags.isSuperset(of: found) else {
            throw .badFrame("\(type.name) with a flag that it does not have")
        }
        if type == .data {
            guard !found.contains(.channelEnd) || found.contains(.channel) else {
                throw .badFrame("DATA ends a channel that it does not name")
            }
            guard !found.contains(.channel) || length > 0 else { throw .badFrame("DATA without its channel") }
        }
        self.type = type
        flags = found
    }

    /// Appends a header.
    /// - Parameter length: Bytes of the payload that follows.
    package static func writeHeader(
        _ type: TunnelFrameType, _ flags: TunnelFlags = [], stream: UInt32 = 0, length: Int,
        into out: inout OutputBuffer
    ) {
        precondition(type.payloadLengths.contains(length), "who writes a frame knows how long it may be")
        out.append(type.rawValue)
        out.append(flags.rawValue)
        out.append(bigEndian: UInt16(0))
        out.append(bigEndian: stream)
        out.append(bigEndian: UInt32(length))
    }

    /// A whole frame, for handshakes and tests.
    package static func message(
        _ type: TunnelFrameType, _ flags: TunnelFlags = [], stream: UInt32 = 0, payload: [UInt8]
    ) -> [UInt8] {
        var out = OutputBuffer(capacity: headerLength + payload.count)
        writeHeader(type, flags, stream: stream, length: payload.count, into: &out)
        out.append(payload)
        return out.copyBytes()
    }
}

extension ArraySlice<UInt8> {
    /// The big-endian integer that stands at its start.
    /// - Precondition: It has as many bytes.
    func bigEndian<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
        withUnsafeBytes { Value(bigEndian: $0.loadUnaligned(as: Value.self)) }
    }
}

extension FixedWidthInteger {
    /// Its bytes, most significant first.
    var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }
}
