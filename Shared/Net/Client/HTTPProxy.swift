internal import Bytes
internal import HTTP
internal import System

/// A proxy that is asked for a way to a server (CONNECT), over plain TCP: what goes through is TLS to the server itself.
package struct HTTPProxy: Sendable, Equatable, CustomStringConvertible {
    /// Name or address.
    package let host: String
    /// TCP port.
    package let port: Int
    /// The value of `proxy-authorization`. A secret.
    let authorization: String?

    /// - Parameters:
    ///   - user: Nil for a proxy that asks for nobody's name.
    ///   - password: Goes with the user (`Basic`, RFC 7617).
    package init(host: String, port: Int, user: String? = nil, password: String = "") {
        self.host = host
        self.port = port
        authorization = user.map { BasicCredentials.authorization(user: $0, password: password) }
    }

    /// From what `HTTPS_PROXY` holds: `http://[user[:password]@]host[:port]`, user and password percent-encoded, the port 80 without
    /// one. A scheme may be missing. Nil for anything else, `https://` included: no TLS is spoken to the proxy itself.
    package init?(_ text: String) {
        var rest = text[...]
        if let mark = text.firstRange(of: "://") {
            guard text[..<mark.lowerBound].lowercased() == "http" else { return nil }
            rest = text[mark.upperBound...]
        }
        var user: String?
        var password = ""
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = Self.decoded(parts[0])
            if parts.count > 1 { password = Self.decoded(parts[1]) }
            rest = rest[rest.index(after: at)...]
        }
        guard let url = URLParts("http://" + rest), url.target == "/" else { return nil }
        self.init(host: url.host, port: url.port, user: user, password: password)
    }

    private static func decoded(_ text: Substring) -> String {
        String(decoding: PercentEncoding.decodeLeniently(Array(text.utf8)), as: UTF8.self)
    }

    /// Host and port; never the credentials.
    package var description: String { "\(host):\(port)" }
}

/// Which servers are reached through which proxy: what the variables `HTTPS_PROXY` and `NO_PROXY` mean to curl and to Go.
///
/// The exceptions are a comma-separated list. `*`: no proxy at all. `example.com`: that name and those below it. `.example.com`: only
/// those below it. `10.0.0.0/8`, `fd00::/8`, `192.0.2.1`: addresses, written as addresses where they are dialled. A port may follow
/// a name or address. `localhost` and loopback addresses never go through a proxy.
package struct ProxyRules: Sendable, Equatable {
    private enum Exception: Sendable, Equatable {
        case everything
        case name(String, onlyBelow: Bool, port: Int?)
        case network([UInt8], bits: Int, port: Int?)
    }

    private let proxy: HTTPProxy?
    private let exceptions: [Exception]

    /// Everything is dialled directly.
    package static let none = ProxyRules(proxy: nil)

    /// - Parameters:
    ///   - proxy: Nil dials everything directly.
    ///   - noProxy: The exceptions; see the type.
    package init(proxy: HTTPProxy?, noProxy: String = "") {
        self.proxy = proxy
        exceptions = noProxy.split(separator: ",").compactMap { Self.exception(Self.trimmed($0)) }
    }

    /// The proxy for a server; nil: dial it directly.
    package func proxy(host: String, port: Int) -> HTTPProxy? {
        guard let proxy else { return nil }
        let host = host.lowercased()
        let address = Self.address(host)
        if host == "localhost" || address?.isLoopback ?? false { return nil }
        let bytes = address?.addressBytes
        let isException = exceptions.contains { exception in
            switch exception {
            case .everything: return true
            case .name(let name, let onlyBelow, let wanted):
                guard bytes == nil, wanted == nil || wanted == port else { return false }
                return host == name && !onlyBelow || host.hasSuffix("." + name)
            case .network(let network, let bits, let wanted):
                guard let bytes, bytes.count == network.count, wanted == nil || wanted == port else { return false }
                return Self.agree(bytes, network, bits: bits)
            }
        }
        return isException ? nil : proxy
    }

    private static func trimmed(_ text: Substring) -> String {
        Array(text.utf8).withUnsafeBytes { String(decoding: ASCII.trimmed($0), as: UTF8.self) }
    }

    private static func exception(_ text: String) -> Exception? {
        if text == "*" { return .everything }
        if let slash = text.lastIndex(of: "/") {
            guard let address = address(String(text[..<slash])), let bits = Int(text[text.index(after: slash)...]),
                0...(address.addressBytes.count * 8) ~= bits
            else { return nil }
            return .network(address.addressBytes, bits: bits, port: nil)
        }
        if let address = address(text) {
            return .network(address.addressBytes, bits: address.addressBytes.count * 8, port: nil)
        }
        var name = text.lowercased()
        var port: Int?
        if let colon = name.lastIndex(of: ":"), let number = Int(name[name.index(after: colon)...]) {
            port = number
            name = String(name[..<colon])
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = String(name.dropFirst().dropLast()) }
        if let address = address(name) {
            return .network(address.addressBytes, bits: address.addressBytes.count * 8, port: port)
        }
        if name.hasPrefix("*.") { name.removeFirst() }
        let onlyBelow = name.hasPrefix(".")
        if onlyBelow { name.removeFirst() }
        return name.isEmpty ? nil : .name(name, onlyBelow: onlyBelow, port: port)
    }

    private static func address(_ text: String) -> SocketAddress? {
        do throws(SystemError) {
            return try SocketAddress(ip: text, port: 0)
        } catch {
            return nil  // a name
        }
    }

    private static func agree(_ left: [UInt8], _ right: [UInt8], bits: Int) -> Bool {
        let whole = bits / 8
        guard left[..<whole] == right[..<whole] else { return false }
        let rest = bits % 8
        return rest == 0 || (left[whole] ^ right[whole]) >> UInt8(8 - rest) == 0
    }
}
