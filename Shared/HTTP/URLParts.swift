internal import Bytes

/// The parts of an absolute `http`, `https`, `ws` or `wss` URL (RFC 3986). User information and fragments are refused.
package struct URLParts: Sendable, Hashable, CustomStringConvertible {
    /// The schemes that this plane dials.
    package enum Scheme: String, Sendable, Hashable {
        /// Plain HTTP, or HTTP in TLS.
        case http, https
        /// Web-socket, plain or in TLS.
        case ws, wss

        /// 80 or 443.
        package var defaultPort: Int { isSecure ? 443 : 80 }
        /// True when TLS carries it.
        package var isSecure: Bool { self == .https || self == .wss }
    }

    /// The scheme.
    package let scheme: Scheme
    /// Host name or address, lower case, without the brackets of an IPv6 address.
    package let host: String
    /// As written, or the scheme's own.
    package let port: Int
    /// Path, perhaps with a query; at least `/`.
    package let target: String

    /// From its parts.
    package init(scheme: Scheme, host: String, port: Int, target: String = "/") {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
    }

    /// From its text; nil when it is not such a URL.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else { return nil }
        guard let colon = bytes.firstIndex(of: 0x3A), bytes[colon...].starts(with: Array("://".utf8)),
            let scheme = Scheme(rawValue: String(decoding: bytes[..<colon].map(ASCII.lowercased), as: UTF8.self))
        else { return nil }
        let rest = bytes[(colon + 3)...]
        let end = rest.firstIndex { $0 == 0x2F || $0 == 0x3F } ?? rest.endIndex
        guard let (host, port) = Self.authority(rest[..<end]) else { return nil }
        var target = String(decoding: rest[end...], as: UTF8.self)
        if !target.hasPrefix("/") { target = "/" + target }
        self.init(scheme: scheme, host: host, port: port ?? scheme.defaultPort, target: target)
    }

    /// `host:port`, the port only when it is not the scheme's own; what the `host` field says.
    package var authority: String {
        let name = host.utf8.contains(0x3A) ? "[\(host)]" : host
        return port == scheme.defaultPort ? name : "\(name):\(port)"
    }

    /// The whole URL.
    package var description: String { "\(scheme.rawValue)://\(authority)\(target)" }

    /// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`; nil when it is none of them.
    private static func authority(_ bytes: ArraySlice<UInt8>) -> (host: String, port: Int?)? {
        var hostEnd = bytes.endIndex
        var host = bytes
        if bytes.first == 0x5B {
            guard let close = bytes.firstIndex(of: 0x5D) else { return nil }
            host = bytes[(bytes.startIndex + 1)..<close]
            guard host.allSatisfy({ ASCII.hexValue($0) != nil || $0 == 0x3A || $0 == 0x2E }) else { return nil }
            hostEnd = close + 1
        } else {
            hostEnd = bytes.firstIndex(of: 0x3A) ?? bytes.endIndex
            host = bytes[..<hostEnd]
            guard host.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || [0x2D, 0x2E, 0x5F].contains($0) })
            else { return nil }
        }
        guard !host.isEmpty else { return nil }
        let name = String(decoding: host.map(ASCII.lowercased), as: UTF8.self)
        guard hostEnd < bytes.endIndex else { return (name, nil) }
        guard bytes[hostEnd] == 0x3A,
            let port = Array(bytes[(hostEnd + 1)...]).withUnsafeBytes({ Decimal.parseUnsigned($0) }),
            1...65535 ~= port
        else { return nil }
        return (name, port)
    }
}

/// Percent-encoding (RFC 3986 §2.1).
package enum PercentEncoding {
    /// Everything but letters, digits and `-._~` becomes `%XX`.
    package static func encode(_ text: String) -> String {
        var out: [UInt8] = []
        for byte in text.utf8 {
            if ASCII.isLetter(byte) || ASCII.isDigit(byte) || [0x2D, 0x2E, 0x5F, 0x7E].contains(byte) {
                out.append(byte)
            } else {
                let digits = Array("0123456789ABCDEF".utf8)
                out += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// `%XX` becomes its byte; a `%` that two hexadecimal digits do not follow stays as it is. With `plusIsSpace`, as
    /// in forms, `+` becomes a space.
    package static func decodeLeniently(_ text: some Collection<UInt8>, plusIsSpace: Bool = false) -> [UInt8] {
        let text = Array(text)
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == 0x25, index + 2 < text.count, let high = ASCII.hexValue(text[index + 1]),
                let low = ASCII.hexValue(text[index + 2])
            {
                out.append(high << 4 | low)
                index += 3
            } else {
                out.append(plusIsSpace && text[index] == 0x2B ? 0x20 : text[index])
                index += 1
            }
        }
        return out
    }
}

/// The name-value pairs of a query or of an `application/x-www-form-urlencoded` body, in order.
///
/// Reading is lenient, because public clients join raw text: a stray `%` stays, a pair without `=` has an empty value,
/// bytes that are not UTF-8 become U+FFFD.
package struct FormFields: Sendable, Equatable {
    /// One pair.
    package struct Pair: Sendable, Equatable {
        /// Decoded name.
        package let name: String
        /// Decoded value.
        package let value: String
    }

    /// All pairs, in order.
    package private(set) var pairs: [Pair] = []

    /// No pairs.
    package init() {}

    /// From the bytes of a query or a body.
    package init(parsing bytes: [UInt8]) {
        for part in bytes.split(separator: 0x26) {
            let mark = part.firstIndex(of: 0x3D) ?? part.endIndex
            pairs.append(
                Pair(
                    name: Self.text(part[..<mark]),
                    value: mark < part.endIndex ? Self.text(part[(mark + 1)...]) : ""))
        }
    }

    /// The first value of that name; nil when there is none.
    package subscript(_ name: String) -> String? { pairs.first { $0.name.isIdentical(to: name) }?.value }

    /// How often the name occurs: OAuth refuses a parameter that occurs twice (RFC 6749 §3.2).
    package func count(of name: String) -> Int { pairs.count { $0.name.isIdentical(to: name) } }

    /// Appends a pair.
    package mutating func add(_ name: String, _ value: String) { pairs.append(Pair(name: name, value: value)) }

    /// The encoded text.
    package var encoded: String {
        pairs.map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }.joined(separator: "&")
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: PercentEncoding.decodeLeniently(bytes, plusIsSpace: true), as: UTF8.self)
    }
}

/// Credentials of the `Basic` scheme (RFC 7617).
package struct BasicCredentials: Sendable {
    /// What stands before the first colon, as sent. RFC 6749 §2.3.1 has clients form-encode it first.
    package let user: [UInt8]
    /// What follows the colon, as sent. A secret: compare it in constant time, never print it.
    package let password: [UInt8]

    /// From the value of an `authorization` field; nil for another scheme, bad Base64, or no colon.
    package init?(authorization value: String) {
        let bytes = Array(value.utf8)
        let decoded: [UInt8]? = bytes.withUnsafeBytes { raw in
            guard ASCII.hasPrefixIgnoringCase(raw, "basic ") else { return nil }
            return Base64.decode(ASCII.trimmed(UnsafeRawBufferPointer(rebasing: raw[6...])))
        }
        guard let decoded, let colon = decoded.firstIndex(of: 0x3A) else { return nil }
        user = Array(decoded[..<colon])
        password = Array(decoded[(colon + 1)...])
    }

    /// The field value that carries these credentials.
    package static func authorization(user: String, password: String) -> String {
        "Basic " + Base64.encode(Array("\(user):\(password)".utf8))
    }
}
