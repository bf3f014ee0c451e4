import Bytes
import HTTP

/// What a field's name says about it, found out once when the name is decoded and kept with it in the dynamic table.
struct FieldKind: Sendable {
    /// How RFC 9113 §8 treats the field.
    enum Role: UInt8, Sendable {
        case method
        case scheme
        case authority
        case path
        /// A pseudo-header field that no request has, `:status` among them.
        case unknownPseudo
        case host
        case authorization
        case contentLength
        case te
        /// Belongs to HTTP/1.1's connections (§8.2.2).
        case connectionSpecific
        /// Everything else.
        case regular
        /// A name that no field may have (§8.2.1).
        case invalid

        /// Its name begins with a colon.
        var isPseudo: Bool { rawValue <= Role.unknownPseudo.rawValue }
    }

    let role: Role
    /// Its place in the handler's index.
    let known: KnownHeader?

    /// Of a name as it came.
    init(name: UnsafeRawBufferPointer) {
        let (role, known) = Self.look(at: name)
        self.role = role
        self.known = known
    }

    private static func look(at name: UnsafeRawBufferPointer) -> (Role, KnownHeader?) {
        guard let first = name.first else { return (.invalid, nil) }
        if first == UInt8(ascii: ":") {
            if ASCII.equal(name, ":method") { return (.method, nil) }
            if ASCII.equal(name, ":scheme") { return (.scheme, nil) }
            if ASCII.equal(name, ":authority") { return (.authority, .host) }
            if ASCII.equal(name, ":path") { return (.path, nil) }
            return (.unknownPseudo, nil)
        }
        for byte in name where !ASCII.isToken(byte) || ASCII.lowercased(byte) != byte { return (.invalid, nil) }
        guard let known = KnownHeader(name) else {
            switch name.count {
            case 2 where ASCII.equal(name, "te"): return (.te, nil)
            case 10 where ASCII.equal(name, "keep-alive"): return (.connectionSpecific, nil)
            case 16 where ASCII.equal(name, "proxy-connection"): return (.connectionSpecific, nil)
            default: return (.regular, nil)  // a length, not one of our cases
            }
        }
        switch known {
        case .host: return (.host, known)
        case .authorization: return (.authorization, known)
        case .contentLength: return (.contentLength, known)
        case .connection, .transferEncoding, .upgrade: return (.connectionSpecific, known)
        case .contentType, .expect, .accept, .strmSchemaRef, .strmSerializationType, .strmClientID, .strmDriverVersion,
            .secWebSocketKey, .secWebSocketVersion:
            return (.regular, known)
        }
    }
}

/// RFC 9113 §8.2.1: what may not stand in a value. NUL, LF and CR split messages in HTTP/1.1; the other control characters have no
/// use and are refused with them (RFC 9110 §5.5 allows that). White space may not begin or end a value.
func isFieldValue(_ value: UnsafeRawBufferPointer) -> Bool {
    guard let base = value.baseAddress, value.count > 0 else { return true }
    if isBlank(value[0]) || isBlank(value[value.count &- 1]) { return false }
    var index = 0
    while index &+ 8 <= value.count {
        let word = base.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        // The top bit of each byte that is below 0x20, or 0x7F; only bytes without their top bit are meant.
        let low = (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
        let del = word ^ 0x7F7F_7F7F_7F7F_7F7F
        let isDel = (del &- 0x0101_0101_0101_0101) & ~del & 0x8080_8080_8080_8080
        // A borrow can mark an innocent neighbour, so a hit is looked at byte by byte.
        if low | isDel != 0 {
            for offset in 0..<8 where isControl(value[index &+ offset]) { return false }
        }
        index &+= 8
    }
    while index < value.count {
        if isControl(value[index]) { return false }
        index &+= 1
    }
    return true
}

@inline(__always)
private func isBlank(_ byte: UInt8) -> Bool { byte == ASCII.space || byte == ASCII.tab }

@inline(__always)
private func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != ASCII.tab || byte == 0x7F }
