package import Bytes

// Web-socket framing (RFC 6455 §5).
//
//      byte 0         FIN RSV RSV RSV opcode(4)
//      byte 1         MASK length(7)       126: 16-bit length follows, 127: 64-bit
//      0, 2 or 8      extended length, big-endian, in its shortest form
//      0 or 4         masking key, from client to server only
//      …              payload, each byte xor key[i mod 4]

/// What a peer sent: a whole message or a control frame.
package enum WebSocketMessage: Sendable, Equatable {
    /// A text message, put together from its fragments.
    case text(String)
    /// A binary message, put together from its fragments.
    case binary([UInt8])
    /// Answer with a pong of the same bytes.
    case ping([UInt8])
    /// The answer to a ping, or unasked.
    case pong([UInt8])
    /// The peer closes: answer with a close frame unless one was sent, then close the connection. The code is
    /// `.noStatus` when the frame had none.
    case close(WebSocketCloseCode, reason: String)

    /// Bytes of its payload; of a close frame, of the reason alone.
    package var payloadCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .binary(let bytes), .ping(let bytes), .pong(let bytes): bytes.count
        case .close(_, let reason): reason.utf8.count
        }
    }
}

/// Which end of the connection this is: clients mask what they send, servers do not.
package enum WebSocketRole: Sendable {
    /// Accepts connections.
    case server
    /// Dials.
    case client
}

/// Takes bytes apart into messages, in whatever pieces they come. Everything that RFC 6455 forbids ends the
/// connection: the thrown `.webSocket` holds the code to close with.
package struct WebSocketDecoder: ~Copyable {
    private let role: WebSocketRole
    private let messageLimit: Int
    private var buffer = OutputBuffer(capacity: 512)
    private var message: [UInt8] = []
    private var messageOpcode: WebSocketOpcode?
    private var isOver = false

    /// - Parameters:
    ///   - role: Whose end this is.
    ///   - messageLimit: Most bytes of one message, over all its fragments; beyond, 1009.
    package init(role: WebSocketRole, messageLimit: Int) {
        self.role = role
        self.messageLimit = messageLimit
    }

    /// Takes a copy of bytes that arrived.
    package mutating func feed(_ bytes: UnsafeRawBufferPointer) {
        guard !isOver else { return }
        buffer.append(bytes)
    }

    /// Takes bytes that arrived.
    package mutating func feed(_ bytes: [UInt8]) { bytes.withUnsafeBytes { feed($0) } }

    /// The next message, nil when more bytes are needed. Behind a close frame there is nothing more.
    package mutating func next() throws(HTTPError) -> WebSocketMessage? {
        while !isOver {
            guard let frame = try readFrame() else { return nil }
            if let message = try frameArrived(frame) { return message }
        }
        return nil
    }

    private struct Frame {
        let isFinal: Bool
        let opcode: WebSocketOpcode
        let payload: [UInt8]
    }

    private mutating func readFrame() throws(HTTPError) -> Frame? {
        let bytes = buffer.bytes
        guard bytes.count >= 2 else { return nil }
        let isFinal = bytes[0] & 0x80 != 0
        guard bytes[0] & 0x70 == 0 else { throw fail(.protocolError, "a reserved bit is set") }
        guard let opcode = WebSocketOpcode(rawValue: bytes[0] & 0x0F) else {
            throw fail(.protocolError, "unknown opcode")
        }
        let isMasked = bytes[1] & 0x80 != 0
        guard isMasked == (role == .server) else {
            throw fail(.protocolError, isMasked ? "a server masked its frame" : "a client did not mask its frame")
        }
        var length = Int(bytes[1] & 0x7F)
        if opcode.isControl {
            guard isFinal else { throw fail(.protocolError, "a control frame in fragments") }
            guard length <= 125 else { throw fail(.protocolError, "a control frame of more than 125 bytes") }
        }
        var reader = ByteReader(bytes, at: 2)
        if length == 126 {
            guard let extended = reader.readBigEndian(UInt16.self) else { return nil }
            guard extended >= 126 else { throw fail(.protocolError, "a length not in its shortest form") }
            length = Int(extended)
        } else if length == 127 {
            guard let extended = reader.readBigEndian(UInt64.self) else { return nil }
            guard extended > 0xFFFF, extended < 1 << 63 else { throw fail(.protocolError, "a length out of form") }
            length = Int(extended)
        }
        // Looked at before the payload comes: nobody makes us wait for, or keep, what we would refuse.
        if !opcode.isControl {
            guard (opcode == .continuation) == (messageOpcode != nil) else {
                throw fail(.protocolError, "fragments out of order")
            }
            guard length <= messageLimit - message.count else { throw fail(.messageTooBig, "message too big") }
        }
        let mask = isMasked ? reader.readBytes(4) : UnsafeRawBufferPointer(start: nil, count: 0)
        guard let mask, let view = reader.readBytes(length) else { return nil }
        var payload = [UInt8](view)
        if isMasked { WebSocketMask.apply([UInt8](mask), to: &payload) }
        buffer.removeFirst(reader.offset)
        return Frame(isFinal: isFinal, opcode: opcode, payload: payload)
    }

    private mutating func frameArrived(_ frame: Frame) throws(HTTPError) -> WebSocketMessage? {
        switch frame.opcode {
        case .ping: return .ping(frame.payload)
        case .pong: return .pong(frame.payload)
        case .close:
            isOver = true
            return try closeArrived(frame.payload)
        case .text, .binary, .continuation:
            let opcode = messageOpcode ?? frame.opcode
            messageOpcode = opcode
            if message.isEmpty { message = frame.payload } else { message += frame.payload }
            guard frame.isFinal else { return nil }
            let whole = message
            message = []
            messageOpcode = nil
            guard opcode == .text else { return .binary(whole) }
            guard let text = String(validating: whole, as: UTF8.self) else {
                throw fail(.invalidPayload, "a text message that is not UTF-8")
            }
            return .text(text)
        }
    }

    /// §5.5.1: nothing, or a code and perhaps a reason.
    private mutating func closeArrived(_ payload: [UInt8]) throws(HTTPError) -> WebSocketMessage {
        if payload.isEmpty { return .close(.noStatus, reason: "") }
        guard payload.count >= 2 else { throw fail(.protocolError, "a close frame with half a code") }
        let code = WebSocketCloseCode(UInt16(payload[0]) << 8 | UInt16(payload[1]))
        guard code.mayBeSent else { throw fail(.protocolError, "a close code that must not be sent") }
        guard let reason = String(validating: payload[2...], as: UTF8.self) else {
            throw fail(.invalidPayload, "a close reason that is not UTF-8")
        }
        return .close(code, reason: reason)
    }

    private mutating func fail(_ code: WebSocketCloseCode, _ reason: String) -> HTTPError {
        isOver = true
        return .webSocket(code, reason)
    }
}

/// RFC 6455 §11.8.
enum WebSocketOpcode: UInt8 {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue & 0x8 != 0 }
}

/// Puts frames together.
package enum WebSocketWriter {
    /// A new masking key for each frame, unpredictable to whoever chose the payload (RFC 6455 §5.3); nil for servers.
    package typealias Mask = UInt32

    /// Appends a text message in one frame. The bytes must be UTF-8.
    package static func text(_ utf8: UnsafeRawBufferPointer, mask: Mask?, into out: inout OutputBuffer) {
        frame(.text, utf8, mask, &out)
    }

    /// Appends a text message in one frame.
    package static func text(_ text: String, mask: Mask?, into out: inout OutputBuffer) {
        Array(text.utf8).withUnsafeBytes { frame(.text, $0, mask, &out) }
    }

    /// Appends a binary message in one frame.
    package static func binary(_ bytes: UnsafeRawBufferPointer, mask: Mask?, into out: inout OutputBuffer) {
        frame(.binary, bytes, mask, &out)
    }

    /// Appends a binary message in one frame, whose payload stands in two pieces.
    package static func binary(
        _ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer, mask: Mask?, into out: inout OutputBuffer
    ) {
        frame(.binary, head, body, mask, &out)
    }

    /// Appends a ping.
    /// - Precondition: at most 125 bytes.
    package static func ping(_ bytes: [UInt8], mask: Mask?, into out: inout OutputBuffer) {
        precondition(bytes.count <= 125, "a control frame has at most 125 bytes")
        bytes.withUnsafeBytes { frame(.ping, $0, mask, &out) }
    }

    /// Appends the answer to a ping.
    /// - Precondition: at most 125 bytes.
    package static func pong(_ bytes: [UInt8], mask: Mask?, into out: inout OutputBuffer) {
        precondition(bytes.count <= 125, "a control frame has at most 125 bytes")
        bytes.withUnsafeBytes { frame(.pong, $0, mask, &out) }
    }

    /// Appends a close frame; a reason too long for it is cut at a character. Codes that must not be sent
    /// (``WebSocketCloseCode/mayBeSent``) make it an empty one.
    package static func close(
        _ code: WebSocketCloseCode, reason: String = "", mask: Mask?, into out: inout OutputBuffer
    ) {
        var payload: [UInt8] = []
        if code.mayBeSent {
            payload = [UInt8(code.rawValue >> 8), UInt8(code.rawValue & 0xFF)]
            for character in reason {
                guard payload.count + character.utf8.count <= 125 else { break }
                payload += Array(character.utf8)
            }
        }
        payload.withUnsafeBytes { frame(.close, $0, mask, &out) }
    }

    private static func frame(
        _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, _ mask: Mask?, _ out: inout OutputBuffer
    ) {
        frame(opcode, payload, UnsafeRawBufferPointer(start: nil, count: 0), mask, &out)
    }

    private static func frame(
        _ opcode: WebSocketOpcode, _ payload: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, _ mask: Mask?,
        _ out: inout OutputBuffer
    ) {
        let count = payload.count + rest.count
        out.append(0x80 | opcode.rawValue)
        let masked: UInt8 = mask == nil ? 0 : 0x80
        switch count {
        case ..<126: out.append(masked | UInt8(count))
        case ...0xFFFF:
            out.append(masked | 126)
            out.append(bigEndian: UInt16(count))
        default:
            out.append(masked | 127)
            out.append(bigEndian: UInt64(count))
        }
        guard let mask else {
            out.append(payload)
            out.append(rest)
            return
        }
        out.append(bigEndian: mask)
        let start = out.count
        out.append(payload)
        out.append(rest)
        let key = (0..<4).map { UInt8(truncatingIfNeeded: mask >> (24 - 8 * $0)) }
        WebSocketMask.apply(key, to: UnsafeMutableRawBufferPointer(rebasing: out.mutableBytes[start...]))
    }
}

/// RFC 6455 §5.3: the same operation masks and unmasks.
enum WebSocketMask {
    static func apply(_ key: [UInt8], to payload: inout [UInt8]) {
        payload.withUnsafeMutableBytes { apply(key, to: $0) }
    }

    static func apply(_ key: [UInt8], to payload: UnsafeMutableRawBufferPointer) {
        let half = key.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let wide = half << 32 | half  // the key twice, first byte lowest
        var index = 0
        while index &+ 8 <= payload.count {
            let word = UInt64(littleEndian: payload.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            payload.storeBytes(of: (word ^ wide).littleEndian, toByteOffset: index, as: UInt64.self)
            index &+= 8
        }
        while index < payload.count {
            payload[index] ^= key[index & 3]
            index &+= 1
        }
    }
}
