import Bytes

/// A program on a person's own machine. It cannot keep a secret (RFC 8252 §8.5), so it has none: what protects a login is the
/// redirect URI, which only that machine can answer, and PKCE.
package struct PublicClient: Sendable, Equatable {
    /// Its id.
    package let id: String
    /// What the login page calls it.
    package let title: String
    /// Whether a login without PKCE is refused.
    package let needsProof: Bool
    /// Whether every refresh gives another refresh token, and the old one is worth nothing (RFC 9700 §4.14.2).
    package let rotatesRefreshTokens: Bool
    /// Where its own local server sends the browser in the end: browsers hold all redirects that follow a form against the form's
    /// `form-action`.
    package let landing: String?
    private let ports: ClosedRange<Int>
    private let paths: [String]

    /// The client of that id.
    package static func named(_ id: String) -> PublicClient? { all.first { $0.id.isIdentical(to: id) } }

    /// The public command-line tool: it knows no PKCE, keeps its first refresh token, and listens on one of ten ports.
    private static let cli = PublicClient(
        id: "cli", title: "The command-line tool strm", needsProof: false, rotatesRefreshTokens: false,
        landing: "https://strmprivacy.io", ports: 10_000...10_009, paths: ["", "/"])

    /// Our own. RFC 8252 §7.3: whichever port is free.
    private static let polder = PublicClient(
        id: "polder", title: "The command-line tool polder", needsProof: true, rotatesRefreshTokens: true,
        landing: nil, ports: 1...65_535, paths: ["/callback"])

    private static let all = [cli, polder]

    /// Whether the login may end at this address: `http`, a loopback host, one of its ports, one of its paths, and nothing else.
    package func mayRedirect(to uri: String) -> Bool {
        guard let address = LoopbackAddress(uri) else { return false }
        return ports.contains(address.port) && paths.contains(address.path)
    }
}

/// `http://localhost:10000/path`, and nothing that could be read in two ways: no user information, no query, no fragment.
package struct LoopbackAddress: Sendable, Equatable {
    /// As in the text.
    package let host: String
    /// 1…65535.
    package let port: Int
    /// As in the text: empty, or begins with a slash.
    package let path: String

    /// RFC 8252 §7.3 and §8.3: the two addresses, and `localhost` because the public tool says so.
    private static let hosts = ["localhost", "127.0.0.1", "[::1]"]

    /// From its text; nil when it is not such an address.
    package init?(_ text: String) {
        let scheme = "http://"
        guard text.utf8.count <= 256, text.hasPrefix(scheme),
            let host = Self.hosts.first(where: { text.dropFirst(scheme.count).hasPrefix($0 + ":") })
        else { return nil }
        let rest = text.dropFirst(scheme.count + host.count + 1)
        let digits = rest.prefix { $0 != "/" }
        let path = rest.dropFirst(digits.count)
        guard 1...5 ~= digits.utf8.count, digits.utf8.allSatisfy(ASCII.isDigit), digits.first != "0",
            let port = Int(digits), port <= 65_535,
            path.utf8.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "/") })
        else { return nil }
        self.host = host
        self.port = port
        self.path = String(path)
    }

    /// `http://localhost:10000`
    package var origin: String { "http://\(host):\(port)" }
}
